//! What users of telephones switch on, and calls that move from one to another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::config::{DeviceId, ExtensionId, ExtensionSetting as Set};
use demarc_model::{CallerId, LegEvent, Party, RedirectReason, RingKind};
use demarc_pbx::Input;
use std::sync::Arc;
use world::{World, caller_id, gateway, withheld};

/// Telephone 1 talks to telephone `device` in legs `x` (its own) and `y`.
fn talks(w: &mut World, device: u32, legs: [char; 2]) {
    w.dials(1, &(200 + device).to_string());
    w.proceeding(legs[1]);
    w.alerting(legs[1], false);
    w.answered(legs[1]);
}

fn holds(w: &mut World, leg: char) {
    let leg = w.leg(leg);
    w.event(LegEvent::Held { leg });
}

fn transfer_to(w: &mut World, leg: char, other: char) -> Vec<String> {
    let event = LegEvent::TransferTo { leg: w.leg(leg), other: w.leg(other) };
    w.event(event)
}

fn transfer(w: &mut World, leg: char, to: &str) -> Vec<String> {
    let event = LegEvent::Transfer { leg: w.leg(leg), to: to.into() };
    w.event(event)
}

#[test]
fn what_a_code_sets_is_told_and_obeyed_at_once() {
    let mut w = World::gateway();
    let log = w.dials(1, "*21*202#");
    assert_eq!(log, ["Proceed a", "Answer a", "a hears 350 Hz"]);
    assert_eq!(w.wait(2.0), ["Hangup a 16"]);
    w.ended('a', 16);
    assert_eq!(w.settings, [(ExtensionId(201), Set::ForwardAlways(Some("202".into())))]);
    assert_eq!(w.dials(3, "201"), ["Proceed b", "Dial c device 2 202 from 203"]);
    let diversion = w.dials.last().unwrap().redirecting.clone().unwrap();
    assert_eq!((diversion.reason, diversion.count), (RedirectReason::Unconditional, 1));
    assert_eq!(diversion.from.number.as_deref(), Some("201"), "as it is known inside");
    // A configuration that has it changes nothing.
    let mut config = gateway();
    config.set(ExtensionId(201), &Set::ForwardAlways(Some("202".into())));
    w.input(Input::Config(Arc::new(config)));
    assert_eq!(w.dials(3, "201")[1], "Dial e device 2 202 from 203");
}

#[test]
fn the_secretary_reaches_the_boss() {
    let mut config = gateway();
    config.set(ExtensionId(201), &Set::ForwardAlways(Some("202".into())));
    let mut w = World::new(config);
    assert_eq!(w.dials(2, "201"), ["Proceed a", "Dial b device 1 201 from 202"]);
}

#[test]
fn a_call_forwarded_outside_shows_the_extension_and_stays_withheld() {
    let mut config = gateway();
    config.set(ExtensionId(201), &Set::ForwardAlways(Some("02079460100".into())));
    let mut w = World::new(config.clone());
    let log = w.arrives(1, "+442079460901", caller_id("+442079460105"));
    assert_eq!(log[1], "Dial b trunk 1 02079460100 from +442079460901");
    let mut w = World::new(config);
    let log = w.arrives(1, "+442079460901", withheld("+442079460105"));
    assert_eq!(log[1], "Dial b trunk 1 02079460100 from +442079460901 withheld");
}

#[test]
fn busy_and_no_answer_have_their_own_numbers() {
    let mut config = gateway();
    config.set(ExtensionId(201), &Set::ForwardBusy(Some("202".into())));
    config.set(ExtensionId(201), &Set::ForwardNoAnswer(Some("204".into())));
    let mut w = World::new(config.clone());
    w.dials(3, "201");
    assert_eq!(w.ended('b', 17), ["Dial c device 2 202 from 203"]);
    let mut w = World::new(config.clone());
    w.dials(3, "201");
    w.alerting('b', false);
    assert!(w.wait(19.9).is_empty());
    assert_eq!(w.wait(0.2), ["Hangup b 19", "Dial c device 4 204 from 203"]);
    let mut w = World::new(config.clone());
    w.dials(3, "201");
    assert_eq!(w.ended('b', 20), ["Dial c device 4 204 from 203"], "not registered is no answer");
    let mut w = World::new(config);
    w.dials(3, "201");
    assert_eq!(w.ended('b', 21), ["Hangup a 21"], "who refuses does not forward");
}

