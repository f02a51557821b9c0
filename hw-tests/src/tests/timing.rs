//! The card's clock against that of the machine.

use crate::lane::Lane;
use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::words::{Outcome, count, failed, skipped, value};
use demarc_hal::{ChannelId, PortKind, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs};
use std::collections::BTreeSet;
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "timing",
    title: "Timing",
    about: "Counts the samples of a card against the machine's clock: interrupts that are lost or late show.",
    needs: &[],
    seconds: (600, 5),
    disturbs: Disturbs::Channel,
    subjects,
    body,
};

/// One channel of every span that the bench has.
fn subjects(bench: &Bench, _: &[SpanInfo]) -> Vec<Subject> {
    let digital = bench.spans.iter().map(|cable| cable.a);
    let digital = digital.chain(bench.plugs.iter().map(|plug| plug.span));
    let digital = digital.chain(bench.trunks.iter().map(|trunk| trunk.span));
    let mut seen = BTreeSet::new();
    let mut all: Vec<Subject> = digital.filter(|span| seen.insert(*span)).map(Subject::Span).collect();
    let lines = bench.pairs.iter().map(|pair| pair.fxo.0).chain(bench.lines.iter().map(|port| port.0));
    all.extend(lines.filter(|port| seen.insert(port.span)).map(Subject::Line));
    all
}

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let at: Option<ChannelId> = match subject {
        Subject::Line(port) => Some(*port),
        Subject::Span(span) => stage.channels(*span, PortKind::Bearer)?.first().copied(),
        _ => None,
    };
    let Some(at) = at else { return skipped("The span has no bearer.", "Run it as ISDN.") };
    let mut lane = Lane::new(stage.bearer(at)?);
    let mut blocks: u32 = 0;
    // A card delivers samples whether or not anybody speaks.
    let alone = stage.until(Duration::from_millis(500), |_| Ok((lane.listen() > 2).then_some(())))?;
    if alone.is_none() {
        return skipped("The card has no clock of its own: it is simulated.", "Nothing to be done.");
    }
    let time = stage.lasts(Duration::from_secs(600), Duration::from_secs(5));
    let (began, mut first, mut last) = (stage.now(), None, stage.now());
    while stage.now() < began + time {
        let turn = lane.turn(&mut |_| {}, &mut |_| {});
        if turn.gone {
            return failed("The card has vanished.", "Look whether it sits firmly in its socket.");
        }
        if turn.came > 0 {
            last = stage.now();
            if first.is_none() {
                first = Some(last);
            } else {
                blocks += turn.came;
            }
        }
        stage.progress(stage.now() - began, time);
        stage.tick()?;
    }
    let watched = last.saturating_sub(first.unwrap_or(last)).as_secs_f64();
    let counted = f64::from(blocks) * 0.02;
    let exact = 100.0 * (1.0 - (counted / watched.max(0.001) - 1.0).abs());
    // A look is half a block late at most: much in five seconds, little in ten minutes.
    let least = stage.lasts(Duration::from_micros(9999), Duration::from_micros(9950)).as_secs_f64() * 1e4;
    stage.measured(value("accuracy", exact, "%", &format!(">= {least}")));
    stage.measured(count("samples", u64::from(blocks) * 160, ""));
    if exact < least {
        return failed(
            format!("The card counts {counted:.2} s in {watched:.2} s of the machine: {exact:.3} %."),
            "Look for missed interrupts (shared interrupt line, power saving, disk without DMA, a virtual machine), and give the card a slot and an interrupt of its own.",
        );
    }
    Ok(format!("{exact:.3} % over {watched:.0} s."))
}
