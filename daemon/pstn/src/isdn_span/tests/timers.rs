//! Timers of the network's patience, and SETUP that nobody answers.

use super::{OURS, cleared, network, overlap, proceeding, user};
use crate::bench::{Bench, PRI, incoming};
use demarc_isdn::{CallRef, Event};
use demarc_model::{CallerId, Cause, Instant, LegCommand};

fn dial(bench: &mut Bench) {
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.take();
}

/// How long until the next timeout, in seconds, and what for.
fn due(bench: &Bench) -> Option<(u64, &'static str)> {
    let since = |at: Instant| at.since(bench.now.mono).as_secs();
    bench.room.poll_timeout().map(|(at, why)| (since(at), why))
}

#[test]
fn each_state_has_its_timer() {
    let mut bench = Bench::up(overlap(user()));
    dial(&mut bench);
    assert_eq!(due(&bench), None, "T303 is the helper's");
    bench.isdn(Event::SetupAck { call: OURS, interface: 0, slot: 31, in_band: false });
    assert_eq!(due(&bench), Some((30, "T304")));
    bench.isdn(proceeding(OURS, 31));
    assert_eq!(due(&bench), Some((120, "T310")));
    bench.isdn(Event::Alerting { call: OURS, in_band: false });
    assert_eq!(due(&bench), Some((180, "T301")));
    bench.isdn(Event::Connect { call: OURS, connected: None });
    assert_eq!(due(&bench), None);
    bench.settle();
}

#[test]
fn what_is_in_band_stops_the_timers_but_t301() {
    let mut bench = Bench::up(user());
    dial(&mut bench);
    bench.isdn(proceeding(OURS, 31));
    bench.isdn(Event::Progress { call: OURS, in_band: true, cause: None });
    assert_eq!(due(&bench), None, "an announcement may last");
    bench.isdn(Event::Alerting { call: OURS, in_band: true });
    bench.isdn(Event::Progress { call: OURS, in_band: true, cause: None });
    assert_eq!(due(&bench), Some((180, "T301")));
    bench.settle();
}

#[test]
fn a_timer_ends_the_call_with_its_cause() {
    for (seconds, expected, event) in [
        (30, 28, Event::SetupAck { call: OURS, interface: 0, slot: 31, in_band: false }),
        (120, 102, proceeding(OURS, 31)),
        (180, 19, Event::Alerting { call: OURS, in_band: false }),
    ] {
        let mut bench = Bench::up(overlap(user()));
        dial(&mut bench);
        bench.isdn(event);
        bench.take();
        bench.pass(seconds * 1000);
        assert_eq!(bench.take(), [format!("CLEAR {expected}")]);
        bench.isdn(cleared(OURS, 16));
        assert_eq!(bench.take(), ["close".to_owned(), format!("Ended {expected}")]);
        bench.settle();
    }
}

#[test]
fn who_calls_for_help_waits_without_end() {
    let mut bench = Bench::up(user());
    let mut dial = bench.a_dial(PRI, "999", CallerId::default());
    dial.emergency = true;
    bench.leg(LegCommand::Dial(Box::new(dial)));
    bench.isdn(proceeding(OURS, 31));
    bench.isdn(Event::Alerting { call: OURS, in_band: false });
    assert_eq!(due(&bench), None);
    bench.settle();
}

#[test]
fn timers_can_be_set() {
    let mut config = overlap(network());
    config.spans[0].isdn.timers.t302_s = Some(4);
    config.spans[0].isdn.timers.t306_s = Some(7);
    let mut bench = Bench::up(config);
    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    setup.complete = false;
    bench.isdn(Event::Setup(setup));
    let leg = bench.offer().leg;
    bench.leg(LegCommand::NeedDigits { leg, dial_tone: true });
    assert_eq!(due(&bench), Some((4, "T302")));
    bench.hang_up(leg, Cause::INVALID_NUMBER_FORMAT);
    assert_eq!(due(&bench), Some((7, "T306")));
    bench.settle();
}

#[test]
fn setup_without_any_answer_is_102_whatever_the_stack_calls_it() {
    for cause in [18, 102] {
        let mut bench = Bench::up(user());
        dial(&mut bench);
        bench.isdn(cleared(OURS, cause));
        assert_eq!(bench.take(), ["Ended 102"], "cause {cause}");
        bench.settle();
    }
}

#[test]
fn a_far_end_that_says_18_has_said_it() {
    let mut bench = Bench::up(user());
    dial(&mut bench);
    // RELEASE COMPLETE with cause 18 crossed the D channel.
    let octets = vec![0x08, 0x02, 0x80, 0x01, 0x5A, 0x08, 0x02, 0x81, 0x92];
    bench.isdn(Event::Frame { call: Some(OURS), outgoing: false, octets });
    bench.isdn(cleared(OURS, 18));
    assert_eq!(bench.take(), ["Ended 18"]);
    dial(&mut bench);
    bench.isdn(Event::Disconnect { call: CallRef(3), cause: 18, in_band: false });
    bench.isdn(cleared(CallRef(3), 16));
    assert_eq!(bench.take(), ["CLEAR 18", "Ended 18"]);
    bench.settle();
}

#[test]
fn a_hash_in_setup_ends_dialling_but_not_in_a_code() {
    for (digits, called, complete) in
        [("2079460901#", "2079460901", true), ("*21*#", "*21*#", false), ("207", "207", false)]
    {
        let mut bench = Bench::up(overlap(user()));
        let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
        setup.called = crate::bench::party(digits, 0);
        setup.complete = false;
        bench.isdn(Event::Setup(setup));
        let offer = bench.offer();
        assert_eq!((offer.called.as_str(), offer.complete), (called, complete));
        bench.settle();
    }
}
