//! Channel-associated signalling over a digital cable: four bits and 20 ms of audio at a time for
//! whoever speaks MFC/R2 ([`demarc_hal::cas`]), on and off hook for E&M.
//!
//! Each driver serves its own ends of the cable. A timer behind its `wake_fd` runs while one of
//! their speakers wants to be told of the time; one that has not dealt with the last 20 ms is given
//! no more, so that a busy machine slows its clock instead of losing signals.

use crate::cable::End;
use crate::link::Link;
use crate::presence::Presence;
use crate::signal::{Bell, Bundle, lock, os};
use demarc_hal::cas::{CasPacket, CasTime, LONGEST};
use demarc_hal::{Block, ChannelId, Companding, Error, Line, LineCommand, LineEvent, SpanId};
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One block of audio.
const PERIOD: Duration = Duration::from_millis(20);
/// Blocks of a speaker that wait for the other end.
const QUEUE: usize = 4;
/// Events that a line keeps for whoever opened it.
const EVENTS: usize = 64;
/// Packets that one call takes from a channel.
const BATCH: usize = 16;
/// What a channel sends that nobody has open: blocked (Q.421).
const BLOCKED: u8 = 0b1101;

/// The signalling of every timeslot of a cable.
#[derive(Debug, Default)]
pub(crate) struct Wires(Mutex<BTreeMap<u8, [Speaker; 2]>>);

/// One end of one timeslot.
#[derive(Debug)]
struct Speaker {
    /// The cable's end of the socket, while somebody speaks R2.
    hub: Option<OwnedFd>,
    wanted: CasTime,
    /// It has been given 20 ms and has not dealt with them.
    waiting: bool,
    /// The span did not carry when it was last looked at, and the speaker knows.
    alarm: bool,
    bits: u8,
    said: VecDeque<Block>,
    /// Somebody has it open as an E&M line.
    line: Option<Arc<Bell>>,
    off_hook: bool,
    events: VecDeque<LineEvent>,
}

impl Default for Speaker {
    fn default() -> Self {
        Self {
            hub: None,
            wanted: CasTime::Off,
            waiting: false,
            alarm: false,
            bits: BLOCKED,
            said: VecDeque::new(),
            line: None,
            off_hook: false,
            events: VecDeque::new(),
        }
    }
}

impl Wires {
    /// Opens a timeslot for R2; none when it is open.
    pub(crate) fn open(&self, slot: u8, end: End, wake: &Bundle) -> Result<Option<OwnedFd>, Error> {
        let mut wires = lock(&self.0);
        let (own, other) = end.split(wires.entry(slot).or_default());
        if own.hub.is_some() || own.line.is_some() {
            return Ok(None);
        }
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let (speaker, hub) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).map_err(os("socketpair"))?;
        wake.add(&hub)?;
        *own = Speaker { hub: Some(hub), ..Speaker::default() };
        say(own, CasPacket::Bits(other.bits));
        Ok(Some(speaker))
    }

    /// Nothing of this end is open.
    pub(crate) fn busy(&self, end: End) -> Option<u8> {
        let mut wires = lock(&self.0);
        wires.iter_mut().find_map(|(slot, ends)| {
            let own = end.split(ends).0;
            (own.hub.is_some() || own.line.is_some()).then_some(*slot)
        })
    }

    /// Serves what waits at one end, after `ticks` times 20 ms; true while somebody there wants to
    /// be told of the time.
    pub(crate) fn serve(&self, link: &Link, end: End, there: bool, law: Companding, ticks: u64) -> bool {
        let mut timed = false;
        for ends in lock(&self.0).values_mut() {
            let (own, other) = end.split(ends);
            hear(own, other, there, link.carries());
            if own.hub.is_none() {
                continue;
            }
            if own.alarm == link.carries() {
                own.alarm = !own.alarm;
                say(own, CasPacket::Alarm(own.alarm));
                if !own.alarm {
                    say(own, CasPacket::Bits(other.bits));
                }
            }
            for _ in 0..ticks {
                tick(own, other, law);
            }
            timed |= own.wanted != CasTime::Off;
        }
        timed
    }

    /// Opens a timeslot as an E&M line; none when it is open.
    fn open_line(&self, slot: u8, end: End) -> Result<Option<Arc<Bell>>, Error> {
        let bell = Arc::new(Bell::new()?);
        let mut wires = lock(&self.0);
        let (own, other) = end.split(wires.entry(slot).or_default());
        if own.hub.is_some() || own.line.is_some() {
            return Ok(None);
        }
        *own = Speaker { line: Some(bell.clone()), ..Speaker::default() };
        if other.off_hook {
            notice(own, LineEvent::OffHook);
        }
        Ok(Some(bell))
    }

    fn line<T>(&self, slot: u8, end: End, act: impl FnOnce(&mut Speaker, &mut Speaker) -> T) -> T {
        let mut wires = lock(&self.0);
        let (own, other) = end.split(wires.entry(slot).or_default());
        act(own, other)
    }
}

impl End {
    /// This end and the other.
    fn split(self, [a, b]: &mut [Speaker; 2]) -> (&mut Speaker, &mut Speaker) {
        match self {
            End::A => (a, b),
            End::B => (b, a),
        }
    }
}

