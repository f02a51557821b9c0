//! The real ISDN helper, as the gateway runs it.

use super::End;
use demarc_hal::{DChannel, Driver};
use demarc_hal_sim::SimDriver;
use demarc_isdn::command::Setup;
use demarc_isdn::socket::{Received, Socket};
use demarc_isdn::{CallRef, ChannelChoice, Command, Event, PartyNumber, Service, Settings};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::Child;
use std::sync::OnceLock;

/// Turns of 20 ms before a test gives up: content is asserted here, never timing.
pub const PATIENCE: u32 = 4500;

#[derive(Debug)]
pub struct Helper {
    child: Child,
    socket: Socket,
    /// What it said, for a test that fails.
    said: Vec<Event>,
}

/// Builds the helper unless it is there already; the package of a binary is not this one.
fn program() -> &'static PathBuf {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = std::process::Command::new(cargo);
        build.args(["build", "--quiet", "--locked", "--offline", "-p", "demarc-isdn-helper"]);
        assert!(build.status().unwrap().success(), "the helper must build");
        // target/debug/deps/this-test → target/debug/demarc-isdn-helper
        let here = std::env::current_exe().unwrap();
        here.parent().unwrap().with_file_name("demarc-isdn-helper")
    })
}

impl Helper {
    pub fn start(settings: Settings, d_channel: DChannel) -> Self {
        let (child, socket) = Socket::spawn(program()).unwrap();
        socket.send(&Command::Start(settings), Some(d_channel.fd.as_fd())).unwrap();
        Self { child, socket, said: Vec::new() }
    }

    /// What it has said since the last time.
    pub fn pump(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Received::Message(event, _) = self.socket.recv::<Event>() {
            events.push(event);
        }
        self.said.extend(events.iter().cloned());
        events
    }

    /// Waits until layer 2 is up here too. Frames cross whenever a driver is polled.
    pub fn until_up(&mut self, own: &mut SimDriver, other: &mut SimDriver) {
        for _ in 0..PATIENCE {
            self.pump();
            let state = self.said.iter().rev().find(|event| matches!(event, Event::Up | Event::Down));
            if state == Some(&Event::Up) {
                return;
            }
            while own.poll_event().is_some() || other.poll_event().is_some() {}
            let fds = [self.socket.as_fd(), own.wake_fd(), other.wake_fd()];
            poll(&mut fds.map(|fd| PollFd::new(fd, PollFlags::POLLIN)), PollTimeout::from(20_u8)).unwrap();
        }
        panic!("layer 2 never came up at the far end: {:?}", self.said);
    }

    /// A call with a number and a name.
    pub fn call(&mut self) -> CallRef {
        let number =
            |digits: &str| PartyNumber { digits: digits.into(), ton: 2, npi: 1, ..PartyNumber::default() };
        let call = CallRef(1);
        let setup = Setup {
            call,
            channel: ChannelChoice { slot: 1, ..ChannelChoice::default() },
            called: number("2079460001"),
            complete: true,
            calling: Some(number("2079460123")),
            name: Some("Ada Lovelace".into()),
            ..Setup::default()
        };
        self.socket.send(&Command::Setup(Box::new(setup)), None).unwrap();
        call
    }

    /// SERVICE: a channel is in service.
    pub fn serve(&mut self) {
        let service = Command::Service { interface: 0, slot: 5, status: Service::In };
        self.socket.send(&service, None).unwrap();
    }

    pub fn hang_up(&mut self, call: CallRef) {
        self.socket.send(&Command::Clear { call, cause: 16 }, None).unwrap();
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sleeps until something moves, for 20 ms at most.
pub fn wait(ends: &[&End]) {
    let drivers = ends.iter().map(|end| end.driver.wake_fd());
    let sockets = ends.iter().filter_map(|end| Some(end.helper.as_ref()?.socket.as_fd()));
    let mut fds: Vec<PollFd> = drivers.chain(sockets).map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
}
