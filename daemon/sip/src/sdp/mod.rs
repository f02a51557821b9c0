//! Session descriptions, RFC 4566/8866, as far as audio calls need them, and what two of them
//! agree on, RFC 3264.
//!
//! [`Sdp::parse`] keeps what it understands and the shape of the rest: lines it does not know are
//! passed over, media it does not know can still be refused in the answer as RFC 3264 §6 wants.

mod agree;
mod parse;
mod write;

pub use agree::{Agreed, Local, Unacceptable, accept, answer, offer, reoffer};
pub use parse::SdpError;

use std::net::IpAddr;

/// How many media a description may have.
pub const MAX_MEDIA: usize = 16;

/// How many formats a medium may list.
pub const MAX_FORMATS: usize = 64;

/// How many lines a description may have.
pub const MAX_LINES: usize = 1000;

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdp {
    /// `o=`: who described the session, and which description this is.
    pub origin: Origin,
    /// `c=` of the session: for media without their own.
    pub connection: Option<Connection>,
    /// Direction of the session: for media without their own.
    pub direction: Option<Direction>,
    /// `m=`, in order; the order is what ties an answer to its offer.
    pub media: Vec<Media>,
}

/// `o=`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name; `-` when there is none.
    pub username: String,
    /// Session id; a string of digits that need not fit a number.
    pub session: String,
    /// Version of the description: it grows by one when the description changes.
    pub version: String,
    /// The address of the host that described it.
    pub address: Connection,
}

/// `c=`: where media are received. IP4 and IP6 only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// An address.
    Ip(IpAddr),
    /// A host name, as written.
    Name(String),
}

/// One `m=` with its attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `image`, …
    pub kind: String,
    /// Port; 0 = refused or not wanted.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `udptl`, …
    pub protocol: String,
    /// Formats by preference: payload types for RTP.
    pub formats: Vec<String>,
    /// Its own `c=`.
    pub connection: Option<Connection>,
    /// Its own direction.
    pub direction: Option<Direction>,
    /// `a=rtpmap`.
    pub rtpmaps: Vec<RtpMap>,
    /// `a=fmtp`: format and parameters.
    pub fmtps: Vec<(String, String)>,
    /// `a=ptime`: milliseconds per packet.
    pub ptime: Option<u16>,
}

/// `a=rtpmap:101 telephone-event/8000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RtpMap {
    /// Payload type, 0–127.
    pub payload: u8,
    /// Encoding name.
    pub encoding: String,
    /// Clock rate in Hz.
    pub rate: u32,
    /// Channels.
    pub channels: u8,
}

/// Who sends, seen from the one who wrote the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    SendRecv,
    /// Only I.
    SendOnly,
    /// Only you.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// From what I do.
    pub fn new(send: bool, receive: bool) -> Self {
        match (send, receive) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Do I send?
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Do I receive?
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// Seen from the other side.
    pub fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What both allow.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|d| d.as_str() == text)
    }
}

impl Connection {
    /// The address, unless it is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Name(_) => None,
        }
    }
}

impl Sdp {
    /// Where a medium is received: its own `c=` or that of the session.
    pub fn connection_of<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// Who sends a medium: its own direction or that of the session. `c=0.0.0.0`, the hold of
    /// RFC 2543, means that its sender receives nothing.
    pub fn direction_of(&self, media: &Media) -> Direction {
        let direction = media.direction.or(self.direction).unwrap_or_default();
        match self.connection_of(media).and_then(Connection::ip) {
            Some(ip) if ip.is_unspecified() => Direction::new(direction.sends(), false),
            _ => direction,
        }
    }
}

#[cfg(test)]
mod tests;
