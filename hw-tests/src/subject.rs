//! What a test is run on.

use demarc_hal::{ChannelId, SpanId};
use demarc_model::hardware_test::{Bench, PairCable, SpanCable, Trunk};
use std::collections::BTreeSet;

/// What a step is run on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The whole unit.
    Unit,
    /// A digital span, looked at.
    Span(SpanId),
    /// Digital spans, looked at together.
    Spans(Vec<SpanId>),
    /// Two spans on a crossover cable.
    Cable(SpanCable),
    /// A span with a loopback plug.
    Plug(SpanId),
    /// A span with a far end that is not ours.
    Trunk(Trunk),
    /// An FXS port cabled to an FXO port.
    Pair(PairCable),
    /// An FXS port with a telephone.
    Phone(ChannelId),
    /// An FXO port with a line of the telco.
    Line(ChannelId),
}

impl Subject {
    /// For people.
    pub(crate) fn name(&self) -> String {
        match self {
            Subject::Unit => "the unit".into(),
            Subject::Span(span) => format!("span {span}"),
            Subject::Spans(spans) => {
                let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
                format!("spans {}", spans.join(", "))
            }
            Subject::Cable(cable) => format!("spans {} and {}", cable.a, cable.b),
            Subject::Plug(span) => format!("span {span} with its plug"),
            Subject::Trunk(trunk) => format!("span {} to its far end", trunk.span),
            Subject::Pair(pair) => format!("FXS {} and FXO {}", pair.fxs.0, pair.fxo.0),
            Subject::Phone(port) => format!("the telephone at FXS {port}"),
            Subject::Line(port) => format!("the line at FXO {port}"),
        }
    }

    /// The spans that are part of it.
    pub(crate) fn spans(&self) -> BTreeSet<SpanId> {
        match self {
            Subject::Unit => BTreeSet::new(),
            Subject::Span(span) | Subject::Plug(span) => BTreeSet::from([*span]),
            Subject::Spans(spans) => spans.iter().copied().collect(),
            Subject::Cable(cable) => BTreeSet::from([cable.a, cable.b]),
            Subject::Trunk(trunk) => BTreeSet::from([trunk.span]),
            Subject::Pair(pair) => BTreeSet::from([pair.fxs.0.span, pair.fxo.0.span]),
            Subject::Phone(port) | Subject::Line(port) => BTreeSet::from([port.span]),
        }
    }
}

/// Crossover cables.
pub(crate) fn cables(bench: &Bench) -> Vec<Subject> {
    bench.spans.iter().cloned().map(Subject::Cable).collect()
}

/// Loopback plugs.
pub(crate) fn plugs(bench: &Bench) -> Vec<Subject> {
    bench.plugs.iter().map(|plug| Subject::Plug(plug.span)).collect()
}

/// Spans to somebody else.
pub(crate) fn trunks(bench: &Bench) -> Vec<Subject> {
    bench.trunks.iter().cloned().map(Subject::Trunk).collect()
}

/// Pairs of wires.
pub(crate) fn pairs(bench: &Bench) -> Vec<Subject> {
    bench.pairs.iter().cloned().map(Subject::Pair).collect()
}

/// Telephones.
pub(crate) fn phones(bench: &Bench) -> Vec<Subject> {
    bench.phones.iter().map(|port| Subject::Phone(port.0)).collect()
}

/// Lines of the telco.
pub(crate) fn lines(bench: &Bench) -> Vec<Subject> {
    bench.lines.iter().map(|port| Subject::Line(port.0)).collect()
}
