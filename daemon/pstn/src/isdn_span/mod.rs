//! A digital span, or a group of spans with one D channel (NFAS): layers 1 and 2, its B channels,
//! and the calls on them.
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
//!
//! `group` knows the spans and their layer 1, `incoming` and `outgoing` find channels for calls,
//! `channels` keeps them, `restart` those that the two ends see differently.

pub(crate) mod call;
mod channels;
mod group;
mod incoming;
mod ladder;
mod numbers;
mod outgoing;
mod restart;
pub mod settings;
#[cfg(test)]
mod tests;

pub(crate) use group::{follow, led, regroup};

use crate::Output;
use crate::desk::{Desk, Timer};
use call::{IsdnCall, Wire};
use channels::Channels;
use demarc_hal::{Alarm, PortKind, SpanInfo};
use demarc_isdn::command::Mwi;
use demarc_isdn::{CallRef, Command, Event};
use demarc_model::config::{Span, SpanSide};
use demarc_model::trace::Protocol;
use demarc_model::{Cause, ChannelId, Instant, LegCommand, LegId, MediaEvent, MessageWaiting, SpanId};
use group::Member;
use ladder::Memory;
use numbers::{Mirror, Numbers};
use restart::{Restarts, Why};
use settings::Times;
use std::collections::BTreeMap;
use std::time::Duration;

/// One digital span, or a group of them.
#[derive(Debug)]
pub(crate) struct IsdnSpan {
    id: SpanId,
    /// Timeslots of its B channels.
    slots: Vec<u8>,
    /// In force; the wanted one replaces it when no call is up.
    config: Option<Span>,
    wanted: Option<Span>,
    alarms: Vec<Alarm>,
    d_channel_up: bool,
    /// Whose calls it signals: its own, and those of its group. In force, and wanted.
    members: Vec<Member>,
    wanted_members: Vec<Member>,
    /// The span that signals its calls, when it is not itself.
    leader: Option<SpanId>,
    /// Interrupted: answered calls are kept until then.
    t309: Option<Instant>,
    channels: Channels,
    restarts: Restarts,
    calls: BTreeMap<CallRef, IsdnCall>,
    dialled: u32,
    /// How the far end writes numbers of the own country.
    mirror: Mirror,
    memory: Memory,
}

impl IsdnSpan {
    pub(crate) fn new(hardware: &SpanInfo) -> Self {
        let bearers = hardware.ports.iter().filter(|port| port.kind == PortKind::Bearer);
        let slots: Vec<u8> = bearers.map(|port| port.id.slot).collect();
        let members = vec![Member::alone(hardware.id, &slots)];
        let mut channels = Channels::default();
        channels.arrange(members.iter().flat_map(Member::channels));
        Self {
            id: hardware.id,
            slots,
            config: None,
            wanted: None,
            alarms: Vec::new(),
            d_channel_up: false,
            wanted_members: members.clone(),
            members,
            leader: None,
            t309: None,
            channels,
            restarts: Restarts::default(),
            calls: BTreeMap::new(),
            dialled: 0,
            mirror: Mirror::default(),
            memory: Memory::default(),
        }
    }

