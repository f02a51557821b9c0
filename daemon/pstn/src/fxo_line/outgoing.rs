//! Calls that go out on a line.

use super::*;
use demarc_model::country::PulseCode;

impl FxoLine {
    /// Goes off hook for a call and waits for dial tone.
    pub(super) fn seize(&mut self, desk: &mut Desk, attempt: Attempt) {
        let detect = Detect { progress: Some(desk.config.system.country), ..Detect::NONE };
        self.stream = Some(desk.open(self.channel, detect));
        self.hook_off(desk);
        self.state = State::Seizing(attempt);
        let wait = self.dial_tone_wait();
        self.timer = Some((desk.at(wait), "dial tone"));
        if wait.is_zero() {
            self.send_number(desk);
        }
        desk.changed();
    }

    /// Busy tone where dial tone should be, and the last call ended only now: the exchange has not
    /// let go of it. A pause on hook makes it, and the line is seized once more.
    pub(super) fn release_late_call(&mut self, desk: &mut Desk) {
        let State::Seizing(attempt) = std::mem::replace(&mut self.state, State::Idle) else { return };
        if let Some(leg) = self.leg {
            desk.note(leg, Protocol::Line, "late release of the last call");
        }
        self.seized_again = true;
        desk.close(self.stream.take());
        self.hook_on(desk);
        self.state = State::Releasing(attempt);
        self.timer = Some((desk.at(LATE_RELEASE), "late release"));
        desk.changed();
    }

    pub(super) fn seize_again(&mut self, desk: &mut Desk) {
        if let State::Releasing(attempt) = std::mem::replace(&mut self.state, State::Idle) {
            self.seize(desk, attempt);
        }
    }

    /// The exchange is ready, or we have waited long enough.
    pub(super) fn send_number(&mut self, desk: &mut Desk) {
        let State::Seizing(attempt) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let digits = number::dialled_out(&attempt.dial.called, &desk.config.system);
        let by_pulses = self.line.as_ref().is_some_and(|line| line.pulse);
        self.state = State::Dialling { attempt, pulses: by_pulses.then(|| digits.clone()), answered: false };
        if by_pulses {
            // Dial tone may come before the exchange counts: a DAHDI port debounces the loop for 600 ms.
            let pause = desk.config.system.country.loop_plan().interdigit_ms;
            self.timer = Some((desk.at(Duration::from_millis(pause.into())), "pulse dialling"));
            return;
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
        let plan = desk.config.system.country.loop_plan();
        let pulses = digit.chars().next().and_then(|digit| plan.code.pulses(digit)).unwrap_or(10);
        // The card counts as most of the world does: its `1` is one pulse, its `0` ten.
        let Some(digit) = PulseCode::Standard.digit(pulses) else { return };
        let pulse = u64::from(plan.break_ms + plan.make_ms);
        let length = Duration::from_millis(pulse * u64::from(pulses) + u64::from(plan.interdigit_ms));
        self.timer = Some((desk.at(length), "pulse dialling"));
        desk.line(self.channel, self.leg, LineCommand::PulseDigit(digit));
    }

    /// The number is out: from now on the caller hears the exchange.
    pub(super) fn number_sent(&mut self, desk: &mut Desk) {
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let answered = matches!(self.state, State::Dialling { answered: true, .. });
        self.state = State::Dialled { alerted: false };
        self.timer = None;
        let voice = self.supervision() == AnswerSupervision::Voice;
        let detect = Detect { voice, ..self.for_progress(desk) };
        desk.detect(self.stream, detect);
        desk.leg(LegEvent::Proceeding { leg, stream, place: self.channel.to_string() });
        desk.leg(LegEvent::Progress { leg, in_band: true, cause: None });
        if answered || self.supervision() == AnswerSupervision::AfterDialling {
            self.answered(desk, answered);
        }
    }

    /// The far end answered; `by_reversal`: the exchange reversed polarity to say so.
    pub(super) fn answered(&mut self, desk: &mut Desk, by_reversal: bool) {
        let Some(leg) = self.leg else { return };
        self.active(desk, by_reversal);
        desk.leg(LegEvent::Answered { leg, connected: None });
    }
}
