//! The spans that one D channel signals for: one, or a group (NFAS). Their layer 1, and what the
//! world sees of them.

use super::IsdnSpan;
use super::call::IsdnCall;
use super::channels::{BChannel, Channel};
use super::settings::{layer_1_sleeps, layer_2_sleeps};
use crate::desk::Desk;
use crate::trunk_group::Readiness;
use demarc_hal::Alarm;
use demarc_isdn::Service;
use demarc_model::config::{Config, NfasRole};
use demarc_model::live::{ChannelState, LiveChannel, LiveSpan};
use demarc_model::{Cause, ChannelId, SpanId};
use std::collections::{BTreeMap, BTreeSet};

/// One span of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    span: SpanId,
    /// Interface identifier; 0 without NFAS.
    interface: u8,
    slots: Vec<u8>,
    /// Alarms keep calls away from it.
    alarmed: bool,
}

impl Member {
    /// A span with a D channel of its own.
    pub(super) fn alone(span: SpanId, slots: &[u8]) -> Self {
        Self { span, interface: 0, slots: slots.to_vec(), alarmed: false }
    }

    /// Its B channels.
    pub(super) fn channels(&self) -> impl Iterator<Item = BChannel> + '_ {
        let (span, interface) = (self.span, self.interface);
        self.slots.iter().map(move |slot| BChannel { id: ChannelId { span, slot: *slot }, interface })
    }
}

/// Whose calls cannot be heard or signalled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CutOff {
    /// All: the D channel, or layer 1 of the only span.
    All,
    /// Those on these spans.
    Spans(BTreeSet<SpanId>),
}

impl CutOff {
    pub(super) fn holds(&self, call: &IsdnCall) -> bool {
        match self {
            CutOff::All => true,
            CutOff::Spans(spans) => call.channel.is_some_and(|channel| spans.contains(&channel.id.span)),
        }
    }
}

/// Who signals for whom, by the configuration.
pub(crate) fn regroup(spans: &mut BTreeMap<SpanId, IsdnSpan>, desk: &mut Desk) {
    let slots: BTreeMap<SpanId, Vec<u8>> = spans.iter().map(|(id, span)| (*id, span.slots.clone())).collect();
    for (id, span) in spans.iter_mut() {
        span.leader = leader(&desk.config, *id);
        span.wanted_members = match span.leader {
            Some(_) => Vec::new(),
            None => members(&desk.config, *id, &slots),
        };
        span.apply_when_idle(desk);
    }
}

/// Tells every group how layer 1 of its spans does.
pub(crate) fn follow(spans: &mut BTreeMap<SpanId, IsdnSpan>, desk: &mut Desk) {
    let alarmed: BTreeSet<SpanId> =
        spans.iter().filter(|(_, span)| span.worst_alarm().is_some()).map(|(id, _)| *id).collect();
    for span in spans.values_mut().filter(|span| span.members.len() > 1) {
        let id = span.id;
        let is = |member: &Member| alarmed.contains(&member.span) && member.span != id;
        if span.members.iter().any(|member| member.alarmed != is(member)) {
            let was = span.cut_off();
            for member in &mut span.members {
                member.alarmed = is(member);
            }
            span.wanted_members.iter_mut().for_each(|member| member.alarmed = is(member));
            span.service_changed(desk, &was);
        }
    }
}

/// The span whose D channel signals the calls of this one.
pub(crate) fn led(spans: &mut BTreeMap<SpanId, IsdnSpan>, id: SpanId) -> Option<&mut IsdnSpan> {
    let leader = spans.get(&id)?.leader.unwrap_or(id);
    spans.get_mut(&leader)
}

fn leader(config: &Config, id: SpanId) -> Option<SpanId> {
    let own = config.spans.iter().find(|span| span.id == id)?.isdn.nfas?;
    let primary = config.spans.iter().find(|span| {
        let nfas = span.isdn.nfas;
        nfas.is_some_and(|nfas| (nfas.group, nfas.d_channel) == (own.group, NfasRole::Primary))
    })?;
    (primary.id != id).then_some(primary.id)
}

fn members(config: &Config, id: SpanId, slots: &BTreeMap<SpanId, Vec<u8>>) -> Vec<Member> {
    let of = |span: SpanId| slots.get(&span).cloned().unwrap_or_default();
    let group = config.spans.iter().find(|span| span.id == id).and_then(|span| span.isdn.nfas);
    let Some(group) = group else { return vec![Member::alone(id, &of(id))] };
    let spans = config.spans.iter().filter(|span| span.enabled).filter_map(|span| {
        let nfas = span.isdn.nfas.filter(|nfas| nfas.group == group.group)?;
        let (span, interface) = (span.id, nfas.interface);
        Some(Member { span, interface, slots: of(span), alarmed: false })
    });
    spans.collect()
}

