//! What only the whole room can do: hunting, emergency calls, changes.

use crate::Output;
use crate::bench::{self, Bench, FXO, PRI, fxo};
use demarc_hal::LineEvent::*;
use demarc_isdn::{CallRef, Event};
use demarc_model::config::{Hunt, TrunkId, TrunkKind};
use demarc_model::{CallerId, Cause, Country, LegCommand, LegId, Party};

fn emergency(bench: &mut Bench) -> LegId {
    let mut dial = bench.a_dial(FXO, "999", CallerId::default());
    dial.emergency = true;
    let leg = dial.leg;
    bench.leg(LegCommand::Dial(Box::new(dial)));
    leg
}

/// Both lines carry a call.
fn full() -> (Bench, LegId) {
    let mut bench = Bench::new(bench::config(Country::GB));
    let leg = bench.dial(FXO, "1", CallerId::default());
    bench.dial(FXO, "2", CallerId::default());
    bench.take();
    (bench, leg)
}

#[test]
fn a_full_trunk_says_34_to_everybody() {
    let (mut bench, _) = full();
    bench.dial(FXO, "3", CallerId::default());
    emergency(&mut bench);
    assert_eq!(bench.take(), ["Ended 34", "Ended 34"]);
    let trunk = bench.room.live_trunks().remove(1);
    assert_eq!((trunk.up, trunk.calls, trunk.capacity), (true, 2, Some(2)));
    bench.settle();
}

#[test]
fn an_emergency_call_waits_for_a_line_on_guard() {
    let (mut bench, leg) = full();
    bench.hang_up(leg, Cause::PREEMPTION);
    bench.take();
    bench.dial(FXO, "3", CallerId::default());
    assert_eq!(bench.take(), ["Ended 34"], "others do not");
    emergency(&mut bench);
    assert!(bench.take().is_empty());
    bench.pass(799);
    assert!(bench.take().is_empty());
    bench.pass(1);
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook"]);
    bench.settle();
}

#[test]
fn an_emergency_call_that_waits_can_be_hung_up() {
    let (mut bench, leg) = full();
    bench.hang_up(leg, Cause::PREEMPTION);
    let waiting = emergency(&mut bench);
    bench.take();
    bench.hang_up(waiting, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["Ended 16"]);
    bench.pass(1_000);
    assert!(bench.take_lines().is_empty());
    bench.settle();
}

#[test]
fn a_call_that_comes_in_on_guard_takes_the_line_from_one_that_waits() {
    let (mut bench, leg) = full();
    bench.hang_up(leg, Cause::PREEMPTION);
    emergency(&mut bench);
    bench.take();
    bench.line(fxo(1), RingStarted);
    let said = bench.take_legs();
    assert!(said.contains(&"Ended 34".to_owned()), "{said:?}");
    bench.settle();
}

#[test]
fn channels_of_a_span_are_hunted_as_the_trunk_says() {
    let mut config = bench::config(Country::GB);
    for trunk in &mut config.trunks {
        if let TrunkKind::Pri { hunt, .. } = &mut trunk.kind {
            *hunt = Hunt::RoundRobin;
        }
    }
    let mut bench = Bench::up(config);
    for n in 0..3u32 {
        bench.dial(PRI, "1", CallerId::default());
        bench.isdn(Event::Cleared { call: CallRef(n * 2 + 1), cause: 17 });
    }
    let setups: Vec<String> = bench.take().into_iter().filter(|word| word.starts_with("SETUP")).collect();
    assert_eq!(setups, ["SETUP 1 -> 1", "SETUP 2 -> 1", "SETUP 3 -> 1"]);
    bench.settle();
}

#[test]
fn a_span_that_is_down_says_38_and_a_trunk_that_is_not_there_too() {
    let mut bench = Bench::new(bench::config(Country::GB));
    bench.dial(PRI, "1", CallerId::default());
    bench.dial(Party::Trunk(TrunkId(9)), "1", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38", "Ended 38"]);
    let trunk = bench.room.live_trunks().remove(0);
    assert_eq!((trunk.up, trunk.reason.as_deref()), (false, Some("D channel is down")));
    bench.settle();
}

#[test]
fn a_span_carries_as_many_calls_as_it_has_channels() {
    let mut bench = Bench::up(bench::config(Country::GB));
    for _ in 0..31 {
        bench.dial(PRI, "1", CallerId::default());
    }
    let said = bench.take();
    assert_eq!(said.iter().filter(|word| word.starts_with("SETUP")).count(), 30);
    assert_eq!(said.last().map(String::as_str), Some("Ended 34"));
    bench.settle();
}

#[test]
fn a_change_of_anything_is_said() {
    let mut bench = Bench::new(bench::config(Country::GB));
    let now = bench.now;
    let input = crate::Input::Line { channel: fxo(1), event: BatteryLost };
    bench.room.handle_input(now, input);
    let said: Vec<Output> = std::iter::from_fn(|| bench.room.poll_output()).collect();
    assert!(said.contains(&Output::Changed));
}
