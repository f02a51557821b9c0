//! A span on the bench, as user side unless a test says otherwise.

use crate::Input;
use crate::bench::{self, Bench, PRI, SPAN, caller, incoming, party};
use demarc_hal::Alarm;
use demarc_isdn::{CallRef, Event};
use demarc_model::config::{Hunt, SpanSide, TrunkKind};
use demarc_model::live::ChannelState;
use demarc_model::number::Screening;
use demarc_model::{CallerId, Cause, Config, Country, LegCommand, LegId, MediaEvent, Presentation};
use std::sync::Arc;

mod group;
mod identity;
mod restart;
mod services;
mod timers;

const OURS: CallRef = CallRef(1);
const THEIRS: CallRef = CallRef(2);

fn user() -> Config {
    bench::config(Country::GB)
}

fn network() -> Config {
    let mut config = user();
    for span in &mut config.spans {
        span.side = SpanSide::Network;
    }
    for trunk in &mut config.trunks {
        if let TrunkKind::Pri { hunt, .. } = &mut trunk.kind {
            *hunt = Hunt::Ascending;
        }
    }
    config
}

fn overlap(mut config: Config) -> Config {
    for span in &mut config.spans {
        span.overlap = true;
    }
    config
}

fn proceeding(call: CallRef, slot: u8) -> Event {
    Event::Proceeding { call, interface: 0, slot, in_band: false }
}

fn cleared(call: CallRef, cause: u8) -> Event {
    Event::Cleared { call, cause }
}

/// A call of ours that the far end has answered.
fn answered(bench: &mut Bench) -> LegId {
    let leg = bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    bench.isdn(Event::Connect { call: OURS, connected: None });
    bench.take();
    leg
}

/// A call of theirs, offered.
fn offered(bench: &mut Bench) -> LegId {
    bench.isdn(incoming(2, 1, false));
    let leg = bench.offer().leg;
    bench.take();
    leg
}

#[test]
fn a_call_out_from_setup_to_release() {
    let mut bench = Bench::up(user());
    let leg = bench.dial(PRI, "+442079460123", caller("+442079460901"));
    assert_eq!(bench.take(), ["SETUP 31 -> 2079460123"]);
    bench.isdn(proceeding(OURS, 31));
    assert_eq!(bench.take(), ["open 1/31", "detect dtmf", "Proceeding 1/31"]);
    bench.isdn(Event::Alerting { call: OURS, in_band: false });
    bench.isdn(Event::Connect { call: OURS, connected: None });
    assert_eq!(bench.take(), ["Alerting", "Answered"]);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["CLEAR 16"], "the leg lives until the far end has released");
    bench.isdn(cleared(OURS, 16));
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    bench.settle();
}

#[test]
fn the_far_end_hangs_up_and_its_cause_counts() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    bench.take();
    bench.isdn(Event::Disconnect { call: OURS, cause: 17, in_band: false });
    bench.isdn(cleared(OURS, 16));
    assert_eq!(bench.take(), ["CLEAR 17", "close", "Ended 17"]);
    bench.settle();
}

#[test]
fn early_media_is_told() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(Event::Progress { call: OURS, in_band: true, cause: None });
    bench.isdn(Event::Alerting { call: OURS, in_band: true });
    assert_eq!(bench.take_legs(), ["Proceeding 1/31", "Progress in band", "Alerting in band"]);
    bench.settle();
}

#[test]
fn a_disconnect_in_band_is_heard_until_t306() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    bench.take();
    bench.isdn(Event::Disconnect { call: OURS, cause: 1, in_band: true });
    assert_eq!(bench.take(), ["Progress in band cause 1"]);
    bench.pass(29_999);
    assert!(bench.take().is_empty());
    bench.pass(1);
    assert_eq!(bench.take(), ["CLEAR 1"]);
    bench.isdn(cleared(OURS, 16));
    assert_eq!(bench.take(), ["close", "Ended 1"], "the cause is that of the DISCONNECT");
    bench.settle();
}

