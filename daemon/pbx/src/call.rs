//! One call: a caller, whoever is tried for it, and at last whom it reached.
//!
//! ```text
//! Offered ─▶ Collecting ─▶ Inside ──┐            ┌─▶ Talking ──┐
//!                 │     ─▶ Outside ─┴─ answered ─┤             ├─▶ Over ─▶ (all legs ended)
//!                 │                              └─▶ Served ───┤
//!                 ├─────▶ Served (a service) ──────────────────┤
//!                 └─────▶ refused ─────────────────────────────┘
//! ```
//!
//! A call that the gateway makes by itself (call back) has no caller: it begins in `Inside` or
//! `Outside`, and who answers is served an echo.
//!
//! The final record is written when the call goes `Over`; the call lives on until its last leg has
//! ended, because until then channels are not free.

mod attempt;
mod feature;
mod forward;
mod inside;
mod outside;
mod overlap;
mod serve;
mod talk;
mod transfer;

pub(crate) use transfer::Third;

use crate::Output;
use crate::caller_id;
use crate::desk::Desk;
use crate::leg::Leg;
use crate::route::{self, Decision, Dialled, Target, Way};
use crate::service::Service;
use demarc_model::config::{ExtensionId, TrunkId, TrunkKind};
use demarc_model::live::{LegState, LiveCall, LiveLeg};
use demarc_model::record::{CallRecord, Charge};
use demarc_model::{
    Bearer, CallId, CallerId, Cause, Config, Instant, LegCommand, LegEvent, LegId, Offer, Party, Redirecting,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The most digits that are collected.
const MAX_DIGITS: usize = 64;

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    id: CallId,
    /// What was in force when the call began.
    config: Arc<Config>,
    stage: Stage,
    /// The leg that called; none when the gateway calls by itself.
    caller: Option<LegId>,
    /// Who called, as the gateway knows it.
    from: Option<Party>,
    identity: CallerId,
    /// The diversion that brought the call here.
    redirecting: Option<Redirecting>,
    /// What it is to carry.
    bearer: Bearer,
    /// What was dialled so far.
    digits: String,
    legs: BTreeMap<LegId, Leg>,
    /// The leg that the caller hears before the answer.
    heard: Option<LegId>,
    timers: BTreeMap<Timer, Instant>,
    record: CallRecord,
    /// Records of calls whose parties have come here; they end with this one.
    also: Vec<CallRecord>,
    /// The extension that is rung, when it is one alone.
    wanted: Option<ExtensionId>,
    /// The extension that forwarded the call last, and how often that happened.
    diverted_by: Option<ExtensionId>,
    diversions: u8,
    /// It waits for the whole number: setting out without it has failed.
    patient: bool,
    /// The caller wants to be shown, though the extension does not.
    shows: bool,
    /// What was dialled, where a code stood before the number.
    typed: Option<String>,
    /// To whom the call goes back when nobody takes it.
    recall: Option<transfer::Recall>,
    /// Who would go back, as the telephone is to show it.
    waits: Option<CallerId>,
    /// It is on its way back.
    recalled: bool,
    third: Option<Third>,
    /// The leg of who is in the middle of a conference.
    middle: Option<LegId>,
}

/// What a call is doing.
#[derive(Debug)]
enum Stage {
    /// The number is not known yet.
    Collecting,
    /// Telephones ring.
    Inside(inside::Inside),
    /// A trunk is tried.
    Outside(Box<outside::Attempt>),
    /// Two parties talk.
    Talking { peer: LegId },
    /// The caller waits in a place until somebody takes the call.
    Parked { place: char },
    /// The gateway itself has the call.
    Served { leg: LegId, service: Box<dyn Service>, name: String },
    /// It ended; its legs go.
    Over,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Nobody answers.
    Ring,
    /// An emergency call tries its trunks again.
    Redial,
    /// A service wants to go on.
    Service,
    /// The longest call is over.
    Longest,
}

impl Timer {
    const fn reason(self) -> &'static str {
        match self {
            Timer::Ring => "no answer",
            Timer::Redial => "emergency call tries again",
            Timer::Service => "service goes on",
            Timer::Longest => "longest call",
        }
    }
}

