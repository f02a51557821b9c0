//! Two helpers over the simulated cards, in real time: what the gateway and its simulated telco do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::{ChannelId, Driver, Signalling, SpanId, SpanKind, SpanSettings};
use demarc_hal_sim::Bench;
use demarc_r2::socket::{Received, Socket};
use demarc_r2::{CallMode, Category, ClearReason, Command, Event, Settings};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Child;

/// Looks of at most 20 ms before a test gives up.
const PATIENCE: u32 = 5000;

struct Party {
    driver: Box<dyn Driver>,
    child: Child,
    socket: Socket,
    events: VecDeque<Event>,
}

impl Party {
    fn new(mut driver: Box<dyn Driver>, timing: u8) -> Self {
        let span = SpanId(1);
        let settings = SpanSettings { timing, signalling: Signalling::R2, ..SpanSettings::of(SpanKind::E1) };
        driver.configure_span(span, &settings).unwrap();
        let (child, socket) = Socket::spawn(Path::new(env!("CARGO_BIN_EXE_demarc-r2-helper"))).unwrap();
        let settings = Settings { max_ani: 4, max_dnis: 4, ..Settings::default() };
        socket.send(&Command::Start(Box::new(settings)), None).unwrap();
        for slot in [1, 31] {
            let channel = driver.open_cas(ChannelId { span, slot }).unwrap();
            socket.send(&Command::Open { slot, form: channel.form }, Some(channel.fd.as_fd())).unwrap();
        }
        Self { driver, child, socket, events: VecDeque::new() }
    }

    fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets both sides live until the `which`-th has said `wanted`.
fn until(parties: &mut [Party; 2], which: usize, wanted: impl Fn(&Event) -> bool) {
    for _ in 0..PATIENCE {
        for party in parties.iter_mut() {
            while party.driver.poll_event().is_some() {}
            while let Received::Message(event, _) = party.socket.recv::<Event>() {
                party.events.push_back(event);
            }
        }
        if let Some(at) = parties[which].events.iter().position(&wanted) {
            parties[which].events.remove(at);
            return;
        }
        let [a, b] = &*parties;
        let all = [a.driver.wake_fd(), b.driver.wake_fd(), a.socket.as_fd(), b.socket.as_fd()];
        let mut fds = all.map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
    }
    panic!("near {:?}\nfar {:?}", parties[0].events, parties[1].events);
}

#[test]
fn a_call_crosses_the_simulated_cable() {
    let mut bench = Bench::new();
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let (near, far) = (bench.e1(a, "near").unwrap(), bench.e1(b, "far").unwrap());
    let cable = bench.cable_spans((a, near), (b, far)).unwrap();
    let mut drivers = bench.build().into_iter();
    let (a, b) = (drivers.next().unwrap(), drivers.next().unwrap());
    let mut parties = [Party::new(Box::new(a), 0), Party::new(Box::new(b), 1)];
    let slot = 31;
    until(&mut parties, 0, |event| *event == Event::FarEnd { slot, idle: true });
    let ani = Some("0901".into());
    parties[0].send(Command::Seize { slot, dnis: "0123".into(), ani, category: Category::National });
    until(
        &mut parties,
        1,
        |event| matches!(event, Event::Offered { dnis, ani, .. } if dnis == "0123" && ani.as_deref() == Some("0901")),
    );
    parties[1].send(Command::Accept { slot, mode: CallMode::Charge });
    parties[1].send(Command::Answer { slot, double: false });
    until(&mut parties, 0, |event| *event == Event::Answered { slot });
    parties[0].send(Command::Clear { slot, reason: ClearReason::Normal });
    until(&mut parties, 1, |event| *event == Event::Disconnected { slot, reason: ClearReason::Normal });
    parties[1].send(Command::Clear { slot, reason: ClearReason::Normal });
    until(&mut parties, 0, |event| *event == Event::Ended { slot });

    // A pulled plug ends a call at both ends.
    parties[1].send(Command::Seize { slot: 1, dnis: "1".into(), ani: None, category: Category::National });
    until(&mut parties, 0, |event| *event == Event::Seized { slot: 1 });
    cable.unplug();
    for which in [0, 1] {
        until(&mut parties, which, |event| {
            matches!(event, Event::Trouble { slot: 1, .. } | Event::Ended { slot: 1 })
        });
    }
}
