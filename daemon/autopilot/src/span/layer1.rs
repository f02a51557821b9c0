//! Line mode, framing, line code, and what signals.

use super::{LONGEST_REST, REST, SpanPilot, names};
use crate::words::SpanPlan;
use demarc_hal::{Alarm, Framing, LineCode, Signalling, SignallingSeen, SpanKind, SpanSettings, SpanStatus};
use demarc_model::country::Confidence;
use demarc_model::{Grade, Instant, Setting};
use std::time::Duration;

/// A condition must last so long before something is changed for it: while searching, and when the
/// span has worked already.
const PATIENCE: Duration = Duration::from_secs(2);
const PROVEN_PATIENCE: Duration = Duration::from_secs(30);
/// Violations are counted for so long.
const WINDOW: Duration = Duration::from_secs(5);
/// Fewer in a window are noise, not another line code.
const VIOLATIONS: u64 = 10;
/// A T1 without HDLC flags for so long has no D channel.
const NO_FLAGS: Duration = Duration::from_secs(10);

const READ: (Grade, Confidence) = (Grade::Read, Confidence::High);
const UNSURE: (Grade, Confidence) = (Grade::Read, Confidence::Low);

/// How far the search has come.
#[derive(Debug, Default)]
pub(super) struct Search {
    seen: Option<(Condition, Instant)>,
    /// The last condition, changes of ours or not.
    was: Option<Condition>,
    /// What was tried in this round and did not fit.
    tried: Vec<(SpanKind, Framing)>,
    /// Rounds that found nothing.
    rounds: u32,
    rest_until: Option<Instant>,
    /// When counting began, and the counters then.
    window: Option<(Instant, SpanStatus)>,
    last: SpanStatus,
    /// Violations in a window, by line code.
    violations: Vec<(LineCode, u64)>,
    code_found: bool,
}

/// What layer 1 is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    NoSignal,
    NoFrame,
    NoMultiframe,
    /// We hear the far end, and it does not hear us.
    NotHeard,
    /// An upstream failure, a loop, a port that was not started: nothing to find out.
    Other,
    Clear,
}

impl Condition {
    fn of(alarms: &[Alarm]) -> Self {
        let has = |alarm| alarms.contains(&alarm);
        if has(Alarm::Blue) || has(Alarm::Loopback) || has(Alarm::NotOpen) {
            Condition::Other
        } else if has(Alarm::LossOfSignal) {
            Condition::NoSignal
        } else if has(Alarm::LossOfFrame) || has(Alarm::Red) {
            Condition::NoFrame
        } else if has(Alarm::LossOfMultiframe) {
            Condition::NoMultiframe
        } else if has(Alarm::Yellow) {
            Condition::NotHeard
        } else {
            Condition::Clear
        }
    }
}

impl Search {
    /// True when something was plugged in.
    pub(super) fn see(&mut self, now: Instant, status: &SpanStatus) -> bool {
        let condition = Condition::of(&status.alarms);
        let news =
            self.was.replace(condition) == Some(Condition::NoSignal) && condition != Condition::NoSignal;
        if news {
            (self.rounds, self.rest_until) = (0, None);
        }
        if self.seen.is_none_or(|(was, _)| was != condition) {
            self.seen = Some((condition, now));
            self.window = None;
            if condition == Condition::Clear {
                (self.tried, self.rounds, self.rest_until) = (Vec::new(), 0, None);
            }
        }
        self.last.clone_from(status);
        news
    }

    /// A change was made: what was seen before it says nothing any more.
    pub(super) fn begin_window(&mut self) {
        (self.window, self.seen) = (None, None);
    }

    /// Gives it up for a while, each time for longer.
    pub(super) fn rest(&mut self, now: Instant, look_at: &mut Option<Instant>) {
        let pause = REST.saturating_mul(1 << self.rounds.min(8)).min(LONGEST_REST);
        self.rounds = self.rounds.saturating_add(1);
        self.tried.clear();
        self.rest_until = Some(now + pause);
        *look_at = Some(now + pause);
    }

