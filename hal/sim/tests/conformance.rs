//! The simulator passes what every driver passes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::conformance::{At, Outcome, Rig, SpanAt, run};
use demarc_hal::{ChannelId, Companding, Driver, PortKind, SpanId};
use demarc_hal_sim::{Bench, SimDriver};
use nix::poll::{PollTimeout, poll};
use std::time::Duration;

/// Lets the given time pass: what the simulator does takes real time behind descriptors.
fn wait(time: Duration) {
    poll(&mut [], PollTimeout::try_from(time).unwrap()).unwrap();
}

fn passes_all(mut rig: Rig<'_>) {
    let results = run(&mut rig);
    let wrong: Vec<_> = results.iter().filter(|(_, result)| *result != Ok(Outcome::Passed)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn two_machines_with_an_e1() {
    let mut bench = Bench::new();
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let (span, far) = (bench.e1(a, "near").unwrap(), bench.e1(b, "far").unwrap());
    let span_cable = bench.cable_spans((a, span), (b, far)).unwrap();
    let lines = bench.analog(a, "lines", Companding::ALaw, &[PortKind::Fxo; 2]).unwrap();
    let pairs = bench.analog(b, "pairs", Companding::ALaw, &[PortKind::Fxs; 2]).unwrap();
    let line = ChannelId { span: lines, slot: 2 };
    let pair = ChannelId { span: pairs, slot: 1 };
    let pair_cable = bench.cable_lines((a, line), (b, pair)).unwrap();
    let mut drivers = bench.build();
    passes_all(Rig {
        drivers: drivers.iter_mut().map(|driver| driver as &mut dyn Driver).collect(),
        pair: Some((At { driver: 0, channel: line }, At { driver: 1, channel: pair })),
        spans: Some((SpanAt { driver: 0, span }, SpanAt { driver: 1, span: far })),
        pair_plug: Some(Box::new(|plug| if plug { pair_cable.plug() } else { pair_cable.unplug() })),
        span_plug: Some(Box::new(|plug| if plug { span_cable.plug() } else { span_cable.unplug() })),
        wait: Box::new(wait),
    });
}

#[test]
fn one_machine_with_both_ends_of_a_t1() {
    let mut bench = Bench::new();
    let machine = bench.driver().unwrap();
    let (span, far) = (bench.t1(machine, "near").unwrap(), bench.t1(machine, "far").unwrap());
    let span_cable = bench.cable_spans((machine, span), (machine, far)).unwrap();
    let kinds = [PortKind::Fxs, PortKind::Fxo];
    let group = bench.analog(machine, "both", Companding::MuLaw, &kinds).unwrap();
    let (fxs, fxo) = (ChannelId { span: group, slot: 1 }, ChannelId { span: group, slot: 2 });
    let pair_cable = bench.cable_lines((machine, fxs), (machine, fxo)).unwrap();
    let mut drivers: Vec<SimDriver> = bench.build();
    passes_all(Rig {
        drivers: drivers.iter_mut().map(|driver| driver as &mut dyn Driver).collect(),
        pair: Some((At { driver: 0, channel: fxo }, At { driver: 0, channel: fxs })),
        spans: Some((SpanAt { driver: 0, span }, SpanAt { driver: 0, span: far })),
        pair_plug: Some(Box::new(|plug| if plug { pair_cable.plug() } else { pair_cable.unplug() })),
        span_plug: Some(Box::new(|plug| if plug { span_cable.plug() } else { span_cable.unplug() })),
        wait: Box::new(wait),
    });
}

#[test]
fn what_is_not_cabled_is_not_in_order() {
    let mut bench = Bench::new();
    let machine = bench.driver().unwrap();
    let span = bench.e1(machine, "air").unwrap();
    assert_eq!(span, SpanId(1));
    let mut drivers = bench.build();
    let mut rig = Rig {
        drivers: drivers.iter_mut().map(|driver| driver as &mut dyn Driver).collect(),
        pair: None,
        spans: Some((SpanAt { driver: 0, span }, SpanAt { driver: 0, span })),
        pair_plug: None,
        span_plug: None,
        wait: Box::new(|_| {}),
    };
    // The checks can fail: a span in the air has a red alarm, and no block arrives.
    let failed: Vec<&str> =
        run(&mut rig).iter().filter(|(_, result)| result.is_err()).map(|(name, _)| *name).collect();
    assert!(failed.contains(&"spans in order have no alarm"), "{failed:?}");
    assert!(failed.contains(&"D-channel frames cross whole"), "{failed:?}");
}
