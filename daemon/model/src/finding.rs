//! What the autopilot has found out about a span or a line, from what, and how sure it is.

use crate::country::Confidence;
use demarc_hal::{ChannelId, SpanId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// One thing that an installer would otherwise have to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Finding {
    /// What it is about.
    pub subject: Subject,
    /// Which setting.
    pub setting: Setting,
    /// Its value as the configuration writes it; none while it is not known.
    pub value: Option<String>,
    /// How it was found out.
    pub grade: Grade,
    /// What was seen: short sentences, the oldest first, at most [`Finding::SENTENCES`].
    pub evidence: Vec<String>,
    /// How far to trust it.
    pub confidence: Confidence,
    /// The admin has pinned the setting: the value is his, and what was seen is only shown.
    pub pinned: bool,
}

impl Finding {
    /// Sentences of evidence that are kept.
    pub const SENTENCES: usize = 8;
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "subject")]
pub enum Subject {
    /// A digital span.
    Span {
        /// Which.
        span: SpanId,
    },
    /// An FXO line.
    Line {
        /// Its port.
        channel: ChannelId,
    },
}

/// How something was found out, the most certain first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// A: read without a call.
    Read,
    /// P: a probe or a test call.
    Probed,
    /// L: learnt from live traffic.
    Learnt,
    /// C: what is usual in the country; nothing was seen that decides.
    Country,
    /// T: only the telco can say.
    Telco,
}

/// What can be found out. The admin may pin each: the autopilot then leaves it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Span: E1 or T1, on cards that do both.
    LineMode,
    /// Span: frame alignment, CRC-4 among it.
    Framing,
    /// Span: line code.
    LineCode,
    /// Span: what clocks us.
    Timing,
    /// Span: a D channel, or channel-associated signalling.
    Signalling,
    /// Span: user or network side.
    Side,
    /// Span: the switch's dialect.
    Dialect,
    /// Span: the called number comes digit by digit.
    Overlap,
    /// Span: type and plan of the numbers that arrive, `ton/npi`.
    NumberType,
    /// Span: whether the far end lets us choose another B channel.
    Channel,
    /// Span: whether the far end answers RESTART.
    Restart,
    /// Line: battery is there.
    Battery,
    /// Line: the country, as far as its tones tell.
    Country,
    /// Line: there is a dial tone to wait for.
    DialTone,
    /// Line: the tone that ends calls.
    HangupTone,
    /// Line: what ends calls: a break of the loop, a polarity reversal, a tone.
    HangUp,
    /// Line: how the far end's answer is seen.
    Answer,
    /// Line: form of caller identity.
    CallerId,
    /// Line: when caller identity is sent.
    CallerIdStart,
}

impl Setting {
    /// Those of a span.
    pub const OF_SPAN: [Setting; 11] = [
        Setting::LineMode,
        Setting::Framing,
        Setting::LineCode,
        Setting::Timing,
        Setting::Signalling,
        Setting::Side,
        Setting::Dialect,
        Setting::Overlap,
        Setting::NumberType,
        Setting::Channel,
        Setting::Restart,
    ];

    /// Those of a line.
    pub const OF_LINE: [Setting; 8] = [
        Setting::Battery,
        Setting::Country,
        Setting::DialTone,
        Setting::HangupTone,
        Setting::HangUp,
        Setting::Answer,
        Setting::CallerId,
        Setting::CallerIdStart,
    ];

    /// Every setting of a span, pinned: nothing is tried there.
    pub fn all_of_span() -> BTreeSet<Setting> {
        Setting::OF_SPAN.into()
    }

    /// Every setting of a line, pinned.
    pub fn all_of_line() -> BTreeSet<Setting> {
        Setting::OF_LINE.into()
    }
}
