//! A run: steps in order, each with its verdict, and everything put back.

use crate::bench;
use crate::plan::{Step, TESTS, Test, lacking, steps};
use crate::rig::{Continue, Rig};
use crate::stage::Stage;
use crate::subject::Subject;
use crate::words::Stop;
use demarc_hal::{
    Driver, Error, Maintenance, PortKind, Signalling, SpanId, SpanInfo, SpanKind, SpanSettings,
};
use demarc_model::hardware_test::{
    Bench, Disturbs, PortAt, RunRequest, RunState, Side, StepNow, StepResult, Verdict,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Steps of a run at most.
const STEPS: usize = 4096;

/// How long a span may take to be closed by whoever had it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether a request can be run.
///
/// # Errors
/// What is wrong with it, and what to do about it.
pub fn check(request: &RunRequest, driver: &dyn Driver) -> Result<(), String> {
    for id in &request.tests {
        if !TESTS.iter().any(|test| test.id == *id) {
            let known: Vec<&str> = TESTS.iter().map(|test| test.id).collect();
            return Err(format!("There is no test \"{id}\". There are: {}.", known.join(", ")));
        }
    }
    let spans = driver.spans();
    for id in &request.spans {
        if !spans.iter().any(|span| span.id == *id) {
            return Err(format!("There is no span {id}."));
        }
    }
    bench::fits(&request.bench, driver)?;
    let steps = plan_of(request, driver).len();
    if steps > STEPS {
        return Err(format!("That makes {steps} steps; {STEPS} are the most. Choose fewer tests or spans."));
    }
    Ok(())
}

fn plan_of(request: &RunRequest, driver: &dyn Driver) -> Vec<Step> {
    let digital: Vec<SpanInfo> =
        driver.spans().into_iter().filter(|span| span.kind != SpanKind::Analog).collect();
    steps(&request.tests, &request.spans, &request.bench, &digital)
}

/// The spans that a run takes out of service: nobody else may have them open meanwhile.
pub fn spans_taken(request: &RunRequest, driver: &dyn Driver) -> BTreeSet<SpanId> {
    let steps = plan_of(request, driver);
    let takes = |step: &&Step| step.test.disturbs != Disturbs::Nothing;
    steps.iter().filter(takes).filter_map(|step| step.subject.as_ref()).flat_map(Subject::spans).collect()
}

/// Runs what is asked for. `tell` hears several times a second how the run stands, and may end it.
/// A request that does not fit ([`check`]) gives steps that fail.
pub fn run(request: &RunRequest, rig: &mut Rig<'_>, tell: &mut dyn FnMut(&RunState) -> Continue) -> RunState {
    let plan: Vec<Step> = plan_of(request, rig.driver).into_iter().take(STEPS).collect();
    let mut state = RunState {
        running: true,
        unit: request.bench.unit.clone(),
        began_at: rig.began_at,
        steps: u32::try_from(plan.len()).unwrap_or(u32::MAX),
        ..RunState::default()
    };
    let taken = spans_taken(request, rig.driver);
    let unprepared = prepare(&request.bench, &taken, rig);
    for (index, step) in plan.iter().enumerate() {
        let began = rig.time.now();
        let Some(subject) = &step.subject else {
            let (reason, remedy) = lacking(step.test);
            state.results.push(result(step.test, None, Verdict::Skipped, reason, remedy));
            continue;
        };
        state.now = Some(StepNow {
            test: step.test.id.into(),
            subject: subject.name(),
            doing: String::new(),
            percent: 0,
            question: None,
        });
        let broken =
            subject.spans().into_iter().find_map(|span| unprepared.get(&span).map(|why| (span, why)));
        let mut done = if let Some((span, why)) = broken {
            let remedy =
                "Look at the settings of this span; its card may not know that framing or line code.";
            let reason = format!("Span {span} cannot be set up: {why}.");
            result(step.test, Some(subject), Verdict::Failed, reason, remedy.into())
        } else {
            match perform(step.test, subject, index, request, rig, &mut state, tell) {
                Some(done) => done,
                None => {
                    state.cancelled = true;
                    break;
                }
            }
        };
        done.took_ms = u64::try_from((rig.time.now().saturating_sub(began)).as_millis()).unwrap_or(u64::MAX);
        state.results.push(done);
        state.now = None;
        if tell(&state) == Continue::Cancel && index + 1 < plan.len() {
            state.cancelled = true;
            break;
        }
    }
    put_back(&taken, rig);
    state.now = None;
    state.running = false;
    tell(&state);
    state
}

/// One step; none when it was cancelled.
fn perform(
    test: &'static Test,
    subject: &Subject,
    index: usize,
    request: &RunRequest,
    rig: &mut Rig<'_>,
    state: &mut RunState,
    tell: &mut dyn FnMut(&RunState) -> Continue,
) -> Option<StepResult> {
    let mut stage = Stage {
        rig,
        bench: &request.bench,
        length: request.length,
        state,
        tell,
        values: Vec::new(),
        files: Vec::new(),
        stem: format!("{:03}-{}", index + 1, test.id),
        told: None,
    };
    let outcome = match plug_in(&mut stage, subject, &request.bench) {
        Ok(()) => {
            let outcome = stage.doing(test.title).and_then(|()| (test.body)(&mut stage, subject));
            rest(&mut stage, subject, test.disturbs);
            outcome
        }
        Err(stop) => Err(stop),
    };
    let (values, files) = (std::mem::take(&mut stage.values), std::mem::take(&mut stage.files));
    let mut done = match outcome {
        Ok(reason) => result(test, Some(subject), Verdict::Passed, reason, String::new()),
        Err(Stop::Failed { reason, remedy }) => result(test, Some(subject), Verdict::Failed, reason, remedy),
        Err(Stop::Skipped { reason, remedy }) => {
            result(test, Some(subject), Verdict::Skipped, reason, remedy)
        }
        Err(Stop::Cancelled) => return None,
    };
    (done.values, done.files) = (values, files);
    Some(done)
}

/// Closes the relay of the subject's cable, where one makes it.
fn plug_in(stage: &mut Stage<'_, '_>, subject: &Subject, bench: &Bench) -> Result<(), Stop> {
    let relay = match subject {
        Subject::Cable(cable) => cable.relay,
        Subject::Pair(pair) => pair.relay,
        Subject::Plug(span) => bench.plugs.iter().find(|plug| plug.span == *span).and_then(|plug| plug.relay),
        _ => None,
    };
    let (Some(relay), Some(plugs)) = (relay, stage.rig.plugs.as_mut()) else { return Ok(()) };
    if let Err(error) = plugs.set(relay, true) {
        let remedy = "Look at the jig's cable and power, or take relay out of the bench and plug by hand.";
        return crate::words::failed(format!("Relay {relay} does not close: {error}"), remedy);
    }
    for span in subject.spans() {
        stage.settles(span)?;
    }
    Ok(())
}

/// Whatever a test left behind is taken back.
fn rest(stage: &mut Stage<'_, '_>, subject: &Subject, disturbs: Disturbs) {
    if disturbs == Disturbs::Nothing {
        return;
    }
    for span in subject.spans() {
        let looped = |status: demarc_hal::SpanStatus| status.maintenance != Maintenance::None;
        if stage.rig.driver.span_status(span).is_ok_and(looped) {
            let _ = stage.rig.driver.maintain(span, Maintenance::None);
        }
    }
    if stage.rig.alone {
        while stage.rig.driver.poll_event().is_some() {}
    }
}

fn result(
    test: &Test,
    subject: Option<&Subject>,
    verdict: Verdict,
    reason: String,
    remedy: String,
) -> StepResult {
    StepResult {
        test: test.id.into(),
        title: test.title.into(),
        subject: subject.map(Subject::name).unwrap_or_default(),
        spans: subject.map(|subject| subject.spans().into_iter().collect()).unwrap_or_default(),
        verdict,
        reason,
        remedy,
        values: Vec::new(),
        files: Vec::new(),
        took_ms: 0,
    }
}

/// Sets up the digital spans that the run takes; why, where that did not work.
pub(crate) fn prepare(
    bench: &Bench,
    taken: &BTreeSet<SpanId>,
    rig: &mut Rig<'_>,
) -> BTreeMap<SpanId, String> {
    let mut unprepared = BTreeMap::new();
    for span in rig.driver.spans() {
        let ours = taken.contains(&span.id) || rig.alone && named(bench, span.id);
        if span.kind == SpanKind::Analog || !ours {
            continue;
        }
        let settings = rig.settings.get(&span.id).cloned().unwrap_or_else(|| settings(bench, &span));
        let end = rig.time.now() + PATIENCE;
        loop {
            match rig.driver.configure_span(span.id, &settings) {
                // Whoever had the span is still closing it.
                Err(Error::Busy(_)) if rig.time.now() < end => rig.time.tick(),
                Err(error) => {
                    unprepared.insert(span.id, error.to_string());
                    break;
                }
                Ok(()) => break,
            }
        }
    }
    // A framer takes a while to find its frames.
    let end = rig.time.now() + Duration::from_secs(1);
    while rig.time.now() < end {
        if rig.alone {
            while rig.driver.poll_event().is_some() {}
        }
        rig.time.tick();
    }
    unprepared
}

/// The bench says something about a digital span.
fn named(bench: &Bench, id: SpanId) -> bool {
    bench.spans.iter().any(|cable| cable.a == id || cable.b == id)
        || bench.plugs.iter().any(|plug| plug.span == id)
        || bench.trunks.iter().any(|trunk| trunk.span == id)
}

/// How a bench runs a span.
fn settings(bench: &Bench, span: &SpanInfo) -> SpanSettings {
    let cable = bench.spans.iter().find(|cable| cable.a == span.id || cable.b == span.id);
    let plugged = bench.plugs.iter().any(|plug| plug.span == span.id);
    let first = cable.is_some_and(|cable| cable.a == span.id);
    let side = cable.map(|cable| if first { cable.a_side } else { cable.b_side });
    SpanSettings {
        // One of two has the clock; alone with a plug it is ours.
        timing: u8::from(!first && !plugged),
        network: side == Some(Side::Network),
        terminated: span.kind == SpanKind::Bri,
        signalling: bank(bench, span),
        ..SpanSettings::of(span.kind)
    }
}

/// A channel bank where the bench names timeslots as analog ports.
fn bank(bench: &Bench, span: &SpanInfo) -> Signalling {
    let here = |port: &PortAt| port.0.span == span.id;
    let fxs = bench.pairs.iter().any(|pair| here(&pair.fxs)) || bench.phones.iter().any(here);
    let fxo: BTreeSet<u8> = bench
        .pairs
        .iter()
        .map(|pair| pair.fxo)
        .chain(bench.lines.iter().copied())
        .filter(here)
        .map(|port| port.0.slot)
        .collect();
    if !fxs && fxo.is_empty() {
        return Signalling::Isdn;
    }
    let others = if fxs { PortKind::Fxs } else { PortKind::Fxo };
    let kind = |slot| if fxo.contains(&slot) { PortKind::Fxo } else { others };
    Signalling::ChannelBank((1..=span.kind.slots()).map(kind).collect())
}

/// Loops are opened. Ports were put to rest when they were closed.
pub(crate) fn put_back(taken: &BTreeSet<SpanId>, rig: &mut Rig<'_>) {
    for span in taken {
        if rig.driver.span_status(*span).is_ok_and(|status| status.maintenance != Maintenance::None) {
            let _ = rig.driver.maintain(*span, Maintenance::None);
        }
    }
}