    /// How long to wait between looks, when nothing was found for long.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.rest_until.map(|_| REST.saturating_mul(1 << self.rounds.min(8)).min(LONGEST_REST) / 4)
    }

    pub(super) fn is_done(&self) -> bool {
        self.code_found
    }

    /// Violations in a whole window, when one is over.
    fn count(&mut self, now: Instant) -> Option<(u64, u64)> {
        let (since, first) = self.window.get_or_insert_with(|| (now, self.last.clone()));
        if now.since(*since) < WINDOW {
            return None;
        }
        let grown = |get: fn(&SpanStatus) -> u64| get(&self.last).saturating_sub(get(first));
        let violations = grown(|s| s.code_violations).max(grown(|s| s.bipolar_violations));
        let errors = grown(|s| s.crc_errors).max(grown(|s| s.far_crc_errors));
        self.window = None;
        Some((violations, errors))
    }

    fn violations(&self, code: LineCode) -> Option<u64> {
        self.violations.iter().find(|(of, _)| *of == code).map(|(_, count)| *count)
    }
}

impl SpanPilot {
    /// True when layer 1 is in order and nothing was changed for it.
    pub(super) fn decide_layer1(&mut self, now: Instant) -> bool {
        let Some((condition, since)) = self.search.seen else { return false };
        let patience = if self.proven { PROVEN_PATIENCE } else { PATIENCE };
        if condition != Condition::Clear {
            let resting = self.search.rest_until.is_some_and(|until| now < until);
            if now.since(since) < patience || resting {
                return false;
            }
        }
        let Some(plan) = self.plan.clone() else { return false };
        match condition {
            Condition::NoSignal => self.no_signal(now, &plan),
            Condition::NoFrame => self.no_frame(now, &plan),
            Condition::NoMultiframe => self.no_multiframe(now, &plan),
            Condition::NotHeard => self.not_heard(now, &plan),
            Condition::Other => {}
            Condition::Clear => return now.since(since) >= PATIENCE && self.clear(now, since, &plan),
        }
        false
    }

    fn no_signal(&mut self, now: Instant, plan: &SpanPlan) {
        let seen = "No signal arrives: nothing is plugged in, or the far end is off.";
        self.notes.note(Setting::LineMode, None, (Grade::Read, Confidence::Low), seen);
        // Some framers see no signal at all in one of the wrong rate.
        let other = self.candidates(plan).into_iter().find(|(mode, _)| *mode != plan.mode);
        self.search.rest(now, &mut self.look_at);
        if let Some((mode, framing)) = other.filter(|_| !self.proven) {
            self.switch(mode, framing);
        }
    }

    fn no_frame(&mut self, now: Instant, plan: &SpanPlan) {
        let (mode, framing) = (plan.mode, plan.settings.framing);
        let setting = if mode == SpanKind::T1 { Setting::Framing } else { Setting::LineMode };
        let seen = match mode {
            SpanKind::T1 => {
                format!("A signal arrives, but no frame is found in it as T1 {}.", upper(framing))
            }
            _ => "A signal arrives, but no frame is found in it as E1.".to_owned(),
        };
        self.notes.note(setting, None, UNSURE, seen);
        self.search.tried.push((mode, framing));
        self.next(now, plan);
    }

    fn no_multiframe(&mut self, now: Instant, plan: &SpanPlan) {
        let associated = is_associated(&plan.settings.signalling);
        if associated && self.signalling == Some(SignallingSeen::Flags) {
            let seen = "No multiframe of channel-associated signalling, but HDLC flags in timeslot 16.";
            self.notes.remark(Setting::Signalling, seen);
            if self.may(Setting::Signalling) {
                self.set(|settings| settings.signalling = Signalling::Isdn);
            }
        } else if plan.settings.framing == Framing::Crc4 {
            let seen = "Frames are found, but no CRC-4 multiframe: the far end sends none.";
            self.notes.note(Setting::Framing, None, UNSURE, seen);
            self.search.tried.push((plan.mode, Framing::Crc4));
            self.next(now, plan);
        }
    }

    fn not_heard(&mut self, now: Instant, plan: &SpanPlan) {
        self.search.tried.push((plan.mode, plan.settings.framing));
        if plan.settings.framing == Framing::Basic && self.may(Setting::Framing) {
            let seen = "Without CRC-4 the far end reports that it does not find us (remote alarm).";
            self.notes.note(Setting::Framing, None, UNSURE, seen);
            if !self.search.tried.contains(&(plan.mode, Framing::Crc4)) {
                return self.switch(plan.mode, Framing::Crc4);
            }
        }
        let seen =
            "We hear the far end and it does not hear us, however we send: look at the pair we send on.";
        let value = Some(names::framing(plan.settings.framing).to_owned());
        self.notes.note(Setting::Framing, value, (Grade::Telco, Confidence::Low), seen);
        self.search.rest(now, &mut self.look_at);
    }

