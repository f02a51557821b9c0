//! Trunks are tried one after the other.
//!
//! The next trunk is tried when one is down, full or silent, or fails with a cause that the route names.
//! It is not tried once the party was alerted or the caller has heard the far end: then the call
//! did arrive, the cause is the party's or the network's own, and the caller has been told. (So do
//! the hunting dial peers of the field's gateways.)
//!
//! An emergency call is tried everywhere, whatever the cause and whatever was heard, and when all
//! trunks have failed it is tried again; a full trunk is made free for it.

use super::{Call, Stage, Timer};
use crate::caller_id;
use crate::desk::{Ask, Desk};
use crate::leg::Leg;
use crate::route::{Outside, number_for};
use demarc_model::config::{Extension, TrunkId};
use demarc_model::live::LegState;
use demarc_model::{CallerId, Cause, LegCommand, LegId, Party};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// How often an emergency call tries all its trunks.
const EMERGENCY_ROUNDS: u8 = 10;
/// How long it waits for a line before it tries again all the same.
const EMERGENCY_WAIT: Duration = Duration::from_secs(3);

/// A trunk is tried.
#[derive(Debug)]
pub(super) struct Attempt {
    outside: Outside,
    /// Trunks to be tried.
    queue: VecDeque<TrunkId>,
    /// The leg that is tried now.
    current: Option<LegId>,
    /// Trunks that had no free channel.
    full: BTreeSet<TrunkId>,
    /// Why the last one failed, and its words.
    failure: (Cause, Option<String>),
    /// How often all trunks were tried.
    rounds: u8,
    /// The number is not whole yet.
    open: bool,
}

impl Attempt {
    /// More of the number; the leg that is to have it.
    pub(super) fn dialled_on(&mut self, digits: &str) -> Option<LegId> {
        self.outside.number.push_str(digits);
        self.current
    }

    /// The number is not whole yet.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// The number is whole. True when it was not.
    pub(super) fn close(&mut self) -> bool {
        std::mem::take(&mut self.open)
    }

    /// Is the next trunk to be tried after this failure?
    fn wants_another(&self, leg: &Leg, heard: bool, cause: Cause) -> bool {
        if self.outside.emergency {
            return true;
        }
        let refused_at_once = !leg.proceeding && (is_full(cause) || is_down(cause) || is_silent(cause));
        !leg.alerted && !heard && (refused_at_once || self.outside.retry_causes.contains(&cause))
    }
}

/// The trunk has no free channel.
fn is_full(cause: Cause) -> bool {
    matches!(cause, Cause::NO_CIRCUIT | Cause::REQUESTED_CIRCUIT_UNAVAILABLE)
}

/// The trunk does not work.
fn is_down(cause: Cause) -> bool {
    matches!(cause, Cause::DESTINATION_OUT_OF_ORDER | Cause::NETWORK_OUT_OF_ORDER)
}

/// The far end did not say a word: what it would have said nobody knows.
fn is_silent(cause: Cause) -> bool {
    cause == Cause::RECOVERY_ON_TIMER
}

impl Call {
    /// Tries the trunks of a way. `open`: the number is not whole yet.
    pub(super) fn go_outside(&mut self, desk: &mut Desk, outside: Outside, open: bool) {
        let emergency = outside.emergency;
        self.record.emergency = emergency;
        let queue = self.usable(&outside);
        let failure = (Cause::NETWORK_OUT_OF_ORDER, Some("every trunk of the route is switched off".into()));
        let full = BTreeSet::new();
        let attempt = Attempt { outside, queue, current: None, full, failure, rounds: 0, open };
        self.stage = Stage::Outside(Box::new(attempt));
        self.next_trunk(desk);
        if let (true, Some(leg)) = (emergency, self.caller) {
            desk.leg(LegCommand::Emergency { leg });
        }
    }

    /// The trunks of a way that are in use, in order.
    fn usable(&self, outside: &Outside) -> VecDeque<TrunkId> {
        let enabled = |id: &TrunkId| self.config.trunks.iter().any(|t| t.id == *id && t.enabled);
        outside.trunks.iter().copied().filter(enabled).collect()
    }

    /// Tries the next trunk; ends the call when there is none left.
    pub(super) fn next_trunk(&mut self, desk: &mut Desk) {
        let config = self.config.clone();
        loop {
            let Stage::Outside(attempt) = &mut self.stage else { return };
            if attempt.current.is_some() {
                return;
            }
            let Some(id) = attempt.queue.pop_front() else { return self.all_failed(desk) };
            let Some(trunk) = config.trunks.iter().find(|t| t.id == id) else { continue };
            let outside = &attempt.outside;
            let number = number_for(&config, outside, &trunk.kind);
            let caller = outside.caller.clone().unwrap_or_else(|| self.caller_outside(trunk.is_private()));
            self.record.to.clone_from(&trunk.name);
            let detail = format!("trunk “{}” is called with {number}", trunk.name);
            let leg = self.dial(desk, Party::Trunk(id), trunk.name.clone(), number, caller, None);
            desk.note(self.caller.unwrap_or(leg), "Trunk", detail);
            if let Stage::Outside(attempt) = &mut self.stage {
                attempt.current = Some(leg);
            }
            self.timers.remove(&Timer::Redial);
            if !self.record.emergency {
                self.set_timer(desk, Timer::Ring, self.ring_timeout());
            }
            return;
        }
    }

