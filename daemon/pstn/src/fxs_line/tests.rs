//! A telephone on the bench.

use crate::Input;
use crate::bench::{self, Bench, PHONE, caller, fxs, ring};
use crate::caller_id::{self, Step};
use demarc_hal::LineEvent::*;
use demarc_model::config::DeviceKind;
use demarc_model::live::ChannelState;
use demarc_model::media::CallerIdForm;
use demarc_model::{CallerId, Cause, Country, LegCommand, LegId, MediaEvent, Presentation};
use std::sync::Arc;

const PORT: demarc_hal::ChannelId = demarc_hal::ChannelId::new(3, 1);

fn bench() -> Bench {
    Bench::new(bench::config(Country::GB))
}

/// Lifts the telephone; gives the leg and a bench with nothing said.
fn lifted(bench: &mut Bench) -> LegId {
    bench.line(PORT, OffHook);
    bench.offer().leg
}

/// A call of the telephone that was answered.
fn talking(bench: &mut Bench) -> LegId {
    let leg = lifted(bench);
    bench.leg(LegCommand::Proceed { leg });
    bench.leg(LegCommand::Answer { leg, connected: None });
    leg
}

fn key(bench: &mut Bench, digit: char) {
    let stream = bench.stream();
    bench.media(MediaEvent::Digit { stream, digit });
}

#[test]
fn a_number_is_dialled_by_tones_and_pulses() {
    let mut bench = bench();
    let leg = lifted(&mut bench);
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: true });
    key(&mut bench, '2');
    assert_eq!(
        bench.take(),
        [
            "open 3/1",
            "detect dtmf",
            "Offered 3/1 nobody -> …",
            "play 350+440/0",
            "play silence",
            "MoreDigits 2"
        ]
    );
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: false });
    bench.line(PORT, PulseDigit('0'));
    bench.pass(3_999);
    assert_eq!(bench.take(), ["MoreDigits 0"]);
    bench.pass(1);
    assert_eq!(bench.take(), ["MoreDigits ."], "a pause ends the number");
    bench.leg(LegCommand::Proceed { leg });
    bench.leg(LegCommand::Ring { leg, in_band: false });
    assert_eq!(bench.take(), ["play 400+450/400 0+0/200"]);
    bench.leg(LegCommand::Answer { leg, connected: None });
    assert_eq!(bench.room.live_lines()[4].state, ChannelState::Busy);
    bench.line(PORT, OnHook);
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_hash_ends_the_number_but_may_begin_it() {
    let mut bench = bench();
    lifted(&mut bench);
    for digit in ['#', '2', '1'] {
        key(&mut bench, digit);
    }
    key(&mut bench, '#');
    key(&mut bench, '7');
    assert_eq!(
        bench.take_legs(),
        ["Offered 3/1 nobody -> …", "MoreDigits #", "MoreDigits 2", "MoreDigits 1", "MoreDigits ."]
    );
    bench.settle();
}

#[test]
fn enough_digits_stop_the_collection() {
    let mut bench = bench();
    let leg = lifted(&mut bench);
    key(&mut bench, '2');
    bench.leg(LegCommand::Proceed { leg });
    bench.take();
    bench.line(PORT, PulseDigit('3'));
    bench.pass(60_000);
    assert!(bench.take().is_empty());
    bench.settle();
}

