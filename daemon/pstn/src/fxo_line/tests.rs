//! A line on the bench.

use crate::Input;
use crate::bench::{self, Bench, FXO, caller, fxo};
use demarc_hal::LineEvent::*;
use demarc_model::config::AnswerSupervision;
use demarc_model::country::CallerIdStart;
use demarc_model::live::ChannelState;
use demarc_model::media::ProgressTone;
use demarc_model::{CallerId, Cause, Config, Country, LegCommand, LegId, MediaEvent};
use std::sync::Arc;

fn config(answer: AnswerSupervision) -> Config {
    let mut config = bench::config(Country::GB);
    for line in &mut config.lines {
        line.answer = answer;
    }
    config
}

fn bench() -> Bench {
    Bench::new(config(AnswerSupervision::Polarity))
}

fn tone(bench: &mut Bench, tone: ProgressTone) {
    let stream = bench.stream();
    bench.media(MediaEvent::ProgressTone { stream, tone });
}

/// A call that has got through to the exchange.
fn dialled(bench: &mut Bench) -> LegId {
    let leg = bench.dial(FXO, "+442079460123", CallerId::default());
    tone(bench, ProgressTone::Dial);
    let stream = bench.stream();
    bench.media(MediaEvent::DigitsSent { stream });
    leg
}

/// A call in, rung once and offered.
fn rung(bench: &mut Bench) -> LegId {
    bench.line(fxo(1), RingStarted);
    bench.offer().leg
}

#[test]
fn a_call_out_waits_for_dial_tone() {
    let mut bench = bench();
    bench.dial(FXO, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["open 2/1", "detect progress", "line 2/1 OffHook"]);
    bench.pass(300);
    bench.dial(FXO, "0", CallerId::default());
    assert_eq!(bench.take().last().map(String::as_str), Some("line 2/2 OffHook"), "the next line");
    bench.settle();
}

#[test]
fn a_call_out_from_dial_tone_to_answer() {
    let mut bench = bench();
    bench.dial(FXO, "+442079460123", CallerId::default());
    tone(&mut bench, ProgressTone::Dial);
    let stream = bench.stream();
    assert_eq!(bench.take().last().map(String::as_str), Some("send 02079460123"));
    bench.media(MediaEvent::DigitsSent { stream });
    assert_eq!(bench.take(), ["detect progress", "Proceeding 2/1", "Progress in band"]);
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::Ringback });
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::Ringback });
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["Alerting in band", "detect dtmf progress", "Answered"]);
    bench.pass(100);
    bench.line(fxo(1), PolarityReversed);
    assert!(bench.take().is_empty(), "the exchange is settling");
    bench.pass(5_000);
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["close", "line 2/1 OnHook", "Ended 16"]);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Guard);
    bench.pass(800);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn without_dial_tone_it_dials_when_the_wait_is_over() {
    let mut bench = bench();
    bench.dial(FXO, "123", CallerId::default());
    bench.pass(1_499);
    assert!(!bench.take().contains(&"send 123".to_owned()));
    bench.pass(1);
    assert_eq!(bench.take(), ["send 123"]);
    bench.settle();
}

#[test]
fn busy_tone_instead_of_dial_tone_sends_the_call_to_the_next_line() {
    let mut bench = bench();
    bench.dial(FXO, "123", CallerId::default());
    tone(&mut bench, ProgressTone::Busy);
    tone(&mut bench, ProgressTone::Congestion);
    assert_eq!(
        bench.take_lines(),
        ["line 2/1 OffHook", "line 2/1 OnHook", "line 2/2 OffHook", "line 2/2 OnHook"]
    );
    bench.settle();
}

#[test]
fn a_line_that_breaks_before_dial_tone_is_out_of_order() {
    let mut bench = bench();
    bench.dial(FXO, "123", CallerId::default());
    bench.line(fxo(1), LoopBreak);
    bench.line(fxo(2), BatteryLost);
    assert_eq!(bench.take_legs(), ["Ended 27"], "after both lines were tried");
    bench.settle();
}

#[test]
fn after_dialling_is_an_answer_where_nothing_better_is_known() {
    let mut bench = Bench::new(config(AnswerSupervision::AfterDialling));
    dialled(&mut bench);
    assert_eq!(bench.take_legs(), ["Proceeding 2/1", "Progress in band", "Answered"]);
    bench.line(fxo(1), LoopBreak);
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.settle();
}

#[test]
fn a_voice_is_an_answer_where_the_line_says_so() {
    let mut bench = Bench::new(config(AnswerSupervision::Voice));
    dialled(&mut bench);
    let stream = bench.stream();
    assert!(bench.take().contains(&"detect progress voice".to_owned()));
    bench.line(fxo(1), PolarityReversed);
    assert!(bench.take().is_empty(), "polarity means nothing here");
    bench.media(MediaEvent::Voice { stream });
    assert_eq!(bench.take_legs(), ["Answered"]);
    bench.settle();
}

