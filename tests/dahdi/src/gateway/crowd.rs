//! The audio of many telephones at once, on one RTP port: each stream is told from the others by where
//! it comes from, and is answered block by block as it arrives, so that nothing here has a clock.
//!
//! It shares the guest's one processor with the gateway. While it listens it does no more than it must:
//! packets are taken and answered many at a time, and what was heard is kept and judged in the end. It waits for
//! the gateway's media, and for nothing else: telephones have processors of their own.

use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt};
use std::io::{ErrorKind, IoSlice, IoSliceMut};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Octets of a block.
const BLOCK: usize = 160;
/// RTP's header without extras.
const HEADER: usize = 12;
/// A packet.
const PACKET: usize = HEADER + BLOCK;
/// A-law.
const PCMA: u8 = 8;
/// Packets that are taken at once.
const BATCH: usize = 64;
/// Room for what waits: twenty blocks of 240 streams, as the kernel counts them.
const WAITING: usize = 4 << 20;
/// After the gateway's media, which have 20, and before all that is not in real time.
const PRIORITY: u8 = 10;
/// Blocks of a stream that are kept at most: 5 s.
const KEPT: usize = 250;
/// Streams that there may be.
const STREAMS: usize = 256;

/// One stream.
#[derive(Debug, Default)]
pub struct Stream {
    /// Packets that never came, and packets out of order.
    pub lost: u64,
    /// Octets that were heard, since [`Crowd::judge`].
    pub octets: u64,
    /// Places where the far telephone's blocks did not follow one another octet by octet.
    pub breaks: u64,
    /// The longest pause between two packets, since then.
    pub longest_pause: Duration,
    /// What was heard since then.
    heard: Vec<u8>,
    next: Option<u16>,
    sent: u16,
    last: Option<Instant>,
}

/// Many telephones.
pub struct Crowd {
    /// Where their audio is.
    pub port: u16,
    stop: Arc<AtomicBool>,
    judging: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Stream>>,
}

impl Crowd {
    /// Begins to listen.
    pub fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        setsockopt(&socket, sockopt::RcvBufForce, &WAITING).expect("room");
        let port = socket.local_addr().expect("an address").port();
        let (stop, judging) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stopped, judged) = (stop.clone(), judging.clone());
        // Pages that the kernel gives while calls talk would cost their time. (A copy would have no room.)
        let streams = std::iter::repeat_with(Stream::ready).take(STREAMS).collect();
        let thread = std::thread::spawn(move || {
            demarc_real_time::real_time(PRIORITY).expect("the guest's root may");
            listen(&socket, streams, &stopped, &judged)
        });
        Self { port, stop, judging, thread }
    }

    /// From now on what is heard is judged, or not any more.
    pub fn judge(&self, on: bool) {
        self.judging.store(on, Ordering::SeqCst);
    }

    /// Stops; every stream.
    pub fn finish(self) -> Vec<Stream> {
        self.stop.store(true, Ordering::SeqCst);
        let mut streams = self.thread.join().expect("the crowd");
        streams.iter_mut().for_each(Stream::compare);
        streams
    }
}

/// What the `n`-th block of a telephone consists of: one octet 160 times, another one for each of 128
/// blocks. Only positive values, so that no alarm and no idle pattern is among them.
fn octet(n: u16) -> u8 {
    0x80 | (n % 128) as u8
}

