//! B channels that the two ends see differently.

use super::{OURS, answered, cleared, network, offered, proceeding, user};
use crate::Input;
use crate::bench::{Bench, PRI, incoming};
use demarc_isdn::{CallRef, Event, Service};
use demarc_model::live::ChannelState;
use demarc_model::{CallerId, Cause, ChannelId, Config};

const MINUTE: u64 = 60_000;

fn dial(bench: &mut Bench) {
    bench.dial(PRI, "+442079460123", CallerId::default());
}

fn acked(slot: u8) -> Event {
    Event::RestartAcked { interface: 0, slot }
}

fn unanswered(slot: u8) -> Event {
    Event::RestartTimeout { interface: 0, slot }
}

fn live(bench: &Bench, slot: u8) -> (ChannelState, Option<String>) {
    let spans = bench.room.live_spans();
    let channel = spans[0].channels.iter().find(|channel| channel.slot == slot).unwrap();
    (channel.state, channel.alarm.clone())
}

/// The far end says twice in a row that channel 31 is busy.
fn refused_twice(bench: &mut Bench, cause: u8) {
    for call in [1, 5] {
        dial(bench);
        bench.isdn(cleared(CallRef(call), cause));
        bench.isdn(proceeding(CallRef(call + 2), 30));
        bench.isdn(Event::Disconnect { call: CallRef(call + 2), cause: 16, in_band: false });
        bench.isdn(cleared(CallRef(call + 2), 16));
    }
}

#[test]
fn a_channel_that_is_busy_there_alone_is_restarted() {
    let mut bench = Bench::up(user());
    refused_twice(&mut bench, 44);
    let said = bench.take();
    let restarts = said.iter().filter(|word| word.starts_with("RESTART"));
    assert_eq!(restarts.collect::<Vec<_>>(), ["RESTART 31"], "{said:?}");
    let (state, alarm) = live(&bench, 31);
    assert_eq!((state, alarm.as_deref()), (ChannelState::Down, Some("the channel is being restarted")));
    bench.isdn(acked(31));
    assert_eq!(live(&bench, 31), (ChannelState::Idle, None));
    bench.settle();
}

#[test]
fn one_refusal_may_be_a_call_that_crosses_ours() {
    let mut bench = Bench::up(user());
    dial(&mut bench);
    bench.isdn(cleared(OURS, 44));
    bench.isdn(incoming(2, 31, true));
    bench.isdn(cleared(CallRef(2), 16));
    bench.isdn(cleared(CallRef(3), 16));
    bench.take();
    dial(&mut bench);
    bench.isdn(cleared(CallRef(5), 44));
    let said = bench.take();
    assert!(!said.iter().any(|word| word.starts_with("RESTART")), "the call in between was real: {said:?}");
    bench.settle();
}

#[test]
fn a_channel_that_does_not_exist_there_is_not_restarted_but_tried_again_later() {
    let mut bench = Bench::up(user());
    refused_twice(&mut bench, 82);
    assert!(!bench.take().iter().any(|word| word.starts_with("RESTART")));
    assert!(live(&bench, 31).1.unwrap().contains("does not exist"));
    bench.pass(61 * MINUTE);
    assert_eq!(live(&bench, 31), (ChannelState::Idle, None));
    assert!(!bench.take().iter().any(|word| word.starts_with("RESTART")));
    bench.settle();
}

#[test]
fn a_switch_that_ignores_restart_is_asked_less_and_less_and_then_no_more() {
    let mut bench = Bench::up(user());
    refused_twice(&mut bench, 44);
    bench.take();
    for pause in [5, 15, 60, 240] {
        bench.isdn(unanswered(31));
        bench.pass(pause * MINUTE - 1);
        assert!(bench.take().is_empty(), "{pause} min");
        assert_eq!(live(&bench, 31).0, ChannelState::Down);
        bench.pass(1);
        assert_eq!(bench.take(), ["RESTART 31"], "{pause} min");
    }
    bench.isdn(unanswered(31));
    bench.pass(7 * 24 * 60 * MINUTE);
    assert!(bench.take().is_empty());
    let (state, alarm) = live(&bench, 31);
    assert_eq!(state, ChannelState::Idle, "a call is what is left to try");
    assert!(alarm.unwrap().contains("trial"));
    dial(&mut bench);
    let call = bench.setup().call;
    bench.isdn(proceeding(call, 31));
    bench.isdn(Event::Alerting { call, in_band: false });
    assert_eq!(live(&bench, 31).1, None, "it works after all");
    bench.settle();
}

