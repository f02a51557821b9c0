//! Call waiting: somebody calls a telephone that is in a call.
//!
//! The user hears the country's tone, over the call; the other party does not. After the first one
//! a telephone that can show it is told who calls (GR-30 §2.3, EN 300 659-2): the alerting signal,
//! the telephone's answer and the data are media's work ([`MediaCommand::SendCallWaitingId`]),
//! which also keeps them from the other party.

use super::{FxsLine, State};
use crate::caller_id;
use crate::desk::{Desk, Place, Timer};
use demarc_model::leg::Dial;
use demarc_model::media::{CallerIdForm, Tone};
use demarc_model::{CallerId, Cause, Country, LegEvent, LegId, MediaCommand};
use std::time::Duration;

/// The least between two tones: shorter ones only annoy.
const LEAST_GAP: Duration = Duration::from_secs(4);

/// Somebody who knocks.
#[derive(Debug)]
pub(super) struct Knock {
    pub(super) leg: LegId,
    /// Who it is, until the telephone was told.
    caller: Option<CallerId>,
    timer: Timer,
}

impl Knock {
    pub(super) fn poll_timeout(&self) -> Timer {
        self.timer
    }
}

impl FxsLine {
    /// One call besides the one that is active, and only where the user wants to hear of it.
    pub(super) fn may_knock(&self, desk: &Desk) -> bool {
        let wanted = self.extension(&desk.config).is_some_and(|features| features.call_waiting);
        wanted && self.knock.is_none() && self.held.is_none()
    }

    pub(super) fn knock(&mut self, desk: &mut Desk, dial: &Dial) {
        let Some(stream) = self.stream else { return desk.ended(dial.leg, Cause::USER_BUSY, None) };
        let country = desk.config.system.country;
        desk.settle(dial.leg, Place::Port(self.channel));
        let caller = Some(caller_id::shown(&dial.caller, country));
        self.knock = Some(Knock { leg: dial.leg, caller, timer: None });
        desk.leg(LegEvent::Proceeding { leg: dial.leg, stream, place: self.channel.to_string() });
        desk.leg(LegEvent::Alerting { leg: dial.leg, in_band: false });
        self.knock_on(desk);
        desk.changed();
    }

    pub(super) fn knock_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        if self.knock.as_ref().and_then(Knock::poll_timeout).is_some_and(|(at, _)| at <= now) {
            self.knock_on(desk);
        }
    }

    /// The tone; after the first one, who it is.
    fn knock_on(&mut self, desk: &mut Desk) {
        let country = desk.config.system.country;
        let (tone, gap) = tone(country);
        let length = Duration::from_millis(tone.parts.iter().map(|part| u64::from(part.ms)).sum());
        // While a digit is awaited, or nobody talks, there is nothing to sound over.
        let talks = matches!(self.state, State::Active);
        let Some(knock) = &mut self.knock else { return };
        let identify = knock.timer.is_some_and(|(_, why)| why == "call-waiting identity");
        knock.timer = Some((desk.at(gap), "call-waiting tone"));
        // A telephone that was left off hook has no audio any more, after the howler.
        let Some(stream) = self.stream.filter(|_| talks) else { return };
        if identify {
            if let Some(caller) = knock.caller.take() {
                let (form, clock) = (country.plan().caller_id.form, caller_id::clock(desk.now));
                desk.media(MediaCommand::SendCallWaitingId { stream, caller, form, clock });
            }
            return;
        }
        desk.media(MediaCommand::Interject { stream, tone });
        if knock.caller.is_some() && has_form(country) {
            knock.timer = Some((desk.at(length), "call-waiting identity"));
        }
    }
}

/// Can the country's telephones show who knocks? DTMF has no form for it, and Japan's differs.
fn has_form(country: Country) -> bool {
    matches!(country.plan().caller_id.form, CallerIdForm::Bell202 | CallerIdForm::V23)
}

/// One call-waiting tone, and the time to the next.
fn tone(country: Country) -> (Tone, Duration) {
    let mut tone = country.plan().call_waiting.tone();
    let mut gap = 0;
    while let Some(last) = tone.parts.last().filter(|part| part.f1 == 0.0) {
        gap += last.ms;
        tone.parts.pop();
    }
    tone.repeat = false;
    (tone, Duration::from_millis(gap.into()).max(LEAST_GAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_knocks_briefly_and_again_and_again() {
        for country in Country::ALL {
            let (tone, gap) = tone(country);
            let length: u32 = tone.parts.iter().map(|part| part.ms).sum();
            assert!((50..=2000).contains(&length), "{country:?}: {length} ms");
            assert!(tone.parts.iter().all(|part| part.ms > 0), "{country:?}");
            assert!(gap >= LEAST_GAP && gap <= Duration::from_secs(20), "{country:?}: {gap:?}");
        }
    }
}
