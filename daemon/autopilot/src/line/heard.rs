//! What was heard and learnt, written down.

use super::{LinePilot, countries};
use demarc_model::country::{CallerIdStart, Confidence};
use demarc_model::learned::Learned;
use demarc_model::media::{CallerIdForm, HangupTone};
use demarc_model::{Country, Grade, Setting};

impl LinePilot {
    pub(super) fn hear_dial(&mut self, country: Country) {
        let plan = country.plan();
        let cadence = if plan.dial.cadence.is_empty() { "without a break" } else { "with a cadence" };
        let alike = countries::of_dial_tone(country);
        let seen = format!(
            "Off hook, a dial tone of {} {cadence} was heard: that of {}.",
            countries::pitch(&plan.dial),
            countries::codes(&alike)
        );
        let how = (Grade::Probed, Confidence::High);
        self.notes.note(Setting::DialTone, Some("true".into()), how, seen.clone());
        self.narrow(&alike, Grade::Probed, seen);
    }

    /// The tone that the detectors know as busy in `country` ended a call.
    pub(super) fn hear_busy(&mut self, country: Country) {
        let plan = country.plan();
        let alike = countries::of_busy_tone(country);
        let [on, off] = *plan.busy.cadence else { return };
        let seen = format!(
            "A call ended with {}, {on} ms on and {off} ms off: busy in {}.",
            countries::pitch(&plan.busy),
            countries::codes(&alike)
        );
        let value = Some("country".to_owned());
        self.notes.note(Setting::HangupTone, value, (Grade::Learnt, Confidence::High), seen.clone());
        self.narrow(&alike, Grade::Learnt, seen);
    }

    pub(super) fn hear_unknown(&mut self, tone: &HangupTone) {
        let alike = countries::of_hangup_tone(tone);
        let measured = measured(tone);
        let seen = if alike.is_empty() {
            format!("{measured} was heard: no tone of any country of the table.")
        } else {
            format!("{measured} was heard: busy or congestion in {}.", countries::codes(&alike))
        };
        self.notes.remark(Setting::HangupTone, seen.clone());
        if !alike.is_empty() {
            self.narrow(&alike, Grade::Learnt, seen);
        }
    }

    pub(super) fn learn(&mut self, learned: &Learned) {
        let (learnt, probed) = ((Grade::Learnt, Confidence::High), (Grade::Probed, Confidence::High));
        let yes = || Some("true".to_owned());
        match learned {
            Learned::CallerId { form, start } => self.learn_caller_id(*form, *start),
            Learned::CallerIdLost => {
                let seen = "Three calls in a row came without it: every form is listened for again.";
                let how = (Grade::Learnt, Confidence::Low);
                self.notes.note(Setting::CallerId, None, how, seen);
                self.notes.note(Setting::CallerIdStart, None, how, seen);
            }
            Learned::HangupTone(tone) => {
                let value = format!("{}+{} {},{}", tone.f1, tone.f2, tone.on_ms, tone.off_ms);
                let seen = format!("A call ended with {}.", measured(tone));
                self.notes.note(Setting::HangupTone, Some(value), learnt, seen);
                self.hear_unknown(tone);
            }
            Learned::HangupLoopBreak => {
                let seen = "The loop was broken when the far end hung up.";
                self.notes.note(Setting::HangUp, Some("loop_break".into()), learnt, seen);
            }
            Learned::HangupPolarity => {
                let seen = "Polarity was reversed when the far end hung up.";
                self.notes.note(Setting::HangUp, Some("polarity".into()), learnt, seen);
            }
            Learned::AnswerPolarity => {
                let seen = "Polarity was reversed when the far end answered.";
                self.notes.note(Setting::Answer, Some("polarity".into()), learnt, seen);
            }
            Learned::DialTone { after_ms } => {
                let seen = format!("Dial tone came {after_ms} ms after the line was seized.");
                self.notes.note(Setting::DialTone, yes(), probed, seen);
            }
            Learned::NoDialTone => {
                let seen = "The line was seized, and no dial tone of the country came in time.";
                if self.notes.grade(Setting::DialTone) == Some(Grade::Probed) {
                    // It has one, as the probe heard: of another country, or too slow for the line's wait.
                    self.notes.remark(Setting::DialTone, seen);
                } else {
                    let how = (Grade::Learnt, Confidence::Low);
                    self.notes.note(Setting::DialTone, Some("false".into()), how, seen);
                }
            }
            Learned::SharedPair => {
                self.notes.remark(Setting::Battery, "Another telephone uses the pair.");
            }
            _ => {}
        }
    }

