//! Where calls go.

use super::{ExtensionId, InboundRouteId, OutboundRouteId, Pattern, RingGroupId, ServiceId, TrunkId};
use crate::{CallerId, Cause};
use serde::{Deserialize, Serialize};

/// Who answers a call from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct InboundRoute {
    /// Names it.
    pub id: InboundRouteId,
    /// For people, 1–64 characters.
    pub name: String,
    /// Only calls from this trunk; none = any.
    #[serde(default)]
    pub trunk: Option<TrunkId>,
    /// The called number, compared as received and as E.164.
    pub called: Pattern,
    /// Only these callers; none = any.
    #[serde(default)]
    pub caller: Option<Pattern>,
    /// Who answers.
    pub destination: Destination,
}

/// Who answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Destination {
    /// An extension.
    Extension {
        /// Which.
        id: ExtensionId,
    },
    /// A ring group.
    RingGroup {
        /// Which.
        id: RingGroupId,
    },
    /// A service of the gateway.
    Service {
        /// Which.
        id: ServiceId,
    },
    /// Whoever has the called number inside, after `strip` digits are taken from its front:
    /// direct dialling in. Never the outside.
    Internal {
        /// How many digits to take away (0–20) of the form that matched; a `+` is not counted.
        strip: u8,
    },
    /// The private exchange behind a trunk, with the number as it came.
    Trunk {
        /// Which; it must be a private one.
        id: TrunkId,
        /// How many digits to take away (0–20) of the form that matched; a `+` is not counted.
        #[serde(default)]
        strip: u8,
    },
    /// Refuse the call.
    Reject {
        /// Why.
        cause: Cause,
    },
}

/// How calls go outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OutboundRoute {
    /// Names it.
    pub id: OutboundRouteId,
    /// For people, 1–64 characters.
    pub name: String,
    /// The dialled numbers that take it.
    pub patterns: Vec<Pattern>,
    /// Digits to take from the front, before anything else (0–20).
    #[serde(default)]
    pub strip: u8,
    /// Digits to put in front after that.
    #[serde(default)]
    pub prepend: String,
    /// The form in which the number is sent.
    pub format: NumberFormat,
    /// Trunks in order: the next is tried when one is down, full, or fails with a cause of
    /// `retry_causes`.
    pub trunks: Vec<TrunkId>,
    /// Causes after which the next trunk is tried.
    pub retry_causes: Vec<Cause>,
    /// Who the called party sees.
    pub caller_id: CallerIdPolicy,
}

/// The form in which a number is sent to a trunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// As it was dialled.
    #[default]
    AsDialled,
    /// With the trunk prefix of the country: `020 7946 0100`; foreign numbers with its
    /// international prefix.
    National,
    /// `+44 20 7946 0100`.
    E164,
}

/// Who the called party sees. A caller who withholds the number stays withheld under every policy.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum CallerIdPolicy {
    /// The extension's outside number.
    #[default]
    Extension,
    /// Always this number.
    Fixed {
        /// E.164.
        number: String,
    },
    /// Nobody.
    Withhold,
}

/// A number that the gateway answers by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Names it.
    pub id: ServiceId,
    /// Digits or a pattern; unique among extensions, ring groups and services.
    pub number: Pattern,
    /// For people, 1–64 characters.
    pub name: String,
    /// What it does.
    pub kind: ServiceKind,
}

/// What a service number does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum ServiceKind {
    /// Answers and returns what it hears.
    Echo,
    /// Answers and sends 1004 Hz at 0 dBm0 (ITU-T O.6 in North America's form).
    Milliwatt,
    /// Rings and never answers.
    NoAnswer,
    /// Plays a special information tone as early media, never answers.
    Announcement,
    /// Rings for a while, then answers with echo.
    DelayedAnswer {
        /// How long, in seconds (1–60).
        after_s: u16,
    },
    /// Refuses with a cause.
    Reject {
        /// Why.
        cause: Cause,
    },
    /// Refuses with the cause that the last three digits of the called number give, less `base`:
    /// with base 200, `…217` is cause 17.
    RejectByNumber {
        /// What is subtracted from the last three digits.
        base: u16,
    },
    /// Answers, listens for digits, and sends back those it heard.
    DigitReadback,
    /// Refuses with cause 17, and calls a number two seconds later; who answers hears an echo.
    CallBack {
        /// The number to call, routed as if a telephone of the gateway had dialled it.
        number: String,
        /// Who it says it is.
        caller: CallerId,
    },
}
