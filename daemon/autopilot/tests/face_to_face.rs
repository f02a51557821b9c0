//! Two autopilots on one cable must not dance for ever.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_autopilot::{SpanInput, SpanOutput, SpanPilot, SpanSetup};
use demarc_hal::{SignallingSeen, SpanStatus};
use demarc_isdn::Event;
use demarc_model::Instant;
use std::collections::BTreeSet;
use std::time::Duration;
use world::{SPAN, europe};

/// Seconds until both have found different sides.
fn seconds(seeds: [u64; 2]) -> Option<u64> {
    let setup = SpanSetup { plan: europe(), modes: Vec::new(), pinned: BTreeSet::new() };
    let mut pilots = seeds.map(|seed| SpanPilot::new(SPAN, seed));
    for pilot in &mut pilots {
        pilot.handle_input(Instant::default(), SpanInput::Setup(setup.clone()));
    }
    for tenth in 1..6000 {
        let now = Instant::from_start(Duration::from_millis(tenth * 100));
        for pilot in &mut pilots {
            pilot.handle_timeout(now);
            while let Some(output) = pilot.poll_output() {
                if output == SpanOutput::Look {
                    pilot.handle_input(now, SpanInput::Signalling(SignallingSeen::Flags));
                    pilot.handle_input(now, SpanInput::Status(SpanStatus::default()));
                }
            }
        }
        // SABME goes both ways every second.
        let [a, b] = [0, 1].map(|i| pilots[i].plan().unwrap().side);
        if a != b {
            return Some(tenth / 10);
        }
        if tenth % 10 == 0 {
            for pilot in &mut pilots {
                pilot.handle_input(now, SpanInput::Isdn(Event::SameSide { side: a }));
            }
        }
    }
    None
}

#[test]
fn two_autopilots_find_different_sides() {
    for seed in 0..200 {
        let took = seconds([seed * 2, seed * 2 + 1]);
        assert!(took.is_some_and(|seconds| seconds < 60), "seeds of pair {seed}: {took:?}");
    }
}

#[test]
fn with_the_same_seed_they_cannot() {
    assert_eq!(seconds([7, 7]), None);
}
