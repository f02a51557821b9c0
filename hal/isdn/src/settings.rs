//! How the signalling of a span is run.

use serde::{Deserialize, Serialize};

/// Which side of the interface we are (Q.921, Q.931).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Terminal side: towards a telco.
    #[default]
    User,
    /// Network side: towards a PBX.
    Network,
}

/// The protocol variant of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// ETSI EN 300 403.
    #[default]
    EuroIsdn,
    /// National ISDN 2.
    Ni2,
    /// National ISDN 1.
    Ni1,
    /// AT&T 5ESS custom.
    Att5ess,
    /// AT&T 4ESS.
    Att4ess,
    /// Nortel DMS-100.
    Dms100,
    /// ECMA-143 between PBXs.
    Qsig,
}

/// What carries the D channel and how layer 2 is addressed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interface {
    /// Primary rate, 2048 kbit/s: B channels 1–15 and 17–31.
    #[default]
    E1,
    /// Primary rate, 1544 kbit/s: B channels 1–23, or 1–24 on a span of an NFAS group without a D
    /// channel.
    T1,
    /// Basic rate, point to point: TEI 0, one station on the bus.
    BriPtp,
    /// Basic rate, point to multipoint: TEIs are assigned (Q.921 §5.3), and layer 2 comes up with the
    /// first call. The user side has one TEI; the network side serves up to eight terminals.
    BriPtmp,
}

impl Interface {
    /// Two B channels and a D channel of 16 kbit/s.
    #[must_use]
    pub fn is_bri(self) -> bool {
        matches!(self, Self::BriPtp | Self::BriPtmp)
    }
}

/// What becomes of layer 2 when nobody needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer2 {
    /// As the interface is used to: left down on a point-to-multipoint BRI, else kept up.
    #[default]
    Usual,
    /// Established again at once when the far end releases it.
    KeepUp,
    /// Left down when the far end releases it, until there is something to send. We never release it
    /// ourselves: libpri cannot.
    LeaveDown,
}

/// Timers and counters of Q.921 and Q.931; `None` leaves what the stack has. T301, T302, T304, T306 and
/// T310 are the gateway's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Timers {
    /// Retransmission of a frame, milliseconds, 100–60 000 (1 s).
    pub t200_ms: Option<u32>,
    /// Longest silence of layer 2, milliseconds, 1 000–3 600 000 (10 s).
    pub t203_ms: Option<u32>,
    /// Retransmissions of a frame, 1–20 (3).
    pub n200: Option<u8>,
    /// Frames on their way without acknowledgement, 1–127 (7; 1 on BRI).
    pub k: Option<u8>,
    /// SETUP without an answer, milliseconds (4 s).
    pub t303_ms: Option<u32>,
    /// DISCONNECT without an answer, milliseconds (30 s).
    pub t305_ms: Option<u32>,
    /// RELEASE without an answer, milliseconds (4 s).
    pub t308_ms: Option<u32>,
    /// How long an active call outlives layer 2, milliseconds (6 s).
    pub t309_ms: Option<u32>,
    /// CONNECT without its acknowledgement, user side, milliseconds (4 s).
    pub t313_ms: Option<u32>,
    /// RESTART without an acknowledgement, milliseconds (120 s).
    pub t316_ms: Option<u32>,
    /// How often RESTART is sent before it is given up, 1–10 (2).
    pub n316: Option<u8>,
}

/// A group of T1 spans whose calls are signalled on the D channel of one of them (non-facility
/// associated signalling). One helper serves the whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Nfas {
    /// Interface identifier of the span with the primary D channel, 0–127. The spans of the group are
    /// named by their identifiers in every [`crate::ChannelChoice`].
    pub primary: u8,
}

/// How a span's signalling is run; sent once, with the D channel's descriptor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Our side.
    pub side: Side,
    /// The switch's dialect.
    pub dialect: Dialect,
    /// The called number may come digit by digit.
    pub overlap: bool,
    /// What carries the D channel.
    pub interface: Interface,
    /// The span signals for a group.
    pub nfas: Option<Nfas>,
    /// What becomes of an idle layer 2.
    pub layer_2: Layer2,
    /// Timers and counters that differ from the usual.
    pub timers: Timers,
    /// SERVICE messages are answered and may be sent (NI-2, 5ESS, 4ESS, DMS-100).
    pub service_messages: bool,
    /// The far end may hold, transfer and ask for advice of charge: the gateway answers
    /// [`crate::Event::Hold`], [`crate::Event::TransferAsked`] and [`crate::Event::AocAsked`]. When
    /// false the stack refuses them by itself.
    pub supplementary: bool,
}
