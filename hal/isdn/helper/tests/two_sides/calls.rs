//! Calls as they should be.

use super::bench::Bench;
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::{Bearer, CallRef, ChannelChoice, Command, Dialect, Event, PartyNumber};

fn number(digits: &str) -> PartyNumber {
    PartyNumber { digits: digits.into(), ton: 2, npi: 1, presentation: 0, screening: 3 }
}

fn setup(event: &Event) -> Option<IncomingSetup> {
    match event {
        Event::Setup(setup) => Some((**setup).clone()),
        _ => None,
    }
}

fn cleared(call: CallRef) -> impl Fn(&Event) -> Option<u8> {
    move |event| match event {
        Event::Cleared { call: of, cause } if *of == call => Some(*cause),
        _ => None,
    }
}

fn disconnect(call: CallRef) -> impl Fn(&Event) -> Option<(u8, bool)> {
    move |event| match event {
        Event::Disconnect { call: of, cause, in_band } if *of == call => Some((*cause, *in_band)),
        _ => None,
    }
}

fn is(wanted: Event) -> impl Fn(&Event) -> Option<()> {
    move |event| (*event == wanted).then_some(())
}

/// The network calls the user and is answered: the calls' names on both sides.
fn answered(bench: &mut Bench) -> (CallRef, CallRef) {
    let wanted = bench.network.setup("02079460001");
    let near = wanted.call;
    bench.network.send(Command::Setup(wanted));
    let far = bench.user("SETUP", setup).call;
    bench.user.send(Command::Connect { call: far, connected: None });
    bench.network("CONNECT", is(Event::Connect { call: near, connected: None }));
    (near, far)
}

