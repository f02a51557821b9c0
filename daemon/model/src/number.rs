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
