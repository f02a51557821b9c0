//! Telephones, the numbers that ring them, and groups of those.

use super::{DeviceId, ExtensionId, RingGroupId, Secret};
use demarc_hal::ChannelId;
use serde::{Deserialize, Serialize};

/// A telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// Names it.
    pub id: DeviceId,
    /// For people, 1–64 characters.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
}

/// What a telephone is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum DeviceKind {
    /// A SIP phone that registers.
    Sip(SipAccount),
    /// An analog telephone on an FXS port.
    Fxs(FxsPort),
}

/// The account of a SIP phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SipAccount {
    /// User name, 1–64 of `A–Z a–z 0–9 . _ -`; unique.
    pub username: String,
    /// Password, 12 characters or more.
    #[serde(default)]
    pub password: Secret,
    /// How many phones may register at once, 1–10.
    pub max_contacts: u8,
}

/// An FXS port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FxsPort {
    /// Where it is.
    pub channel: ChannelId,
    /// Reverse the polarity when the far end answers (payphones, call metering).
    #[serde(default)]
    pub reverse_on_answer: bool,
    /// Take battery away for a moment when the far end hangs up (kewl start).
    pub open_loop_on_hangup: bool,
}

/// An internal number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Names it.
    pub id: ExtensionId,
    /// 2–15 digits; unique among extensions, ring groups and services.
    pub number: String,
    /// Whose it is; shown to who is called, 1–64 characters.
    pub name: String,
    /// What it rings, all at once.
    pub devices: Vec<DeviceId>,
    /// The number shown outside: E.164, `+442079460901`; none = that of the trunk.
    #[serde(default)]
    pub outside_number: Option<String>,
    /// Never show the number outside.
    #[serde(default)]
    pub withhold: bool,
}

/// A number that rings several extensions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RingGroup {
    /// Names it.
    pub id: RingGroupId,
    /// 2–15 digits; unique among extensions, ring groups and services.
    pub number: String,
    /// For people, 1–64 characters.
    pub name: String,
    /// Whom it rings.
    pub extensions: Vec<ExtensionId>,
    /// All at once or one after the other.
    pub strategy: RingStrategy,
    /// One after the other: how long each, in seconds (5–120).
    pub each_s: u16,
}

/// How a ring group rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RingStrategy {
    /// All at once; the first to answer has the call.
    #[default]
    All,
    /// One after the other, in order.
    InOrder,
}
