//! ISDN: how a span is signalled, and how numbers travel on a trunk.

use serde::{Deserialize, Serialize};

/// ISDN of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct IsdnSettings {
    /// Primary or basic rate.
    pub access: IsdnAccess,
    /// The span is one of a group that shares a D channel.
    pub nfas: Option<NfasMember>,
    /// What becomes of layer 2 when nobody needs it.
    pub layer_2: Layer2Persistence,
    /// What an alarm of layer 1 means.
    pub layer_1: Layer1Persistence,
    /// Timers and counters that differ from the usual.
    pub timers: IsdnTimers,
    /// SERVICE messages are answered (NI-2, 5ESS, 4ESS, DMS-100).
    pub service_messages: bool,
    /// The far end may hold and transfer its calls.
    pub supplementary: bool,
    /// Every idle B channel is restarted after so many minutes, 0–10080; 0 = never. The pause grows
    /// when the switch does not answer.
    pub restart_min: u16,
    /// Only calls to these numbers are taken: for a bus that others share. A number fits when the
    /// called number ends with it. Empty = all; 100 at most.
    pub own_numbers: Vec<String>,
}

impl Default for IsdnSettings {
    fn default() -> Self {
        Self {
            access: IsdnAccess::default(),
            nfas: None,
            layer_2: Layer2Persistence::default(),
            layer_1: Layer1Persistence::default(),
            timers: IsdnTimers::default(),
            service_messages: false,
            supplementary: true,
            restart_min: 0,
            own_numbers: Vec::new(),
        }
    }
}

/// Primary or basic rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum IsdnAccess {
    /// E1 or T1, as the framing says.
    #[default]
    PrimaryRate,
    /// Two B channels, one station: point to point.
    BasicRatePtp,
    /// Two B channels, a bus: point to multipoint.
    BasicRatePtmp,
}

impl IsdnAccess {
    /// Two B channels and a D channel of 16 kbit/s.
    pub const fn is_basic(self) -> bool {
        matches!(self, Self::BasicRatePtp | Self::BasicRatePtmp)
    }
}

/// A span of a group that shares a D channel (non-facility associated signalling, NFAS).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NfasMember {
    /// Which group, 1–255.
    pub group: u8,
    /// The interface identifier by which the switch names the span, 0–127.
    pub interface: u8,
    /// What its D channel is for.
    pub d_channel: NfasRole,
}

/// What the D channel of a span is for in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NfasRole {
    /// It has none: its timeslot 24 is a B channel.
    #[default]
    None,
    /// It signals for the group.
    Primary,
    /// It takes over when the primary fails.
    Backup,
}

/// What becomes of layer 2 when nobody needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Layer2Persistence {
    /// Left down on a bus, else kept up.
    #[default]
    Usual,
    /// Established again at once.
    KeepUp,
    /// Left down until there is a call.
    LeaveDown,
}

/// What an alarm of layer 1 means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Layer1Persistence {
    /// A fault; but on a bus layer 1 sleeps between calls.
    #[default]
    Usual,
    /// Always a fault: no call is placed.
    Required,
    /// Layer 1 sleeps between calls: a call wakes it.
    MaySleep,
}

/// Timers and counters of Q.921 and Q.931 that differ from the usual; none = as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct IsdnTimers {
    /// Retransmission of a frame, in milliseconds, 100–60000 (1 s).
    pub t200_ms: Option<u32>,
    /// Longest silence of layer 2, in milliseconds, 1000–3600000 (10 s).
    pub t203_ms: Option<u32>,
    /// Retransmissions of a frame, 1–20 (3).
    pub n200: Option<u8>,
    /// Frames on their way without acknowledgement, 1–127 (7; 1 on basic rate).
    pub k: Option<u8>,
    /// Alerting without an answer, in seconds, 30–3600 (180).
    pub t301_s: Option<u16>,
    /// Pause between two digits, in seconds, 3–60 (10).
    pub t302_s: Option<u16>,
    /// SETUP without an answer, in milliseconds, 1000–60000 (4 s).
    pub t303_ms: Option<u32>,
    /// Overlap sending without an answer, in seconds, 5–120 (30).
    pub t304_s: Option<u16>,
    /// DISCONNECT without an answer, in milliseconds, 1000–120000 (30 s).
    pub t305_ms: Option<u32>,
    /// A tone or announcement after DISCONNECT, in seconds, 1–300 (30).
    pub t306_s: Option<u16>,
    /// RELEASE without an answer, in milliseconds, 1000–60000 (4 s).
    pub t308_ms: Option<u32>,
    /// How long an answered call outlives layer 2, in seconds, 1–600 (6).
    pub t309_s: Option<u16>,
    /// CALL PROCEEDING without progress, in seconds, 5–600 (user side 120, network side 40).
    pub t310_s: Option<u16>,
    /// CONNECT without its acknowledgement, in milliseconds, 1000–60000 (4 s).
    pub t313_ms: Option<u32>,
    /// RESTART without an acknowledgement, in milliseconds, 1000–600000 (120 s).
    pub t316_ms: Option<u32>,
    /// How often RESTART is sent, 1–10 (2).
    pub n316: Option<u8>,
}