#[test]
fn the_far_end_may_move_a_call_to_another_channel() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 7));
    assert_eq!(bench.take().last().map(String::as_str), Some("Proceeding 1/7"));
    let live = bench.room.live_spans();
    let state = |slot| live[0].channels.iter().find(|channel| channel.slot == slot).map(|c| c.state);
    assert_eq!(state(7), Some(ChannelState::Dialling));
    assert_eq!(state(31), Some(ChannelState::Idle));
    assert_eq!(state(16), None, "the D channel bears no calls");
    bench.settle();
}

#[test]
fn glare_is_settled_inside_the_room() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(cleared(OURS, 44));
    bench.isdn(cleared(CallRef(3), 44));
    assert_eq!(
        bench.take(),
        ["SETUP 31 -> 2079460123", "SETUP 30 -> 2079460123", "SETUP 29 -> 2079460123"],
        "another channel each time, and the PBX hears nothing of it"
    );
    bench.isdn(cleared(CallRef(5), 44));
    bench.isdn(cleared(CallRef(7), 44));
    assert_eq!(bench.take(), ["SETUP 28 -> 2079460123", "Ended 34"], "three times, then no more");
    bench.settle();
}

#[test]
fn a_setup_that_the_far_end_never_had_is_sent_again() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(cleared(OURS, 101));
    assert_eq!(bench.take(), ["SETUP 31 -> 2079460123", "SETUP 31 -> 2079460123"]);
    bench.isdn(cleared(CallRef(3), 101));
    bench.isdn(cleared(CallRef(5), 101));
    assert_eq!(bench.take(), ["SETUP 31 -> 2079460123", "Ended 101"], "twice, then no more");
    bench.settle();
}

#[test]
fn a_call_that_the_far_end_had_ends_with_its_cause() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    bench.take();
    bench.isdn(cleared(OURS, 101));
    assert_eq!(bench.take(), ["close", "Ended 101"]);
    bench.settle();
}

#[test]
fn glare_seen_by_the_user_side_leaves_the_channel_to_the_network() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(incoming(2, 31, true));
    let said = bench.take();
    assert!(said.contains(&"Offered 1/31 +447700900123 -> +442079460901".to_owned()), "{said:?}");
    bench.isdn(proceeding(OURS, 30));
    let said = bench.take();
    assert!(said.contains(&"Proceeding 1/30".to_owned()), "the network moved our call: {said:?}");
    bench.settle();
}

#[test]
fn glare_on_the_user_side_and_our_call_is_refused() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(incoming(2, 31, true));
    bench.take();
    bench.isdn(cleared(OURS, 44));
    assert_eq!(bench.take(), ["SETUP 30 -> 2079460123"]);
    bench.settle();
}

#[test]
fn glare_on_the_network_side_keeps_the_channel_for_our_call() {
    let mut bench = Bench::up(network());
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SETUP 1 -> 2079460123"]);
    bench.isdn(incoming(2, 1, true));
    assert_eq!(bench.take(), ["CLEAR 44"], "exclusive: the user must try another");
    bench.isdn(incoming(4, 1, false));
    let said = bench.take();
    assert_eq!(said.first().map(String::as_str), Some("USE 2"), "preferred: it gets another");
    assert!(said.iter().any(|word| word.starts_with("Offered 1/2 ")), "{said:?}");
    bench.settle();
}

#[test]
fn no_channel_and_no_trunk_are_refused() {
    let mut bench = Bench::up(user());
    bench.isdn(incoming(2, 16, true));
    assert_eq!(bench.take(), ["CLEAR 82"], "timeslot 16 is no B channel");
    let mut config = user();
    config.trunks.clear();
    bench.input(Input::Config(Arc::new(config)));
    bench.isdn(incoming(4, 1, false));
    assert_eq!(bench.take(), ["CLEAR 3"]);
    bench.settle();
}

