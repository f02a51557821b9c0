//! What is plugged in, compared with what should be.

use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::words::{Outcome, count, failed};
use demarc_hal::{Card, CardState, Driver, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Inventory};

pub(crate) const TEST: Test = Test {
    id: "inventory",
    title: "Inventory",
    about: "Compares the cards, their drivers and their spans with the bench's list, or with the last start.",
    needs: &[],
    seconds: (1, 1),
    disturbs: Disturbs::Nothing,
    subjects: |_: &Bench, _: &[SpanInfo]| vec![Subject::Unit],
    body,
};

/// What a unit has.
pub fn inventory(driver: &dyn Driver) -> Inventory {
    let card = |card: &Card| {
        let bound = card.driver.as_deref().unwrap_or("no driver");
        format!("{} {:04x}:{:04x} {bound}", card.id, card.vendor, card.device)
    };
    let span = |span: &SpanInfo| {
        let kind = format!("{:?}", span.kind).to_lowercase();
        let ports = if span.kind.slots() > 0 { span.kind.slots().into() } else { span.ports.len() };
        format!("{} {kind} {ports} {}", span.id, span.name)
    };
    Inventory {
        cards: driver.cards().iter().map(card).collect(),
        spans: driver.spans().iter().map(span).collect(),
    }
}

fn body(stage: &mut Stage<'_, '_>, _: &Subject) -> Outcome {
    let now = inventory(stage.rig.driver);
    stage.measured(count("cards", now.cards.len() as u64, ""));
    stage.measured(count("spans", now.spans.len() as u64, ""));
    for card in stage.rig.driver.cards() {
        let trouble = match &card.state {
            CardState::Working | CardState::Starting { .. } => None,
            CardState::NotDriven { reason, remedy } | CardState::Unsupported { reason, remedy } => {
                Some((reason.clone(), remedy.clone()))
            }
            CardState::FirmwareMissing { file, remedy } => {
                Some((format!("its firmware {file} is missing"), remedy.clone()))
            }
            CardState::Gone => Some((
                "it was there and is not any more".into(),
                "Look whether it sits firmly in its socket.".into(),
            )),
        };
        if let Some((reason, remedy)) = trouble {
            return failed(format!("{} ({}): {reason}.", card.model, card.id), remedy);
        }
    }
    let wanted = stage.rig.former.clone();
    let Some(wanted) = wanted else {
        return Ok(format!(
            "{} cards and {} spans were found; there is no list to compare them with.",
            now.cards.len(),
            now.spans.len()
        ));
    };
    for (what, wanted, now) in [("card", &wanted.cards, &now.cards), ("span", &wanted.spans, &now.spans)] {
        if let Some(missing) = wanted.iter().find(|wanted| !now.contains(wanted)) {
            return failed(
                format!("A {what} is missing or another one: {missing}."),
                "Look whether the card sits firmly in its socket and its driver is loaded (lspci -k).",
            );
        }
        if let Some(extra) = now.iter().find(|now| !wanted.contains(now)) {
            return failed(
                format!("A {what} is there that is not on the list: {extra}."),
                "Take it out, or put it on the list.",
            );
        }
    }
    Ok(format!("{} cards and {} spans, as on the list.", now.cards.len(), now.spans.len()))
}
