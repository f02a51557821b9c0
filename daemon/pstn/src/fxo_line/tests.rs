//! A line on the bench.

use crate::Input;
use crate::bench::{self, Bench, FXO, caller, fxo, fxs};
use demarc_hal::LineEvent::*;
use demarc_model::config::{AnswerSupervision, DISTINCTIVE_RINGS, DistinctiveRing, LineId};
use demarc_model::country::CallerIdStart;
use demarc_model::learned::LineProbe;
use demarc_model::live::ChannelState;
use demarc_model::media::{CallerIdForm, HangupTone, ProgressTone};
use demarc_model::{CallerId, Cause, Config, Country, Learned, LegCommand, LegId, MediaEvent, StreamId};
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
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook"]);
    bench.pass(800);
    assert_eq!(bench.take_lines(), ["line 2/1 PulseDigit('3')"]);
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

/// What a country's exchange does to a line before it is clear who calls: the stream that listens.
fn announce(bench: &mut Bench, country: Country) -> StreamId {
    match country.plan().caller_id.start {
        CallerIdStart::AfterPolarity if country == Country::JP => {
            bench.line(fxo(1), PolarityReversed);
            bench.pass(200);
            bench.line(fxo(1), RingStarted);
            bench.pass(500);
            bench.line(fxo(1), RingStopped);
            bench.stream_of(fxo(1))
        }
        CallerIdStart::AfterPolarity => {
            bench.line(fxo(1), PolarityReversed);
            bench.stream_of(fxo(1))
        }
        // Nothing announces it: the stream is open since the beginning, and named by it.
        CallerIdStart::BeforeRing => {
            bench.line(fxo(1), BatteryLost);
            bench.line(fxo(1), BatteryRestored);
            bench.stream_of(fxo(1))
        }
        CallerIdStart::AfterFirstRing => {
            bench.line(fxo(1), BatteryLost);
            bench.line(fxo(1), BatteryRestored);
            ring_once(bench, country, 1.0);
            assert!(bench.take_offers().is_empty(), "{country:?}: not before it is known who calls");
            bench.stream_of(fxo(1))
        }
    }
}

/// One period of the country's ringing, without its long pause; the line is left in that.
fn ring_once(bench: &mut Bench, country: Country, pace: f64) {
    let ring = country.plan().ring;
    for (i, ms) in ring.iter().take(ring.len() - 1).enumerate() {
        if i % 2 == 0 {
            bench.line(fxo(1), RingStarted);
        }
        bench.pass((f64::from(*ms) * pace) as u64);
        if i % 2 == 0 {
            bench.line(fxo(1), RingStopped);
        }
    }
}

/// The line rests, whatever its country listens for.
fn come_to_rest(bench: &mut Bench) {
    bench.input(Input::Config(Arc::new(config(AnswerSupervision::Polarity))));
    bench.settle();
}

#[test]
fn every_country_shows_who_calls() {
    for country in Country::ALL {
        let mut bench = Bench::new(bench::config(country));
        let plan = country.plan().caller_id;
        let stream = announce(&mut bench, country);
        bench.pass(400);
        bench.media(MediaEvent::CallerId { stream, caller: caller("02079460123"), form: plan.form });
        bench.pass(400);
        if plan.start != CallerIdStart::AfterFirstRing {
            bench.line(fxo(1), RingStarted);
        }
        let offers = bench.take_offers();
        assert_eq!(offers, ["Offered 2/1 02079460123 -> +442079460981"], "{country:?}");
        come_to_rest(&mut bench);
    }
}

#[test]
fn every_country_rings_and_its_cadence_is_told() {
    for country in Country::ALL {
        for pace in [0.9, 1.0, 1.1] {
            let mut bench = Bench::new(bench::config(country));
            let ring = country.plan().ring;
            let pause = (f64::from(*ring.last().unwrap()) * pace) as u64;
            for _ in 0..2 {
                ring_once(&mut bench, country, pace);
                bench.pass(pause);
            }
            bench.pass(7_000);
            let learned = bench.take_learned();
            let cadence = learned.iter().find_map(|what| match what {
                Learned::Ring { cadence } => Some(cadence.clone()),
                _ => None,
            });
            let cadence = cadence.unwrap_or_else(|| panic!("{country:?}: {learned:?}"));
            let known: Vec<u16> = ring[..ring.len() - 1].iter().map(|ms| *ms as u16).collect();
            assert!(super::habits::fits(&known, &cadence).is_some(), "{country:?} ×{pace}: {cadence:?}");
            come_to_rest(&mut bench);
        }
    }
}