impl Call {
    /// Somebody calls.
    pub fn offered(id: CallId, config: Arc<Config>, offer: Offer, desk: &mut Desk) -> Call {
        let (identity, name) = match offer.from {
            Party::Device(device) => (
                caller_id::from_device(&config, device, &offer.caller),
                config.devices.iter().find(|d| d.id == device).map(|d| d.name.clone()),
            ),
            Party::Trunk(trunk) => (
                caller_id::from_trunk(&config, &offer.caller),
                config.trunks.iter().find(|t| t.id == trunk && t.enabled).map(|t| t.name.clone()),
            ),
        };
        let known = name.is_some();
        let name = name.unwrap_or_else(|| "unknown".into());
        let mut leg = Leg::new(offer.leg, offer.from, name.clone());
        leg.stream = Some(offer.stream);
        leg.place = offer.place;
        desk.legs.insert(offer.leg, id);
        let mut call = Call::new(id, config, identity, name, offer.called, desk);
        call.caller = Some(offer.leg);
        call.from = Some(offer.from);
        // What a telephone says about diversion is its own claim; a trunk's is the network's word.
        call.redirecting = offer.redirecting.filter(|_| matches!(offer.from, Party::Trunk(_)));
        call.bearer = offer.bearer;
        call.legs.insert(offer.leg, leg);
        call.write(desk);
        if known {
            call.decide(desk, offer.complete, true);
        } else {
            desk.note(offer.leg, "Refused", "the caller is no device or enabled trunk of the configuration");
            call.finish(desk, Cause::CALL_REJECTED, Some("the caller is not configured".into()));
        }
        call
    }

    /// The gateway calls `number` by itself, as `caller`.
    pub fn by_itself(
        id: CallId,
        config: Arc<Config>,
        number: String,
        caller: CallerId,
        desk: &mut Desk,
    ) -> Call {
        let mut call = Call::new(id, config, caller.clone(), "Call back".into(), number, desk);
        desk.out.push_back(Output::Record(Box::new(call.record.clone())));
        match route::from_device(&call.config, &call.digits, true) {
            Decision::Go(Way { target: Target::Outside(outside), .. }) if outside.emergency => {
                call.finish(desk, Cause::CALL_REJECTED, Some("nobody but a person calls for help".into()));
            }
            Decision::Go(Way { target: Target::Service { .. }, .. }) => {
                call.finish(
                    desk,
                    Cause::NO_ROUTE_TO_DESTINATION,
                    Some("a service cannot be called back".into()),
                );
            }
            Decision::Go(mut way) => {
                if let Target::Outside(outside) = &mut way.target {
                    outside.caller = Some(caller);
                }
                call.go(desk, way);
            }
            Decision::Refuse { cause, why } => call.finish(desk, cause, Some(why)),
            Decision::NeedDigits => call.finish(desk, Cause::INVALID_NUMBER_FORMAT, None),
        }
        call
    }

    fn new(
        id: CallId,
        config: Arc<Config>,
        identity: CallerId,
        from: String,
        called: String,
        desk: &Desk,
    ) -> Call {
        let record = CallRecord {
            call: id,
            started_ms: desk.wall_ms(),
            answered_ms: None,
            ended_ms: None,
            caller: identity.clone(),
            from,
            called: called.clone(),
            to: String::new(),
            route: None,
            emergency: false,
            cause: None,
            reason: None,
            charge: None,
        };
        Call {
            id,
            config,
            stage: Stage::Collecting,
            caller: None,
            from: None,
            identity,
            redirecting: None,
            bearer: Bearer::Speech,
            digits: called,
            legs: BTreeMap::new(),
            heard: None,
            timers: BTreeMap::new(),
            record,
            also: Vec::new(),
            wanted: None,
            diverted_by: None,
            diversions: 0,
            patient: false,
            shows: false,
            typed: None,
            recall: None,
            waits: None,
            recalled: false,
            third: None,
            middle: None,
        }
    }

