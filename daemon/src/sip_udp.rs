//! SIP over UDP.

use crate::route::Routes;
use demarc_sip::{Flow, Transport};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// The largest datagram that is taken: the most that UDP carries.
const MAX_DATAGRAM: usize = 65_535;

/// The socket on which SIP is served.
#[derive(Debug)]
pub struct SipUdp {
    asked: SocketAddr,
    socket: UdpSocket,
    routes: Routes,
    buffer: Vec<u8>,
}

/// The address could not be served.
#[derive(Debug, thiserror::Error)]
#[error(
    "SIP cannot be served on {address} over {transport}: {source}. \
     Stop the program that uses the port, or choose another with --sip or under System."
)]
pub struct ServeError {
    /// Where.
    pub address: SocketAddr,
    /// Over what.
    pub transport: &'static str,
    /// What the system said.
    pub source: std::io::Error,
}

impl SipUdp {
    /// Serves `address`.
    ///
    /// # Errors
    /// [`ServeError`] when it is taken or not ours.
    pub fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let fail = |source| ServeError { address, transport: "UDP", source };
        let socket = UdpSocket::bind(address).map_err(fail)?;
        socket.set_nonblocking(true).map_err(fail)?;
        let served = socket.local_addr().map_err(fail)?;
        Ok(Self { asked: address, socket, routes: Routes::new(served), buffer: vec![0; MAX_DATAGRAM] })
    }

    /// The address that was asked for; port 0 means any.
    pub fn asked(&self) -> SocketAddr {
        self.asked
    }

    /// Is this one of its addresses?
    pub fn serves(&self, local: SocketAddr) -> bool {
        self.address().is_some_and(|served| {
            served.port() == local.port() && (served.ip() == local.ip() || served.ip().is_unspecified())
        })
    }

    /// Where it is served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()
    }

    /// The next datagram, if one waits.
    pub fn receive(&mut self) -> Option<(Flow, Vec<u8>)> {
        let (length, remote) = self.socket.recv_from(&mut self.buffer).ok()?;
        let flow = self.flow(remote);
        Some((flow, self.buffer.get(..length)?.to_vec()))
    }

    /// The way to a peer.
    pub fn flow(&mut self, remote: SocketAddr) -> Flow {
        Flow { transport: Transport::Udp, local: self.routes.local(remote), remote, connection: 0 }
    }

    /// Sends a message. What the network refuses is repeated by the transaction, or given up by it.
    pub fn send(&self, to: SocketAddr, message: &[u8]) {
        if let Err(error) = self.socket.send_to(message, to) {
            tracing::debug!(%to, %error, "a SIP datagram was not sent");
        }
    }
}

impl AsFd for SipUdp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