#[test]
fn an_expected_form_that_does_not_come_gives_way_to_the_one_that_does() {
    // Italy's form is uncertain: this exchange has DTMF after a reversal.
    let mut bench = Bench::new(bench::config(Country::IT));
    for call in 1..=3 {
        bench.line(fxo(1), PolarityReversed);
        let stream = bench.stream_of(fxo(1));
        bench.pass(500);
        let form = CallerIdForm::Dtmf;
        bench.media(MediaEvent::CallerId { stream, caller: caller("02079460123"), form });
        bench.pass(500);
        bench.line(fxo(1), RingStarted);
        assert_eq!(bench.take_offers(), ["Offered 2/1 02079460123 -> +442079460981"], "call {call}");
        bench.pass(1_000);
        bench.line(fxo(1), RingStopped);
        bench.pass(8_000);
        let learned = bench.take_learned();
        let winner = Learned::CallerId { form, start: CallerIdStart::AfterPolarity };
        assert_eq!(learned.contains(&winner), call == 2, "call {call}: {learned:?}");
    }
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["open 2/1", "detect Dtmf"], "only the winner is listened for");
    come_to_rest(&mut bench);
}

#[test]
fn what_was_learnt_is_known_after_a_restart() {
    let mut bench = Bench::new(bench::config(Country::IT));
    let what = Learned::CallerId { form: CallerIdForm::Bell202, start: CallerIdStart::AfterPolarity };
    bench.input(Input::Known { line: LineId(1), what: vec![what] });
    bench.line(fxo(1), BatteryLost);
    bench.line(fxo(1), BatteryRestored);
    bench.take();
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["open 2/1", "detect Bell202"]);
    come_to_rest(&mut bench);
    // A line of another unit is on this port now: what is known of that one counts, and that is nothing.
    bench.input(Input::Known { line: LineId(1), what: Vec::new() });
    bench.take();
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["open 2/1", "detect V23 any"], "as on a line that is new");
    come_to_rest(&mut bench);
}

#[test]
fn a_pinned_form_is_the_only_one_that_is_listened_for() {
    let mut config = bench::config(Country::GB);
    config.lines[0].caller_id = Some(CallerIdForm::Dtmf);
    let mut bench = Bench::new(config);
    bench.line(fxo(1), PolarityReversed);
    assert_eq!(bench.take(), ["open 2/1", "detect Dtmf"]);
    bench.settle();
}

#[test]
fn japan_wants_a_first_answer_for_the_data() {
    let mut bench = Bench::new(bench::config(Country::JP));
    let stream = announce(&mut bench, Country::JP);
    assert_eq!(bench.take(), ["open 2/1", "detect V23Japan any", "line 2/1 OffHook"]);
    bench.pass(900);
    bench.media(MediaEvent::CallerId { stream, caller: caller("0312345678"), form: CallerIdForm::V23Japan });
    assert_eq!(bench.take(), ["line 2/1 OnHook"]);
    bench.pass(300);
    bench.line(fxo(1), RingStarted);
    assert_eq!(bench.take_offers(), ["Offered 2/1 0312345678 -> +442079460981"]);
    bench.settle();
}

#[test]
fn japan_without_data_rings_all_the_same() {
    let mut bench = Bench::new(bench::config(Country::JP));
    announce(&mut bench, Country::JP);
    bench.pass(4_000);
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook", "line 2/1 OnHook"]);
    bench.line(fxo(1), RingStarted);
    assert_eq!(bench.take_offers(), ["Offered 2/1 nobody -> +442079460981"]);
    bench.settle();
    // A line that shows no numbers rings long at once.
    let mut bench = Bench::new(bench::config(Country::JP));
    bench.line(fxo(1), PolarityReversed);
    bench.line(fxo(1), RingStarted);
    bench.pass(799);
    assert!(bench.take_offers().is_empty());
    bench.pass(1);
    assert_eq!(bench.take_offers(), ["Offered 2/1 nobody -> +442079460981"]);
    assert!(bench.take_lines().is_empty());
    bench.settle();
}

#[test]
fn several_numbers_on_one_pair_are_told_by_their_ringing() {
    let rings = [
        (vec![800u64, 400, 800], "+442079460982"),
        (vec![300, 200, 1000, 200, 300], "+442079460984"),
        (vec![2000], "+442079460981"),
    ];
    for (heard, number) in rings {
        let mut config = config(AnswerSupervision::Polarity);
        config.lines[0].distinctive = [("DR2", "+442079460982"), ("DR4", "+442079460984")]
            .map(|(name, number)| {
                let known = DISTINCTIVE_RINGS.iter().find(|(other, _)| *other == name).unwrap();
                DistinctiveRing { cadence: known.1.to_vec(), number: number.into() }
            })
            .to_vec();
        let mut bench = Bench::new(config);
        for (i, ms) in heard.iter().enumerate() {
            bench.line(fxo(1), if i % 2 == 0 { RingStarted } else { RingStopped });
            bench.pass(*ms);
        }
        bench.line(fxo(1), RingStopped);
        bench.pass(999);
        assert!(bench.take_offers().is_empty(), "not before the cadence is known");
        bench.pass(1);
        assert_eq!(bench.take_offers(), [format!("Offered 2/1 nobody -> {number}")]);
        bench.settle();
    }
}