    fn learn_caller_id(&mut self, form: CallerIdForm, start: CallerIdStart) {
        let (form_is, start_is) = (form_name(form), start_name(start));
        let seen = format!("Two calls in a row were shown by {}, {}.", form_is.1, start_is.1);
        let how = (Grade::Learnt, Confidence::High);
        self.notes.note(Setting::CallerId, Some(form_is.0.into()), how, seen.clone());
        self.notes.note(Setting::CallerIdStart, Some(start_is.0.into()), how, seen.clone());
        let alike = countries::of_caller_id(form, start);
        // Operators differ within a country: this decides only among what the tones have left.
        let heard = self.possible.len() < Country::ALL.len();
        if heard && self.possible.iter().any(|country| alike.contains(country)) {
            self.narrow(&alike, Grade::Learnt, seen);
        }
    }

    /// The line is in one of these, it seems.
    fn narrow(&mut self, to: &[Country], grade: Grade, seen: String) {
        let both: Vec<_> = self.possible.iter().copied().filter(|country| to.contains(country)).collect();
        let together = !both.is_empty();
        self.possible = if together { both } else { to.to_vec() };
        let Some(own) = self.setup.as_ref().map(|setup| setup.country) else { return };
        self.notes.remark(Setting::Country, seen);
        let kept = self.possible.contains(&own);
        let value = match (kept, self.possible.first()) {
            (true, _) => Some(own),
            (false, only) if self.possible.len() == 1 => only.copied(),
            _ => None,
        };
        let confidence = match (self.possible.len(), together) {
            (_, false) => Confidence::Low,
            (1, _) => Confidence::High,
            _ if kept => Confidence::Medium,
            _ => Confidence::Low,
        };
        let fits = countries::codes(&self.possible);
        let words = match (kept, self.possible.len()) {
            (true, 1) => format!("Only {fits} fits."),
            (true, _) => format!("{fits} fit alike: the configured {own:?} is kept."),
            (false, _) => format!("The configured {own:?} does not fit; {fits} would."),
        };
        let grade = if kept && self.possible.len() > 1 { Grade::Country } else { grade };
        self.notes.note(
            Setting::Country,
            value.map(|country| format!("{country:?}")),
            (grade, confidence),
            words,
        );
    }
}

fn measured(tone: &HangupTone) -> String {
    let second = if tone.f2 == 0 { String::new() } else { format!(" + {}", tone.f2) };
    format!("{}{second} Hz, {} ms on and {} ms off", tone.f1, tone.on_ms, tone.off_ms)
}

/// As the configuration writes it, and for a sentence.
fn form_name(form: CallerIdForm) -> (&'static str, &'static str) {
    match form {
        CallerIdForm::Bell202 => ("bell202", "Bell 202"),
        CallerIdForm::V23 => ("v23", "V.23"),
        CallerIdForm::V23Japan => ("v23_japan", "V.23 in the form of Japan"),
        CallerIdForm::Dtmf => ("dtmf", "DTMF"),
    }
}

fn start_name(start: CallerIdStart) -> (&'static str, &'static str) {
    match start {
        CallerIdStart::AfterPolarity => ("after_polarity", "after a polarity reversal"),
        CallerIdStart::AfterFirstRing => ("after_first_ring", "after the first ring"),
        CallerIdStart::BeforeRing => ("before_ring", "before the first ring"),
    }
}
