//! Parties that move from one call to another: transfer, conference, pick-up, parking.
//!
//! Whoever moves keeps its leg. The call that it leaves is over, but its record is not: it goes
//! along ([`Call::also`]) and ends when the party that it is about goes, so that a call on a trunk is
//! recorded for as long as it lasts.

use super::{Call, Stage, Timer};
use crate::Output;
use crate::bridge;
use crate::desk::Desk;
use crate::extension::{Phone, Round};
use crate::leg::Leg;
use crate::route::Way;
use demarc_model::config::{DeviceId, ExtensionId};
use demarc_model::live::LegState;
use demarc_model::media::{Source, Tone};
use demarc_model::record::CallRecord;
use demarc_model::{CallId, CallerId, Cause, Config, LegCommand, LegId, Party, StreamId};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// How long a call is parked before it rings back.
const PARKED: Duration = Duration::from_secs(120);
/// Records that go along with a call; older ones end at once.
const MAX_ALSO: usize = 16;

/// Who comes back to whom when a transfer or a parked call is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recall {
    device: DeviceId,
    extension: ExtensionId,
}

/// The third party of a conference, which is in another call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Third {
    pub call: CallId,
    /// Its audio.
    pub stream: StreamId,
    /// This call tells the party in the middle what it hears; the other call does not.
    pub leads: bool,
}

impl Mover {
    /// It answers for this extension.
    pub fn at(mut self, extension: Option<ExtensionId>) -> Self {
        self.leg.extension = extension.or(self.leg.extension);
        self
    }
}

/// A party on its way to another call, with all that is to go along.
#[derive(Debug)]
pub(crate) struct Mover {
    leg: Leg,
    records: Vec<CallRecord>,
    recall: Option<Recall>,
    /// Who it is, to be shown when the call goes back.
    identity: CallerId,
}

impl Call {
    /// The other party of somebody who talks here.
    pub fn peer_of(&self, leg: LegId) -> Option<&Leg> {
        let Stage::Talking { peer } = self.stage else { return None };
        let other = match self.caller {
            Some(caller) if caller == leg => peer,
            caller if peer == leg => caller?,
            _ => return None,
        };
        self.legs.get(&other).filter(|other| other.is_live())
    }

    /// Is this the caller of a party that is still being tried?
    pub fn is_trying_for(&self, leg: LegId) -> bool {
        self.caller == Some(leg) && matches!(self.stage, Stage::Inside(_) | Stage::Outside(_))
    }

    /// A leg of this call, while it lives.
    pub fn leg(&self, id: LegId) -> Option<&Leg> {
        self.legs.get(&id).filter(|leg| leg.is_live())
    }

    /// A leg of this party that has its other party on hold.
    pub fn held_by(&self, party: Party) -> Option<LegId> {
        self.legs
            .values()
            .find(|leg| leg.party == party && leg.held && self.peer_of(leg.id).is_some())
            .map(|leg| leg.id)
    }

    /// Takes the other party of `leg` out of this call, which is over then; `leg` is told to hang up.
    pub fn take_peer(&mut self, desk: &mut Desk, leg: LegId) -> Option<Mover> {
        let (peer, party) = (self.peer_of(leg)?.id, self.legs.get(&leg)?.party);
        let identity = self.identity_of(peer);
        let moved = self.legs.remove(&peer)?;
        let recall = self.recall_for(party);
        Some(Mover { leg: moved, records: self.dissolve(desk), recall, identity })
    }

    /// Takes the caller out of this call, which is over then; its record ends with these words.
    pub fn take_caller(&mut self, desk: &mut Desk, reason: String) -> Option<Mover> {
        let leg = self.legs.remove(&self.caller?)?;
        self.finish(desk, Cause::NORMAL_CLEARING, Some(reason));
        Some(Mover { leg, records: Vec::new(), recall: None, identity: self.identity.clone() })
    }

    /// Nothing is left of this call but legs that go. Its records are handed over.
    fn dissolve(&mut self, desk: &mut Desk) -> Vec<CallRecord> {
        self.stage = Stage::Over;
        self.timers.clear();
        self.third = None;
        for leg in self.legs.values_mut().filter(|leg| leg.is_live()) {
            leg.state = LegState::Clearing;
            desk.hangup(leg.id, Cause::NORMAL_CLEARING);
        }
        let mut records = std::mem::take(&mut self.also);
        if self.is_begun() {
            records.push(self.record.clone());
        }
        records
    }

    /// Who a party of this call is.
    fn identity_of(&self, leg: LegId) -> CallerId {
        if self.caller == Some(leg) {
            return self.identity.clone();
        }
        let leg = self.legs.get(&leg);
        let extension = leg.and_then(|leg| leg.extension);
        let extension = extension.and_then(|id| self.config.extensions.iter().find(|e| e.id == id));
        CallerId {
            number: extension.map(|e| e.number.clone()),
            name: extension.map(|e| e.name.clone()).or_else(|| leg.map(|leg| leg.name.clone())),
            ..CallerId::default()
        }
    }