    /// The configuration changed; what is new holds from the next idle moment on.
    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        let id = self.id;
        self.wanted = desk.config.spans.iter().find(|span| span.id == id && span.enabled).cloned();
        self.apply_when_idle(desk);
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        let leg = command.leg();
        if let LegCommand::Join { with, .. } = command {
            return self.join(desk, leg, with);
        }
        let wire = self.wire();
        let cut_off = self.call_of(leg).is_some_and(|call| self.is_cut_off(call));
        let Some(call) = self.calls.values_mut().find(|call| call.leg == leg && !call.over) else { return };
        let hangup = matches!(command, LegCommand::Hangup { .. });
        call.handle_command(desk, wire, command);
        if hangup && cut_off {
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

    /// The helper is gone, and with it all calls. The far end may still have them: their channels are
    /// restarted when the next helper is there.
    pub(crate) fn handle_helper_gone(&mut self, desk: &mut Desk) {
        self.d_channel_up = false;
        self.t309 = None;
        let all: Vec<CallRef> = self.calls.keys().copied().collect();
        for reference in all {
            let channel = self.calls.get(&reference).and_then(|call| call.channel);
            self.remove(desk, reference, Cause::TEMPORARY_FAILURE, Some("ISDN signalling was restarted"));
            if let Some(channel) = channel {
                self.restarts.suspect(desk, channel.id, Why::Forgotten);
            }
        }
        self.memory.forget();
        self.restarts.helper_gone(desk);
        self.channels.all_in_service();
        desk.changed();
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: Event) {
        let was = self.cut_off();
        match event {
            Event::Up => {
                self.d_channel_up = true;
                self.service_changed(desk, &was);
            }
            Event::Down => {
                self.d_channel_up = false;
                self.service_changed(desk, &was);
            }
            Event::Setup(setup) => self.incoming(desk, *setup),
            Event::Cleared { call, cause } => {
                self.remove(desk, call, Cause::from_received(cause), None);
            }
            Event::Restarted { interface, slot } => self.restarted(desk, interface, slot),
            Event::RestartAcked { interface, slot } => {
                if let Some(channel) = self.channels.named(interface, slot) {
                    self.restarts.acknowledged(desk, channel.id);
                }
            }
            Event::RestartTimeout { interface, slot } => {
                if let Some(channel) = self.channels.named(interface, slot) {
                    self.restarts.timed_out(desk, channel.id);
                }
            }
            Event::Service { interface, slot, status } | Event::ServiceAcked { interface, slot, status } => {
                if let Some(channel) = self.channels.named(interface, slot) {
                    self.channels.serve(channel.id, status);
                    desk.changed();
                }
            }
            Event::Frame { call: Some(reference), outgoing, octets } => {
                let call = self.calls.get_mut(&reference);
                let leg = call.map(|call| {
                    if !outgoing {
                        call.heard_of();
                    }
                    call.leg
                });
                self.memory.frame(desk, leg, reference, outgoing, &octets);
            }
            Event::SetupAck { call, interface, slot, .. }
            | Event::Proceeding { call, interface, slot, .. } => {
                let settled = self.settle_channel(desk, call, interface, slot);
                if settled {
                    self.call_event(desk, call, event);
                }
            }
            Event::TransferAsked { call, with, invoke } => self.transfer_asked(desk, call, with, invoke),
            Event::Mwi(mwi) => self.messages_wait(desk, &mwi),
            Event::Information { call, .. }
            | Event::Alerting { call, .. }
            | Event::Progress { call, .. }
            | Event::Connect { call, .. }
            | Event::Disconnect { call, .. }
            | Event::Hold { call }
            | Event::HoldAck { call }
            | Event::HoldReject { call, .. }
            | Event::Retrieve { call, .. }
            | Event::RetrieveAck { call, .. }
            | Event::RetrieveReject { call, .. }
            | Event::ConnectedLine { call, .. }
            | Event::Diverting { call, .. }
            | Event::Aoc { call, .. }
            | Event::AocAsked { call, .. } => self.call_event(desk, call, event),
            // The frames of these are in the ladder; nothing follows from them.
            Event::Frame { call: None, .. }
            | Event::Notify { .. }
            | Event::Display { .. }
            | Event::UserUser { .. }
            | Event::DChannel { .. }
            | Event::Warning(_) => {}
            _ => {}
        }
        self.work(desk);
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        let wire = self.wire();
        if self.t309.is_some_and(|at| at <= now) {
            self.t309 = None;
            let cut_off = self.cut_off();
            for call in self.calls.values_mut().filter(|call| cut_off.holds(call)) {
                call.clear(desk, wire, Cause::DESTINATION_OUT_OF_ORDER);
                call.end(desk, wire, Cause::DESTINATION_OUT_OF_ORDER, Some("T309: the span is down"));
            }
        }
        let mut stuck = Vec::new();
        for call in self.calls.values_mut() {
            if call.is_stuck(desk) {
                stuck.push((call.reference, call.channel));
            } else if call.timer.is_some_and(|(at, _)| at <= now) {
                call.handle_timeout(desk, wire);
            }
        }
        for (reference, channel) in stuck {
            self.remove(desk, reference, Cause::RECOVERY_ON_TIMER, Some("the far end did not release"));
            if let Some(channel) = channel
                && self.channels.call_on(channel.id).is_none()
            {
                self.restarts.suspect(desk, channel.id, Why::NeverReleased);
            }
        }
        self.work(desk);
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        let calls = self.calls.values().filter_map(|call| call.timer);
        let restarts = self.restarts.poll_timeout().filter(|_| self.in_service());
        calls.chain(self.t309.map(|at| (at, "T309"))).chain(restarts).min()
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    /// Somebody wants a B channel restarted. One that a call is on is left alone.
    pub(crate) fn restart(&mut self, desk: &mut Desk, id: ChannelId) {
        if self.channels.get(id).is_some_and(|channel| channel.call.is_none()) {
            self.restarts.suspect(desk, id, Why::Asked);
            self.work(desk);
        }
    }

    /// Tells the far end that messages wait. False when it cannot be told now.
    pub(crate) fn tell_messages(&mut self, desk: &mut Desk, waiting: &MessageWaiting) -> bool {
        let Some((_, trunk)) = incoming::trunk_of(&desk.config, self.id) else { return false };
        if !self.in_service() || self.leader.is_some() {
            return false;
        }
        let numbers = Numbers { system: &desk.config.system, trunk, mirror: self.mirror };
        let mwi = Mwi {
            mailbox: numbers.called_out(&waiting.mailbox),
            messages: waiting.messages,
            voicemail: waiting.voicemail.as_deref().map(|number| numbers.called_out(number)),
        };
        desk.isdn(self.id, Command::Mwi(Box::new(mwi)));
        true
    }

    fn messages_wait(&self, desk: &mut Desk, mwi: &Mwi) {
        let Some((_, trunk)) = incoming::trunk_of(&desk.config, self.id) else { return };
        let numbers = Numbers { system: &desk.config.system, trunk, mirror: self.mirror };
        let waiting = MessageWaiting {
            mailbox: numbers.number_in(&mwi.mailbox),
            messages: mwi.messages,
            voicemail: mwi.voicemail.as_ref().map(|number| numbers.number_in(number)),
        };
        desk.output(Output::MessageWaiting(waiting));
    }

    fn wire(&self) -> Wire {
        let config = self.config.as_ref();
        Wire {
            span: self.id,
            network: config.is_some_and(|config| config.side == SpanSide::Network),
            mirror: self.mirror,
            in_service: self.in_service(),
            times: Times::of(config),
            overlap: config.is_some_and(|config| config.overlap),
            supplementary: config.is_some_and(|config| config.isdn.supplementary),
        }
    }

    fn call_of(&self, leg: LegId) -> Option<&IsdnCall> {
        self.calls.values().find(|call| call.leg == leg && !call.over)
    }

    /// Restarts what is to be restarted, while the D channel works.
    fn work(&mut self, desk: &mut Desk) {
        if !self.in_service() {
            return;
        }
        let every = self.round();
        let free = self.channels.iter().filter(|(_, channel)| channel.call.is_none());
        let idle: Vec<_> = free.map(|(channel, _)| channel).collect();
        self.restarts.work(desk, self.id, every, &idle);
    }

    /// How often every idle channel is restarted.
    fn round(&self) -> Option<Duration> {
        let minutes = self.config.as_ref().map_or(0, |config| config.isdn.restart_min);
        (minutes > 0).then(|| Duration::from_secs(60 * u64::from(minutes)))
    }

    fn call_event(&mut self, desk: &mut Desk, reference: CallRef, event: Event) {
        let wire = self.wire();
        let Some(call) = self.calls.get_mut(&reference) else { return };
        if call.over {
            return;
        }
        if call.channel.is_none() && !matches!(event, Event::Disconnect { .. }) {
            // It lost its channel to a call of the network and was not given another.
            return call.clear(desk, wire, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        }
        if let Some(channel) = call.channel
            && matches!(event, Event::Alerting { .. } | Event::Connect { .. })
        {
            self.restarts.agreed(desk, channel.id);
        }
        call.handle_event(desk, wire, event);
    }

    /// The network may connect the parties of two of its calls without us.
    fn join(&self, desk: &mut Desk, leg: LegId, with: LegId) {
        let (Some(one), Some(other)) = (self.call_of(leg), self.call_of(with)) else { return };
        if one.reference != other.reference && one.may_be_joined() && other.may_be_joined() {
            desk.note(leg, Protocol::Q931, "the network is asked to join the calls");
            desk.isdn(self.id, Command::Transfer { call: one.reference, with: other.reference });
        }
    }

    /// The far end asks us to connect the parties of two of its calls without it.
    fn transfer_asked(&mut self, desk: &mut Desk, call: CallRef, with: CallRef, invoke: i32) {
        let supplementary = self.wire().supplementary;
        let other = self.calls.get(&with).filter(|other| !other.over).map(|other| other.leg);
        let asking = self.calls.get_mut(&call).filter(|asking| asking.is_active() && !asking.over);
        match (asking, other) {
            (Some(asking), Some(other)) if supplementary && call != with => {
                asking.transfer_asked(desk, other, with, invoke);
            }
            _ => desk.isdn(self.id, Command::TransferAnswer { call, invoke, accepted: false }),
        }
    }

    /// The far end restarted one channel or all of an interface: the calls on them are over (Q.931
    /// §5.5).
    fn restarted(&mut self, desk: &mut Desk, interface: u8, slot: Option<u8>) {
        let hit = |channel: &channels::BChannel| {
            channel.interface == interface && slot.is_none_or(|slot| slot == channel.id.slot)
        };
        let over: Vec<CallRef> = self
            .calls
            .values()
            .filter(|call| call.channel.as_ref().is_some_and(hit))
            .map(|call| call.reference)
            .collect();
        for reference in over {
            self.remove(desk, reference, Cause::TEMPORARY_FAILURE, Some("the far end restarted the channel"));
        }
        let channels: Vec<_> = self.channels.iter().map(|(channel, _)| channel).filter(hit).collect();
        for channel in channels {
            self.restarts.agreed(desk, channel.id);
        }
        desk.changed();
    }

    /// A call is gone.
    fn remove(&mut self, desk: &mut Desk, reference: CallRef, cause: Cause, reason: Option<&str>) {
        let wire = self.wire();
        let Some(mut call) = self.calls.remove(&reference) else { return };
        let refused = call.channel_refused(cause);
        call.end(desk, wire, cause, reason);
        self.channels.release(call.channel, reference);
        if let (Some(cause), Some(channel), true) = (refused, call.channel, wire.in_service) {
            self.restarts.refused(desk, channel.id, cause != Cause::CHANNEL_DOES_NOT_EXIST);
        }
        self.memory.ended(reference, call.leg);
        if self.calls.is_empty() {
            self.t309 = None;
        }
        self.apply_when_idle(desk);
        desk.changed();
    }

    fn apply_when_idle(&mut self, desk: &mut Desk) {
        if !self.calls.is_empty() {
            return;
        }
        if self.members != self.wanted_members {
            self.arrange_members(desk);
        }
        if self.config != self.wanted {
            self.config.clone_from(&self.wanted);
            self.mirror = Mirror::default();
            let every = self.round();
            self.restarts.set_round(desk, every);
            desk.changed();
        }
    }
}
