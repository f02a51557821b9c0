//! What the far end says about a call.

use super::{IsdnCall, State, Wire};
use crate::desk::Desk;
use crate::isdn_span::numbers::Numbers;
use crate::number;
use demarc_isdn::{Command, Event, PartyNumber};
use demarc_model::media::Source;
use demarc_model::trace::Protocol;
use demarc_model::{Cause, LegEvent};

/// The most digits that are collected in overlap.
const MAX_OVERLAP: usize = 32;

impl IsdnCall {
    /// Something the far end said about this call.
    pub(crate) fn handle_event(&mut self, desk: &mut Desk, wire: Wire, event: Event) {
        self.answered_to = true;
        match event {
            Event::SetupAck { in_band, .. } if self.state == State::CallInitiated => {
                self.state = State::OverlapSending;
                self.wait(desk, wire.times.t304, "T304");
                let more = std::mem::take(&mut self.more);
                self.send_digits(desk, wire, more);
                if self.is_whole() {
                    // All digits went with the SETUP: what is in band is not dial tone for more of them.
                    self.proceeding(desk, wire);
                    self.progress(desk, in_band, None);
                }
            }
            Event::Proceeding { in_band, .. } if self.is_outgoing() => {
                self.state = State::OutgoingCallProceeding;
                self.wait(desk, wire.times.t310, "T310");
                self.proceeding(desk, wire);
                self.progress(desk, in_band, None);
            }
            Event::Alerting { in_band, .. } if self.is_outgoing() => {
                self.state = State::CallDelivered;
                self.wait(desk, wire.times.t301, "T301");
                self.proceeding(desk, wire);
                desk.leg(LegEvent::Alerting { leg: self.leg, in_band });
            }
            Event::Progress { in_band, cause, .. }
                if self.is_outgoing() || self.state == State::CallDelivered =>
            {
                self.proceeding(desk, wire);
                self.progress(desk, in_band, cause);
            }
            Event::Connect { connected, .. } if self.is_outgoing() || self.state == State::CallDelivered => {
                self.state = State::Active;
                self.timer = None;
                self.proceeding(desk, wire);
                let name = self.named.take();
                let told = connected.is_some() || name.is_some();
                let numbers =
                    Numbers { system: &desk.config.system, trunk: &self.trunk, mirror: wire.mirror };
                let connected = told.then(|| numbers.party_in(connected.as_ref(), name));
                desk.leg(LegEvent::Answered { leg: self.leg, connected });
            }
            Event::ConnectedLine { party, .. } => {
                let shown = party.number.as_ref().is_none_or(|number| number.presentation == 0);
                self.named = party.name.filter(|_| shown);
                if self.is_active() {
                    self.named = None;
                    desk.note(self.leg, Protocol::Q931, "somebody else is at the far end now");
                }
            }
            Event::Diverting { to, .. } => {
                let number = to.number.filter(|number| number.presentation == 0);
                let whom = number.map(|number| format!(" to {}", number.digits)).unwrap_or_default();
                desk.note(self.leg, Protocol::Q931, format!("the far end diverts the call{whom}"));
                return;
            }
            Event::Information { digits, complete, .. } => {
                self.information(desk, wire, &digits, complete);
            }
            Event::Disconnect { cause, in_band, .. } => self.disconnect(desk, wire, cause, in_band),
            Event::Aoc { aoc, .. } => return self.charge(desk, *aoc),
            Event::AocAsked { invoke, .. } => return self.asked_for_charge(desk, wire, invoke),
            other => return self.handle_service(desk, wire, other),
        }
        desk.changed();
    }

    /// Nobody will dial more of the number.
    fn is_whole(&self) -> bool {
        self.attempt.as_ref().is_none_or(|attempt| attempt.dial.complete)
    }

    /// The party dials more of the number. Should the call have to begin again, it does so with all of it.
    pub(super) fn dialled_on(&mut self, desk: &mut Desk, wire: Wire, digits: String, complete: bool) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.dial.called.push_str(&digits);
        attempt.dial.complete |= complete;
        match self.state {
            State::CallInitiated => self.more.push_str(&digits),
            State::OverlapSending => {
                self.send_digits(desk, wire, digits);
                if complete {
                    self.proceeding(desk, wire);
                }
            }
            // The far end has enough.
            _ => {}
        }
    }

    /// INFORMATION; T304 begins anew with each (Q.931 §5.1.3).
    fn send_digits(&mut self, desk: &mut Desk, wire: Wire, digits: String) {
        if !digits.is_empty() {
            self.wait(desk, wire.times.t304, "T304");
            desk.isdn(wire.span, Command::Information { call: self.reference, digits });
        }
    }

    /// The far end has the call: from now on it has audio, and stays here.
    fn proceeding(&mut self, desk: &mut Desk, wire: Wire) {
        if self.attempt.take().is_none() {
            return;
        }
        self.open(desk);
        let place = self.channel.map_or_else(|| wire.span.to_string(), |channel| channel.id.to_string());
        if let Some(stream) = self.stream {
            desk.leg(LegEvent::Proceeding { leg: self.leg, stream, place });
        }
    }

    /// What is in band stops the timers of patience (Q.931 §5.1.6), but not T301.
    fn progress(&mut self, desk: &mut Desk, in_band: bool, cause: Option<u8>) {
        if in_band && self.state != State::CallDelivered {
            self.timer = None;
        }
        if in_band || cause.is_some() {
            let cause = cause.map(Cause::from_received);
            desk.leg(LegEvent::Progress { leg: self.leg, in_band, cause });
        }
    }

    fn information(&mut self, desk: &mut Desk, wire: Wire, digits: &str, complete: bool) {
        if !matches!(self.state, State::CallPresent | State::OverlapReceiving) {
            return;
        }
        if self.digits == 0 && self.heard {
            desk.play(self.stream, Source::Silence);
        }
        let party = PartyNumber { digits: digits.to_owned(), ..PartyNumber::default() };
        let clean = number::called_in(&party, &desk.config.system);
        let room = MAX_OVERLAP.saturating_sub(self.digits);
        // `#` ends dialling.
        let digits: String = clean.chars().take_while(|digit| *digit != '#').take(room).collect();
        let complete = complete || clean.contains('#') || digits.len() == room;
        self.digits += digits.len();
        self.timer = if complete { None } else { Some((desk.at(wire.times.t302), "T302")) };
        desk.leg(LegEvent::MoreDigits { leg: self.leg, digits, complete });
    }

    fn disconnect(&mut self, desk: &mut Desk, wire: Wire, cause: u8, in_band: bool) {
        let cause = Cause::from_received(cause);
        let outgoing = self.is_outgoing() || self.state == State::CallDelivered;
        if outgoing && in_band && self.channel.is_some() {
            self.proceeding(desk, wire);
            self.cause = Some(cause);
            self.state = State::DisconnectIndication;
            self.timer = Some((desk.at(wire.times.t306), "T306"));
            desk.leg(LegEvent::Progress { leg: self.leg, in_band: true, cause: Some(cause) });
            return;
        }
        self.clear(desk, wire, cause);
    }
}
