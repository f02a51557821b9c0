//! To the outside and from there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::config::{CallerIdPolicy, DeviceId, NumberFormat};
use demarc_model::{CallerId, LegEvent, Party, Presentation, Redirecting};
use world::{World, caller_id, gateway, withheld};

const ECHO: &str = "02079460100";

#[test]
fn out_by_the_first_trunk() {
    let mut w = World::gateway();
    assert_eq!(w.dials(1, ECHO), ["Proceed a", "Dial b trunk 1 02079460100 from +442079460901"]);
    w.proceeding('b');
    assert_eq!(w.alerting('b', false), ["Ring a"]);
    assert_eq!(w.answered('b'), ["Answer a", "a hears b", "b hears a"]);
    w.ended('b', 16);
    w.ended('a', 16);
    w.assert_quiet();
    assert_eq!(w.outcome(), "answered 16 PRI");
    assert_eq!(w.record().route.as_deref(), Some("National"));
    assert!(w.notes.iter().any(|n| n.starts_with("Route: ") && n.contains("“National”")), "{:?}", w.notes);
}

#[test]
fn the_next_trunk_is_tried() {
    for cause in [34, 27, 38, 41, 42, 44] {
        let mut w = World::gateway();
        w.dials(1, ECHO);
        if cause != 34 {
            w.proceeding('b');
        }
        assert_eq!(w.ended('b', cause), ["Dial c trunk 2 02079460100 from +442079460901"], "{cause}");
        assert_eq!(w.ended('c', 34), ["Hangup a 34"], "the cause of the last one");
        assert_eq!(w.outcome(), "unanswered 34 Lines");
        assert!(w.notes.iter().any(|n| n.starts_with("Retry")));
    }
}

#[test]
fn the_next_trunk_is_not_tried_for_a_cause_of_the_party() {
    for cause in [1, 16, 17, 18, 19, 21, 22, 28] {
        let mut w = World::gateway();
        w.dials(1, ECHO);
        assert_eq!(w.ended('b', cause), [format!("Hangup a {cause}")]);
    }
}

#[test]
fn a_trunk_that_is_full_or_down_is_passed_over_whatever_the_route_says() {
    let mut config = gateway();
    config.outbound_routes[3].retry_causes.clear();
    for (cause, proceeding, retried) in
        [(34, false, true), (38, false, true), (34, true, false), (41, false, false)]
    {
        let mut w = World::new(config.clone());
        w.dials(1, ECHO);
        if proceeding {
            w.proceeding('b');
        }
        assert_eq!(w.ended('b', cause)[0].starts_with("Dial"), retried, "{cause}");
    }
}

#[test]
fn the_next_trunk_is_not_tried_after_ringing_or_after_something_was_heard() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    w.alerting('b', false);
    assert_eq!(w.ended('b', 42), ["Hangup a 42"]);
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    w.progress('b', None);
    assert_eq!(w.ended('b', 42), ["Hangup a 42"]);
}

#[test]
fn a_trunk_that_is_switched_off_is_passed_over() {
    let mut config = gateway();
    config.trunks[0].enabled = false;
    let mut w = World::new(config);
    assert_eq!(w.dials(1, ECHO)[1], "Dial b trunk 2 02079460100 from +442079460901");
}

#[test]
fn early_media_of_the_outside_is_joined_both_ways() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.progress('b', None), ["Progress a", "a hears b", "b hears a"]);
    assert_eq!(w.digit('a', '1', true), ["b gets digits 1"], "to a machine that has not answered");
    assert_eq!(w.alerting('b', false), ["Ring a in-band"], "the far end goes on sending");
    assert_eq!(w.answered('b'), ["Answer a"], "they hear each other already");
}

#[test]
fn ringback_in_band() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.alerting('b', false), ["Ring a"], "the caller's own edge gives ringback");
    assert_eq!(w.alerting('b', true), ["Progress a", "a hears b", "b hears a"], "now the far end does");
}

