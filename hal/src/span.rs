//! Spans: what they are, how they are set, and how they do.

use crate::port::{Port, PortKind, SpanId};
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
    /// 192 kbit/s, ITU-T I.430: two bearers and a D channel in timeslot 3.
    Bri,
    /// Analog ports of one card.
    Analog,
}

impl SpanKind {
    /// Timeslots of the span; 0 for analog ports, of which a card may have any number.
    pub const fn slots(self) -> u8 {
        match self {
            SpanKind::E1 => 31,
            SpanKind::T1 => 24,
            SpanKind::Bri => 3,
            SpanKind::Analog => 0,
        }
    }

    /// The timeslot of the D channel, where there is one.
    pub const fn d_slot(self) -> Option<u8> {
        match self {
            SpanKind::E1 => Some(16),
            SpanKind::T1 => Some(24),
            SpanKind::Bri => Some(3),
            SpanKind::Analog => None,
        }
    }
}

/// What the timeslots of a digital span are used for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", content = "ports")]
pub enum Signalling {
    /// Common channel: a D channel for the bearers (Q.931).
    #[default]
    Isdn,
    /// Bearers alone: a further span of an NFAS group (Q.931 Annex F, ANSI T1.607).
    Bearers,
    /// Channel-associated bits, ITU-T Q.421: MFC/R2.
    R2,
    /// E&M signalling in the channel-associated bits (E1) or robbed bits (T1).
    EAndM,
    /// A channel bank: each timeslot is an FXO or FXS port, from timeslot 1.
    ChannelBank(Vec<PortKind>),
}

impl Signalling {
    /// What timeslot `slot` of a span of this kind is; none when it carries nothing of ours.
    pub fn port(&self, kind: SpanKind, slot: u8) -> Option<PortKind> {
        if slot == 0 || slot > kind.slots() {
            return None;
        }
        let signalling = kind.d_slot() == Some(slot);
        // Channel-associated bits travel in timeslot 16 of an E1, and in the bearers of a T1.
        let bits = signalling && kind == SpanKind::E1;
        match self {
            Signalling::Isdn if signalling => Some(PortKind::DChannel),
            Signalling::Isdn | Signalling::Bearers => Some(PortKind::Bearer),
            Signalling::R2 => (!bits).then_some(PortKind::Cas),
            Signalling::EAndM => (!bits).then_some(PortKind::EAndM),
            Signalling::ChannelBank(ports) => {
                let kind = ports.get(usize::from(slot) - 1).copied();
                kind.filter(|kind| !bits && matches!(kind, PortKind::Fxo | PortKind::Fxs))
            }
        }
    }
}

/// What the far end sends where signalling would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignallingSeen {
    /// HDLC flags or frames in the timeslot of the D channel.
    Flags,
    /// The multiframe alignment of channel-associated signalling in timeslot 16 of an E1 (G.704
    /// §5.1.3.2).
    Multiframe,
    /// Neither: idle, or a bearer. On T1 channel-associated bits are robbed from the bearers, so that
    /// this is what they look like.
    Nothing,
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
    /// T1 line build-out, 0 (0–133 ft) to 7; 0 elsewhere.
    pub build_out: u8,
    /// BRI: we are the network side (NT).
    pub network: bool,
    /// BRI: the bus is terminated here with 100 Ω.
    pub terminated: bool,
    /// What the timeslots are used for.
    pub signalling: Signalling,
}

impl SpanSettings {
    /// What a span of this kind is set to when nothing is known of the far end: the telco is the
    /// clock, and there is a D channel.
    pub const fn of(kind: SpanKind) -> Self {
        let (framing, line_code) = match kind {
            SpanKind::T1 => (Framing::Esf, LineCode::B8zs),
            SpanKind::Bri => (Framing::Basic, LineCode::Ami),
            SpanKind::E1 | SpanKind::Analog => (Framing::Crc4, LineCode::Hdb3),
        };
        Self {
            framing,
            line_code,
            timing: 1,
            build_out: 0,
            network: false,
            terminated: false,
            signalling: Signalling::Isdn,
        }
    }
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
    /// Nothing arrives at all (a detail of [`Alarm::Red`]).
    LossOfSignal,
    /// A signal arrives, but no frame is found in it (a detail of [`Alarm::Red`]).
    LossOfFrame,
    /// Frames are found, but no multiframe: CRC-4 or the channel-associated bits.
    LossOfMultiframe,
    /// The span is looped for a test.
    Loopback,
    /// The port has never been started.
    NotOpen,
}

impl Alarm {
    /// No call can be placed while it lasts. A recovering signal carries calls already, and one
    /// without its multiframe still does.
    pub const fn stops_calls(self) -> bool {
        !matches!(self, Alarm::Recovering | Alarm::LossOfMultiframe)
    }
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
    /// CRC-4 errors that the far end reports (E bits).
    #[serde(default)]
    pub far_crc_errors: u64,
    /// Errors in the frame alignment signal.
    #[serde(default)]
    pub frame_errors: u64,
    /// Bipolar violations.
    #[serde(default)]
    pub bipolar_violations: u64,
    /// Seconds with at least one error (ITU-T G.826).
    #[serde(default)]
    pub errored_seconds: u64,
    /// Bit errors in the test pattern (PRBS).
    #[serde(default)]
    pub bit_errors: u64,
    /// Interrupts of the card that came too late.
    #[serde(default)]
    pub missed_interrupts: u64,
    /// HDLC frames of the D channel that were aborted, overran, or had a wrong check sum.
    #[serde(default)]
    pub bad_frames: u64,
    /// The card takes its clock from this span now.
    #[serde(default)]
    pub is_clock: bool,
    /// What maintenance was asked for.
    #[serde(default)]
    pub maintenance: Maintenance,
}

/// Maintenance of a digital span. One thing at a time; every one but [`Maintenance::None`] takes
/// the span out of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Maintenance {
    /// Normal service.
    #[default]
    None,
    /// What we send comes back to us.
    LocalLoop,
    /// What the far end sends goes back to it, line code and all.
    LineLoop,
    /// What the far end sends goes back to it, framed anew.
    PayloadLoop,
    /// T1: the loop-up code is sent to the far end (ANSI T1.403).
    LoopUp,
    /// T1: the loop-down code is sent.
    LoopDown,
    /// The card's own test pattern is sent and looked for.
    Prbs,
}

/// An error put into what a span sends, to prove that the far end's counter moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Defect {
    /// In the frame alignment signal.
    Frame,
    /// In the multiframe alignment.
    Multiframe,
    /// In the CRC-4.
    Crc,
    /// In the channel-associated signalling.
    Cas,
    /// In the test pattern.
    Prbs,
    /// A bipolar violation.
    Bipolar,
}
