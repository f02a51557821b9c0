//! FXO lines.

use super::LineId;
use crate::finding::Setting;
use crate::media::CallerIdForm;
use demarc_hal::ChannelId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An analog line from the telco, on an FXO port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Names it.
    pub id: LineId,
    /// For people, 1–64 characters.
    pub name: String,
    /// Its FXO port.
    pub channel: ChannelId,
    /// The number that callers dial to reach it, for routing: `+442079460981`; may be empty.
    #[serde(default)]
    pub number: String,
    /// How the far end's answer is seen.
    pub answer: AnswerSupervision,
    /// Form of caller identity; none = that of the country.
    #[serde(default)]
    pub caller_id: Option<CallerIdForm>,
    /// Dial by pulses instead of tones.
    #[serde(default)]
    pub pulse: bool,
    /// The longest wait for dial tone before dialling anyway, in milliseconds (0–10000).
    pub dial_tone_wait_ms: u16,
    /// The line rests this long after a call, in milliseconds (0–10000).
    pub guard_ms: u16,
    /// Settings that the autopilot leaves alone.
    #[serde(default)]
    pub pinned: BTreeSet<Setting>,
}

/// How the far end's answer is seen on an analog line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerSupervision {
    /// The exchange reverses polarity.
    Polarity,
    /// Somebody speaks.
    Voice,
    /// At the end of dialling: always works, tells nothing.
    #[default]
    AfterDialling,
}
