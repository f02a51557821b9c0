//! The pool of bound RTP sockets.
//!
//! All ports are bound at start, so that a busy one is found then and not in the middle of a call,
//! and so that call control can write SDP without asking anybody.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// RTP sockets by port.
pub type RtpSockets = BTreeMap<u16, UdpSocket>;

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

/// Binds `count` even ports from `first` on (RTP; the odd ones are left for RTCP).
///
/// # Errors
/// [`BindError`] names the first port that cannot be had.
pub fn bind(ip: IpAddr, first: u16, count: u16) -> Result<RtpSockets, BindError> {
    (0..count)
        .filter_map(|n| first.checked_add(n.checked_mul(2)?))
        .map(|port| {
            let address = SocketAddr::new(ip, port);
            let fail = |source| BindError { address, source };
            let socket = UdpSocket::bind(address).map_err(fail)?;
            socket.set_nonblocking(true).map_err(fail)?;
            Ok((port, socket))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn a_busy_port_is_named() {
        let taken = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = bind(Ipv4Addr::LOCALHOST.into(), port, 1).unwrap_err().to_string();
        assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    }
}
