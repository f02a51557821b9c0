//! Several spans in one machine: each source of the clock has a priority of its own, telcos first.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_autopilot::*;
use demarc_hal::{SignallingSeen, SpanId, SpanKind, SpanSettings, SpanStatus};
use demarc_isdn::{Dialect, Side};
use demarc_model::{Instant, Now, Setting};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// Far ends that are all their own masters.
struct Masters {
    plans: BTreeMap<SpanId, SpanPlan>,
    at: Duration,
}

impl Hands for Masters {
    fn look(&mut self, span: SpanId) -> Option<(Option<SignallingSeen>, SpanStatus)> {
        let timing = self.plans[&span].settings.timing;
        let slips = if timing == 0 { self.at.as_secs() / 4 } else { 0 };
        let status = SpanStatus { slips, is_clock: timing == 1, ..SpanStatus::default() };
        Some((Some(SignallingSeen::Nothing), status))
    }

    fn run(&mut self, span: SpanId, plan: &SpanPlan) -> bool {
        self.plans.insert(span, plan.clone()).is_some()
    }

    fn line(&mut self, _: demarc_hal::ChannelId, _: LineOrder) -> bool {
        false
    }

    fn found(&mut self, _: &demarc_model::Finding) {}
}

/// The priorities after two minutes.
fn priorities(spans: &[(u16, Side, u8)], pinned: &[u16]) -> Vec<u8> {
    let mut pilot = Autopilot::new(1);
    let mut hands = Masters { plans: BTreeMap::new(), at: Duration::ZERO };
    let now = |at| Now { mono: Instant::from_start(at), wall: SystemTime::UNIX_EPOCH + at };
    for (span, side, timing) in spans {
        let settings = SpanSettings { timing: *timing, ..SpanSettings::of(SpanKind::E1) };
        let plan = SpanPlan {
            mode: SpanKind::E1,
            settings,
            side: *side,
            dialect: Dialect::EuroIsdn,
            overlap: false,
        };
        let span = SpanId(*span);
        hands.plans.insert(span, plan.clone());
        let pinned = if pinned.contains(&span.0) { [Setting::Timing].into() } else { [].into() };
        let input = SpanInput::Setup(SpanSetup { plan, modes: Vec::new(), pinned });
        pilot.handle_input(now(hands.at), Input::Span { span, input });
    }
    while hands.at < Duration::from_secs(120) {
        hands.at += Duration::from_millis(500);
        serve(&mut pilot, now(hands.at), &mut hands);
    }
    hands.plans.values().map(|plan| plan.settings.timing).collect()
}

#[test]
fn telcos_come_first_and_no_two_are_alike() {
    // A PBX that insists on its own clock, and two telcos, all taken for slaves of ours.
    let spans = [(1, Side::Network, 0), (2, Side::User, 0), (3, Side::User, 0)];
    let found = priorities(&spans, &[]);
    assert_eq!(found, [3, 1, 2]);
}

#[test]
fn a_pinned_priority_stays_and_the_others_go_round_it() {
    let spans = [(1, Side::User, 0), (2, Side::Network, 1), (3, Side::User, 0)];
    assert_eq!(priorities(&spans, &[2]), [2, 1, 3]);
}
