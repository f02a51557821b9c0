//! Calls that come in on a line.

use super::ringing::{label, number_of};
use super::*;

impl FxoLine {
    pub(super) fn ring_started(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        let primary = self.wants_primary(desk);
        match &mut self.state {
            State::Listening if primary => {
                self.state = State::ShortRing;
                self.timer = Some((desk.at(CALLED_TERMINAL), "length of the ring"));
            }
            State::Idle | State::Listening | State::Guard(_) if self.line.is_some() => {
                self.rings(desk, false)
            }
            State::Unwanted => self.timer = Some((desk.at(RING_STUCK), "ring")),
            State::Ringing(ringing) if !ringing.connected => {
                self.timer = Some((desk.at(RING_STUCK), "ring"));
                if ringing.started(now) && !ringing.offered {
                    ringing.give_up();
                    self.offer_when_ready(desk);
                }
            }
            State::Seizing(_) | State::Dialling { .. } if now.since(self.seized) < GLARE => {
                self.glare(desk, true)
            }
            State::Releasing(_) => self.glare(desk, false),
            State::Probing(_) if now.since(self.seized) < GLARE => {
                self.probe_lost(desk);
                desk.close(self.stream.take());
                self.rings(desk, true);
            }
            _ => {}
        }
    }

    pub(super) fn ring_stopped(&mut self, desk: &mut Desk) {
        match &mut self.state {
            State::Ringing(ringing) if !ringing.connected => {
                ringing.stopped(desk.now.mono);
                self.timer = Some((desk.at(RING_OVER), "ring"));
            }
            State::ShortRing => self.answer_first(desk),
            State::Unwanted => self.timer = Some((desk.at(RING_OVER), "ring")),
            _ => {}
        }
    }

    /// The exchange reversed polarity of the idle line: caller identity may follow.
    pub(super) fn announced(&mut self, desk: &mut Desk) {
        let expected = self.expectation(desk);
        if expected.start != CallerIdStart::AfterPolarity && !expected.open {
            return;
        }
        if self.stream.is_none() {
            let detect = self.for_identity(desk);
            self.stream = Some(desk.open(self.channel, detect));
        }
        self.state = State::Listening;
        self.timer = Some((desk.at(ANNOUNCED), "ring after caller identity"));
        desk.changed();
    }

    /// Japan: is the ring that begins now to be answered for the data?
    fn wants_primary(&self, desk: &Desk) -> bool {
        self.expectation(desk).form == CallerIdForm::V23Japan && !self.has_caller(desk) && !self.primary_done
    }

    /// Japan: the first answer, for the data.
    fn answer_first(&mut self, desk: &mut Desk) {
        if self.stream.is_none() {
            let detect = self.for_identity(desk);
            self.stream = Some(desk.open(self.channel, detect));
        }
        self.primary_done = true;
        self.hook_off(desk);
        self.state = State::Primary;
        self.timer = Some((desk.at(PRIMARY), "data after the first answer"));
        desk.changed();
    }

    /// Japan: the data have come, or do not come. Ringing is to follow.
    pub(super) fn primary_over(&mut self, desk: &mut Desk) {
        self.hook_on(desk);
        self.state = State::Listening;
        self.timer = Some((desk.at(RING_OVER), "ring after caller identity"));
        desk.changed();
    }

    /// A call comes in. `connected`: we are off hook already.
    pub(super) fn rings(&mut self, desk: &mut Desk, connected: bool) {
        let leg = *self.leg.get_or_insert_with(|| desk.mint_leg());
        desk.settle(leg, Place::Port(self.channel));
        let expected = self.expectation(desk);
        let unsure = expected.open && expected.always;
        let wait = !connected
            && !self.has_caller(desk)
            && (expected.start == CallerIdStart::AfterFirstRing || unsure);
        if !self.has_caller(desk) {
            self.caller = None;
        }
        if self.stream.is_none() {
            let detect = if wait { self.for_identity(desk) } else { Detect::NONE };
            self.stream = Some(desk.open(self.channel, detect));
        }
        self.timer = if connected { None } else { Some((desk.at(RING_STUCK), "ring")) };
        let mut ringing = Ringing::new(desk.now.mono, connected);
        ringing.identity_at = wait.then(|| desk.at(IDENTITY));
        ringing.wants_cadence =
            !connected && self.line.as_ref().is_some_and(|line| !line.distinctive.is_empty());
        self.state = State::Ringing(ringing);
        self.offer_when_ready(desk);
        desk.changed();
    }

