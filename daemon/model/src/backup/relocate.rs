//! The configuration of one unit, made to fit the hardware of another.

use super::{Move, PlacedSpan, PortNeed};
use crate::config::{Config, DeviceKind, NfasRole, Span, TrunkKind};
use demarc_hal::{ChannelId, Signalling, SpanId};
use std::collections::{BTreeMap, BTreeSet};

/// From here on, numbers of spans are given to what has no hardware: cards are numbered from 1 up.
pub const NOWHERE: u16 = 60_001;

/// Puts everything where `moves` says. What has no place gets a number from [`NOWHERE`] up, where no card
/// comes by itself: spans are switched off, and with the span of a primary D channel those that it signals
/// for; lines and telephones are as if unplugged. Nothing is taken away, and references follow.
pub fn relocate(config: &Config, moves: &[Move], here: &[PlacedSpan]) -> Config {
    let mut config = config.clone();
    let spans: BTreeMap<SpanId, &Move> =
        moves.iter().filter(|step| step.from.slot.is_none()).map(|step| (step.from.span, step)).collect();
    let ports: BTreeMap<ChannelId, &Move> = moves
        .iter()
        .filter_map(|step| Some((ChannelId { span: step.from.span, slot: step.from.slot? }, step)))
        .collect();
    let mut nowhere = Nowhere {
        taken: here.iter().map(|span| span.id).chain(moves.iter().filter_map(|m| Some(m.to?.span))).collect(),
        given: BTreeMap::new(),
    };
    let new = |old: SpanId, nowhere: &mut Nowhere| match spans.get(&old).and_then(|step| step.to) {
        Some(to) => to.span,
        None => nowhere.number(old),
    };
    for trunk in &mut config.trunks {
        if let TrunkKind::Pri { spans: list, .. } = &mut trunk.kind {
            list.iter_mut().for_each(|span| *span = new(*span, &mut nowhere));
        }
    }
    let digital: BTreeSet<SpanId> = config.spans.iter().map(|span| span.id).collect();
    let mut channel = |old: ChannelId| -> ChannelId {
        if digital.contains(&old.span) {
            return ChannelId { span: new(old.span, &mut nowhere), slot: old.slot };
        }
        match ports.get(&old).and_then(|step| step.to) {
            Some(to) => ChannelId { span: to.span, slot: to.slot.unwrap_or(old.slot) },
            None => ChannelId { span: nowhere.number(old.span), slot: old.slot },
        }
    };
    for line in &mut config.lines {
        line.channel = channel(line.channel);
    }
    for device in &mut config.devices {
        if let DeviceKind::Fxs(port) = &mut device.kind {
            port.channel = channel(port.channel);
        }
    }
    for span in &mut config.spans {
        let step = spans.get(&span.id);
        match step.and_then(|step| step.to) {
            Some(to) => {
                if let Some(step) = step {
                    span.line_mode = mode(step.need, here, to.span).or(span.line_mode);
                }
                span.id = to.span;
            }
            None => {
                span.id = nowhere.number(span.id);
                span.enabled = false;
            }
        }
    }
    switch_off_dependants(&mut config);
    config
}

/// The mode that a card must be told, where it runs in another one now.
fn mode(need: PortNeed, here: &[PlacedSpan], to: SpanId) -> Option<demarc_hal::SpanKind> {
    let wanted = need.span_kind()?;
    let is = here.iter().find(|span| span.id == to)?.kind;
    (is != wanted).then_some(wanted)
}

/// Is `span` signalled on the D channel of `primary`?
pub(super) fn depends(span: &Span, primary: &Span) -> bool {
    let group = |span: &Span| span.isdn.nfas.filter(|_| span.signalling == Signalling::Isdn);
    match (group(span), group(primary)) {
        (Some(member), Some(first)) => member.group == first.group && first.d_channel == NfasRole::Primary,
        _ => false,
    }
}

fn switch_off_dependants(config: &mut Config) {
    let off: Vec<Span> = config.spans.iter().filter(|span| !span.enabled).cloned().collect();
    for span in &mut config.spans {
        if off.iter().any(|primary| depends(span, primary)) {
            span.enabled = false;
        }
    }
}

/// Gives out numbers that no hardware has: one for each former span.
struct Nowhere {
    taken: BTreeSet<SpanId>,
    given: BTreeMap<SpanId, SpanId>,
}

impl Nowhere {
    fn number(&mut self, old: SpanId) -> SpanId {
        if let Some(number) = self.given.get(&old) {
            return *number;
        }
        let free = (NOWHERE..=u16::MAX).chain(1..NOWHERE).map(SpanId).find(|n| !self.taken.contains(n));
        let number = free.unwrap_or(old);
        self.taken.insert(number);
        self.given.insert(old, number);
        number
    }
}
