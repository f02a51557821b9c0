//! Calls back to back.

use super::bert::{self, Pattern};
use super::dchannel;
use crate::lapd::{Heard, Lapd};
use crate::plan::Test;
use crate::q931;
use crate::signal::level::{TEST_TONE, level_at};
use crate::stage::Stage;
use crate::subject::{Subject, cables, pairs};
use crate::talk::{Say, talk};
use crate::wire::Wire;
use crate::words::{Outcome, Stop, count, failed, skipped};
use demarc_hal::{LineCommand, PortKind, SpanInfo, SpanKind};
use demarc_model::hardware_test::{Bench, Disturbs, Length, Need, PairCable, SpanCable};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "calls",
    title: "Calls back to back",
    about: "Places calls over a cable, one after another, with audio checked both ways: FXS to FXO, or Q.931 over a D channel. 100 calls, none failed.",
    needs: &[Need::LinePair],
    seconds: (600, 25),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), cables(bench)].concat(),
    body,
};

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(4);
/// How often the audio of a call is looked at until this machine was in time.
const LOOKS: u32 = 6;
/// The level of what is said, and the least that must arrive, in dBm0.
const SAID: f64 = -10.0;
const HEARD: f64 = -25.0;

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let quick = stage.length == Length::Quick;
    let all = match subject {
        Subject::Pair(_) if quick => 2,
        _ if quick => 6,
        _ => 100,
    };
    let mut done = 0;
    let result = match subject {
        Subject::Pair(pair) => over_wires(stage, pair, all, &mut done),
        Subject::Cable(cable) => over_a_span(stage, cable, all, &mut done),
        _ => super::strange(),
    };
    stage.measured(count("calls", done, &all.to_string()));
    match result {
        Ok(()) => Ok(format!("{all} calls, none failed.")),
        Err(Stop::Failed { reason, remedy }) => {
            failed(format!("Call {} of {all}: {reason}", done + 1), remedy)
        }
        Err(other) => Err(other),
    }
}

fn number(stage: &mut Stage<'_, '_>, done: u64, all: u64) -> Result<(), Stop> {
    stage.progress(Duration::from_secs(done), Duration::from_secs(all));
    stage.doing(format!("call {} of {all}", done + 1))
}

fn over_wires(stage: &mut Stage<'_, '_>, pair: &PairCable, all: u64, done: &mut u64) -> Result<(), Stop> {
    let mut wire = Wire::open(stage, pair)?;
    while *done < all {
        number(stage, *done, all)?;
        wire.must_ring(stage)?;
        let (mut fxs, mut fxo) = wire.call(stage)?;
        // Both at once, each with a tone of its own.
        fxs.say = Say::tone(TEST_TONE, SAID);
        fxo.say = Say::tone(1633.0, SAID);
        talk(stage, &mut [&mut fxs, &mut fxo], Duration::from_millis(700))?;
        let there = level_at(&fxo.samples(), TEST_TONE);
        let back = level_at(&fxs.samples(), 1633.0);
        drop((fxs, fxo));
        if there < HEARD || back < HEARD {
            return failed(
                format!("what is said with {SAID} dBm0 arrives with {there:.1} there and {back:.1} back."),
                "Run the level test.",
            );
        }
        wire.hang_up(stage)?;
        wire.fxs(LineCommand::StopRinging)?;
        *done += 1;
    }
    Ok(())
}

fn over_a_span(stage: &mut Stage<'_, '_>, cable: &SpanCable, all: u64, done: &mut u64) -> Result<(), Stop> {
    let kind = stage.info(cable.a)?.kind;
    let near = stage.channels(cable.a, PortKind::Bearer)?;
    let far = stage.channels(cable.b, PortKind::Bearer)?;
    let channels: Vec<_> = near.into_iter().zip(far).collect();
    let (mut a, mut b) = dchannel::link(stage, cable)?;
    for (call, (near, far)) in (1_u16..).zip(channels.iter().cycle()) {
        if *done >= all || channels.is_empty() {
            break;
        }
        number(stage, *done, all)?;
        let wide = kind != SpanKind::Bri;
        let reference = if wide { call & 0x7FFF } else { call % 127 + 1 };
        let word = |from: &str, message| q931::Message { reference, answer: from == "b", wide, message };
        // Every other call goes the other way.
        let (from, to) = if call % 2 == 1 { (&mut a, &mut b) } else { (&mut b, &mut a) };
        cross(stage, from, to, &word("a", q931::Kind::Setup(near.slot)))?;
        cross(stage, to, from, &word("b", q931::Kind::Connect))?;
        cross(stage, from, to, &word("a", q931::Kind::ConnectAcknowledge))?;
        let mut patterns =
            vec![Pattern::open(stage, *near, call)?, Pattern::open(stage, *far, call ^ 0x1234)?];
        audio(stage, &mut patterns)?;
        drop(patterns);
        cross(stage, from, to, &word("a", q931::Kind::Disconnect(16)))?;
        cross(stage, to, from, &word("b", q931::Kind::Release))?;
        cross(stage, from, to, &word("a", q931::Kind::ReleaseComplete))?;
        *done += 1;
    }
    a.release();
    stage.wait(Duration::from_millis(100))?;
    let _ = b.poll();
    Ok(())
}

/// The pattern arrives both ways. What was heard while this machine was late is not judged.
fn audio(stage: &mut Stage<'_, '_>, patterns: &mut [Pattern]) -> Result<(), Stop> {
    for _ in 0..LOOKS {
        bert::settle(stage, patterns)?;
        bert::turns(stage, patterns, Duration::from_millis(250))?;
        if patterns.iter().any(|pattern| pattern.late > 0 || !pattern.is_settled()) {
            continue;
        }
        let wrong = |pattern: &&Pattern| {
            let sink = &pattern.sink;
            sink.bits == 0 || sink.errors > 0 || sink.breaks > 0
        };
        let Some(pattern) = patterns.iter().find(wrong) else { return Ok(()) };
        return failed(
            format!(
                "the audio of channel {} is wrong: {} of {} bits, and the pattern was lost {} times.",
                pattern.at, pattern.sink.errors, pattern.sink.bits, pattern.sink.breaks
            ),
            "Run the bit error rate test: it says which channels lose what.",
        );
    }
    skipped(
        format!("This machine was late each of {LOOKS} times."),
        "Run it again while the machine has less to do.",
    )
}

/// A message goes over and is acknowledged.
fn cross(
    stage: &mut Stage<'_, '_>,
    from: &mut Lapd,
    to: &mut Lapd,
    message: &q931::Message,
) -> Result<(), Stop> {
    let octets = message.octets();
    from.tell(&octets);
    let mut came = false;
    let crossed = stage.until(ANSWER, |_| {
        for heard in to.poll().into_iter().chain(from.poll()) {
            came |= heard == Heard::Information(octets.clone());
            if matches!(heard, Heard::Down | Heard::Gone | Heard::Gap) {
                return failed("layer 2 broke.", "Run the D channel test.");
            }
        }
        Ok((came && from.is_done()).then_some(()))
    })?;
    match crossed {
        Some(()) => Ok(()),
        None => failed(format!("{} did not arrive.", message.name()), "Run the D channel test."),
    }
}
