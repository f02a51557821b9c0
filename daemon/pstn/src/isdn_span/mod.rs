//! A digital span: layers 1 and 2, its B channels, and the calls on them.
//!
//! ```text
//!               Up, no alarm                     alarm, Down
//!  OutOfService ────────────► InService ─────────────────────► Interrupted
//!       ▲  ▲                    ▲   │ HelperGone                 │   │
//!       │  └────────────────────┼───┘          Up, no alarm      │   │
//!       │                       └────────────────────────────────┘   │
//!       └──────────────────────── T309: answered calls end ──────────┘
//! ```
//!
//! When the span is interrupted, calls that are not answered end at once with cause 27 (Q.931
//! §5.8.8, §5.8.9: only active calls survive the loss of the data link); answered ones are kept
//! until T309, because a re-plugged cable or a short fade brings the same call back. Red, blue and
//! yellow alarms count as an interruption like a lost data link: no audio passes either.

pub(crate) mod call;
mod channels;
#[cfg(test)]
mod tests;

use crate::desk::{Desk, Place, Timer};
use crate::number;
use crate::trunk_group::{Attempt, Readiness};
use call::{IsdnCall, Wire};
use channels::{Channel, Channels};
use demarc_hal::{Alarm, PortKind, SpanInfo};
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::{CallRef, Command, Dialect, Event, Settings, Side, q931};
use demarc_model::config::{Config, Span, SpanDialect, SpanSide, Trunk, TrunkId, TrunkKind};
use demarc_model::live::{ChannelState, LiveChannel, LiveSpan};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{
    Bearer, Cause, ChannelId, Instant, LegCommand, LegEvent, LegId, MediaEvent, Offer, Party, Redirecting,
    SpanId,
};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// T309: how long an answered call outlives its data link. Q.931 table 9-1 lets each side choose
/// (networks commonly take 90 s); 6 s is what the helper's own stack does, and as long as two
/// people stay on a silent line.
const T309: Duration = Duration::from_secs(6);
/// How many ended calls are remembered for the ladder: their last frames come late.
const REMEMBERED: usize = 64;

/// One digital span.
#[derive(Debug)]
pub(crate) struct IsdnSpan {
    id: SpanId,
    /// In force; the wanted one replaces it when no call is up.
    config: Option<Span>,
    wanted: Option<Span>,
    alarms: Vec<Alarm>,
    d_channel_up: bool,
    /// Interrupted: answered calls are kept until then.
    t309: Option<Instant>,
    channels: Channels,
    calls: BTreeMap<CallRef, IsdnCall>,
    dialled: u32,
    /// The type of number by which the far end calls us: ours are given in the same.
    own: u8,
    /// Legs of calls whose SETUP was seen as a frame, not yet as an event.
    early: VecDeque<(CallRef, LegId)>,
    /// Legs of calls that have ended.
    late: VecDeque<(CallRef, LegId)>,
}

impl IsdnSpan {
    pub(crate) fn new(hardware: &SpanInfo) -> Self {
        let bearers = hardware.ports.iter().filter(|port| port.kind == PortKind::Bearer);
        Self {
            id: hardware.id,
            config: None,
            wanted: None,
            alarms: Vec::new(),
            d_channel_up: false,
            t309: None,
            channels: Channels::new(bearers.map(|port| port.id.slot)),
            calls: BTreeMap::new(),
            dialled: 0,
            own: number::NATIONAL,
            early: VecDeque::new(),
            late: VecDeque::new(),
        }
    }

