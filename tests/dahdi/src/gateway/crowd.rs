//! The audio of many telephones at once, on one RTP port: each stream is told from the others by where
//! it comes from, and is answered block by block as it arrives, so that nothing here has a clock.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Octets of a block.
const BLOCK: usize = 160;
/// RTP's header without extras.
const HEADER: usize = 12;
/// A-law.
const PCMA: u8 = 8;

/// One stream.
#[derive(Debug, Clone, Default)]
pub struct Stream {
    /// Packets that came.
    pub packets: u64,
    /// Packets that never came, and packets out of order.
    pub lost: u64,
    /// Octets that were heard, since [`Crowd::judge`].
    pub octets: u64,
    /// Places where the far telephone's blocks did not follow one another octet by octet.
    pub breaks: u64,
    /// The longest pause between two packets, since then.
    pub longest_pause: Duration,
    next: Option<u16>,
    sent: u16,
    /// The block that is being heard, and how many of its octets have been; none of one that had
    /// begun before.
    run: Option<(u8, Option<usize>)>,
    last: Option<Instant>,
}

/// Many telephones.
pub struct Crowd {
    /// Where their audio is.
    pub port: u16,
    stop: Arc<AtomicBool>,
    judging: Arc<AtomicBool>,
    thread: JoinHandle<BTreeMap<SocketAddr, Stream>>,
}

impl Crowd {
    /// Begins to listen.
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        let port = socket.local_addr().expect("an address").port();
        let (stop, judging) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, judged) = (stop.clone(), judging.clone());
        let thread = std::thread::spawn(move || listen(&socket, &stopped, &judged));
        Self { port, stop, judging, thread }
    }

    /// From now on what is heard is judged, or not any more.
    pub fn judge(&self, on: bool) {
        self.judging.store(on, Ordering::SeqCst);
    }

    /// Stops; every stream.
    pub fn finish(self) -> Vec<Stream> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("the crowd").into_values().collect()
    }
}

/// What the `n`-th block of a telephone consists of: one octet 160 times, another one for each of 128
/// blocks. Only positive values, so that no alarm and no idle pattern is among them.
fn octet(n: u16) -> u8 {
    0x80 | (n % 128) as u8
}

#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn listen(socket: &UdpSocket, stop: &AtomicBool, judging: &AtomicBool) -> BTreeMap<SocketAddr, Stream> {
    let mut streams: BTreeMap<SocketAddr, Stream> = BTreeMap::new();
    let mut buffer = [0; 1500];
    while !stop.load(Ordering::Relaxed) {
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        let Some((header, payload)) = buffer[..length].split_at_checked(HEADER) else { continue };
        if header[1] & 0x7F != PCMA {
            continue;
        }
        let stream = streams.entry(from).or_default();
        stream.hear(header, payload, judging.load(Ordering::Relaxed), Instant::now());
        let _ = socket.send_to(&stream.speak(), from);
    }
    streams
}

impl Stream {
    fn hear(&mut self, header: &[u8], payload: &[u8], judging: bool, now: Instant) {
        let sequence = u16::from_be_bytes([header[2], header[3]]);
        self.packets += 1;
        self.lost += u64::from(self.next.is_some_and(|next| next != sequence));
        self.next = Some(sequence.wrapping_add(1));
        let last = self.last.replace(now);
        if !judging {
            self.run = None;
            return;
        }
        self.longest_pause = self.longest_pause.max(last.map_or(Duration::ZERO, |last| now - last));
        for octet in payload {
            self.octets += 1;
            self.run = match self.run {
                None => Some((*octet, None)),
                Some((old, length)) if old == *octet => Some((old, length.map(|length| length + 1))),
                Some((old, length)) => {
                    let whole = length.is_none_or(|length| length == BLOCK);
                    let follows = *octet == 0x80 | (old.wrapping_add(1) % 128);
                    self.breaks += u64::from(!whole || !follows);
                    Some((*octet, Some(1)))
                }
            };
        }
    }

    fn speak(&mut self) -> Vec<u8> {
        let mut packet = vec![0x80, PCMA | if self.sent == 0 { 0x80 } else { 0 }];
        packet.extend(self.sent.to_be_bytes());
        packet.extend((u32::from(self.sent) * BLOCK as u32).to_be_bytes());
        packet.extend(0x00C0_FFEE_u32.to_be_bytes());
        packet.extend([octet(self.sent); BLOCK]);
        self.sent = self.sent.wrapping_add(1);
        packet
    }
}
