//! The pool of bound RTP sockets.
//!
//! All ports are bound at start, so that a busy one is found then and not in the middle of a call,
//! and so that call control can write SDP without asking anybody. A change of the settings binds
//! the others while the daemon runs; a port in use stays as it is until its stream closes.

use crate::arrivals::Arrivals;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

/// How many ports are opened or closed in a row: the audio of calls goes first.
const BATCH: usize = 64;

/// Which ports there shall be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpRange {
    /// On which of our addresses.
    pub ip: IpAddr,
    /// The first port; the others are every second one after it (RTP; between them is RTCP).
    pub first: u16,
    /// How many.
    pub count: u16,
}

impl RtpRange {
    fn ports(self) -> impl Iterator<Item = u16> {
        (self.first..=u16::MAX).step_by(2).take(self.count.into())
    }
}

/// A port that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error(
    "RTP port {address} cannot be used: {source}. \
     Stop the program that uses it, or set another first RTP port under System."
)]
pub struct BindError {
    address: SocketAddr,
    source: std::io::Error,
}

/// RTP sockets by port.
#[derive(Debug, Default)]
pub struct RtpPorts {
    /// The address that is wanted, and the ports.
    ip: Option<IpAddr>,
    wanted: BTreeSet<u16>,
    bound: BTreeMap<u16, Bound>,
    /// Ports that may not be as wanted, to be looked at in turn.
    due: BTreeSet<u16>,
    /// Ports that are in use or could not be bound: they are tried again after a while.
    later: BTreeSet<u16>,
    /// Ports of which it was said that they cannot be bound.
    refused: BTreeSet<u16>,
}

#[derive(Debug)]
struct Bound {
    ip: IpAddr,
    socket: UdpSocket,
}

impl RtpPorts {
    /// Binds every port of a range.
    ///
    /// # Errors
    /// [`BindError`] names the first port that cannot be had.
    pub fn bind(range: RtpRange) -> Result<Self, BindError> {
        let bind = |port| Ok((port, bind(range.ip, port)?));
        let bound = range.ports().map(bind).collect::<Result<_, BindError>>()?;
        Ok(Self { ip: Some(range.ip), wanted: range.ports().collect(), bound, ..Self::default() })
    }

    /// Has the sockets heard; each with its port.
    ///
    /// # Errors
    /// When the system does not listen to so many.
    pub fn watch(&self, epoll: &Epoll) -> std::io::Result<()> {
        Ok(self.bound.iter().try_for_each(|(port, bound)| watch(epoll, *port, bound))?)
    }

    /// The socket of a port.
    pub fn socket(&self, port: u16) -> Option<&UdpSocket> {
        self.bound.get(&port).map(|bound| &bound.socket)
    }

    /// Another range is wanted; [`RtpPorts::settle`] brings it about.
    pub fn want(&mut self, range: RtpRange) {
        self.ip = Some(range.ip);
        self.wanted = range.ports().collect();
        self.later.clear();
        self.refused.clear();
        let all: BTreeSet<_> = self.wanted.iter().chain(self.bound.keys()).copied().collect();
        self.due = all.into_iter().filter(|port| !self.is_as_wanted(*port)).collect();
    }

    /// Puts some of the ports right that are not as wanted, but none that is in use.
    pub fn settle(&mut self, epoll: &Epoll, in_use: impl Fn(u16) -> bool) {
        for _ in 0..BATCH {
            let Some(port) = self.due.pop_first() else { return };
            if in_use(port) {
                self.later.insert(port);
            } else {
                self.put_right(port, epoll);
            }
        }
    }

    /// A stream is about to use the port, and nothing does now.
    pub fn prepare(&mut self, port: u16, epoll: &Epoll) {
        if self.due.remove(&port) || self.later.remove(&port) {
            self.put_right(port, epoll);
        }
    }

    /// A while has passed: what had to wait is due again.
    pub fn try_again(&mut self) {
        self.due.append(&mut self.later);
    }