#[test]
fn tones_of_the_exchange_end_a_call() {
    for (tone, cause) in [(ProgressTone::Busy, "Ended 17"), (ProgressTone::Congestion, "Ended 42")] {
        let mut bench = bench();
        dialled(&mut bench);
        let stream = bench.stream();
        bench.take();
        bench.media(MediaEvent::ProgressTone { stream, tone });
        assert_eq!(bench.take_legs(), [cause]);
        bench.settle();
    }
}

#[test]
fn special_information_is_heard_to_its_end() {
    let mut bench = bench();
    dialled(&mut bench);
    let stream = bench.stream();
    bench.take();
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::SpecialInformation });
    assert_eq!(bench.take_legs(), ["Progress in band cause 4"]);
    bench.settle();
}

#[test]
fn pulses_are_sent_one_digit_after_the_other() {
    let mut config = config(AnswerSupervision::AfterDialling);
    config.lines[0].pulse = true;
    let mut bench = Bench::new(config);
    bench.dial(FXO, "3#0", CallerId::default());
    tone(&mut bench, ProgressTone::Dial);
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook", "line 2/1 PulseDigit('3')"]);
    bench.pass(1_099);
    assert!(bench.take().is_empty());
    bench.pass(1);
    assert_eq!(bench.take_lines(), ["line 2/1 PulseDigit('0')"], "what has no pulses is left out");
    bench.pass(1_800);
    assert_eq!(bench.take_legs(), ["Proceeding 2/1", "Progress in band", "Answered"]);
    bench.settle();
}

#[test]
fn a_ring_that_meets_our_seizure_is_a_call_answered() {
    let mut bench = bench();
    let ours = bench.dial(FXO, "123", CallerId::default());
    bench.pass(40);
    bench.line(fxo(1), RingStarted);
    let theirs = bench.offer();
    assert_ne!(theirs.leg, ours);
    let said = bench.take();
    assert!(said.iter().any(|word| word == "line 2/2 OffHook"), "ours takes the other line: {said:?}");
    assert!(said.iter().any(|word| word == "Offered 2/1 nobody -> +442079460981"), "{said:?}");
    bench.leg(LegCommand::Ring { leg: theirs.leg, in_band: false });
    assert_eq!(bench.take(), ["play 400+450/400 0+0/200"], "the exchange gives no ringback any more");
    bench.leg(LegCommand::Answer { leg: theirs.leg, connected: None });
    assert_eq!(bench.take(), ["detect dtmf progress"], "we are off hook already");
    bench.line(fxo(1), LoopBreak);
    assert_eq!(bench.take(), ["close", "line 2/1 OnHook", "Ended 16"]);
    bench.settle();
}

#[test]
fn glare_on_the_last_line_is_no_circuit() {
    let mut config = config(AnswerSupervision::Polarity);
    config.lines.pop();
    let mut bench = Bench::new(config);
    bench.dial(FXO, "123", CallerId::default());
    bench.line(fxo(1), RingStarted);
    assert!(bench.take_legs().contains(&"Ended 34".to_owned()));
    bench.settle();
}

#[test]
fn a_line_that_rings_is_not_seized() {
    let mut bench = bench();
    rung(&mut bench);
    bench.take();
    bench.dial(FXO, "123", CallerId::default());
    assert_eq!(bench.take_lines(), ["line 2/2 OffHook"]);
    bench.settle();
}

#[test]
fn every_country_shows_who_calls() {
    for country in Country::ALL {
        let mut bench = Bench::new(bench::config(country));
        let plan = country.plan().caller_id;
        let identify = |bench: &mut Bench, stream| {
            bench.pass(400);
            bench.media(MediaEvent::CallerId { stream, caller: caller("02079460123"), form: plan.form });
        };
        match plan.start {
            CallerIdStart::AfterPolarity => {
                bench.line(fxo(1), PolarityReversed);
                let stream = bench.stream();
                identify(&mut bench, stream);
                bench.pass(400);
                bench.line(fxo(1), RingStarted);
            }
            CallerIdStart::BeforeRing => {
                // Nothing announces it: the stream is open since the beginning, and named by it.
                bench.line(fxo(1), BatteryLost);
                bench.line(fxo(1), BatteryRestored);
                let stream = bench.stream();
                identify(&mut bench, stream);
                bench.line(fxo(1), RingStarted);
            }
            CallerIdStart::AfterFirstRing => {
                bench.line(fxo(1), RingStarted);
                let stream = bench.stream();
                bench.pass(1_000);
                bench.line(fxo(1), RingStopped);
                assert!(bench.take_legs().is_empty(), "{country:?}: not before it is known who calls");
                identify(&mut bench, stream);
            }
        }
        let legs = bench.take_legs();
        assert_eq!(legs, ["Offered 2/1 02079460123 -> +442079460981"], "{country:?}");
        bench.input(Input::Config(Arc::new(config(AnswerSupervision::Polarity))));
        bench.settle();
    }
}