#[test]
fn a_call_in_on_the_user_side_leaves_ringback_to_the_network() {
    let mut bench = Bench::up(user());
    let leg = offered(&mut bench);
    bench.leg(LegCommand::Proceed { leg });
    bench.leg(LegCommand::Ring { leg, in_band: false });
    bench.leg(LegCommand::Answer { leg, connected: None });
    assert_eq!(bench.take(), ["PROCEEDING", "ALERTING", "CONNECT"]);
    bench.isdn(Event::Disconnect { call: THEIRS, cause: 16, in_band: true });
    bench.isdn(cleared(THEIRS, 16));
    assert_eq!(bench.take(), ["CLEAR 16", "close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_call_in_on_the_network_side_hears_our_ringback() {
    let mut bench = Bench::up(network());
    let leg = offered(&mut bench);
    bench.leg(LegCommand::Ring { leg, in_band: false });
    assert_eq!(bench.take(), ["play 400+450/400 0+0/200", "ALERTING in band"]);
    bench.settle();
}

#[test]
fn early_media_goes_out_with_the_first_answer_to_setup() {
    let mut bench = Bench::up(user());
    let leg = offered(&mut bench);
    bench.leg(LegCommand::Progress { leg, cause: None });
    bench.leg(LegCommand::Progress { leg, cause: None });
    assert_eq!(bench.take(), ["PROCEEDING in band"], "once is enough");
    bench.leg(LegCommand::Progress { leg, cause: Some(Cause::UNALLOCATED_NUMBER) });
    assert_eq!(bench.take(), ["PROGRESS in band 1"]);
    bench.settle();
}

#[test]
fn a_caller_who_listens_to_us_hears_why_the_call_failed() {
    let mut bench = Bench::up(network());
    let leg = offered(&mut bench);
    bench.hang_up(leg, Cause::USER_BUSY);
    assert_eq!(bench.take(), ["CLEAR 17"], "one who does not listen makes the tone himself");
    bench.isdn(cleared(THEIRS, 17));
    bench.isdn(incoming(4, 1, false));
    let leg = bench.offer().leg;
    bench.leg(LegCommand::Ring { leg, in_band: false });
    bench.take();
    bench.hang_up(leg, Cause::CONGESTION);
    assert_eq!(bench.take(), ["play 400+0/400 0+0/350", "DISCONNECT in band 42"]);
    bench.isdn(cleared(CallRef(4), 16));
    assert_eq!(bench.take(), ["close", "Ended 42"]);
    bench.isdn(incoming(6, 1, false));
    let leg = bench.offer().leg;
    bench.leg(LegCommand::Progress { leg, cause: Some(Cause::UNALLOCATED_NUMBER) });
    bench.take();
    bench.hang_up(leg, Cause::UNALLOCATED_NUMBER);
    assert_eq!(bench.take(), ["CLEAR 1"], "the announcement has said it");
    bench.settle();
}

#[test]
fn overlap_receiving_collects_digits() {
    let mut bench = Bench::up(overlap(network()));
    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    setup.called = party("", 0);
    setup.complete = false;
    bench.isdn(Event::Setup(setup));
    let offer = bench.offer();
    assert!(offer.called.is_empty() && !offer.complete);
    bench.take();
    bench.leg(LegCommand::NeedDigits { leg: offer.leg, dial_tone: true });
    assert_eq!(bench.take(), ["SETUP ACK in band", "play 350+440/0"]);
    let digits = |digits: &str| Event::Information { call: THEIRS, digits: digits.into(), complete: false };
    bench.isdn(digits("2"));
    bench.isdn(digits("0"));
    assert_eq!(bench.take(), ["play silence", "MoreDigits 2", "MoreDigits 0"]);
    bench.pass(10_000);
    assert_eq!(bench.take(), ["MoreDigits ."], "T302");
    bench.leg(LegCommand::Proceed { leg: offer.leg });
    bench.isdn(digits("1"));
    assert_eq!(bench.take(), ["PROCEEDING"], "too late");
    bench.settle();
}

#[test]
fn a_hash_ends_overlap() {
    let mut bench = Bench::up(overlap(user()));
    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    setup.complete = false;
    bench.isdn(Event::Setup(setup));
    let leg = bench.offer().leg;
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: false });
    bench.take();
    bench.isdn(Event::Information { call: THEIRS, digits: "12#3".into(), complete: false });
    assert_eq!(bench.take(), ["MoreDigits 12."]);
    assert_eq!(bench.room.poll_timeout(), None);
    bench.settle();
}

