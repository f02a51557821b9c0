//! The tests, one a file.

pub(crate) mod alarms;
pub(crate) mod bert;
pub(crate) mod inventory;

use crate::subject::Subject;
use demarc_hal::SpanInfo;
use demarc_model::hardware_test::Bench;

/// Every digital span.
fn digital(_: &Bench, spans: &[SpanInfo]) -> Vec<Subject> {
    spans.iter().map(|span| Subject::Span(span.id)).collect()
}