    fn recall_for(&self, party: Party) -> Option<Recall> {
        let Party::Device(device) = party else { return None };
        let extension = crate::caller_id::extension_of(&self.config, device)?;
        Some(Recall { device, extension: extension.id })
    }

    fn adopt(&mut self, desk: &mut Desk, mover: Mover) -> LegId {
        let Mover { mut leg, records, .. } = mover;
        let id = leg.id;
        leg.held = false;
        desk.legs.insert(id, self.id);
        self.legs.insert(id, leg);
        self.also.extend(records);
        while self.also.len() > MAX_ALSO {
            self.end_record(desk, 0, Cause::NORMAL_CLEARING);
        }
        id
    }

    fn end_record(&mut self, desk: &mut Desk, at: usize, cause: Cause) {
        let mut record = self.also.remove(at);
        record.ended_ms = Some(desk.wall_ms());
        record.cause = Some(cause);
        desk.out.push_back(Output::Record(Box::new(record)));
    }

    /// Every record that came along ends with the call.
    pub(super) fn end_also(&mut self, desk: &mut Desk, cause: Cause) {
        while !self.also.is_empty() {
            self.end_record(desk, 0, cause);
        }
    }

    /// Attended transfer: `mover` takes the place of `leg`, which talks here and goes.
    pub fn replace(&mut self, desk: &mut Desk, leg: LegId, mover: Mover) {
        let name = mover.leg.name.clone();
        let id = self.adopt(desk, mover);
        if let Some(gone) = self.legs.get_mut(&leg) {
            gone.state = LegState::Clearing;
            desk.hangup(leg, Cause::NORMAL_CLEARING);
        }
        if self.caller == Some(leg) {
            self.caller = Some(id);
        } else {
            self.stage = Stage::Talking { peer: id };
        }
        self.third = None;
        self.transferred(desk, id, &name);
        self.join(desk);
        self.offer_to_network(desk);
    }

    /// Transfer to a party that still rings: `mover` waits for it in the place of the caller.
    pub fn replace_caller(&mut self, desk: &mut Desk, mover: Mover) {
        let Some(old) = self.caller else { return };
        let (name, recall) = (mover.leg.name.clone(), mover.recall);
        self.waits = Some(mover.identity.clone());
        let id = self.adopt(desk, mover);
        if let Some(gone) = self.legs.get_mut(&old) {
            gone.state = LegState::Clearing;
            desk.hangup(old, Cause::NORMAL_CLEARING);
        }
        self.caller = Some(id);
        self.recall = recall;
        self.transferred(desk, id, &name);
        self.await_answer(desk);
    }

    /// What a transferred party hears while it waits.
    fn await_answer(&mut self, desk: &mut Desk) {
        let Some(id) = self.caller else { return };
        if let Some(heard) = self.heard {
            return self.play_early(desk, heard);
        }
        let alerted = self.trying().any(|leg| leg.alerted);
        let source = if alerted { self.ringback() } else { Source::Silence };
        if let Some(leg) = self.legs.get_mut(&id)
            && alerted
        {
            leg.state = LegState::Alerting;
        }
        self.hear(desk, id, source);
    }

    pub(super) fn ringback(&self) -> Source {
        Source::Tone(Tone::from(&self.config.system.country.plan().ringback))
    }

    fn transferred(&mut self, desk: &mut Desk, id: LegId, name: &str) {
        desk.note(id, "Transferred", format!("{name} takes part in call {}", self.id));
        self.record.reason = Some(format!("transferred to {name}"));
        self.write(desk);
    }

    /// Two parties on one network: it may connect them without us.
    pub(super) fn offer_to_network(&self, desk: &mut Desk) {
        let (Stage::Talking { peer }, Some(caller)) = (&self.stage, self.caller) else { return };
        let trunk = |id: &LegId| self.legs.get(id).and_then(|leg| self.network_of(leg.party));
        if let (Some(a), Some(b)) = (trunk(&caller), trunk(peer))
            && a == b
        {
            desk.leg(LegCommand::Join { leg: caller, with: *peer });
        }
    }

    /// A blind transfer: a call of `mover` to a number that `party` gave, and that has been looked
    /// up.
    pub fn blind(
        id: CallId,
        config: Arc<Config>,
        party: (DeviceId, String),
        number: String,
        way: Way,
        mover: Mover,
        desk: &mut Desk,
    ) -> Call {
        let identity = crate::caller_id::from_device(&config, party.0, &CallerId::default());
        let mut call = Call::new(id, config, identity, party.1, number, desk);
        call.from = Some(Party::Device(party.0));
        call.recall = mover.recall;
        call.waits = Some(mover.identity.clone());
        let name = mover.leg.name.clone();
        let leg = call.adopt(desk, mover);
        call.caller = Some(leg);
        call.transferred(desk, leg, &name);
        call.hear(desk, leg, Source::Silence);
        call.go(desk, way);
        call
    }

