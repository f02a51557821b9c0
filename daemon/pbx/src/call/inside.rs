//! Telephones ring, in one round or in several.

use super::{Call, Stage, Timer};
use crate::caller_id;
use crate::desk::Desk;
use crate::extension::Round;
use crate::ring_group;
use demarc_model::config::RingGroupId;
use demarc_model::live::LegState;
use demarc_model::{Cause, Party};
use std::collections::VecDeque;
use std::time::Duration;

/// Telephones ring.
#[derive(Debug)]
pub(super) struct Inside {
    /// Rounds to come.
    rounds: VecDeque<Round>,
    /// The most telling cause so far, and its words.
    failure: Option<(Cause, Option<String>)>,
}

impl Inside {
    fn failed(&mut self, cause: Cause, reason: Option<String>) {
        if self.failure.as_ref().is_none_or(|(former, _)| telling(cause) > telling(*former)) {
            self.failure = Some((cause, reason));
        }
    }
}

/// When several telephones fail for several causes, the caller is told the one of the telephone
/// that came nearest to being answered.
fn telling(cause: Cause) -> u8 {
    match cause {
        Cause::NO_ANSWER => 5,
        Cause::USER_BUSY => 4,
        Cause::CALL_REJECTED => 3,
        Cause::NO_USER_RESPONDING => 2,
        Cause::SUBSCRIBER_ABSENT => 1,
        _ => 0,
    }
}

impl Call {
    pub(super) fn ring_group(&mut self, desk: &mut Desk, id: RingGroupId) {
        let found = self.config.ring_groups.iter().find(|g| g.id == id);
        self.record.to = found.map(|g| g.name.clone()).unwrap_or_default();
        self.wanted = None;
        for extension in found.map(|g| g.extensions.clone()).unwrap_or_default() {
            desk.memory.called(extension, &self.identity);
        }
        let undisturbed = found.is_some_and(|group| {
            self.config
                .extensions
                .iter()
                .any(|e| group.extensions.contains(&e.id) && e.features.do_not_disturb)
        });
        let failure = undisturbed.then_some((Cause::USER_BUSY, None));
        self.ring(desk, ring_group::rounds(&self.config, id), failure);
    }

    pub(super) fn ring(
        &mut self,
        desk: &mut Desk,
        rounds: VecDeque<Round>,
        failure: Option<(Cause, Option<String>)>,
    ) {
        self.stage = Stage::Inside(Inside { rounds, failure });
        self.next_round(desk);
    }

    /// Rings the next round that has a telephone; ends the call when there is none left.
    fn next_round(&mut self, desk: &mut Desk) {
        loop {
            let Stage::Inside(inside) = &mut self.stage else { return };
            let Some(round) = inside.rounds.pop_front() else {
                let (cause, reason) = inside.failure.take().unwrap_or((Cause::SUBSCRIBER_ABSENT, None));
                if self.forwarded_after(desk, cause) {
                    return;
                }
                return self.give_up(desk, cause, reason);
            };
            let mut dialled = false;
            for phone in &round.phones {
                // A telephone cannot ring while it calls, and nobody disturbs a call for help.
                let calls = self.from == Some(Party::Device(phone.device)) && !self.recalled;
                if calls || desk.call_for_help.contains(&phone.device) {
                    if let Stage::Inside(inside) = &mut self.stage {
                        inside.failed(Cause::USER_BUSY, None);
                    }
                    continue;
                }
                let Some(device) = self.config.devices.iter().find(|d| d.id == phone.device) else {
                    continue;
                };
                let (to, name) = (Party::Device(device.id), device.name.clone());
                let caller = caller_id::to_device(&self.config, &self.identity);
                self.dial(desk, to, name, self.digits.clone(), caller, Some(phone.extension));
                dialled = true;
            }
            if dialled {
                return self.set_timer(desk, Timer::Ring, round.limit);
            }
        }
    }

    /// A telephone that rang is gone.
    pub(super) fn phone_failed(&mut self, desk: &mut Desk, cause: Cause, reason: Option<String>) {
        if let Stage::Inside(inside) = &mut self.stage {
            inside.failed(cause, reason);
        }
        if self.trying().next().is_none() {
            self.stop_listening(desk);
            self.next_round(desk);
        }
    }

    /// The telephones of this round rang for as long as they may.
    pub(super) fn next_round_after(&mut self, desk: &mut Desk) {
        let caller = self.caller;
        let mut alerted = false;
        for leg in self.legs.values_mut().filter(|leg| leg.is_live() && Some(leg.id) != caller) {
            alerted |= leg.alerted;
            leg.state = LegState::Clearing;
            desk.hangup(leg.id, Cause::NO_ANSWER);
        }
        if let Stage::Inside(inside) = &mut self.stage {
            inside.failed(if alerted { Cause::NO_ANSWER } else { Cause::NO_USER_RESPONDING }, None);
        }
        self.stop_listening(desk);
        self.next_round(desk);
    }

    pub(super) fn ring_timeout(&self) -> Duration {
        Duration::from_secs(self.config.system.ring_timeout_s.into())
    }
}
