use super::*;
use crate::ChannelId;
use crate::config::{
    DeviceKind, FxsFeatures, FxsPort, Line, LineId, NfasMember, NfasRole, Secret, Span, TrunkKind,
};
use demarc_hal::{CardState, Companding, Port, Signalling, SpanInfo};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// A card of a type, with its spans from `first` on.
fn card(id: &str, device: u16, first: u16, spans: u16) -> Card {
    Card {
        id: id.into(),
        bus: Bus::Pci,
        vendor: 0xd161,
        device,
        subvendor: 0,
        subdevice: 0,
        model: format!("Type {device}"),
        driver: None,
        state: CardState::Working,
        spans: (first..first + spans).map(SpanId).collect(),
    }
}

fn ports(kind: SpanKind, analog: &[PortKind]) -> Vec<PlacedPort> {
    let digital = (1..=kind.slots()).filter_map(|slot| Some((slot, Signalling::Isdn.port(kind, slot)?)));
    let analog = (1u8..).zip(analog.iter().copied());
    digital.chain(analog).map(|(slot, kind)| PlacedPort { slot, kind }).collect()
}

fn unit(cards: &[Card], kinds: &[(SpanKind, &[PortKind])]) -> Vec<PlacedSpan> {
    let place = |(id, (kind, analog)): (u16, &(SpanKind, &[PortKind]))| {
        PlacedSpan::new(SpanId(id), format!("Span {id}"), *kind, ports(*kind, analog), cards)
    };
    (1u16..).zip(kinds).map(place).collect()
}

fn infos(hardware: &[PlacedSpan]) -> Vec<SpanInfo> {
    let port =
        |span: SpanId, port: &PlacedPort| Port { id: ChannelId { span, slot: port.slot }, kind: port.kind };
    let info = |span: &PlacedSpan| SpanInfo {
        id: span.id,
        name: span.name.clone(),
        kind: span.kind,
        companding: Companding::ALaw,
        ports: span.ports.iter().map(|p| port(span.id, p)).collect(),
    };
    hardware.iter().map(info).collect()
}

fn configured(hardware: &[PlacedSpan]) -> Config {
    let config = Config::for_hardware(&infos(hardware), &mut || Secret::new("a long password"));
    assert_eq!(config.validate(), Ok(()));
    config
}

/// `1 -> 3 same_type`, `2/1 -> -`.
fn words(moves: &[Move]) -> Vec<String> {
    let place = |place: Place| match place.slot {
        Some(slot) => format!("{}/{slot}", place.span),
        None => place.span.to_string(),
    };
    let word = |step: &Move| {
        let to = step.to.map_or("-".into(), place);
        format!("{} > {to} {:?}", place(step.from), step.why)
    };
    moves.iter().map(word).collect()
}

const E1: (SpanKind, &[PortKind]) = (SpanKind::E1, &[]);
const T1: (SpanKind, &[PortKind]) = (SpanKind::T1, &[]);
const BRI: (SpanKind, &[PortKind]) = (SpanKind::Bri, &[]);
const FXO: (SpanKind, &[PortKind]) = (SpanKind::Analog, &[PortKind::Fxo, PortKind::Fxo]);
const FXS: (SpanKind, &[PortKind]) = (SpanKind::Analog, &[PortKind::Fxs]);

#[test]
fn the_same_hardware_keeps_everything() {
    let here = unit(&[card("a", 1, 1, 2), card("b", 2, 3, 1)], &[E1, E1, FXO, FXS]);
    let config = configured(&here);
    let moves = propose(&config, &here, &here, &[]).unwrap();
    assert_eq!(
        words(&moves),
        [
            "1 > 1 SameCard",
            "2 > 2 SameCard",
            "3/1 > 3/1 SameCard",
            "3/2 > 3/2 SameCard",
            "4/1 > 4/1 SameType"
        ]
    );
    assert_eq!(relocate(&config, &moves, &here), config);
}

