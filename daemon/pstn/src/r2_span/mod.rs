//! A span with MFC/R2 signalling (ITU-T Q.400–Q.490): its channels, and the call on each.
//!
//! ```text
//!           Opened          Seized, dial                  Ended, Trouble
//!  Closed ────────► Idle ─────────────────► call ──────────────────────► guard ──► Idle
//!                    ▲ FarEnd idle                  given up              │
//!                    └───────────────── Stuck ◄──────────────────────────┘
//! ```
//!
//! A channel has at most one call, which has its name from it. The digits of an incoming call are
//! gathered by the helper; the PBX hears of the call when the far end waits for its decision.

mod call;
#[cfg(test)]
mod tests;
mod words;

use crate::desk::{Desk, Place, Timer};
use crate::number;
use crate::trunk_group::{Attempt, Readiness};
pub use words::settings as r2_settings;

use call::{R2Call, Wire};
use demarc_hal::{Alarm, PortKind, SpanInfo};
use demarc_model::config::{Config, R2Settings, Span, Trunk, TrunkId, TrunkKind};
use demarc_model::live::{ChannelState, LiveChannel, LiveSpan};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{
    Bearer, CallerId, Cause, ChannelId, Instant, LegCommand, LegEvent, LegId, MediaEvent, Offer, Party,
    Presentation, SpanId,
};
use demarc_r2::{Category, ClearReason, Command, Event, Settings, Trouble};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a channel rests after a call: the end of a register signal may still be on its way, and
/// the far end needs a moment to see that we are idle (Q.422 §3.2.6: 100 ms and more).
const GUARD: Duration = Duration::from_millis(200);
/// The same after both ends have seized it at once: the other one tries first or not at all.
const GLARE_GUARD: Duration = Duration::from_secs(2);

/// One span.
#[derive(Debug)]
pub(crate) struct R2Span {
    id: SpanId,
    /// In force; the wanted one replaces it when no call is up.
    config: Option<Span>,
    wanted: Option<Span>,
    alarms: Vec<Alarm>,
    channels: BTreeMap<u8, Channel>,
}

#[derive(Debug, Default)]
struct Channel {
    /// The helper has it.
    open: bool,
    /// The far end takes calls on it.
    far_idle: bool,
    /// The far end has seized it, and digits arrive; the leg that they will be.
    digits: Option<LegId>,
    call: Option<R2Call>,
    /// A call on it was given up and is not over at the far end.
    stuck: bool,
    /// It rests until then.
    guard: Option<Instant>,
}

impl R2Span {
    pub(crate) fn new(hardware: &SpanInfo) -> Self {
        let ports = hardware.ports.iter().filter(|port| port.kind == PortKind::Cas);
        Self {
            id: hardware.id,
            config: None,
            wanted: None,
            alarms: Vec::new(),
            channels: ports.map(|port| (port.id.slot, Channel::default())).collect(),
        }
    }

