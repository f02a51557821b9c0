//! Which of our addresses a peer sees.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// How many answers are remembered before all are asked again.
const REMEMBERED: usize = 1024;

/// Our addresses by peer, asked of the system's routing table and remembered.
#[derive(Debug)]
pub struct Routes {
    /// The address that is served; unspecified (`0.0.0.0`, `::`) means all of them.
    served: SocketAddr,
    known: BTreeMap<IpAddr, IpAddr>,
}

impl Routes {
    /// For a socket that is bound to `served`.
    pub fn new(served: SocketAddr) -> Self {
        Self { served, known: BTreeMap::new() }
    }

    /// Our address as `remote` sees it, with the port that is served.
    pub fn local(&mut self, remote: SocketAddr) -> SocketAddr {
        if !self.served.ip().is_unspecified() {
            return self.served;
        }
        if let Some(ip) = self.known.get(&remote.ip()) {
            return SocketAddr::new(*ip, self.served.port());
        }
        let ip = toward(remote).unwrap_or_else(|| self.served.ip());
        if self.known.len() >= REMEMBERED {
            self.known.clear();
        }
        self.known.insert(remote.ip(), ip);
        SocketAddr::new(ip, self.served.port())
    }
}

/// The source address that the system would choose toward `remote`. Connecting a datagram socket
/// sends nothing.
fn toward(remote: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if remote.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_peer_sees_loopback() {
        let mut routes = Routes::new("0.0.0.0:5060".parse().unwrap());
        let local = routes.local("127.0.0.1:5070".parse().unwrap());
        assert_eq!(local, "127.0.0.1:5060".parse().unwrap());
    }

    #[test]
    fn a_bound_address_is_what_everybody_sees() {
        let served = "192.0.2.1:5060".parse().unwrap();
        assert_eq!(Routes::new(served).local("127.0.0.1:5070".parse().unwrap()), served);
    }
}