#[test]
fn overlap_sending_says_that_digits_may_follow() {
    let mut bench = Bench::up(overlap(user()));
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert!(!bench.setup().complete);
    bench.take();
    bench.isdn(Event::SetupAck { call: OURS, interface: 0, slot: 31, in_band: true });
    bench.isdn(proceeding(OURS, 31));
    assert_eq!(bench.take_legs(), ["Proceeding 1/31", "Progress in band"]);
    bench.settle();
}

#[test]
fn a_short_loss_of_the_d_channel_keeps_answered_calls() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    let other = offered(&mut bench);
    bench.isdn(Event::Down);
    assert_eq!(bench.take(), ["CLEAR 27", "close", "Ended 27"], "the one that was not answered is gone");
    let refused = bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38"]);
    assert_ne!(refused, other);
    bench.pass(5_999);
    bench.isdn(Event::Up);
    bench.pass(60_000);
    assert!(bench.take().iter().all(|word| !word.starts_with("Ended")), "{leg} lives on");
    bench.settle();
}

#[test]
fn t309_ends_answered_calls() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    bench.isdn(Event::Down);
    bench.pass(6_000);
    assert_eq!(bench.take(), ["CLEAR 27", "close", "Ended 27"]);
    bench.isdn(cleared(OURS, 27));
    assert!(bench.take().is_empty());
    bench.settle();
}

#[test]
fn an_alarm_interrupts_like_a_lost_data_link() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    bench.input(Input::Alarms { span: SPAN, alarms: vec![Alarm::Red] });
    bench.take();
    let trunk = bench.room.live_trunks().remove(0);
    assert_eq!((trunk.up, trunk.reason.as_deref()), (false, Some("red alarm: no signal arrives")));
    bench.input(Input::Alarms { span: SPAN, alarms: vec![Alarm::Recovering] });
    assert!(bench.room.live_trunks()[0].up);
    bench.pass(10_000);
    assert!(bench.take().is_empty());
    bench.settle();
}

#[test]
fn hanging_up_while_the_span_is_down_does_not_wait() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    bench.isdn(Event::Down);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["CLEAR 16", "close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_call_that_the_span_drops_before_an_answer_to_setup_finds_another_way() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.take();
    bench.isdn(Event::Down);
    assert_eq!(bench.take(), ["CLEAR 27", "Ended 27"], "there is no other way here");
    bench.settle();
}

#[test]
fn when_the_helper_dies_its_calls_end_and_new_ones_wait_for_up() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    offered(&mut bench);
    bench.input(Input::HelperGone { span: SPAN });
    assert_eq!(bench.take(), ["close", "Ended 41", "close", "Ended 41"]);
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38"]);
    bench.isdn(Event::Up);
    assert_eq!(bench.take(), ["RESTART 1"], "the far end may still have the calls");
    bench.isdn(Event::RestartAcked { interface: 0, slot: 1 });
    assert_eq!(bench.take(), ["RESTART 31"], "one after the other");
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SETUP 30 -> 2079460123"], "not on the one that is being restarted");
    bench.settle();
}

#[test]
fn a_restart_ends_the_calls_on_the_channel() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    offered(&mut bench);
    bench.isdn(Event::Restarted { interface: 0, slot: Some(31) });
    assert_eq!(bench.take(), ["close", "Ended 41"]);
    bench.isdn(cleared(OURS, 41));
    bench.isdn(Event::Restarted { interface: 0, slot: None });
    assert_eq!(bench.take(), ["close", "Ended 41"], "and no leg ends twice");
    bench.settle();
}

