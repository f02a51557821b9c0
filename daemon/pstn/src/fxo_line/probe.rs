//! The autopilot listens to the dial tone of a line that is free.
//!
//! ```text
//!   Idle ──Seize──► Probing (off hook) ──Release──► Guard ──► Idle
//!                      │ a call out: on hook for 2 s, then it is seized for the call
//!                      │ a ring in its first second: the exchange has given us a call (glare)
//!                      └ one minute: nobody released it
//! ```
//! Calls come first: to them a line that is probed is free.

use super::*;
use demarc_model::learned::{LineProbe, Probed};

/// Nobody listens longer. The exchange lets a line that dials nothing go after 10 s to 30 s; the tones of
/// all countries take that long.
const LONGEST: Duration = Duration::from_secs(60);

impl FxoLine {
    /// A step of the autopilot's.
    pub(crate) fn probe(&mut self, desk: &mut Desk, step: LineProbe) {
        match (step, &self.state) {
            (LineProbe::Seize, State::Idle) if self.may_be_probed(desk) => {
                desk.close(self.stream.take());
                self.stream = Some(desk.open(self.channel, Detect::NONE));
                self.hook_off(desk);
                self.state = State::Probing(desk.config.system.country);
                self.timer = Some((desk.at(LONGEST), "a probe that nobody ends"));
                desk.changed();
            }
            (LineProbe::Seize, _) => self.tell_probe(desk, Probed::Refused),
            (LineProbe::Listen(country), State::Probing(_)) => {
                self.state = State::Probing(country);
                desk.detect(self.stream, Detect { progress: Some(country), ..Detect::NONE });
            }
            (LineProbe::Release, State::Probing(_)) => self.rest(desk),
            // A call has taken it meanwhile, and that was told.
            (LineProbe::Listen(_) | LineProbe::Release, _) => {}
        }
    }

    /// A tone was heard while it is probed.
    pub(super) fn heard_in_probe(&self, desk: &mut Desk, country: Country, tone: ProgressTone) {
        self.tell_probe(desk, Probed::Heard { country, tone });
    }

    /// The probe is over before the autopilot had enough: a call comes first.
    pub(super) fn probe_lost(&self, desk: &mut Desk) {
        if matches!(self.state, State::Probing(_)) {
            self.tell_probe(desk, Probed::Refused);
        }
    }

    /// A call goes out on a line that is probed: the exchange must see it on hook first, because its
    /// patience with a caller who dials nothing may be at its end.
    pub(super) fn dial_after_probe(&mut self, desk: &mut Desk, attempt: Attempt) {
        self.tell_probe(desk, Probed::Refused);
        self.hook_on(desk);
        self.state = State::Releasing(attempt);
        self.timer = Some((desk.at(LATE_RELEASE), "on hook after a probe"));
        desk.changed();
    }

    /// It is configured, nothing announces a call, and the admin does not forbid it.
    fn may_be_probed(&self, desk: &Desk) -> bool {
        let rings = self.bounce.is_some() || self.has_caller(desk);
        self.line.as_ref().is_some_and(|line| !rings && desk.config.may_be_probed(line))
    }

    fn tell_probe(&self, desk: &mut Desk, what: Probed) {
        desk.output(crate::Output::Probed { channel: self.channel, what });
    }
}
