//! A helper on each side, the channels between them, and the hand that writes commands.
//!
//! The cable is the clock: it lets 20 ms pass when both sides have dealt with the last, so a test
//! takes as long as the machine needs and means the same on every machine.

use demarc_hal::CasForm;
use demarc_hal::bearer::{BLOCK, Block};
use demarc_hal::cas::{CasPacket, CasTime, LONGEST};
use demarc_r2::socket::{Received, Socket};
use demarc_r2::{CallMode, Category, ClearReason, Command, Event, Settings, Trouble};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;
use std::process::Child;

/// A-law silence.
pub const SILENCE: Block = [0xD5; BLOCK];
/// How long anything may take on the line before a test gives up, in blocks: two minutes.
const PATIENCE: u32 = 6000;
/// Polls of 100 ms that a helper may need for one block.
const SLOWEST: u32 = 600;

/// One side.
pub struct Party {
    pub child: Child,
    socket: Socket,
    pub events: VecDeque<Event>,
    /// Signals by slot: `> SEIZE`, `< SEIZE ACK`.
    pub ladder: BTreeMap<u8, Vec<String>>,
    pub warnings: Vec<String>,
    dead: bool,
}

/// One end of a channel, as the cable sees it.
struct End {
    fd: OwnedFd,
    wanted: CasTime,
    /// What the speaker sends.
    bits: u8,
    said: VecDeque<Block>,
    waiting: bool,
    open: bool,
}

pub struct Bench {
    pub near: Party,
    pub far: Party,
    /// By slot: near, far.
    ends: BTreeMap<u8, [End; 2]>,
    /// Blocks of 20 ms that have passed.
    pub blocks: u32,
    /// What comes instead of silence towards a side that nobody speaks to.
    pub noise: Block,
}