#[test]
fn a_channel_that_is_never_released_is_blocked_until_it_is_restarted() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.take();
    bench.pass(45_000);
    assert_eq!(bench.take(), ["close", "Ended 16", "RESTART 31"]);
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SETUP 30 -> 2079460123"]);
    bench.isdn(Event::Restarted { interface: 0, slot: Some(31) });
    bench.dial(PRI, "+442079460124", CallerId::default());
    assert_eq!(bench.take(), ["SETUP 31 -> 2079460124"]);
    bench.settle();
}

#[test]
fn a_withheld_number_is_carried_and_marked() {
    let mut bench = Bench::up(user());
    let secret = CallerId {
        name: Some("Ada".into()),
        presentation: Presentation::Restricted,
        ..caller("+442079460901")
    };
    bench.dial(PRI, "+442079460123", secret);
    let setup = bench.setup();
    let calling = setup.calling.unwrap();
    assert_eq!((calling.digits.as_str(), calling.presentation), ("2079460901", 1));
    assert_eq!(setup.name, None, "a name has no mark of its own: it does not travel");

    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    let mut number = party("447700900123", 1);
    number.presentation = 1;
    number.screening = 3;
    setup.calling = Some(number);
    bench.isdn(Event::Setup(setup));
    let caller = bench.offer().caller;
    assert_eq!(caller.number.as_deref(), Some("+447700900123"));
    assert_eq!((caller.presentation, caller.screening), (Presentation::Restricted, Screening::Network));
    assert_eq!(caller.shown_number(), None);
    bench.settle();
}

#[test]
fn numbers_are_sent_in_the_type_in_which_they_come() {
    let mut bench = Bench::up(user());
    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    setup.called = party("442079460901", 1);
    bench.isdn(Event::Setup(setup));
    assert_eq!(bench.offer().called, "+442079460901");
    bench.dial(PRI, "+442079460123", caller("+442079460901"));
    let setup = bench.setup();
    assert_eq!((setup.called.ton, setup.called.digits.as_str()), (1, "442079460123"));
    assert_eq!(setup.calling.unwrap().ton, 1);
    bench.settle();
}

#[test]
fn keys_are_told_once_the_call_is_up() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    let stream = bench.stream();
    bench.take();
    bench.media(MediaEvent::Digit { stream, digit: '5' });
    assert!(bench.take().is_empty());
    bench.isdn(Event::Connect { call: OURS, connected: None });
    bench.media(MediaEvent::Digit { stream, digit: '6' });
    assert_eq!(bench.take(), ["Answered", "Digit 6"]);
    bench.settle();
}

#[test]
fn every_frame_of_a_call_is_on_its_ladder() {
    let mut bench = Bench::up(user());
    let frame =
        |call, outgoing| Event::Frame { call: Some(CallRef(call)), outgoing, octets: vec![8, 1, 1, 5] };
    bench.isdn(frame(2, false));
    bench.isdn(incoming(2, 1, false));
    let leg = bench.offer().leg;
    bench.isdn(frame(2, true));
    bench.isdn(cleared(THEIRS, 16));
    bench.isdn(frame(2, false));
    let legs: Vec<LegId> = bench.take_ladder().into_iter().map(|(leg, _)| leg).collect();
    assert_eq!(legs, [leg; 3], "before, during and after the call");
    bench.settle();
}

#[test]
fn a_changed_span_waits_for_its_calls() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    bench.input(Input::Config(Arc::new(network())));
    let other = offered(&mut bench);
    bench.leg(LegCommand::Ring { leg: other, in_band: false });
    assert_eq!(bench.take(), ["ALERTING"], "still the user side");
    for (leg, call) in [(leg, OURS), (other, THEIRS)] {
        bench.hang_up(leg, Cause::NORMAL_CLEARING);
        bench.isdn(cleared(call, 16));
    }
    bench.isdn(incoming(4, 1, false));
    let leg = bench.offer().leg;
    bench.take();
    bench.leg(LegCommand::Ring { leg, in_band: false });
    assert_eq!(bench.take().last().map(String::as_str), Some("ALERTING in band"), "the network side");
    bench.settle();
}