/// Takes what the speaker of an end says.
fn hear(own: &mut Speaker, other: &mut Speaker, there: bool, carries: bool) {
    let mut packet = [0; LONGEST + 1];
    for _ in 0..BATCH {
        let Some(hub) = &own.hub else { return };
        let length = match recv(hub.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(length @ 1..) if there => length,
            Err(Errno::EAGAIN | Errno::EINTR) if there => return,
            // Closed, or the card is gone.
            _ => {
                *own = Speaker::default();
                if carries {
                    say(other, CasPacket::Bits(BLOCKED));
                }
                return;
            }
        };
        match CasPacket::read(packet.get(..length).unwrap_or_default()) {
            Some(CasPacket::Bits(bits)) => {
                own.bits = bits;
                if carries {
                    say(other, CasPacket::Bits(bits));
                }
            }
            Some(CasPacket::Octets(block)) => {
                if own.said.len() == QUEUE {
                    own.said.pop_front();
                }
                if carries {
                    own.said.push_back(block);
                }
            }
            Some(CasPacket::Tick) => own.waiting = false,
            Some(CasPacket::Time(wanted)) => own.wanted = wanted,
            Some(CasPacket::Alarm(_)) | None => {}
        }
    }
}

/// 20 ms pass for a speaker. What the other one sends is lost when nobody hears it.
fn tick(own: &mut Speaker, other: &mut Speaker, law: Companding) {
    if own.waiting || own.wanted == CasTime::Off {
        return;
    }
    let packet = if own.wanted == CasTime::Audio {
        CasPacket::Octets(other.said.pop_front().unwrap_or([law.idle(); demarc_hal::BLOCK]))
    } else {
        other.said.clear();
        CasPacket::Tick
    };
    own.waiting = say(own, packet);
}

fn say(to: &Speaker, packet: CasPacket) -> bool {
    let Some(hub) = &to.hub else { return false };
    let mut buffer = [0; LONGEST];
    let length = packet.write(&mut buffer);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    send(hub.as_raw_fd(), buffer.get(..length).unwrap_or_default(), flags).is_ok()
}

fn notice(line: &mut Speaker, event: LineEvent) {
    let Some(bell) = &line.line else { return };
    if line.events.len() < EVENTS {
        line.events.push_back(event);
    }
    bell.ring();
}

/// The 20 ms of a driver's R2 channels.
#[derive(Debug)]
pub(crate) struct Pace {
    timer: TimerFd,
    runs: bool,
}

impl Pace {
    pub(crate) fn new() -> Result<Self, Error> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(os("timerfd"))?;
        Ok(Self { timer, runs: false })
    }

    /// The periods that have passed since this was asked last.
    pub(crate) fn take(&self) -> u64 {
        let mut count = [0; 8];
        match nix::unistd::read(&self.timer, &mut count) {
            Ok(8) => u64::from_ne_bytes(count),
            _ => 0,
        }
    }

    pub(crate) fn run(&mut self, on: bool) {
        if on == self.runs {
            return;
        }
        self.runs = on;
        let _ = if on {
            let period = Expiration::Interval(TimeSpec::from_duration(PERIOD));
            self.timer.set(period, TimerSetTimeFlags::empty())
        } else {
            self.timer.unset()
        };
    }
}

impl AsFd for Pace {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.timer.as_fd()
    }
}

/// One end of an E&M channel, opened. Dropping it hangs up and lets others open it.
pub(crate) struct EmLine {
    link: Arc<Link>,
    end: End,
    slot: u8,
    bell: Arc<Bell>,
    card: Arc<Presence>,
    /// When the card was put in.
    since: u32,
    told: bool,
}

impl EmLine {
    /// # Errors
    /// [`Error::Busy`].
    pub(crate) fn open(
        link: &Arc<Link>,
        end: End,
        span: SpanId,
        slot: u8,
        card: &Arc<Presence>,
    ) -> Result<Self, Error> {
        let bell = link.wires.open_line(slot, end)?.ok_or(Error::Busy(ChannelId { span, slot }))?;
        let since = card.now();
        Ok(Self { link: link.clone(), end, slot, bell, card: card.clone(), since, told: false })
    }

    fn hook(&self, off: bool) {
        let carries = self.link.carries();
        self.link.wires.line(self.slot, self.end, |own, other| {
            if std::mem::replace(&mut own.off_hook, off) != off && carries {
                notice(other, if off { LineEvent::OffHook } else { LineEvent::OnHook });
            }
        });
    }
}

impl Line for EmLine {
    fn command(&mut self, command: LineCommand) -> Result<(), Error> {
        if self.card.now() != self.since {
            return Err(Error::Gone);
        }
        match command {
            LineCommand::OffHook => self.hook(true),
            LineCommand::OnHook => self.hook(false),
            LineCommand::Wink => {
                let carries = self.link.carries();
                self.link.wires.line(self.slot, self.end, |own, other| {
                    // Whoever is off hook already cannot wink.
                    if !own.off_hook && carries {
                        notice(other, LineEvent::Wink);
                    }
                });
            }
            _ => return Err(Error::Unsupported("an order for an analog port")),
        }
        Ok(())
    }

    fn poll_event(&mut self) -> Option<LineEvent> {
        if self.card.now() != self.since && !std::mem::replace(&mut self.told, true) {
            return Some(LineEvent::Gone);
        }
        let bell = &self.bell;
        self.link.wires.line(self.slot, self.end, |own, _| {
            let event = own.events.pop_front();
            if own.events.is_empty() {
                bell.hush();
            }
            event
        })
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

impl Drop for EmLine {
    fn drop(&mut self) {
        self.hook(false);
        self.link.wires.line(self.slot, self.end, |own, _| *own = Speaker::default());
    }
}