    /// Nobody took it: the call goes back to whoever transferred or parked it; else it ends.
    pub(super) fn give_up(&mut self, desk: &mut Desk, cause: Cause, reason: Option<String>) {
        let waits = self.caller.and_then(|id| self.leg(id)).is_some_and(|leg| leg.answered);
        let Some(recall) = self.recall.take().filter(|_| waits) else {
            return self.finish(desk, cause, reason);
        };
        let caller = self.caller;
        for leg in self.legs.values_mut().filter(|leg| leg.is_live() && Some(leg.id) != caller) {
            leg.state = LegState::Clearing;
            desk.hangup(leg.id, Cause::NO_ANSWER);
        }
        self.say(desk, "Recall", &format!("cause {cause}: the call goes back to who sent it"));
        self.timers.clear();
        self.heard = None;
        self.wanted = None;
        self.recalled = true;
        if let Some(identity) = self.waits.take() {
            self.identity = identity;
        }
        let phones = vec![Phone { device: recall.device, extension: recall.extension }];
        let round = Round { phones, limit: self.ring_timeout() };
        if let Some(id) = caller {
            let ringback = self.ringback();
            self.hear(desk, id, ringback);
        }
        self.ring(desk, VecDeque::from([round]), None);
    }

    /// Parks `mover` in a call of its own number.
    pub fn park(&mut self, desk: &mut Desk, leg: LegId, place: char) -> bool {
        let Some((peer, party)) = self.peer_of(leg).map(|p| p.id).zip(self.legs.get(&leg).map(|l| l.party))
        else {
            return false;
        };
        self.recall = self.recall_for(party);
        self.waits = Some(self.identity_of(peer));
        if let Some(gone) = self.legs.get_mut(&leg) {
            gone.state = LegState::Clearing;
            desk.hangup(leg, Cause::NORMAL_CLEARING);
        }
        self.caller = Some(peer);
        self.third = None;
        self.stage = Stage::Parked { place };
        if let Some(leg) = self.legs.get_mut(&peer) {
            leg.state = LegState::Held;
        }
        self.hear(desk, peer, Source::Tone(bridge::hold_tone()));
        self.set_timer(desk, Timer::Ring, PARKED);
        desk.note(peer, "Parked", format!("in place {place}"));
        true
    }

    /// In which place the call is parked.
    pub fn parked_in(&self) -> Option<char> {
        match self.stage {
            Stage::Parked { place } => Some(place),
            _ => None,
        }
    }

    /// `mover` takes a parked call, or one that rings elsewhere.
    pub fn taken_by(&mut self, desk: &mut Desk, mover: Mover) {
        let was_parked = self.parked_in().is_some();
        let id = self.adopt(desk, mover);
        let connected = (!self.identity.number.as_deref().unwrap_or_default().is_empty())
            .then(|| crate::caller_id::to_device(&self.config, &self.identity));
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.answered = true;
            leg.hears = None;
        }
        desk.leg(LegCommand::Answer { leg: id, connected });
        if was_parked {
            self.timers.remove(&Timer::Ring);
            self.stage = Stage::Talking { peer: id };
            self.recall = None;
            self.keep_longest(desk);
            return self.join(desk);
        }
        self.won(desk, id, None);
    }

    /// Does a telephone of one of these extensions ring for this call?
    pub fn rings_at(&self, extensions: &BTreeSet<ExtensionId>) -> bool {
        matches!(self.stage, Stage::Inside(_))
            && self.caller.is_some()
            && self.trying().any(|leg| {
                leg.alerted && leg.extension.is_some_and(|extension| extensions.contains(&extension))
            })
    }

    /// The party of `leg` talks with a third one as well.
    pub fn confer(&mut self, desk: &mut Desk, leg: LegId, third: Third) {
        self.third = Some(third);
        self.middle = Some(leg);
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.held = false;
            // Its two calls share one stream: what was said of it in the other counts no more.
            leg.hears = None;
        }
        self.join(desk);
    }

    /// The third party is no longer there.
    pub fn leave_conference(&mut self, desk: &mut Desk) {
        if self.third.take().is_some() {
            let middle = self.middle.take();
            if let Some(leg) = middle.and_then(|id| self.legs.get_mut(&id)) {
                leg.hears = None;
            }
            self.join(desk);
        }
    }

    /// The third party of a conference.
    pub fn third(&self) -> Option<Third> {
        self.third
    }

    /// Its telephones.
    pub fn devices(&self) -> impl Iterator<Item = DeviceId> + '_ {
        self.legs.values().filter(|leg| leg.is_live()).filter_map(|leg| match leg.party {
            Party::Device(device) => Some(device),
            Party::Trunk(_) => None,
        })
    }
}
