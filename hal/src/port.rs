//! Which port of which span, and what kind of port it is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A span: one E1/T1 port of a card, or one group of analog ports. Numbered from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct SpanId(pub u16);

/// One channel: a timeslot of a digital span (1–31 on E1, 1–24 on T1) or an analog port (from 1).
///
/// Written `span/slot`, as in `2/4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelId {
    /// The span that carries the channel.
    pub span: SpanId,
    /// Timeslot or port number, from 1.
    pub slot: u8,
}

impl ChannelId {
    /// Channel `slot` of span `span`.
    pub const fn new(span: u16, slot: u8) -> Self {
        Self { span: SpanId(span), slot }
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.span, self.slot)
    }
}

/// The physical port, never its signalling: an FXO port takes a line from the telco, an FXS port
/// feeds an analog telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// Foreign exchange office: terminates an analog line.
    Fxo,
    /// Foreign exchange station: feeds an analog telephone.
    Fxs,
    /// A 64 kbit/s B channel.
    Bearer,
    /// The signalling channel of an ISDN span.
    DChannel,
    /// A bearer with four signalling bits of its own (ITU-T Q.400 series): MFC/R2.
    Cas,
    /// A bearer with E&M signalling: two wires' worth of on and off hook, each way.
    EAndM,
}

/// A channel and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Where it is.
    pub id: ChannelId,
    /// What it is.
    pub kind: PortKind,
}
