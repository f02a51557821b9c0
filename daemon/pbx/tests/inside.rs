//! Telephone to telephone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::config::{DeviceId, RingStrategy};
use demarc_model::live::LegState;
use demarc_model::{LegEvent, Party};
use demarc_pbx::Input;
use std::sync::Arc;
use world::{World, caller_id, gateway, withheld};

#[test]
fn answered_talked_and_hung_up() {
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "202"), ["Proceed a", "Dial b device 2 202 from 201"]);
    assert_eq!(w.dials[0].caller.name.as_deref(), Some("Extension 201"));
    assert!(w.proceeding('b').is_empty());
    assert_eq!(w.alerting('b', false), ["Ring a"]);
    w.wait(3.0);
    assert_eq!(w.answered('b'), ["Answer a as 202", "a hears b", "b hears a"]);
    let live = w.pbx.live_calls(w.now());
    assert_eq!(live[0].caller, "Extension 201 (201)");
    assert_eq!(live[0].legs.iter().map(|l| l.state).collect::<Vec<_>>(), [LegState::Active; 2]);
    w.wait(60.0);
    assert_eq!(w.ended('a', 16), ["Hangup b 16"]);
    assert_eq!(w.outcome(), "answered 16 Phone 202");
    w.ended('b', 16);
    w.assert_quiet();
    let times: Vec<_> = w.records.iter().map(|r| (r.answered_ms, r.ended_ms)).collect();
    assert!(matches!(times[..], [(None, None), (Some(_), None), (Some(_), Some(_))]), "{times:?}");
    let last = w.record();
    assert_eq!(last.answered_ms.unwrap() - last.started_ms, 3000);
    assert_eq!(last.ended_ms.unwrap() - last.answered_ms.unwrap(), 60_000);
}

#[test]
fn the_called_party_hangs_up() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.proceeding('b');
    w.answered('b');
    assert_eq!(w.ended('b', 31), ["Hangup a 31"], "with the same cause");
    assert!(!w.pbx.is_quiet(), "until the last leg has ended");
    w.ended('a', 31);
    w.assert_quiet();
}

#[test]
fn a_leg_that_vanishes_ends_the_call() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.proceeding('b');
    w.answered('b');
    assert_eq!(w.ended('b', 41), ["Hangup a 41"]);
    assert_eq!(w.outcome(), "answered 41 Phone 202");
}

#[test]
fn the_caller_hangs_up_at_each_stage() {
    for stage in 0..4 {
        let mut w = World::gateway();
        w.dials(1, "202");
        if stage > 0 {
            w.proceeding('b');
        }
        if stage > 1 {
            w.alerting('b', false);
        }
        if stage > 2 {
            w.answered('b');
        }
        assert_eq!(w.ended('a', 16), ["Hangup b 16"], "stage {stage}");
        assert_eq!(w.answered('b'), [""; 0], "an answer that crosses the hang-up changes nothing");
        w.ended('b', 16);
        w.assert_quiet();
        assert_eq!(w.records.iter().filter(|r| r.ended_ms.is_some()).count(), 1);
    }
}

#[test]
fn each_failure_reaches_the_caller() {
    for cause in [1, 3, 16, 17, 18, 20, 21, 27, 28, 31, 34, 38, 41, 42, 44, 88, 102, 127] {
        let mut w = World::gateway();
        w.dials(1, "202");
        assert_eq!(w.ended('b', cause), [format!("Hangup a {cause}")]);
        assert_eq!(w.outcome(), format!("unanswered {cause} Extension 202"));
        w.ended('a', cause);
        w.assert_quiet();
    }
}

#[test]
fn nobody_answers() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.alerting('b', false);
    assert!(w.wait(59.9).is_empty());
    assert_eq!(w.wait(0.2), ["Hangup b 19", "Hangup a 19"]);
    let mut w = World::gateway();
    w.dials(1, "202");
    assert_eq!(w.wait(61.0), ["Hangup b 19", "Hangup a 18"], "it never rang: no user responding");
}

