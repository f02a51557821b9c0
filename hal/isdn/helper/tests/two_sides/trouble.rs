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

/// The network's layer 2, just enough to bring messages through to the user's layer 3.
#[derive(Default)]
struct Layer2 {
    sent: u8,
    received: u8,
}

impl Layer2 {
    /// Answers what the user's layer 2 says; false when it is not there any more.
    fn answer(&mut self, bench: &mut Bench) -> bool {
        while let Some(frame) = bench.heard.pop_front() {
            let reply = match frame[..] {
                // SABME, DISC: begin anew.
                [_, _, 0x6F | 0x7F | 0x43 | 0x53, ..] => {
                    *self = Self::default();
                    vec![0x00, 0x01, 0x73, 0, 0]
                }
                [_, _, control, _, ..] if control & 1 == 0 => {
                    self.received = ((control >> 1) + 1) & 0x7F;
                    continue;
                }
                // RR, RNR, REJ with the poll bit.
                [address, _, control, poll, ..] if control & 3 == 1 && poll & 1 == 1 => {
                    if control == 0x09 {
                        self.sent = poll >> 1;
                    }
                    if address & 2 != 0 {
                        continue;
                    }
                    vec![0x00, 0x01, 0x01, self.received << 1 | 1, 0, 0]
                }
                _ => continue,
            };
            if !bench.inject(&reply) {
                return false;
            }
        }
        true
    }

    /// An I frame.
    fn frame(&mut self, message: &[u8]) -> Vec<u8> {
        let head = [0x02, 0x01, self.sent << 1, self.received << 1];
        self.sent = (self.sent + 1) & 0x7F;
        [&head, message, &[0, 0]].concat()
    }
}

#[test]
fn malformed_messages_by_the_hundred_thousand_do_not_wedge_it() {
    let mut bench = Bench::up(false);
    bench.cables[0].plugged = false;
    let mut layer_2 = Layer2::default();
    let mut seed = 7;
    let good = [
        0x08, 0x02, 0x00, 0x05, 0x05, 0x04, 0x03, 0x80, 0x90, 0xA3, 0x18, 0x03, 0xA9, 0x83, 0x81, 0x6C, 0x06,
        0x21, 0x83, b'1', b'2', b'3', b'4', 0x70, 0x03, 0xA1, b'1', b'2', 0xA1,
    ];
    let mut alive = true;
    for turn in 0..100_000_u32 {
        let mut message = good;
        for _ in 0..=turn % 5 {
            message[usize::from(rubbish(&mut seed)) % good.len()] = rubbish(&mut seed);
        }
        let length = if turn % 3 == 0 { usize::from(rubbish(&mut seed)) % 29 + 1 } else { 29 };
        let frame = layer_2.frame(&message[..length]);
        alive = bench.inject(&frame);
        bench.until("its answers", |_| true);
        bench.user.refuse_all();
        if !alive || !layer_2.answer(&mut bench) {
            alive = false;
            break;
        }
    }
    if !alive {
        // It may die, and the gateway starts another.
        let mut ended = None;
        bench.until("its end", |bench| {
            ended = bench.user.child.try_wait().unwrap();
            ended.is_some()
        });
        return;
    }
    // It may not hang: it listens to the gateway, whatever it thinks of the far end.
    let reached = bench.user.ladder.len();
    assert!(reached > 90_000, "only {reached} messages came through to layer 3");
    let wanted = bench.user.setup("1");
    let call = wanted.call;
    bench.user.send(Command::Setup(wanted));
    bench.until("an answer", |bench| {
        // Refused when layer 2 is down, else on its way.
        let refused =
            bench.user.seen(|event| matches!(event, Event::Cleared { call: of, .. } if *of == call));
        refused || !bench.user.shown(call).is_empty()
    });
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