    /// The next combination that was not tried in this round; after the last one, what was
    /// configured, and a pause.
    fn next(&mut self, now: Instant, plan: &SpanPlan) {
        let untried = |it: &&(SpanKind, Framing)| !self.search.tried.contains(it);
        let candidates = self.candidates(plan);
        if let Some((mode, framing)) = candidates.iter().find(untried) {
            return self.switch(*mode, *framing);
        }
        let seen = "Nothing fits: every line mode and framing was tried. The search goes on, more slowly.";
        self.notes.remark(Setting::Framing, seen);
        self.search.rest(now, &mut self.look_at);
        if let Some(first) = self.setup.as_ref().map(|setup| setup.plan.clone()) {
            self.switch(first.mode, first.settings.framing);
        }
    }

    /// Line modes and framings that may be tried, the present mode first.
    fn candidates(&self, plan: &SpanPlan) -> Vec<(SpanKind, Framing)> {
        let modes = self.setup.as_ref().map(|setup| setup.modes.clone()).unwrap_or_default();
        let others = modes.into_iter().filter(|mode| *mode != plan.mode && self.may(Setting::LineMode));
        let all = std::iter::once(plan.mode).chain(others).flat_map(|mode| {
            let framings: &[Framing] = match mode {
                SpanKind::E1 => &[Framing::Crc4, Framing::Basic],
                SpanKind::T1 => &[Framing::Esf, Framing::D4],
                SpanKind::Bri | SpanKind::Analog => &[],
            };
            framings.iter().map(move |framing| (mode, *framing))
        });
        let frame_is_lost = self.search.seen.is_some_and(|(condition, _)| condition == Condition::NoFrame);
        all.filter(|(mode, framing)| {
            let own = plan.settings.framing == *framing || self.configured_framing(*mode) == *framing;
            // Basic frames are found in a CRC-4 signal too: only the multiframe tells.
            let hopeless = *mode == SpanKind::E1 && plan.mode == SpanKind::E1 && frame_is_lost;
            !hopeless && (own || self.may(Setting::Framing))
        })
        .collect()
    }

    /// The framing that was configured, or what is usual where that is one of another mode.
    fn configured_framing(&self, mode: SpanKind) -> Framing {
        let configured = self.setup.as_ref().map(|setup| &setup.plan).filter(|plan| plan.mode == mode);
        configured.map_or(SpanSettings::of(mode).framing, |plan| plan.settings.framing)
    }

    /// Another line mode or framing; what belongs to the mode goes along.
    fn switch(&mut self, mode: SpanKind, framing: Framing) {
        let Some(plan) = &mut self.plan else { return };
        if plan.mode != mode {
            let SpanSettings { line_code, .. } = SpanSettings::of(mode);
            (plan.mode, plan.settings.line_code) = (mode, line_code);
            self.search.violations.clear();
            // A dialect of the other continent is no use; the far end has not said anything yet.
            if let Some(setup) = &self.setup {
                plan.dialect = super::layer2::default_dialect(mode, setup);
            }
        }
        plan.settings.framing = framing;
        self.search.code_found = false;
    }

    fn set(&mut self, change: impl FnOnce(&mut SpanSettings)) {
        if let Some(plan) = &mut self.plan {
            change(&mut plan.settings);
        }
    }

    fn clear(&mut self, now: Instant, since: Instant, plan: &SpanPlan) -> bool {
        let mode = names::mode(plan.mode);
        let seen = format!("Signal and frame are found as {}.", mode.to_uppercase());
        self.notes.note(Setting::LineMode, Some(mode.to_owned()), READ, seen);
        let framing = plan.settings.framing;
        let seen = match framing {
            Framing::Crc4 => {
                "Frames and the CRC-4 multiframe are found, and the far end finds ours.".to_owned()
            }
            Framing::Basic => "Frames are found without CRC-4, and the far end finds ours.".to_owned(),
            _ => format!("{} frames are found, and the far end finds ours.", upper(framing)),
        };
        self.notes.note(Setting::Framing, Some(names::framing(framing).to_owned()), READ, seen);
        if !self.line_code(now, plan) {
            return false;
        }
        // The clock does not care what signals.
        self.decide_clock();
        self.plan.as_ref() == Some(plan) && self.what_signals(now, since, plan)
    }

