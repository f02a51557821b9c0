//! Ways to the outside.

use super::{CauseProfile, IsdnTrunk, LineId, Secret, TrunkId};
use crate::Cause;
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

impl Trunk {
    /// Behind it is a private exchange of ours.
    pub fn is_private(&self) -> bool {
        matches!(self.kind, TrunkKind::Pri { private: true, .. })
    }
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
        /// How calls travel on it.
        #[serde(default)]
        isdn: Box<IsdnTrunk>,
        /// Behind it is a private exchange of ours: its telephones call inside, outside and for help as
        /// those of the gateway do. Never set it for a network or a provider: strangers would call at
        /// the owner's cost.
        #[serde(default)]
        private: bool,
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
    /// How causes and statuses map on this trunk; none = as for the whole gateway.
    #[serde(default)]
    pub cause_profile: Option<CauseProfile>,
    /// Where this peer differs from the profile: looked at first, 64 at most.
    #[serde(default)]
    pub causes: Vec<CauseRule>,
    /// In which header a diversion travels.
    #[serde(default)]
    pub diversion: DiversionForm,
    /// How digits travel during a call.
    #[serde(default)]
    pub dtmf: DtmfForm,
    /// How often a peer with which we do not register is asked whether it lives (OPTIONS), in
    /// seconds, 10–3600; 0 = never: it is taken to live.
    #[serde(default = "qualify_s")]
    pub qualify_s: u16,
}

impl SipPeer {
    /// A peer without an account, with everything else as usual.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 5060,
            transport: SipTransport::Udp,
            username: String::new(),
            password: Secret::default(),
            register: false,
            cause_profile: None,
            causes: Vec::new(),
            diversion: DiversionForm::default(),
            dtmf: DtmfForm::default(),
            qualify_s: qualify_s(),
        }
    }
}

/// 30 s, as providers and gateways have it.
const fn qualify_s() -> u16 {
    30
}

/// One pair of a table of causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CauseRule {
    /// Which way it holds.
    #[serde(default)]
    pub way: CauseWay,
    /// The Q.850 cause.
    pub cause: Cause,
    /// The SIP status, 300–699.
    pub status: u16,
}

/// Which way a pair of causes holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CauseWay {
    /// Both.
    #[default]
    Both,
    /// From the cause to the status that we send.
    ToStatus,
    /// From the status that we receive to the cause.
    FromStatus,
}

/// In which header a diversion travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiversionForm {
    /// Diversion (RFC 5806): what most peers read.
    #[default]
    Diversion,
    /// History-Info (RFC 7044).
    HistoryInfo,
    /// Both.
    Both,
    /// Not at all.
    None,
}

/// How digits travel during a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DtmfForm {
    /// telephone-event (RFC 4733), and tones when the peer does not offer it.
    #[default]
    TelephoneEvent,
    /// Tones in the audio.
    InBand,
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