    /// Who calls, as the outside is to see it, or a private exchange of ours.
    fn caller_outside(&self, private: bool) -> CallerId {
        let Stage::Outside(attempt) = &self.stage else { return self.identity.clone() };
        let outside = &attempt.outside;
        // Who forwards a call pays for it, and is shown.
        let diverted = self.diverted_by.and_then(|id| self.config.extensions.iter().find(|e| e.id == id));
        if let Some(extension) = diverted {
            let name = Some(extension.name.clone());
            let inside = CallerId { name, presentation: self.identity.presentation, ..CallerId::default() };
            return caller_id::to_trunk(
                &outside.caller_id,
                &inside,
                Some(extension),
                outside.emergency,
                private,
            );
        }
        let extension = match self.from {
            Some(Party::Device(device)) => caller_id::extension_of(&self.config, device),
            Some(Party::Trunk(id)) if self.is_private(id) => {
                return caller_id::private_to_trunk(&outside.caller_id, &self.identity, outside.emergency);
            }
            Some(Party::Trunk(_)) | None => None,
        };
        let shown = extension.cloned().map(|e| Extension { withhold: e.withhold && !self.shows, ..e });
        caller_id::to_trunk(&outside.caller_id, &self.identity, shown.as_ref(), outside.emergency, private)
    }

    /// The leg on a trunk is gone.
    pub(super) fn trunk_failed(&mut self, desk: &mut Desk, leg: &Leg, cause: Cause, reason: Option<String>) {
        let heard = self.heard == Some(leg.id);
        let Stage::Outside(attempt) = &mut self.stage else { return };
        if attempt.current != Some(leg.id) {
            return;
        }
        attempt.current = None;
        if let Party::Trunk(trunk) = leg.party
            && is_full(cause)
            && !leg.alerted
        {
            attempt.full.insert(trunk);
        }
        let (another, open) = (attempt.wants_another(leg, heard, cause), attempt.open);
        attempt.failure = (cause, reason.clone());
        if !another {
            return self.give_up(desk, cause, reason);
        }
        self.timers.remove(&Timer::Ring);
        self.stop_listening(desk);
        if open {
            return self.waits_for_the_rest(desk, leg, cause);
        }
        let on = self.caller.unwrap_or(leg.id);
        desk.note(on, "Retry", format!("trunk “{}” failed with cause {cause}: the next is tried", leg.name));
        self.next_trunk(desk);
    }

    /// The far end is about to explain a failure. When another trunk may do better the caller need
    /// not hear it: leaves this one and returns true.
    pub(super) fn try_elsewhere(&mut self, desk: &mut Desk, leg: LegId, cause: Cause) -> bool {
        let heard = self.heard == Some(leg);
        let Stage::Outside(attempt) = &self.stage else { return false };
        let Some(found) = self.legs.get_mut(&leg) else { return false };
        let more = !attempt.queue.is_empty() || attempt.outside.emergency;
        if !more || !attempt.wants_another(found, heard, cause) {
            return false;
        }
        found.state = LegState::Clearing;
        desk.hangup(leg, cause);
        // It stays a leg of the call until it has ended, but it is no longer the one that is tried.
        let left = found.clone();
        self.trunk_failed(desk, &left, cause, None);
        true
    }

    fn all_failed(&mut self, desk: &mut Desk) {
        let id = self.id;
        let again = match &self.stage {
            Stage::Outside(attempt) if attempt.outside.emergency && attempt.rounds < EMERGENCY_ROUNDS => {
                self.usable(&attempt.outside)
            }
            _ => VecDeque::new(),
        };
        let Stage::Outside(attempt) = &mut self.stage else { return };
        if again.is_empty() {
            let (cause, reason) = attempt.failure.clone();
            return self.give_up(desk, cause, reason);
        }
        attempt.rounds += 1;
        attempt.queue = again;
        let trunks: Vec<_> = std::mem::take(&mut attempt.full).into_iter().collect();
        if !trunks.is_empty() {
            desk.asks.push(Ask::FreeTrunk { call: id, trunks });
        }
        self.set_timer(desk, Timer::Redial, EMERGENCY_WAIT);
        if let Some(leg) = self.caller {
            desk.note(leg, "Emergency", "every trunk has failed: the call waits for a line and tries again");
        }
    }

    /// A line on `trunk` has become free for this emergency call.
    pub fn line_freed(&mut self, desk: &mut Desk, trunk: TrunkId) {
        if let Stage::Outside(attempt) = &mut self.stage
            && attempt.current.is_none()
        {
            attempt.queue.retain(|t| *t != trunk);
            attempt.queue.push_front(trunk);
            self.next_trunk(desk);
        }
    }
}
