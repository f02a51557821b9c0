//! What the world may look at: the gateway as it is now.

use crate::config::{DeviceId, LineId, TrunkId};
use crate::trace::{Direction, Protocol};
use crate::{CallId, Cause, ChannelId, SpanId};
use demarc_hal::Alarm;
use serde::{Deserialize, Serialize};

/// Everything that lives now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Live {
    /// Digital spans.
    pub spans: Vec<LiveSpan>,
    /// Analog ports.
    pub lines: Vec<LiveLine>,
    /// Trunks.
    pub trunks: Vec<LiveTrunk>,
    /// Devices.
    pub devices: Vec<LiveDevice>,
    /// Calls.
    pub calls: Vec<LiveCall>,
}

/// A digital span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveSpan {
    /// Which.
    pub span: SpanId,
    /// Layer 1: none when in order.
    pub alarms: Vec<Alarm>,
    /// Layer 2 is established.
    pub d_channel_up: bool,
    /// Its B channels in order.
    pub channels: Vec<LiveChannel>,
}

/// A B channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveChannel {
    /// Timeslot.
    pub slot: u8,
    /// What it does.
    pub state: ChannelState,
    /// What is wrong with it, in words: out of service, stuck at the far end. A stuck channel can be
    /// restarted when no call is on it.
    #[serde(default)]
    pub alarm: Option<String>,
}

/// What a channel or line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// Free.
    Idle,
    /// Being rung, or ringing us.
    Ringing,
    /// Dialling or being set up.
    Dialling,
    /// In a call.
    Busy,
    /// Resting after a call.
    Guard,
    /// Off hook with nobody to talk to.
    OffHook,
    /// Cannot be used: span down, line unplugged.
    Down,
}

/// An analog port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveLine {
    /// Where.
    pub channel: ChannelId,
    /// The configured line, for FXO.
    pub line: Option<LineId>,
    /// The configured device, for FXS.
    pub device: Option<DeviceId>,
    /// What it does.
    pub state: ChannelState,
}

/// A trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveTrunk {
    /// Which.
    pub trunk: TrunkId,
    /// Calls can be placed on it.
    pub up: bool,
    /// Why not, in words.
    pub reason: Option<String>,
    /// Calls on it now.
    pub calls: u32,
    /// How many it can carry; none for SIP.
    pub capacity: Option<u32>,
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveDevice {
    /// Which.
    pub device: DeviceId,
    /// Can be rung: registered, or an FXS port that works.
    pub reachable: bool,
    /// Where it registered from.
    pub contacts: Vec<LiveContact>,
}

/// One registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveContact {
    /// Contact URI.
    pub uri: String,
    /// Where the packets came from: `192.0.2.7:5060/udp`.
    pub source: String,
    /// What it says it is.
    pub user_agent: Option<String>,
    /// When it expires, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
}

/// A call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveCall {
    /// Which.
    pub call: CallId,
    /// When it began, ms since 1970 UTC.
    pub started_ms: u64,
    /// When it was answered.
    pub answered_ms: Option<u64>,
    /// Who calls; a withheld number is not shown.
    pub caller: String,
    /// What was dialled.
    pub called: String,
    /// Its legs.
    pub legs: Vec<LiveLeg>,
}

/// A leg of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LiveLeg {
    /// The device, trunk or service by name.
    pub name: String,
    /// Channel or address.
    pub place: String,
    /// What it does.
    pub state: LegState,
}

/// What a leg does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LegState {
    /// Digits are being collected, or the far end looks for the party.
    Setup,
    /// Being alerted.
    Alerting,
    /// Talking.
    Active,
    /// On hold.
    Held,
    /// Being torn down.
    Clearing,
}

/// The ladder of one call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ladder {
    /// Which call.
    pub call: CallId,
    /// The parties: column headings, the caller first.
    pub parties: Vec<String>,
    /// In order of time.
    pub rows: Vec<LadderRow>,
    /// Rows that did not fit and were left out.
    pub dropped: u32,
}

/// One arrow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LadderRow {
    /// Microseconds since the call began.
    pub at_us: u64,
    /// Index into [`Ladder::parties`].
    pub party: usize,
    /// Which way.
    pub direction: Direction,
    /// In which language.
    pub protocol: Protocol,
    /// In short.
    pub label: String,
    /// In full.
    pub detail: String,
}

/// Something happened that a watcher wants to know at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum LiveEvent {
    /// A call began, changed or was answered.
    Call {
        /// As it is now.
        call: LiveCall,
    },
    /// A call ended.
    CallEnded {
        /// Which.
        call: CallId,
        /// Why.
        cause: Cause,
    },
    /// A span changed.
    Span {
        /// As it is now.
        span: LiveSpan,
    },
    /// An analog port changed.
    Line {
        /// As it is now.
        line: LiveLine,
    },
    /// A trunk changed.
    Trunk {
        /// As it is now.
        trunk: LiveTrunk,
    },
    /// A device registered or went.
    Device {
        /// As it is now.
        device: LiveDevice,
    },
    /// The configuration changed.
    Revision {
        /// Its number.
        revision: u64,
    },
}