    /// The configuration changed; what is new holds from the next idle moment on.
    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        let id = self.id;
        self.wanted = desk.config.spans.iter().find(|span| span.id == id && span.enabled).cloned();
        self.apply_when_idle(desk);
    }

    /// How the channels are to be run now.
    pub(crate) fn settings(&self) -> Option<Settings> {
        self.config.as_ref().map(|config| r2_settings(&config.r2))
    }

    /// Its channels in order, and whether a call can be placed on them.
    pub(crate) fn members(&self) -> impl DoubleEndedIterator<Item = (ChannelId, Readiness)> + '_ {
        let usable = self.worst_alarm().is_none() && self.wanted.is_some();
        self.channels.iter().map(move |(slot, channel)| {
            let readiness = match channel.guard {
                _ if !usable || !channel.open || channel.stuck => Readiness::Down,
                _ if channel.is_used() => Readiness::Busy,
                _ if !channel.far_idle => Readiness::Down,
                Some(until) => Readiness::Guard(until),
                None => Readiness::Free,
            };
            (ChannelId { span: self.id, slot: *slot }, readiness)
        })
    }

    /// Begins an outgoing call on a channel that said it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, slot: u8, attempt: Attempt) {
        let (leg, wire) = (attempt.dial.leg, self.wire(slot));
        let Some((channel, settings)) = self.channels.get_mut(&slot).zip(self.config.as_ref()) else {
            return desk.ended(leg, Cause::NETWORK_OUT_OF_ORDER, None);
        };
        match R2Call::dial(desk, wire, &settings.r2, attempt) {
            Ok(call) => {
                desk.settle(leg, Place::Span(self.id));
                channel.call = Some(call);
            }
            Err(cause) => desk.ended(leg, cause, Some("a number for MFC/R2 has digits alone")),
        }
        desk.changed();
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        let leg = command.leg();
        let settings = self.settings_of_calls();
        let found = self.channels.iter_mut().find_map(|(slot, channel)| {
            let call = channel.call.as_mut().filter(|call| call.leg == leg && !call.over)?;
            Some((*slot, call))
        });
        let Some((slot, call)) = found else { return };
        call.handle_command(desk, Wire { span: self.id, slot }, &settings, command);
    }

    pub(crate) fn handle_media(&mut self, desk: &mut Desk, event: &MediaEvent) {
        if let MediaEvent::Digit { stream, digit } = event
            && let Some(call) = self.calls().find(|call| call.stream() == Some(*stream))
        {
            call.digit(desk, *digit);
        }
    }

    /// Layer 1 changed. Calls end when the helper says so: it sees the alarm too.
    pub(crate) fn handle_alarms(&mut self, desk: &mut Desk, alarms: Vec<Alarm>) {
        self.alarms = alarms;
        desk.changed();
    }

    /// The helper is gone, and with it all calls.
    pub(crate) fn handle_helper_gone(&mut self, desk: &mut Desk) {
        let slots: Vec<u8> = self.channels.keys().copied().collect();
        for slot in slots {
            self.close(desk, slot, Cause::TEMPORARY_FAILURE, "R2 signalling was restarted");
        }
        self.apply_when_idle(desk);
        desk.changed();
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: Event) {
        match event {
            Event::Opened { slot } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.open = true;
                }
            }
            Event::Gone { slot } => self.close(desk, slot, Cause::TEMPORARY_FAILURE, "the channel is gone"),
            Event::FarEnd { slot, idle } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.far_idle = idle;
                    channel.stuck = false;
                }
            }
            Event::Seized { slot } => {
                if let Some(channel) = self.channels.get_mut(&slot).filter(|channel| channel.call.is_none()) {
                    // The signals of the ladder come before the call itself.
                    channel.digits.get_or_insert_with(|| desk.mint_leg());
                    channel.guard = None;
                }
            }
            Event::Offered { slot, dnis, ani, category } => self.incoming(desk, slot, &dnis, ani, category),
            Event::Ended { slot } => self.over(desk, slot, None),
            Event::Trouble { slot, trouble } => self.over(desk, slot, Some(trouble)),
            Event::Signal { slot, outgoing, words } => {
                let channel = self.channels.get(&slot);
                let leg =
                    channel.and_then(|channel| channel.call.as_ref().map(|call| call.leg).or(channel.digits));
                let direction = if outgoing { Direction::Out } else { Direction::In };
                return desk.trace(leg, direction, Protocol::Line, || (words, String::new()));
            }
            Event::Disconnected { slot, reason } => {
                let wire = self.wire(slot);
                let Some(channel) = self.channels.get_mut(&slot) else { return };
                match &mut channel.call {
                    Some(call) => call.disconnected(desk, wire, reason),
                    // The caller gave up among the digits.
                    None => desk.r2(self.id, Command::Clear { slot, reason: ClearReason::Normal }),
                }
            }
            Event::Accepted { slot, .. } | Event::Answered { slot } | Event::Pulse { slot } => {
                let wire = self.wire(slot);
                if let Some(call) = self.channels.get_mut(&slot).and_then(|channel| channel.call.as_mut()) {
                    call.handle_event(desk, wire, &event);
                }
            }
            Event::Warning(_) => return,
        }
        desk.changed();
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        let settings = self.settings_of_calls();
        for (slot, channel) in &mut self.channels {
            let wire = Wire { span: self.id, slot: *slot };
            if channel.guard.is_some_and(|until| until <= now) {
                channel.guard = None;
                desk.changed();
            }
            let Some(call) = &mut channel.call else { continue };
            if call.timer.is_none_or(|(at, _)| at > now) {
                continue;
            }
            if call.is_given_up() {
                call.end(desk, wire, Cause::RECOVERY_ON_TIMER, Some("the far end did not release"));
                channel.call = None;
                channel.stuck = true;
                desk.changed();
            } else {
                call.handle_timeout(desk, wire, &settings);
            }
        }
        self.apply_when_idle(desk);
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        let guards = self.channels.values().filter_map(|channel| channel.guard);
        let guards = guards.map(|until| (until, "R2 guard"));
        guards.chain(self.calls().filter_map(|call| call.timer)).min()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.channels.values().all(|channel| !channel.is_used() && channel.guard.is_none())
    }

    /// Why no call can be placed on it, in words; none when one can.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        let any = |is: fn(&Channel) -> bool| self.channels.values().any(is);
        match self.worst_alarm() {
            _ if self.wanted.is_none() => Some("span is not in use"),
            Some(Alarm::Red) => Some("red alarm: no signal arrives"),
            Some(Alarm::Yellow) => Some("yellow alarm: the far end does not hear us"),
            Some(Alarm::Blue) => Some("blue alarm: failure further upstream"),
            _ if !any(|channel| channel.open) => Some("R2 signalling is down"),
            _ if !any(|channel| channel.open && (channel.far_idle || channel.is_used())) => {
                Some("the far end blocks every channel")
            }
            _ => None,
        }
    }

    pub(crate) fn live(&self) -> LiveSpan {
        let channels = self.members().zip(self.channels.values()).map(|((id, readiness), channel)| {
            let state = match (&channel.call, readiness) {
                (Some(call), _) => call.live(),
                (None, _) if channel.digits.is_some() => ChannelState::Dialling,
                (None, Readiness::Free) => ChannelState::Idle,
                (None, Readiness::Guard(_)) => ChannelState::Guard,
                (None, Readiness::Busy | Readiness::Down) => ChannelState::Down,
            };
            let alarm = channel.stuck.then(|| "the far end does not release it".to_owned());
            LiveChannel { slot: id.slot, state, alarm }
        });
        LiveSpan {
            span: self.id,
            alarms: self.alarms.clone(),
            d_channel_up: self.channels.values().any(|channel| channel.open),
            channels: channels.collect(),
        }
    }

    fn calls(&self) -> impl Iterator<Item = &R2Call> {
        self.channels.values().filter_map(|channel| channel.call.as_ref())
    }

    fn wire(&self, slot: u8) -> Wire {
        Wire { span: self.id, slot }
    }

    fn settings_of_calls(&self) -> R2Settings {
        self.config.as_ref().map(|config| config.r2.clone()).unwrap_or_default()
    }

    /// The alarm that keeps calls away. A recovering signal already carries them.
    fn worst_alarm(&self) -> Option<Alarm> {
        self.alarms.iter().copied().filter(|alarm| *alarm != Alarm::Recovering).min()
    }

    /// The far end calls, and waits for the decision.
    fn incoming(&mut self, desk: &mut Desk, slot: u8, dnis: &str, ani: Option<String>, category: Category) {
        let (span, settings) = (self.id, self.settings_of_calls());
        let trunk = trunk_of(&desk.config, span);
        let in_use = self.wanted.is_some();
        let Some(channel) = self.channels.get_mut(&slot).filter(|channel| channel.call.is_none()) else {
            return;
        };
        // Taken now: a refused call has no leg.
        let leg = channel.digits.take().unwrap_or_else(|| desk.mint_leg());
        let reason = match trunk {
            None => Some(ClearReason::Unallocated),
            _ if !in_use => Some(ClearReason::Congestion),
            _ if category == Category::CollectCall && !settings.allow_collect_calls => {
                Some(ClearReason::CollectCallRejected)
            }
            Some(_) => None,
        };
        let (Some(trunk), None) = (trunk, reason) else {
            // The channel is held until the far end has cleared.
            channel.digits = Some(leg);
            let reason = reason.unwrap_or(ClearReason::Unallocated);
            return desk.r2(span, Command::Clear { slot, reason });
        };
        desk.settle(leg, Place::Span(span));
        let (call, stream) = R2Call::present(desk, Wire { span, slot }, leg, settings.immediate_accept);
        channel.call = Some(call);
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called: dnis.to_owned(),
            complete: true,
            caller: caller(ani, category, desk),
            redirecting: None,
            bearer: Bearer::Speech,
            stream,
            place: ChannelId { span, slot }.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
    }

    /// The channel is free at our end.
    fn over(&mut self, desk: &mut Desk, slot: u8, trouble: Option<Trouble>) {
        let wire = self.wire(slot);
        let Some(channel) = self.channels.get_mut(&slot) else { return };
        channel.digits = None;
        channel.stuck = false;
        let mut rest = GUARD;
        if let Some(mut call) = channel.call.take() {
            if call.met_another() || trouble == Some(Trouble::NotIdle) {
                rest = GLARE_GUARD;
            }
            if trouble.is_some() {
                call.broken();
            }
            let (cause, reason) = words::ended(trouble);
            call.end(desk, wire, cause, reason);
        }
        channel.guard = Some(desk.at(rest));
        self.apply_when_idle(desk);
    }

    /// The helper does not have the channel any more.
    fn close(&mut self, desk: &mut Desk, slot: u8, cause: Cause, reason: &'static str) {
        let wire = self.wire(slot);
        let Some(channel) = self.channels.get_mut(&slot) else { return };
        if let Some(mut call) = channel.call.take() {
            call.end(desk, wire, cause, Some(reason));
        }
        *channel = Channel::default();
    }

    fn apply_when_idle(&mut self, desk: &mut Desk) {
        if self.config != self.wanted && self.calls().next().is_none() {
            self.config.clone_from(&self.wanted);
            desk.changed();
        }
    }
}

