//! An FXS port: ringing, loop, polarity and a tone.

use crate::plan::Test;
use crate::signal::level::{TEST_TONE, level_at};
use crate::stage::Stage;
use crate::subject::{Subject, pairs, phones};
use crate::talk::{End, Say, talk};
use crate::wire::{Wire, measure, tell};
use crate::words::{Outcome, Stop, failed, value};
use demarc_hal::{ChannelId, LineCommand, LineEvent, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need, PairCable};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "fxs",
    title: "FXS port",
    about: "Rings, reverses the feed, notices the loop and sends a tone: to an FXO port of ours, or to a telephone and whoever holds it. The feeding voltage itself is for a meter: no card reports it.",
    needs: &[Need::Fxs],
    seconds: (30, 12),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), phones(bench)].concat(),
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    match subject {
        Subject::Pair(pair) => to_our_own(stage, pair),
        Subject::Phone(port) => to_a_telephone(stage, *port),
        _ => super::strange(),
    }
}

fn to_our_own(stage: &mut Stage<'_, '_>, pair: &PairCable) -> Outcome {
    stage.doing("ringing")?;
    let mut wire = Wire::open(stage, pair)?;
    wire.must_ring(stage)?;
    wire.fxs(LineCommand::StopRinging)?;
    if !stage.heard(&mut *wire.fxo, LineEvent::RingStopped, Duration::from_secs(8))? {
        return failed(
            format!("FXS {} stops ringing, and FXO {} still sees it.", pair.fxs.0, pair.fxo.0),
            "Swap the FXO module: its ring detector hangs.",
        );
    }
    stage.doing("polarity")?;
    let reverses = wire.reverses(stage)?;
    stage.doing("off hook, and a tone")?;
    let (mut fxs, mut fxo) = wire.call(stage)?;
    fxs.say = Say::tone(TEST_TONE, -10.0);
    measure(stage, &mut [&mut fxs, &mut fxo], Duration::from_secs(3))?;
    let level = level_at(&fxo.samples(), TEST_TONE);
    stage.measured(value("tone of -10 dBm0, as it is heard", level, "dBm0", "-25 to -5"));
    drop((fxs, fxo));
    wire.hang_up(stage)?;
    if !(-25.0..=-5.0).contains(&level) {
        return failed(
            format!("A tone from FXS {} comes to FXO {} with {level:.1} dBm0.", pair.fxs.0, pair.fxo.0),
            "Run the level test and set the gain that it suggests; without any tone, swap the FXS module.",
        );
    }
    Ok(format!(
        "Ringing, loop{} and tone are in order.",
        if reverses { ", polarity" } else { " (no polarity reversal on this port)" }
    ))
}

fn to_a_telephone(stage: &mut Stage<'_, '_>, port: ChannelId) -> Outcome {
    let mut line = stage.line(port)?;
    stage.doing("ringing the telephone")?;
    for _ in 0..2 {
        tell(&mut *line, port, LineCommand::Ring(Duration::from_secs(2)))?;
        stage.wait(Duration::from_secs(4))?;
    }
    if !stage.ask("Did the telephone ring twice?")? {
        return failed(
            format!("The telephone at FXS {port} did not ring."),
            "Try another telephone; look whether the card has its own power plug (ring voltage), and at the pair with a meter: 40 to 90 V while it rings.",
        );
    }
    stage.doing("lift the handset now")?;
    if !stage.heard(&mut *line, LineEvent::OffHook, Duration::from_secs(60))? {
        return failed(
            format!("FXS {port} does not see the handset being lifted."),
            "With a meter there are 40 to 56 V on hook and 5 to 15 V off hook: without, swap the module; with them, look at the cable.",
        );
    }
    let heard = tone(stage, port)?;
    stage.doing("hang up now")?;
    if !stage.heard(&mut *line, LineEvent::OnHook, Duration::from_secs(60))? {
        return failed(
            format!("FXS {port} does not see the handset being put down."),
            "Look for a leak on the pair; swap the module.",
        );
    }
    if !heard {
        return failed(format!("No tone is heard at FXS {port}."), "Try another telephone; swap the module.");
    }
    Ok("It rings, its hook is seen and a tone is heard.".into())
}

fn tone(stage: &mut Stage<'_, '_>, port: ChannelId) -> Result<bool, Stop> {
    let mut end = End::open(stage, port)?;
    end.say = Say::tone(TEST_TONE, -15.0);
    stage.doing("a tone")?;
    talk(stage, &mut [&mut end], Duration::from_secs(4))?;
    stage.ask("Did you hear a tone?")
}