#[test]
fn cards_are_paired_by_type_and_ports_by_number() {
    // The two cards were probed the other way round.
    let then = unit(&[card("a", 1, 1, 2), card("b", 2, 3, 1)], &[E1, E1, FXO]);
    let here = unit(&[card("x", 2, 1, 1), card("y", 1, 2, 2)], &[FXO, E1, E1]);
    let config = configured(&then);
    let moves = propose(&config, &then, &here, &[]).unwrap();
    assert_eq!(
        words(&moves),
        ["1 > 2 SameType", "2 > 3 SameType", "3/1 > 1/1 SameType", "3/2 > 1/2 SameType"]
    );
    let new = relocate(&config, &moves, &here);
    assert_eq!(new.validate(), Ok(()));
    assert_eq!(new.spans.iter().map(|span| span.id).collect::<Vec<_>>(), [SpanId(2), SpanId(3)]);
    assert_eq!(new.lines[1].channel, ChannelId::new(1, 2));
    let TrunkKind::Pri { spans, .. } = &new.trunks[0].kind else { panic!("{:?}", new.trunks) };
    assert_eq!(*spans, [SpanId(2), SpanId(3)]);
}

#[test]
fn a_card_that_moved_is_itself_and_the_others_are_counted_without_it() {
    let then = unit(&[card("a", 1, 1, 1), card("b", 1, 2, 1)], &[E1, E1]);
    let here = unit(&[card("b", 1, 1, 1), card("c", 1, 2, 1)], &[E1, E1]);
    let config = configured(&then);
    assert_eq!(words(&propose(&config, &then, &here, &[]).unwrap()), ["1 > 2 SameType", "2 > 1 SameCard"]);
    // The same slot with another card in it is not the same card.
    let here = unit(&[card("b", 7, 1, 1), card("c", 1, 2, 1)], &[E1, E1]);
    assert_eq!(words(&propose(&config, &then, &here, &[]).unwrap()), ["1 > 2 SameType", "2 > 1 SameKind"]);
}

#[test]
fn a_card_that_does_both_is_told_which() {
    let then = unit(&[card("a", 1, 1, 2)], &[T1, T1]);
    let here = unit(&[card("b", 1, 1, 2)], &[E1, T1]);
    let config = configured(&then);
    let moves = propose(&config, &then, &here, &[]).unwrap();
    assert_eq!(words(&moves), ["1 > 1 SameType", "2 > 2 SameType"]);
    let new = relocate(&config, &moves, &here);
    assert_eq!((new.spans[0].line_mode, new.spans[1].line_mode), (Some(SpanKind::T1), None));
    // Another type of card is not supposed to, until the administrator says so.
    let here = unit(&[card("b", 9, 1, 2)], &[E1, BRI]);
    let moves = propose(&config, &then, &here, &[]).unwrap();
    assert_eq!(words(&moves), ["1 > - NoPlace", "2 > - NoPlace"]);
    let choice = |from, to| Choice {
        from: Place { span: SpanId(from), slot: None },
        to: Some(Place { span: SpanId(to), slot: None }),
    };
    let moves = propose(&config, &then, &here, &[choice(2, 1)]).unwrap();
    assert_eq!(words(&moves), ["1 > - NoPlace", "2 > 1 Chosen"]);
    assert_eq!(relocate(&config, &moves, &here).spans[1].line_mode, Some(SpanKind::T1));
    assert!(propose(&config, &then, &here, &[choice(1, 2)]).is_err(), "a BRI is no T1");
}

#[test]
fn what_has_no_place_stays_switched_off_and_is_named() {
    let then = unit(&[], &[E1, FXO, FXS]);
    let config = configured(&then);
    let moves = propose(&config, &then, &[], &[]).unwrap();
    assert!(moves.iter().all(|step| step.to.is_none() && step.why == MoveReason::NoPlace));
    let users: Vec<Vec<&str>> =
        moves.iter().map(|step| step.users.iter().map(|user| user.name.as_str()).collect()).collect();
    assert_eq!(users, [vec!["PRI"], vec!["Lines"], vec!["Lines"], vec!["211 Extension 211"]]);
    let new = relocate(&config, &moves, &[]);
    assert_eq!(new.validate(), Ok(()));
    assert!(!new.spans[0].enabled);
    assert_eq!(new.spans[0].id, SpanId(NOWHERE));
    // Ports of a card that is not there keep their numbers, beside each other.
    let channels: Vec<ChannelId> = new.lines.iter().map(|line| line.channel).collect();
    assert_eq!(channels, [ChannelId::new(NOWHERE + 1, 1), ChannelId::new(NOWHERE + 1, 2)]);
    assert_eq!(new.trunks.len(), config.trunks.len());
    // And it finds its way from there, too.
    let moves = propose(&new, &[], &then, &[]).unwrap();
    let back = relocate(&new, &moves, &then);
    let switched_on = Span { enabled: true, ..back.spans[0].clone() };
    assert_eq!(
        (switched_on, back.lines, back.devices),
        (config.spans[0].clone(), config.lines, config.devices)
    );
}