#[test]
fn a_helper_that_never_answers_is_not_waited_for() {
    let mut bench = Bench::up(user());
    refused_twice(&mut bench, 44);
    bench.take();
    bench.pass(15 * MINUTE - 1);
    assert!(bench.take().is_empty());
    bench.pass(1);
    assert_eq!(bench.take(), ["RESTART 31"], "ten minutes, and then the first pause");
    bench.settle();
}

#[test]
fn the_administrator_restarts_a_channel_but_never_one_in_a_call() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    offered(&mut bench);
    let mut restart = |slot| {
        bench.input(Input::RestartChannel { channel: ChannelId::new(1, slot) });
        bench.take()
    };
    assert!(restart(31).is_empty() && restart(1).is_empty());
    assert!(restart(16).is_empty(), "the D channel is none");
    assert_eq!(restart(7), ["RESTART 7"]);
    assert!(restart(8).is_empty(), "one at a time");
    bench.isdn(acked(7));
    assert_eq!(bench.take(), ["RESTART 8"]);
    bench.isdn(unanswered(8));
    assert_eq!(live(&bench, 8), (ChannelState::Idle, None), "nothing was wrong with it");
    bench.settle();
}

#[test]
fn a_call_on_a_channel_that_waits_for_its_restart_keeps_it() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.isdn(Event::Down);
    bench.pass(45_000);
    assert!(bench.take().contains(&"CLEAR 16".to_owned()));
    bench.isdn(incoming(2, 31, true));
    bench.take();
    bench.isdn(Event::Up);
    assert!(bench.take().is_empty(), "the far end has a call on it: nothing is stuck");
    bench.settle();
}

#[test]
fn idle_channels_have_their_turn() {
    let mut config = user();
    config.spans[0].isdn.restart_min = 30;
    let mut bench = Bench::up(config);
    let leg = answered(&mut bench);
    bench.pass(30 * MINUTE);
    for slot in (1..=30).filter(|slot| *slot != 16) {
        assert_eq!(bench.take(), [format!("RESTART {slot}")]);
        bench.isdn(acked(slot));
    }
    assert!(bench.take().is_empty(), "31 has a call");
    bench.pass(30 * MINUTE);
    assert_eq!(bench.take(), ["RESTART 1"]);
    bench.isdn(unanswered(1));
    assert!(bench.take().is_empty(), "the round is over");
    assert_eq!(live(&bench, 2), (ChannelState::Idle, None));
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.isdn(cleared(OURS, 16));
    bench.settle();
}

fn without_31(mut config: Config) -> Bench {
    config.spans[0].isdn.service_messages = true;
    let mut bench = Bench::up(config);
    bench.isdn(Event::Service { interface: 0, slot: 31, status: Service::Out });
    bench
}

#[test]
fn a_channel_that_the_far_end_takes_out_of_service_is_left_alone() {
    let mut bench = without_31(user());
    dial(&mut bench);
    assert_eq!(bench.take(), ["SETUP 30 -> 2079460123"]);
    assert_eq!(
        live(&bench, 31),
        (ChannelState::Down, Some("the far end has taken it out of service".into()))
    );
    bench.isdn(Event::Service { interface: 0, slot: 31, status: Service::In });
    dial(&mut bench);
    assert_eq!(bench.take(), ["SETUP 31 -> 2079460123"]);
    bench.settle();
}

#[test]
fn the_network_side_hunts_upward_and_gives_out_no_suspect() {
    let mut bench = Bench::up(network());
    bench.input(Input::RestartChannel { channel: ChannelId::new(1, 1) });
    bench.take();
    bench.isdn(incoming(2, 0, false));
    assert_eq!(bench.take().first().map(String::as_str), Some("USE 2"), "slot 0: any");
    bench.settle();
}