    /// The configuration changed; what is new holds from the next idle moment on.
    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        let id = self.id;
        self.wanted = desk.config.spans.iter().find(|span| span.id == id && span.enabled).cloned();
        self.apply_when_idle(desk);
    }

    /// How the signalling is to be run now.
    pub(crate) fn settings(&self) -> Option<Settings> {
        self.config.as_ref().map(settings)
    }

    /// Its B channels in order, and whether a call can be placed on them.
    pub(crate) fn members(&self) -> impl DoubleEndedIterator<Item = (ChannelId, Readiness)> + '_ {
        let usable = self.in_service() && self.wanted.is_some();
        self.channels.iter().map(move |(slot, channel)| {
            let readiness = match channel {
                _ if !usable => Readiness::Down,
                Channel::Free => Readiness::Free,
                Channel::Used(_) => Readiness::Busy,
                Channel::Blocked => Readiness::Down,
            };
            (ChannelId { span: self.id, slot }, readiness)
        })
    }

    /// Begins an outgoing call on a channel that said it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, slot: u8, attempt: Attempt) {
        let reference = CallRef(self.dialled.wrapping_mul(2).wrapping_add(1));
        self.dialled = self.dialled.wrapping_add(1);
        let overlap = self.config.as_ref().is_some_and(|config| config.overlap);
        desk.settle(attempt.dial.leg, Place::Span(self.id));
        self.channels.give(slot, reference);
        let call = IsdnCall::dial(desk, self.wire(), reference, slot, overlap, attempt);
        self.calls.insert(reference, call);
        desk.changed();
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        let (wire, interrupted) = (self.wire(), !self.in_service());
        let leg = command.leg();
        let Some(call) = self.calls.values_mut().find(|call| call.leg == leg && !call.over) else { return };
        let hangup = matches!(command, LegCommand::Hangup { .. });
        call.handle_command(desk, wire, command);
        if hangup && interrupted {
            // The release cannot cross the wire now: the PBX need not wait for it.
            call.end(desk, wire, Cause::NORMAL_CLEARING, None);
        }
    }

    pub(crate) fn handle_media(&mut self, desk: &mut Desk, event: &MediaEvent) {
        if let MediaEvent::Digit { stream, digit } = event
            && let Some(call) = self.calls.values().find(|call| call.stream() == Some(*stream))
        {
            call.digit(desk, *digit);
        }
    }

    /// Layer 1 changed.
    pub(crate) fn handle_alarms(&mut self, desk: &mut Desk, alarms: Vec<Alarm>) {
        let was = self.in_service();
        self.alarms = alarms;
        self.service_changed(desk, was);
    }

    /// The helper is gone, and with it all calls.
    pub(crate) fn handle_helper_gone(&mut self, desk: &mut Desk) {
        self.d_channel_up = false;
        self.t309 = None;
        self.early.clear();
        let all: Vec<CallRef> = self.calls.keys().copied().collect();
        for reference in all {
            self.remove(desk, reference, Cause::TEMPORARY_FAILURE, Some("ISDN signalling was restarted"));
        }
        // The references of the next helper begin anew.
        self.late.clear();
        self.unblock(None);
        desk.changed();
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: Event) {
        let was = self.in_service();
        match event {
            Event::Up => {
                self.d_channel_up = true;
                self.service_changed(desk, was);
            }
            Event::Down => {
                self.d_channel_up = false;
                self.service_changed(desk, was);
            }
            Event::Setup(setup) => self.incoming(desk, *setup),
            Event::Cleared { call, cause } => {
                self.remove(desk, call, Cause::from_received(cause), None);
            }
            Event::Restarted { slot, .. } => self.restarted(desk, slot),
            Event::Frame { call, outgoing, octets } => self.frame(desk, call, outgoing, &octets),
            Event::SetupAck { call, slot, .. } | Event::Proceeding { call, slot, .. } => {
                if self.settle_channel(desk, call, slot) {
                    self.call_event(desk, call, event);
                }
            }
            Event::Information { call, .. }
            | Event::Alerting { call, .. }
            | Event::Progress { call, .. }
            | Event::Connect { call, .. }
            | Event::Disconnect { call, .. } => self.call_event(desk, call, event),
            _ => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        let wire = self.wire();
        if self.t309.is_some_and(|at| at <= now) {
            self.t309 = None;
            for call in self.calls.values_mut() {
                call.clear(desk, wire, Cause::DESTINATION_OUT_OF_ORDER);
                call.end(desk, wire, Cause::DESTINATION_OUT_OF_ORDER, Some("T309: the span is down"));
            }
        }
        let mut stuck = Vec::new();
        for call in self.calls.values_mut() {
            if call.is_stuck(desk) {
                stuck.push((call.reference, call.slot));
            } else if call.timer.is_some_and(|(at, _)| at <= now) {
                call.handle_timeout(desk, wire);
            }
        }
        for (reference, slot) in stuck {
            self.remove(desk, reference, Cause::RECOVERY_ON_TIMER, Some("the far end did not release"));
            if let Some(slot) = slot
                && self.channels.get(slot) == Some(Channel::Free)
            {
                self.channels.set(slot, Channel::Blocked);
                desk.isdn(self.id, Command::Restart { interface: 0, slot });
            }
        }
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        let calls = self.calls.values().filter_map(|call| call.timer);
        calls.chain(self.t309.map(|at| (at, "T309"))).min()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    /// Why no call can be placed on it, in words; none when one can.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        match self.worst_alarm() {
            _ if self.wanted.is_none() => Some("span is not in use"),
            Some(Alarm::Red | Alarm::LossOfSignal) => Some("red alarm: no signal arrives"),
            Some(Alarm::LossOfFrame) => Some("red alarm: no frame is found in the signal"),
            Some(Alarm::Loopback) => Some("the span is looped for a test"),
            Some(Alarm::NotOpen) => Some("the span has not been started"),
            Some(Alarm::Yellow) => Some("yellow alarm: the far end does not hear us"),
            Some(Alarm::Blue) => Some("blue alarm: failure further upstream"),
            _ if !self.d_channel_up => Some("D channel is down"),
            _ => None,
        }
    }

    pub(crate) fn live(&self) -> LiveSpan {
        let usable = self.trouble().is_none();
        let channels = self.channels.iter().map(|(slot, channel)| {
            let state = match channel {
                Channel::Used(call) => self.calls.get(&call).map_or(ChannelState::Busy, IsdnCall::live),
                Channel::Free if usable => ChannelState::Idle,
                Channel::Free | Channel::Blocked => ChannelState::Down,
            };
            LiveChannel { slot, state, alarm: None }
        });
        LiveSpan {
            span: self.id,
            alarms: self.alarms.clone(),
            d_channel_up: self.d_channel_up,
            channels: channels.collect(),
        }
    }

    fn wire(&self) -> Wire {
        let network = self.config.as_ref().is_some_and(|config| config.side == SpanSide::Network);
        Wire { span: self.id, network, own: self.own, in_service: self.in_service() }
    }

    fn in_service(&self) -> bool {
        self.d_channel_up && self.worst_alarm().is_none()
    }

    /// The alarm that keeps calls away.
    fn worst_alarm(&self) -> Option<Alarm> {
        self.alarms.iter().copied().filter(|alarm| alarm.stops_calls()).min()
    }

    fn service_changed(&mut self, desk: &mut Desk, was: bool) {
        desk.changed();
        let is = self.in_service();
        if is {
            self.t309 = None;
        } else if was {
            let wire = self.wire();
            for call in self.calls.values_mut() {
                if !call.is_active() {
                    call.clear(desk, wire, Cause::DESTINATION_OUT_OF_ORDER);
                    call.end(desk, wire, Cause::DESTINATION_OUT_OF_ORDER, Some("the span went down"));
                }
            }
            if self.calls.values().any(IsdnCall::is_active) {
                self.t309 = Some(desk.at(T309));
            }
        }
    }

    /// The far end calls.
    fn incoming(&mut self, desk: &mut Desk, setup: IncomingSetup) {
        let reference = setup.call;
        if reference.0 % 2 == 1 || self.calls.contains_key(&reference) {
            return;
        }
        let leg = self.take_early(reference).unwrap_or_else(|| desk.mint_leg());
        let refusal = match trunk_of(&desk.config, self.id) {
            None => Some(Cause::NO_ROUTE_TO_DESTINATION),
            _ if self.wanted.is_none() => Some(Cause::SERVICE_UNAVAILABLE),
            _ if setup.bearer == demarc_isdn::Bearer::Unrestricted => Some(Cause::BEARER_NOT_IMPLEMENTED),
            _ if self.calls.len() >= 2 * self.channels.len() => Some(Cause::CONGESTION),
            Some(_) => None,
        };
        let (Some(trunk), None) = (trunk_of(&desk.config, self.id), refusal) else {
            return self.refuse(desk, &setup, refusal.unwrap_or(Cause::NO_ROUTE_TO_DESTINATION));
        };
        let Some(slot) = self.choose_channel(&setup) else {
            let cause = match self.channels.get(setup.channel.slot) {
                None => Cause::CHANNEL_DOES_NOT_EXIST,
                Some(_) => Cause::REQUESTED_CIRCUIT_UNAVAILABLE,
            };
            return self.refuse(desk, &setup, cause);
        };
        self.accept(desk, setup, leg, trunk, slot);
    }

    fn refuse(&mut self, desk: &mut Desk, setup: &IncomingSetup, cause: Cause) {
        desk.isdn(self.id, Command::Clear { call: setup.call, cause: cause.value() });
    }

    /// Which B channel an incoming call gets. When both sides have taken the same one, the call of
    /// the network side keeps it (Q.931 §5.7).
    fn choose_channel(&self, setup: &IncomingSetup) -> Option<u8> {
        let network = self.wire().network;
        let wanted = setup.channel.slot;
        match self.channels.get(wanted) {
            Some(Channel::Free) => return Some(wanted),
            // The far end knows its own channels: a call on one that never was released is over.
            Some(Channel::Blocked) => return Some(wanted),
            Some(Channel::Used(call))
                if !network && self.calls.get(&call).is_some_and(IsdnCall::is_unconfirmed) =>
            {
                return Some(wanted);
            }
            _ => {}
        }
        if setup.channel.exclusive { None } else { self.channels.any_free(network) }
    }

    fn accept(&mut self, desk: &mut Desk, setup: IncomingSetup, leg: LegId, trunk: TrunkId, slot: u8) {
        let reference = setup.call;
        if let Some(Channel::Used(loser)) = self.channels.get(slot)
            && let Some(call) = self.calls.get_mut(&loser)
        {
            // Our call lives on without a channel until the network moves or clears it.
            desk.note(call.leg, Protocol::Q931, format!("glare: the network takes channel {slot}"));
            call.take_channel(None);
        }
        if slot != setup.channel.slot {
            desk.isdn(self.id, Command::UseChannel { call: reference, interface: 0, slot });
        }
        if matches!(setup.called.ton, number::INTERNATIONAL | number::NATIONAL) {
            self.own = setup.called.ton;
        }
        self.channels.give(slot, reference);
        desk.settle(leg, Place::Span(self.id));
        let call = IsdnCall::present(desk, self.wire(), reference, leg, slot);
        let stream = call.stream();
        self.calls.insert(reference, call);
        let Some(stream) = stream else { return };
        let system = &desk.config.system;
        let overlap = self.config.as_ref().is_some_and(|config| config.overlap);
        let redirecting = setup.redirecting.filter(|number| number.presentation == 0);
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called: number::called_in(&setup.called, system),
            complete: setup.complete || !overlap,
            caller: number::caller_in(setup.calling.as_ref(), setup.name, system),
            redirecting: redirecting.map(|number| Redirecting::by(number::called_in(&number, system))),
            bearer: Bearer::Speech,
            stream,
            place: ChannelId { span: self.id, slot }.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
        desk.changed();
    }

    fn call_event(&mut self, desk: &mut Desk, reference: CallRef, event: Event) {
        let wire = self.wire();
        let Some(call) = self.calls.get_mut(&reference) else { return };
        if call.over {
            return;
        }
        if call.slot.is_none() && !matches!(event, Event::Disconnect { .. }) {
            // It lost its channel to a call of the network and was not given another.
            return call.clear(desk, wire, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        }
        call.handle_event(desk, wire, event);
    }

    /// The far end named the channel of our call. False when the call cannot have it.
    fn settle_channel(&mut self, desk: &mut Desk, reference: CallRef, slot: u8) -> bool {
        let wire = self.wire();
        let Some(call) = self.calls.get_mut(&reference) else { return false };
        if call.slot == Some(slot) || call.over || !call.is_unconfirmed() {
            return true;
        }
        let loser = match self.channels.get(slot) {
            None => {
                call.clear(desk, wire, Cause::CHANNEL_DOES_NOT_EXIST);
                return false;
            }
            Some(Channel::Used(other)) => Some(other),
            Some(Channel::Free | Channel::Blocked) => None,
        };
        if let Some(other) = loser
            && !self.calls.get(&other).is_some_and(IsdnCall::is_unconfirmed)
        {
            if let Some(call) = self.calls.get_mut(&reference) {
                call.clear(desk, wire, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
            }
            return false;
        }
        if let Some(other) = loser.and_then(|other| self.calls.get_mut(&other)) {
            other.take_channel(None);
        }
        if let Some(call) = self.calls.get_mut(&reference) {
            self.channels.release(call.slot, reference);
            call.take_channel(Some(slot));
            self.channels.give(slot, reference);
        }
        true
    }

    /// The far end restarted one channel or all: the calls on them are over (Q.931 §5.5).
    fn restarted(&mut self, desk: &mut Desk, slot: Option<u8>) {
        let over: Vec<CallRef> = self
            .calls
            .values()
            .filter(|call| slot.is_none() || call.slot == slot)
            .map(|call| call.reference)
            .collect();
        for reference in over {
            self.remove(desk, reference, Cause::TEMPORARY_FAILURE, Some("the far end restarted the channel"));
        }
        self.unblock(slot);
        desk.changed();
    }

    fn unblock(&mut self, slot: Option<u8>) {
        let blocked: Vec<u8> = self
            .channels
            .iter()
            .filter(|(s, channel)| *channel == Channel::Blocked && slot.is_none_or(|slot| slot == *s))
            .map(|(slot, _)| slot)
            .collect();
        for slot in blocked {
            self.channels.set(slot, Channel::Free);
        }
    }

    /// A call is gone.
    fn remove(&mut self, desk: &mut Desk, reference: CallRef, cause: Cause, reason: Option<&str>) {
        let wire = self.wire();
        let Some(mut call) = self.calls.remove(&reference) else { return };
        call.end(desk, wire, cause, reason);
        self.channels.release(call.slot, reference);
        self.late.push_back((reference, call.leg));
        if self.late.len() > REMEMBERED {
            self.late.pop_front();
        }
        if self.calls.is_empty() {
            self.t309 = None;
        }
        self.apply_when_idle(desk);
        desk.changed();
    }

    fn apply_when_idle(&mut self, desk: &mut Desk) {
        if self.calls.is_empty() && self.config != self.wanted {
            self.config.clone_from(&self.wanted);
            self.own = number::NATIONAL;
            desk.changed();
        }
    }

    /// A frame crossed the D channel: a line of the ladder.
    fn frame(&mut self, desk: &mut Desk, call: Option<CallRef>, outgoing: bool, octets: &[u8]) {
        let Some(reference) = call else { return };
        let known = self.calls.get(&reference).map(|call| call.leg);
        let leg = known.or_else(|| self.remembered(reference)).or_else(|| {
            // An incoming SETUP is seen as a frame before it is an event.
            if outgoing || reference.0 % 2 == 1 {
                return None;
            }
            let leg = desk.mint_leg();
            self.early.push_back((reference, leg));
            if self.early.len() > REMEMBERED {
                self.early.pop_front();
            }
            Some(leg)
        });
        let direction = if outgoing { Direction::Out } else { Direction::In };
        desk.trace(leg, direction, Protocol::Q931, || {
            let description = q931::describe(octets);
            (description.label, description.detail)
        });
    }

    fn remembered(&self, reference: CallRef) -> Option<LegId> {
        let mut all = self.early.iter().chain(self.late.iter().rev());
        all.find(|(known, _)| *known == reference).map(|(_, leg)| *leg)
    }

    fn take_early(&mut self, reference: CallRef) -> Option<LegId> {
        let at = self.early.iter().position(|(known, _)| *known == reference)?;
        self.early.remove(at).map(|(_, leg)| leg)
    }
}

/// The first trunk in use that has the span.
fn trunk_of(config: &Config, id: SpanId) -> Option<TrunkId> {
    let has = |trunk: &&Trunk| match &trunk.kind {
        TrunkKind::Pri { spans, .. } => trunk.enabled && spans.contains(&id),
        _ => false,
    };
    config.trunks.iter().find(has).map(|trunk| trunk.id)
}

fn settings(span: &Span) -> Settings {
    Settings {
        side: match span.side {
            SpanSide::User => Side::User,
            SpanSide::Network => Side::Network,
        },
        dialect: match span.dialect {
            SpanDialect::EuroIsdn => Dialect::EuroIsdn,
            SpanDialect::Ni2 => Dialect::Ni2,
            SpanDialect::Ni1 => Dialect::Ni1,
            SpanDialect::Att5ess => Dialect::Att5ess,
            SpanDialect::Att4ess => Dialect::Att4ess,
            SpanDialect::Dms100 => Dialect::Dms100,
            SpanDialect::Qsig => Dialect::Qsig,
        },
        overlap: span.overlap,
        ..Settings::default()
    }
}