/// How calls travel on an ISDN trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct IsdnTrunk {
    /// Called numbers that we send.
    pub called: NumberForm,
    /// Calling, redirecting and connected numbers that we send.
    pub calling: NumberForm,
    /// Digits in front of numbers that arrive.
    pub received: ReceivedPrefixes,
    /// Calls for 64 kbit/s unrestricted digital.
    pub data_calls: DataCalls,
    /// What we ask of the network for calls that leave.
    pub bearer: OutgoingBearer,
    /// Names are sent (display; facility with QSIG).
    pub send_name: bool,
    /// Diversions are told.
    pub send_redirecting: bool,
    /// Who answered is told (COLP).
    pub send_connected: bool,
    /// The far end learns of hold.
    pub hold: HoldForm,
    /// The network may be asked to connect two of its calls to each other.
    pub transfer: bool,
    /// The network is asked what calls cost (EuroISDN).
    pub ask_charge: bool,
}

impl Default for IsdnTrunk {
    fn default() -> Self {
        Self {
            called: NumberForm::default(),
            calling: NumberForm::default(),
            received: ReceivedPrefixes::default(),
            data_calls: DataCalls::default(),
            bearer: OutgoingBearer::default(),
            send_name: true,
            send_redirecting: true,
            send_connected: true,
            hold: HoldForm::default(),
            transfer: false,
            ask_charge: false,
        }
    }
}

/// In which type and plan (Q.931 §4.5.10) numbers are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "form", deny_unknown_fields)]
pub enum NumberForm {
    /// As the far end writes its own: learnt from what arrives; national until then.
    #[default]
    Mirror,
    /// Numbers of the own country as national, others as international.
    National,
    /// All E.164 numbers as international.
    International,
    /// As they would be dialled, type unknown: `02079460100`, `0033…`.
    Dialled,
    /// By a table: the first rule that fits is taken, and `Mirror` when none does.
    Table {
        /// In order; 64 at most.
        rules: Vec<NumberRule>,
    },
}

/// One rule of a table of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NumberRule {
    /// Numbers that begin so (`+44`, `0`, …); empty fits all.
    pub prefix: String,
    /// How many characters of the number are left out, 0–32.
    #[serde(default)]
    pub strip: u8,
    /// Digits that are put in front instead.
    #[serde(default)]
    pub prepend: String,
    /// Type of number: 0 unknown, 1 international, 2 national, 3 network specific, 4 subscriber, 6
    /// abbreviated.
    pub ton: u8,
    /// Numbering plan: 0 unknown, 1 E.164, 8 national, 9 private.
    #[serde(default = "e164")]
    pub npi: u8,
}

const fn e164() -> u8 {
    1
}

/// Digits in front of numbers that arrive, by their type. None: what E.164 says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ReceivedPrefixes {
    /// International.
    pub international: Option<String>,
    /// National.
    pub national: Option<String>,
    /// Subscriber.
    pub subscriber: Option<String>,
    /// Of a private plan.
    pub private: Option<String>,
    /// Unknown.
    pub unknown: Option<String>,
}

/// Calls for 64 kbit/s unrestricted digital.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DataCalls {
    /// Refused: cause 88 toward a network, 65 toward a PBX.
    #[default]
    Refuse,
    /// Carried octet by octet between lines of the same law and over G.711, without echo canceller and
    /// without listening for digits.
    Transparent,
}

/// What we ask of the network for a call that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OutgoingBearer {
    /// Speech; a call that came as 3.1 kHz audio goes on as such.
    #[default]
    Speech,
    /// 3.1 kHz audio: for sites with fax machines.
    Audio31k,
}

/// How the far end learns of hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum HoldForm {
    /// Not at all: it hears the music.
    Nothing,
    /// NOTIFY with *remote hold* (EN 300 196), and the music.
    #[default]
    Notify,
    /// HOLD (Q.932): the network cuts the audio.
    Hold,
}
