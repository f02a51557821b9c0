//! Calls that go out on a line.

use super::*;

impl FxoLine {
    /// The exchange is ready, or we have waited long enough.
    pub(super) fn send_number(&mut self, desk: &mut Desk) {
        let State::Seizing(attempt) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let digits = number::dialled_out(&attempt.dial.called, &desk.config.system);
        let by_pulses = self.line.as_ref().is_some_and(|line| line.pulse);
        self.state = State::Dialling { attempt, pulses: by_pulses.then(|| digits.clone()), answered: false };
        if by_pulses {
            return self.next_pulses(desk);
        }
        let Some(stream) = self.stream else { return };
        let longest = Duration::from_millis(u64::try_from(digits.len()).unwrap_or(0) * 500 + 2000);
        self.timer = Some((desk.at(longest), "digits"));
        desk.media(MediaCommand::SendDigits { stream, digits, on_ms: TONE_MS, off_ms: TONE_MS });
    }

    pub(super) fn next_pulses(&mut self, desk: &mut Desk) {
        let State::Dialling { pulses: Some(left), .. } = &mut self.state else { return };
        let next = left.find(|c: char| c.is_ascii_digit()).map(|at| left.split_off(at));
        let Some((digit, rest)) = next.as_deref().and_then(|next| next.split_at_checked(1)) else {
            return self.number_sent(desk);
        };
        *left = rest.to_owned();
        let digit = digit.chars().next().unwrap_or('0');
        let breaks = digit.to_digit(10).filter(|n| *n > 0).unwrap_or(10);
        self.timer = Some((desk.at(PULSE * breaks + INTERDIGIT), "pulse dialling"));
        desk.line(self.channel, self.leg, LineCommand::PulseDigit(digit));
    }

    /// The number is out: from now on the caller hears the exchange.
    pub(super) fn number_sent(&mut self, desk: &mut Desk) {
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let answered = matches!(self.state, State::Dialling { answered: true, .. });
        self.state = State::Dialled { alerted: false };
        self.timer = None;
        let voice = self.supervision() == AnswerSupervision::Voice;
        let progress = Some(desk.config.system.country);
        desk.detect(self.stream, Detect { progress, voice, ..Detect::default() });
        desk.leg(LegEvent::Proceeding { leg, stream, place: self.channel.to_string() });
        desk.leg(LegEvent::Progress { leg, in_band: true, cause: None });
        if answered || self.supervision() == AnswerSupervision::AfterDialling {
            self.answered(desk);
        }
    }

    pub(super) fn answered(&mut self, desk: &mut Desk) {
        let Some(leg) = self.leg else { return };
        self.active(desk);
        desk.leg(LegEvent::Answered { leg, connected: None });
    }

    pub(super) fn heard(&mut self, desk: &mut Desk, tone: ProgressTone) {
        match (&mut self.state, tone) {
            (State::Seizing(_), ProgressTone::Dial) => self.send_number(desk),
            (State::Seizing(_), ProgressTone::Busy | ProgressTone::Congestion) => {
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
    pub(super) fn over_by_tone(&mut self, desk: &mut Desk, tone: ProgressTone) {
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
}