    /// Offers the call when everything is known that is to be known before.
    pub(super) fn offer_when_ready(&mut self, desk: &mut Desk) {
        if matches!(&self.state, State::Ringing(ringing) if !ringing.offered && ringing.is_ready()) {
            self.offer(desk);
        }
    }

    fn offer(&mut self, desk: &mut Desk) {
        let (Some(leg), Some(stream)) = (self.leg, self.stream) else { return };
        let State::Ringing(ringing) = &mut self.state else { return };
        ringing.offered = true;
        ringing.identity_at = None;
        let (connected, cadence) = (ringing.connected, ringing.cadence().map(<[u16]>::to_vec));
        let caller = match &self.caller {
            Some((caller, until, _)) if *until >= desk.now.mono => caller.clone(),
            _ => CallerId { presentation: Presentation::Unavailable, ..CallerId::default() },
        };
        let line = self.line.as_ref();
        let Some(trunk) = line.and_then(|line| trunk_of(&desk.config, line.id)) else {
            return self.unwanted(desk, leg);
        };
        let mut called = line.map(|line| line.number.clone()).unwrap_or_default();
        if let (Some(line), Some(cadence)) = (line, &cadence) {
            desk.note(leg, Protocol::Line, format!("rings {}", label(cadence)));
            if let Some(number) = number_of(&line.distinctive, cadence) {
                called = number.to_owned();
            }
        }
        // Caller identity that comes now is too late for this call, but the next one will know.
        let caller_id_any = !connected && !self.has_caller(desk) && self.expectation(desk).open;
        let detect = Detect { caller_id_any, ..self.in_call(desk) };
        desk.detect(self.stream, detect);
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called,
            complete: true,
            caller,
            redirecting: None,
            bearer: Bearer::default(),
            stream,
            place: self.channel.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
    }

    /// Is it known who calls?
    pub(super) fn has_caller(&self, desk: &Desk) -> bool {
        self.caller.as_ref().is_some_and(|(_, until, _)| *until >= desk.now.mono)
    }

    /// Ringing is over, answered or not: what did it teach?
    pub(super) fn rang(&mut self, desk: &mut Desk) {
        let State::Ringing(ringing) = &self.state else { return };
        if ringing.connected {
            return;
        }
        if let Some(cadence) = ringing.cadence() {
            let cadence = cadence.to_vec();
            self.learn(desk, Learned::Ring { cadence });
        }
        let learned = match self.caller.take() {
            Some((_, _, seen)) => self.habits.identified(seen),
            None => self.habits.unidentified(),
        };
        self.tell(desk, learned);
    }

    /// The line is in no trunk: nobody is there to be told of the call.
    fn unwanted(&mut self, desk: &mut Desk, leg: LegId) {
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
    /// `connected`: we are off hook.
    fn glare(&mut self, desk: &mut Desk, connected: bool) {
        desk.close(self.stream.take());
        let leg = self.leg.take();
        let attempt = match std::mem::replace(&mut self.state, State::Idle) {
            State::Seizing(attempt) | State::Releasing(attempt) | State::Dialling { attempt, .. } => {
                Some(attempt)
            }
            _ => None,
        };
        if let Some(leg) = leg {
            desk.note(leg, Protocol::Line, "glare: a call came in on the line");
        }
        if let Some(attempt) = attempt {
            self.give_back(desk, attempt, Cause::NO_CIRCUIT);
        }
        self.rings(desk, connected);
    }
}