    /// A leg of this call says something.
    pub fn event(&mut self, desk: &mut Desk, event: LegEvent) {
        match event {
            // These concern other calls as well: the PBX as a whole sees to them.
            LegEvent::Offered(_)
            | LegEvent::Transfer { .. }
            | LegEvent::TransferTo { .. }
            | LegEvent::Conference { .. } => {}
            LegEvent::MoreDigits { leg, digits, complete } => {
                if self.caller == Some(leg) && self.is_open() {
                    self.dialled_on(desk, &digits, complete);
                } else if self.caller == Some(leg) && matches!(self.stage, Stage::Collecting) {
                    let room = MAX_DIGITS.saturating_sub(self.digits.len());
                    self.digits.extend(digits.chars().take(room));
                    let first = self.record.called.is_empty();
                    self.record.called.clone_from(&self.digits);
                    if first {
                        self.write(desk);
                    }
                    self.decide(desk, complete, false);
                }
            }
            LegEvent::Proceeding { leg, stream, place } => self.proceeding(desk, leg, stream, place),
            LegEvent::Progress { leg, in_band, cause } => self.progress(desk, leg, in_band, cause),
            LegEvent::Alerting { leg, in_band } => self.alerting(desk, leg, in_band),
            LegEvent::Answered { leg, connected } => self.answered(desk, leg, connected),
            LegEvent::Digit { leg, digit, out_of_band } => self.digit(desk, leg, digit, out_of_band),
            LegEvent::Held { leg } => self.held(desk, leg, |_| true),
            LegEvent::Retrieved { leg } => self.held(desk, leg, |_| false),
            LegEvent::Flash { leg } => self.held(desk, leg, |held| !held),
            LegEvent::Charge { charge, .. } => self.charged(desk, charge),
            LegEvent::Ended { leg, cause, reason } => self.ended(desk, leg, cause, reason),
        }
    }

    /// The time of [`Call::next_timeout`] has come.
    pub fn timeout(&mut self, desk: &mut Desk) {
        let due = |(_, at): &(&Timer, &Instant)| **at <= desk.now.mono;
        let due: Vec<Timer> = self.timers.iter().filter(due).map(|(timer, _)| *timer).collect();
        for timer in due {
            // One timer may have ended what another waited for.
            if self.timers.remove(&timer).is_none() {
                continue;
            }
            match timer {
                Timer::Ring => self.rung_long_enough(desk),
                Timer::Redial => self.next_trunk(desk),
                Timer::Service => self.serve(desk, |service| service.timeout()),
                Timer::Longest => {
                    let reason =
                        format!("the longest call lasts {} min", self.config.system.max_call_minutes);
                    self.finish(desk, Cause::NORMAL_UNSPECIFIED, Some(reason));
                }
            }
        }
    }

    /// When something is due, and what.
    pub fn next_timeout(&self) -> Option<(Instant, &'static str)> {
        self.timers.iter().map(|(timer, at)| (*at, timer.reason())).min()
    }