#[test]
fn the_tinkling_of_a_bell_is_no_call_where_the_line_says_so() {
    let mut config = config(AnswerSupervision::Polarity);
    config.lines[0].ring_debounce_ms = 150;
    let mut bench = Bench::new(config);
    for _ in 0..5 {
        bench.line(fxo(1), RingStarted);
        bench.pass(60);
        bench.line(fxo(1), RingStopped);
        bench.pass(40);
    }
    assert!(bench.take().is_empty());
    bench.line(fxo(1), RingStarted);
    bench.pass(150);
    assert_eq!(bench.take_offers().len(), 1);
    bench.settle();
}

#[test]
fn another_telephone_on_the_pair_keeps_the_line() {
    let mut bench = bench();
    bench.line(fxo(1), LineInUse);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Busy);
    bench.dial(FXO, "123", CallerId::default());
    assert_eq!(bench.take_lines(), ["line 2/2 OffHook"]);
    bench.line(fxo(1), RingStarted);
    bench.line(fxo(1), RingStopped);
    assert!(bench.take().is_empty(), "its bell tinkles while it dials");
    bench.line(fxo(1), LineFree);
    bench.pass(800);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn another_telephone_answers_the_call() {
    let mut bench = bench();
    rung(&mut bench);
    bench.take();
    bench.line(fxo(1), LineInUse);
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    assert_eq!(bench.room.live_lines()[0].state, ChannelState::Busy);
    bench.line(fxo(1), LineFree);
    bench.settle();
}

#[test]
fn an_exchange_that_still_holds_the_last_call_is_given_a_pause() {
    let mut config = config(AnswerSupervision::Polarity);
    config.lines.pop();
    let mut bench = Bench::new(config);
    let first = dialled(&mut bench);
    bench.line(fxo(1), PolarityReversed);
    bench.hang_up(first, Cause::NORMAL_CLEARING);
    bench.pass(1_000);
    bench.take();
    bench.dial(FXO, "123", CallerId::default());
    tone(&mut bench, ProgressTone::Busy);
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook", "line 2/1 OnHook"]);
    bench.pass(2_000);
    assert_eq!(bench.take_lines(), ["line 2/1 OffHook"]);
    bench.dial(FXO, "456", CallerId::default());
    assert_eq!(bench.take_legs(), ["Ended 34"], "the line has its call");
    bench.settle();
}

#[test]
fn a_late_loop_break_is_the_last_call_and_dial_tone_follows() {
    let mut bench = bench();
    let first = dialled(&mut bench);
    bench.line(fxo(1), PolarityReversed);
    bench.hang_up(first, Cause::NORMAL_CLEARING);
    bench.pass(1_000);
    bench.dial(FXO, "123", CallerId::default());
    let stream = bench.stream();
    bench.pass(300);
    bench.take();
    bench.line(fxo(1), LoopBreak);
    assert!(bench.take_lines().is_empty());
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::Dial });
    assert_eq!(bench.take(), ["send 123"]);
    bench.settle();
}

#[test]
fn a_reversal_ends_only_a_call_that_a_reversal_answered() {
    let mut bench = bench();
    let leg = rung(&mut bench);
    bench.leg(LegCommand::Answer { leg, connected: None });
    bench.pass(10_000);
    bench.take();
    bench.line(fxo(1), PolarityReversed);
    assert!(bench.take().is_empty(), "nobody knows what it meant");
    bench.settle();
}

#[test]
fn a_tone_of_nowhere_ends_the_call_and_is_remembered() {
    let mut bench = bench();
    let leg = rung(&mut bench);
    bench.leg(LegCommand::Answer { leg, connected: None });
    bench.take();
    let tone = HangupTone { f1: 620, f2: 0, on_ms: 300, off_ms: 200 };
    let stream = bench.stream_of(fxo(1));
    bench.media(MediaEvent::UnknownTone { stream, tone });
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.pass(2_000);
    let leg = rung(&mut bench);
    bench.take();
    bench.leg(LegCommand::Answer { leg, connected: None });
    assert_eq!(bench.take(), ["line 2/1 OffHook", "detect dtmf progress hangup 620/300,200"]);
    bench.settle();
}

