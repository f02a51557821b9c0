//! Emergency calls always find a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::config::{CallerIdPolicy, DeviceId};
use demarc_model::{CallerId, Party};
use world::{World, gateway, withheld};

#[test]
fn it_shows_its_number_whatever_was_wished() {
    let mut config = gateway();
    config.extensions[0].withhold = true;
    config.outbound_routes[0].caller_id = CallerIdPolicy::Withhold;
    let mut w = World::new(config);
    let log = w.offer(Party::Device(DeviceId(1)), "999", true, withheld("201"));
    assert_eq!(log, ["Proceed a", "Dial b trunk 1 999 from +442079460901 emergency", "Emergency a"]);
    assert!(w.dials[0].emergency);
    w.ended('a', 16);
    assert!(w.record().emergency);
}

#[test]
fn every_trunk_is_tried_whatever_the_cause() {
    let mut w = World::gateway();
    w.dials(1, "999");
    w.proceeding('b');
    w.alerting('b', false);
    assert_eq!(w.ended('b', 17), ["Dial c trunk 2 999 from +442079460901 emergency"]);
    assert!(w.ended('c', 21).is_empty(), "it waits and tries again");
    assert_eq!(w.wait(3.0), ["Dial d trunk 1 999 from +442079460901 emergency"]);
}

#[test]
fn it_rings_as_long_as_the_caller_wants() {
    let mut w = World::gateway();
    w.dials(1, "999");
    w.alerting('b', false);
    assert!(w.wait(600.0).is_empty());
}

/// Two ordinary calls on the PRI and the lines: `a`-`b` is the older, `c`-`d` the younger one.
fn busy() -> World {
    let mut w = World::gateway();
    w.dials(1, "02079460100");
    w.proceeding('b');
    w.answered('b');
    w.dials(2, "8150");
    w.proceeding('d');
    w.answered('d');
    w
}

#[test]
fn the_youngest_call_makes_room() {
    let mut w = busy();
    assert_eq!(w.dials(3, "999")[1], "Dial f trunk 1 999 from +442079460903 emergency");
    assert_eq!(w.ended('f', 34), ["Dial g trunk 2 999 from +442079460903 emergency"]);
    assert_eq!(w.ended('g', 34), ["Hangup c 8", "Hangup d 8"]);
    assert_eq!(w.outcome(), "answered 8 Lines");
    assert!(w.record().reason.as_deref().unwrap().contains("emergency"));
    assert!(w.ended('c', 8).is_empty(), "the telephone is not the line");
    assert_eq!(
        w.ended('d', 8),
        ["Dial h trunk 2 999 from +442079460903 emergency"],
        "at once, on the free line"
    );
    w.proceeding('h');
    assert_eq!(w.answered('h'), ["Answer e", "e hears h", "h hears e"]);
}

#[test]
fn a_call_that_only_rings_makes_room_too() {
    let mut w = World::gateway();
    w.arrives(2, "", CallerId::default());
    w.dials(3, "999");
    w.ended('f', 27);
    assert_eq!(w.ended('g', 34), ["Hangup a 8", "Hangup b 8", "Hangup c 8", "Hangup d 8"]);
    assert_eq!(w.ended('a', 8), ["Dial h trunk 2 999 from +442079460903 emergency"]);
}

#[test]
fn an_emergency_call_never_makes_room() {
    let mut w = World::gateway();
    w.dials(1, "999");
    w.proceeding('b');
    w.answered('b');
    w.dials(2, "999");
    w.ended('d', 34);
    assert!(w.ended('e', 34).is_empty());
    assert!(w.records.iter().all(|r| r.ended_ms.is_none()));
    assert_eq!(w.wait(3.0).len(), 1, "it tries again");
}

#[test]
fn a_trunk_that_is_down_is_no_reason_to_end_calls() {
    let mut w = busy();
    w.dials(3, "999");
    w.ended('f', 27);
    assert!(w.ended('g', 38).is_empty());
}

#[test]
fn two_emergency_calls_take_two_lines() {
    let mut w = busy();
    w.dials(3, "999");
    w.ended('f', 34);
    assert_eq!(w.ended('g', 34), ["Hangup c 8", "Hangup d 8"]);
    w.dials(4, "112");
    w.ended('i', 34);
    assert_eq!(w.ended('j', 34), ["Hangup a 8", "Hangup b 8"], "the line of the first is spoken for");
    assert_eq!(w.ended('b', 8), ["Dial k trunk 1 112 from +442079460904 emergency"]);
    assert_eq!(w.ended('d', 8), ["Dial l trunk 2 999 from +442079460903 emergency"]);
}

#[test]
fn it_gives_up_in_the_end() {
    let mut w = World::gateway();
    w.dials(1, "999");
    let mut leg = 'b';
    let mut dialled = 1;
    while w.record().ended_ms.is_none() {
        let mut log = w.ended(leg, 38);
        if log.is_empty() {
            log = w.wait(3.0);
        }
        dialled += log.iter().filter(|l| l.starts_with("Dial")).count();
        leg = char::from(leg as u8 + 1);
        assert!(dialled < 100);
    }
    assert_eq!(dialled, 22, "eleven times two trunks");
    assert_eq!(w.record().cause.unwrap().value(), 38);
    w.ended('a', 38);
    w.assert_quiet();
}

#[test]
fn the_caller_hangs_up_while_it_waits() {
    let mut w = busy();
    w.dials(3, "999");
    w.ended('f', 34);
    w.ended('g', 34);
    assert!(w.ended('e', 16).is_empty());
    assert!(w.ended('d', 8).is_empty(), "nobody waits for the line any more");
    for leg in ['a', 'b', 'c'] {
        w.ended(leg, 16);
    }
    w.assert_quiet();
}

#[test]
fn digit_by_digit_it_goes_at_once() {
    let mut w = World::gateway();
    w.offer(Party::Device(DeviceId(11)), "", false, CallerId::default());
    w.more('a', "9", false);
    w.more('a', "9", false);
    assert_eq!(w.more('a', "9", false)[1], "Dial b trunk 1 999 from +442079460911 emergency");
}
