//! Counters of layer 1, watched: none may grow.

use crate::g826::Performance;
use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::words::{Outcome, count, failed};
use demarc_hal::{SpanId, SpanInfo, SpanStatus};
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "counters",
    title: "Span counters",
    about: "Watches the counters of all spans at once: CRC-4, code violations, slips and the others. None may grow. Error performance by G.826.",
    needs: &[Need::Span],
    seconds: (900, 10),
    disturbs: Disturbs::Nothing,
    subjects: |bench: &Bench, spans: &[SpanInfo]| {
        let spans: Vec<SpanId> = super::watched(bench, spans);
        if spans.is_empty() { Vec::new() } else { vec![Subject::Spans(spans)] }
    },
    body,
};

/// A counter, its name, and what to do when it grows.
type Counter = (&'static str, fn(&SpanStatus) -> u64, &'static str);

/// The worst first: what grows because of another is said after it.
const COUNTERS: [Counter; 9] = [
    (
        "slips",
        |status| status.slips,
        "The clocks run apart. Exactly one end must be the clock: towards a telco timing is 1 (theirs), between two of ours one end has 0; never both 0 and never both 1.",
    ),
    (
        "bipolar violations",
        |status| status.bipolar_violations,
        "The line code differs (HDB3 or B8ZS at one end, AMI at the other), or the cable is bad or too long.",
    ),
    (
        "code violations",
        |status| status.code_violations,
        "Compare the line code of both ends; look at the cable, its length and its connectors.",
    ),
    (
        "CRC errors",
        |status| status.crc_errors,
        "The signal we hear is bad: look at the cable from the far end, its shield and its length.",
    ),
    (
        "far-end CRC errors",
        |status| status.far_crc_errors,
        "The far end hears us badly: look at the pair that we send on, and on T1 at the line build-out.",
    ),
    ("frame errors", |status| status.frame_errors, "Compare the framing of both ends; look at the cable."),
    (
        "missed interrupts",
        |status| status.missed_interrupts,
        "The machine is too busy, or the card shares its interrupt: give it a slot of its own.",
    ),
    (
        "bad D-channel frames",
        |status| status.bad_frames,
        "Compare the timeslot of the D channel with the far end; look at slips and the cable.",
    ),
    ("errored seconds", |status| status.errored_seconds, "Look at the alarms and the other counters."),
];

struct Watched {
    span: SpanId,
    first: SpanStatus,
    last: SpanStatus,
    performance: Performance,
}

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let mut all = Vec::new();
    for span in subject.spans() {
        stage.settles(span)?;
        let first = stage.status(span)?;
        let mut performance = Performance::default();
        performance.second(&first);
        all.push(Watched { span, last: first.clone(), first, performance });
    }
    let time = stage.lasts(Duration::from_secs(900), Duration::from_secs(10));
    let began = stage.now();
    let mut seconds = 0;
    while seconds < time.as_secs() {
        stage.wait(Duration::from_millis(100))?;
        if stage.now() < began + Duration::from_secs(seconds + 1) {
            continue;
        }
        seconds += 1;
        for watched in &mut all {
            watched.last = stage.status(watched.span)?;
            watched.performance.second(&watched.last);
        }
        stage.progress(Duration::from_secs(seconds), time);
        stage.doing(format!("{seconds} s of {} s", time.as_secs()))?;
    }
    let mut worst = None;
    for Watched { span, first, last, performance } in &all {
        let day = performance.day();
        for (name, of, remedy) in COUNTERS {
            let grown = of(last).saturating_sub(of(first));
            if grown > 0 {
                stage.measured(count(format!("span {span}: {name}"), grown, "0"));
                worst.get_or_insert((
                    format!("Span {span}: {grown} {name} in {seconds} s."),
                    remedy.to_owned(),
                ));
            }
        }
        for (name, number) in [
            ("errored seconds (G.826)", day.errored),
            ("severely errored seconds", day.severe),
            ("unavailable seconds", day.unavailable),
        ] {
            stage.measured(count(format!("span {span}: {name}"), number.into(), "0"));
        }
        if last.alarms.iter().any(|alarm| alarm.stops_calls()) {
            // An alarm is the cause of whatever else there is.
            worst = Some(super::alarms::words(*span, &last.alarms));
            break;
        }
    }
    match worst {
        Some((reason, remedy)) => failed(reason, remedy),
        None => Ok(format!("No counter of {} spans grew in {seconds} s.", all.len())),
    }
}
