//! Names of things that live only while the gateway runs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which part of the gateway minted an id, and so owns the thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Room {
    /// SIP.
    Sip,
    /// Lines and spans.
    Pstn,
    /// Call control.
    Pbx,
}

macro_rules! minted {
    ($(#[$doc:meta])* $name:ident, $letter:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The `n`-th id of a room; `n` counts from 1 and never repeats while the gateway runs.
            pub const fn new(room: Room, n: u64) -> Self {
                Self(n * 4 + room as u64)
            }

            /// Who minted it.
            pub const fn room(self) -> Room {
                match self.0 % 4 {
                    0 => Room::Sip,
                    1 => Room::Pstn,
                    _ => Room::Pbx,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($letter, "{}"), self.0)
            }
        }
    };
}

minted!(
    /// One party of a call. Incoming legs are minted by their room, outgoing ones by the PBX.
    LegId, "leg"
);
minted!(
    /// One audio stream: an RTP session or a bearer. Minted by the room whose leg it carries.
    StreamId, "stream"
);

/// A call: unique for ever, because it is stored. Begins with the start time of the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct CallId(pub u64);

impl CallId {
    /// The `n`-th call since the start of the gateway at `started` (seconds since 1970).
    pub const fn new(started: u64, n: u64) -> Self {
        Self(started * 1_000_000 + n)
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
