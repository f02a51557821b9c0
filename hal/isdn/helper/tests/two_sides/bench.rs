//! A helper on each side, the D channel between them, and the hand that writes commands.

use demarc_isdn::command::Setup;
use demarc_isdn::q931::describe;
use demarc_isdn::socket::{Received, Socket};
use demarc_isdn::{Bearer, CallRef, ChannelChoice, Command, Dialect, Event, PartyNumber, Settings, Side};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::Child;

/// How long anything may take before the test gives up: content is asserted here, never timing.
const PATIENCE: u8 = 90;

/// One side of the interface.
pub struct Party {
    pub child: Child,
    socket: Socket,
    events: VecDeque<Event>,
    /// Every layer-3 message that it showed: label, outgoing, call, octets.
    pub ladder: Vec<(String, bool, Option<CallRef>, Vec<u8>)>,
    pub warnings: Vec<String>,
    next: u32,
}

/// Both, and the cable: frames of one side go to the other while `plugged`.
pub struct Bench {
    pub network: Party,
    pub user: Party,
    /// The cable's ends: towards the network side, towards the user side.
    ends: [OwnedFd; 2],
    pub plugged: bool,
    /// What the user side sent into the unplugged cable.
    pub heard: VecDeque<Vec<u8>>,
    dead: Vec<RawFd>,
}

fn dchannel() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap()
}

impl Bench {
    /// Layer 2 is up on both sides.
    pub fn up(overlap: bool) -> Self {
        Self::with(Dialect::EuroIsdn, overlap)
    }

    pub fn with(dialect: Dialect, overlap: bool) -> Self {
        let ((network, near), (user, far)) = (dchannel(), dchannel());
        let settings = |side| Settings { side, dialect, overlap, ..Settings::default() };
        let mut bench = Self {
            network: Party::start(settings(Side::Network), network),
            user: Party::start(settings(Side::User), user),
            ends: [near, far],
            plugged: true,
            heard: VecDeque::new(),
            dead: Vec::new(),
        };
        bench.until("both sides up", |bench| {
            bench.network.seen(|event| *event == Event::Up) && bench.user.seen(|event| *event == Event::Up)
        });
        bench.network.take(|event| (*event == Event::Up).then_some(()));
        bench.user.take(|event| (*event == Event::Up).then_some(()));
        bench
    }

    /// Runs the cable and both control sockets until `done`.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        for _ in 0..u32::from(PATIENCE) * 50 {
            self.pump();
            if done(self) {
                return;
            }
            let [near, far] = &self.ends;
            let all = [near.as_fd(), far.as_fd(), self.network.socket.as_fd(), self.user.socket.as_fd()];
            // What is hung up is readable for ever: do not spin on it.
            let mut fds: Vec<PollFd> = all
                .into_iter()
                .filter(|fd| !self.dead.contains(&fd.as_raw_fd()))
                .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
                .collect();
            poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
            for fd in fds {
                if fd.revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
                    self.dead.push(fd.as_fd().as_raw_fd());
                }
            }
        }
        panic!(
            "never: {what}\nnetwork waits with {:?} {:?} {:?}\nuser waits with {:?} {:?} {:?}",
            self.network.events,
            self.network.ladder,
            self.network.warnings,
            self.user.events,
            self.user.ladder,
            self.user.warnings,
        );
    }

    fn pump(&mut self) {
        let [near, far] = &self.ends;
        for (from, to) in [(near, far), (far, near)] {
            let mut frame = [0; 512];
            while let Ok(length @ 1..) = recv(from.as_raw_fd(), &mut frame, MsgFlags::MSG_DONTWAIT) {
                let frame = &frame[..length];
                if self.plugged {
                    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                    let _ = send(to.as_raw_fd(), frame, flags);
                } else if std::ptr::eq(from, far) {
                    self.heard.push_back(frame.to_vec());
                }
            }
        }
        self.network.pump();
        self.user.pump();
    }

    /// Puts a frame of your own on the cable, towards the user side; false when nobody takes it.
    pub fn inject(&mut self, frame: &[u8]) -> bool {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        for _ in 0..u32::from(PATIENCE) * 50 {
            match send(self.ends[1].as_raw_fd(), frame, flags) {
                Ok(_) => return true,
                Err(Errno::EAGAIN) => {}
                Err(_) => return false,
            }
            self.pump();
            let mut fds = [PollFd::new(self.ends[1].as_fd(), PollFlags::POLLOUT)];
            poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
        }
        panic!("it does not read its D channel any more");
    }

    /// Cuts the user's D channel for good.
    pub fn hang_up_far_end(&mut self) {
        let (mine, _) = dchannel();
        self.ends[1] = mine;
    }

    /// Waits for the first event on the network side that `pick` takes; what came before it and
    /// was not taken stays.
    pub fn network<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let mut found = None;
        self.until(what, |bench| {
            found = bench.network.take(&pick);
            found.is_some()
        });
        found.unwrap()
    }

    pub fn user<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let mut found = None;
        self.until(what, |bench| {
            found = bench.user.take(&pick);
            found.is_some()
        });
        found.unwrap()
    }
}