#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn listen(
    socket: &UdpSocket,
    mut streams: Vec<Stream>,
    stop: &AtomicBool,
    judging: &AtomicBool,
) -> Vec<Stream> {
    // Which stream a port is, by the order in which they came.
    let (mut of_port, mut known) = (vec![None; 1 << 16], 0);
    let mut packets = vec![[0; PACKET]; BATCH];
    let mut answers = vec![[0; PACKET]; BATCH];
    let mut came = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    let mut goes = MultiHeaders::<SockaddrIn>::preallocate(BATCH, None);
    while !stop.load(Ordering::Relaxed) {
        let mut slices: Vec<_> = packets.iter_mut().map(|packet| [IoSliceMut::new(packet)]).collect();
        let flags = MsgFlags::MSG_WAITFORONE;
        let batch: Vec<_> = match recvmmsg(socket.as_raw_fd(), &mut came, slices.iter_mut(), flags, None) {
            Ok(batch) => batch.map(|one| (one.bytes, one.address)).collect(),
            Err(error) if std::io::Error::from(error).kind() == ErrorKind::WouldBlock => continue,
            Err(error) => panic!("the crowd's socket: {error}"),
        };
        let (judging, now) = (judging.load(Ordering::Relaxed), Instant::now());
        let mut to = Vec::with_capacity(BATCH);
        for (packet, (length, from)) in packets.iter().zip(batch) {
            let Some(from) = from.filter(|_| length == PACKET && packet[1] & 0x7F == PCMA) else { continue };
            let at = *of_port[usize::from(from.port())].get_or_insert_with(|| {
                known += 1;
                known - 1
            });
            let stream: &mut Stream = &mut streams[at];
            stream.hear(packet, judging, now);
            stream.speak(&mut answers[to.len()]);
            to.push(Some(from));
        }
        let slices: Vec<_> = answers[..to.len()].iter().map(|packet| [IoSlice::new(packet)]).collect();
        if !to.is_empty() {
            let sent = sendmmsg(socket.as_raw_fd(), &mut goes, &slices, to, [], MsgFlags::empty());
            assert_eq!(sent.expect("the crowd speaks").count(), slices.len());
        }
    }
    streams.truncate(known);
    streams
}

impl Stream {
    /// With room for all that may be heard, which the kernel has given.
    fn ready() -> Self {
        let mut heard = vec![1; KEPT * BLOCK];
        heard.clear();
        Self { heard, ..Self::default() }
    }

    fn hear(&mut self, packet: &[u8; PACKET], judging: bool, now: Instant) {
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        self.lost += u64::from(self.next.is_some_and(|next| next != sequence));
        self.next = Some(sequence.wrapping_add(1));
        let last = self.last.replace(now);
        if judging {
            self.longest_pause = self.longest_pause.max(last.map_or(Duration::ZERO, |last| now - last));
            assert!(self.heard.len() < KEPT * BLOCK, "more is heard than there is room for");
            self.heard.extend_from_slice(&packet[HEADER..]);
        }
    }

    fn speak(&mut self, packet: &mut [u8; PACKET]) {
        let marker = if self.sent == 0 { 0x80 } else { 0 };
        packet[..2].copy_from_slice(&[0x80, PCMA | marker]);
        packet[2..4].copy_from_slice(&self.sent.to_be_bytes());
        packet[4..8].copy_from_slice(&(u32::from(self.sent) * BLOCK as u32).to_be_bytes());
        packet[8..HEADER].copy_from_slice(&0x00C0_FFEE_u32.to_be_bytes());
        packet[HEADER..].fill(octet(self.sent));
        self.sent = self.sent.wrapping_add(1);
    }

    /// Compares what was heard with what telephones say. The block that had begun before counts as whole.
    fn compare(&mut self) {
        let heard = std::mem::take(&mut self.heard);
        self.octets = heard.len() as u64;
        let mut runs = heard.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).peekable();
        let mut first = true;
        while let Some((octet, length)) = runs.next() {
            let Some((next, _)) = runs.peek() else { break };
            let whole = length == BLOCK || std::mem::take(&mut first);
            let follows = *next == 0x80 | (octet.wrapping_add(1) % 128);
            self.breaks += u64::from(!whole || !follows);
            first = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks(heard: Vec<u8>) -> u64 {
        let mut stream = Stream { heard, ..Stream::default() };
        stream.compare();
        stream.breaks
    }

    fn blocks(from: u16) -> Vec<u8> {
        (from..from + 200).flat_map(|n| [octet(n); BLOCK]).collect()
    }

    #[test]
    fn what_is_whole_has_no_break_wherever_it_begins() {
        assert_eq!(breaks(blocks(0)), 0);
        assert_eq!(breaks(blocks(100)[77..].to_vec()), 0);
        assert_eq!(breaks(Vec::new()), 0);
    }

    #[test]
    fn an_octet_too_few_or_too_many_and_a_block_of_another_are_breaks() {
        let mut heard = blocks(0);
        heard.remove(5 * BLOCK + 3);
        assert_eq!(breaks(heard), 1);
        let mut heard = blocks(0);
        heard.insert(5 * BLOCK + 3, octet(5));
        assert_eq!(breaks(heard), 1);
        let mut heard = blocks(0);
        heard[5 * BLOCK..6 * BLOCK].fill(0xD5);
        assert!(breaks(heard) > 0);
        let mut heard = blocks(0);
        heard.drain(5 * BLOCK..6 * BLOCK);
        assert!(breaks(heard) > 0);
    }
}
