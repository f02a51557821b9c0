//! Our end: `demarc-isdn-helper` as the gateway runs it.

use demarc_isdn::command::Setup;
use demarc_isdn::socket::{Received, Socket};
use demarc_isdn::{CallRef, ChannelChoice, Command, Event, PartyNumber, Settings};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::Child;

/// How long anything may take, in looks of 100 ms.
const PATIENCE: u32 = 200;

/// A running helper. Dropping it ends it.
pub struct OurEnd {
    child: Child,
    socket: Socket,
    events: VecDeque<Event>,
    warnings: Vec<String>,
    next: u32,
}

impl OurEnd {
    /// Starts it on a D channel.
    pub fn start(settings: Settings, dchannel: &OwnedFd) -> Self {
        let (child, socket) = Socket::spawn(Path::new("/lab/demarc-isdn-helper")).unwrap();
        socket.send(&Command::Start(settings), Some(dchannel.as_fd())).unwrap();
        Self { child, socket, events: VecDeque::new(), warnings: Vec::new(), next: 1 }
    }

    /// Gives an order.
    pub fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }

    /// A plain call on a timeslot; change what matters.
    pub fn setup(&mut self, slot: u8, called: PartyNumber) -> Box<Setup> {
        let call = CallRef(self.next);
        self.next += 2;
        let channel = ChannelChoice { slot, exclusive: true, ..ChannelChoice::default() };
        Box::new(Setup { call, channel, called, complete: true, ..Setup::default() })
    }

    /// Waits for the first event that `pick` takes; others stay.
    pub fn wait<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        for _ in 0..PATIENCE {
            self.pump();
            let found = self.events.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)));
            if let Some((at, found)) = found {
                self.events.remove(at);
                return found;
            }
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(100_u8)).unwrap();
        }
        panic!("our end never saw {what}; it saw {:?}, warned of {:?}", self.events, self.warnings);
    }

    fn pump(&mut self) {
        loop {
            match self.socket.recv::<Event>() {
                Received::Message(Event::Warning(line), _) => self.warnings.push(line),
                Received::Message(Event::Frame { .. }, _) => {}
                Received::Message(event, _) => self.events.push_back(event),
                Received::Nothing => return,
                other => panic!("the helper: {other:?}; it warned of {:?}", self.warnings),
            }
        }
    }

    /// What happened and nobody waited for.
    pub fn rest(&mut self) -> Vec<Event> {
        self.pump();
        self.events.drain(..).collect()
    }

    /// What it warned of.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

impl Drop for OurEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
