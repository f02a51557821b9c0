//! The audio of a SIPp phone: an RTP endpoint that speaks a tone and measures what it hears.

use demarc_hal::Companding;
use demarc_media::codec::g711;
use demarc_media::measure::{frequency, level_dbm0};
use std::f64::consts::TAU;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Payload types of the scenarios' SDP.
const PCMA: u8 = 8;
/// The level of a sine at the overload point of A-law (ITU-T G.711 §5).
#[allow(clippy::approx_constant, reason = "decibels, not a circle")]
const OVERLOAD_DBM0: f64 = 3.14;
const TELEPHONE_EVENT: u8 = 101;

/// What a phone says.
#[derive(Debug, Clone)]
pub enum Say {
    /// Nothing: silence is sent.
    Silence,
    /// A tone of so many Hz at so many dBm0.
    Tone(f64, f64),
    /// These digits as RFC 4733 events, after a second; then silence.
    Digits(String),
}

/// What a phone heard.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Every sample in order of sequence.
    pub samples: Vec<i16>,
    /// Digits that came as RFC 4733 events, each once.
    pub digits: String,
    /// Packets that came.
    pub packets: usize,
    /// Packets that never came between the first and the last.
    pub lost: usize,
}

impl Heard {
    /// Level in dBm0 and frequency in Hz of its last second.
    pub fn last_second(&self) -> (f64, f64) {
        let tail = self.samples.len().saturating_sub(8000);
        let last = &self.samples[tail..];
        (level_dbm0(Companding::ALaw, last), frequency(last))
    }

    /// Level in dBm0 and frequency in Hz of its loudest half second.
    pub fn loudest(&self) -> (f64, f64) {
        let best = self
            .samples
            .chunks(4000)
            .filter(|chunk| chunk.len() == 4000)
            .max_by(|a, b| level_dbm0(Companding::ALaw, a).total_cmp(&level_dbm0(Companding::ALaw, b)));
        best.map_or((-96.0, 0.0), |chunk| (level_dbm0(Companding::ALaw, chunk), frequency(chunk)))
    }
}

/// An RTP endpoint on a thread of its own.
pub struct Audio {
    /// Where it listens.
    pub port: u16,
    stop: Arc<AtomicBool>,
    hears: Arc<AtomicBool>,
    thread: JoinHandle<Heard>,
}

impl Audio {
    /// Begins to listen. It speaks to whoever speaks to it, or to `toward` from the start.
    pub fn start(say: Say, toward: Option<SocketAddr>) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = socket.local_addr().expect("an address").port();
        socket.set_read_timeout(Some(Duration::from_millis(2))).expect("a timeout");
        let stop = Arc::new(AtomicBool::new(false));
        let hears = Arc::new(AtomicBool::new(false));
        let (stopped, heard) = (stop.clone(), hears.clone());
        let thread = std::thread::spawn(move || run(&socket, &say, toward, &stopped, &heard));
        Self { port, stop, hears, thread }
    }

    /// Has anything been heard, and so been answered?
    pub fn hears(&self) -> bool {
        self.hears.load(Ordering::Relaxed)
    }

    /// Stops and tells what was heard.
    pub fn finish(self) -> Heard {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("the audio thread")
    }
}

#[allow(clippy::disallowed_methods, reason = "RTP is sent in real time")]
fn run(
    socket: &UdpSocket,
    say: &Say,
    toward: Option<SocketAddr>,
    stop: &AtomicBool,
    hears: &AtomicBool,
) -> Heard {
    let began = Instant::now();
    let mut far = toward;
    let mut sent: u32 = 0;
    let mut packets: Vec<(u16, Vec<u8>)> = Vec::new();
    let mut heard = Heard::default();
    let mut last_event = None;
    let mut buffer = [0; 1500];
    while !stop.load(Ordering::Relaxed) {
        if let Some(to) = far.filter(|_| began.elapsed().as_millis() as u32 / 20 > sent) {
            for packet in speak(say, sent) {
                let _ = socket.send_to(&packet, to);
            }
            sent += 1;
            hears.store(true, Ordering::Relaxed);
        }
        let Ok((length, from)) = socket.recv_from(&mut buffer) else { continue };
        if length < 12 || buffer[0] >> 6 != 2 {
            continue;
        }
        far = Some(from);
        let sequence = u16::from_be_bytes([buffer[2], buffer[3]]);
        let timestamp = u32::from_be_bytes([buffer[4], buffer[5], buffer[6], buffer[7]]);
        match buffer[1] & 0x7F {
            PCMA => packets.push((sequence, buffer[12..length].to_vec())),
            TELEPHONE_EVENT if last_event != Some(timestamp) => {
                last_event = Some(timestamp);
                let digit = "0123456789*#ABCD".chars().nth(usize::from(buffer[12]));
                heard.digits.extend(digit);
                packets.push((sequence, Vec::new()));
            }
            TELEPHONE_EVENT => packets.push((sequence, Vec::new())),
            _ => {}
        }
    }
    // Sequence numbers wrap: order them by their distance from the first.
    if let Some((first, _)) = packets.first().cloned() {
        packets.sort_by_key(|(sequence, _)| sequence.wrapping_sub(first).wrapping_add(1000));
        packets.dedup_by_key(|(sequence, _)| *sequence);
        let (lowest, highest) = (packets[0].0, packets[packets.len() - 1].0);
        heard.packets = packets.len();
        heard.lost = usize::from(highest.wrapping_sub(lowest)) + 1 - packets.len();
    }
    for (_, payload) in packets {
        heard.samples.extend(payload.iter().map(|octet| g711::decode(Companding::ALaw, *octet)));
    }
    heard
}

/// The packets of the `n`-th 20 ms.
fn speak(say: &Say, n: u32) -> Vec<Vec<u8>> {
    let header = |payload_type: u8, sequence: u32, timestamp: u32, marker: bool| {
        let mut packet = vec![0x80, payload_type | if marker { 0x80 } else { 0 }];
        packet.extend((sequence as u16).to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(0x00C0_FFEE_u32.to_be_bytes());
        packet
    };
    if let Say::Digits(digits) = say {
        // Each digit lasts 100 ms and is followed by 100 ms of silence, from the first second on.
        let (index, phase) = ((n as usize).wrapping_sub(50) / 10, n % 10);
        if n >= 50
            && phase < 5
            && let Some(digit) = digits.chars().nth(index)
        {
            let event = "0123456789*#ABCD".find(digit).expect("a digit") as u8;
            let duration = ((phase + 1) * 160) as u16;
            let end = if phase == 4 { 0x80 } else { 0 };
            let mut packet = header(TELEPHONE_EVENT, n, (n - phase) * 160, phase == 0);
            packet.extend([event, end | 10]);
            packet.extend(duration.to_be_bytes());
            return vec![packet];
        }
    }
    let sample = |i: u32| match say {
        Say::Tone(hz, dbm0) => {
            let peak = 32_768.0 / 10f64.powf((OVERLOAD_DBM0 - dbm0) / 20.0);
            (peak * (TAU * hz * f64::from(i) / 8000.0).sin()).round() as i16
        }
        _ => 0,
    };
    let mut packet = header(PCMA, n, n * 160, n == 0);
    packet.extend((0..160).map(|i| g711::encode(Companding::ALaw, sample(n * 160 + i))));
    vec![packet]
}
