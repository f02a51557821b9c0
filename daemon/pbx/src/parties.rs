//! What concerns two calls at once: transfer, conference, pick-up, parking.
//!
//! Both calls are taken from the shelf, work on each other, and are put back.

use crate::Output;
use crate::call::{Call, Third};
use crate::pbx::Pbx;
use crate::route::{self, Decision, Dialled};
use demarc_model::config::{DeviceId, ExtensionId, Feature};
use demarc_model::{CallId, Cause, LegCommand, LegId, Now, Party};
use std::collections::BTreeSet;

impl Pbx {
    /// Blind transfer: the other party of `leg` is sent to a number.
    pub(crate) fn transfer(&mut self, now: Now, leg: LegId, to: &str) {
        let Some(id) = self.call_of(leg) else { return };
        let known = self.calls.get(&id).and_then(|call| {
            call.peer_of(leg)?;
            call.leg(leg).map(|leg| (leg.party, leg.name.clone()))
        });
        // Only a telephone of ours may send somebody on: the outside pays for nothing here.
        let Some((Party::Device(device), name)) = known else {
            return self.refuse_transfer(leg, Cause::WRONG_CALL_STATE);
        };
        let way = match route::dialled(&self.config, to, true) {
            Dialled::Number(Decision::Go(way)) => way,
            Dialled::Number(Decision::Refuse { cause, .. }) => return self.refuse_transfer(leg, cause),
            Dialled::Feature { feature: Feature::Park, argument } => {
                let place = argument.chars().next().unwrap_or('0');
                if self.in_place(place).is_some() {
                    return self.refuse_transfer(leg, Cause::USER_BUSY);
                }
                return self.with(now, id, |call, desk| {
                    call.park(desk, leg, place);
                });
            }
            Dialled::Number(Decision::NeedDigits) | Dialled::Feature { .. } => {
                return self.refuse_transfer(leg, Cause::INVALID_NUMBER_FORMAT);
            }
        };
        let mut mover = None;
        self.part(now, id);
        self.with(now, id, |call, desk| mover = call.take_peer(desk, leg));
        let Some(mover) = mover else { return };
        let (party, to) = ((device, name), to.to_owned());
        self.begin(now, |id, config, desk| Call::blind(id, config, party, to, way, mover, desk));
    }

    /// Attended transfer: the other parties of two calls of one telephone are joined.
    pub(crate) fn transfer_to(&mut self, now: Now, leg: LegId, other: LegId) {
        let Some((first, second)) = self.two_calls(leg, other) else {
            return self.refuse_transfer(leg, Cause::WRONG_CALL_STATE);
        };
        self.part(now, first);
        let talks = |id: CallId, leg: LegId| self.calls.get(&id).is_some_and(|c| c.peer_of(leg).is_some());
        let tries = |id: CallId, leg: LegId| self.calls.get(&id).is_some_and(|c| c.is_trying_for(leg));
        let (from, gone, to, left) = match (talks(first, leg), talks(second, other)) {
            // The call that was there first goes on.
            (true, true) => (second, other, first, leg),
            (true, false) if tries(second, other) => (first, leg, second, other),
            (false, true) if tries(first, leg) => (second, other, first, leg),
            _ => return self.refuse_transfer(leg, Cause::WRONG_CALL_STATE),
        };
        let mut mover = None;
        self.with(now, from, |call, desk| mover = call.take_peer(desk, gone));
        let Some(mover) = mover else { return };
        self.with(now, to, |call, desk| match call.is_trying_for(left) {
            true => call.replace_caller(desk, mover),
            false => call.replace(desk, left, mover),
        });
    }

