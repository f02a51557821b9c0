//! Numbers as they travel inside the gateway.
//!
//! Inside, a number is a string of `0`–`9`, `*`, `#`, with a leading `+` when it is known to be
//! E.164. Type of number and numbering plan exist only at the edge, in `pstn`.

use serde::{Deserialize, Serialize};

/// May the called party see the number? (Q.931 presentation indicator, RFC 3323 `id`.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    /// It may be shown.
    #[default]
    Allowed,
    /// Withheld by the caller: carried on trusted trunks, never shown.
    Restricted,
    /// There is none.
    Unavailable,
}

/// Who vouches for the number (Q.931 screening indicator).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Screening {
    /// The user gave it; nobody checked.
    #[default]
    UserUnscreened,
    /// The user gave it; the network verified it.
    UserVerified,
    /// The user gave it; the network's check failed.
    UserFailed,
    /// The network gave it.
    Network,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CallerId {
    /// The number, `+…` when known as E.164; kept even when it may not be shown.
    pub number: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// May it be shown?
    #[serde(default)]
    pub presentation: Presentation,
    /// Who vouches for it?
    #[serde(default)]
    pub screening: Screening,
}

impl CallerId {
    /// The number, when the called party may see it.
    pub fn shown_number(&self) -> Option<&str> {
        self.number.as_deref().filter(|_| self.presentation == Presentation::Allowed)
    }

    /// The name, when the called party may see it.
    pub fn shown_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| self.presentation == Presentation::Allowed)
    }
}

/// A diversion: the call was meant for somebody else first (Q.931 §4.6.7 redirecting number,
/// RFC 5806, RFC 7044).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Redirecting {
    /// Who diverted the call last. `number` may be missing; `presentation` says who may see it.
    pub from: CallerId,
    /// Why.
    pub reason: RedirectReason,
    /// How often the call was diverted so far; 1 at least.
    pub count: u8,
    /// Who was called first, when the call was diverted more than once and that is known.
    pub original: Option<CallerId>,
}

impl Redirecting {
    /// A single diversion by `number`, for a reason that nobody gave.
    pub fn by(number: impl Into<String>) -> Self {
        let from = CallerId { number: Some(number.into()), ..CallerId::default() };
        Self { from, reason: RedirectReason::Unknown, count: 1, original: None }
    }
}

/// Why a call was diverted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RedirectReason {
    /// Nobody said.
    #[default]
    Unknown,
    /// The party was busy.
    Busy,
    /// The party did not answer.
    NoAnswer,
    /// The party sent the call on while it was being alerted.
    Deflection,
    /// The party could not be reached.
    OutOfOrder,
    /// Always.
    Unconditional,
}