#[test]
fn one_cannot_call_oneself() {
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "201"), ["Proceed a", "Hangup a 17"]);
}

#[test]
fn a_device_is_not_who_it_claims_to_be_but_may_withhold() {
    let mut w = World::gateway();
    let log = w.offer(Party::Device(DeviceId(1)), "202", true, caller_id("+442079460999"));
    assert_eq!(log[1], "Dial b device 2 202 from 201");
    let mut w = World::gateway();
    let log = w.offer(Party::Device(DeviceId(1)), "202", true, withheld("201"));
    assert_eq!(log[1], "Dial b device 2 202 from - withheld", "a telephone never gets it");
    assert_eq!(w.dials[0].caller.name, None);
    assert_eq!(w.records[0].caller.number.as_deref(), Some("201"), "the record does");
    assert_eq!(w.pbx.live_calls(w.now())[0].caller, "withheld");
}

#[test]
fn an_unknown_device_is_refused() {
    let mut w = World::gateway();
    assert_eq!(w.dials(99, "202"), ["Hangup a 21"]);
    w.ended('a', 21);
    w.assert_quiet();
}

#[test]
fn all_devices_of_an_extension_ring_and_the_last_failure_counts_by_weight() {
    let mut config = gateway();
    config.extensions[1].devices.push(DeviceId(3));
    let mut w = World::new(config);
    let log = w.dials(1, "202");
    assert_eq!(log[1..], ["Dial b device 2 202 from 201", "Dial c device 3 202 from 201"]);
    assert!(w.ended('b', 17).is_empty(), "the other still rings");
    assert_eq!(w.ended('c', 20), ["Hangup a 17"], "busy tells more than absent");
}

#[test]
fn two_answer_at_once_and_the_first_wins() {
    let mut w = World::gateway();
    let log = w.dials(3, "200");
    assert_eq!(
        log[1..],
        ["Dial b device 1 200 from 203", "Dial c device 2 200 from 203", "Dial d device 11 200 from 203"]
    );
    for leg in ['b', 'c', 'd'] {
        w.proceeding(leg);
    }
    assert_eq!(w.alerting('b', false), ["Ring a"]);
    assert!(w.alerting('c', true).is_empty(), "one of several is not heard, and Ring is told once");
    assert_eq!(w.answered('c'), ["Hangup b 26", "Hangup d 26", "Answer a as 202", "a hears c", "c hears a"]);
    assert!(w.answered('b').is_empty());
    assert!(w.ended('b', 26).is_empty());
    assert!(w.ended('d', 16).is_empty());
    assert_eq!(w.ended('c', 16), ["Hangup a 16"]);
    w.ended('a', 16);
    w.assert_quiet();
    assert_eq!(w.outcome(), "answered 16 Phone 202");
}

#[test]
fn a_group_rings_in_order() {
    let mut config = gateway();
    config.ring_groups[0].strategy = RingStrategy::InOrder;
    let mut w = World::new(config);
    assert_eq!(w.dials(3, "200"), ["Proceed a", "Dial b device 1 200 from 203"]);
    assert_eq!(w.alerting('b', false), ["Ring a"]);
    assert_eq!(w.wait(20.0), ["Hangup b 19", "Dial c device 2 200 from 203"]);
    assert_eq!(w.ended('c', 17), ["Dial d device 11 200 from 203"], "a busy one is passed over at once");
    assert!(w.ended('b', 19).is_empty());
    w.proceeding('d');
    assert_eq!(w.answered('d'), ["Answer a as 211", "a hears d", "d hears a"]);
}

#[test]
fn a_group_of_which_nobody_answers() {
    let mut config = gateway();
    config.ring_groups[0].strategy = RingStrategy::InOrder;
    let mut w = World::new(config);
    w.dials(3, "200");
    w.alerting('b', false);
    w.wait(20.0);
    w.ended('c', 20);
    assert_eq!(w.wait(20.0), ["Hangup d 19", "Hangup a 19"]);
}

