//! Errors put in on purpose: a counter that never moves proves nothing.

use super::bert::{self, Pattern};
use crate::plan::Test;
use crate::stage::{Stage, refused};
use crate::subject::{Subject, cables};
use crate::words::{Outcome, count, failed};
use demarc_hal::{Defect, Error, PortKind, SpanInfo, SpanStatus};
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "insert",
    title: "Error injection",
    about: "Puts single errors into what one end sends; the other end must count each. Proves that the counters and the pattern test can fail.",
    needs: &[Need::SpanPair],
    seconds: (20, 5),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| cables(bench),
    body,
};

/// Bits that are inverted.
const WRONG: u64 = 10;

type Counter = fn(&SpanStatus) -> u64;

const DEFECTS: [(Defect, &str, Counter); 3] = [
    (Defect::Crc, "CRC errors", |status| status.crc_errors),
    (Defect::Frame, "frame errors", |status| status.frame_errors),
    (Defect::Bipolar, "violations", |status| status.bipolar_violations + status.code_violations),
];

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let Subject::Cable(cable) = subject else { return super::strange() };
    for span in [cable.a, cable.b] {
        stage.in_order(span)?;
    }
    let mut moved = Vec::new();
    for (defect, name, of) in DEFECTS {
        let before = of(&stage.status(cable.b)?);
        stage.doing(format!("{name} from span {}", cable.a))?;
        match stage.rig.driver.insert(cable.a, defect) {
            Ok(()) => {}
            Err(Error::Unsupported(_)) => continue,
            Err(error) => return refused("an error to be sent", &error),
        }
        let counted = stage.until(Duration::from_secs(3), |stage| {
            Ok((of(&stage.status(cable.b)?) > before).then_some(()))
        })?;
        if counted.is_none() {
            return failed(
                format!(
                    "Span {} sends a wrong one on purpose, and span {} counts no {name}.",
                    cable.a, cable.b
                ),
                "The counter does not work: do not trust it on this card, and look for a newer driver.",
            );
        }
        moved.push(name);
    }
    stage.doing("wrong bits in the pattern")?;
    let near = stage.channels(cable.a, PortKind::Bearer)?.first().copied();
    let far = stage.channels(cable.b, PortKind::Bearer)?.first().copied();
    if let (Some(near), Some(far)) = (near, far) {
        let mut patterns = vec![Pattern::open(stage, near, 3)?, Pattern::open(stage, far, 5)?];
        bert::settle(stage, &mut patterns)?;
        if let Some(first) = patterns.first_mut() {
            first.spoil(WRONG);
        }
        bert::turns(stage, &mut patterns, Duration::from_secs(2))?;
        let counted = patterns.get(1).map_or(0, |far| far.sink.errors);
        let late = patterns.iter().map(|pattern| pattern.late).sum::<u64>();
        stage.measured(count("wrong bits sent", WRONG, ""));
        stage.measured(count("wrong bits counted", counted, "the same"));
        if counted != WRONG && late == 0 {
            return failed(
                format!("{WRONG} bits were sent wrong and {counted} were counted."),
                "Run the bit error rate test; when the line is free of errors, tell the makers of this software.",
            );
        }
        moved.push("bits of the pattern");
    }
    Ok(format!("Every error was counted: {}.", moved.join(", ")))
}
