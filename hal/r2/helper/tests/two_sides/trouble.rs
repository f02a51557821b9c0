//! What goes wrong on a line.

use crate::bench::{Bench, SILENCE};
use crate::calls::{connect, is, offered, over};
use demarc_r2::{Category, ClearReason, Command, Event, Settings, Timers, Trouble};

fn bench() -> Bench {
    Bench::of(Settings { max_ani: 10, max_dnis: 10, ..Settings::default() })
}

#[test]
fn both_seize_at_once() {
    let mut bench = bench();
    bench.near.seize(1, "2079460123", None, Category::National);
    bench.far.seize(1, "2079460124", None, Category::National);
    // Each takes the other's seizure for a release, and clears.
    let released =
        |event: &Event| matches!(event, Event::Disconnected { .. } | Event::Trouble { .. }).then_some(());
    bench.near("near sees glare", released);
    bench.near.clear(1, ClearReason::Normal);
    bench.far("far sees glare", released);
    bench.far.clear(1, ClearReason::Normal);
    bench.run(1000);
    assert_eq!((bench.bits(true, 1), bench.bits(false, 1)), (0b1001, 0b1001), "both are idle");
    bench.near.events.clear();
    bench.far.events.clear();
    connect(&mut bench, "2079460123", None);
}

#[test]
fn nobody_acknowledges_the_seizure() {
    let timers = Timers { seize: Some(2000), ..Timers::default() };
    let settings = Settings { timers, ..Settings::default() };
    let mut bench = Bench::with(settings.clone(), settings, &[1]);
    // The far end looks idle and is dead.
    bench.unplug_far(1);
    let from = bench.blocks;
    bench.near.seize(1, "2079460123", None, Category::National);
    bench.near("given up", is(Event::Trouble { slot: 1, trouble: Trouble::SeizeTimeout }));
    let after = (bench.blocks - from) * 20;
    assert!((1900..=2100).contains(&after), "after {after} ms");
    assert_eq!(bench.bits(true, 1), 0b1001);
}

#[test]
fn a_blocked_channel_is_not_seized() {
    let mut bench = bench();
    bench.far.send(Command::Block { slot: 1, blocked: true });
    bench.near("blocked", is(Event::FarEnd { slot: 1, idle: false }));
    bench.near.seize(1, "2079460123", None, Category::National);
    bench.near("refused", is(Event::Trouble { slot: 1, trouble: Trouble::NotIdle }));
    assert_eq!(bench.bits(true, 1), 0b1001, "nothing was sent");
    bench.far.send(Command::Block { slot: 1, blocked: false });
    bench.near("free again", is(Event::FarEnd { slot: 1, idle: true }));
    connect(&mut bench, "2079460123", None);
}

#[test]
fn the_caller_gives_up_while_digits_cross() {
    let mut bench = bench();
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("seized", is(Event::Seized { slot: 1 }));
    bench.run(400);
    bench.near.clear(1, ClearReason::Normal);
    bench.far("far is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    bench.far.clear(1, ClearReason::Normal);
    over(&mut bench);
    connect(&mut bench, "2079460123", None);
}

#[test]
fn the_gateway_refuses_while_digits_cross() {
    let mut bench = bench();
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("seized", is(Event::Seized { slot: 1 }));
    bench.far.clear(1, ClearReason::Congestion);
    // It waits until the far end waits for a decision.
    bench.near("refused", is(Event::Disconnected { slot: 1, reason: ClearReason::Congestion }));
    bench.near.clear(1, ClearReason::Normal);
    over(&mut bench);
}

#[test]
fn a_clear_that_meets_the_acceptance_waits_for_it() {
    let mut bench = bench();
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("offered", offered);
    bench.far.accept(1);
    bench.far.clear(1, ClearReason::Busy);
    bench.near("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    bench.run(1000);
    bench.near.clear(1, ClearReason::Normal);
    over(&mut bench);
    assert_eq!(bench.far.warnings, [""; 0]);
}

#[test]
fn the_digits_stop() {
    let timers = Timers { mf_back: Some(1500), ..Timers::default() };
    let mut bench = Bench::of(Settings { timers, ..Settings::default() });
    // A seizure, and then nothing but silence.
    bench.noise = SILENCE;
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("seized", is(Event::Seized { slot: 1 }));
    bench.run(300);
    bench.unplug_near(1);
    bench.far("given up", is(Event::Trouble { slot: 1, trouble: Trouble::RegisterTimeout }));
    assert_eq!(bench.bits(false, 1), 0b1001);
    bench.near("gone", is(Event::Gone { slot: 1 }));
}

#[test]
fn line_signals_out_of_order_cost_the_call_and_nothing_else() {
    for bits in [0b0101, 0b1101, 0b0001] {
        let mut bench = bench();
        connect(&mut bench, "2079460123", None);
        // As if the caller's exchange had sent it in mid-call.
        bench.forge(false, 1, bits);
        let ended =
            |event: &Event| matches!(event, Event::Trouble { .. } | Event::Ended { .. }).then_some(());
        // An answered call knows clear forward alone.
        if bits != 0b0001 {
            bench.far("trouble", ended);
            assert_eq!(bench.bits(false, 1), 0b1001);
        }
    }
}

#[test]
fn an_alarm_ends_the_call_and_its_end_brings_the_channel_back() {
    let mut bench = bench();
    connect(&mut bench, "2079460123", None);
    bench.alarm(true);
    bench.near("near", is(Event::Trouble { slot: 1, trouble: Trouble::Alarm }));
    bench.far("far", is(Event::Trouble { slot: 1, trouble: Trouble::Alarm }));
    bench.near.seize(1, "2079460123", None, Category::National);
    bench.near("refused", is(Event::Trouble { slot: 1, trouble: Trouble::NotIdle }));
    bench.alarm(false);
    bench.run(100);
    bench.near.events.clear();
    bench.far.events.clear();
    connect(&mut bench, "2079460124", Some("2079460901"));
}

#[test]
fn a_new_helper_goes_on_where_the_old_one_died() {
    let mut bench = bench();
    connect(&mut bench, "2079460123", None);
    bench.near.child.kill().unwrap();
    bench.restart_near(Settings { max_ani: 10, max_dnis: 10, ..Settings::default() });
    // It sends idle, which the far end takes for clear forward.
    bench.far("far is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    bench.far.clear(1, ClearReason::Normal);
    bench.far("far ended", is(Event::Ended { slot: 1 }));
    bench.near("idle", is(Event::FarEnd { slot: 1, idle: true }));
    bench.far.events.clear();
    connect(&mut bench, "2079460123", None);
}

#[test]
fn rubbish_is_no_packet() {
    let mut bench = bench();
    for length in 0..200_u8 {
        let octets: Vec<u8> = (0..length).map(|at| at.wrapping_mul(73) ^ length).collect();
        if !octets.is_empty() {
            bench.rubbish(&octets);
        }
    }
    bench.run(200);
    bench.near.events.clear();
    connect(&mut bench, "2079460123", None);
}