    /// Ends the call, whatever it is doing.
    pub fn finish(&mut self, desk: &mut Desk, cause: Cause, reason: Option<String>) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        self.stage = Stage::Over;
        self.timers.clear();
        self.record.ended_ms = Some(desk.wall_ms());
        self.record.cause = Some(cause);
        self.record.reason = reason.or_else(|| self.record.reason.take());
        self.write(desk);
        self.end_also(desk, cause);
        for leg in self.legs.values_mut().filter(|leg| leg.is_live()) {
            leg.state = LegState::Clearing;
            desk.hangup(leg.id, cause);
        }
    }

    /// It ended, though legs of it may still go.
    pub fn has_finished(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// It ended, and so did its legs.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over) && self.legs.is_empty()
    }

    pub fn id(&self) -> CallId {
        self.id
    }

    pub fn is_emergency(&self) -> bool {
        self.record.emergency
    }

    /// Its legs on one of these trunks, and whether they are still wanted.
    pub fn legs_on<'a>(&'a self, trunks: &'a [TrunkId]) -> impl Iterator<Item = (LegId, bool)> + 'a {
        let on = |leg: &&Leg| matches!(leg.party, Party::Trunk(trunk) if trunks.contains(&trunk));
        self.legs.values().filter(on).map(|leg| (leg.id, leg.is_live()))
    }

    /// The trunk that a leg is on.
    pub fn trunk_of(&self, leg: LegId) -> Option<TrunkId> {
        match self.legs.get(&leg)?.party {
            Party::Trunk(trunk) => Some(trunk),
            Party::Device(_) => None,
        }
    }

    /// As the world may see it.
    pub fn live(&self) -> LiveCall {
        let caller = self.caller.and_then(|id| self.legs.get(&id));
        let others = self.legs.values().filter(|leg| Some(leg.id) != self.caller);
        let mut legs: Vec<LiveLeg> = caller.into_iter().chain(others).map(Leg::live).collect();
        if let Stage::Served { leg, name, .. } = &self.stage {
            let state = self.legs.get(leg).map_or(LegState::Clearing, |leg| leg.state);
            legs.push(LiveLeg { name: name.clone(), place: String::new(), state });
        }
        LiveCall {
            call: self.id,
            started_ms: self.record.started_ms,
            answered_ms: self.record.answered_ms,
            caller: shown(&self.identity),
            called: self.record.called.clone(),
            legs,
        }
    }

    /// Looks up what was dialled so far.
    fn decide(&mut self, desk: &mut Desk, complete: bool, first: bool) {
        let (Some(_), Some(from)) = (self.caller, self.from) else { return };
        let decision = match from {
            Party::Device(_) => match route::dialled(&self.config, &self.digits, complete) {
                Dialled::Number(decision) => decision,
                Dialled::Feature { feature, argument } => return self.feature(desk, feature, &argument),
            },
            Party::Trunk(trunk) => {
                route::from_trunk(&self.config, trunk, &self.identity, &self.digits, complete)
            }
        };
        self.obey(desk, decision, first);
    }

    /// Does what was found out about the number.
    fn obey(&mut self, desk: &mut Desk, decision: Decision, first: bool) {
        let Some(leg) = self.caller else { return };
        match decision {
            Decision::NeedDigits if self.sets_out(desk, first) => {}
            // Once is enough: the edge collects until it is told to proceed or to hang up.
            Decision::NeedDigits if first => {
                desk.leg(LegCommand::NeedDigits { leg, dial_tone: self.digits.is_empty() });
            }
            Decision::NeedDigits => {}
            Decision::Go(way) => {
                let emergency = matches!(&way.target, Target::Outside(outside) if outside.emergency);
                if desk.crowded && !emergency {
                    desk.note(leg, "Refused", "there are too many calls");
                    return self.finish(desk, Cause::CONGESTION, Some("there are too many calls".into()));
                }
                desk.note(leg, "Route", way.why.as_str());
                if let (Some(Party::Device(device)), false) = (self.from, emergency) {
                    self.remember_dialled(desk, device);
                }
                desk.leg(LegCommand::Proceed { leg });
                self.go(desk, way);
            }
            Decision::Refuse { cause, why } => {
                desk.note(leg, "Refused", why.as_str());
                self.finish(desk, cause, Some(why));
            }
        }
    }

    fn go(&mut self, desk: &mut Desk, way: Way) {
        self.record.route = way.route;
        match way.target {
            Target::Extension(id) => self.ring_extension(desk, id),
            Target::RingGroup(id) => self.ring_group(desk, id),
            Target::Service { id, called } => self.call_service(desk, id, &called),
            Target::Outside(outside) => self.go_outside(desk, outside, false),
        }
    }

    /// The network says what the call costs. What arrives with the release is written as well.
    fn charged(&mut self, desk: &mut Desk, charge: Charge) {
        self.record.charge = Some(charge);
        if self.record.ended_ms.is_some() {
            desk.out.push_back(Output::Record(Box::new(self.record.clone())));
        }
    }

    fn set_timer(&mut self, desk: &Desk, timer: Timer, after: Duration) {
        self.timers.insert(timer, desk.now.mono + after);
    }

    fn mark_answered(&mut self, desk: &mut Desk, by: &str) {
        self.timers.clear();
        self.keep_longest(desk);
        self.record.to = by.to_string();
        self.record.answered_ms.get_or_insert(desk.wall_ms());
        self.write(desk);
    }

    fn keep_longest(&mut self, desk: &Desk) {
        let longest = Duration::from_secs(60 * u64::from(self.config.system.max_call_minutes));
        self.set_timer(desk, Timer::Longest, longest);
    }

    /// A telephone that was lifted, but where nothing was dialled, makes no call.
    pub fn is_begun(&self) -> bool {
        !self.record.called.is_empty() || !matches!(self.from, Some(Party::Device(_)))
    }

    /// Writes the record, as it is now.
    fn write(&self, desk: &mut Desk) {
        if self.is_begun() {
            desk.out.push_back(Output::Record(Box::new(self.record.clone())));
        }
    }

    /// The trunk of a party, when its network can connect two parties itself.
    fn network_of(&self, party: Party) -> Option<TrunkId> {
        let Party::Trunk(id) = party else { return None };
        let trunk = self.config.trunks.iter().find(|trunk| trunk.id == id)?;
        matches!(trunk.kind, TrunkKind::Pri { .. }).then_some(id)
    }
}

/// Who calls, for people who watch.
fn shown(caller: &CallerId) -> String {
    use demarc_model::Presentation::Restricted;
    match (caller.shown_name(), caller.shown_number()) {
        _ if caller.presentation == Restricted => "withheld".into(),
        (Some(name), Some(number)) => format!("{name} ({number})"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => "unknown".into(),
    }
}
