//! A loopback plug: each channel hears itself.

use super::bert;
use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::{Subject, plugs};
use crate::words::Outcome;
use demarc_hal::SpanInfo;
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "plug",
    title: "Loopback plug",
    about: "With a plug that leads 1 to 4 and 2 to 5, the pattern of every channel comes back to it without a break.",
    needs: &[Need::SpanLoop],
    seconds: (120, 5),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| plugs(bench),
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let time = stage.lasts(Duration::from_secs(120), Duration::from_secs(5));
    let patterns = bert::run(stage, subject, time)?;
    bert::judge(stage, &patterns)
}
