//! Calls that come in on an E&M channel.

use super::*;

impl EmLine {
    /// The far end went off hook: it calls.
    pub(super) fn seized(&mut self, desk: &mut Desk) {
        self.cause = None;
        self.stream = Some(desk.open(self.channel, Detect { dtmf: true, ..Detect::NONE }));
        match self.start() {
            EmStart::Wink => {
                desk.line(self.channel, self.leg, LineCommand::Wink);
                self.collect(desk);
            }
            EmStart::Immediate => self.collect(desk),
            EmStart::Delay => {
                self.state = State::HoldingOff;
                self.timer = Some((desk.at(DELAY), "E&M delay"));
                self.hook_off(desk);
            }
        }
    }

    /// Waits for the digits of the called number.
    pub(super) fn collect(&mut self, desk: &mut Desk) {
        self.state = State::Collecting(String::new());
        self.timer = Some((desk.at(FIRST_DIGIT), "E&M digits"));
        if self.settings().digits == 0 {
            self.offer(desk);
        }
    }

    pub(super) fn digit(&mut self, desk: &mut Desk, digit: char) {
        let settings = self.settings();
        let State::Collecting(digits) = &mut self.state else { return };
        digits.push(digit);
        if digits.len() >= usize::from(settings.digits) {
            return self.offer(desk);
        }
        let pause = Duration::from_millis(settings.digit_timeout_ms.into());
        self.timer = Some((desk.at(pause), "E&M digits"));
    }

    /// The number is whole: the PBX gets the call.
    pub(super) fn offer(&mut self, desk: &mut Desk) {
        let State::Collecting(called) = std::mem::replace(&mut self.state, State::Idle) else { return };
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let trunk = trunk_of(&desk.config, self.channel).filter(|_| self.wanted.is_some());
        let Some(trunk) = trunk else { return self.explain(desk, Cause::NO_ROUTE_TO_DESTINATION) };
        self.state = State::Present;
        (self.timer, self.told) = (None, true);
        desk.settle(leg, Place::Port(self.channel));
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called,
            complete: true,
            caller: CallerId { presentation: Presentation::Unavailable, ..CallerId::default() },
            redirecting: None,
            bearer: Bearer::Speech,
            stream,
            place: self.channel.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
    }
}
