//! An FXO port: battery, ringing, polarity and the loop.

use crate::plan::Test;
use crate::signal::level::level;
use crate::stage::Stage;
use crate::subject::{Subject, lines, pairs};
use crate::talk::{End, talk};
use crate::wire::{Wire, no_battery, tell};
use crate::words::{Outcome, failed, value};
use demarc_hal::{ChannelId, LineCommand, LineEvent, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Length, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "fxo",
    title: "FXO port",
    about: "Looks for battery, sees ringing and polarity, closes the loop: from an FXS port of ours, or on a line of the telco. Says when it is the wrong pair.",
    needs: &[Need::Fxo],
    seconds: (30, 12),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), lines(bench)].concat(),
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    match subject {
        Subject::Pair(pair) => {
            stage.doing("battery and ringing")?;
            let mut wire = Wire::open(stage, pair)?;
            wire.must_ring(stage)?;
            wire.fxs(LineCommand::StopRinging)?;
            stage.heard(&mut *wire.fxo, LineEvent::RingStopped, Duration::from_secs(8))?;
            stage.doing("polarity and loop")?;
            let reverses = wire.reverses(stage)?;
            wire.answer(stage)?;
            wire.fxs(LineCommand::OpenLoop(Duration::from_millis(600)))?;
            if !stage.heard(&mut *wire.fxo, LineEvent::LoopBreak, Duration::from_secs(3))? {
                return failed(
                    format!(
                        "FXS {} takes the battery away, and FXO {} does not see it.",
                        pair.fxs.0, pair.fxo.0
                    ),
                    "Set both ports to kewl start; on a line that never breaks, let the far end's tones end calls.",
                );
            }
            wire.hang_up(stage)?;
            let polarity = if reverses { "polarity" } else { "no polarity reversal on this port" };
            Ok(format!("Battery, ringing, loop and its break are seen; {polarity}."))
        }
        Subject::Line(port) => at_the_telco(stage, *port),
        _ => super::strange(),
    }
}

fn at_the_telco(stage: &mut Stage<'_, '_>, port: ChannelId) -> Outcome {
    let mut line = stage.line(port)?;
    stage.doing("battery")?;
    if stage.heard(&mut *line, LineEvent::BatteryLost, Duration::from_secs(2))? {
        return no_battery(port, None);
    }
    stage.doing("dial tone")?;
    tell(&mut *line, port, LineCommand::OffHook)?;
    stage.wait(Duration::from_secs(1))?;
    let mut end = End::open(stage, port)?;
    talk(stage, &mut [&mut end], Duration::from_secs(2))?;
    let heard = level(&end.samples());
    drop(end);
    tell(&mut *line, port, LineCommand::OnHook)?;
    stage.measured(value("dial tone", heard, "dBm0", "-35 to 0"));
    if heard < -35.0 {
        return failed(
            format!("There is battery at FXO {port}, but no dial tone: {heard:.1} dBm0."),
            "Plug a telephone into the same socket. When it has a tone, raise the receive gain or swap the module; when not, ask the telco.",
        );
    }
    let mut rang = "";
    if stage.length == Length::Thorough {
        stage.doing("call this line now from another telephone")?;
        if !stage.heard(&mut *line, LineEvent::RingStarted, Duration::from_secs(60))? {
            return failed(
                format!("No ringing came to FXO {port} within a minute."),
                "Was it called? Wrong pair: look which number the socket has (dial the telco's announcement of the number).",
            );
        }
        rang = " It rings.";
    }
    Ok(format!("Battery and a dial tone of {heard:.1} dBm0.{rang}"))
}