impl Party {
    fn start(settings: Settings) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_demarc-r2-helper"));
        let (child, socket) = Socket::spawn(program).unwrap();
        socket.send(&Command::Start(Box::new(settings)), None).unwrap();
        Self {
            child,
            socket,
            events: VecDeque::new(),
            ladder: BTreeMap::new(),
            warnings: Vec::new(),
            dead: false,
        }
    }

    pub fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }

    pub fn seize(&self, slot: u8, dnis: &str, ani: Option<&str>, category: Category) {
        self.send(Command::Seize { slot, dnis: dnis.into(), ani: ani.map(Into::into), category });
    }

    pub fn accept(&self, slot: u8) {
        self.send(Command::Accept { slot, mode: CallMode::Charge });
    }

    pub fn clear(&self, slot: u8, reason: ClearReason) {
        self.send(Command::Clear { slot, reason });
    }

    pub fn answer(&self, slot: u8) {
        self.send(Command::Answer { slot, double: false });
    }

    /// Waits until every order is done and every event told: there is no slot 0, and that is said.
    fn sync(&mut self) {
        let nowhere = Command::Seize { slot: 0, dnis: "1".into(), ani: None, category: Category::National };
        let refused = Event::Trouble { slot: 0, trouble: Trouble::NotIdle };
        if self.dead || self.socket.send(&nowhere, None).is_err() {
            return;
        }
        for _ in 0..SLOWEST {
            self.pump();
            if self.dead || self.take(|event| (*event == refused).then_some(())).is_some() {
                return;
            }
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(100_u8)).unwrap();
        }
        panic!("a helper does not answer: {:?}", self.warnings);
    }

    fn pump(&mut self) {
        loop {
            let event = match self.socket.recv::<Event>() {
                Received::Message(event, _) => event,
                Received::Closed => {
                    self.dead = true;
                    return;
                }
                _ => return,
            };
            match event {
                Event::Warning(line) => self.warnings.push(line),
                Event::Signal { slot, outgoing, words } => {
                    let arrow = if outgoing { '>' } else { '<' };
                    self.ladder.entry(slot).or_default().push(format!("{arrow} {words}"));
                }
                event => self.events.push_back(event),
            }
        }
    }

    fn take<T>(&mut self, pick: impl Fn(&Event) -> Option<T>) -> Option<T> {
        let (at, found) =
            self.events.iter().enumerate().find_map(|(at, event)| pick(event).map(|found| (at, found)))?;
        self.events.remove(at);
        Some(found)
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Bench {
    /// Both sides with the same settings and one channel, in slot 1.
    pub fn of(settings: Settings) -> Self {
        Self::with(settings.clone(), settings, &[1])
    }

    pub fn with(near: Settings, far: Settings, slots: &[u8]) -> Self {
        let mut bench = Self {
            near: Party::start(near),
            far: Party::start(far),
            ends: BTreeMap::new(),
            blocks: 0,
            noise: SILENCE,
        };
        for slot in slots {
            let ends = [bench.open(true, *slot), bench.open(false, *slot)];
            bench.ends.insert(*slot, ends);
        }
        for slot in slots {
            let idle = |event: &Event| (*event == Event::FarEnd { slot: *slot, idle: true }).then_some(());
            bench.near("near sees idle", idle);
            bench.far("far sees idle", idle);
        }
        bench.near.events.clear();
        bench.far.events.clear();
        bench.near.ladder.clear();
        bench.far.ladder.clear();
        bench
    }

    fn open(&mut self, near: bool, slot: u8) -> End {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (theirs, fd) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        let party = if near { &self.near } else { &self.far };
        let open = Command::Open { slot, form: CasForm::Packets };
        party.socket.send(&open, Some(theirs.as_fd())).unwrap();
        End { fd, wanted: CasTime::Off, bits: 0b1101, said: VecDeque::new(), waiting: false, open: true }
    }

    /// Starts the near helper again, as the gateway does when one has died.
    pub fn restart_near(&mut self, settings: Settings) {
        let slots: Vec<u8> = self.ends.keys().copied().collect();
        self.near = Party::start(settings);
        for slot in slots {
            let end = self.open(true, slot);
            if let Some([near, far]) = self.ends.get_mut(&slot) {
                *near = end;
                // The new one is told what arrives.
                say(&near.fd, CasPacket::Bits(far.bits));
            }
        }
    }

    /// Lets the line run until `pick` finds an event of the near side; others stay.
    pub fn near<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        self.until(what, |bench| bench.near.take(&pick))
    }

    pub fn far<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        self.until(what, |bench| bench.far.take(&pick))
    }

    /// Lets the line run until `done` gives something.
    pub fn until<T>(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> Option<T>) -> T {
        let end = self.blocks + PATIENCE;
        while self.blocks < end {
            self.settle();
            if let Some(it) = done(self) {
                return it;
            }
            self.pass();
        }
        panic!(
            "never: {what}\nnear {:?} {:#?} {:?}\nfar {:?} {:#?} {:?}",
            self.near.events,
            self.near.ladder,
            self.near.warnings,
            self.far.events,
            self.far.ladder,
            self.far.warnings
        );
    }

    /// Lets `ms` pass on the line.
    pub fn run(&mut self, ms: u32) {
        let end = self.blocks + ms / 20;
        while self.blocks < end {
            self.pass();
        }
    }

    /// 20 ms.
    pub fn pass(&mut self) {
        self.settle();
        self.blocks += 1;
        let noise = self.noise;
        for [near, far] in self.ends.values_mut() {
            let (to_near, to_far) = (far.said.pop_front(), near.said.pop_front());
            for (end, block) in [(near, to_near), (far, to_far)] {
                let packet = match end.wanted {
                    _ if !end.open => continue,
                    CasTime::Off => continue,
                    CasTime::Ticks => CasPacket::Tick,
                    CasTime::Audio => CasPacket::Octets(block.unwrap_or(noise)),
                };
                end.waiting = say(&end.fd, packet);
            }
        }
        self.settle();
    }

    /// Shows bits to a side as if the other had sent them.
    pub fn forge(&mut self, to_near: bool, slot: u8, bits: u8) {
        let [near, far] = &self.ends[&slot];
        say(if to_near { &near.fd } else { &far.fd }, CasPacket::Bits(bits));
    }

    /// Both sides see an alarm, or its end.
    pub fn alarm(&mut self, alarm: bool) {
        for [near, far] in self.ends.values() {
            say(&near.fd, CasPacket::Alarm(alarm));
            say(&far.fd, CasPacket::Alarm(alarm));
        }
    }

    /// Sends octets that are no packet of ours.
    pub fn rubbish(&mut self, octets: &[u8]) {
        for [near, _] in self.ends.values() {
            let _ = send(near.fd.as_raw_fd(), octets, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
        }
    }

    /// The near channel's driver goes away.
    pub fn unplug_near(&mut self, slot: u8) {
        self.unplug(slot, 0);
    }

    /// The far channel's driver goes away; what it sent last stays on the line.
    pub fn unplug_far(&mut self, slot: u8) {
        self.unplug(slot, 1);
    }

    fn unplug(&mut self, slot: u8, which: usize) {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (fd, _) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        if let Some(end) = self.ends.get_mut(&slot).and_then(|ends| ends.get_mut(which)) {
            *end = End {
                fd,
                waiting: false,
                open: false,
                wanted: CasTime::Off,
                said: VecDeque::new(),
                bits: end.bits,
            };
        }
    }

    /// What a side sends now.
    pub fn bits(&self, near: bool, slot: u8) -> u8 {
        self.ends[&slot][usize::from(!near)].bits
    }

    /// Waits, in the wall's time, until everybody has dealt with the last 20 ms.
    fn settle(&mut self) {
        for _ in 0..SLOWEST {
            self.pump();
            let waiting: Vec<PollFd> = self
                .ends
                .values()
                .flatten()
                .filter(|end| end.waiting && end.open)
                .map(|end| PollFd::new(end.fd.as_fd(), PollFlags::POLLIN))
                .collect();
            if waiting.is_empty() {
                self.near.sync();
                self.far.sync();
                return self.pump();
            }
            let mut fds = waiting;
            poll(&mut fds, PollTimeout::from(100_u8)).unwrap();
        }
        panic!("a helper does not deal with its time: {:?} {:?}", self.near.warnings, self.far.warnings);
    }

    fn pump(&mut self) {
        for [near, far] in self.ends.values_mut() {
            carry(near, far);
            carry(far, near);
        }
        self.near.pump();
        self.far.pump();
    }
}

/// Takes what one end says to the other.
fn carry(from: &mut End, to: &mut End) {
    let mut packet = [0; LONGEST + 1];
    while let Ok(length) = recv(from.fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
        if length == 0 {
            from.open = false;
            return;
        }
        match CasPacket::read(&packet[..length]).expect("a packet of ours") {
            CasPacket::Bits(bits) => {
                from.bits = bits;
                say(&to.fd, CasPacket::Bits(bits));
            }
            CasPacket::Octets(block) => from.said.push_back(block),
            CasPacket::Tick => from.waiting = false,
            CasPacket::Time(wanted) => from.wanted = wanted,
            CasPacket::Alarm(_) => panic!("a speaker has no alarm"),
        }
    }
}

fn say(fd: &OwnedFd, packet: CasPacket) -> bool {
    let mut buffer = [0; LONGEST];
    let length = packet.write(&mut buffer);
    send(fd.as_raw_fd(), &buffer[..length], MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL).is_ok()
}
