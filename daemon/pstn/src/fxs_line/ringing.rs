//! The telephone is rung: by a caller, or by its own call on hold.

use super::{FxsLine, KEYS, State};
use crate::caller_id::{self, Step};
use crate::desk::{Desk, Place};
use demarc_hal::LineCommand;
use demarc_model::leg::Dial;
use demarc_model::media::Detect;
use demarc_model::{CallerId, Cause, LegEvent, MediaCommand, RingKind};
use std::collections::VecDeque;
use std::time::Duration;

/// The longest that sending caller identity may take before it rings without.
const IDENTIFYING: Duration = Duration::from_secs(4);
/// Audio is passed to a telephone on hook for this long, for caller identity.
pub(super) const ON_HOOK_AUDIO: Duration = Duration::from_secs(4);
/// How long a call on hold rings for whoever left it there.
const RECALL: Duration = Duration::from_secs(45);

/// It is being rung.
#[derive(Debug)]
pub(super) struct Called {
    caller: CallerId,
    /// What is done next; the cadence follows, again and again.
    steps: VecDeque<Step>,
    cadence: Vec<Step>,
    identifying: bool,
    /// It has rung at least once.
    rung: bool,
    /// It is the telephone's own call that was on hold; until when it rings.
    recall: Option<demarc_model::Instant>,
}

impl Called {
    pub(super) fn has_rung(&self) -> bool {
        self.rung
    }

    pub(super) fn identifies(&self) -> bool {
        self.identifying
    }
}

impl FxsLine {
    /// Rings the telephone; knocks, when it is in a call.
    pub(crate) fn dial(&mut self, desk: &mut Desk, dial: &Dial) {
        let refusal = match self.state {
            State::OnHook if self.device.is_some() => None,
            State::OnHook | State::Down => Some(Cause::DESTINATION_OUT_OF_ORDER),
            State::Active if self.may_knock(desk) => return self.knock(desk, dial),
            _ => Some(Cause::USER_BUSY),
        };
        if let Some(cause) = refusal {
            return desk.ended(dial.leg, cause, None);
        }
        self.stop_lamp(desk);
        let country = desk.config.system.country;
        desk.settle(dial.leg, Place::Port(self.channel));
        let stream = desk.open(self.channel, Detect::default());
        self.leg = Some(dial.leg);
        self.stream = Some(stream);
        let inside = dial.ring == RingKind::Internal;
        let cadence = match self.features().is_some_and(|features| features.distinctive_ring && inside) {
            true => caller_id::inside_cadence(country),
            false => caller_id::cadence(country),
        };
        self.state = State::Called(Called {
            caller: caller_id::shown(&dial.caller, country),
            steps: caller_id::prelude(country, cadence.clone()).into(),
            cadence,
            identifying: false,
            rung: false,
            recall: None,
        });
        desk.leg(LegEvent::Proceeding { leg: dial.leg, stream, place: self.channel.to_string() });
        self.ring_on(desk);
        desk.changed();
    }

    /// The telephone was put down though somebody waits for it: it rings at once.
    pub(super) fn ring_back(&mut self, desk: &mut Desk, own: bool) {
        let country = desk.config.system.country;
        self.polarity(desk, false);
        self.timer = None;
        self.conference = false;
        let cadence = caller_id::cadence(country);
        self.state = State::Called(Called {
            caller: CallerId::default(),
            steps: VecDeque::new(),
            cadence,
            identifying: false,
            rung: false,
            recall: own.then(|| desk.at(RECALL)),
        });
        self.ring_on(desk);
        desk.changed();
    }

    /// It was lifted while it rang.
    pub(super) fn ring_tripped(&mut self, desk: &mut Desk) {
        let recalled = matches!(&self.state, State::Called(called) if called.recall.is_some());
        desk.line(self.channel, self.leg, LineCommand::StopRinging);
        self.polarity(desk, false);
        self.state = State::Active;
        self.timer = None;
        desk.detect(self.stream, KEYS);
        if let Some(leg) = self.leg {
            desk.leg(match recalled {
                true => LegEvent::Retrieved { leg },
                false => LegEvent::Answered { leg, connected: None },
            });
        }
        desk.changed();
    }

    /// The next steps of ringing, up to one that takes time.
    pub(super) fn ring_on(&mut self, desk: &mut Desk) {
        while let State::Called(called) = &mut self.state {
            called.identifying = false;
            if called.recall.is_some_and(|until| until <= desk.now.mono) {
                self.free(desk, State::OnHook);
                return self.end_leg(desk, Cause::NO_ANSWER, Some("nobody came back to the call on hold"));
            }
            let Some(step) = called.steps.pop_front() else {
                called.steps = called.cadence.clone().into();
                if called.steps.is_empty() { return } else { continue }
            };
            match step {
                Step::Reverse => self.polarity(desk, true),
                Step::Pause(length) => {
                    self.timer = Some((desk.at(length), "ringing cadence"));
                    return;
                }
                Step::Identify(form) => {
                    called.identifying = true;
                    let caller = called.caller.clone();
                    self.timer = Some((desk.at(IDENTIFYING), "caller identity"));
                    desk.line(self.channel, self.leg, LineCommand::OnHookTransmission(ON_HOOK_AUDIO));
                    if let Some(stream) = self.stream {
                        let clock = caller_id::clock(desk.now);
                        desk.media(MediaCommand::SendCallerId { stream, caller, form, clock });
                    }
                    return;
                }
                Step::Ring(length) => {
                    let first = !std::mem::replace(&mut called.rung, true) && called.recall.is_none();
                    // Who knocked before has heard ringback since.
                    let told = std::mem::take(&mut self.alerted);
                    self.timer = Some((desk.at(length), "ringing cadence"));
                    desk.line(self.channel, self.leg, LineCommand::Ring(length));
                    if let (true, false, Some(leg)) = (first, told, self.leg) {
                        desk.leg(LegEvent::Alerting { leg, in_band: false });
                    }
                    return;
                }
            }
        }
    }
}