#[test]
fn a_call_from_the_network_with_everything_in_it() {
    let mut bench = Bench::up(false);
    let mut wanted = bench.network.setup("02079460001");
    let near = wanted.call;
    wanted.channel = ChannelChoice { interface: 0, slot: 17, exclusive: true };
    wanted.calling = Some(number("2079460123"));
    wanted.name = Some("Ada Lovelace".into());
    wanted.redirecting = Some(PartyNumber { screening: 0, ..number("2079460500") });
    wanted.bearer = Bearer::Audio31k;
    bench.network.send(Command::Setup(wanted));

    let got = bench.user("SETUP", setup);
    let far = got.call;
    assert_eq!(far.0 % 2, 0);
    assert_eq!(got.channel, ChannelChoice { interface: 0, slot: 17, exclusive: true });
    assert_eq!((got.called.digits.as_str(), got.called.npi, got.complete), ("02079460001", 1, true));
    assert_eq!(got.calling, Some(number("2079460123")));
    assert_eq!(got.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(got.redirecting.unwrap().digits, "2079460500");
    assert_eq!(got.bearer, Bearer::Audio31k);

    bench.user.send(Command::Proceeding { call: far, in_band: false });
    bench.network("PROCEEDING", is(Event::Proceeding { call: near, interface: 0, slot: 17, in_band: false }));
    bench.user.send(Command::Alerting { call: far, in_band: true });
    bench.network("ALERTING", is(Event::Alerting { call: near, in_band: true }));
    let connected = PartyNumber { screening: 1, ..number("2079460001") };
    bench.user.send(Command::Connect { call: far, connected: Some(connected.clone()) });
    bench.network("CONNECT", is(Event::Connect { call: near, connected: Some(connected) }));

    bench.network.send(Command::Clear { call: near, cause: 16 });
    assert_eq!(bench.user("DISCONNECT", disconnect(far)), (16, false));
    bench.user.send(Command::Clear { call: far, cause: 16 });
    assert_eq!(bench.network("clear", cleared(near)), 16);
    assert_eq!(bench.user("clear", cleared(far)), 16);

    assert_eq!(
        bench.user.shown(far),
        [
            "< SETUP",
            "> CALL PROCEEDING",
            "> ALERTING",
            "> CONNECT",
            "< CONNECT ACKNOWLEDGE",
            "< DISCONNECT",
            "> RELEASE",
            "< RELEASE COMPLETE"
        ]
    );
    assert_eq!(bench.network.shown(near).len(), 8);
    let detail = bench.user.detail("SETUP");
    for line in [
        "Sending complete",
        "Bearer capability: 3.1 kHz audio, circuit mode, 64 kbit/s, A-law",
        "Channel identification: B channel 17, exclusive",
        "Display: Ada Lovelace",
        "Calling party number: 2079460123, national, E.164, presentation allowed, network provided",
        "Called party number: 02079460001, unknown type, E.164",
    ] {
        assert!(detail.contains(line), "{line} is not in {detail}");
    }
    assert_eq!((bench.network.rest(), bench.user.rest()), (vec![], vec![]));
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

#[test]
fn a_call_from_the_user_cleared_by_the_other_side() {
    let mut bench = Bench::up(false);
    let mut wanted = bench.user.setup("2001");
    let near = wanted.call;
    wanted.calling = Some(number("2079460124"));
    bench.user.send(Command::Setup(wanted));
    let got = bench.network("SETUP", setup);
    assert_eq!(got.calling.unwrap().digits, "2079460124");
    bench.network.send(Command::Proceeding { call: got.call, in_band: true });
    bench.user("PROCEEDING", is(Event::Proceeding { call: near, interface: 0, slot: 1, in_band: true }));
    bench.network.send(Command::Alerting { call: got.call, in_band: false });
    bench.user("ALERTING", is(Event::Alerting { call: near, in_band: false }));
    bench.network.send(Command::Connect { call: got.call, connected: None });
    bench.user("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
    bench.network.send(Command::Clear { call: got.call, cause: 31 });
    assert_eq!(bench.user("DISCONNECT", disconnect(near)), (31, false));
    bench.user.send(Command::Clear { call: near, cause: 16 });
    assert_eq!(bench.user("clear", cleared(near)), 31);
    assert_eq!(bench.network("clear", cleared(got.call)), 31);
}

#[test]
fn every_cause_arrives_in_every_state() {
    let mut bench = Bench::up(false);
    let causes = [
        1, 3, 16, 17, 18, 19, 20, 21, 22, 26, 27, 28, 31, 34, 38, 41, 42, 44, 47, 57, 58, 65, 79, 81, 82, 88,
        102, 111, 127,
    ];
    for cause in causes {
        for state in ["present", "proceeding", "alerting", "active"] {
            let wanted = bench.network.setup("02079460001");
            let near = wanted.call;
            bench.network.send(Command::Setup(wanted));
            let far = bench.user("SETUP", setup).call;
            match state {
                "proceeding" => bench.user.send(Command::Proceeding { call: far, in_band: false }),
                "alerting" => bench.user.send(Command::Alerting { call: far, in_band: false }),
                "active" => bench.user.send(Command::Connect { call: far, connected: None }),
                _ => {}
            }
            bench.user.send(Command::Clear { call: far, cause });
            if state != "present" {
                let got = bench.network("DISCONNECT", disconnect(near));
                assert_eq!(got, (cause, false), "{state}");
                bench.network.send(Command::Clear { call: near, cause: 16 });
            }
            assert_eq!(bench.network("clear", cleared(near)), cause, "{state}");
            assert_eq!(bench.user("clear", cleared(far)), cause, "{state}");
            if state == "present" {
                assert_eq!(bench.user.shown(far), ["< SETUP", "> RELEASE COMPLETE"], "{cause}");
            }
            bench.network.forget();
            bench.user.forget();
        }
    }
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

#[test]
fn the_caller_gives_up_before_any_answer() {
    let mut bench = Bench::up(false);
    let wanted = bench.network.setup("02079460001");
    let near = wanted.call;
    bench.network.send(Command::Setup(wanted));
    bench.network.send(Command::Clear { call: near, cause: 16 });
    let far = bench.user("SETUP", setup).call;
    // Nothing was sent in answer, so the call is over at once.
    assert_eq!(bench.user("clear", cleared(far)), 16);
    assert_eq!(bench.network("clear", cleared(near)), 16);
    assert_eq!(bench.user.shown(far), ["< SETUP", "< DISCONNECT", "> RELEASE COMPLETE"]);
    assert_eq!((bench.network.rest(), bench.user.rest()), (vec![], vec![]));
}

#[test]
fn digits_come_one_by_one() {
    let mut bench = Bench::up(true);
    let mut wanted = bench.user.setup("20");
    let near = wanted.call;
    wanted.complete = false;
    bench.user.send(Command::Setup(wanted));
    let got = bench.network("SETUP", setup);
    assert_eq!((got.called.digits.as_str(), got.complete), ("20", false));
    bench.network.send(Command::SetupAck { call: got.call, in_band: true });
    bench.user("SETUP ACK", is(Event::SetupAck { call: near, interface: 0, slot: 1, in_band: true }));
    bench.user.send(Command::Information { call: near, digits: "79#".into() });
    for digit in ["7", "9", "#"] {
        let digits = digit.to_owned();
        bench.network(digit, is(Event::Information { call: got.call, digits, complete: false }));
    }
    bench.network.send(Command::Proceeding { call: got.call, in_band: false });
    bench.user("PROCEEDING", is(Event::Proceeding { call: near, interface: 0, slot: 1, in_band: false }));
}

#[test]
fn overlap_can_begin_without_any_digit() {
    let mut bench = Bench::up(true);
    let mut wanted = bench.user.setup("");
    let near = wanted.call;
    wanted.complete = false;
    bench.user.send(Command::Setup(wanted));
    let got = bench.network("SETUP", setup);
    assert_eq!((got.called.digits.as_str(), got.complete), ("", false));
    bench.network.send(Command::SetupAck { call: got.call, in_band: true });
    bench.user("SETUP ACK", is(Event::SetupAck { call: near, interface: 0, slot: 1, in_band: true }));
    bench.user.send(Command::Information { call: near, digits: "2".into() });
    let digits = "2".to_owned();
    bench.network("2", is(Event::Information { call: got.call, digits, complete: false }));
}

#[test]
fn early_media_is_announced_and_a_failing_call_too() {
    let mut bench = Bench::up(false);
    let wanted = bench.user.setup("2002");
    let near = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let far = bench.network("SETUP", setup).call;
    bench.network.send(Command::Progress { call: far, in_band: true, cause: None });
    bench.user("PROGRESS", is(Event::Progress { call: near, in_band: true, cause: None }));
    bench.network.send(Command::Progress { call: far, in_band: true, cause: Some(1) });
    bench.user("PROGRESS", is(Event::Progress { call: near, in_band: true, cause: Some(1) }));
    // A second PROCEEDING does not exist; what it says goes into PROGRESS.
    bench.network.send(Command::Proceeding { call: far, in_band: true });
    bench.user("PROGRESS", is(Event::Progress { call: near, in_band: true, cause: None }));
}

#[test]
fn a_tone_after_disconnect_and_the_release_when_it_is_over() {
    let mut bench = Bench::up(false);
    // The network ends the tone.
    let wanted = bench.user.setup("2003");
    let near = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let far = bench.network("SETUP", setup).call;
    bench.network.send(Command::DisconnectInBand { call: far, cause: 17 });
    assert_eq!(bench.user("DISCONNECT", disconnect(near)), (17, true));
    bench.network.send(Command::Clear { call: far, cause: 17 });
    assert_eq!(bench.user("clear", cleared(near)), 17);
    assert_eq!(bench.network("clear", cleared(far)), 17);
    assert_eq!(
        bench.network.shown(far),
        ["< SETUP", "> CALL PROCEEDING", "> DISCONNECT", "> RELEASE", "< RELEASE COMPLETE"]
    );
    // The caller has heard enough.
    let wanted = bench.user.setup("2003");
    let near = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let far = bench.network("SETUP", setup).call;
    bench.network.send(Command::DisconnectInBand { call: far, cause: 1 });
    assert_eq!(bench.user("DISCONNECT", disconnect(near)), (1, true));
    bench.user.send(Command::Clear { call: near, cause: 16 });
    assert_eq!(bench.user("clear", cleared(near)), 1);
    assert_eq!(bench.network("clear", cleared(far)), 1);
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

#[test]
fn a_withheld_number_stays_withheld_and_may_have_no_digits() {
    let mut bench = Bench::up(false);
    for digits in ["2079460125", ""] {
        let mut wanted = bench.user.setup("2001");
        let near = wanted.call;
        let withheld = PartyNumber { presentation: 1, ..number(digits) };
        wanted.calling = Some(withheld.clone());
        bench.user.send(Command::Setup(wanted));
        let got = bench.network("SETUP", setup);
        assert_eq!(got.calling, Some(withheld));
        bench.network.send(Command::Clear { call: got.call, cause: 21 });
        assert_eq!(bench.user("clear", cleared(near)), 21);
    }
}

#[test]
fn the_network_may_move_a_call_to_another_channel() {
    let mut bench = Bench::up(false);
    let wanted = bench.user.setup("2001");
    let near = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let far = bench.network("SETUP", setup).call;
    bench.network.send(Command::UseChannel { call: far, interface: 0, slot: 9 });
    bench.network.send(Command::Proceeding { call: far, in_band: false });
    bench.user("PROCEEDING", is(Event::Proceeding { call: near, interface: 0, slot: 9, in_band: false }));
}

#[test]
fn two_setups_for_one_channel_cross() {
    let mut bench = Bench::up(false);
    let (ours, theirs) = (bench.user.setup("2001"), bench.network.setup("02079460001"));
    let (outgoing, incoming) = (ours.call, theirs.call);
    bench.user.send(Command::Setup(ours));
    bench.network.send(Command::Setup(theirs));
    let at_network = bench.network("SETUP", setup);
    let at_user = bench.user("SETUP", setup);
    assert_eq!(at_network.channel.slot, at_user.channel.slot);
    // The network's call wins (§5.7); the user's is told that the channel is taken.
    bench.network.send(Command::Clear { call: at_network.call, cause: 44 });
    assert_eq!(bench.user("clear", cleared(outgoing)), 44);
    bench.user.send(Command::Connect { call: at_user.call, connected: None });
    bench.network("CONNECT", is(Event::Connect { call: incoming, connected: None }));
}

#[test]
fn a_restart_clears_the_calls_on_its_channel_only() {
    let mut bench = Bench::up(false);
    let (near, far) = answered(&mut bench);
    let mut other = bench.network.setup("02079460002");
    other.channel.slot = 2;
    bench.network.send(Command::Setup(other));
    let kept = bench.user("SETUP", setup).call;
    bench.network.send(Command::Restart { interface: 0, slot: 1 });
    assert_eq!(bench.user("clear", cleared(far)), 41);
    bench.user("restart", is(Event::Restarted { interface: 0, slot: Some(1) }));
    assert!(!bench.user.seen(|event| matches!(event, Event::Cleared { call, .. } if *call == kept)));
    // The side that restarts clears its own call by itself, and is not left hanging.
    bench.network.send(Command::Clear { call: near, cause: 41 });
    assert_eq!(bench.network("clear", cleared(near)), 41);
}

#[test]
fn other_dialects_carry_calls_too() {
    for dialect in [Dialect::Ni2, Dialect::Dms100, Dialect::Att5ess, Dialect::Att4ess, Dialect::Qsig] {
        let mut bench = Bench::with(dialect, false);
        let (near, far) = answered(&mut bench);
        bench.user.send(Command::Clear { call: far, cause: 16 });
        assert_eq!(bench.network("DISCONNECT", disconnect(near)), (16, false), "{dialect:?}");
        bench.network.send(Command::Clear { call: near, cause: 16 });
        assert_eq!(bench.user("clear", cleared(far)), 16, "{dialect:?}");
        assert_eq!(bench.network("clear", cleared(near)), 16, "{dialect:?}");
    }
}

#[test]
fn thirty_calls_at_once() {
    let mut bench = Bench::up(false);
    let slots: Vec<u8> = (1..=31).filter(|slot| *slot != 16).collect();
    let mut near = Vec::new();
    for slot in &slots {
        let mut wanted = bench.network.setup("02079460001");
        wanted.channel = ChannelChoice { interface: 0, slot: *slot, exclusive: true };
        near.push(wanted.call);
        bench.network.send(Command::Setup(wanted));
    }
    let mut far = Vec::new();
    for slot in &slots {
        let got = bench.user("SETUP", setup);
        assert_eq!(got.channel.slot, *slot);
        bench.user.send(Command::Connect { call: got.call, connected: None });
        far.push(got.call);
    }
    for call in &near {
        bench.network("CONNECT", is(Event::Connect { call: *call, connected: None }));
        bench.network.send(Command::Clear { call: *call, cause: 16 });
    }
    for call in &far {
        assert_eq!(bench.user("DISCONNECT", disconnect(*call)), (16, false));
        bench.user.send(Command::Clear { call: *call, cause: 16 });
    }
    for (near, far) in near.into_iter().zip(far) {
        assert_eq!(bench.network("clear", cleared(near)), 16);
        assert_eq!(bench.user("clear", cleared(far)), 16);
    }
}