#[test]
fn a_telephone_left_off_hook_is_told_and_then_left_alone() {
    let mut bench = bench();
    let leg = lifted(&mut bench);
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: true });
    bench.take();
    bench.pass(15_000);
    let said = bench.take();
    assert_eq!(said, ["close", "open 3/1", "play 950+0/330 1400+0/330", "Ended 28"]);
    assert_eq!(bench.room.live_lines()[4].state, ChannelState::OffHook);
    bench.pass(60_000);
    assert_eq!(bench.take(), ["close"], "silence");
    bench.dial(PHONE, "201", CallerId::default());
    assert_eq!(bench.take(), ["Ended 17"]);
    bench.line(PORT, OnHook);
    assert_eq!(bench.room.live_lines()[4].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn the_tone_after_a_call_fits_its_cause() {
    let tones = [
        (Cause::USER_BUSY, "play 400+0/375 0+0/375"),
        (Cause::NO_CIRCUIT, "play 400+0/400 0+0/350"),
        (Cause::NETWORK_OUT_OF_ORDER, "play 400+0/400 0+0/350"),
        (Cause::UNALLOCATED_NUMBER, "play 950+0/330 1400+0/330"),
        (Cause::NORMAL_CLEARING, "play 400+0/375 0+0/375"),
    ];
    for (cause, tone) in tones {
        let mut bench = bench();
        let leg = lifted(&mut bench);
        bench.leg(LegCommand::Proceed { leg });
        bench.take();
        bench.hang_up(leg, cause);
        assert_eq!(bench.take(), ["close", "open 3/1", tone, &format!("Ended {}", cause.value())]);
        bench.line(PORT, OnHook);
        assert_eq!(bench.take(), ["close"]);
        bench.settle();
    }
}

#[test]
fn the_end_of_a_call_opens_the_loop() {
    let mut bench = bench();
    let leg = talking(&mut bench);
    bench.take();
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take_lines(), ["line 3/1 OpenLoop(500ms)"]);
    bench.settle();
}

#[test]
fn a_payphone_sees_the_answer() {
    let mut config = bench::config(Country::GB);
    for device in &mut config.devices {
        if let DeviceKind::Fxs(port) = &mut device.kind {
            port.reverse_on_answer = true;
        }
    }
    let mut bench = Bench::new(config);
    let leg = talking(&mut bench);
    assert_eq!(bench.take_lines(), ["line 3/1 ReversePolarity(true)"]);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take_lines(), ["line 3/1 ReversePolarity(false)", "line 3/1 OpenLoop(500ms)"]);
    bench.settle();
}

#[test]
fn a_british_telephone_is_identified_before_it_rings() {
    let mut bench = bench();
    bench.dial(PHONE, "201", caller("+442079460123"));
    let stream = bench.stream();
    assert_eq!(
        bench.take(),
        ["open 3/1", "Proceeding 3/1", "line 3/1 ReversePolarity(true)"],
        "a reversal announces the data"
    );
    bench.pass(300);
    assert_eq!(bench.take(), ["identify V23 02079460123"]);
    bench.pass(900);
    bench.media(MediaEvent::CallerIdSent { stream });
    bench.pass(300);
    assert_eq!(bench.take(), ["line 3/1 Ring(400ms)", "Alerting"]);
    bench.pass(3_000);
    assert_eq!(bench.take(), ["line 3/1 Ring(400ms)", "line 3/1 Ring(400ms)"], "double ring");
    bench.line(PORT, OffHook);
    assert_eq!(
        bench.take(),
        ["line 3/1 StopRinging", "line 3/1 ReversePolarity(false)", "detect dtmf", "Answered"]
    );
    bench.settle();
}

#[test]
fn an_american_telephone_is_identified_after_the_first_ring() {
    let mut bench = Bench::new(bench::config(Country::US));
    bench.dial(PHONE, "201", caller("+12025550123"));
    let stream = bench.stream();
    assert_eq!(bench.take(), ["open 3/1", "Proceeding 3/1", "line 3/1 Ring(2s)", "Alerting"]);
    bench.pass(2_500);
    assert_eq!(bench.take(), ["identify Bell202 2025550123"]);
    bench.pass(1_100);
    bench.media(MediaEvent::CallerIdSent { stream });
    bench.pass(2_400);
    assert_eq!(bench.take(), ["line 3/1 Ring(2s)"], "the cadence is kept");
    bench.settle();
}