impl Party {
    fn start(settings: Settings, dchannel: OwnedFd) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_demarc-isdn-helper"));
        let (child, socket) = Socket::spawn(program).unwrap();
        socket.send(&Command::Start(settings), Some(dchannel.as_fd())).unwrap();
        let (events, ladder, warnings) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { child, socket, events, ladder, warnings, next: 1 }
    }

    fn pump(&mut self) {
        while let Received::Message(event, _) = self.socket.recv::<Event>() {
            match event {
                Event::Warning(line) => self.warnings.push(line),
                Event::Frame { call, outgoing, octets } => {
                    let label = describe(&octets).label;
                    self.ladder.push((label, outgoing, call, octets));
                }
                event => self.events.push_back(event),
            }
        }
    }

    pub fn seen(&self, is: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(is)
    }

    fn take<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        let (at, found) =
            self.events.iter().enumerate().find_map(|(at, event)| pick(event).map(|found| (at, found)))?;
        self.events.remove(at);
        Some(found)
    }

    /// Refuses every call that has come, and forgets everything else but the ladder.
    pub fn refuse_all(&mut self) {
        for event in std::mem::take(&mut self.events) {
            if let Event::Setup(setup) = event {
                self.send(Command::Clear { call: setup.call, cause: 21 });
            }
        }
    }

    /// Forgets what has happened so far.
    pub fn forget(&mut self) {
        self.events.clear();
        self.ladder.clear();
    }

    pub fn quiet(&self) -> bool {
        self.events.is_empty()
    }

    pub fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }

    /// A packet that is no command.
    pub fn send_rubbish(&self) {
        send(self.socket.as_fd().as_raw_fd(), &[0xEE; 30], MsgFlags::empty()).unwrap();
    }

    /// A plain call; change what matters.
    pub fn setup(&mut self, called: &str) -> Box<Setup> {
        let call = CallRef(self.next);
        self.next += 2;
        Box::new(Setup {
            call,
            channel: ChannelChoice { slot: 1, ..ChannelChoice::default() },
            called: PartyNumber { digits: called.into(), ton: 0, npi: 1, ..PartyNumber::default() },
            complete: true,
            calling: None,
            name: None,
            redirecting: None,
            bearer: Bearer::Speech,
            ..Setup::default()
        })
    }

    /// The labels of what was shown about a call, with an arrow for the direction.
    pub fn shown(&self, call: CallRef) -> Vec<String> {
        self.ladder
            .iter()
            .filter(|(_, _, of, _)| *of == Some(call))
            .map(|(label, outgoing, ..)| format!("{}{label}", if *outgoing { "> " } else { "< " }))
            .collect()
    }

    /// The words about the last message with that label.
    pub fn detail(&self, label: &str) -> String {
        let (.., octets) = self.ladder.iter().rev().find(|(shown, ..)| shown == label).unwrap();
        describe(octets).detail
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
