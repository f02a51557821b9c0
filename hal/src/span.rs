//! Spans: what they are, how they are set, and how they do.

use crate::port::{Port, SpanId};
use serde::{Deserialize, Serialize};

/// What a span carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// 2048 kbit/s, ITU-T G.704: 30 bearers and a D channel in timeslot 16.
    E1,
    /// 1544 kbit/s, ANSI T1.403: 23 bearers and a D channel in timeslot 24.
    T1,
    /// Analog ports of one card.
    Analog,
}

/// Companding law, ITU-T G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Companding {
    /// A-law; idle octet 0xD5.
    ALaw,
    /// Mu-law; idle octet 0xFF.
    MuLaw,
}

impl Companding {
    /// The octet that stands for silence.
    pub const fn idle(self) -> u8 {
        match self {
            Companding::ALaw => 0xD5,
            Companding::MuLaw => 0xFF,
        }
    }
}

/// Frame alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Framing {
    /// E1 with the CRC-4 multiframe (ITU-T G.704).
    Crc4,
    /// E1 without CRC-4.
    Basic,
    /// T1 extended superframe.
    Esf,
    /// T1 superframe.
    D4,
}

/// Line code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineCode {
    /// E1.
    Hdb3,
    /// T1.
    B8zs,
    /// Either, legacy.
    Ami,
}

/// A span as the hardware has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanInfo {
    /// Its number.
    pub id: SpanId,
    /// The card and port, for people.
    pub name: String,
    /// What it carries.
    pub kind: SpanKind,
    /// The law of its octets.
    pub companding: Companding,
    /// Its channels, in order.
    pub ports: Vec<Port>,
}

/// How a digital span is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanSettings {
    /// Frame alignment.
    pub framing: Framing,
    /// Line code.
    pub line_code: LineCode,
    /// Clock priority: 0 = we are the master, 1 = first source, 2 = second …
    pub timing: u8,
}

/// An alarm of layer 1, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// No usable signal arrives: cable, far end, or wrong line mode.
    Red,
    /// The far end reports that it does not hear us.
    Yellow,
    /// The far end sends all ones: an upstream failure.
    Blue,
    /// The signal is back and being observed.
    Recovering,
}

/// Layer 1 as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanStatus {
    /// Alarms now; none when the span is in order.
    pub alarms: Vec<Alarm>,
    /// CRC-4 errors since the driver started.
    pub crc_errors: u64,
    /// Code violations since the driver started.
    pub code_violations: u64,
    /// Frame slips since the driver started.
    pub slips: u64,
}