#[test]
fn early_media_of_a_telephone_is_heard_one_way() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.proceeding('b');
    assert_eq!(w.alerting('b', true), ["Ring a in-band", "a hears b"]);
    assert_eq!(w.answered('b'), ["Answer a as 202", "b hears a"]);
}

#[test]
fn ringback_goes_on_when_a_party_that_was_heard_gives_way_to_one_that_is_not() {
    let mut config = gateway();
    config.ring_groups[0].strategy = RingStrategy::InOrder;
    let mut w = World::new(config);
    w.dials(3, "200");
    w.proceeding('b');
    assert_eq!(w.alerting('b', true), ["Ring a in-band", "a hears b"]);
    assert_eq!(w.ended('b', 17), ["a hears silence", "Dial c device 2 200 from 203"]);
    assert_eq!(w.alerting('c', false), ["a hears 400 Hz"], "the country's ringback, from the PBX");
    w.proceeding('c');
    assert_eq!(w.answered('c'), ["Answer a as 202", "a hears c", "c hears a"]);
}

#[test]
fn hold_and_retrieve() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.proceeding('b');
    w.answered('b');
    let (a, b) = (w.leg('a'), w.leg('b'));
    assert_eq!(w.event(LegEvent::Held { leg: a }), ["a hears silence", "b hears 440 Hz"]);
    assert!(w.event(LegEvent::Held { leg: a }).is_empty());
    assert_eq!(w.pbx.live_calls(w.now())[0].legs[0].state, LegState::Held);
    assert_eq!(w.event(LegEvent::Held { leg: b }), ["b hears silence"]);
    assert_eq!(w.event(LegEvent::Retrieved { leg: a }), ["a hears 440 Hz"]);
    assert_eq!(w.event(LegEvent::Retrieved { leg: b }), ["a hears b", "b hears a"]);
    assert_eq!(w.event(LegEvent::Flash { leg: b }), ["a hears 440 Hz", "b hears silence"]);
    assert_eq!(w.event(LegEvent::Flash { leg: b }), ["a hears b", "b hears a"]);
    w.event(LegEvent::Flash { leg: b });
    assert_eq!(w.ended('b', 16), ["Hangup a 16"], "also from hold");
}

#[test]
fn hold_before_the_answer_changes_nothing() {
    let mut w = World::gateway();
    w.dials(1, "202");
    let a = w.leg('a');
    assert!(w.event(LegEvent::Flash { leg: a }).is_empty());
    w.proceeding('b');
    assert_eq!(w.answered('b'), ["Answer a as 202", "a hears b", "b hears a"]);
}

#[test]
fn digits_by_signalling_reach_the_other_side() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.proceeding('b');
    assert!(w.digit('a', '1', true).is_empty(), "a telephone that rings hears nothing");
    w.answered('b');
    assert_eq!(w.digit('a', '5', true), ["b gets digits 5"]);
    assert_eq!(w.digit('b', '#', true), ["a gets digits #"]);
    assert!(w.digit('a', '5', false).is_empty(), "those in the stream go through media");
}

#[test]
fn the_longest_call() {
    let mut config = gateway();
    config.system.max_call_minutes = 1;
    let mut w = World::new(config);
    w.dials(1, "202");
    w.proceeding('b');
    w.answered('b');
    assert!(w.wait(59.9).is_empty());
    assert_eq!(w.wait(0.2), ["Hangup a 31", "Hangup b 31"]);
    assert!(w.record().reason.as_deref().unwrap().contains("1 min"));
}

