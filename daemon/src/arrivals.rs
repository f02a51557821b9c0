//! RTP packets as they are found waiting, each with how long ago the kernel had it.
//!
//! The media thread looks at its sockets once a tick: it is not woken for every packet, and knows of each
//! how early it came all the same.

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::time::{ClockId, clock_gettime};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

/// The largest datagram that is looked at: larger ones are cut and then refused as RTP.
const MTU: usize = 1500;
/// Microseconds of a sample.
const SAMPLE: i64 = 125;
/// The longest time that is believed, in samples: 200 ms. More is a clock that was set.
const LONGEST: u32 = 1600;

/// A place for one packet after the other.
pub struct Arrivals {
    packet: [u8; MTU],
    control: Vec<u8>,
    now: TimeSpec,
}

/// A packet: from where, its octets, and how many samples ago it came.
pub type Arrival<'a> = (SocketAddr, &'a [u8], u32);

impl Arrivals {
    /// A place.
    pub fn new() -> Self {
        let control = nix::cmsg_space!(TimeSpec);
        Self { packet: [0; MTU], control, now: TimeSpec::seconds(0) }
    }

    /// Has the kernel date what comes to a socket.
    ///
    /// # Errors
    /// When it does not.
    pub fn date(socket: &UdpSocket) -> io::Result<()> {
        Ok(setsockopt(socket, sockopt::ReceiveTimestampns, &true)?)
    }

    /// How long ago is counted from this moment.
    pub fn look(&mut self) {
        // The kernel's dates are of this clock.
        self.now = clock_gettime(ClockId::CLOCK_REALTIME).unwrap_or(TimeSpec::seconds(0));
    }

    /// Takes the next packet of a socket. None when there is none, or when the socket only tells that a
    /// former packet did not reach whom it was for.
    pub fn next(&mut self, socket: &UdpSocket) -> Option<Arrival<'_>> {
        let mut into = [IoSliceMut::new(&mut self.packet)];
        let (fd, control, flags) = (socket.as_raw_fd(), Some(&mut self.control[..]), MsgFlags::MSG_DONTWAIT);
        let message = recvmsg::<SockaddrStorage>(fd, &mut into, control, flags).ok()?;
        let date = message.cmsgs().into_iter().flatten().find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(date) => Some(date),
            _ => None,
        });
        let (length, from) = (message.bytes, message.address.as_ref().and_then(address)?);
        Some((from, self.packet.get(..length)?, ago(self.now, date)))
    }
}

/// From a date until now, in samples.
fn ago(now: TimeSpec, date: Option<TimeSpec>) -> u32 {
    let since = date.map_or(0, |date| (now - date).num_microseconds() / SAMPLE);
    u32::try_from(since.max(0)).map_or(LONGEST, |since| since.min(LONGEST))
}

fn address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = storage.as_sockaddr_in() {
        return Some(SocketAddrV4::from(*v4).into());
    }
    let v6 = storage.as_sockaddr_in6()?;
    Some(SocketAddrV6::new(v6.ip(), v6.port(), v6.flowinfo(), v6.scope_id()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sockets(ip: &str) -> (UdpSocket, UdpSocket) {
        let [from, to] = [(); 2].map(|()| UdpSocket::bind(format!("{ip}:0")).unwrap());
        to.set_nonblocking(true).unwrap();
        Arrivals::date(&to).unwrap();
        // The kernel begins with it when it finds the time; until then a packet has the date of its reading.
        for _ in 0..100_000 {
            from.send_to(b"dated?", to.local_addr().unwrap()).unwrap();
            if later(&mut Arrivals::new()).next(&to).is_some_and(|(_, _, ago)| ago >= 120) {
                break;
            }
            std::thread::yield_now();
        }
        (from, to)
    }

    /// Looks 15 ms after now.
    fn later(arrivals: &mut Arrivals) -> &mut Arrivals {
        arrivals.look();
        arrivals.now = arrivals.now + TimeSpec::milliseconds(15);
        arrivals
    }

    #[test]
    fn a_packet_comes_with_its_sender_and_its_age() {
        for ip in ["127.0.0.1", "[::1]"] {
            let (from, to) = sockets(ip);
            from.send_to(b"first", to.local_addr().unwrap()).unwrap();
            from.send_to(b"second", to.local_addr().unwrap()).unwrap();
            let mut arrivals = Arrivals::new();
            later(&mut arrivals);
            for sent in [&b"first"[..], b"second"] {
                let (sender, packet, ago) = arrivals.next(&to).unwrap();
                assert_eq!((sender, packet), (from.local_addr().unwrap(), sent));
                assert!(ago >= 120, "{ago}");
            }
            assert!(arrivals.next(&to).is_none());
        }
    }

    #[test]
    fn no_clock_that_is_set_makes_a_packet_older_than_can_be() {
        let at = TimeSpec::milliseconds;
        assert_eq!(ago(at(1_000_015), Some(at(1_000_000))), 120);
        assert_eq!(ago(at(1_000_000), Some(at(2_000_000))), 0, "set back");
        assert_eq!(ago(at(9_000_000_000), Some(at(1_000_000))), LONGEST, "set forward");
        assert_eq!(ago(at(1_000_000), None), 0);
    }

    #[test]
    fn a_packet_that_is_too_long_is_cut() {
        let (from, to) = sockets("127.0.0.1");
        from.send_to(&[7; 4000], to.local_addr().unwrap()).unwrap();
        let mut arrivals = Arrivals::new();
        arrivals.look();
        assert!(arrivals.next(&to).is_some_and(|(_, packet, _)| packet == [7; MTU]));
    }
}
