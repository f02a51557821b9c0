//! Number patterns, in the field's own notation.

use serde::{Deserialize, Serialize};

/// A number pattern: digits, `*`, `#` and `+` stand for themselves; `X` is 0–9, `Z` 1–9, `N` 2–9,
/// `[13-5]` one of a set; a final `.` is one or more of anything, a final `!` none or more.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Pattern(pub String);

/// Why a pattern cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(pub String);
