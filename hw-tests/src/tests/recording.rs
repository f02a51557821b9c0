//! What is heard before and after the echo canceller, to be listened to.

use super::quiet;
use crate::plan::Test;
use crate::signal::level::{Tone, level};
use crate::signal::wav::stereo;
use crate::stage::Stage;
use crate::subject::{Subject, lines, pairs};
use crate::talk::{Say, talk};
use crate::words::{Outcome, failed, value};
use demarc_hal::SpanInfo;
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "recording",
    title: "Recording",
    about: "Says something twice and records what comes back: on the left without, on the right with the echo canceller, as a stereo WAV.",
    needs: &[Need::Fxo],
    seconds: (15, 6),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), lines(bench)].concat(),
    body,
};

/// How much louder it may be with a canceller, in dB: noise is never the same twice.
const LOUDER: f64 = 3.0;
/// Below this nobody hears a difference, in dBm0.
const SILENCE: f64 = -60.0;

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let time = stage.lasts(Duration::from_secs(6), Duration::from_secs(2));
    let mut line = quiet::open(stage, subject)?;
    let mut takes = Vec::new();
    for on in [false, true] {
        stage.doing(if on { "with the canceller" } else { "without a canceller" })?;
        line.near.cancel_echo(on);
        // Several tones together keep a canceller busy as speech does.
        let tones = [315.0, 630.0, 1010.0, 1470.0, 2120.0, 2810.0];
        line.near.say = Say::Tones(tones.iter().map(|tone| Tone::new(*tone, -22.0)).collect());
        talk(stage, &mut line.ends(), time)?;
        takes.push(line.near.all());
    }
    line.near.cancel_echo(false);
    line.close(stage)?;
    let [before, after] = takes.as_slice() else { return super::strange() };
    // It has had half of the time to converge.
    let late = |samples: &[f64]| level(samples.get(samples.len() / 2..).unwrap_or_default());
    let (without, with) = (late(before), late(after));
    stage.keep("echo.wav", &stereo(before, after))?;
    stage.measured(value("what comes back without", without, "dBm0", ""));
    stage.measured(value("what comes back with", with, "dBm0", ""));
    if with > without + LOUDER && with > SILENCE {
        return failed(
            format!("With the canceller more comes back than without: {with:.1} against {without:.1} dBm0."),
            "Listen to the recording; choose another canceller for this card, or update its firmware.",
        );
    }
    Ok(format!("{without:.1} dBm0 come back without and {with:.1} dBm0 with the canceller."))
}
