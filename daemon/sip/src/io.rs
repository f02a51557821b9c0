//! What goes into the SIP room and what comes out of it.

use demarc_model::{Config, LegCommand, LegEvent, MediaCommand, MediaEvent, Trace};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

/// How SIP travels (RFC 3261 §18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Datagrams: the transactions repeat what may have been lost.
    Udp,
    /// A stream: nothing is repeated but the 2xx of an INVITE.
    Tcp,
}

impl Transport {
    /// As a Via writes it.
    pub const fn via(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
        }
    }

    /// As a URI parameter and as [`demarc_model::live::LiveContact::source`] write it.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }

    /// Does the transport deliver by itself?
    pub const fn is_reliable(self) -> bool {
        matches!(self, Transport::Tcp)
    }
}

/// The way to a peer, and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Flow {
    /// How it travels.
    pub transport: Transport,
    /// Our address as the peer sees the route (never `0.0.0.0`) and the port on which we are
    /// served: it goes into Via, Contact and SDP.
    pub local: SocketAddr,
    /// The peer.
    pub remote: SocketAddr,
    /// Which TCP connection, counted from 1 by the shell. 0 for UDP, and for TCP "the connection
    /// that is open to `remote`, or else a new one".
    pub connection: u64,
}

impl Flow {
    /// Does what is sent on `other` travel on this flow? Connection 0 stands for any to the peer.
    pub fn carries(&self, other: &Flow) -> bool {
        self.transport == other.transport
            && self.remote == other.remote
            && (self.connection == other.connection || self.connection == 0 || other.connection == 0)
    }
}

/// The remote end, for people: `192.0.2.7:5060`.
impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.remote.fmt(f)
    }
}

/// What the room is given.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// One whole SIP message: a datagram, or what the shell framed out of a stream by
    /// Content-Length.
    Message {
        /// Where it came from.
        flow: Flow,
        /// The message as received.
        bytes: Vec<u8>,
    },
    /// A TCP connection ended, or could not be opened (`connection` 0).
    FlowClosed {
        /// Which.
        flow: Flow,
    },
    /// The answer to [`Output::Resolve`].
    Resolved {
        /// As it was asked.
        host: String,
        /// As it was asked.
        port: u16,
        /// As it was asked.
        transport: Transport,
        /// Ways to the host in order of preference (RFC 3263), with `connection` 0; empty when
        /// the name does not exist or nobody answered.
        flows: Vec<Flow>,
    },
    /// SIP is served elsewhere from now on. What stands goes on over the flows it has; UDP
    /// bindings of phones and the ways to trunks are those of the new address.
    Moved {
        /// Which of the transports.
        transport: Transport,
        /// Where; unspecified (`0.0.0.0`, `::`) means all our addresses.
        served: SocketAddr,
    },
    /// An order from call control, for a leg of this room.
    Leg(LegCommand),
    /// What a stream of this room noticed.
    Media(MediaEvent),
    /// The configuration changed. Legs keep the one they began with.
    Config(Arc<Config>),
}

/// What the room wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// For call control.
    Leg(LegEvent),
    /// For media.
    Media(MediaCommand),
    /// One whole SIP message to send.
    Send {
        /// Which way.
        flow: Flow,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Find a host (name or address literal); [`Input::Resolved`] is expected in return.
    Resolve {
        /// Name or address literal.
        host: String,
        /// Its port.
        port: u16,
        /// How it will be spoken to.
        transport: Transport,
    },
    /// An arrow for the ladder. Arrows may follow a leg's `Ended` until its transactions are done
    /// (at most 32 s).
    Trace(Trace),
    /// A registration or the state of a trunk changed: read `live_devices` and `live_trunks` again.
    Changed,
}
