//! E&M channels on the bench.

use crate::Input;
use crate::bench::cas::{EM, em, gateway};
use crate::bench::{Bench, caller};
use demarc_hal::{Alarm, LineEvent, SpanId};
use demarc_model::config::{EmSettings, EmStart, SpanSide};
use demarc_model::live::ChannelState;
use demarc_model::media::ProgressTone;
use demarc_model::{CallerId, Cause, Config, Country, LegCommand, LegId, MediaEvent};

fn with(change: impl FnOnce(&mut EmSettings)) -> Config {
    let mut config = gateway(Country::US);
    config.spans[2].e_and_m.digits = 4;
    change(&mut config.spans[2].e_and_m);
    config
}

fn bench() -> Bench {
    Bench::cas(with(|_| {}))
}

fn starts(start: EmStart) -> Bench {
    Bench::cas(with(|em| em.start = start))
}

fn sent(bench: &mut Bench) {
    let stream = bench.stream();
    bench.take();
    bench.media(MediaEvent::DigitsSent { stream });
}

/// A call of ours whose digits are out.
fn dialled(bench: &mut Bench) -> LegId {
    let leg = bench.dial(EM, "0123", CallerId::default());
    let stream = bench.stream();
    bench.line(em(1), LineEvent::Wink);
    bench.pass(200);
    bench.media(MediaEvent::DigitsSent { stream });
    bench.take();
    leg
}

/// A call of the far end.
fn offered(bench: &mut Bench) -> LegId {
    bench.line(em(1), LineEvent::OffHook);
    let stream = bench.stream();
    for digit in "0901".chars() {
        bench.media(MediaEvent::Digit { stream, digit });
    }
    let leg = bench.offer().leg;
    bench.take();
    leg
}

fn answer(leg: LegId) -> LegCommand {
    LegCommand::Answer { leg, connected: None }
}

#[test]
fn a_call_out_by_wink_start() {
    let mut bench = bench();
    let leg = bench.dial(EM, "0123", caller("+12125550101"));
    let stream = bench.stream();
    assert_eq!(bench.take(), ["open 5/1", "line 5/1 OffHook"]);
    bench.line(em(1), LineEvent::Wink);
    bench.pass(199);
    assert_eq!(bench.take(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.take(), ["send 0123"]);
    bench.media(MediaEvent::DigitsSent { stream });
    assert_eq!(bench.take(), ["detect progress", "Proceeding 5/1", "Progress in band"]);
    bench.line(em(1), LineEvent::OffHook);
    assert_eq!(bench.take(), ["detect dtmf", "Answered"]);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["line 5/1 OnHook", "close", "Ended 16"]);
    let state = |bench: &Bench| bench.room.live_spans()[2].channels[0].state;
    assert_eq!(state(&bench), ChannelState::OffHook, "the far end is still off hook");
    bench.line(em(1), LineEvent::OnHook);
    assert_eq!(state(&bench), ChannelState::Guard);
    bench.pass(800);
    assert_eq!(state(&bench), ChannelState::Idle);
    bench.settle();
}

#[test]
fn a_call_out_by_immediate_start() {
    let mut bench = starts(EmStart::Immediate);
    bench.dial(EM, "0123", CallerId::default());
    bench.pass(199);
    assert_eq!(bench.take(), ["open 5/1", "line 5/1 OffHook"]);
    bench.pass(1);
    assert_eq!(bench.take(), ["send 0123"]);
    bench.settle();
}

#[test]
fn a_call_out_by_delay_start() {
    let mut bench = starts(EmStart::Delay);
    bench.dial(EM, "0123", CallerId::default());
    bench.line(em(1), LineEvent::OffHook);
    bench.pass(3000);
    assert_eq!(bench.take(), ["open 5/1", "line 5/1 OffHook"], "held off");
    bench.line(em(1), LineEvent::OnHook);
    bench.pass(200);
    assert_eq!(bench.take(), ["send 0123"]);
    bench.settle();
}

