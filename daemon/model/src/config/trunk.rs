//! Ways to the outside.

use super::{LineId, Secret, TrunkId};
use demarc_hal::SpanId;
use serde::{Deserialize, Serialize};

/// A way to the outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Names it.
    pub id: TrunkId,
    /// For people, 1–64 characters.
    pub name: String,
    /// Not used when false.
    pub enabled: bool,
    /// What it is made of.
    pub kind: TrunkKind,
}

/// What a trunk is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum TrunkKind {
    /// ISDN primary-rate spans.
    Pri {
        /// In order of use.
        spans: Vec<SpanId>,
        /// Which B channel next.
        hunt: Hunt,
    },
    /// FXO lines.
    Fxo {
        /// In order of use.
        lines: Vec<LineId>,
        /// Which line next.
        hunt: Hunt,
    },
    /// A SIP provider or another gateway.
    Sip(SipPeer),
}

/// In which order the channels or lines of a trunk are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Hunt {
    /// From the first up.
    Ascending,
    /// From the last down: the user side of a PRI, so as not to meet the network half-way.
    #[default]
    Descending,
    /// After the one that was used last.
    RoundRobin,
    /// The one that has rested longest.
    LeastRecent,
}

/// A SIP provider or another gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SipPeer {
    /// Host name or address.
    pub host: String,
    /// Port, 1–65535.
    pub port: u16,
    /// Transport.
    pub transport: SipTransport,
    /// User name for digest and registration; empty = none.
    #[serde(default)]
    pub username: String,
    /// Password for digest.
    #[serde(default)]
    pub password: Secret,
    /// Register with the peer.
    #[serde(default)]
    pub register: bool,
}

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SipTransport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
}
