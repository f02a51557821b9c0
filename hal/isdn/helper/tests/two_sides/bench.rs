//! A helper on each side, the D channel between them, and the hand that writes commands.

use demarc_isdn::command::Setup;
use demarc_isdn::q931::describe;
use demarc_isdn::socket::{Received, SendError, Socket};
use demarc_isdn::{
    Bearer, CallRef, ChannelChoice, Command, Dialect, Event, Nfas, PartyNumber, Settings, Side, Timers,
};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::Child;

/// How long anything may take before the test gives up: content is asserted here, never timing.
const PATIENCE: u8 = 40;
/// Turns of 20 ms without a word.
const QUIET: u32 = 30;

/// One side of the interface.
pub struct Party {
    pub child: Child,
    socket: Socket,
    events: VecDeque<Event>,
    /// Every layer-3 message that it showed: label, outgoing, call, octets.
    pub ladder: Vec<(String, bool, Option<CallRef>, Vec<u8>)>,
    pub warnings: Vec<String>,
    /// How many messages from the far end it has shown.
    pub received: usize,
    next: u32,
}

/// The cable of one D channel: frames of one side go to the other while `plugged`.
pub struct Cable {
    /// Its ends: towards the network side, towards the user side.
    ends: [OwnedFd; 2],
    pub plugged: bool,
}

/// Both sides and their cables: one, or two in a group.
pub struct Bench {
    pub network: Party,
    pub user: Party,
    pub cables: Vec<Cable>,
    /// Every frame that crossed, with FCS: from the network, octets.
    pub frames: Vec<(bool, Vec<u8>)>,
    dead: Vec<RawFd>,
}

fn dchannel() -> (OwnedFd, OwnedFd) {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap()
}

/// Timers that let a test see the end of things.
pub fn quick() -> Timers {
    Timers {
        t200_ms: Some(100),
        t203_ms: Some(1_000),
        n200: Some(2),
        t303_ms: Some(1_000),
        t309_ms: Some(500),
        t316_ms: Some(100),
        ..Timers::default()
    }
}

impl Bench {
    /// Layer 2 is up on both sides.
    pub fn up(overlap: bool) -> Self {
        Self::with(Dialect::EuroIsdn, overlap)
    }

    pub fn with(dialect: Dialect, overlap: bool) -> Self {
        Self::of(&Settings { dialect, overlap, ..Settings::default() })
    }

    /// Both sides alike, but for the side; calls can be made.
    pub fn of(settings: &Settings) -> Self {
        let mut bench = Self::cold(settings);
        bench.until("both sides up", |bench| {
            bench.network.seen(|event| *event == Event::Up) && bench.user.seen(|event| *event == Event::Up)
        });
        bench.network.take(|event| (*event == Event::Up).then_some(()));
        bench.user.take(|event| (*event == Event::Up).then_some(()));
        bench
    }

    fn cold(settings: &Settings) -> Self {
        let ((network, near), (user, far)) = (dchannel(), dchannel());
        let side = |side| Settings { side, ..settings.clone() };
        Self {
            network: Party::start(side(Side::Network), &network),
            user: Party::start(side(Side::User), &user),
            cables: vec![Cable { ends: [near, far], plugged: true }],
            frames: Vec::new(),
            dead: Vec::new(),
        }
    }

    /// A group of two T1 spans, 0 and 1, with a D channel on each; both D channels are up.
    pub fn group(dialect: Dialect) -> Self {
        let settings = Settings {
            dialect,
            interface: demarc_isdn::Interface::T1,
            nfas: Some(Nfas { primary: 0 }),
            timers: quick(),
            ..Settings::default()
        };
        let mut bench = Self::of(&settings);
        let ((network, near), (user, far)) = (dchannel(), dchannel());
        bench.cables.push(Cable { ends: [near, far], plugged: true });
        bench.network.hand(Command::Backup { interface: 1 }, &network);
        bench.user.hand(Command::Backup { interface: 1 }, &user);
        bench.until("the backup is up", |bench| {
            let up = |event: &Event| matches!(event, Event::DChannel { interface: 1, up: true, .. });
            bench.network.seen(up) && bench.user.seen(up)
        });
        bench.network.forget();
        bench.user.forget();
        bench
    }

