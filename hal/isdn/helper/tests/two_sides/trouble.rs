//! Calls as they sometimes are.

use super::bench::{Bench, quick};
use demarc_isdn::socket::Socket;
use demarc_isdn::{Command, Event, Settings, Timers};
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
    let mut bench = Bench::of(&Settings { timers: quick(), ..Settings::default() });
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    let far = bench.user("SETUP", |event| match event {
        Event::Setup(setup) => Some(setup.call),
        _ => None,
    });
    bench.user.send(Command::Connect { call: far, connected: None });
    bench.network("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));

    bench.cables[0].plugged = false;
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

    bench.cables[0].plugged = true;
    let up = |event: &Event| (*event == Event::Up).then_some(());
    bench.network("network up", up);
    bench.user("user up", up);
    let wanted = bench.network.setup("02079460001");
    bench.network.send(Command::Setup(wanted));
    bench.user("SETUP", |event| matches!(event, Event::Setup(_)).then_some(()));
}

#[test]
fn a_killed_helper_is_a_dead_d_channel_to_the_other_side() {
    let settings = Settings { timers: quick(), ..Settings::default() };
    let mut bench = Bench::of(&settings);
    bench.call(1);
    bench.user.child.kill().unwrap();
    bench.network("down", |event| (*event == Event::Down).then_some(()));
    bench.network("its call", cleared);
    // Another takes its place.
    bench.replace(false, &settings);
    bench.user_says(&Event::Up);
    bench.network_says(&Event::Up);
    let (near, far) = bench.call(1);
    bench.clear(near, far);
}

/// Established anew from the far end (Q.921 §5.7), layer 2 forgets what it has sent. libpri then asks
/// with STATUS after a call whose SETUP was lost, and is told that there is none: cause 101 before any
/// other word. The gateway takes that for what it is and sends the SETUP again.
#[test]
fn a_setup_lost_in_a_new_layer_2_ends_with_cause_101_before_any_other_word() {
    let timers = Timers { t200_ms: Some(10_000), ..Timers::default() };
    let mut bench = Bench::of(&Settings { timers, ..Settings::default() });
    bench.cables[0].plugged = false;
    let wanted = bench.user.setup("2001");
    let call = wanted.call;
    bench.user.send(Command::Setup(wanted));
    bench.until("its SETUP", |bench| bench.user.has_shown(call, "SETUP"));
    bench.cables[0].plugged = true;
    // SABME of the network: a command, SAPI 0, TEI 0, poll; the frame check is the card's business.
    assert!(bench.inject(false, &[0x02, 0x01, 0x7F, 0, 0]));
    assert_eq!(bench.user("its end", cleared), 101);
    assert_eq!(bench.user.shown(call), ["> SETUP", "> STATUS", "< RELEASE COMPLETE"]);
    assert!(!bench.network.seen(|event| matches!(event, Event::Setup(_))));
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

#[test]
fn it_ends_when_the_d_channel_does() {
    let mut bench = Bench::up(false);
    bench.hang_up_far_end(0);
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
