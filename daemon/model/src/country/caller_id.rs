//! How a country's exchanges show who calls on an analog line.

use crate::media::CallerIdForm;
use serde::{Deserialize, Serialize};

/// Caller identity on analog lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerIdPlan {
    /// How it is modulated and framed.
    pub form: CallerIdForm,
    /// When it is sent.
    pub start: CallerIdStart,
    /// How far to trust the two before a real line has proved them.
    pub confidence: Confidence,
}

/// When caller identity is sent, relative to ringing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CallerIdStart {
    /// A polarity reversal announces it; ringing follows. ETSI EN 300 659-1: data at least 200 ms
    /// after the reversal, first ring 200–500 ms after the data.
    AfterPolarity,
    /// In the silence after the first ring.
    AfterFirstRing,
    /// Before the first ring, and nothing announces it.
    BeforeRing,
}

/// How sure a default is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess: operators differ. Try the other forms too.
    Low,
    /// Commonly seen.
    Medium,
    /// From the country's standard.
    High,
}
