//! Noise of a quiet termination.

use super::quiet;
use crate::plan::Test;
use crate::signal::weighting::noise;
use crate::stage::Stage;
use crate::subject::{Subject, lines, pairs};
use crate::wire::measure;
use crate::words::{Outcome, failed, value};
use demarc_hal::SpanInfo;
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "noise",
    title: "Noise",
    about: "Measures how loud a quiet line is, weighted as an ear at a telephone hears it (C-message): less than 20 dBrnC.",
    needs: &[Need::Fxo],
    seconds: (10, 4),
    disturbs: Disturbs::Channel,
    subjects: |bench: &Bench, _: &[SpanInfo]| [pairs(bench), lines(bench)].concat(),
    body,
};

/// In dBrnC0.
const LIMIT: f64 = 20.0;

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let mut line = quiet::open(stage, subject)?;
    measure(stage, &mut line.ends(), Duration::from_secs(4))?;
    let mut worst: Option<(f64, String)> = None;
    let heard: Vec<(String, f64)> =
        line.ends().iter().map(|end| (end.at.to_string(), noise(&end.samples()))).collect();
    line.close(stage)?;
    for (at, noise) in heard {
        stage.measured(value(format!("noise at {at}"), noise, "dBrnC", "< 20"));
        if noise >= LIMIT && worst.as_ref().is_none_or(|(worst, _)| noise > *worst) {
            worst = Some((noise, at));
        }
    }
    match worst {
        Some((noise, at)) => failed(
            format!("{noise:.1} dBrnC of noise at {at}."),
            "Listen to it: hum comes from an earth loop or a power cable beside the pair, hiss from too much gain, crackling from a wet or loose contact.",
        ),
        None => Ok("The line is quiet.".into()),
    }
}
