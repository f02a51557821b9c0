//! Calls that go out on an E&M channel.

use super::*;

impl EmLine {
    /// Begins a call on a channel that said it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, attempt: Attempt) {
        let leg = attempt.dial.leg;
        desk.settle(leg, Place::Port(self.channel));
        (self.leg, self.told, self.cause) = (Some(leg), true, None);
        self.stream = Some(desk.open(self.channel, Detect::NONE));
        self.state = State::Seizing(attempt);
        let wait = if self.start() == EmStart::Immediate { IMMEDIATE } else { START };
        self.timer = Some((desk.at(wait), "E&M start signal"));
        self.hook_off(desk);
        desk.changed();
    }

    /// The far end holds us off.
    pub(super) fn held_off(&mut self, desk: &mut Desk) {
        if let State::Seizing(attempt) = std::mem::replace(&mut self.state, State::Idle) {
            self.state = State::HeldOff(attempt);
            self.timer = Some((desk.at(START), "E&M start signal"));
        }
    }

    /// The far end is ready for digits.
    pub(super) fn ready(&mut self, desk: &mut Desk, pause: Duration) {
        let (State::Seizing(attempt) | State::HeldOff(attempt)) =
            std::mem::replace(&mut self.state, State::Idle)
        else {
            return;
        };
        self.state = State::Ready(attempt);
        self.timer = Some((desk.at(pause), "E&M pause"));
        if pause.is_zero() {
            self.send_number(desk);
        }
    }

    pub(super) fn send_number(&mut self, desk: &mut Desk) {
        let State::Ready(attempt) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let digits = number::dialled_out(&attempt.dial.called, &desk.config.system);
        let longest = Duration::from_millis(u64::try_from(digits.len()).unwrap_or(0) * 500 + 2000);
        self.state = State::Dialling { answered: false };
        self.timer = Some((desk.at(longest), "digits"));
        if let Some(stream) = self.stream {
            desk.media(MediaCommand::SendDigits { stream, digits, on_ms: TONE_MS, off_ms: TONE_MS });
        }
    }

    /// The number is out: from now on the caller hears the far end.
    pub(super) fn number_sent(&mut self, desk: &mut Desk) {
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let answered = matches!(self.state, State::Dialling { answered: true, .. });
        self.state = State::Dialled { alerted: false };
        self.timer = None;
        let detect = Detect { progress: Some(desk.config.system.country), ..Detect::NONE };
        desk.detect(self.stream, detect);
        desk.leg(LegEvent::Proceeding { leg, stream, place: self.channel.to_string() });
        desk.leg(LegEvent::Progress { leg, in_band: true, cause: None });
        if answered {
            self.answered(desk);
        }
    }

    pub(super) fn answered(&mut self, desk: &mut Desk) {
        let Some(leg) = self.leg else { return };
        self.state = State::Active;
        desk.detect(self.stream, Detect { dtmf: true, ..Detect::NONE });
        desk.leg(LegEvent::Answered { leg, connected: None });
    }

    /// The far end plays a tone before the answer.
    pub(super) fn heard(&mut self, desk: &mut Desk, tone: ProgressTone) {
        let (State::Dialled { alerted }, Some(leg)) = (&mut self.state, self.leg) else { return };
        match tone {
            ProgressTone::Ringback => {
                if !std::mem::replace(alerted, true) {
                    desk.leg(LegEvent::Alerting { leg, in_band: true });
                }
            }
            ProgressTone::Busy => self.release(desk, Cause::USER_BUSY, Some("busy tone")),
            ProgressTone::Congestion => self.release(desk, Cause::CONGESTION, Some("congestion tone")),
            ProgressTone::SpecialInformation => {
                let cause = Some(Cause::SPECIAL_INFORMATION_TONE);
                desk.leg(LegEvent::Progress { leg, in_band: true, cause });
            }
            ProgressTone::Dial => {}
        }
    }

    /// No start signal came: the call looks for another channel.
    pub(super) fn not_ready(&mut self, desk: &mut Desk) {
        let (State::Seizing(attempt) | State::HeldOff(attempt)) =
            std::mem::replace(&mut self.state, State::Idle)
        else {
            return;
        };
        if let Some(leg) = self.leg {
            desk.note(leg, Protocol::Line, "no start signal: another channel");
        }
        self.elsewhere(desk, attempt, Cause::DESTINATION_OUT_OF_ORDER);
        if self.far_off_hook {
            self.state = State::Ending;
        } else {
            self.rest(desk);
        }
    }

    /// Both ends are off hook, and the other one keeps the channel.
    pub(super) fn give_way(&mut self, desk: &mut Desk) {
        let (State::Seizing(attempt) | State::Ready(attempt)) =
            std::mem::replace(&mut self.state, State::Idle)
        else {
            return;
        };
        if let Some(leg) = self.leg {
            desk.note(leg, Protocol::Line, "glare: another channel");
        }
        self.elsewhere(desk, attempt, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        self.leg = Some(desk.mint_leg());
        self.seized(desk);
    }

    fn elsewhere(&mut self, desk: &mut Desk, mut attempt: Attempt, cause: Cause) {
        self.hook_on(desk);
        desk.close(self.stream.take());
        (self.timer, self.told) = (None, false);
        let Some(leg) = self.leg.take() else { return };
        attempt.glares += 1;
        if attempt.glares > MAX_GLARES {
            return desk.ended(leg, Cause::NO_CIRCUIT, None);
        }
        attempt.failed_on(self.channel, cause);
        desk.again(attempt);
    }
}
