//! R2 channels on the bench.

use crate::Input;
use crate::bench::cas::{R2, R2_SPAN, gateway};
use crate::bench::{Bench, caller};
use demarc_hal::Alarm;
use demarc_model::config::{R2Category, R2Settings};
use demarc_model::live::ChannelState;
use demarc_model::record::Charge;
use demarc_model::{CallerId, Cause, Config, Country, LegCommand, LegId, MediaEvent, Presentation};
use demarc_r2::{CallMode, Category, ClearReason, Event, Trouble, Variant};
use std::sync::Arc;

fn with(change: impl FnOnce(&mut R2Settings)) -> Config {
    let mut config = gateway(Country::GB);
    change(&mut config.spans[1].r2);
    config
}

fn bench() -> Bench {
    Bench::cas(with(|_| {}))
}

fn offered(slot: u8, ani: Option<&str>, category: Category) -> Event {
    Event::Offered { slot, dnis: "0901".into(), ani: ani.map(Into::into), category }
}

fn disconnected(reason: ClearReason) -> Event {
    Event::Disconnected { slot: 1, reason }
}

/// A call of the far end that waits for our decision.
fn present(bench: &mut Bench) -> LegId {
    bench.r2(Event::Seized { slot: 1 });
    bench.r2(offered(1, Some("7700900123"), Category::National));
    let leg = bench.offer().leg;
    bench.take();
    leg
}

/// A call of ours that was answered.
fn answered(bench: &mut Bench) -> LegId {
    let leg = bench.dial(R2, "+442079460123", CallerId::default());
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Charge });
    bench.r2(Event::Answered { slot: 1 });
    bench.take();
    leg
}

fn ring(leg: LegId) -> LegCommand {
    LegCommand::Ring { leg, in_band: false }
}

fn answer(leg: LegId) -> LegCommand {
    LegCommand::Answer { leg, connected: None }
}

#[test]
fn a_call_out_from_seizure_to_release() {
    let mut bench = bench();
    let leg = bench.dial(R2, "+442079460123", caller("+442079460901"));
    assert_eq!(bench.take(), ["SEIZE 1 -> 02079460123 2079460901 National"]);
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Charge });
    assert_eq!(bench.take(), ["open 4/1", "detect dtmf", "Proceeding 4/1", "Alerting in band"]);
    bench.r2(Event::Answered { slot: 1 });
    assert_eq!(bench.take(), ["Answered"]);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["CLEAR 1 Normal"], "the leg lives until the far end has released");
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_refusal_has_its_cause() {
    for (reason, cause) in [
        (ClearReason::Busy, 17),
        (ClearReason::Unallocated, 1),
        (ClearReason::Congestion, 42),
        (ClearReason::OutOfOrder, 27),
        (ClearReason::NumberChanged, 22),
        (ClearReason::CollectCallRejected, 21),
    ] {
        let mut bench = bench();
        bench.dial(R2, "+442079460123", CallerId::default());
        bench.take();
        bench.r2(disconnected(reason));
        assert_eq!(bench.take(), ["CLEAR 1 Normal".into(), format!("Ended {cause}")]);
        bench.r2(Event::Ended { slot: 1 });
        bench.settle();
    }
}

