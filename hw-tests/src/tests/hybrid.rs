//! The hybrid: how much of what is said comes back at once.

use super::quiet;
use crate::plan::Test;
use crate::signal::level::level_at;
use crate::stage::Stage;
use crate::subject::{Subject, lines, pairs};
use crate::talk::Say;
use crate::wire::measure;
use crate::words::{Outcome, failed, value};
use demarc_hal::SpanInfo;
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "hybrid",
    title: "Hybrid",
    about: "Says tones over the speech band and measures how much comes back at the same port, without any canceller: less than 5 %.",
    needs: &[Need::Fxo],
    seconds: (15, 6),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), lines(bench)].concat(),
    body,
};

const TONES: [f64; 4] = [404.0, 1004.0, 1804.0, 2804.0];
const SENT: f64 = -10.0;
/// Of the amplitude.
const LIMIT: f64 = 5.0;

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let mut line = quiet::open(stage, subject)?;
    let mut worst = (0.0, 0.0);
    for tone in TONES {
        stage.doing(format!("{tone} Hz"))?;
        line.near.say = Say::tone(tone, SENT);
        measure(stage, &mut line.ends(), Duration::from_secs(2))?;
        let back = level_at(&line.near.samples(), tone) - SENT;
        let ratio = 100.0 * 10_f64.powf(back / 20.0);
        stage.measured(value(format!("echo at {tone} Hz"), ratio, "%", "< 5"));
        if ratio > worst.0 {
            worst = (ratio, tone);
        }
    }
    line.close(stage)?;
    let (ratio, tone) = worst;
    if ratio >= LIMIT {
        return failed(
            format!("{ratio:.1} % of {tone} Hz comes back from the hybrid."),
            "Set the port's country (its impedance) to that of the line; then lower the gains; then look for a bridge tap or a second telephone.",
        );
    }
    Ok(format!("At most {ratio:.1} % comes back."))
}
