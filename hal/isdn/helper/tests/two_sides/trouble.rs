//! Calls as they sometimes are.

use super::bench::Bench;
use demarc_isdn::socket::Socket;
use demarc_isdn::{Command, Event};
use std::path::Path;
use std::process::Stdio;

fn cleared(event: &Event) -> Option<u8> {
    match event {
        Event::Cleared { cause, .. } => Some(*cause),
        _ => None,
    }
}

#[test]
fn a_cut_d_channel_takes_layer_2_and_its_calls_down() {
    let mut bench = Bench::up(false);
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    let far = bench.user("SETUP", |event| match event {
        Event::Setup(setup) => Some(setup.call),
        _ => None,
    });
    bench.user.send(Command::Connect { call: far, connected: None });
    bench.network("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));

    bench.plugged = false;
    let down = |event: &Event| (*event == Event::Down).then_some(());
    bench.network("network down", down);
    bench.user("user down", down);
    // T309 gives a connected call some time; then it is over, with "destination out of order".
    assert_eq!(bench.network("clear", cleared), 27);
    assert_eq!(bench.user("clear", cleared), 27);
    // Nothing begins while layer 2 is down.
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    assert_eq!(bench.network("refused", cleared), 38);

    bench.plugged = true;
    let up = |event: &Event| (*event == Event::Up).then_some(());
    bench.network("network up", up);
    bench.user("user up", up);
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    bench.user("SETUP", |event| matches!(event, Event::Setup(_)).then_some(()));
}

#[test]
fn a_killed_helper_is_a_dead_d_channel_to_the_other_side() {
    let mut bench = Bench::up(false);
    bench.user.child.kill().unwrap();
    bench.network("down", |event| (*event == Event::Down).then_some(()));
}

#[test]
fn rubbish_and_late_commands_are_only_noted() {
    let mut bench = Bench::up(false);
    bench.network.send_rubbish();
    bench
        .until("a warning", |bench| bench.network.warnings.iter().any(|line| line.contains("not a message")));
    bench.network.send(Command::Clear { call: demarc_isdn::CallRef(77), cause: 16 });
    let even = demarc_isdn::CallRef(4);
    let mut wanted = bench.network.setup("1");
    wanted.call = even;
    bench.network.send(Command::Setup(wanted));
    bench.until("a warning", |bench| bench.network.warnings.iter().any(|line| line.contains("cannot begin")));
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    bench.user("SETUP", |event| matches!(event, Event::Setup(_)).then_some(()));
}

/// A small generator, so that the same rubbish comes every time.
fn rubbish(seed: &mut u64) -> u8 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    u8::try_from(*seed >> 56).unwrap()
}

#[test]
fn malformed_messages_by_the_hundred_thousand_do_not_wedge_it() {
    let mut bench = Bench::up(false);
    let mut seed = 7;
    let good = [
        0x08, 0x02, 0x00, 0x05, 0x05, 0x04, 0x03, 0x80, 0x90, 0xA3, 0x18, 0x03, 0xA9, 0x83, 0x81, 0x6C, 0x06,
        0x21, 0x83, b'1', b'2', b'3', b'4', 0x70, 0x03, 0xA1, b'1', b'2', 0xA1,
    ];
    for turn in 0..100_000_u32 {
        // UI frames carry no sequence number, so that layer 2 stays in step; every fourth frame
        // is an I frame with whatever number it has.
        let control: &[u8] = if turn % 4 == 0 { &[rubbish(&mut seed) & 0xFE, 0] } else { &[0x03] };
        let mut frame = [&[0x02, 0x01], control, &good[..]].concat();
        for _ in 0..=turn % 5 {
            let at = control.len() + 2 + usize::from(rubbish(&mut seed)) % good.len();
            frame[at] = rubbish(&mut seed);
        }
        frame.truncate(control.len() + 2 + usize::from(rubbish(&mut seed)) % (good.len() + 1));
        frame.extend([0, 0]);
        bench.inject(&frame);
        if turn % 100 == 0 {
            bench.until("the frames are read", |_| true);
        }
        if bench.user.child.try_wait().unwrap().is_some() {
            // It may die, and the gateway starts another; it may not hang.
            return;
        }
    }
    // Alive: it still listens to the gateway, whatever it thinks of layer 2.
    bench.user.send(Command::Clear { call: demarc_isdn::CallRef(1), cause: 16 });
    let even = demarc_isdn::CallRef(2);
    bench.until("an answer", |bench| {
        let mut wanted = bench.user.setup("1");
        wanted.call = even;
        bench.user.send(Command::Setup(wanted));
        !bench.user.warnings.is_empty() || bench.user.child.try_wait().unwrap().is_some()
    });
}

#[test]
fn it_ends_when_the_d_channel_does() {
    let mut bench = Bench::up(false);
    bench.hang_up_far_end();
    let mut status = None;
    bench.until("the end", |bench| {
        status = bench.user.child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(3));
}

#[test]
fn it_ends_when_the_gateway_does() {
    let program = Path::new(env!("CARGO_BIN_EXE_demarc-isdn-helper"));
    let (mut child, socket) = Socket::spawn(program).unwrap();
    drop(socket);
    assert_eq!(child.wait().unwrap().code(), Some(2), "never started");

    let by_hand = std::process::Command::new(program).stdin(Stdio::null()).output().unwrap();
    assert_eq!(by_hand.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&by_hand.stderr).contains("started by demarcd"));
}