#[test]
fn a_channel_bank_takes_its_lines_and_telephones_along() {
    let then = unit(&[card("a", 1, 1, 1)], &[T1]);
    let here = unit(&[card("b", 3, 1, 1), card("c", 1, 2, 1)], &[FXO, T1]);
    let mut config = configured(&then);
    config.trunks.clear();
    config.inbound_routes.clear();
    config.outbound_routes.clear();
    config.spans[0].signalling = Signalling::ChannelBank(vec![PortKind::Fxo, PortKind::Fxs]);
    config.lines.push(Line { channel: ChannelId::new(1, 1), ..Line::default() });
    let port = FxsPort {
        channel: ChannelId::new(1, 2),
        reverse_on_answer: false,
        open_loop_on_hangup: true,
        features: FxsFeatures::default(),
    };
    config.devices[0].kind = DeviceKind::Fxs(port);
    assert_eq!(config.validate(), Ok(()));
    let moves = propose(&config, &then, &here, &[]).unwrap();
    assert_eq!(words(&moves), ["1 > 2 SameType"]);
    assert_eq!(moves[0].users.len(), 2);
    let new = relocate(&config, &moves, &here);
    assert_eq!(new.validate(), Ok(()));
    assert_eq!(new.lines[0].channel, ChannelId::new(2, 1));
    let off = relocate(&config, &propose(&config, &then, &[], &[]).unwrap(), &[]);
    assert_eq!(off.validate(), Ok(()));
    assert_eq!(off.lines[0].channel, ChannelId::new(NOWHERE, 1));
}

#[test]
fn spans_without_a_d_channel_are_off_when_the_primary_has_no_place() {
    let then = unit(&[card("a", 1, 1, 2)], &[T1, T1]);
    let here = unit(&[card("b", 1, 1, 1)], &[T1]);
    let mut config = configured(&then);
    for (span, d_channel) in config.spans.iter_mut().zip([NfasRole::None, NfasRole::Primary]) {
        let interface = u8::try_from(span.id.0).unwrap();
        span.isdn.nfas = Some(NfasMember { group: 1, interface, d_channel });
    }
    assert_eq!(config.validate(), Ok(()));
    let moves = propose(&config, &then, &here, &[]).unwrap();
    assert_eq!(words(&moves), ["1 > 1 SameType", "2 > - NoPlace"]);
    assert!(moves[1].users.iter().any(|user| user.noun == ConfiguredNoun::Span && user.id == 1));
    let new = relocate(&config, &moves, &here);
    assert_eq!(new.validate(), Ok(()));
    assert!(new.spans.iter().all(|span| !span.enabled));
}

#[test]
fn choices_that_cannot_be_are_named() {
    let here = unit(&[], &[E1, FXO, FXS]);
    let config = configured(&here);
    let at = |span, slot| Place { span: SpanId(span), slot };
    let choice = |from, to| Choice { from, to };
    let faults = propose(
        &config,
        &here,
        &here,
        &[
            choice(at(9, None), None),
            choice(at(2, Some(1)), Some(at(3, Some(1)))),
            choice(at(2, Some(2)), Some(at(2, Some(9)))),
            choice(at(1, None), Some(at(1, None))),
            choice(at(1, None), None),
            choice(at(3, Some(1)), Some(at(1, None))),
        ],
    )
    .unwrap_err();
    let places: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.index, fault.field)).collect();
    assert_eq!(places, [(0, "from"), (1, "to"), (2, "to"), (4, "from"), (5, "to")]);
    let twice = [choice(at(2, Some(1)), Some(at(2, Some(2)))), choice(at(2, Some(2)), Some(at(2, Some(2))))];
    let faults = propose(&config, &here, &here, &twice).unwrap_err();
    assert!(faults[0].message.contains("taken by another entry"), "{faults:?}");
    // One that is chosen away leaves its place to another.
    let moves = propose(&config, &here, &here, &[choice(at(2, Some(1)), None)]).unwrap();
    assert_eq!(words(&moves)[1..3], ["2/1 > - Chosen", "2/2 > 2/2 SameType"]);
}

