//! BRI: point to point, and a bus.

use super::bench::{Bench, quick};
use demarc_isdn::command::Mwi;
use demarc_isdn::{Command, Event, Interface, Layer2, PartyNumber, Settings};

fn settings(interface: Interface) -> Settings {
    Settings { interface, supplementary: true, timers: quick(), ..Settings::default() }
}

#[test]
fn both_directions_point_to_point() {
    let mut bench = Bench::of(&settings(Interface::BriPtp));
    let (near, far) = bench.call(1);
    let (second, other) = bench.call_back(2);
    bench.clear(near, far);
    bench.clear(second, other);
    // One octet of call reference.
    assert!(bench.user.ladder.iter().all(|(.., octets)| octets[1] == 1));
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

/// Requests for a TEI and its assignment in layer 2 management frames (SAPI 63, Q.921 §5.3.2).
fn management(bench: &Bench) -> Vec<u8> {
    let frames = bench.frames.iter().map(|(_, frame)| frame);
    let types = frames.filter(|frame| frame[0] >> 2 == 63 && frame[3] == 0x0F).map(|frame| frame[6]);
    types.filter(|kind| matches!(kind, 1 | 2)).collect()
}

#[test]
fn a_terminal_on_the_bus_gets_its_tei_and_calls() {
    let mut bench = Bench::of(&settings(Interface::BriPtmp));
    let (far, near) = bench.call_back(1);
    assert_eq!(management(&bench), [1, 2], "identity request, identity assigned");
    let tei = bench.frames.iter().find(|(_, frame)| frame[0] >> 2 == 63 && frame[6] == 2).unwrap().1[7] >> 1;
    assert!((64..=126).contains(&tei));
    // Its frames carry it.
    let numbered = |(_, frame): &&(bool, Vec<u8>)| frame[0] >> 2 == 0 && frame[2] & 1 == 0;
    assert!(bench.frames.iter().filter(numbered).all(|(_, frame)| frame[1] >> 1 == tei));
    bench.clear(far, near);
}

#[test]
fn a_call_is_broadcast_on_the_bus_and_one_terminal_takes_it() {
    let mut bench = Bench::of(&settings(Interface::BriPtmp));
    // The terminal is there once it has had a TEI.
    let (far, near) = bench.call_back(1);
    bench.clear(far, near);
    bench.frames.clear();
    let (near, far) = bench.call(2);
    let (_, setup) = bench.frames.iter().find(|(down, frame)| *down && frame[2] == 0x03).unwrap();
    assert_eq!((setup[0] >> 2, setup[1] >> 1), (0, 127), "a UI frame to all");
    bench.user.send(Command::Hold { call: far });
    bench.network_says(&Event::Hold { call: near });
    bench.network.send(Command::HoldAck { call: near });
    bench.user_says(&Event::HoldAck { call: far });
    bench.user.send(Command::Retrieve { call: far, channel: None });
    bench.network("RETRIEVE", |event| matches!(event, Event::Retrieve { .. }).then_some(()));
    bench.network.send(Command::RetrieveAck { call: near, interface: 0, slot: 1 });
    bench.user_says(&Event::RetrieveAck { call: far, interface: 0, slot: 1 });
    bench.clear(near, far);
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

#[test]
fn a_broadcast_call_that_the_terminal_refuses_or_nobody_hears_ends() {
    let mut bench = Bench::of(&settings(Interface::BriPtmp));
    let (far, near) = bench.call_back(1);
    bench.clear(far, near);
    let wanted = bench.network.setup("201");
    let near = wanted.call;
    bench.network.send(Command::Setup(wanted));
    let far = bench.user("SETUP", |event| match event {
        Event::Setup(setup) => Some(setup.call),
        _ => None,
    });
    bench.user.send(Command::Clear { call: far, cause: 17 });
    bench.user_says(&Event::Cleared { call: far, cause: 17 });
    let cause = bench.network("the end", |event| match event {
        Event::Cleared { call, cause } if *call == near => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, 17);
    // The bus is empty.
    bench.cables[0].plugged = false;
    let wanted = bench.network.setup("201");
    let near = wanted.call;
    bench.network.send(Command::Setup(wanted));
    let cause = bench.network("the end", |event| match event {
        Event::Cleared { call, cause } if *call == near => Some(*cause),
        _ => None,
    });
    assert_eq!(cause, 18, "no user responding");
}

#[test]
fn messages_waiting_are_told_to_the_terminals() {
    let mut bench = Bench::of(&settings(Interface::BriPtmp));
    let (far, near) = bench.call_back(1);
    bench.clear(far, near);
    let party = |digits: &str| PartyNumber { digits: digits.into(), npi: 1, ..PartyNumber::default() };
    let news = Mwi { mailbox: party("201"), messages: 3, voicemail: Some(party("250")) };
    bench.network.send(Command::Mwi(Box::new(news)));
    let got = bench.user("messages", |event| match event {
        Event::Mwi(news) => Some((**news).clone()),
        _ => None,
    });
    assert_eq!((got.mailbox.digits.as_str(), got.messages), ("201", 3));
    assert_eq!(got.voicemail.unwrap().digits, "250");
}

#[test]
fn layer_2_of_a_bus_can_be_kept_up() {
    let kept = Settings { layer_2: Layer2::KeepUp, ..settings(Interface::BriPtmp) };
    let mut bench = Bench::of(&kept);
    // SABME without any call.
    let sabme = |frame: &[u8]| frame[0] >> 2 == 0 && frame[2] & 0xEF == 0x6F;
    bench.until("SABME", |bench| bench.frames.iter().any(|(_, frame)| sabme(frame)));
    assert!(bench.user.ladder.is_empty());
}

#[test]
fn a_restart_on_a_bus_does_not_exist() {
    let mut bench = Bench::of(&settings(Interface::BriPtmp));
    bench.network.send(Command::Restart { interface: 0, slot: 1 });
    bench.network_says(&Event::RestartTimeout { interface: 0, slot: 1 });
    bench.user.send(Command::Restart { interface: 0, slot: 1 });
    bench.user_says(&Event::RestartTimeout { interface: 0, slot: 1 });
}
