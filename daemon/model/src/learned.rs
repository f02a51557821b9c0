//! What was found out about a line from its own traffic (grade "L": learnt).

use crate::Country;
use crate::config::LineId;
use crate::country::CallerIdStart;
use crate::media::{CallerIdForm, HangupTone, ProgressTone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One thing that an FXO line was seen to do. A later one of the same kind replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Learned {
    /// Two calls in a row brought caller identity like this: from now on only this is listened for.
    CallerId {
        /// Its form.
        form: CallerIdForm,
        /// When it came.
        start: CallerIdStart,
    },
    /// Three calls in a row came without the caller identity that was known: everything is listened
    /// for again.
    CallerIdLost,
    /// A call ended with this tone, which is none of the country's; from now on three periods of it
    /// end a call.
    HangupTone(HangupTone),
    /// The exchange breaks the loop when the far end hangs up (kewl start).
    HangupLoopBreak,
    /// The exchange reverses polarity when the far end hangs up.
    HangupPolarity,
    /// The exchange reverses polarity when the far end answers, though the line is not set to wait
    /// for it.
    AnswerPolarity,
    /// Dial tone came so many milliseconds after the line was seized.
    DialTone {
        /// Milliseconds.
        after_ms: u16,
    },
    /// The line was seized and no dial tone of the country came in time.
    NoDialTone,
    /// It rings like this: milliseconds on, off, on … of a period, without its long pause.
    Ring {
        /// As measured.
        cadence: Vec<u16>,
    },
    /// Another telephone uses the pair.
    SharedPair,
}

/// What lines were seen to do: of each line the latest of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Known(BTreeMap<LineId, Vec<Learned>>);

impl Known {
    /// Adds what was learnt; it replaces what was known of its kind.
    pub fn learn(&mut self, line: LineId, what: &Learned) {
        let known = self.0.entry(line).or_default();
        let kind = std::mem::discriminant(what);
        known.retain(|other| {
            let lost = matches!((what, other), (Learned::CallerIdLost, Learned::CallerId { .. }));
            std::mem::discriminant(other) != kind && !lost
        });
        known.push(what.clone());
    }

    /// What a line was seen to do.
    pub fn of(&self, line: LineId) -> &[Learned] {
        self.0.get(&line).map_or(&[], Vec::as_slice)
    }

    /// Everything, line by line.
    pub fn iter(&self) -> impl Iterator<Item = (LineId, &[Learned])> {
        self.0.iter().map(|(line, known)| (*line, known.as_slice()))
    }

    /// That of some lines only.
    #[must_use]
    pub fn only(mut self, lines: impl Fn(LineId) -> bool) -> Self {
        self.0.retain(|line, known| lines(*line) && !known.is_empty());
        self
    }
}

/// A step of the probe of a free FXO line: the autopilot listens to its dial tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineProbe {
    /// Go off hook, if no call wants the line and the admin allows it ([`crate::Config::may_be_probed`]).
    Seize,
    /// Listen for the tones of this country instead of the former one.
    Listen(Country),
    /// Go on hook.
    Release,
}

/// What came of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probed {
    /// A tone was heard.
    Heard {
        /// Whose tones were listened for.
        country: Country,
        /// What was recognised.
        tone: ProgressTone,
    },
    /// The line cannot be probed now, or a call has taken it: it does not belong to the probe any more.
    Refused,
}