#[test]
fn a_line_without_caller_identity_is_offered_with_the_second_ring() {
    let mut bench = Bench::new(bench::config(Country::US));
    bench.line(fxo(1), RingStarted);
    bench.pass(2_000);
    bench.line(fxo(1), RingStopped);
    bench.pass(3_900);
    assert!(bench.take_legs().is_empty());
    bench.line(fxo(1), RingStarted);
    assert_eq!(bench.take_legs(), ["Offered 2/1 nobody -> +442079460981"]);
    bench.settle();
}

#[test]
fn the_gap_in_a_double_ring_is_no_second_ring() {
    let mut bench = Bench::new(bench::config(Country::AU));
    bench.line(fxo(1), RingStarted);
    bench.pass(400);
    bench.line(fxo(1), RingStopped);
    bench.pass(200);
    bench.line(fxo(1), RingStarted);
    assert!(bench.take_legs().is_empty());
    bench.pass(6_000);
    assert_eq!(bench.take_legs(), ["Offered 2/1 nobody -> +442079460981"], "but the wait is bounded");
    bench.settle();
}

#[test]
fn a_reversal_without_ring_is_forgotten() {
    let mut bench = bench();
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["open 2/1", "detect V23"]);
    bench.pass(5_000);
    assert_eq!(bench.take(), ["close"]);
    bench.settle();
}

#[test]
fn a_call_in_is_answered_and_hung_up_by_busy_tone() {
    let mut bench = bench();
    let leg = rung(&mut bench);
    let stream = bench.stream();
    bench.take();
    bench.leg(LegCommand::Answer { leg, connected: None });
    assert_eq!(bench.take(), ["line 2/1 OffHook", "detect dtmf progress"]);
    bench.line(fxo(1), RingStopped);
    bench.line(fxo(1), PolarityReversed);
    bench.media(MediaEvent::Digit { stream, digit: '1' });
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::Busy });
    assert_eq!(bench.take(), ["Digit 1", "close", "line 2/1 OnHook", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_caller_who_gives_up_is_noticed_when_it_rings_no_more() {
    let mut bench = bench();
    rung(&mut bench);
    for _ in 0..3 {
        bench.pass(400);
        bench.line(fxo(1), RingStopped);
        bench.pass(2_000);
        bench.line(fxo(1), RingStarted);
    }
    bench.pass(400);
    bench.line(fxo(1), RingStopped);
    bench.take();
    bench.pass(5_999);
    assert!(bench.take().is_empty());
    bench.pass(1);
    assert_eq!(bench.take(), ["close", "Ended 16"], "and it never was off hook");
    bench.settle();
}

#[test]
fn a_refused_call_rings_on_unheard() {
    let mut bench = bench();
    let leg = rung(&mut bench);
    bench.take();
    bench.hang_up(leg, Cause::CALL_REJECTED);
    assert_eq!(bench.take(), ["close", "Ended 21"]);
    bench.line(fxo(1), RingStopped);
    bench.pass(2_000);
    bench.line(fxo(1), RingStarted);
    assert!(bench.take().is_empty(), "it is still the same call");
    bench.line(fxo(1), RingStopped);
    bench.pass(6_000);
    bench.line(fxo(1), RingStarted);
    assert_eq!(bench.take_legs().len(), 1, "this is a new one");
    bench.settle();
}

#[test]
fn unplugged_lines_are_not_tried() {
    let mut bench = bench();
    bench.line(fxo(1), BatteryLost);
    bench.dial(FXO, "123", CallerId::default());
    assert_eq!(bench.take_lines(), ["line 2/2 OffHook"]);
    bench.line(fxo(2), BatteryLost);
    assert_eq!(bench.take().last().map(String::as_str), Some("Ended 27"));
    let trunk = bench.room.live_trunks().remove(1);
    assert_eq!((trunk.up, trunk.reason.as_deref()), (false, Some("every line is unplugged")));
    bench.line(fxo(1), BatteryRestored);
    assert!(bench.room.live_trunks()[1].up);
    bench.settle();
}

#[test]
fn unplugging_ends_the_call_on_the_line() {
    let mut bench = bench();
    dialled(&mut bench);
    bench.line(fxo(1), PolarityReversed);
    bench.take();
    bench.line(fxo(1), BatteryLost);
    assert_eq!(bench.take(), ["close", "line 2/1 OnHook", "Ended 41"]);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Down);
    bench.settle();
}

#[test]
fn a_changed_line_waits_for_its_call() {
    let mut bench = bench();
    dialled(&mut bench);
    bench.input(Input::Config(Arc::new(config(AnswerSupervision::AfterDialling))));
    bench.take();
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take_legs(), ["Answered"], "the call keeps the policy it began with");
    let mut none = config(AnswerSupervision::Polarity);
    none.lines.clear();
    none.trunks.clear();
    bench.input(Input::Config(Arc::new(none)));
    assert!(bench.take_legs().is_empty(), "a trunk that is taken away ends nothing");
    bench.settle();
    bench.take();
    bench.line(fxo(1), RingStarted);
    assert!(bench.take().is_empty(), "there is no line any more");
}
