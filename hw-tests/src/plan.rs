//! Which tests there are, in the order in which they are run: what others rest on comes first.

use crate::stage::Stage;
use crate::subject::Subject;
use crate::tests;
use crate::words::Outcome;
use demarc_hal::{SpanId, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need, TestInfo};

/// What a test is run with and on.
pub(crate) type Body = fn(&mut Stage<'_, '_>, &Subject) -> Outcome;

/// A test.
pub(crate) struct Test {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) needs: &'static [Need],
    pub(crate) seconds: (u32, u32),
    pub(crate) disturbs: Disturbs,
    /// What of a bench it is run on, given the unit's digital spans.
    pub(crate) subjects: fn(&Bench, &[SpanInfo]) -> Vec<Subject>,
    pub(crate) body: Body,
}

/// Every test.
pub(crate) const TESTS: &[&Test] = &[
    &tests::inventory::TEST,
    &tests::timing::TEST,
    &tests::alarms::TEST,
    &tests::counters::TEST,
    &tests::plug::TEST,
    &tests::bert::TEST,
    &tests::loops::TEST,
    &tests::insert::TEST,
    &tests::dchannel::TEST,
    &tests::fxs::TEST,
    &tests::fxo::TEST,
    &tests::level::TEST,
    &tests::noise::TEST,
    &tests::hybrid::TEST,
    &tests::echo::TEST,
    &tests::recording::TEST,
    &tests::calls::TEST,
];

/// What tests there are, in order.
pub fn list() -> Vec<TestInfo> {
    TESTS.iter().map(|test| test.info()).collect()
}

impl Test {
    pub(crate) fn info(&self) -> TestInfo {
        TestInfo {
            id: self.id.into(),
            title: self.title.into(),
            about: self.about.into(),
            needs: self.needs.to_vec(),
            seconds: self.seconds,
            disturbs: self.disturbs,
        }
    }
}

/// A test on something.
pub(crate) struct Step {
    pub(crate) test: &'static Test,
    /// None when the bench has nothing for it.
    pub(crate) subject: Option<Subject>,
}

/// The steps of the tests that `wanted` names (all when empty), on `only` these spans (all when empty).
pub(crate) fn steps(wanted: &[String], only: &[SpanId], bench: &Bench, digital: &[SpanInfo]) -> Vec<Step> {
    let chosen = TESTS.iter().filter(|test| wanted.is_empty() || wanted.iter().any(|id| id == test.id));
    let mut steps = Vec::new();
    for test in chosen {
        let on = |subject: &Subject| {
            let spans = subject.spans();
            only.is_empty() || spans.is_empty() || spans.iter().any(|span| only.contains(span))
        };
        let subjects: Vec<Subject> = (test.subjects)(bench, digital).into_iter().filter(on).collect();
        if subjects.is_empty() {
            steps.push(Step { test, subject: None });
        }
        steps.extend(subjects.into_iter().map(|subject| Step { test, subject: Some(subject) }));
    }
    steps
}

/// What the bench lacks for a test, and what to write into it.
pub(crate) fn lacking(test: &Test) -> (String, String) {
    let (what, write) = match test.needs.first() {
        _ if test.id == tests::plug::TEST.id => {
            ("loopback plug", "Plug one in (1 to 4, 2 to 5) and write [[plug]] with span into the bench")
        }
        Some(Need::Span) => ("digital span", "Put a card with E1, T1 or BRI spans in"),
        Some(Need::SpanLoop) => (
            "crossover cable between spans and no loopback plug",
            "Plug one in and write [[span]] with a and b, or [[plug]] with span, into the bench",
        ),
        Some(Need::SpanPair) => {
            ("crossover cable between spans", "Plug one in and write [[span]] with a and b into the bench")
        }
        Some(Need::LinePair) | Some(Need::Fxs) | Some(Need::Fxo) => (
            "pair of wires from an FXS to an FXO port",
            "Cable them and write [[pair]] with fxs and fxo into the bench",
        ),
        Some(Need::Person) | None => ("port for it", "Write one into the bench"),
    };
    (format!("The bench has no {what}."), format!("{write}."))
}