impl IsdnSpan {
    /// The B channels of one span of the group in order, and whether a call can be placed on them.
    pub(crate) fn members(
        &self,
        span: SpanId,
    ) -> impl DoubleEndedIterator<Item = (ChannelId, Readiness)> + '_ {
        self.channels.of(span).map(|(channel, state)| (channel.id, self.readiness(channel, state)))
    }

    pub(super) fn readiness(&self, channel: BChannel, state: Channel) -> Readiness {
        let span = channel.id.span;
        let alarmed = self.members.iter().any(|member| member.span == span && member.alarmed)
            || (span == self.id && self.worst_alarm().is_some());
        if !self.in_service() || self.wanted.is_none() || alarmed {
            return Readiness::Down;
        }
        match state.readiness() {
            Readiness::Free if self.restarts.blocks(channel.id) => Readiness::Down,
            readiness => readiness,
        }
    }

    /// Layer 1 changed.
    pub(crate) fn handle_alarms(&mut self, desk: &mut Desk, alarms: Vec<Alarm>) {
        let was = self.cut_off();
        self.alarms = alarms;
        self.service_changed(desk, &was);
        self.work(desk);
    }

    /// The span whose D channel signals its calls, when it is another one.
    pub(crate) fn leader(&self) -> Option<SpanId> {
        self.leader
    }

    /// Why its D channel carries no calls, in words.
    pub(crate) fn group_trouble(&self) -> Option<&'static str> {
        (!self.in_service()).then_some("D channel is down")
    }

    /// Why no call can be placed on it, in words; none when one can or when its group knows.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        match self.worst_alarm() {
            _ if self.wanted.is_none() => Some("span is not in use"),
            Some(Alarm::Red | Alarm::LossOfSignal) => Some("red alarm: no signal arrives"),
            Some(Alarm::LossOfFrame) => Some("red alarm: no frame is found in the signal"),
            Some(Alarm::Loopback) => Some("the span is looped for a test"),
            Some(Alarm::NotOpen) => Some("the span has not been started"),
            Some(Alarm::Yellow) => Some("yellow alarm: the far end does not hear us"),
            Some(Alarm::Blue) => Some("blue alarm: failure further upstream"),
            _ if self.leader.is_none() && !self.in_service() => Some("D channel is down"),
            _ => None,
        }
    }

    /// As the world sees a span of the group; `own`: that span itself.
    pub(crate) fn live(&self, own: &IsdnSpan) -> LiveSpan {
        let channels = self.channels.of(own.id).map(|(channel, state)| {
            let shown = match state.call {
                Some(call) => self.calls.get(&call).map_or(ChannelState::Busy, IsdnCall::live),
                None if self.readiness(channel, state) == Readiness::Free => ChannelState::Idle,
                None => ChannelState::Down,
            };
            let service = match state.service {
                Service::In => None,
                Service::Maintenance => Some("the far end has it in maintenance"),
                Service::Out => Some("the far end has taken it out of service"),
            };
            let alarm = service.or_else(|| self.restarts.alarm(channel.id)).map(str::to_owned);
            LiveChannel { slot: channel.id.slot, state: shown, alarm }
        });
        LiveSpan {
            span: own.id,
            alarms: own.alarms.clone(),
            d_channel_up: self.d_channel_up,
            channels: channels.collect(),
        }
    }

    /// Calls can be placed: layers 1 and 2 are up, or sleep.
    pub(super) fn in_service(&self) -> bool {
        let sleeps = self.config.as_ref().is_some_and(layer_2_sleeps);
        let signalled = self.d_channel_up || sleeps;
        // A group may have a D channel on another span.
        signalled && (self.members.len() > 1 || self.worst_alarm().is_none())
    }

    /// The alarm that keeps calls away. A recovering signal already carries them, and on a bus there is
    /// no signal between calls.
    pub(super) fn worst_alarm(&self) -> Option<Alarm> {
        if self.wanted.as_ref().is_some_and(layer_1_sleeps) {
            return None;
        }
        self.alarms.iter().copied().filter(|alarm| *alarm != Alarm::Recovering).min()
    }

    /// Whose calls are interrupted now. With a backup D channel elsewhere, an alarm of the span that
    /// signals is an alarm of that span alone.
    pub(super) fn cut_off(&self) -> CutOff {
        let sleeps = self.config.as_ref().is_some_and(layer_2_sleeps);
        let alarmed = self.worst_alarm().is_some();
        if !(self.d_channel_up || sleeps) || (alarmed && self.members.len() < 2) {
            return CutOff::All;
        }
        let others = self.members.iter().filter(|member| member.alarmed).map(|member| member.span);
        CutOff::Spans(others.chain(alarmed.then_some(self.id)).collect())
    }

    pub(super) fn is_cut_off(&self, call: &IsdnCall) -> bool {
        self.cut_off().holds(call)
    }

    /// Layers 1 or 2 changed.
    pub(super) fn service_changed(&mut self, desk: &mut Desk, was: &CutOff) {
        desk.changed();
        let is = self.cut_off();
        if is == *was {
            return;
        }
        let wire = self.wire();
        let mut kept = false;
        for call in self.calls.values_mut().filter(|call| is.holds(call)) {
            if call.is_active() {
                kept = true;
            } else if !was.holds(call) {
                call.clear(desk, wire, Cause::DESTINATION_OUT_OF_ORDER);
                call.end(desk, wire, Cause::DESTINATION_OUT_OF_ORDER, Some("the span went down"));
            }
        }
        if !kept {
            self.t309 = None;
        } else if self.t309.is_none() {
            self.t309 = Some(desk.at(wire.times.t309));
        }
    }

    /// The spans of the group are others from now on.
    pub(super) fn arrange_members(&mut self, desk: &mut Desk) {
        self.members.clone_from(&self.wanted_members);
        let channels: Vec<BChannel> = self.members.iter().flat_map(Member::channels).collect();
        self.channels.arrange(channels.iter().copied());
        self.restarts.retain(|id| channels.iter().any(|channel| channel.id == id));
        desk.changed();
    }
}
