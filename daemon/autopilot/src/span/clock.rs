//! What clocks the span: judged by the slips.

use super::SpanPilot;
use demarc_hal::SpanStatus;
use demarc_model::country::Confidence;
use demarc_model::{Grade, Instant, Setting};
use std::time::Duration;

/// Slips are counted for so long.
const WINDOW: Duration = Duration::from_secs(30);
/// Fewer in a window may have come from outside.
const SLIPS: u64 = 2;

/// A source without a number yet: the order of the machine's clocks gives it one, behind those that
/// are at work.
pub(crate) const LAST: u8 = u8::MAX;

/// Slips, and what they say.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    window: Option<(Instant, u64)>,
    /// Slips in the last whole window.
    slips: Option<u64>,
    is_clock: bool,
    /// Slips in a window: with us as master, and with the span as our clock.
    as_master: Option<u64>,
    as_slave: Option<u64>,
    done: bool,
}

impl ClockWatch {
    pub(super) fn see(&mut self, now: Instant, status: &SpanStatus) {
        self.is_clock = status.is_clock;
        let (since, first) = *self.window.get_or_insert((now, status.slips));
        if status.slips < first {
            self.window = Some((now, status.slips)); // the driver began anew
        } else if now.since(since) >= WINDOW {
            self.slips = Some(status.slips - first);
            self.window = Some((now, status.slips));
        }
    }

    /// A change was made.
    pub(super) fn begin_window(&mut self) {
        (self.window, self.slips) = (None, None);
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }
}

impl SpanPilot {
    pub(super) fn decide_clock(&mut self) {
        let Some(slips) = self.clock.slips.take() else { return };
        let Some(plan) = &self.plan else { return };
        let master = plan.settings.timing == 0;
        let value = Some(plan.settings.timing.to_string());
        let how = match (master, self.clock.is_clock) {
            (true, _) => "our own clock",
            (false, true) => "the far end's clock",
            (false, false) => "the clock of another span",
        };
        let seen = format!("With {how}: {slips} slips in {} s.", WINDOW.as_secs());
        *(if master { &mut self.clock.as_master } else { &mut self.clock.as_slave }) = Some(slips);
        if slips < SLIPS {
            self.clock.done = true;
            return self.notes.note(Setting::Timing, value, (Grade::Read, Confidence::High), seen);
        }
        self.clock.done = false;
        self.notes.note(Setting::Timing, value, (Grade::Read, Confidence::Low), seen);
        if !master && !self.clock.is_clock {
            let seen = "The two far ends have different clocks: the telco must say which is right.";
            return self.notes.remark(Setting::Timing, seen);
        }
        let other = if master { self.clock.as_slave } else { self.clock.as_master };
        if other.is_some_and(|other| other >= slips) || !self.may(Setting::Timing) {
            return;
        }
        let why = if master { "both ends are the master" } else { "neither end has a clock" };
        self.notes.remark(Setting::Timing, format!("Slips with {how}: {why}, it seems."));
        if let Some(plan) = &mut self.plan {
            plan.settings.timing = if master { LAST } else { 0 };
        }
    }
}