    /// Conference: a telephone talks with both parties at once.
    pub(crate) fn confer(&mut self, now: Now, leg: LegId, other: LegId) {
        let Some((first, second)) = self.two_calls(leg, other) else { return };
        let stream = |id: CallId, leg: LegId| self.calls.get(&id)?.peer_of(leg)?.stream;
        let own = |id: CallId, leg: LegId| self.calls.get(&id)?.leg(leg)?.stream;
        // A telephone with two streams mixes by itself.
        let one_telephone = own(first, leg).is_some() && own(first, leg) == own(second, other);
        let (Some(x), Some(y), true) = (stream(first, leg), stream(second, other), one_telephone) else {
            return;
        };
        let with_y = Third { call: second, stream: y, leads: true };
        let with_x = Third { call: first, stream: x, leads: false };
        self.with(now, first, |call, desk| call.confer(desk, leg, with_y));
        self.with(now, second, |call, desk| call.confer(desk, other, with_x));
    }

    /// A conference is over: what is left of it is a call again.
    pub(crate) fn part(&mut self, now: Now, id: CallId) {
        let Some(third) = self.calls.get(&id).and_then(Call::third) else { return };
        for id in [id, third.call] {
            self.with(now, id, Call::leave_conference);
        }
    }

    /// A telephone wants a call that rings at another member of one of its groups.
    pub(crate) fn pick_up(&mut self, now: Now, id: CallId, leg: LegId, extension: ExtensionId) {
        let groups = self.config.ring_groups.iter().filter(|group| group.extensions.contains(&extension));
        let mut members: BTreeSet<ExtensionId> = groups.flat_map(|group| group.extensions.clone()).collect();
        members.insert(extension);
        let found = self.calls.values().find(|call| call.rings_at(&members)).map(Call::id);
        match found {
            Some(found) => self.take(now, id, found, leg, Some(extension)),
            None => self.with(now, id, |call, desk| call.refuse_feature(desk, "nobody is being called")),
        }
    }

    /// A telephone parks what it has on hold, or takes what is parked.
    pub(crate) fn park(&mut self, now: Now, id: CallId, leg: LegId, device: DeviceId, place: char) {
        let party = Party::Device(device);
        let held = self.calls.values().find_map(|call| Some((call.id(), call.held_by(party)?)));
        match (held, self.in_place(place)) {
            (Some((held, held_leg)), None) => {
                self.with(now, held, |call, desk| {
                    call.park(desk, held_leg, place);
                });
                self.with(now, id, Call::confirm);
            }
            (None, Some(parked)) => self.take(now, id, parked, leg, None),
            (Some(_), Some(_)) => {
                self.with(now, id, |call, desk| call.refuse_feature(desk, "somebody is parked there"));
            }
            (None, None) => {
                self.with(now, id, |call, desk| call.refuse_feature(desk, "nobody is parked there"))
            }
        }
    }

    /// The caller of `id` takes the call `found`.
    fn take(&mut self, now: Now, id: CallId, found: CallId, leg: LegId, extension: Option<ExtensionId>) {
        let mut mover = None;
        let words = format!("took call {found}");
        self.with(now, id, |call, desk| {
            desk.note(leg, "Picked up", words.as_str());
            mover = call.take_caller(desk, words);
        });
        if let Some(mover) = mover {
            self.with(now, found, |call, desk| call.taken_by(desk, mover.at(extension)));
        }
    }

    fn in_place(&self, place: char) -> Option<CallId> {
        self.calls.values().find(|call| call.parked_in() == Some(place)).map(Call::id)
    }

    /// Two different calls of one party.
    fn two_calls(&self, leg: LegId, other: LegId) -> Option<(CallId, CallId)> {
        let (first, second) = (self.call_of(leg)?, self.call_of(other)?);
        let party = |id: CallId, leg: LegId| Some(self.calls.get(&id)?.leg(leg)?.party);
        let one = party(first, leg)?;
        let same = Some(one) == party(second, other) && matches!(one, Party::Device(_));
        (first != second && same).then_some((first, second))
    }

    fn refuse_transfer(&mut self, leg: LegId, cause: Cause) {
        // A leg that was told to hang up has no say any more.
        if self.call_of(leg).and_then(|id| self.calls.get(&id)).is_some_and(|call| call.leg(leg).is_some()) {
            self.outputs.push_back(Output::Leg(LegCommand::TransferRefused { leg, cause }));
        }
    }
}