#[test]
fn who_does_not_want_to_be_disturbed_is_left_out_of_a_group() {
    let mut config = gateway();
    config.set(ExtensionId(201), &Set::DoNotDisturb(true));
    let mut w = World::new(config.clone());
    assert_eq!(w.dials(3, "201"), ["Proceed a", "Hangup a 17"]);
    let mut w = World::new(config.clone());
    let log = w.dials(3, "200");
    assert_eq!(log, ["Proceed a", "Dial b device 2 200 from 203", "Dial c device 11 200 from 203"]);
    for extension in [202, 211] {
        config.set(ExtensionId(extension), &Set::DoNotDisturb(true));
    }
    let mut w = World::new(config);
    assert_eq!(w.dials(3, "200"), ["Proceed a", "Hangup a 17"], "all of them are busy");
}

#[test]
fn redial_keeps_what_was_withheld() {
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "141202")[1], "Dial b device 2 202 from - withheld");
    w.ended('a', 16);
    w.ended('b', 16);
    assert_eq!(w.dials(1, "**0")[1], "Dial d device 2 202 from - withheld");
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "**0"), ["Hangup a 29"], "nothing was dialled yet");
}

#[test]
fn help_is_not_remembered_and_not_forwarded_to() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.dials(1, "999");
    assert!(w.dials(1, "**0").iter().any(|word| word.contains("device 2 202")), "not 999");
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "*21*999#"), ["Hangup a 29"]);
    assert!(w.settings.is_empty());
}

#[test]
fn who_calls_back_calls_who_called() {
    let mut w = World::gateway();
    w.arrives(1, "+442079460901", caller_id("+442079460105"));
    w.ended('a', 16);
    w.ended('b', 16);
    let log = w.dials(1, "1471");
    assert!(log.iter().any(|word| word.starts_with("Dial d trunk 1 02079460105")), "{log:?}");
    let mut w = World::gateway();
    w.arrives(1, "+442079460901", withheld("+442079460105"));
    assert_eq!(w.dials(1, "1471"), ["Hangup c 29"], "never who did not want to be known");
}

#[test]
fn telephones_are_told_where_a_call_comes_from() {
    let mut w = World::gateway();
    w.dials(1, "202");
    w.arrives(1, "+442079460902", CallerId::default());
    let rings: Vec<RingKind> = w.dials.iter().map(|dial| dial.ring).collect();
    assert_eq!(rings, [RingKind::Internal, RingKind::External]);
}

#[test]
fn an_attended_transfer_joins_the_two_others() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    holds(&mut w, 'a');
    talks(&mut w, 3, ['c', 'd']);
    assert_eq!(transfer_to(&mut w, 'a', 'c'), ["Hangup c 16", "Hangup a 16", "d hears b", "b hears d"]);
    for leg in ['a', 'c'] {
        assert!(w.ended(leg, 16).is_empty());
    }
    assert_eq!(w.pbx.live_calls(w.now()).len(), 1);
    let finished = |w: &World| w.records.iter().filter(|r| r.ended_ms.is_some()).count();
    assert_eq!(finished(&w), 0, "both are recorded for as long as their parties talk");
    assert_eq!(w.ended('d', 16), ["Hangup b 16"]);
    assert_eq!(finished(&w), 2);
    w.ended('b', 16);
    w.assert_quiet();
}

#[test]
fn a_transfer_in_either_order_of_the_legs_is_the_same() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    w.dials(1, "203");
    w.proceeding('d');
    w.alerting('d', false);
    let log = transfer_to(&mut w, 'c', 'a');
    assert_eq!(log, ["Hangup a 16", "Hangup c 16", "b hears 400 Hz"], "the caller waits for d");
    assert_eq!(w.answered('d'), ["b hears d", "d hears b"], "no second answer for who talked already");
}

#[test]
fn a_transfer_that_fails_goes_back() {
    for cause in [17, 19, 21, 27] {
        let mut w = World::gateway();
        talks(&mut w, 2, ['a', 'b']);
        w.dials(1, "203");
        w.proceeding('d');
        transfer_to(&mut w, 'a', 'c');
        w.ended('a', 16);
        w.ended('c', 16);
        let log = w.ended('d', cause);
        assert_eq!(log, ["b hears 400 Hz", "Dial e device 1 203 from 202"], "{cause}");
        w.proceeding('e');
        w.alerting('e', false);
        assert_eq!(w.answered('e'), ["b hears e", "e hears b"]);
        w.ended('b', 16);
        w.ended('e', 16);
        w.assert_quiet();
    }
}

#[test]
fn nobody_comes_back_and_the_call_ends() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    assert_eq!(transfer(&mut w, 'a', "203")[0], "Hangup a 16");
    w.ended('a', 16);
    w.ended('c', 17);
    assert_eq!(w.ended('d', 17), ["Hangup b 17"]);
    w.ended('b', 17);
    w.assert_quiet();
}

#[test]
fn a_blind_transfer_calls_for_who_transferred() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    let log = transfer(&mut w, 'a', "02079460100");
    assert_eq!(log, ["Hangup a 16", "b hears silence", "Dial c trunk 1 02079460100 from +442079460901"]);
    w.proceeding('c');
    assert_eq!(w.alerting('c', false), ["b hears 400 Hz"]);
    assert_eq!(w.answered('c'), ["b hears c", "c hears b"]);
}

