//! A chirp, and when and how loud it comes back.

use super::quiet;
use crate::plan::Test;
use crate::signal::chirp::{chirp, find};
use crate::stage::Stage;
use crate::subject::{Subject, cables, lines, pairs};
use crate::talk::{End, Say, talk};
use crate::words::{Outcome, failed, skipped, value};
use demarc_hal::{PortKind, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need, SpanCable};
use std::collections::VecDeque;
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "echo",
    title: "Echo",
    about: "Sends a chirp and looks for its return: the round trip in milliseconds and the return loss (ERL). On a crossover cable the far end sends it back, so that the whole round trip of the cards shows.",
    needs: &[Need::Fxo],
    seconds: (5, 3),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), lines(bench), cables(bench)].concat(),
    body,
};

const SENT: f64 = -10.0;
/// Return loss below which a canceller of software will not converge, in dB (G.168 §6.4.1).
const LEAST: f64 = 6.0;
const LISTEN: Duration = Duration::from_millis(1200);

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    if let Subject::Cable(cable) = subject {
        return round_trip(stage, cable);
    }
    let mut line = quiet::open(stage, subject)?;
    talk(stage, &mut line.ends(), Duration::from_millis(300))?;
    let sent = chirp(SENT);
    line.near.say = Say::Samples(sent.iter().copied().collect());
    talk(stage, &mut line.ends(), LISTEN)?;
    let heard = line.near.all();
    line.close(stage)?;
    let Some(found) = find(&heard, &sent) else {
        stage.measured(value("return loss", 60.0, "dB", ">= 6"));
        return Ok("No echo comes back.".into());
    };
    let trip = milliseconds(found.at);
    stage.measured(value("round trip", trip, "ms", ""));
    stage.measured(value("return loss", -found.gain_db, "dB", ">= 6"));
    if -found.gain_db < LEAST {
        return failed(
            format!("The echo is {:.1} dB below what is said.", -found.gain_db),
            "Run the hybrid test: set impedance and gains so that less comes back; a canceller needs at least 6 dB.",
        );
    }
    Ok(format!("An echo {:.1} dB below comes back after {trip:.1} ms.", -found.gain_db))
}

fn round_trip(stage: &mut Stage<'_, '_>, cable: &SpanCable) -> Outcome {
    stage.in_order(cable.a)?;
    let near = stage.channels(cable.a, PortKind::Bearer)?.first().copied();
    let far = stage.channels(cable.b, PortKind::Bearer)?.first().copied();
    let (Some(near), Some(far)) = (near, far) else {
        return skipped("The span has no bearer.", "Run it as ISDN.");
    };
    let (mut near, mut far) = (End::open(stage, near)?, End::open(stage, far)?);
    far.say = Say::Back(VecDeque::new());
    talk(stage, &mut [&mut near, &mut far], Duration::from_millis(500))?;
    let sent = chirp(SENT);
    near.say = Say::Samples(sent.iter().copied().collect());
    talk(stage, &mut [&mut near, &mut far], LISTEN)?;
    let Some(found) = find(&near.all(), &sent) else {
        return failed("What the far end sends back never arrives.", "Run the bit error rate test first.");
    };
    let trip = milliseconds(found.at);
    stage.measured(value("round trip", trip, "ms", ""));
    stage.measured(value("gain", found.gain_db, "dB", "-0.5 to 0.5"));
    if found.gain_db.abs() > 0.5 {
        return failed(
            format!("What comes back is {:+.1} dB louder than what was sent.", found.gain_db),
            "Look at the gains of this channel, and whether both ends use the same law.",
        );
    }
    Ok(format!("It comes back after {trip:.1} ms, as loud as it went."))
}

#[allow(clippy::cast_precision_loss, reason = "a second of samples")]
fn milliseconds(samples: usize) -> f64 {
    samples as f64 / 8.0
}
