//! Alarms of layer 1, in words.

use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::words::{Outcome, failed};
use demarc_hal::{Alarm, SpanId};
use demarc_model::hardware_test::{Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "alarms",
    title: "Alarms",
    about: "Looks at the alarms of a span for a while and says what each means and what to do.",
    needs: &[Need::Span],
    seconds: (10, 2),
    disturbs: Disturbs::Nothing,
    subjects: super::digital,
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let watched = stage.lasts(Duration::from_secs(10), Duration::from_secs(2));
    for span in subject.spans() {
        stage.settles(span)?;
        let (began, mut seen) = (stage.now(), Vec::new());
        while stage.now() < began + watched {
            for alarm in stage.status(span)?.alarms {
                if !seen.contains(&alarm) {
                    seen.push(alarm);
                }
            }
            stage.progress(stage.now() - began, watched);
            stage.tick()?;
        }
        seen.sort_unstable();
        if !seen.is_empty() {
            let (reason, remedy) = words(span, &seen);
            return failed(reason, remedy);
        }
    }
    Ok(format!("No alarm for {} s.", watched.as_secs()))
}

/// What alarms mean, and what to do about the worst of them.
pub(crate) fn words(span: SpanId, alarms: &[Alarm]) -> (String, String) {
    let has = |alarm| alarms.contains(&alarm);
    let name = |alarm: &Alarm| match alarm {
        Alarm::Red => "RED",
        Alarm::Yellow => "YELLOW",
        Alarm::Blue => "BLUE",
        Alarm::Recovering => "RECOVERING",
        Alarm::LossOfSignal => "LOS",
        Alarm::LossOfFrame => "LFA",
        Alarm::LossOfMultiframe => "LMFA",
        Alarm::Loopback => "LOOPBACK",
        Alarm::NotOpen => "NOT OPEN",
    };
    let names: Vec<&str> = alarms.iter().map(name).collect();
    let (meaning, remedy) = match alarms.first() {
        None => ("there is none", ""),
        _ if has(Alarm::NotOpen) => ("the span was never started", "Configure the span and switch it on."),
        _ if has(Alarm::LossOfSignal) || alarms == [Alarm::Red] => (
            "no signal arrives",
            "Plug the cable in; look for a broken pair (wires 1 and 2), a straight cable where a crossover is needed, and the far end's power.",
        ),
        _ if has(Alarm::LossOfFrame) || has(Alarm::Red) => (
            "a signal arrives, but no frame is found in it",
            "Compare framing and line code with the far end, and whether both are E1 or both T1.",
        ),
        _ if has(Alarm::Blue) => (
            "the far end sends all ones: something before it has failed",
            "Ask the carrier; the failure is behind the far end's equipment.",
        ),
        _ if has(Alarm::LossOfMultiframe) => (
            "frames are found, but no multiframe",
            "Switch CRC-4 at one end so that both have it or neither; with R2 or E&M, look whether the far end speaks it.",
        ),
        _ if has(Alarm::Yellow) => (
            "the far end does not hear us",
            "Look for a broken pair in sending direction (wires 4 and 5), and compare framing and CRC-4 with the far end.",
        ),
        _ if has(Alarm::Loopback) => ("the span is looped for a test", "Open the loop."),
        _ => ("the signal is back and being observed", "Wait ten seconds and run this test again."),
    };
    (format!("Span {span} has {}: {meaning}.", names.join(", ")), remedy.into())
}