#[test]
fn the_called_party_hangs_up() {
    let mut bench = bench();
    answered(&mut bench);
    bench.r2(disconnected(ClearReason::Normal));
    assert_eq!(bench.take(), ["CLEAR 1 Normal", "close", "Ended 16"]);
    assert_eq!(bench.room.live_spans()[1].channels[0].state, ChannelState::Busy, "until it is released");
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(bench.room.live_spans()[1].channels[0].state, ChannelState::Guard);
    bench.pass(200);
    assert_eq!(bench.room.live_spans()[1].channels[0].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn what_may_not_be_shown_is_withheld_and_the_category_is_that_of_the_span() {
    let mut bench = Bench::cas(with(|r2| r2.category = R2Category::NationalPriority));
    let withheld = CallerId { presentation: Presentation::Restricted, ..caller("+442079460901") };
    bench.dial(R2, "+442079460123", withheld);
    assert_eq!(bench.take(), ["SEIZE 1 -> 02079460123 withheld NationalPriority"]);
    bench.r2(Event::Trouble { slot: 1, trouble: Trouble::RegisterTimeout });
    bench.r2(Event::Trouble { slot: 2, trouble: Trouble::RegisterTimeout });
    bench.settle();
}

#[test]
fn glare_takes_another_channel() {
    let mut bench = bench();
    let leg = bench.dial(R2, "+442079460123", CallerId::default());
    bench.take();
    bench.r2(disconnected(ClearReason::ForcedRelease));
    assert_eq!(bench.take(), ["CLEAR 1 Normal", "SEIZE 2 -> 02079460123  National"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.r2(Event::Accepted { slot: 2, mode: CallMode::Charge });
    assert_eq!(bench.take_legs(), ["Proceeding 4/2", "Alerting in band"]);
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.r2(Event::Ended { slot: 2 });
    bench.settle();
}

#[test]
fn a_channel_that_fails_is_left_and_one_that_is_refused_is_not_busy() {
    let mut bench = bench();
    bench.dial(R2, "+442079460123", CallerId::default());
    bench.take();
    bench.r2(Event::Trouble { slot: 1, trouble: Trouble::SeizeTimeout });
    assert_eq!(bench.take(), ["SEIZE 2 -> 02079460123  National"]);
    bench.r2(Event::Trouble { slot: 2, trouble: Trouble::NotIdle });
    assert_eq!(bench.take(), ["Ended 34"], "there is no third");
    bench.settle();
}

#[test]
fn signalling_that_breaks_in_mid_call_ends_it_once() {
    let mut bench = bench();
    answered(&mut bench);
    bench.r2(Event::Trouble { slot: 1, trouble: Trouble::LineSignal });
    assert_eq!(bench.take(), ["close", "Ended 41"]);
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(bench.take(), [""; 0]);
    bench.settle();
}

#[test]
fn a_number_without_digits_is_not_sent() {
    let mut bench = bench();
    bench.dial(R2, "*#", CallerId::default());
    assert_eq!(bench.take(), ["Ended 28"]);
    bench.settle();
}

#[test]
fn a_call_in_from_seizure_to_release() {
    let mut bench = bench();
    bench.r2(Event::Seized { slot: 1 });
    assert_eq!(bench.room.live_spans()[1].channels[0].state, ChannelState::Dialling);
    bench.r2(offered(1, Some("7700900123"), Category::National));
    let offer = bench.offer();
    assert_eq!(offer.caller.number.as_deref(), Some("+447700900123"));
    assert_eq!(bench.take(), ["open 4/1", "detect dtmf", "Offered 4/1 +447700900123 -> 0901"]);
    bench.leg(ring(offer.leg));
    assert_eq!(bench.take(), ["ACCEPT 1 Charge", "play 400+450/400 0+0/200"], "we owe the caller ringback");
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Unknown });
    bench.leg(answer(offer.leg));
    assert_eq!(bench.take(), ["ANSWER 1"]);
    bench.r2(disconnected(ClearReason::Normal));
    assert_eq!(bench.take(), ["CLEAR 1 Normal", "close", "Ended 16"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn the_caller_may_be_unknown_withheld_or_short() {
    for (ani, number, presentation) in [
        (None, None, Presentation::Restricted),
        (Some(""), None, Presentation::Unavailable),
        (Some("901"), Some("901"), Presentation::Allowed),
    ] {
        let mut bench = bench();
        bench.r2(offered(1, ani, Category::National));
        let offer = bench.offer();
        assert_eq!((offer.caller.number.as_deref(), offer.caller.presentation), (number, presentation));
        bench.r2(Event::Trouble { slot: 1, trouble: Trouble::Alarm });
        bench.settle();
    }
}

#[test]
fn an_answer_without_ringing_accepts_first() {
    let mut bench = Bench::cas(with(|r2| (r2.charge_calls, r2.double_answer) = (false, true)));
    let leg = present(&mut bench);
    bench.leg(answer(leg));
    assert_eq!(bench.take(), ["ACCEPT 1 NoCharge", "ANSWER 1 twice"]);
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Unknown });
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    assert_eq!(bench.take(), ["CLEAR 1 Normal"]);
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(bench.take(), ["close", "Ended 16"]);
    bench.settle();
}

#[test]
fn a_party_that_is_not_there_is_signalled_before_the_decision() {
    for (cause, reason) in
        [(17, "Busy"), (1, "Unallocated"), (34, "Congestion"), (27, "OutOfOrder"), (16, "Unspecified")]
    {
        let mut bench = bench();
        let leg = present(&mut bench);
        bench.hang_up(leg, Cause::from_received(cause));
        assert_eq!(bench.take(), [format!("CLEAR 1 {reason}")]);
        bench.r2(Event::Ended { slot: 1 });
        assert_eq!(bench.take(), ["close".to_owned(), format!("Ended {cause}")]);
        bench.settle();
    }
}

#[test]
fn after_the_decision_a_tone_explains() {
    let mut bench = bench();
    let leg = present(&mut bench);
    bench.leg(ring(leg));
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Unknown });
    bench.take();
    bench.hang_up(leg, Cause::USER_BUSY);
    assert_eq!(bench.take(), ["play 400+0/375 0+0/375"]);
    bench.r2(disconnected(ClearReason::Normal));
    assert_eq!(bench.take(), ["CLEAR 1 Normal", "close", "Ended 17"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn a_caller_who_listens_to_the_tone_for_ever_is_cleared() {
    let mut bench = bench();
    let leg = present(&mut bench);
    bench.leg(ring(leg));
    bench.hang_up(leg, Cause::USER_BUSY);
    bench.take();
    bench.pass(19_999);
    assert_eq!(bench.take(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.take(), ["CLEAR 1 Normal"]);
    // And when the far end never releases, the channel is kept away from calls until it has.
    bench.pass(100_000);
    assert_eq!(bench.take(), ["close", "Ended 17"]);
    let channel = bench.room.live_spans()[1].channels[0].clone();
    assert_eq!(channel.state, ChannelState::Down);
    assert!(channel.alarm.is_some());
    bench.r2(Event::Ended { slot: 1 });
    bench.pass(200);
    assert_eq!(bench.room.live_spans()[1].channels[0].state, ChannelState::Idle);
    bench.settle();
}

#[test]
fn where_there_is_forced_release_it_says_what_clear_back_cannot() {
    let mut bench = Bench::cas(with(|r2| *r2 = R2Settings::of(Country::BR)));
    let leg = present(&mut bench);
    bench.leg(ring(leg));
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Unknown });
    bench.take();
    bench.hang_up(leg, Cause::USER_BUSY);
    assert_eq!(bench.take(), ["CLEAR 1 ForcedRelease"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn the_callers_register_does_not_wait_for_ever() {
    let mut bench = bench();
    let leg = present(&mut bench);
    bench.leg(LegCommand::Proceed { leg });
    bench.pass(7_999);
    assert_eq!(bench.take(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.take(), ["ACCEPT 1 Charge"]);
    bench.r2(disconnected(ClearReason::Normal));
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn collect_calls_are_refused_unless_they_are_wanted() {
    let mut bench = bench();
    bench.r2(Event::Seized { slot: 1 });
    bench.r2(offered(1, Some("7700900123"), Category::CollectCall));
    assert_eq!(bench.take(), ["CLEAR 1 CollectCallRejected"], "the PBX hears nothing of it");
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SEIZE 2 -> 02079460123  National"], "the channel is not free yet");
    bench.r2(Event::Ended { slot: 1 });
    bench.r2(Event::Trouble { slot: 2, trouble: Trouble::Alarm });

    let mut bench = Bench::cas(with(|r2| r2.allow_collect_calls = true));
    bench.r2(offered(1, Some("7700900123"), Category::CollectCall));
    assert_eq!(bench.take_legs(), ["Offered 4/1 +447700900123 -> 0901"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn a_caller_who_gives_up_among_the_digits_is_nobody() {
    let mut bench = bench();
    bench.r2(Event::Seized { slot: 1 });
    bench.r2(disconnected(ClearReason::Normal));
    assert_eq!(bench.take(), ["CLEAR 1 Normal"]);
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(bench.take(), [""; 0]);
    bench.settle();
}

#[test]
fn pulses_are_charged() {
    let mut bench = bench();
    let leg = answered(&mut bench);
    for units in 1..=3 {
        bench.r2(Event::Pulse { slot: 1 });
        assert_eq!(
            bench.take_legs(),
            [format!("Charge {:?}", Charge { units: Some(units), ..Charge::default() })]
        );
    }
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn keys_of_the_party_are_told() {
    let mut bench = bench();
    bench.dial(R2, "+442079460123", CallerId::default());
    bench.r2(Event::Accepted { slot: 1, mode: CallMode::Charge });
    let stream = bench.stream();
    bench.media(MediaEvent::Digit { stream, digit: '5' });
    bench.r2(Event::Answered { slot: 1 });
    bench.take();
    bench.media(MediaEvent::Digit { stream, digit: '7' });
    assert_eq!(bench.take(), ["Digit 7"]);
    bench.r2(disconnected(ClearReason::Normal));
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn a_blocked_channel_and_one_on_guard_are_not_seized() {
    let mut bench = bench();
    bench.r2(Event::FarEnd { slot: 1, idle: false });
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SEIZE 2 -> 02079460123  National"]);
    bench.r2(disconnected(ClearReason::Busy));
    bench.r2(Event::Ended { slot: 2 });
    bench.take();
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 34"]);
    bench.r2(Event::FarEnd { slot: 2, idle: false });
    bench.pass(200);
    let trunk = bench.room.live_trunks().remove(2);
    assert_eq!((trunk.up, trunk.reason.as_deref()), (false, Some("the far end blocks every channel")));
    bench.settle();
}

#[test]
fn an_alarm_keeps_calls_away_and_says_so() {
    let mut bench = bench();
    bench.input(Input::Alarms { span: R2_SPAN, alarms: vec![Alarm::Red] });
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38"]);
    let trunk = bench.room.live_trunks().remove(2);
    assert_eq!(trunk.reason.as_deref(), Some("red alarm: no signal arrives"));
    bench.input(Input::Alarms { span: R2_SPAN, alarms: vec![] });
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SEIZE 1 -> 02079460123  National"]);
    bench.r2(Event::Trouble { slot: 1, trouble: Trouble::Internal });
    bench.r2(Event::Trouble { slot: 2, trouble: Trouble::Internal });
    bench.settle();
}

#[test]
fn the_death_of_the_helper_ends_every_call_with_41() {
    let mut bench = bench();
    answered(&mut bench);
    bench.r2(Event::Seized { slot: 2 });
    bench.input(Input::HelperGone { span: R2_SPAN });
    assert_eq!(bench.take(), ["close", "Ended 41"]);
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["Ended 38"]);
    bench.r2(Event::Opened { slot: 1 });
    bench.r2(Event::FarEnd { slot: 1, idle: true });
    bench.dial(R2, "+442079460123", CallerId::default());
    assert_eq!(bench.take(), ["SEIZE 1 -> 02079460123  National"]);
    bench.r2(Event::Gone { slot: 1 });
    assert_eq!(bench.take(), ["Ended 41"]);
    bench.settle();
}

#[test]
fn new_settings_wait_for_the_last_call() {
    let mut bench = bench();
    let leg = answered(&mut bench);
    bench.input(Input::Config(Arc::new(with(|r2| *r2 = R2Settings::of(Country::MX)))));
    let variant = |bench: &Bench| bench.room.r2_settings(R2_SPAN).map(|settings| settings.variant);
    assert_eq!(variant(&bench), Some(Variant::Itu));
    bench.hang_up(leg, Cause::NORMAL_CLEARING);
    bench.r2(Event::Ended { slot: 1 });
    assert_eq!(variant(&bench), Some(Variant::Mexico));
    bench.settle();
}

#[test]
fn signals_are_arrows_from_the_first_one_on() {
    let mut bench = bench();
    let signal = |outgoing, words: &str| Event::Signal { slot: 1, outgoing, words: words.into() };
    bench.r2(Event::Seized { slot: 1 });
    bench.r2(signal(true, "SEIZE ACK"));
    bench.r2(signal(false, "1 on"));
    bench.r2(offered(1, None, Category::National));
    let leg = bench.offer().leg;
    bench.r2(signal(true, "6 on"));
    let arrows: Vec<_> =
        bench.take_ladder().into_iter().filter(|(of, _)| *of == leg).map(|(_, l)| l).collect();
    assert_eq!(arrows, ["SEIZE ACK", "1 on", "6 on"]);
    bench.r2(Event::Ended { slot: 1 });
    bench.settle();
}

#[test]
fn events_in_impossible_orders_break_nothing() {
    let events = |slot| {
        vec![
            Event::Opened { slot },
            Event::Gone { slot },
            Event::FarEnd { slot, idle: true },
            Event::Seized { slot },
            offered(slot, None, Category::National),
            Event::Accepted { slot, mode: CallMode::Charge },
            Event::Answered { slot },
            Event::Pulse { slot },
            Event::Disconnected { slot, reason: ClearReason::ForcedRelease },
            Event::Ended { slot },
            Event::Trouble { slot, trouble: Trouble::NotIdle },
        ]
    };
    let mut seed = 7_u32;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    let mut bench = bench();
    for _ in 0..20_000 {
        let slot = [1, 2, 16, 31][next(4)];
        match next(8) {
            0 => {
                bench.dial(R2, "+442079460123", CallerId::default());
            }
            1 => {
                let legs = bench.legs();
                if let Some(leg) = legs.get(next(legs.len().max(1))) {
                    let leg = *leg;
                    let command = match next(4) {
                        0 => ring(leg),
                        1 => answer(leg),
                        2 => LegCommand::Proceed { leg },
                        _ => LegCommand::Hangup { leg, cause: Cause::USER_BUSY },
                    };
                    bench.leg(command);
                }
            }
            2 => bench.pass(next(3000) as u64),
            _ => {
                let mut events = events(slot);
                let event = events.swap_remove(next(events.len()));
                bench.r2(event);
            }
        }
        bench.take();
    }
    for slot in 1..=31 {
        bench.r2(Event::Ended { slot });
    }
    bench.settle();
}