#[test]
fn a_transfer_that_leads_nowhere_changes_nothing() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    assert_eq!(transfer(&mut w, 'a', "209"), ["TransferRefused a 1"]);
    assert_eq!(transfer_to(&mut w, 'a', 'b'), ["TransferRefused a 101"], "not another's leg");
    assert_eq!(transfer(&mut w, 'b', "*8"), ["TransferRefused b 28"]);
    w.dials(3, "204");
    assert_eq!(transfer_to(&mut w, 'a', 'c'), ["TransferRefused a 101"], "not another's call");
    assert_eq!(w.ended('a', 16), ["Hangup b 16"]);
}

#[test]
fn the_outside_cannot_transfer() {
    let mut w = World::gateway();
    w.arrives(1, "+442079460901", CallerId::default());
    w.proceeding('b');
    w.answered('b');
    assert_eq!(transfer(&mut w, 'a', "0012125550100"), ["TransferRefused a 101"], "toll fraud");
}

#[test]
fn two_parties_on_one_network_are_offered_to_it() {
    let mut w = World::gateway();
    w.arrives(1, "+442079460901", CallerId::default());
    w.proceeding('b');
    w.answered('b');
    let event = LegEvent::Transfer { leg: w.leg('b'), to: "02079460100".into() };
    w.event(event);
    assert!(w.dials.last().unwrap().ring == RingKind::External);
    w.proceeding('c');
    let log = w.answered('c');
    assert!(log.contains(&"Join a c".to_owned()), "{log:?}");
}

#[test]
fn a_conference_is_heard_by_all_and_ends_by_itself() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    holds(&mut w, 'a');
    // The second call of the same telephone, on the same stream.
    let stream = w.stream('a');
    w.offer_on(stream, Party::Device(DeviceId(1)), "203");
    w.proceeding('d');
    w.answered('d');
    let event = LegEvent::Conference { leg: w.leg('a'), other: w.leg('c') };
    assert_eq!(w.event(event), ["a hears b+d", "b hears a+d", "d hears a+b"]);
    assert_eq!(w.ended('d', 16)[0], "Hangup c 16");
    w.ended('c', 16);
    assert_eq!(w.ended('b', 16), ["Hangup a 16"]);
    w.ended('a', 16);
    w.assert_quiet();
}

#[test]
fn a_colleague_of_the_group_takes_the_call_and_nobody_else_does() {
    let mut w = World::gateway();
    w.dials(3, "201");
    w.proceeding('b');
    assert_eq!(w.dials(2, "*8"), ["Proceed c", "Hangup c 29"], "it does not ring yet");
    w.alerting('b', false);
    assert_eq!(w.dials(4, "*8"), ["Proceed d", "Hangup d 29"], "204 is no member");
    let log = w.dials(2, "*8");
    assert_eq!(
        log,
        ["Proceed e", "Answer e as 203", "Hangup b 26", "Answer a as 202", "a hears e", "e hears a"]
    );
}

#[test]
fn a_parked_call_is_taken_or_goes_back() {
    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    assert_eq!(transfer(&mut w, 'a', "*407"), ["Hangup a 16", "b hears 440 Hz"]);
    w.ended('a', 16);
    assert_eq!(w.dials(3, "*406"), ["Proceed c", "Hangup c 29"], "another place");
    w.ended('c', 29);
    let log = w.dials(3, "*407");
    assert_eq!(log, ["Proceed d", "Answer d as 201", "b hears d", "d hears b"]);
    w.ended('d', 16);
    w.ended('b', 16);
    w.assert_quiet();

    let mut w = World::gateway();
    talks(&mut w, 2, ['a', 'b']);
    transfer(&mut w, 'a', "*407");
    w.ended('a', 16);
    assert!(w.wait(119.9).is_empty());
    assert_eq!(w.wait(0.2), ["b hears 400 Hz", "Dial c device 1 202 from 202"]);
}

#[test]
fn nobody_knocks_where_help_is_called() {
    let mut w = World::gateway();
    w.dials(1, "999");
    assert_eq!(w.dials(2, "201"), ["Proceed c", "Hangup c 17"]);
}

#[test]
fn a_service_on_hold_is_played_again() {
    let mut w = World::gateway();
    assert_eq!(w.dials(1, "*44"), ["Proceed a", "Answer a", "a hears 1004 Hz"]);
    let leg = w.leg('a');
    assert!(w.event(LegEvent::Held { leg }).is_empty());
    assert_eq!(w.event(LegEvent::Retrieved { leg }), ["a hears 1004 Hz"]);
}
