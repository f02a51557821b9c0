//! All calls together.

use crate::call::Call;
use crate::desk::{Ask, Desk};
use crate::emergency;
use crate::memory::Memory;
use crate::{Input, Output};
use demarc_model::config::{ExtensionSetting, TrunkId};
use demarc_model::live::LiveCall;
use demarc_model::{
    CallId, CallerId, Cause, Config, Instant, LegCommand, LegEvent, LegId, MessageWaiting, Now, Offer,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Beyond this many calls only emergency calls go on.
const MAX_CALLS: usize = 500;
/// Beyond this many, offers are refused before they are looked at.
const MAX_OFFERS: usize = 600;
/// Calls that are to be made a little later.
const MAX_CALL_BACKS: usize = 32;
/// How much later.
const CALL_BACK_AFTER: Duration = Duration::from_secs(2);

/// Call control of one gateway.
///
/// Drive it as every machine here: after each `handle_*` call, drain [`Pbx::poll_output`]; call
/// [`Pbx::handle_timeout`] when [`Pbx::poll_timeout`] is due.
#[derive(Debug)]
pub struct Pbx {
    pub(crate) config: Arc<Config>,
    started_s: u64,
    last_call: u64,
    last_leg: u64,
    pub(crate) calls: BTreeMap<CallId, Call>,
    /// Every leg from its `Offered` or `Dial` to its `Ended`.
    pub(crate) legs: BTreeMap<LegId, CallId>,
    /// The legs whose end an emergency call waits for.
    awaited: BTreeMap<LegId, CallId>,
    call_backs: VecDeque<CallBack>,
    memory: Memory,
    pub(crate) outputs: VecDeque<Output>,
}

/// A call that is to be made.
#[derive(Debug)]
struct CallBack {
    at: Instant,
    number: String,
    caller: CallerId,
}

impl Pbx {
    /// Call control with no calls. `started_at_unix_s` begins the call ids: seconds since 1970.
    pub fn new(config: Arc<Config>, started_at_unix_s: u64) -> Self {
        Self {
            config,
            started_s: started_at_unix_s,
            last_call: 0,
            last_leg: 0,
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            awaited: BTreeMap::new(),
            call_backs: VecDeque::new(),
            memory: Memory::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes one input. Drain [`Pbx::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Config(config) => self.config = config,
            Input::MessageWaiting(waiting) => self.messages_wait(&waiting),
            Input::HangUp { call } => {
                let reason = Some("ended by an administrator".into());
                self.with(now, call, |call, desk| call.finish(desk, Cause::NORMAL_CLEARING, reason));
            }
            Input::Leg(LegEvent::Offered(offer)) => self.offered(now, *offer),
            Input::Leg(event) => self.leg_event(now, event),
        }
    }

    /// Takes the passing of time. Drain [`Pbx::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        let is_due = |at: Instant| at <= now.mono;
        let due: Vec<CallId> = self
            .calls
            .iter()
            .filter(|(_, call)| call.next_timeout().is_some_and(|(at, _)| is_due(at)))
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            self.with(now, id, Call::timeout);
        }
        while self.call_backs.front().is_some_and(|call| is_due(call.at)) {
            if let Some(CallBack { number, caller, .. }) = self.call_backs.pop_front()
                && self.calls.len() < MAX_CALLS
            {
                self.begin(now, |id, config, desk| Call::by_itself(id, config, number, caller, desk));
            }
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Pbx::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let calls = self.calls.values().filter_map(Call::next_timeout);
        calls.chain(self.call_backs.front().map(|call| (call.at, "call back"))).min()
    }

    /// The call that a leg belongs to, until the leg's `Ended`.
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    /// The calls as they are now, oldest first.
    pub fn live_calls(&self, _now: Now) -> Vec<LiveCall> {
        self.calls.values().filter(|call| call.is_begun()).map(Call::live).collect()
    }

    /// There is no call, and none is to be made.
    pub fn is_quiet(&self) -> bool {
        self.calls.is_empty() && self.legs.is_empty() && self.call_backs.is_empty()
    }

    fn offered(&mut self, now: Now, offer: Offer) {
        if self.legs.contains_key(&offer.leg) {
            return;
        }
        if self.calls.len() >= MAX_OFFERS {
            let refusal = LegCommand::Hangup { leg: offer.leg, cause: Cause::CONGESTION };
            return self.outputs.push_back(Output::Leg(refusal));
        }
        self.begin(now, |id, config, desk| Call::offered(id, config, offer, desk));
    }

    fn leg_event(&mut self, now: Now, event: LegEvent) {
        let leg = event.leg();
        let Some(id) = self.call_of(leg) else { return };
        match event {
            LegEvent::Transfer { to, .. } => return self.transfer(now, leg, &to),
            LegEvent::TransferTo { other, .. } => return self.transfer_to(now, leg, other),
            LegEvent::Conference { other, .. } => return self.confer(now, leg, other),
            LegEvent::Held { .. } => self.part(now, id),
            _ => {}
        }
        let freed = match event {
            LegEvent::Ended { .. } => {
                self.legs.remove(&leg);
                self.awaited.remove(&leg).zip(self.calls.get(&id).and_then(|call| call.trunk_of(leg)))
            }
            _ => None,
        };
        self.with(now, id, |call, desk| call.event(desk, event));
        if let Some((waiting, trunk)) = freed {
            self.with(now, waiting, |call, desk| call.line_freed(desk, trunk));
        }
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self, now: Now, begin: impl FnOnce(CallId, Arc<Config>, &mut Desk) -> Call) {
        self.last_call += 1;
        let id = CallId::new(self.started_s, self.last_call);
        let mut asks = Vec::new();
        let config = self.config.clone();
        let call = begin(id, config, &mut self.desk(now, &mut asks));
        self.calls.insert(id, call);
        self.settle(now, id, asks);
    }

    /// Lets a call work.
    pub(crate) fn with(&mut self, now: Now, id: CallId, work: impl FnOnce(&mut Call, &mut Desk)) {
        let Some(mut call) = self.calls.remove(&id) else { return };
        let mut asks = Vec::new();
        work(&mut call, &mut self.desk(now, &mut asks));
        self.calls.insert(id, call);
        self.settle(now, id, asks);
    }

    pub(crate) fn desk<'a>(&'a mut self, now: Now, asks: &'a mut Vec<Ask>) -> Desk<'a> {
        let in_need = self.calls.values().filter(|call| call.is_emergency());
        Desk {
            call_for_help: in_need.flat_map(Call::devices).collect(),
            memory: &mut self.memory,
            now,
            out: &mut self.outputs,
            legs: &mut self.legs,
            last_leg: &mut self.last_leg,
            asks,
            crowded: self.calls.len() >= MAX_CALLS,
        }
    }

    /// After a call has worked: does what it asked for, and forgets it when it is over.
    pub(crate) fn settle(&mut self, now: Now, id: CallId, asks: Vec<Ask>) {
        self.outputs.push_back(Output::Changed);
        if self.calls.get(&id).is_some_and(Call::has_finished) {
            self.part(now, id);
        }
        if self.calls.get(&id).is_some_and(Call::is_over) {
            self.calls.remove(&id);
            self.awaited.retain(|_, waiting| *waiting != id);
        }
        for ask in asks {
            match ask {
                Ask::CallBack { number, caller } if self.call_backs.len() < MAX_CALL_BACKS => {
                    self.call_backs.push_back(CallBack { at: now.mono + CALL_BACK_AFTER, number, caller });
                }
                Ask::CallBack { .. } => {}
                Ask::PickUp { call, leg, extension } => self.pick_up(now, call, leg, extension),
                Ask::Park { call, leg, device, place } => self.park(now, call, leg, device, place),
                Ask::Set { extension, setting } => {
                    if Arc::make_mut(&mut self.config).set(extension, &setting) {
                        self.outputs.push_back(Output::Setting { extension, setting });
                    }
                }
                Ask::FreeTrunk { call, trunks } => self.free_trunk(now, call, &trunks),
            }
        }
    }

    /// The lamp of an extension shows that messages wait for its number, in one form or the other.
    fn messages_wait(&mut self, waiting: &MessageWaiting) {
        let system = &self.config.system;
        let mailbox = system.country.to_e164(&waiting.mailbox, &system.area_code);
        let owner = self.config.extensions.iter().find(|extension| {
            extension.number == waiting.mailbox || (mailbox.is_some() && extension.outside_number == mailbox)
        });
        let Some(extension) = owner.map(|extension| extension.id) else { return };
        let setting = ExtensionSetting::MessageWaiting(waiting.messages > 0);
        if Arc::make_mut(&mut self.config).set(extension, &setting) {
            self.outputs.push_back(Output::Setting { extension, setting });
        }
    }

    fn free_trunk(&mut self, now: Now, id: CallId, trunks: &[TrunkId]) {
        // What it waited for so far did not help.
        self.awaited.retain(|_, waiting| *waiting != id);
        match emergency::find(&self.calls, trunks, &self.awaited) {
            None => {}
            Some(emergency::Source::Clearing(leg)) => {
                self.awaited.insert(leg, id);
            }
            Some(emergency::Source::Preempt(victim, leg)) => {
                self.awaited.insert(leg, id);
                let reason = Some(format!("emergency call {id} needs the line"));
                self.with(now, victim, |call, desk| call.finish(desk, Cause::PREEMPTION, reason));
            }
        }
    }
}
