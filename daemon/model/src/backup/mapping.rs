//! Which port of this unit stands for which port of the unit that made the backup.
//!
//! Cards are paired first: the same card, then the first of a type with the first of that type, and so on.
//! On a pair of cards a port finds the port with the same number. What finds none gets the next free port
//! of its kind; what finds none of these either stays without a place.

use super::PlacedSpan;
use super::cards::{cards, pair};
use crate::config::{Config, DeviceKind, Span, TrunkKind};
use demarc_hal::{ChannelId, Framing, PortKind, SpanId, SpanKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A place for something: a whole digital span, or one analog port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The span.
    pub span: SpanId,
    /// The port; none = the whole span.
    #[serde(default)]
    pub slot: Option<u8>,
}

impl From<ChannelId> for Place {
    fn from(channel: ChannelId) -> Self {
        Self { span: channel.span, slot: Some(channel.slot) }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.slot {
            Some(slot) => write!(f, "port {}/{slot}", self.span),
            None => write!(f, "span {}", self.span),
        }
    }
}

/// What something configured needs of the hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PortNeed {
    /// An E1.
    E1,
    /// A T1.
    T1,
    /// A basic rate interface.
    Bri,
    /// A port for a line.
    Fxo,
    /// A port for a telephone.
    Fxs,
}

impl PortNeed {
    /// The kind of span that this is; none for analog ports.
    pub const fn span_kind(self) -> Option<SpanKind> {
        match self {
            PortNeed::E1 => Some(SpanKind::E1),
            PortNeed::T1 => Some(SpanKind::T1),
            PortNeed::Bri => Some(SpanKind::Bri),
            PortNeed::Fxo | PortNeed::Fxs => None,
        }
    }

    const fn of_span(kind: SpanKind) -> Option<Self> {
        match kind {
            SpanKind::E1 => Some(PortNeed::E1),
            SpanKind::T1 => Some(PortNeed::T1),
            SpanKind::Bri => Some(PortNeed::Bri),
            SpanKind::Analog => None,
        }
    }

    const fn of_port(kind: PortKind) -> Option<Self> {
        match kind {
            PortKind::Fxo => Some(PortNeed::Fxo),
            PortKind::Fxs => Some(PortNeed::Fxs),
            PortKind::Bearer | PortKind::DChannel | PortKind::Cas | PortKind::EAndM => None,
        }
    }

    /// Many cards are E1 or T1 as they are told, so that one may stand for the other.
    const fn may_become(self, other: Self) -> bool {
        matches!((self, other), (PortNeed::E1 | PortNeed::T1, PortNeed::E1 | PortNeed::T1))
    }
}

/// A thing of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Configured {
    /// What it is.
    pub noun: ConfiguredNoun,
    /// Names it.
    pub id: u32,
    /// For people.
    pub name: String,
}

/// What a thing of the configuration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ConfiguredNoun {
    /// A digital span.
    Span,
    /// An FXO line.
    Line,
    /// A telephone.
    Device,
    /// A way to the outside.
    Trunk,
    /// An internal number.
    Extension,
}

/// Where something goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Move {
    /// A span, a line, or an analog telephone.
    pub what: Configured,
    /// What it needs.
    pub need: PortNeed,
    /// Its place on the unit that made the backup.
    pub from: Place,
    /// Its place on this unit. None: it stays in the configuration, switched off.
    pub to: Option<Place>,
    /// Why there.
    pub why: MoveReason,
    /// What depends on it: it stays, too, and works as far as it can without.
    pub users: Vec<Configured>,
}

/// Why something goes where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MoveReason {
    /// The card itself has moved to this unit.
    SameCard,
    /// A card of the same type, and the port with the same number.
    SameType,
    /// The next free port of the same kind.
    SameKind,
    /// The administrator says so.
    Chosen,
    /// No port of its kind is left.
    NoPlace,
}

/// What the administrator says about one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The place on the unit that made the backup.
    pub from: Place,
    /// The place on this unit; none = leave it without one.
    pub to: Option<Place>,
}

/// A choice that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceFault {
    /// Which choice, from 0.
    pub index: usize,
    /// Its field.
    pub field: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

/// Says where each configured span, line and analog telephone goes. `then` is the hardware of the unit that
/// made the backup, `here` that of this unit. Nothing is left out, and no two things go to one place. Lines
/// and telephones on a channel bank have no entry: they go with their span.
///
/// # Errors
/// The choices that cannot be.
pub fn propose(
    config: &Config,
    then: &[PlacedSpan],
    here: &[PlacedSpan],
    choices: &[Choice],
) -> Result<Vec<Move>, Vec<ChoiceFault>> {
    let mut moves = wanted(config, then);
    let mut free = places(here);
    choose(&mut moves, &mut free, choices)?;
    let pairs = pair(&cards(then), &cards(here));
    for reason in [MoveReason::SameCard, MoveReason::SameType] {
        for step in open(&mut moves) {
            let twin = pairs.get(&step.from.span).filter(|(_, why)| *why == reason);
            let Some(to) = twin.map(|(span, _)| Place { span: *span, ..step.from }) else { continue };
            if free.get(&to).is_some_and(|kind| step.need == *kind || step.need.may_become(*kind)) {
                free.remove(&to);
                (step.to, step.why) = (Some(to), reason);
            }
        }
    }
    for step in open(&mut moves) {
        let next = free.iter().find(|(_, kind)| **kind == step.need).map(|(place, _)| *place);
        if let Some(to) = next {
            free.remove(&to);
            (step.to, step.why) = (Some(to), MoveReason::SameKind);
        }
    }
    Ok(moves)
}

/// Those that have no place yet.
fn open(moves: &mut [Move]) -> impl Iterator<Item = &mut Move> {
    moves.iter_mut().filter(|step| step.why == MoveReason::NoPlace)
}