#[test]
fn every_country_rings_and_identifies_in_its_order() {
    for country in Country::ALL {
        let mut bench = Bench::new(bench::config(country));
        bench.dial(PHONE, "201", caller("201"));
        let stream = bench.stream();
        let mut expected = Vec::new();
        for step in caller_id::prelude(country) {
            match step {
                Step::Reverse => expected.push("line 3/1 ReversePolarity(true)".to_owned()),
                Step::Identify(form) => expected.push(format!("identify {form:?} 201")),
                Step::Ring(on) => expected.push(format!("line 3/1 Ring({on:?})")),
                Step::Pause(_) => {}
            }
        }
        for _ in 0..60 {
            bench.pass(100);
            bench.media(MediaEvent::CallerIdSent { stream });
        }
        let said: Vec<String> = bench
            .take()
            .into_iter()
            .filter(|word| word.starts_with("line") || word.starts_with("identify"))
            .take(expected.len())
            .collect();
        assert_eq!(said, expected, "{country:?}");
        bench.input(Input::Config(Arc::new(bench::config(Country::GB))));
        bench.settle();
    }
}

#[test]
fn a_caller_who_withholds_is_not_shown() {
    let mut bench = bench();
    let secret = CallerId { presentation: Presentation::Restricted, ..caller("+442079460123") };
    bench.dial(PHONE, "201", secret);
    bench.pass(300);
    assert!(bench.take().contains(&format!("identify {:?} withheld", CallerIdForm::V23)));
    bench.settle();
}

#[test]
fn caller_identity_that_is_never_sent_does_not_hold_up_the_ring() {
    let mut bench = bench();
    bench.dial(PHONE, "201", caller("201"));
    bench.pass(4_600);
    assert!(bench.take_lines().contains(&format!("line 3/1 {:?}", ring(400))));
    bench.settle();
}

#[test]
fn lifting_the_telephone_before_it_rings_begins_a_call() {
    let mut bench = bench();
    let called = bench.dial(PHONE, "201", caller("201"));
    bench.take();
    bench.line(PORT, OffHook);
    assert_ne!(bench.offer().leg, called);
    assert_eq!(
        bench.take(),
        [
            "line 3/1 ReversePolarity(false)",
            "close",
            "Ended 17",
            "open 3/1",
            "detect dtmf",
            "Offered 3/1 nobody -> …"
        ]
    );
    bench.settle();
}

#[test]
fn a_caller_who_gives_up_stops_the_ringing() {
    let mut bench = Bench::new(bench::config(Country::DE));
    let leg = bench.dial(PHONE, "201", CallerId::default());
    bench.take();
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["line 3/1 StopRinging", "close", "Ended 16"]);
    bench.pass(60_000);
    assert!(bench.take().is_empty());
    bench.settle();
}

#[test]
fn keys_and_the_recall_key_are_told_in_a_call() {
    let mut bench = bench();
    talking(&mut bench);
    key(&mut bench, '5');
    bench.line(PORT, Flash);
    bench.line(PORT, PulseDigit('3'));
    assert_eq!(bench.take_legs(), ["Offered 3/1 nobody -> …", "Digit 5", "Flash", "Digit 3"]);
    bench.settle();
}

#[test]
fn a_short_hang_up_after_a_call_gives_dial_tone_again() {
    let mut bench = bench();
    let leg = talking(&mut bench);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.take();
    bench.line(PORT, Flash);
    assert_eq!(bench.take(), ["close", "open 3/1", "detect dtmf", "Offered 3/1 nobody -> …"]);
    bench.settle();
}

#[test]
fn a_busy_telephone_and_one_without_port_are_refused() {
    let mut bench = bench();
    lifted(&mut bench);
    bench.dial(PHONE, "201", CallerId::default());
    assert_eq!(bench.take_legs().last().map(String::as_str), Some("Ended 17"));
    bench.line(fxs(2), Gone);
    assert!(!bench.room.live_devices()[1].reachable);
    let other = demarc_model::Party::Device(demarc_model::config::DeviceId(2));
    bench.dial(other, "202", CallerId::default());
    assert_eq!(bench.take(), ["Ended 27"]);
    bench.settle();
}

#[test]
fn a_telephone_that_is_taken_away_keeps_its_call() {
    let mut bench = bench();
    talking(&mut bench);
    let mut config = bench::config(Country::GB);
    config.devices.clear();
    bench.take();
    bench.input(Input::Config(Arc::new(config)));
    assert!(bench.take().is_empty());
    bench.line(PORT, OnHook);
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    bench.line(PORT, OffHook);
    assert!(bench.take().is_empty(), "it is nobody's now");
    bench.settle();
}
