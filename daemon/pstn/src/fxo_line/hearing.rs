//! What is listened for on a line, and what follows from the tones that were heard.

use super::habits::Identity;
use super::*;
use demarc_model::country::Confidence;
use demarc_model::media::HangupTone;

/// How caller identity is awaited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expectation {
    /// In this form first of all.
    pub(super) form: CallerIdForm,
    /// At this moment.
    pub(super) start: CallerIdStart,
    /// Neither was proved or pinned: every form, at every moment.
    pub(super) open: bool,
    /// The line is listened to even when nothing happens on it.
    pub(super) always: bool,
}

impl FxoLine {
    /// What the admin pinned, or else what was learnt, or else what the country does.
    pub(super) fn expectation(&self, desk: &Desk) -> Expectation {
        let country = desk.config.system.country;
        let (form, start) = self.line.as_ref().map_or((None, None), |l| (l.caller_id, l.caller_id_start));
        let learnt = self.habits.identity;
        let open = form.is_none() && learnt.is_none();
        let (usual_form, usual_start) = match (form, learnt) {
            (None, Some(learnt)) => learnt,
            (Some(form), Some((known, start))) if form == known => (form, start),
            _ => caller_id::expected(country, form),
        };
        let unsure = open && start.is_none() && country.plan().caller_id.confidence == Confidence::Low;
        let start = start.unwrap_or(usual_start);
        Expectation { form: usual_form, start, open, always: start == CallerIdStart::BeforeRing || unsure }
    }

    /// Listens for caller identity.
    pub(super) fn for_identity(&self, desk: &Desk) -> Detect {
        let expected = self.expectation(desk);
        Detect { caller_id: Some(expected.form), caller_id_any: expected.open, ..Detect::NONE }
    }

    /// Listens for what the exchange says before the answer.
    pub(super) fn for_progress(&self, desk: &Desk) -> Detect {
        let pinned = self.line.as_ref().and_then(|line| line.hangup_tone);
        Detect {
            progress: Some(desk.config.system.country),
            hangup_tone: pinned.or(self.habits.hangup_tone),
            unknown_tones: pinned.is_none(),
            ..Detect::NONE
        }
    }

    /// Listens in a call: keys, the tone that follows when the far end hangs up, silence.
    pub(super) fn in_call(&self, desk: &Desk) -> Detect {
        let silent_after_s = self.line.as_ref().map_or(0, |line| line.silence_s);
        Detect { dtmf: true, silent_after_s, ..self.for_progress(desk) }
    }

    pub(super) fn heard(&mut self, desk: &mut Desk, tone: ProgressTone) {
        match (&mut self.state, tone) {
            (State::Seizing(_), ProgressTone::Dial) => {
                let after = desk.now.mono.since(self.seized).as_millis();
                self.learn(desk, Learned::DialTone { after_ms: u16::try_from(after).unwrap_or(u16::MAX) });
                self.send_number(desk);
            }
            (State::Seizing(_), ProgressTone::Busy | ProgressTone::Congestion) => {
                if self.is_recent(desk) && !self.seized_again {
                    return self.release_late_call(desk);
                }
                self.hunt_on(desk, Cause::NO_CIRCUIT, "no dial tone");
            }
            (State::Dialled { .. }, ProgressTone::Busy) => {
                self.release(desk, Cause::USER_BUSY, Some("busy tone"));
            }
            (State::Dialled { .. }, ProgressTone::Congestion) => {
                self.release(desk, Cause::CONGESTION, Some("congestion tone"));
            }
            (State::Dialled { .. }, ProgressTone::SpecialInformation) => {
                // Words follow that the caller should hear; the exchange hangs up after them.
                if let Some(leg) = self.leg {
                    let cause = Some(Cause::SPECIAL_INFORMATION_TONE);
                    desk.leg(LegEvent::Progress { leg, in_band: true, cause });
                }
            }
            (State::Dialled { alerted }, ProgressTone::Ringback) if !*alerted => {
                *alerted = true;
                if let Some(leg) = self.leg {
                    desk.leg(LegEvent::Alerting { leg, in_band: true });
                }
            }
            (State::Active { .. } | State::Ringing(Ringing { connected: true, .. }), tone) => {
                self.over_by_tone(desk, tone);
            }
            _ => {}
        }
    }

    /// Busy tone in a call: the far end hung up, or, where nothing tells an answer, never took it.
    fn over_by_tone(&mut self, desk: &mut Desk, tone: ProgressTone) {
        let supervised = !matches!(self.state, State::Active { supervised: false, .. });
        match tone {
            ProgressTone::Busy if supervised => {
                self.release(desk, Cause::NORMAL_CLEARING, Some("busy tone"));
            }
            ProgressTone::Busy => self.release(desk, Cause::USER_BUSY, Some("busy tone")),
            ProgressTone::Congestion => {
                let cause = if supervised { Cause::NORMAL_CLEARING } else { Cause::CONGESTION };
                self.release(desk, cause, Some("congestion tone"));
            }
            _ => {}
        }
    }

    /// A regular tone that is none of the country's: after six periods of it, nobody speaks there.
    pub(super) fn heard_unknown(&mut self, desk: &mut Desk, tone: HangupTone) {
        if matches!(self.state, State::Dialled { .. } | State::Active { .. }) {
            let learned = self.habits.ended_by(tone);
            self.tell(desk, learned);
            self.heard(desk, ProgressTone::Busy);
        }
    }

    /// Who calls, in `form`. `seen` is when it came.
    pub(super) fn identified(&mut self, desk: &mut Desk, caller: CallerId, form: CallerIdForm) {
        let start = match &self.state {
            State::Listening | State::ShortRing | State::Primary => CallerIdStart::AfterPolarity,
            State::Idle | State::Guard(_) => CallerIdStart::BeforeRing,
            State::Ringing(ringing) if !ringing.connected => CallerIdStart::AfterFirstRing,
            _ => return,
        };
        let seen: Identity = (form, start);
        self.caller = Some((caller, desk.at(UNANNOUNCED), seen));
        match &mut self.state {
            State::Primary => self.primary_over(desk),
            State::Ringing(ringing) if !ringing.offered => {
                ringing.identity_at = None;
                self.offer_when_ready(desk);
            }
            _ => {}
        }
    }
}