#[test]
fn an_answer_among_the_digits_counts_when_they_are_out() {
    let mut bench = bench();
    bench.dial(EM, "0123", CallerId::default());
    bench.line(em(1), LineEvent::Wink);
    bench.pass(200);
    bench.line(em(1), LineEvent::OffHook);
    sent(&mut bench);
    assert_eq!(bench.take_legs(), ["Proceeding 5/1", "Progress in band", "Answered"]);
    bench.line(em(1), LineEvent::OnHook);
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.settle();
}

#[test]
fn without_a_start_signal_another_channel_is_tried() {
    let mut bench = bench();
    bench.dial(EM, "0123", CallerId::default());
    bench.take();
    bench.pass(5000);
    assert_eq!(bench.take(), ["line 5/1 OnHook", "close", "open 5/2", "line 5/2 OffHook"]);
    bench.line(em(2), LineEvent::Wink);
    bench.pass(200);
    assert_eq!(bench.take(), ["send 0123"]);
    bench.settle();
}

#[test]
fn not_every_channel_is_tried() {
    let mut bench = bench();
    bench.dial(EM, "0123", CallerId::default());
    bench.pass(60_000);
    assert_eq!(bench.take_legs(), ["Ended 34"]);
    bench.settle();
}

#[test]
fn tones_before_the_answer_are_understood() {
    let tone = |bench: &mut Bench, tone| {
        let stream = bench.stream();
        bench.take();
        bench.media(MediaEvent::ProgressTone { stream, tone });
    };
    for (heard, words) in [
        (ProgressTone::Busy, "Ended 17"),
        (ProgressTone::Congestion, "Ended 42"),
        (ProgressTone::Ringback, "Alerting in band"),
    ] {
        let mut bench = bench();
        bench.dial(EM, "0123", CallerId::default());
        let stream = bench.stream();
        bench.line(em(1), LineEvent::Wink);
        bench.pass(200);
        bench.media(MediaEvent::DigitsSent { stream });
        tone(&mut bench, heard);
        assert_eq!(bench.take_legs(), [words]);
        bench.settle();
    }
}

#[test]
fn the_user_side_gives_way() {
    let mut bench = bench();
    bench.dial(EM, "0123", CallerId::default());
    bench.take();
    bench.line(em(1), LineEvent::OffHook);
    assert_eq!(
        bench.take(),
        [
            "line 5/1 OnHook",
            "close",
            "open 5/1",
            "detect dtmf",
            "line 5/1 Wink",
            "open 5/2",
            "line 5/2 OffHook"
        ]
    );
    bench.line(em(1), LineEvent::OnHook);
    bench.settle();
}

#[test]
fn the_network_side_keeps_the_channel() {
    let mut config = with(|_| {});
    config.spans[2].side = SpanSide::Network;
    let mut bench = Bench::cas(config);
    bench.dial(EM, "0123", CallerId::default());
    bench.take();
    bench.line(em(1), LineEvent::OffHook);
    bench.line(em(1), LineEvent::OnHook);
    bench.line(em(1), LineEvent::Wink);
    bench.pass(200);
    assert_eq!(bench.take(), ["send 0123"]);
    bench.settle();
}