#[test]
fn a_failure_that_is_explained_in_band() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.progress('b', Some(1)), ["Progress a 1", "a hears b", "b hears a"]);
    assert_eq!(w.ended('b', 16), ["Hangup a 1"], "the cause is the one that was explained");
}

#[test]
fn a_failure_in_band_is_not_listened_to_when_another_trunk_may_do_better() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.progress('b', Some(34)), ["Hangup b 34", "Dial c trunk 2 02079460100 from +442079460901"]);
    assert!(w.ended('b', 34).is_empty());
    w.proceeding('c');
    assert_eq!(w.progress('c', Some(34)), ["Progress a 34", "a hears c", "c hears a"], "it is the last");
    assert_eq!(w.ended('c', 16), ["Hangup a 34"]);
    w.ended('a', 34);
    w.assert_quiet();
}

#[test]
fn a_trunk_that_is_switched_off_does_not_hide_why_the_other_failed() {
    let mut config = gateway();
    config.trunks[1].enabled = false;
    let mut w = World::new(config);
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.ended('b', 42), ["Hangup a 42"]);
}

#[test]
fn a_trunk_that_says_nothing_is_passed_over_and_one_that_said_something_is_not() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    assert_eq!(w.ended('b', 102), ["Dial c trunk 2 02079460100 from +442079460901"]);
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.ended('b', 102), ["Hangup a 102"]);
}

#[test]
fn who_hangs_up_after_listening_to_a_failure_does_not_hide_it() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    assert_eq!(w.progress('b', Some(1)), ["Progress a 1", "a hears b", "b hears a"]);
    assert_eq!(w.ended('a', 16), ["Hangup b 1"]);
}

#[test]
fn nobody_answers_outside() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    w.wait(50.0);
    w.alerting('b', false);
    assert!(w.wait(59.0).is_empty(), "the ringing time begins with the ringing");
    assert_eq!(w.wait(2.0), ["Hangup a 19", "Hangup b 19"]);
    let mut w = World::gateway();
    w.dials(1, ECHO);
    assert_eq!(w.wait(60.0), ["Hangup a 102", "Hangup b 102"]);
}

#[test]
fn numbers_are_sent_as_the_route_wants_them() {
    let mut config = gateway();
    config.outbound_routes[3].format = NumberFormat::E164;
    let mut w = World::new(config);
    assert_eq!(w.dials(1, ECHO)[1], "Dial b trunk 1 +442079460100 from +442079460901");
    assert_eq!(w.ended('b', 34), ["Dial c trunk 2 02079460100 from +442079460901"], "a line dials no +");
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "8150")[1], "Dial b trunk 2 150 from +442079460901", "the prefix is taken away");
}

#[test]
fn who_the_outside_sees() {
    let mut config = gateway();
    config.extensions[1].withhold = true;
    config.extensions[2].outside_number = None;
    let mut w = World::new(config.clone());
    assert_eq!(w.dials(2, ECHO)[1], "Dial b trunk 1 02079460100 from +442079460902 withheld");
    assert_eq!(w.dials(3, ECHO)[1], "Dial d trunk 1 02079460100 from - unavailable");
    let log = w.offer(Party::Device(DeviceId(1)), ECHO, true, withheld("me"));
    assert_eq!(log[1], "Dial f trunk 1 02079460100 from +442079460901 withheld");
    config.outbound_routes[3].caller_id = CallerIdPolicy::Fixed { number: "+442079460900".into() };
    let mut w = World::new(config.clone());
    assert_eq!(w.dials(1, ECHO)[1], "Dial b trunk 1 02079460100 from +442079460900");
    assert_eq!(w.dials(2, ECHO)[1], "Dial d trunk 1 02079460100 from +442079460900 withheld");
    config.outbound_routes[3].caller_id = CallerIdPolicy::Withhold;
    let mut w = World::new(config);
    assert_eq!(w.dials(1, ECHO)[1], "Dial b trunk 1 02079460100 from +442079460901 withheld");
}