    /// True when the line code is settled.
    fn line_code(&mut self, now: Instant, plan: &SpanPlan) -> bool {
        let code = plan.settings.line_code;
        let Some((violations, errors)) = self.search.count(now) else { return self.search.code_found };
        let name = code_name(code);
        if violations < VIOLATIONS {
            let seen = format!("With {name}: {violations} code violations in {} s.", WINDOW.as_secs());
            self.notes.note(Setting::LineCode, Some(names::code(code).to_owned()), READ, seen);
            self.search.code_found = true;
            return true;
        }
        if self.search.violations(code).is_none() {
            self.search.violations.push((code, violations));
        }
        let seen = format!(
            "With {name}: {violations} code violations and {errors} CRC errors in {} s.",
            WINDOW.as_secs()
        );
        self.notes.note(Setting::LineCode, None, UNSURE, seen);
        let other = match (code, plan.mode) {
            (LineCode::Ami, SpanKind::T1) => LineCode::B8zs,
            (LineCode::Ami, _) => LineCode::Hdb3,
            _ => LineCode::Ami,
        };
        // When both have violations it is the line that is bad: the better one stays.
        let better = self.search.violations(other).is_none_or(|count| count < violations);
        if better && self.may(Setting::LineCode) {
            self.set(|settings| settings.line_code = other);
            return false;
        }
        let seen = "Violations with every line code: the line or the cable is bad.";
        self.notes.note(Setting::LineCode, Some(names::code(code).to_owned()), UNSURE, seen);
        self.search.code_found = true;
        true
    }

    /// True when there is a D channel, as far as one can see.
    fn what_signals(&mut self, now: Instant, since: Instant, plan: &SpanPlan) -> bool {
        let own = &plan.settings.signalling;
        let slot = plan.mode.d_slot().unwrap_or(0);
        let value = |signalling: &Signalling| Some(names::signalling(signalling).to_owned());
        let wanted = match (self.signalling, own) {
            (Some(SignallingSeen::Flags), _) => {
                let seen = format!("HDLC flags in timeslot {slot}: common channel signalling.");
                let wanted = if is_associated(own) { &Signalling::Isdn } else { own };
                self.notes.note(Setting::Signalling, value(wanted), READ, seen);
                wanted
            }
            (Some(SignallingSeen::Multiframe), _) => {
                let seen = "The multiframe of channel-associated signalling in timeslot 16, and no HDLC flags. \
                            Whether it is R2 or E&M cannot be seen.";
                let wanted = if is_associated(own) { own } else { &Signalling::R2 };
                self.notes.note(Setting::Signalling, value(wanted), (Grade::Read, Confidence::Medium), seen);
                wanted
            }
            (Some(SignallingSeen::Nothing), own) if plan.mode == SpanKind::T1 && !self.layer2.is_up() => {
                if *own != Signalling::Bearers && now.since(since) < NO_FLAGS {
                    return false;
                }
                let seen =
                    "No HDLC flags in timeslot 24: robbed bits, it seems. Which protocol cannot be seen.";
                let wanted = if *own == Signalling::Isdn { &Signalling::EAndM } else { own };
                self.notes.note(Setting::Signalling, value(wanted), UNSURE, seen);
                wanted
            }
            (Some(SignallingSeen::Nothing), Signalling::Isdn) if !self.layer2.is_up() => {
                let seen = format!("Neither HDLC flags nor a multiframe in timeslot {slot}.");
                self.notes.note(Setting::Signalling, None, UNSURE, seen);
                return false;
            }
            _ => own,
        };
        if wanted != own && self.may(Setting::Signalling) {
            let wanted = wanted.clone();
            self.set(|settings| settings.signalling = wanted);
            return false;
        }
        true
    }
}

pub(super) fn is_associated(signalling: &Signalling) -> bool {
    !matches!(signalling, Signalling::Isdn | Signalling::Bearers)
}

fn upper(framing: Framing) -> String {
    names::framing(framing).to_uppercase()
}

fn code_name(code: LineCode) -> String {
    names::code(code).to_uppercase()
}