    /// Runs the cables and both control sockets until `done`.
    pub fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        // Only waiting is counted: much to do is no reason to give up, but endless doing is.
        let (mut idle, mut turns) = (0, 0_u32);
        while idle < u32::from(PATIENCE) * 50 && turns < 1_000_000 {
            turns += 1;
            self.pump();
            if done(self) {
                return;
            }
            idle += u32::from(!self.wait());
        }
        panic!(
            "never: {what}\nnetwork waits with {:?} {:?} {:?}\nuser waits with {:?} {:?} {:?}",
            self.network.events,
            self.network.ladder.iter().rev().take(12).collect::<Vec<_>>(),
            self.network.warnings,
            self.user.events,
            self.user.ladder.iter().rev().take(12).collect::<Vec<_>>(),
            self.user.warnings,
        );
    }

    /// Runs everything until nobody has said anything for longer than the short timers of [`quick`] last: what was ordered
    /// is done or given up.
    pub fn quiet(&mut self) {
        let mut silent = 0;
        for _ in 0..1_000_000 {
            self.pump();
            silent = if self.wait() { 0 } else { silent + 1 };
            if silent == QUIET {
                return;
            }
        }
        panic!("never silent");
    }

    /// Waits until somebody says something, 20 ms at most; did somebody?
    fn wait(&mut self) -> bool {
        let mut all = vec![self.network.socket.as_fd(), self.user.socket.as_fd()];
        all.extend(self.cables.iter().flat_map(|cable| cable.ends.iter().map(AsFd::as_fd)));
        // What is hung up is readable for ever: do not spin on it.
        let mut fds: Vec<PollFd> = all
            .into_iter()
            .filter(|fd| !self.dead.contains(&fd.as_raw_fd()))
            .map(|fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        let said = poll(&mut fds, PollTimeout::from(20_u8)).unwrap() != 0;
        for fd in fds {
            if fd.revents().is_some_and(|events| events.contains(PollFlags::POLLHUP)) {
                self.dead.push(fd.as_fd().as_raw_fd());
            }
        }
        said
    }

    fn pump(&mut self) {
        for cable in &self.cables {
            let [near, far] = &cable.ends;
            for (from_network, from, to) in [(true, near, far), (false, far, near)] {
                let mut frame = [0; 512];
                while let Ok(length @ 1..) = recv(from.as_raw_fd(), &mut frame, MsgFlags::MSG_DONTWAIT) {
                    let frame = &frame[..length];
                    if cable.plugged {
                        self.frames.push((from_network, frame.to_vec()));
                        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                        let _ = send(to.as_raw_fd(), frame, flags);
                    }
                }
            }
        }
        self.network.pump();
        self.user.pump();
    }

    /// Puts a frame of your own on the first cable; false when nobody takes it.
    pub fn inject(&mut self, to_network: bool, frame: &[u8]) -> bool {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        for _ in 0..u32::from(PATIENCE) * 50 {
            let end = &self.cables[0].ends[usize::from(!to_network)];
            match send(end.as_raw_fd(), frame, flags) {
                Ok(_) => return true,
                Err(Errno::EAGAIN) => {}
                Err(_) => return false,
            }
            let mut fds = [PollFd::new(end.as_fd(), PollFlags::POLLOUT)];
            poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
            self.pump();
        }
        panic!("it does not read its D channel any more");
    }

    /// Cuts the user's D channel for good.
    pub fn hang_up_far_end(&mut self, cable: usize) {
        let (mine, _) = dchannel();
        self.cables[cable].ends[1] = mine;
    }

    /// A new helper on the first cable, as the gateway starts one when the old one has died.
    pub fn replace(&mut self, network: bool, settings: &Settings) {
        let (mine, far) = dchannel();
        let (party, side) =
            if network { (&mut self.network, Side::Network) } else { (&mut self.user, Side::User) };
        *party = Party::start(Settings { side, ..settings.clone() }, &mine);
        self.cables[0].ends[usize::from(!network)] = far;
        self.dead.clear();
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

    /// Waits for that very event.
    pub fn network_says(&mut self, wanted: &Event) {
        self.network(&format!("{wanted:?}"), |event| (event == wanted).then_some(()));
    }

    pub fn user_says(&mut self, wanted: &Event) {
        self.user(&format!("{wanted:?}"), |event| (event == wanted).then_some(()));
    }

    /// The network calls the user, who answers: the calls' names on both sides.
    pub fn call(&mut self, slot: u8) -> (CallRef, CallRef) {
        let mut wanted = self.network.setup("02079460001");
        wanted.channel.slot = slot;
        let near = wanted.call;
        self.network.send(Command::Setup(wanted));
        let far = self.user("SETUP", |event| match event {
            Event::Setup(setup) => Some(setup.call),
            _ => None,
        });
        self.user.send(Command::Connect { call: far, connected: None });
        self.network("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
        self.until("its acknowledgement", |bench| bench.user.has_shown(far, "CONNECT ACKNOWLEDGE"));
        (near, far)
    }

    /// The user calls the network, which answers: the calls' names, the network's first.
    pub fn call_back(&mut self, slot: u8) -> (CallRef, CallRef) {
        let mut wanted = self.user.setup("2001");
        wanted.channel.slot = slot;
        let near = wanted.call;
        self.user.send(Command::Setup(wanted));
        let far = self.network("SETUP", |event| match event {
            Event::Setup(setup) => Some(setup.call),
            _ => None,
        });
        self.network.send(Command::Connect { call: far, connected: None });
        self.user("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
        self.until("its acknowledgement", |bench| bench.network.has_shown(far, "CONNECT ACKNOWLEDGE"));
        (far, near)
    }

    /// The network ends a call; both sides see its end.
    pub fn clear(&mut self, near: CallRef, far: CallRef) {
        self.network.send(Command::Clear { call: near, cause: 16 });
        self.user("DISCONNECT", |event| {
            matches!(event, Event::Disconnect { call, .. } if *call == far).then_some(())
        });
        self.user.send(Command::Clear { call: far, cause: 16 });
        self.network_says(&Event::Cleared { call: near, cause: 16 });
        self.user_says(&Event::Cleared { call: far, cause: 16 });
    }
}

impl Party {
    fn start(settings: Settings, dchannel: &OwnedFd) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_demarc-isdn-helper"));
        let (child, socket) = Socket::spawn(program).unwrap();
        socket.send(&Command::Start(settings), Some(dchannel.as_fd())).unwrap();
        let (events, ladder, warnings) = (VecDeque::new(), Vec::new(), Vec::new());
        Self { child, socket, events, ladder, warnings, received: 0, next: 1 }
    }

    fn pump(&mut self) {
        while let Received::Message(event, _) = self.socket.recv::<Event>() {
            match event {
                Event::Warning(line) => self.warnings.push(line),
                Event::Frame { call, outgoing, octets } => {
                    self.received += usize::from(!outgoing);
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

    /// What `pick` makes of the first event that it takes; the event stays.
    pub fn find<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        self.events.iter().find_map(pick)
    }

    /// The same of the last.
    pub fn find_last<T>(&self, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        self.events.iter().rev().find_map(pick)
    }

    fn take<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        let (at, found) =
            self.events.iter().enumerate().find_map(|(at, event)| pick(event).map(|found| (at, found)))?;
        self.events.remove(at);
        Some(found)
    }

    /// Does something with every call that has come, as `choose` says, and forgets everything else.
    pub fn answer_all(&mut self, mut choose: impl FnMut(CallRef) -> Command) {
        self.ladder.clear();
        for event in std::mem::take(&mut self.events) {
            if let Event::Setup(setup) = event {
                // One that has died does not mind.
                let _ = self.socket.send(&choose(setup.call), None);
            }
        }
    }

    /// Forgets what has happened so far.
    pub fn forget(&mut self) {
        self.events.clear();
        self.ladder.clear();
    }

    /// The events that nobody took.
    pub fn rest(&self) -> Vec<&Event> {
        self.events.iter().collect()
    }

    pub fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }

    /// False when it does not read as fast as we write.
    pub fn try_send(&self, command: &Command) -> bool {
        match self.socket.send(command, None) {
            Ok(()) => true,
            Err(SendError::Full) => false,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a descriptor along.
    pub fn hand(&self, command: Command, descriptor: &OwnedFd) {
        self.socket.send(&command, Some(descriptor.as_fd())).unwrap();
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

    /// A message with that label was shown about a call.
    pub fn has_shown(&self, call: CallRef, label: &str) -> bool {
        self.ladder.iter().any(|(shown, _, of, _)| shown == label && *of == Some(call))
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