#[test]
fn an_administrator_hangs_up() {
    let mut w = World::gateway();
    w.dials(1, "202");
    let call = w.pbx.call_of(w.leg('b')).unwrap();
    assert_eq!(w.input(Input::HangUp { call }), ["Hangup a 16", "Hangup b 16"]);
    assert!(w.input(Input::HangUp { call }).is_empty());
    w.ended('a', 16);
    w.ended('b', 16);
    w.assert_quiet();
}

#[test]
fn a_running_call_keeps_its_configuration() {
    let mut config = gateway();
    config.ring_groups[0].strategy = RingStrategy::InOrder;
    let mut w = World::new(config);
    w.dials(3, "200");
    let mut emptied = gateway();
    emptied.ring_groups.clear();
    emptied.inbound_routes.clear();
    emptied.system.max_call_minutes = 1;
    assert_eq!(emptied.validate(), Ok(()));
    assert!(w.input(Input::Config(Arc::new(emptied))).is_empty());
    assert_eq!(w.ended('b', 17), ["Dial c device 2 200 from 203"]);
    w.proceeding('c');
    w.answered('c');
    assert!(w.wait(3600.0).is_empty(), "also the longest call of its own");
    assert_eq!(w.dials(4, "200"), ["Hangup d 1"], "a new call has the new one");
}

#[test]
fn dialling_digit_by_digit() {
    let mut w = World::gateway();
    let from = Party::Device(DeviceId(11));
    assert_eq!(w.offer(from, "", false, caller_id("")), ["NeedDigits a dial-tone"]);
    assert!(w.more('a', "2", false).is_empty());
    assert!(w.more('a', "0", false).is_empty());
    assert_eq!(w.more('a', "2", false), ["Proceed a", "Dial b device 2 202 from 211"]);
    assert!(w.more('a', "9", false).is_empty(), "later digits change nothing");
    assert_eq!(w.records.len(), 1);
    assert_eq!(w.record().called, "2", "so far only the first record is written, when there is a digit");
    w.ended('a', 16);
    assert_eq!(w.record().called, "202");
}

#[test]
fn dialling_stops_too_early_or_goes_nowhere() {
    for (digits, complete, cause) in [("20", true, 28), ("", true, 28), ("209", false, 1)] {
        let mut w = World::gateway();
        w.offer(Party::Device(DeviceId(11)), "", false, caller_id(""));
        assert_eq!(w.more('a', digits, complete), [format!("Hangup a {cause}")], "{digits}");
        w.ended('a', cause);
        w.assert_quiet();
    }
}

#[test]
fn the_caller_hangs_up_while_dialling() {
    let mut w = World::gateway();
    w.offer(Party::Device(DeviceId(11)), "", false, caller_id(""));
    w.more('a', "2", false);
    assert!(w.ended('a', 16).is_empty());
    w.assert_quiet();
    assert_eq!(w.record().called, "2");
}

#[test]
fn a_telephone_that_is_lifted_and_put_down_has_made_no_call() {
    let mut w = World::gateway();
    w.offer(Party::Device(DeviceId(11)), "", false, caller_id(""));
    assert!(w.pbx.live_calls(w.now()).is_empty());
    assert!(w.ended('a', 16).is_empty());
    w.assert_quiet();
    assert!(w.records.is_empty());
}

#[test]
fn calls_are_bounded_but_help_can_be_called() {
    let mut w = World::gateway();
    for _ in 0..500 {
        w.offer(Party::Device(DeviceId(11)), "2", false, caller_id(""));
    }
    assert_eq!(w.dials(1, "202"), ["Hangup ~ 42"]);
    assert!(w.dials(1, "999")[1].starts_with("Dial ~ trunk 1 999"));
    for _ in 0..98 {
        w.offer(Party::Device(DeviceId(11)), "2", false, caller_id(""));
    }
    let records = w.records.len();
    assert_eq!(w.dials(1, "202"), ["Hangup ~ 42"]);
    assert_eq!(w.records.len(), records, "beyond that an offer is no call");
    assert_eq!(w.pbx.live_calls(w.now()).len(), 600);
}
