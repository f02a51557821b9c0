//! Two parties talk: joining, hold, digits, and the end of a leg.

use super::{Call, Stage};
use crate::bridge;
use crate::desk::Desk;
use demarc_model::media::Source;
use demarc_model::{Cause, LegId};

impl Call {
    /// Lets each of two talking parties hear what it should; says so only where that changed.
    pub(super) fn join(&mut self, desk: &mut Desk) {
        let (Stage::Talking { peer }, Some(caller)) = (&self.stage, self.caller) else { return };
        for (party, other) in [(caller, *peer), (*peer, caller)] {
            let (Some(a), Some(b)) = (self.legs.get(&party), self.legs.get(&other)) else { continue };
            let source = match self.third {
                // The party in the middle hears what one of its two calls says.
                Some(third) if !third.leads && self.middle == Some(party) => continue,
                Some(third) => bridge::with_third(a, b, third.stream),
                None => bridge::source(a, b),
            };
            if let Some(leg) = self.legs.get_mut(&party) {
                leg.state = bridge::state(leg);
            }
            self.hear(desk, party, source);
        }
    }

    /// Lets a party hear something, if it does not hear it already.
    pub(super) fn hear(&mut self, desk: &mut Desk, leg: LegId, source: Source) {
        let away = matches!(self.stage, Stage::Served { .. });
        let Some(leg) = self.legs.get_mut(&leg) else { return };
        if let Some(stream) = leg.stream
            && leg.hears.as_ref() != Some(&source)
        {
            // Who has a service on hold may be listening to another call on the same stream.
            if !(away && leg.held) {
                desk.play(stream, source.clone());
            }
            leg.hears = Some(source);
        }
    }

    pub(super) fn held(&mut self, desk: &mut Desk, leg: LegId, change: impl Fn(bool) -> bool) {
        if let Stage::Served { .. } = self.stage
            && let Some(leg) = self.legs.get_mut(&leg).filter(|leg| leg.is_live() && leg.answered)
        {
            let was = leg.held;
            leg.held = change(was);
            leg.state = bridge::state(leg);
            if let (true, false, Some(stream), Some(source)) = (was, leg.held, leg.stream, &leg.hears) {
                desk.play(stream, source.clone());
            }
            return;
        }
        if let Stage::Talking { .. } = self.stage
            && let Some(leg) = self.legs.get_mut(&leg).filter(|leg| leg.is_live())
        {
            leg.held = change(leg.held);
            self.join(desk);
        }
    }

    pub(super) fn digit(&mut self, desk: &mut Desk, leg: LegId, digit: char, out_of_band: bool) {
        let other = match &self.stage {
            Stage::Served { leg: served, .. } if *served == leg => {
                return self.serve(desk, |service| service.digit(digit));
            }
            Stage::Talking { peer } if self.caller == Some(leg) => Some(*peer),
            Stage::Talking { peer } if *peer == leg => self.caller,
            // A machine outside may want digits before it answers.
            Stage::Outside(_) if self.caller == Some(leg) => self.heard,
            _ => None,
        };
        // Digits in the stream reach the other party through media.
        if out_of_band
            && let Some(other) = other.and_then(|id| self.legs.get(&id)).filter(|other| !other.held)
            && let Some(stream) = other.stream
        {
            desk.send_digits(stream, digit.to_string());
        }
    }

    pub(super) fn ended(&mut self, desk: &mut Desk, id: LegId, cause: Cause, reason: Option<String>) {
        let Some(leg) = self.legs.remove(&id) else { return };
        // A leg that was told to hang up has no say any more.
        if !leg.is_live() {
            return;
        }
        // When the far end explained a failure, that is the reason, not how it let go afterwards.
        let cause = leg.failing.unwrap_or(cause);
        match &self.stage {
            // Who hangs up after a failure was explained ends what had failed already.
            _ if self.caller == Some(id) => {
                let cause = self.explained().unwrap_or(cause);
                self.finish(desk, cause, reason);
            }
            Stage::Talking { .. } | Stage::Served { .. } => self.finish(desk, cause, reason),
            Stage::Parked { .. } => self.finish(desk, cause, reason),
            Stage::Inside(_) => self.phone_failed(desk, cause, reason),
            Stage::Outside(_) => self.trunk_failed(desk, &leg, cause, reason),
            Stage::Collecting | Stage::Over => {}
        }
    }
}