#[test]
fn the_kind_of_a_span_whose_hardware_is_unknown_is_read_off_its_settings() {
    let then = unit(&[], &[E1, T1, BRI]);
    let mut config = configured(&then);
    let needs = |config: &Config, then: &[PlacedSpan]| -> Vec<PortNeed> {
        propose(config, then, &[], &[]).unwrap().iter().map(|step| step.need).collect()
    };
    assert_eq!(needs(&config, &then), [PortNeed::E1, PortNeed::T1, PortNeed::Bri]);
    config.spans[2].isdn.access = crate::config::IsdnAccess::BasicRatePtp;
    assert_eq!(needs(&config, &[]), [PortNeed::E1, PortNeed::T1, PortNeed::Bri]);
    config.spans[0].line_mode = Some(SpanKind::T1);
    assert_eq!(needs(&config, &then)[0], PortNeed::T1, "what it was told to be");
}

/// Cards of four types, from a few slots of the bus, in any order; some spans have no card.
fn any_unit() -> impl Strategy<Value = Vec<PlacedSpan>> {
    let one = (0u16..4, 0u8..6, prop::collection::vec(0u8..4, 1..4));
    prop::collection::vec(one, 0..6).prop_map(|cards| {
        let (mut all, mut kinds, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (device, slot, spans) in cards {
            let first = u16::try_from(kinds.len()).unwrap() + 1;
            for which in &spans {
                kinds.push(match (device, which % 2) {
                    (0, 0) => E1,
                    (0, _) => T1,
                    (1, _) => BRI,
                    (2, _) => FXO,
                    _ => FXS,
                });
            }
            if slot > 0 && seen.insert(slot) {
                let count = u16::try_from(spans.len()).unwrap();
                all.push(card(&format!("slot {slot}"), device, first, count));
            }
        }
        unit(&all, &kinds)
    })
}

fn any_place() -> impl Strategy<Value = Place> {
    (1u16..20, prop::option::of(1u8..3)).prop_map(|(span, slot)| Place { span: SpanId(span), slot })
}

fn any_choices() -> impl Strategy<Value = Vec<Choice>> {
    let one = (any_place(), prop::option::of(any_place())).prop_map(|(from, to)| Choice { from, to });
    prop::collection::vec(one, 0..3)
}

proptest! {
    /// Whatever the two units are: nothing is lost, no two things meet, and the whole is in order.
    #[test]
    fn nothing_is_lost_and_no_two_things_meet(
        then in any_unit(),
        forgotten in prop::collection::vec(any::<bool>(), 20),
        here in any_unit(),
        choices in any_choices(),
    ) {
        let config = configured(&then);
        // Of some spans the backup does not know what they were.
        let known: Vec<PlacedSpan> =
            then.iter().zip(forgotten.iter().chain(std::iter::repeat(&false))).filter(|(_, f)| !**f).map(|(s, _)| s.clone()).collect();
        let moves = match propose(&config, &known, &here, &choices) {
            Ok(moves) => moves,
            Err(faults) => {
                prop_assert!(!faults.is_empty() && faults.iter().all(|fault| fault.index < choices.len()));
                propose(&config, &known, &here, &[]).unwrap()
            }
        };
        let analog = config.devices.iter().filter(|d| matches!(d.kind, DeviceKind::Fxs(_))).count();
        prop_assert_eq!(moves.len(), config.spans.len() + config.lines.len() + analog);
        let to: Vec<Place> = moves.iter().filter_map(|step| step.to).collect();
        let distinct: BTreeSet<Place> = to.iter().copied().collect();
        prop_assert_eq!(distinct.len(), to.len(), "no two things go to one place");
        let from: BTreeSet<Place> = moves.iter().map(|step| step.from).collect();
        prop_assert_eq!(from.len(), moves.len());

        let mut left: BTreeMap<PortNeed, usize> = BTreeMap::new();
        for span in &here {
            for place in places_of(span) {
                let need = kind_of(span, place);
                if let Some(step) = moves.iter().find(|step| step.to == Some(place)) {
                    let both = [PortNeed::E1, PortNeed::T1];
                    prop_assert!(step.need == need || both.contains(&step.need) && both.contains(&need));
                } else {
                    *left.entry(need).or_default() += 1;
                }
            }
        }
        for step in &moves {
            let exists = |to: Place| here.iter().any(|span| places_of(span).contains(&to));
            prop_assert!(step.to.is_none_or(exists));
            let could = left.get(&step.need).copied().unwrap_or(0);
            prop_assert!(step.why != MoveReason::NoPlace || could == 0, "a place is left: {:?}", step);
            let left_out = matches!(step.why, MoveReason::NoPlace | MoveReason::Chosen);
            prop_assert!(step.to.is_some() || left_out);
            prop_assert!(step.to.is_none() || step.why != MoveReason::NoPlace);
        }

        let new = relocate(&config, &moves, &here);
        prop_assert_eq!(new.validate(), Ok(()));
        // Only numbers of spans and ports differ, and that a span is off, and what a card is told to be.
        let name = |config: &Config, id: SpanId| config.spans.iter().find(|s| s.id == id).map(|s| s.name.clone());
        for (old, new_span) in config.spans.iter().zip(&new.spans) {
            let step = moves.iter().find(|step| step.from == Place { span: old.id, slot: None }).unwrap();
            prop_assert_eq!(new_span.enabled, step.to.is_some());
            if let Some(to) = step.to {
                prop_assert_eq!(new_span.id, to.span);
            } else {
                prop_assert!(new_span.id.0 >= NOWHERE);
            }
            let as_it_was = Span { id: old.id, enabled: old.enabled, line_mode: old.line_mode, ..new_span.clone() };
            prop_assert_eq!(&as_it_was, old);
        }
        for (old, new_line) in config.lines.iter().zip(&new.lines) {
            let step = moves.iter().find(|step| step.from == old.channel.into()).unwrap();
            match step.to {
                Some(to) => prop_assert_eq!(Place::from(new_line.channel), to),
                None => prop_assert!(new_line.channel.span.0 >= NOWHERE),
            }
            prop_assert_eq!(&Line { channel: old.channel, ..new_line.clone() }, old);
        }
        for (old, new_trunk) in config.trunks.iter().zip(&new.trunks) {
            match (&old.kind, &new_trunk.kind) {
                (TrunkKind::Pri { spans: a, .. }, TrunkKind::Pri { spans: b, .. }) => {
                    let names = |config: &Config, list: &[SpanId]| list.iter().map(|id| name(config, *id)).collect::<Vec<_>>();
                    prop_assert_eq!(names(&config, a), names(&new, b));
                }
                (a, b) => prop_assert_eq!(a, b),
            }
        }
        let rest = |config: &Config| (config.extensions.clone(), config.ring_groups.clone(), config.services.clone(),
            config.inbound_routes.clone(), config.outbound_routes.clone(), config.system.clone(), config.appliance.clone(),
            config.devices.iter().map(|device| (device.id, device.name.clone())).collect::<Vec<_>>(),
            (config.spans.len(), config.lines.len(), config.trunks.len()));
        prop_assert_eq!(rest(&config), rest(&new));
    }

    /// On the unit that made it, a backup changes nothing.
    #[test]
    fn back_on_the_same_unit_nothing_changes(here in any_unit()) {
        let config = configured(&here);
        let moves = propose(&config, &here, &here, &[]).unwrap();
        prop_assert_eq!(relocate(&config, &moves, &here), config);
    }
}

fn places_of(span: &PlacedSpan) -> Vec<Place> {
    match span.kind {
        SpanKind::Analog => span.ports.iter().map(|p| Place { span: span.id, slot: Some(p.slot) }).collect(),
        _ => vec![Place { span: span.id, slot: None }],
    }
}

fn kind_of(span: &PlacedSpan, place: Place) -> PortNeed {
    match span.kind {
        SpanKind::E1 => PortNeed::E1,
        SpanKind::T1 => PortNeed::T1,
        SpanKind::Bri => PortNeed::Bri,
        SpanKind::Analog => match span.ports.iter().find(|port| Some(port.slot) == place.slot) {
            Some(PlacedPort { kind: PortKind::Fxo, .. }) => PortNeed::Fxo,
            _ => PortNeed::Fxs,
        },
    }
}

#[test]
fn a_line_beside_the_hardware_is_moved_like_any_other() {
    let mut config = configured(&unit(&[], &[FXO]));
    let extra = Line { id: LineId(7), channel: ChannelId::new(8, 3), ..Line::default() };
    config.lines.push(extra);
    let moves = propose(&config, &[], &unit(&[], &[FXO, FXO]), &[]).unwrap();
    assert_eq!(words(&moves), ["1/1 > 1/1 SameKind", "1/2 > 1/2 SameKind", "8/3 > 2/1 SameKind"]);
}