impl Channel {
    fn is_used(&self) -> bool {
        self.call.is_some() || self.digits.is_some()
    }
}

/// Who calls. R2 has no type of number: long ones of our own country are taken for national.
fn caller(ani: Option<String>, category: Category, desk: &Desk) -> CallerId {
    let Some(digits) = ani else {
        return CallerId { presentation: Presentation::Restricted, ..CallerId::default() };
    };
    if digits.is_empty() {
        return CallerId { presentation: Presentation::Unavailable, ..CallerId::default() };
    }
    let abroad = matches!(category, Category::International | Category::InternationalPriority);
    let ton = if !abroad && digits.len() >= SHORTEST_NATIONAL { number::NATIONAL } else { 0 };
    let party = demarc_isdn::PartyNumber { digits, ton, npi: 1, screening: 3, ..Default::default() };
    number::caller_in(Some(&party), None, &desk.config.system)
}

/// Digits of the shortest number that is taken for a whole national one.
const SHORTEST_NATIONAL: usize = 8;

/// The first trunk in use that has the span.
fn trunk_of(config: &Config, id: SpanId) -> Option<TrunkId> {
    let has = |trunk: &&Trunk| match &trunk.kind {
        TrunkKind::Pri { spans, .. } => trunk.enabled && spans.contains(&id),
        _ => false,
    };
    config.trunks.iter().find(has).map(|trunk| trunk.id)
}
