//! Telephones, the numbers that ring them, and groups of those.

use super::{DeviceId, ExtensionFeatures, ExtensionId, RingGroupId, Secret};
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
    /// What the telephone's user finds there.
    #[serde(default)]
    pub features: FxsFeatures,
}

/// What the user of an analog telephone finds there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FxsFeatures {
    /// Call this number as soon as the telephone is lifted, or after `hot_line_after_s` seconds in
    /// which nothing was dialled.
    pub hot_line: Option<String>,
    /// Seconds (0–14); 0 = at once.
    pub hot_line_after_s: u8,
    /// Ring otherwise for calls from inside than for calls from outside.
    pub distinctive_ring: bool,
    /// What the recall key (hook flash) does.
    pub flash: FlashCustom,
    /// Who hangs up between two calls joins their parties; otherwise the call on hold rings back.
    pub transfer_on_hang_up: bool,
    /// Switch the telephone's message lamp by FSK (VMWI) while it is on hook.
    pub message_lamp: bool,
}

impl Default for FxsFeatures {
    fn default() -> Self {
        Self {
            hot_line: None,
            hot_line_after_s: 0,
            distinctive_ring: false,
            flash: FlashCustom::Country,
            transfer_on_hang_up: true,
            message_lamp: true,
        }
    }
}

/// What the recall key (hook flash) of an analog telephone does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlashCustom {
    /// What is usual in the country: [`crate::Country::flash_is_digits`].
    #[default]
    Country,
    /// Europe: with two calls a digit follows, 0 refuses or ends the other, 1 ends this one and
    /// takes the other, 2 changes between them, 3 joins all three (ETSI ETS 300 738). Without a
    /// digit it is 2.
    Digits,
    /// North America: a flash takes the call that waits; after a second call was dialled it joins
    /// all three, and the next one lets the last party go.
    Plain,
    /// Nothing.
    Off,
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
    /// Whose it is; shown to who is called inside, 1–64 characters.
    pub name: String,
    /// What it rings, all at once.
    pub devices: Vec<DeviceId>,
    /// The number shown outside: E.164, `+442079460901`; none = that of the trunk.
    #[serde(default)]
    pub outside_number: Option<String>,
    /// The name shown outside, where a trunk sends names, 1–64 characters; none = no name: what it is called
    /// inside is nobody's business.
    #[serde(default)]
    pub outside_name: Option<String>,
    /// Never show the number outside.
    #[serde(default)]
    pub withhold: bool,
    /// What its user has switched on.
    #[serde(default)]
    pub features: ExtensionFeatures,
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