    fn is_as_wanted(&self, port: u16) -> bool {
        let has = self.bound.get(&port).map(|bound| bound.ip);
        has == self.ip.filter(|_| self.wanted.contains(&port))
    }

    fn put_right(&mut self, port: u16, epoll: &Epoll) {
        if self.is_as_wanted(port) {
            return;
        }
        // Closing a socket also ends its being heard. It goes first: it may be in the way.
        self.bound.remove(&port);
        let Some(ip) = self.ip.filter(|_| self.wanted.contains(&port)) else { return };
        let bound = bind(ip, port).and_then(|bound| {
            let address = SocketAddr::new(ip, port);
            watch(epoll, port, &bound).map_err(|error| BindError { address, source: error.into() })?;
            Ok(bound)
        });
        match bound {
            Ok(bound) => {
                self.bound.insert(port, bound);
                self.refused.remove(&port);
            }
            Err(error) => {
                if self.refused.insert(port) {
                    tracing::error!("{error}");
                }
                self.later.insert(port);
            }
        }
    }
}

fn bind(ip: IpAddr, port: u16) -> Result<Bound, BindError> {
    let address = SocketAddr::new(ip, port);
    let fail = |source| BindError { address, source };
    let socket = UdpSocket::bind(address).map_err(fail)?;
    socket.set_nonblocking(true).map_err(fail)?;
    Arrivals::date(&socket).map_err(fail)?;
    Ok(Bound { ip, socket })
}

fn watch(epoll: &Epoll, port: u16, bound: &Bound) -> nix::Result<()> {
    epoll.add(bound.socket.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, u64::from(port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::epoll::EpollCreateFlags;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    /// Ports that were free a moment ago, far enough from one another.
    fn free<const N: usize>() -> [u16; N] {
        let sockets = [(); N].map(|()| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap());
        sockets.map(|socket| socket.local_addr().unwrap().port())
    }

    fn one(ip: IpAddr, first: u16) -> RtpRange {
        RtpRange { ip, first, count: 1 }
    }

    fn place(ports: &RtpPorts, port: u16) -> Option<IpAddr> {
        Some(ports.socket(port)?.local_addr().unwrap().ip())
    }

    #[test]
    fn a_busy_port_is_named() {
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = RtpPorts::bind(one(HERE, port)).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    }

    #[test]
    fn what_is_not_in_use_is_replaced_at_once() {
        let epoll = Epoll::new(EpollCreateFlags::empty()).unwrap();
        let [old, new] = free();
        let mut ports = RtpPorts::bind(one(HERE, old)).unwrap();
        ports.want(one(HERE, new));
        ports.settle(&epoll, |_| false);
        assert_eq!((place(&ports, old), place(&ports, new)), (None, Some(HERE)));
        ports.want(one(THERE, new));
        ports.settle(&epoll, |_| false);
        assert_eq!(place(&ports, new), Some(THERE));
    }

    #[test]
    fn a_port_in_use_waits_for_the_end_of_its_stream() {
        let epoll = Epoll::new(EpollCreateFlags::empty()).unwrap();
        let [port] = free();
        let mut ports = RtpPorts::bind(one(HERE, port)).unwrap();
        ports.want(one(THERE, port));
        ports.settle(&epoll, |_| true);
        ports.try_again();
        ports.settle(&epoll, |_| true);
        assert_eq!(place(&ports, port), Some(HERE));
        ports.prepare(port, &epoll);
        assert_eq!(place(&ports, port), Some(THERE), "the next stream has it right");
    }

    #[test]
    fn a_busy_port_is_had_when_it_becomes_free() {
        let epoll = Epoll::new(EpollCreateFlags::empty()).unwrap();
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let mut ports = RtpPorts::default();
        ports.want(one(HERE, port));
        ports.settle(&epoll, |_| false);
        assert_eq!(place(&ports, port), None);
        drop(taken);
        ports.settle(&epoll, |_| false);
        assert_eq!(place(&ports, port), None, "not before a while");
        ports.try_again();
        ports.settle(&epoll, |_| false);
        assert_eq!(place(&ports, port), Some(HERE));
    }
}
