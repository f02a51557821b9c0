//! Levels: 1004 Hz at one milliwatt.

use crate::plan::Test;
use crate::signal::level::{TEST_TONE, level_at};
use crate::stage::Stage;
use crate::subject::{Subject, cables, pairs};
use crate::talk::{End, Say};
use crate::wire::{Wire, measure};
use crate::words::{Outcome, failed, skipped, value};
use demarc_hal::{PortKind, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "level",
    title: "Level",
    about: "Sends 1004 Hz at 0 dBm0 both ways and measures what arrives: a digital span changes nothing, a pair of wires loses -1 to 7 dB. Suggests a gain.",
    needs: &[Need::LinePair],
    seconds: (10, 4),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), cables(bench)].concat(),
    body,
};

/// Loss of a pair of wires that is in order, in dB, and what it should be.
const LOSS: std::ops::RangeInclusive<f64> = -1.0..=7.0;
const TARGET: f64 = 3.0;

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let mut wire = None;
    let (mut one, mut other, digital) = match subject {
        Subject::Pair(pair) => {
            let mut open = Wire::open(stage, pair)?;
            let (fxs, fxo) = open.call(stage)?;
            wire = Some(open);
            (fxs, fxo, false)
        }
        Subject::Cable(cable) => {
            stage.in_order(cable.a)?;
            stage.in_order(cable.b)?;
            let a = stage.channels(cable.a, PortKind::Bearer)?.first().copied();
            let b = stage.channels(cable.b, PortKind::Bearer)?.first().copied();
            let (Some(a), Some(b)) = (a, b) else {
                return skipped("The span has no bearer.", "Run it as ISDN.");
            };
            (End::open(stage, a)?, End::open(stage, b)?, true)
        }
        _ => return super::strange(),
    };
    let mut worst: Option<(String, String)> = None;
    for turn in 0..2 {
        let (from, to) = if turn == 0 { (&mut one, &mut other) } else { (&mut other, &mut one) };
        stage.doing(format!("0 dBm0 from {} to {}", from.at, to.at))?;
        from.say = Say::tone(TEST_TONE, 0.0);
        to.say = Say::Silence;
        measure(stage, &mut [&mut *from, &mut *to], Duration::from_secs(4))?;
        let level = level_at(&to.samples(), TEST_TONE);
        let (limit, right) =
            if digital { ("-0.2 to 0.2", level.abs() <= 0.2) } else { ("-7 to 1", LOSS.contains(&-level)) };
        stage.measured(value(format!("{} to {}", from.at, to.at), level, "dBm0", limit));
        if !right {
            let reason = format!("0 dBm0 from {} comes to {} with {level:.1} dBm0.", from.at, to.at);
            let remedy = if level < -40.0 {
                "Nothing of it arrives: run the FXS, FXO or bit error rate test first.".into()
            } else if digital {
                "The span changes octets: look at gains of this channel, and whether both ends use the same law.".into()
            } else {
                format!("Change the receive gain of {} by {:+.1} dB.", to.at, -TARGET - level)
            };
            worst.get_or_insert((reason, remedy));
        }
    }
    drop((one, other));
    if let Some(mut wire) = wire {
        wire.hang_up(stage)?;
    }
    match worst {
        Some((reason, remedy)) => failed(reason, remedy),
        None => Ok("Levels are in order both ways.".into()),
    }
}