#[test]
fn in_to_an_extension() {
    let mut w = World::gateway();
    let log = w.arrives(1, "+442079460901", caller_id("+12125550100"));
    assert_eq!(
        log,
        ["Proceed a", "Dial b device 1 +442079460901 from 0012125550100"],
        "as it can be dialled here"
    );
    assert_eq!(w.records[0].caller.number.as_deref(), Some("+12125550100"));
    assert_eq!(w.records[0].from, "PRI");
    w.proceeding('b');
    assert_eq!(w.alerting('b', false), ["Ring a"]);
    assert_eq!(w.answered('b'), ["Answer a as +442079460901", "a hears b", "b hears a"]);
}

#[test]
fn a_withheld_caller_is_never_shown() {
    let mut w = World::gateway();
    w.arrives(1, "+442079460900", withheld("+442079460110"));
    assert_eq!(w.dials.len(), 3);
    for dial in &w.dials {
        assert_eq!((dial.caller.number.as_deref(), dial.caller.name.as_deref()), (None, None));
        assert_eq!(dial.caller.presentation, Presentation::Restricted);
    }
    assert_eq!(w.records[0].caller.number.as_deref(), Some("+442079460110"), "the record keeps it");
    assert!(!format!("{:?}", w.pbx.live_calls(w.now())).contains("0110"));
}

#[test]
fn a_diversion_is_believed_of_trunks_only() {
    let mut w = World::gateway();
    w.redirecting = Some(Redirecting::by("+442079460999"));
    w.arrives(1, "+442079460901", CallerId::default());
    w.dials(2, "203");
    let told: Vec<_> = w.dials.iter().map(|d| d.redirecting.as_ref()?.from.number.as_deref()).collect();
    assert_eq!(told, [Some("02079460999"), None]);
}

#[test]
fn overlap_receiving() {
    let mut w = World::gateway();
    let from = Party::Trunk(demarc_model::config::TrunkId(1));
    assert_eq!(w.offer(from, "020794609", false, CallerId::default()), ["NeedDigits a"]);
    assert!(w.more('a', "0", false).is_empty());
    assert_eq!(w.more('a', "1", false)[0], "Proceed a");
    w.ended('a', 16);
    assert_eq!(w.record().called, "02079460901");
}

#[test]
fn overlap_receiving_that_stops() {
    let mut w = World::gateway();
    let from = Party::Trunk(demarc_model::config::TrunkId(1));
    w.offer(from, "020794609", false, CallerId::default());
    assert_eq!(w.more('a', "", true), ["Hangup a 28"]);
}

#[test]
fn the_outside_never_reaches_the_outside() {
    let mut w = World::gateway();
    for called in ["0012125550100", "+12125550100", "999", "02079460100", "201"] {
        w.arrives(1, called, CallerId::default());
        assert_eq!(w.record().cause.unwrap().value(), 1, "{called}");
    }
    assert!(w.dials.is_empty());
}

#[test]
fn a_trunk_that_is_switched_off_or_unknown_is_refused() {
    let mut config = gateway();
    config.trunks[0].enabled = false;
    let mut w = World::new(config);
    assert_eq!(w.arrives(1, "+442079460901", CallerId::default()), ["Hangup a 21"]);
    assert_eq!(w.arrives(9, "+442079460901", CallerId::default()), ["Hangup b 21"]);
}

#[test]
fn connected_numbers_travel() {
    let mut w = World::gateway();
    w.dials(1, ECHO);
    w.proceeding('b');
    let connected = Some(caller_id("+442079460100"));
    let log = w.event(LegEvent::Answered { leg: w.leg('b'), connected });
    assert_eq!(log[0], "Answer a as 02079460100");
    let mut config = gateway();
    config.extensions[0].withhold = true;
    let mut w = World::new(config);
    w.arrives(1, "+442079460901", CallerId::default());
    assert_eq!(w.answered('b')[0], "Answer a as +442079460901 withheld");
}
