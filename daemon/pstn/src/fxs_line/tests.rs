//! A telephone on the bench.

use crate::Input;
use crate::bench::{self, Bench, PHONE, caller, fxs, ring};
use crate::caller_id::{self, Step};
use demarc_hal::LineEvent::*;
use demarc_model::config::{DeviceKind, ExtensionFeatures, FlashCustom};
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
    let stream = bench.stream_of(PORT);
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
fn a_hash_ends_the_number_but_belongs_to_a_code() {
    let mut bench = bench();
    lifted(&mut bench);
    for digit in ['2', '1', '#', '7'] {
        key(&mut bench, digit);
    }
    assert_eq!(
        bench.take_legs(),
        ["Offered 3/1 nobody -> …", "MoreDigits 2", "MoreDigits 1", "MoreDigits ."]
    );
    for code in ["#21#", "*21*202#"] {
        let mut bench = self::bench();
        lifted(&mut bench);
        code.chars().for_each(|digit| key(&mut bench, digit));
        let said: String =
            bench.take_legs()[1..].iter().map(|word| word.replace("MoreDigits ", "")).collect();
        assert_eq!(said, code);
    }
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
    assert_eq!(said, ["close", "open 3/1", "play 400+0/400 0+0/350", "Ended 28"], "congestion tone");
    assert_eq!(bench.room.live_lines()[4].state, ChannelState::OffHook);
    bench.pass(30_000);
    assert_eq!(bench.take(), ["play 800+0/20 848+0/20"], "the howler");
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
    assert_eq!(bench.take(), ["line 3/1 OnHookTransmission(4s)", "identify V23 02079460123"]);
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
    assert_eq!(bench.take(), ["line 3/1 OnHookTransmission(4s)", "identify Bell202 2025550123"]);
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
        for step in caller_id::prelude(country, caller_id::cadence(country)) {
            match step {
                Step::Reverse => expected.push("line 3/1 ReversePolarity(true)".to_owned()),
                Step::Identify(form) => {
                    expected.push("line 3/1 OnHookTransmission(4s)".to_owned());
                    expected.push(format!("identify {form:?} 201"));
                }
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
fn keys_are_told_in_a_call_and_the_recall_key_holds_it() {
    let mut bench = bench();
    talking(&mut bench);
    key(&mut bench, '5');
    bench.line(PORT, PulseDigit('3'));
    bench.line(PORT, Flash);
    key(&mut bench, '2');
    assert_eq!(
        bench.take_legs(),
        ["Offered 3/1 nobody -> …", "Digit 5", "Digit 3", "Held", "Offered 3/1 nobody -> …", "MoreDigits 2"]
    );
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Ended 16", "Retrieved"], "the second call is given up");
    bench.line(PORT, OnHook);
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.settle();
}

#[test]
fn the_recall_key_may_be_the_pbx_s() {
    let mut config = bench::config(Country::GB);
    bench::fxs_features(&mut config, |features| features.flash = FlashCustom::Off);
    let mut bench = Bench::new(config);
    talking(&mut bench);
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Offered 3/1 nobody -> …", "Flash"]);
    bench.settle();
}

#[test]
fn a_hot_line_calls_at_once_or_after_a_while() {
    let mut config = bench::config(Country::GB);
    bench::fxs_features(&mut config, |features| features.hot_line = Some("200".into()));
    let mut bench = Bench::new(config.clone());
    lifted(&mut bench);
    assert_eq!(bench.take_legs(), ["Offered 3/1 nobody -> 200"]);
    bench.settle();

    bench::fxs_features(&mut config, |features| features.hot_line_after_s = 5);
    let mut bench = Bench::new(config);
    let leg = lifted(&mut bench);
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: true });
    bench.pass(4_999);
    assert_eq!(bench.take_legs(), ["Offered 3/1 nobody -> …"]);
    bench.pass(1);
    assert_eq!(bench.take_legs(), ["MoreDigits 200."]);
    bench.line(PORT, OnHook);
    bench.take();
    lifted(&mut bench);
    key(&mut bench, '2');
    bench.pass(3_000);
    assert_eq!(bench.take_legs(), ["Offered 3/1 nobody -> …", "MoreDigits 2"], "who dials is let dial");
    bench.settle();
}

#[test]
fn calls_from_inside_may_ring_otherwise() {
    for (country, rings) in [(Country::GB, vec![1000, 1000]), (Country::DE, vec![400, 400, 400, 400])] {
        let mut config = bench::config(country);
        bench::fxs_features(&mut config, |features| features.distinctive_ring = true);
        let mut bench = Bench::new(config);
        let mut dial = bench.a_dial(PHONE, "201", caller("202"));
        dial.ring = demarc_model::RingKind::Internal;
        bench.leg(LegCommand::Dial(Box::new(dial)));
        let stream = bench.stream();
        for _ in 0..90 {
            bench.pass(100);
            bench.media(MediaEvent::CallerIdSent { stream });
        }
        let said: Vec<String> =
            bench.take_lines().into_iter().filter(|word| word.contains("Ring(")).take(rings.len()).collect();
        let expected: Vec<String> = rings.iter().map(|ms| format!("line 3/1 {:?}", ring(*ms))).collect();
        assert_eq!(said, expected, "{country:?}");
        bench.settle();
    }
}

/// A telephone whose extension exists.
fn with_extension(country: Country, change: impl FnOnce(&mut ExtensionFeatures)) -> Bench {
    let mut config = bench::config(country);
    let mut features = ExtensionFeatures::default();
    change(&mut features);
    bench::with_extension(&mut config, features);
    Bench::new(config)
}

#[test]
fn who_knocks_is_heard_and_shown_and_can_be_taken() {
    let mut bench = with_extension(Country::GB, |_| {});
    let first = talking(&mut bench);
    bench.take();
    let second = bench.dial(PHONE, "211", caller("+442079460100"));
    assert_eq!(bench.take(), ["Proceeding 3/1", "Alerting", "in between 400/100"]);
    bench.pass(100);
    assert_eq!(bench.take(), ["knock V23 02079460100"], "once the tone is over");
    bench.pass(4_000);
    assert_eq!(bench.take(), ["in between 400/100"], "again, but who it is is known");
    let third = bench.dial(PHONE, "211", CallerId::default());
    assert_eq!(bench.take(), ["Ended 17"], "one at a time");
    assert_ne!(third, second);
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Held"]);
    key(&mut bench, '2');
    assert_eq!(bench.take_legs(), ["Answered"]);
    bench.hang_up(second, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["play 400+0/375 0+0/375", "Ended 16"], "the first is still on hold");
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Retrieved"]);
    bench.hang_up(first, Cause::NORMAL_CLEARING);
    bench.line(PORT, OnHook);
    bench.settle();
}

#[test]
fn who_knocks_can_be_refused_or_given_the_line() {
    let mut bench = with_extension(Country::GB, |_| {});
    talking(&mut bench);
    bench.dial(PHONE, "211", CallerId::default());
    bench.take();
    bench.line(PORT, Flash);
    key(&mut bench, '0');
    assert_eq!(bench.take_legs(), ["Held", "Ended 17", "Retrieved"], "refused as busy");
    bench.dial(PHONE, "211", CallerId::default());
    bench.take();
    bench.line(PORT, Flash);
    key(&mut bench, '1');
    assert_eq!(bench.take_legs(), ["Held", "Ended 16", "Answered"]);
    bench.settle();
}

#[test]
fn who_hangs_up_while_somebody_knocks_is_rung() {
    let mut bench = with_extension(Country::GB, |_| {});
    talking(&mut bench);
    bench.dial(PHONE, "211", CallerId::default());
    bench.take();
    bench.line(PORT, OnHook);
    assert_eq!(bench.take(), ["Ended 16".to_owned(), format!("line 3/1 {:?}", ring(400))]);
    bench.line(PORT, OffHook);
    assert_eq!(bench.take_legs(), ["Answered"]);
    bench.settle();
}

#[test]
fn nobody_knocks_where_it_is_not_wanted() {
    let mut bench = with_extension(Country::GB, |features| features.call_waiting = false);
    talking(&mut bench);
    bench.take();
    bench.dial(PHONE, "211", CallerId::default());
    assert_eq!(bench.take(), ["Ended 17"]);
    bench.settle();
}

#[test]
fn the_american_key_takes_who_knocks_and_changes_between_the_two() {
    let mut bench = with_extension(Country::US, |_| {});
    talking(&mut bench);
    bench.dial(PHONE, "211", CallerId::default());
    bench.take();
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Held", "Answered"]);
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Held", "Retrieved"]);
    bench.settle();
}

/// Two calls: the first on hold, the second answered.
fn two_calls(bench: &mut Bench) -> (LegId, LegId) {
    let first = talking(bench);
    bench.line(PORT, Flash);
    let second = bench.offer().leg;
    bench.leg(LegCommand::Proceed { leg: second });
    bench.leg(LegCommand::Answer { leg: second, connected: None });
    bench.take();
    (first, second)
}

#[test]
fn the_american_key_joins_three_and_lets_the_last_one_go() {
    let mut bench = with_extension(Country::US, |_| {});
    let (first, _) = two_calls(&mut bench);
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Held", "Conference"]);
    bench.line(PORT, Flash);
    assert_eq!(bench.take_legs(), ["Ended 16"], "the second party");
    bench.hang_up(first, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.settle();
}

#[test]
fn the_european_key_wants_a_digit() {
    for (digit, expected) in [
        ('0', vec!["Held", "Ended 16", "Retrieved"]),
        ('1', vec!["Held", "Ended 16", "Retrieved"]),
        ('2', vec!["Held", "Retrieved"]),
        ('3', vec!["Held", "Conference"]),
        ('7', vec!["Held", "Retrieved"]),
    ] {
        let mut bench = with_extension(Country::GB, |_| {});
        two_calls(&mut bench);
        bench.line(PORT, Flash);
        key(&mut bench, digit);
        assert_eq!(bench.take_legs(), expected, "{digit}");
        bench.settle();
    }
    let mut bench = with_extension(Country::GB, |_| {});
    two_calls(&mut bench);
    bench.line(PORT, Flash);
    bench.pass(3_000);
    assert_eq!(bench.take_legs(), ["Held", "Retrieved"], "no digit is a 2");
    bench.settle();
}

#[test]
fn who_hangs_up_between_two_calls_joins_them() {
    let mut bench = with_extension(Country::GB, |_| {});
    two_calls(&mut bench);
    bench.line(PORT, OnHook);
    assert_eq!(bench.take_legs(), ["TransferTo", "Ended 16", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_call_left_on_hold_rings_back_but_not_for_ever() {
    let mut bench = with_extension(Country::GB, |_| {});
    talking(&mut bench);
    bench.line(PORT, Flash);
    bench.take();
    bench.line(PORT, OnHook);
    assert_eq!(bench.take(), ["Ended 16".to_owned(), format!("line 3/1 {:?}", ring(400))]);
    bench.line(PORT, OffHook);
    assert_eq!(bench.take_legs(), ["Retrieved"]);
    bench.line(PORT, Flash);
    bench.line(PORT, OnHook);
    bench.take();
    bench.pass(50_000);
    assert_eq!(bench.take_legs(), ["Ended 19"]);
    assert_eq!(bench.room.live_lines()[4].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn a_message_lights_the_lamp_of_a_telephone_on_hook_and_changes_its_dial_tone() {
    let mut bench = with_extension(Country::GB, |features| features.message_waiting = true);
    assert!(bench.take().is_empty());
    bench.pass(1_000);
    assert_eq!(
        bench.take(),
        ["line 3/1 MessageLamp(true)", "line 3/1 OnHookTransmission(4s)", "open 3/1", "lamp V23 true"]
    );
    let stream = bench.stream_of(PORT);
    bench.media(MediaEvent::MessageWaitingSent { stream });
    assert_eq!(bench.take(), ["close"]);
    bench.pass(60_000);
    assert!(bench.take().is_empty(), "it is told once");
    let leg = lifted(&mut bench);
    bench.take();
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: true });
    let plain = "play 350+440/0";
    assert!(bench.take().iter().all(|word| word != plain), "another dial tone");
    bench.line(PORT, OnHook);
    bench.settle();
}

#[test]
fn a_lamp_that_is_told_gives_way_to_a_call() {
    let mut bench = with_extension(Country::GB, |features| features.message_waiting = true);
    bench.pass(1_000);
    bench.take();
    bench.line(PORT, OffHook);
    assert_eq!(bench.take(), ["close", "open 3/1", "detect dtmf", "Offered 3/1 nobody -> …"]);
    bench.line(PORT, OnHook);
    bench.take();
    bench.pass(1_000);
    assert!(bench.take().contains(&"lamp V23 true".to_owned()), "later");
    bench.settle();
}

#[test]
fn a_card_that_vanishes_ends_all_calls_of_its_telephone() {
    let mut bench = with_extension(Country::GB, |_| {});
    two_calls(&mut bench);
    bench.line(PORT, Gone);
    assert_eq!(bench.take_legs(), ["Ended 41", "Ended 41"]);
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

#[test]
fn the_recall_key_does_nothing_to_a_call_for_help() {
    for custom in [FlashCustom::Digits, FlashCustom::Plain, FlashCustom::Off] {
        let mut config = bench::config(Country::GB);
        bench::fxs_features(&mut config, |features| features.flash = custom);
        let mut bench = Bench::new(config);
        let leg = lifted(&mut bench);
        bench.leg(LegCommand::Proceed { leg });
        bench.leg(LegCommand::Emergency { leg });
        bench.line(PORT, Flash);
        bench.leg(LegCommand::Answer { leg, connected: None });
        bench.take();
        bench.line(PORT, Flash);
        assert_eq!(bench.take(), Vec::<String>::new());
        bench.line(PORT, OnHook);
        assert!(bench.take().iter().any(|word| word.starts_with("Ended")));
        // The next call is one like any other.
        talking(&mut bench);
        bench.take();
        bench.line(PORT, Flash);
        assert_ne!(bench.take(), Vec::<String>::new());
    }
}
