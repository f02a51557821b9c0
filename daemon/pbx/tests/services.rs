//! The telco's test numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::{CallerId, Config};
use world::{World, caller_id};

fn telco() -> World {
    World::new(Config::simulated_telco())
}

fn call(number: &str) -> (World, Vec<String>) {
    let mut w = telco();
    let log = w.arrives(1, number, caller_id("+442079460901"));
    (w, log)
}

#[test]
fn echo() {
    let (mut w, log) = call("02079460100");
    assert_eq!(log, ["Proceed a", "Answer a", "a hears echo"]);
    assert_eq!(w.pbx.live_calls(w.now())[0].legs[1].name, "Echo: you hear yourself");
    assert!(w.ended('a', 16).is_empty());
    assert_eq!(w.outcome(), "answered 16 Echo: you hear yourself");
    w.assert_quiet();
}

#[test]
fn milliwatt() {
    assert_eq!(call("02079460101").1, ["Proceed a", "Answer a", "a hears 1004 Hz"]);
}

#[test]
fn refusals() {
    for (number, cause) in [
        ("02079460102", 17),
        ("02079460103", 1),
        ("02079460105", 42),
        ("02079460201", 1),
        ("02079460227", 27),
        ("02079460302", 102),
        ("02079460327", 127),
        ("02079460200", 31),
    ] {
        let (mut w, log) = call(number);
        assert_eq!(log, ["Proceed a".to_string(), format!("Hangup a {cause}")], "{number}");
        w.ended('a', cause);
        w.assert_quiet();
    }
}

#[test]
fn no_answer() {
    let (mut w, log) = call("02079460104");
    assert_eq!(log, ["Proceed a", "Ring a"]);
    assert!(w.wait(119.0).is_empty());
    assert_eq!(w.wait(2.0), ["Hangup a 19"]);
}

#[test]
fn announcement() {
    let (mut w, log) = call("02079460106");
    assert_eq!(log, ["Proceed a", "Progress a", "a hears 950 Hz"]);
    assert!(w.ended('a', 16).is_empty());
    assert_eq!(w.record().answered_ms, None);
    w.assert_quiet();
}

#[test]
fn delayed_answer() {
    let (mut w, log) = call("02079460107");
    assert_eq!(log, ["Proceed a", "Ring a"]);
    assert_eq!(w.wait(5.0), ["Answer a", "a hears echo"]);
    assert!(w.wait(3600.0).is_empty());
}

#[test]
fn digit_read_back() {
    let (mut w, log) = call("02079460108");
    assert_eq!(log, ["Proceed a", "Answer a", "a hears silence"]);
    for digit in ['1', '2', '3'] {
        assert!(w.digit('a', digit, false).is_empty());
        w.wait(0.5);
    }
    assert_eq!(w.wait(2.0), ["a gets digits 123"]);
    w.wait(2.0);
    w.digit('a', '9', true);
    assert_eq!(w.digit('a', '#', true), ["a gets digits 9"]);
}

#[test]
fn call_back_over_the_pri() {
    for (number, from) in [("02079460110", "+442079460110"), ("02079460111", "+442079460111 withheld")] {
        let (mut w, log) = call(number);
        assert_eq!(log, ["Proceed a", "Hangup a 17"]);
        w.ended('a', 17);
        assert!(!w.pbx.is_quiet(), "a call is to be made");
        assert!(w.wait(1.9).is_empty());
        assert_eq!(w.wait(0.2), [format!("Dial b trunk 1 +442079460900 from {from}")]);
        assert_eq!(w.dials[0].caller.name.as_deref(), Some("Demarc Telco"));
        w.proceeding('b');
        w.alerting('b', false);
        assert_eq!(w.answered('b'), ["b hears echo"]);
        assert!(w.ended('b', 16).is_empty());
        assert_eq!(w.outcome(), "answered 16 PRI");
        w.assert_quiet();
    }
}

#[test]
fn call_back_over_a_line() {
    for (number, from) in [("02079460112", "02079460112"), ("02079460113", "- withheld")] {
        let (mut w, _) = call(number);
        w.ended('a', 17);
        assert_eq!(w.wait(2.0), [format!("Dial b device 1 02079460981 from {from}")]);
        assert_eq!(w.wait(120.0), ["Hangup b 19"], "nobody answers");
        w.ended('b', 19);
        w.assert_quiet();
    }
}

#[test]
fn call_backs_are_bounded() {
    let mut w = telco();
    for _ in 0..40 {
        w.arrives(1, "02079460112", CallerId::default());
        let leg = char::from(b'a' + u8::try_from(w.legs.len() - 1).unwrap());
        w.ended(leg, 17);
    }
    assert_eq!(w.wait(3.0).len(), 32);
}

#[test]
fn the_caller_hangs_up_before_the_service_goes_on() {
    for number in ["02079460104", "02079460107", "02079460108"] {
        let (mut w, _) = call(number);
        assert!(w.ended('a', 16).is_empty());
        assert!(w.wait(300.0).is_empty());
        w.assert_quiet();
    }
}

#[test]
fn a_subscriber_line_calls_the_other_way() {
    // Our FXO line 1 is a telephone to the telco, which knows its number.
    let mut w = telco();
    let log = w.dials(1, "02079460901");
    assert_eq!(log, ["Proceed a", "Dial b trunk 1 +442079460901 from +442079460981"]);
}
