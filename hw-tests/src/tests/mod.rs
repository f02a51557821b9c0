//! The tests, one a file.

pub(crate) mod alarms;
pub(crate) mod bert;
pub(crate) mod calls;
pub(crate) mod counters;
pub(crate) mod dchannel;
pub(crate) mod echo;
pub(crate) mod fxo;
pub(crate) mod fxs;
pub(crate) mod hybrid;
pub(crate) mod insert;
pub(crate) mod inventory;
pub(crate) mod level;
pub(crate) mod loops;
pub(crate) mod noise;
pub(crate) mod plug;
pub(crate) mod recording;
pub(crate) mod timing;

mod quiet;

use crate::subject::Subject;
use crate::words::{Stop, skipped};
use demarc_hal::{SpanId, SpanInfo};
use demarc_model::hardware_test::Bench;
use std::collections::BTreeSet;

/// The digital spans that are looked at: those of the bench, or all where it names none.
fn watched(bench: &Bench, spans: &[SpanInfo]) -> Vec<SpanId> {
    let cables = bench.spans.iter().flat_map(|cable| [cable.a, cable.b]);
    let named: BTreeSet<SpanId> = cables
        .chain(bench.plugs.iter().map(|plug| plug.span))
        .chain(bench.trunks.iter().map(|trunk| trunk.span))
        .collect();
    let named = |span: &&SpanInfo| named.is_empty() || named.contains(&span.id);
    spans.iter().filter(named).map(|span| span.id).collect()
}

/// Each of them.
fn digital(bench: &Bench, spans: &[SpanInfo]) -> Vec<Subject> {
    watched(bench, spans).into_iter().map(Subject::Span).collect()
}

/// The plan never gives a test what it was not made for.
fn strange<T>() -> Result<T, Stop> {
    skipped("This test is not made for that.", "Choose another test.")
}
