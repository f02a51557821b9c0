//! A host on the machine's own Ethernet, made of frames: looks from outside at which TCP ports are open, or lends its address
//! to a program of this machine. QEMU's hub carries the frames in UDP datagrams, so nothing needs root.

use std::collections::BTreeSet;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const OUR_MAC: [u8; 6] = [0x52, 0x55, 0x0a, 0x00, 0x02, 0x4d];
/// QEMU's first network card.
const ITS_MAC: [u8; 6] = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];
const OUR_IP: [u8; 4] = [10, 0, 2, 77];
/// The host, as the machine names it.
pub const OUTSIDE: &str = "10.0.2.77";
const ITS_IP: [u8; 4] = [10, 0, 2, 15];
const OUR_PORT: u16 = 40_000;
/// Between two SYN.
const PACE: Duration = Duration::from_millis(6);
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const SYN_ACK: u8 = 0x12;

/// The end of the wire that is ours.
#[derive(Debug)]
pub struct Wire {
    socket: UdpSocket,
    far: u16,
}

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Ports that answered SYN with SYN and ACK.
    pub open: BTreeSet<u16>,
    /// Ports that answered with RST: nobody listens, and no filter hides it.
    pub closed: BTreeSet<u16>,
}

impl Wire {
    /// A wire; the other end goes into [`crate::Setup::wire`].
    pub fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let far =
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        socket.set_read_timeout(Some(Duration::from_millis(2))).expect("a timeout");
        Self { socket, far }
    }

    /// Our port and the machine's.
    pub fn ports(&self) -> (u16, u16) {
        (self.socket.local_addr().expect("a port").port(), self.far)
    }

    /// Sends a SYN to each of these ports. The unit's packet filter passes 200 of them in a second and drops the rest
    /// unseen, so that every port takes its time: all of them seven minutes.
    #[allow(clippy::disallowed_methods, reason = "frames are paced in real time")]
    pub fn scan(&self, ports: std::ops::RangeInclusive<u16>) -> Found {
        let mut found = Found::default();
        // It asks who we are before it answers; in a flood of frames our answer might be lost.
        for _ in 0..6 {
            self.send(&segment(443));
            self.listen(&mut found, Duration::from_millis(500));
        }
        for port in ports {
            self.send(&segment(port));
            self.listen(&mut found, PACE);
        }
        self.listen(&mut found, Duration::from_secs(5));
        found
    }

    /// From now on what the machine sends to this UDP port of the host goes to a program of ours, and what that answers comes
    /// from the host: one question at a time. Without an answer within a second there is none.
    pub fn lend(self, port: u16, to: SocketAddr) -> Lent {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let program = UdpSocket::bind("127.0.0.1:0").expect("a port");
        program.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        std::thread::spawn(move || {
            let mut octets = [0; 2048];
            while !stopped.load(Ordering::Relaxed) {
                let Ok((length, _)) = self.socket.recv_from(&mut octets) else { continue };
                let frame = octets.get(..length).unwrap_or_default();
                if asks_for_us(frame) {
                    self.send(&is_at());
                } else if let Some((from, question)) = datagram_to_us(frame, port) {
                    // What answered an earlier question too late.
                    program.set_nonblocking(true).expect("a socket");
                    while program.recv(&mut [0; 2048]).is_ok() {}
                    program.set_nonblocking(false).expect("a socket");
                    let mut answer = [0; 1024];
                    if program.send_to(question, to).is_ok()
                        && let Ok(length) = program.recv(&mut answer)
                    {
                        self.send(&datagram(port, from, answer.get(..length).unwrap_or_default()));
                    }
                }
            }
        });
        Lent { stop }
    }

    fn send(&self, frame: &[u8]) {
        let _ = self.socket.send_to(frame, ("127.0.0.1", self.far));
    }

    fn listen(&self, found: &mut Found, patience: Duration) {
        let end = Instant::now() + patience;
        let mut octets = [0; 2048];
        while Instant::now() < end {
            let Ok((length, _)) = self.socket.recv_from(&mut octets) else { continue };
            let frame = octets.get(..length).unwrap_or_default();
            // QEMU's own router is on the same wire and answers for everybody.
            if frame.get(6..12) != Some(&ITS_MAC[..]) {
                continue;
            }
            if asks_for_us(frame) {
                self.send(&is_at());
                continue;
            }
            match frame.get(12..14) {
                Some([0x08, 0x00]) if frame.get(23) == Some(&6) && frame.get(30..34) == Some(&OUR_IP[..]) => {
                    let (Some([high, low]), Some(flags)) = (frame.get(34..36), frame.get(47)) else {
                        continue;
                    };
                    let port = u16::from_be_bytes([*high, *low]);
                    if flags & SYN_ACK == SYN_ACK {
                        found.open.insert(port);
                    } else if flags & RST != 0 {
                        found.closed.insert(port);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Default for Wire {
    fn default() -> Self {
        Self::new()
    }
}

/// The host's address is lent to a program until this goes.
#[derive(Debug)]
pub struct Lent {
    stop: Arc<AtomicBool>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Is it an ARP request of the machine for our address (RFC 826)?
fn asks_for_us(frame: &[u8]) -> bool {
    frame.get(6..14) == Some(&[&ITS_MAC[..], &[0x08, 0x06]].concat())
        && frame.get(20..22) == Some(&[0, 1])
        && frame.get(38..42) == Some(&OUR_IP[..])
}

/// What the machine sends to this UDP port of ours, and from which of its own (RFC 768); whole datagrams only.
fn datagram_to_us(frame: &[u8], port: u16) -> Option<(u16, &[u8])> {
    let is_ours = frame.get(6..14)? == [&ITS_MAC[..], &[0x08, 0x00]].concat()
        && frame.get(14)? == &0x45
        && frame.get(23)? == &17
        && frame.get(30..34)? == OUR_IP
        && frame.get(36..38)? == port.to_be_bytes();
    let number = |at: usize| Some(u16::from_be_bytes([*frame.get(at)?, *frame.get(at + 1)?]));
    let payload = frame.get(42..34 + usize::from(number(38)?))?;
    is_ours.then_some((number(34)?, payload))
}

/// An ARP reply (RFC 826).
fn is_at() -> Vec<u8> {
    let mut frame = ethernet([0x08, 0x06]);
    frame.extend([0, 1, 8, 0, 6, 4, 0, 2]);
    frame.extend(OUR_MAC);
    frame.extend(OUR_IP);
    frame.extend(ITS_MAC);
    frame.extend(ITS_IP);
    frame.resize(60, 0);
    frame
}

/// A SYN (RFC 9293 §3.1) in IPv4 (RFC 791 §3.1).
fn segment(port: u16) -> Vec<u8> {
    let mut tcp = Vec::new();
    tcp.extend(OUR_PORT.to_be_bytes());
    tcp.extend(port.to_be_bytes());
    tcp.extend([0, 0, u8::try_from(port >> 8).unwrap_or(0), 1, 0, 0, 0, 0, 0x50, SYN, 0x20, 0, 0, 0, 0, 0]);
    let mut pseudo = [OUR_IP, ITS_IP].concat();
    pseudo.extend([0, 6, 0, 20]);
    pseudo.extend(&tcp);
    let sum = checksum(&pseudo);
    tcp[16..18].copy_from_slice(&sum);
    packet(6, &tcp)
}

/// A UDP datagram (RFC 768) to the machine; its checksum is left out.
fn datagram(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap_or(8);
    let mut udp = [from, to, length, 0].map(u16::to_be_bytes).concat();
    udp.extend(payload);
    packet(17, &udp)
}

/// An IPv4 packet to the machine (RFC 791 §3.1) in its frame.
fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap_or(20).to_be_bytes();
    let mut ip = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, protocol, 0, 0];
    ip.extend(OUR_IP);
    ip.extend(ITS_IP);
    let sum = checksum(&ip);
    ip[10..12].copy_from_slice(&sum);
    let mut frame = ethernet([0x08, 0x00]);
    frame.extend(ip);
    frame.extend(payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

fn ethernet(kind: [u8; 2]) -> Vec<u8> {
    [&ITS_MAC[..], &OUR_MAC[..], &kind[..]].concat()
}

fn checksum(octets: &[u8]) -> [u8; 2] {
    let words = octets.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap_or(0)).to_be_bytes()
}
