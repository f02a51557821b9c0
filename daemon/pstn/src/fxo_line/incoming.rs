//! Calls that come in on a line.

use super::*;

impl FxoLine {
    pub(super) fn ring_started(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        match &mut self.state {
            State::Idle | State::Listening | State::Guard(_) if self.line.is_some() => {
                self.rings(desk, false)
            }
            State::Unwanted => self.timer = Some((desk.at(RING_STUCK), "ring")),
            State::Ringing(ringing) if !ringing.connected => {
                self.timer = Some((desk.at(RING_STUCK), "ring"));
                let second = ringing.quiet_since.is_some_and(|since| now.since(since) >= RING_GAP);
                if second && !ringing.offered {
                    self.offer(desk);
                }
            }
            State::Seizing(_) | State::Dialling { .. } if now.since(self.seized) < GLARE => self.glare(desk),
            _ => {}
        }
    }

    pub(super) fn ring_stopped(&mut self, desk: &mut Desk) {
        match &mut self.state {
            State::Ringing(ringing) if !ringing.connected => {
                ringing.quiet_since = Some(desk.now.mono);
                self.timer = Some((desk.at(RING_OVER), "ring"));
            }
            State::Unwanted => self.timer = Some((desk.at(RING_OVER), "ring")),
            _ => {}
        }
    }

    /// A call comes in. `connected`: we are off hook already.
    pub(super) fn rings(&mut self, desk: &mut Desk, connected: bool) {
        let leg = *self.leg.get_or_insert_with(|| desk.mint_leg());
        desk.settle(leg, Place::Port(self.channel));
        let (form, start) = self.identity(desk);
        let wait = start == CallerIdStart::AfterFirstRing && !connected;
        if self.stream.is_none() {
            let detect = Detect { caller_id: wait.then_some(form), ..Detect::default() };
            self.stream = Some(desk.open(self.channel, detect));
        }
        let offer_at = wait.then(|| desk.at(IDENTITY));
        self.timer = if connected { None } else { Some((desk.at(RING_STUCK), "ring")) };
        self.state = State::Ringing(Ringing { offered: false, connected, quiet_since: None, offer_at });
        if !wait {
            self.offer(desk);
        }
        desk.changed();
    }

    pub(super) fn offer(&mut self, desk: &mut Desk) {
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let State::Ringing(ringing) = &mut self.state else { return };
        ringing.offer_at = None;
        ringing.offered = true;
        let caller = match self.caller.take() {
            Some((caller, until)) if until >= desk.now.mono => caller,
            _ => CallerId { presentation: Presentation::Unavailable, ..CallerId::default() },
        };
        let id = self.line.as_ref().map(|line| line.id);
        let Some(trunk) = id.and_then(|id| trunk_of(&desk.config, id)) else {
            return self.unwanted(desk, leg);
        };
        desk.detect(self.stream, listening(desk));
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called: self.line.as_ref().map(|line| line.number.clone()).unwrap_or_default(),
            complete: true,
            caller,
            redirecting: None,
            stream,
            place: self.channel.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
    }

    /// The line is in no trunk: nobody is there to be told of the call.
    pub(super) fn unwanted(&mut self, desk: &mut Desk, leg: LegId) {
        desk.forget(leg);
        self.leg = None;
        match self.state {
            State::Ringing(Ringing { connected: true, .. }) => self.rest(desk),
            _ => {
                desk.close(self.stream.take());
                self.state = State::Unwanted;
            }
        }
    }

    /// Both sides took the line: the call that comes in has it, and ours looks for another.
    pub(super) fn glare(&mut self, desk: &mut Desk) {
        desk.close(self.stream.take());
        let leg = self.leg.take();
        let attempt = match std::mem::replace(&mut self.state, State::Idle) {
            State::Seizing(attempt) | State::Dialling { attempt, .. } => Some(attempt),
            _ => None,
        };
        if let Some(leg) = leg {
            desk.note(leg, Protocol::Line, "glare: a call came in on the line");
        }
        if let Some(attempt) = attempt {
            self.give_back(desk, attempt, Cause::NO_CIRCUIT);
        }
        self.rings(desk, true);
    }

    pub(super) fn identity(&self, desk: &Desk) -> (demarc_model::media::CallerIdForm, CallerIdStart) {
        let form = self.line.as_ref().and_then(|line| line.caller_id);
        caller_id::expected(desk.config.system.country, form)
    }

    pub(super) fn identified(&mut self, desk: &mut Desk, caller: CallerId) {
        self.caller = Some((caller, desk.at(UNANNOUNCED)));
        if let State::Ringing(Ringing { offered: false, .. }) = self.state {
            self.offer(desk);
        }
    }
}
