//! Which card of this unit stands for which card of the unit that made the backup.

use super::{MoveReason, PlacedCard, PlacedSpan};
use demarc_hal::SpanId;
use std::collections::{BTreeMap, BTreeSet};

/// A card with its spans. A span without a card is one of its own.
pub(super) struct Group<'a> {
    /// What names it for good.
    id: Option<&'a str>,
    /// What it is, so that two of a type have the same.
    kind: String,
    spans: Vec<&'a PlacedSpan>,
}

impl Group<'_> {
    /// Does `other` stand for it, for this reason?
    fn fits(&self, other: &Group<'_>, why: MoveReason) -> bool {
        // A slot of the bus names a card, too: with another type in it, it is another card.
        let alike = self.kind == other.kind;
        match why {
            MoveReason::SameCard => alike && self.id.is_some() && self.id == other.id,
            _ => alike,
        }
    }
}

/// The cards of a unit, in order of their first spans.
pub(super) fn cards(hardware: &[PlacedSpan]) -> Vec<Group<'_>> {
    let mut spans: Vec<&PlacedSpan> = hardware.iter().collect();
    spans.sort_by_key(|span| span.id);
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<&str, usize> = BTreeMap::new();
    for span in spans {
        let Some(card) = &span.card else {
            let kind = format!("{:?} {}", span.kind, span.name);
            groups.push(Group { id: None, kind, spans: vec![span] });
            continue;
        };
        match known.get(card.id.as_str()).and_then(|at| groups.get_mut(*at)) {
            Some(group) => group.spans.push(span),
            None => {
                known.insert(&card.id, groups.len());
                groups.push(Group { id: Some(&card.id), kind: type_of(card), spans: vec![span] });
            }
        }
    }
    groups
}

fn type_of(card: &PlacedCard) -> String {
    let PlacedCard { bus, vendor, device, subvendor, subdevice, model, .. } = card;
    format!("{bus:?} {vendor:04x}:{device:04x}.{subvendor:04x}:{subdevice:04x} {model}")
}

/// For each span of then the span of here on the card that stands for its card, and why that one does.
pub(super) fn pair(then: &[Group<'_>], here: &[Group<'_>]) -> BTreeMap<SpanId, (SpanId, MoveReason)> {
    let mut pairs = BTreeMap::new();
    let (mut taken, mut paired) = (BTreeSet::new(), BTreeSet::new());
    for why in [MoveReason::SameCard, MoveReason::SameType] {
        for (a, old) in then.iter().enumerate() {
            if paired.contains(&a) {
                continue;
            }
            let mut others = here.iter().enumerate();
            let Some((b, new)) = others.find(|(b, new)| !taken.contains(b) && old.fits(new, why)) else {
                continue;
            };
            taken.insert(b);
            paired.insert(a);
            for span in &old.spans {
                if let Some(twin) = new.spans.iter().find(|twin| twin.port == span.port) {
                    pairs.insert(span.id, (twin.id, why));
                }
            }
        }
    }
    pairs
}