/// Everything that needs a place, in order of the places that it had.
fn wanted(config: &Config, then: &[PlacedSpan]) -> Vec<Move> {
    let step = |what, need, from, users| Move { what, need, from, to: None, why: MoveReason::NoPlace, users };
    let is_bank = |span: SpanId| config.spans.iter().any(|digital| digital.id == span);
    let mut moves = Vec::new();
    for span in &config.spans {
        let from = Place { span: span.id, slot: None };
        moves.push(step(configured_span(span), need_of(span, then), from, users_of_span(config, span)));
    }
    for line in config.lines.iter().filter(|line| !is_bank(line.channel.span)) {
        let has = |kind: &TrunkKind| matches!(kind, TrunkKind::Fxo { lines, .. } if lines.contains(&line.id));
        let what = Configured { noun: ConfiguredNoun::Line, id: line.id.0, name: line.name.clone() };
        moves.push(step(what, PortNeed::Fxo, line.channel.into(), trunks(config, has)));
    }
    for device in &config.devices {
        let DeviceKind::Fxs(port) = &device.kind else { continue };
        if is_bank(port.channel.span) {
            continue;
        }
        let what = Configured { noun: ConfiguredNoun::Device, id: device.id.0, name: device.name.clone() };
        let rung = config.extensions.iter().filter(|extension| extension.devices.contains(&device.id));
        let users = rung.map(|extension| Configured {
            noun: ConfiguredNoun::Extension,
            id: extension.id.0,
            name: format!("{} {}", extension.number, extension.name),
        });
        moves.push(step(what, PortNeed::Fxs, port.channel.into(), users.collect()));
    }
    moves.sort_by_key(|step| step.from);
    moves
}

/// What a span is, as it was told to be, as its hardware was, or as its settings look.
fn need_of(span: &Span, then: &[PlacedSpan]) -> PortNeed {
    let was =
        || then.iter().find(|known| known.id == span.id).and_then(|known| PortNeed::of_span(known.kind));
    let looks = || match span.framing {
        _ if span.isdn.access.is_basic() => PortNeed::Bri,
        Framing::Crc4 | Framing::Basic => PortNeed::E1,
        Framing::Esf | Framing::D4 => PortNeed::T1,
    };
    span.line_mode.and_then(PortNeed::of_span).or_else(was).unwrap_or_else(looks)
}

fn configured_span(span: &Span) -> Configured {
    Configured { noun: ConfiguredNoun::Span, id: span.id.0.into(), name: span.name.clone() }
}

/// Its trunk, the lines and telephones on it when it is a channel bank, and the spans that have no D channel
/// but the one on it.
fn users_of_span(config: &Config, span: &Span) -> Vec<Configured> {
    let mut users =
        trunks(config, |kind| matches!(kind, TrunkKind::Pri { spans, .. } if spans.contains(&span.id)));
    for line in config.lines.iter().filter(|line| line.channel.span == span.id) {
        users.push(Configured { noun: ConfiguredNoun::Line, id: line.id.0, name: line.name.clone() });
    }
    for device in &config.devices {
        if matches!(&device.kind, DeviceKind::Fxs(port) if port.channel.span == span.id) {
            users.push(Configured {
                noun: ConfiguredNoun::Device,
                id: device.id.0,
                name: device.name.clone(),
            });
        }
    }
    let signalled_here = |other: &&Span| other.id != span.id && super::relocate::depends(other, span);
    users.extend(config.spans.iter().filter(signalled_here).map(configured_span));
    users
}

fn trunks(config: &Config, of: impl Fn(&TrunkKind) -> bool) -> Vec<Configured> {
    let found = config.trunks.iter().filter(|trunk| of(&trunk.kind));
    found
        .map(|trunk| Configured { noun: ConfiguredNoun::Trunk, id: trunk.id.0, name: trunk.name.clone() })
        .collect()
}

/// Every place of a unit, and what it is.
fn places(here: &[PlacedSpan]) -> BTreeMap<Place, PortNeed> {
    let mut places = BTreeMap::new();
    for span in here {
        if let Some(need) = PortNeed::of_span(span.kind) {
            places.insert(Place { span: span.id, slot: None }, need);
            continue;
        }
        for port in &span.ports {
            if let Some(need) = PortNeed::of_port(port.kind) {
                places.insert(Place { span: span.id, slot: Some(port.slot) }, need);
            }
        }
    }
    places
}

/// What the administrator says comes first.
fn choose(
    moves: &mut [Move],
    free: &mut BTreeMap<Place, PortNeed>,
    choices: &[Choice],
) -> Result<(), Vec<ChoiceFault>> {
    let all = free.clone();
    let mut faults = Vec::new();
    for (index, choice) in choices.iter().enumerate() {
        let mut fault = |field, message| faults.push(ChoiceFault { index, field, message });
        let Some(step) = moves.iter_mut().find(|step| step.from == choice.from) else {
            fault("from", format!("the backup has nothing at {}: leave this out", choice.from));
            continue;
        };
        if step.why == MoveReason::Chosen {
            fault("from", format!("{} is named twice: leave one out", choice.from));
            continue;
        }
        if let Some(to) = choice.to {
            match all.get(&to) {
                None => fault("to", format!("this unit has no {to}: choose one that it has")),
                Some(kind) if step.need != *kind && !step.need.may_become(*kind) => {
                    fault("to", format!("{to} is of another kind than {}: choose another", choice.from));
                }
                Some(_) if free.remove(&to).is_none() => {
                    fault("to", format!("{to} is taken by another entry already: choose another"));
                }
                Some(_) => {}
            }
        }
        (step.to, step.why) = (choice.to, MoveReason::Chosen);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}