#[test]
fn a_call_in_by_wink_start() {
    let mut bench = bench();
    bench.line(em(1), LineEvent::OffHook);
    let stream = bench.stream();
    assert_eq!(bench.take(), ["open 5/1", "detect dtmf", "line 5/1 Wink"]);
    for digit in "0901".chars() {
        bench.media(MediaEvent::Digit { stream, digit });
    }
    let leg = bench.offer().leg;
    assert_eq!(bench.take(), ["Offered 5/1 nobody -> 0901"]);
    bench.leg(LegCommand::Ring { leg, in_band: false });
    assert_eq!(bench.take(), ["play 440+480/2000 0+0/4000"]);
    bench.leg(answer(leg));
    assert_eq!(bench.take(), ["line 5/1 OffHook"]);
    bench.line(em(1), LineEvent::OnHook);
    assert_eq!(bench.take(), ["line 5/1 OnHook", "close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_call_in_by_delay_start() {
    let mut bench = starts(EmStart::Delay);
    bench.line(em(1), LineEvent::OffHook);
    assert_eq!(bench.take(), ["open 5/1", "detect dtmf", "line 5/1 OffHook"]);
    bench.pass(200);
    assert_eq!(bench.take(), ["line 5/1 OnHook"]);
    bench.line(em(1), LineEvent::OnHook);
    assert_eq!(bench.take(), ["close"]);
    bench.settle();
}

#[test]
fn a_pause_ends_the_number() {
    let mut bench = starts(EmStart::Immediate);
    bench.line(em(1), LineEvent::OffHook);
    let stream = bench.stream();
    bench.media(MediaEvent::Digit { stream, digit: '9' });
    bench.pass(2999);
    assert_eq!(bench.take_legs(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.take_legs(), ["Offered 5/1 nobody -> 9"]);
    bench.line(em(1), LineEvent::OnHook);
    bench.settle();
}

#[test]
fn where_no_digits_come_the_call_is_there_at_once() {
    let mut bench = Bench::cas(with(|em| em.digits = 0));
    bench.line(em(1), LineEvent::OffHook);
    assert_eq!(bench.take_legs(), ["Offered 5/1 nobody -> "]);
    bench.line(em(1), LineEvent::OnHook);
    bench.settle();
}

#[test]
fn a_caller_without_digits_hears_congestion_and_is_let_go() {
    let mut bench = bench();
    bench.line(em(1), LineEvent::OffHook);
    bench.take();
    bench.pass(10_000);
    assert_eq!(bench.take().len(), 1, "a tone");
    bench.pass(30_000);
    assert_eq!(bench.take(), ["close"]);
    bench.line(em(1), LineEvent::OnHook);
    bench.settle();
}

#[test]
fn a_refused_caller_hears_why() {
    let mut bench = bench();
    let leg = offered(&mut bench);
    bench.hang_up(leg, Cause::USER_BUSY);
    assert_eq!(bench.take(), ["play 480+620/500 0+0/500"]);
    bench.line(em(1), LineEvent::OnHook);
    assert_eq!(bench.take(), ["close", "Ended 17"]);
    bench.settle();
}

#[test]
fn an_alarm_ends_the_call_and_keeps_others_away() {
    let mut bench = bench();
    dialled(&mut bench);
    bench.input(Input::Alarms { span: SpanId(5), alarms: vec![Alarm::Red] });
    assert_eq!(bench.take(), ["line 5/1 OnHook", "close", "Ended 27"]);
    bench.dial(EM, "0123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38"]);
    bench.input(Input::Alarms { span: SpanId(5), alarms: vec![] });
    let trunk = bench.room.live_trunks().remove(3);
    assert!(trunk.up, "{trunk:?}");
    bench.settle();
}

#[test]
fn a_card_that_vanishes_ends_its_call_with_41() {
    let mut bench = bench();
    dialled(&mut bench);
    bench.line(em(1), LineEvent::Gone);
    assert_eq!(bench.take(), ["close", "Ended 41"]);
    bench.settle();
}

#[test]
fn events_in_impossible_orders_break_nothing() {
    let mut seed = 11_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for start in [EmStart::Wink, EmStart::Immediate, EmStart::Delay] {
        let mut bench = starts(start);
        for _ in 0..10_000 {
            let channel = em([1, 2, 24][next(3)]);
            match next(8) {
                0 => {
                    bench.dial(EM, "0123", CallerId::default());
                }
                1 => {
                    let legs = bench.legs();
                    if let Some(leg) = legs.get(next(legs.len().max(1))) {
                        let leg = *leg;
                        let command = match next(3) {
                            0 => LegCommand::Ring { leg, in_band: false },
                            1 => answer(leg),
                            _ => LegCommand::Hangup { leg, cause: Cause::USER_BUSY },
                        };
                        bench.leg(command);
                    }
                }
                2 => bench.pass(next(3000) as u64),
                3 => bench.line(channel, LineEvent::Wink),
                4 | 5 => bench.line(channel, LineEvent::OffHook),
                _ => bench.line(channel, LineEvent::OnHook),
            }
            bench.take();
        }
        for slot in 1..=24 {
            bench.line(em(slot), LineEvent::OnHook);
        }
        bench.settle();
    }
}