#[test]
fn silence_ends_a_call_where_the_line_says_so() {
    let mut config = config(AnswerSupervision::Polarity);
    config.lines[0].silence_s = 60;
    let mut bench = Bench::new(config);
    let leg = rung(&mut bench);
    bench.take();
    bench.leg(LegCommand::Answer { leg, connected: None });
    assert_eq!(bench.take(), ["line 2/1 OffHook", "detect dtmf progress silence 60 s"]);
    let stream = bench.stream_of(fxo(1));
    bench.media(MediaEvent::Silent { stream });
    assert_eq!(bench.take_legs(), ["Ended 16"]);
    bench.settle();
}

#[test]
fn the_recall_key_is_as_long_as_the_country_wants() {
    for (country, ms) in [(Country::GB, 100), (Country::FR, 270), (Country::US, 500)] {
        let mut bench = Bench::new(bench::config(country));
        let leg = bench.dial(FXO, "123", CallerId::default());
        tone(&mut bench, ProgressTone::Dial);
        let stream = bench.stream();
        bench.media(MediaEvent::DigitsSent { stream });
        bench.line(fxo(1), PolarityReversed);
        bench.take();
        bench.leg(LegCommand::Flash { leg });
        assert_eq!(bench.take(), [format!("line 2/1 Flash({ms}ms)")], "{country:?}");
        come_to_rest(&mut bench);
    }
}

#[test]
fn pulses_count_as_the_country_does() {
    for (country, digit) in [(Country::DE, '0'), (Country::SE, '1'), (Country::NZ, '0')] {
        let mut config = bench::config(country);
        config.lines[0].pulse = true;
        let mut bench = Bench::new(config);
        bench.dial(FXO, "0", CallerId::default());
        tone(&mut bench, ProgressTone::Dial);
        bench.pass(1_000);
        let said = bench.take_lines();
        assert_eq!(said.last(), Some(&format!("line 2/1 PulseDigit({digit:?})")), "{country:?}");
        come_to_rest(&mut bench);
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
    assert_eq!(bench.take(), ["open 2/1", "detect V23 any"]);
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

#[test]
fn a_line_is_probed_only_while_nothing_happens_on_it() {
    let probe = |bench: &mut Bench, step| bench.input(Input::Probe { channel: fxo(1), step });
    let mut bench = bench();
    probe(&mut bench, LineProbe::Seize);
    let stream = bench.stream();
    assert_eq!(bench.take(), ["open 2/1", "line 2/1 OffHook"]);
    probe(&mut bench, LineProbe::Seize);
    assert_eq!(bench.take(), ["Refused"], "once is enough");
    probe(&mut bench, LineProbe::Listen(Country::FR));
    assert_eq!(bench.take(), ["detect progress"]);
    bench.media(MediaEvent::ProgressTone { stream, tone: ProgressTone::Dial });
    assert_eq!(bench.take(), ["Heard { country: FR, tone: Dial }"]);
    probe(&mut bench, LineProbe::Release);
    assert_eq!(bench.take(), ["close", "line 2/1 OnHook"]);
    probe(&mut bench, LineProbe::Seize);
    assert_eq!(bench.take(), ["Refused"], "it rests");
    bench.pass(800);
    probe(&mut bench, LineProbe::Release);
    probe(&mut bench, LineProbe::Listen(Country::GB));
    assert_eq!(bench.take(), Vec::<String>::new(), "it has nothing to release");

    // A call has it.
    let leg = dialled(&mut bench);
    bench.take();
    probe(&mut bench, LineProbe::Seize);
    assert_eq!(bench.take(), ["Refused"]);
    bench.leg(LegCommand::Hangup { leg, cause: Cause::NORMAL_CLEARING });
    bench.pass(2_000);
    // A call announces itself, by a reversal and by a ring.
    for event in [PolarityReversed, RingStarted] {
        bench.line(fxo(1), event);
        bench.take();
        probe(&mut bench, LineProbe::Seize);
        assert_eq!(bench.take(), ["Refused"], "{event:?}");
    }
    bench.line(fxo(1), RingStopped);
    bench.settle();
    bench.take();
    // No line is there.
    bench.input(Input::Probe { channel: fxs(1), step: LineProbe::Seize });
    assert_eq!(bench.take(), ["Refused"]);
    bench.line(fxo(1), BatteryLost);
    bench.take();
    probe(&mut bench, LineProbe::Seize);
    assert_eq!(bench.take(), ["Refused"]);
}

#[test]
fn a_probe_ends_when_the_line_is_gone() {
    let mut bench = bench();
    bench.input(Input::Probe { channel: fxo(1), step: LineProbe::Seize });
    bench.take();
    bench.line(fxo(1), Gone);
    assert_eq!(bench.take()[0], "Refused");
    bench.settle();
}
