//! The ladder: one timeline of everything that was said on the legs of a call.

use crate::LegId;
use serde::{Deserialize, Serialize};

/// One arrow of a ladder, as a room reports it. The node adds the time and the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Which leg.
    pub leg: LegId,
    /// Which way.
    pub direction: Direction,
    /// In which language.
    pub protocol: Protocol,
    /// In short: `INVITE`, `200 OK`, `SETUP`, `RingStarted`.
    pub label: String,
    /// The whole message as text, credentials left out; may be empty. At most 4096 octets are kept.
    pub detail: String,
}

/// Which way an arrow points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the party to the gateway.
    In,
    /// From the gateway to the party.
    Out,
    /// Inside the gateway: a decision and its reason.
    Note,
}

/// The language of an arrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// RFC 3261.
    Sip,
    /// Q.931.
    Q931,
    /// Loop events.
    Line,
    /// Tones, digits, audio.
    Media,
    /// Routing and call control.
    Pbx,
}
