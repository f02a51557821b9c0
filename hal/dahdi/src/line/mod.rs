//! Analog and E&M ports: a machine that says what events mean, and the channel it speaks to.

mod machine;

use crate::channel::Channel;
use crate::device::{gone, is, os};
use crate::gain;
use crate::sys::Plain;
use crate::sys::abi::{self, DialOperation, Params, RingCadence, event};
use demarc_hal::{Companding, Error, Line, LineCommand, LineEvent, LineSettings, PortKind};
use machine::{Machine, Order};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Between two tries of what the kernel has no time for.
const RETRY_MS: i64 = 20;
/// How often it is tried: 3 s. A seized line is debounced for 600 ms, a break lasts 800 ms.
const TRIES: u32 = 150;
/// A break (500 ms) and the kernel's pause after it (300 ms) are over.
const AFTER_BREAK_MS: i64 = 900;
/// Silence after a burst; long before it is over the burst's end was told.
const SILENCE_MS: i32 = 3_600_000;
/// Orders that wait for their turn at most.
const WAITING: usize = 64;

/// States of `rxhooksig`.
const RX_ONHOOK: i32 = 0;
const RX_OFFHOOK: i32 = 1;
const RX_RING: i32 = 3;

/// A port.
pub struct DahdiLine {
    channel: Arc<Channel>,
    machine: Machine,
    /// What the kernel had no time for yet.
    waiting: VecDeque<Order>,
    tries: u32,
    wake: Epoll,
    timer: TimerFd,
    /// Rung as long as events wait in the machine.
    more: EventFd,
}

impl DahdiLine {
    /// Takes the signalling side of an open channel.
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody has it; [`Error::Gone`], [`Error::Os`].
    pub fn open(
        channel: Arc<Channel>,
        kind: PortKind,
        law: Companding,
        settings: &LineSettings,
    ) -> Result<Self, Error> {
        let sources = Sources::new(&channel)?;
        if channel.line.swap(true, Ordering::AcqRel) {
            return Err(Error::Busy(channel.at));
        }
        let Sources { wake, timer, more } = sources;
        let machine = Machine::new(kind, settings.start);
        let mut line = Self { channel, machine, waiting: VecDeque::new(), tries: 0, wake, timer, more };
        set_up(&line.channel, law, settings)?;
        let params = params(&line.channel).map_err(os("asking for a port"))?;
        let (off_hook, ringing) = (params.rxhooksig == RX_OFFHOOK, params.rxhooksig == RX_RING);
        line.machine.find(off_hook, ringing, params.chan_alarms != 0);
        line.work()?;
        Ok(line)
    }

    /// Takes what the kernel has to tell.
    fn listen(&mut self) {
        while !self.machine.is_gone() {
            match self.channel.event() {
                Ok(Some(event)) => self.machine.kernel(event),
                Ok(None) => break,
                Err(error) if gone(&error) => self.machine.vanish(),
                Err(_) => break,
            }
        }
        if self.timer.wait().is_ok() {
            self.retry();
        }
        // Nobody asked for these: a refusal is nobody's error.
        let _ = self.work();
        if self.machine.is_gone() {
            // A descriptor of a card that has vanished is ready for ever.
            let _ = self.wake.delete(&*self.channel);
        }
        self.ring();
    }

    /// Says to the kernel what the machine wants.
    fn work(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        while let Some(order) = self.machine.orders.pop_front() {
            let done = self.order(order);
            result = result.and(done);
        }
        self.ring();
        result
    }

    fn order(&mut self, order: Order) -> Result<(), Error> {
        match order {
            Order::Forget => self.waiting.clear(),
            Order::Dialled => self.channel.dialling.store(false, Ordering::Release),
            Order::AfterBreak => self.queue(order, AFTER_BREAK_MS),
            // What waits has to be done first.
            _ if !self.waiting.is_empty() => self.queue(order, RETRY_MS),
            _ => return self.tell(order).or_else(|error| self.refused(order, &error)),
        }
        Ok(())
    }

    fn queue(&mut self, order: Order, after: i64) {
        if self.waiting.is_empty() {
            self.tries = 0;
            self.set_timer(after);
        }
        if self.waiting.len() < WAITING {
            self.waiting.push_back(order);
        }
    }

    fn set_timer(&self, after: i64) {
        let after = Expiration::OneShot(TimeSpec::milliseconds(after));
        let _ = self.timer.set(after, TimerSetTimeFlags::empty());
    }

    /// The time has come for what waits.
    fn retry(&mut self) {
        while let Some(order) = self.waiting.front().copied() {
            let result = match order {
                Order::AfterBreak if self.tries == 0 => self.after_break(),
                order => self.tell(order),
            };
            match result {
                Err(error) if is(&error, Errno::EBUSY) && self.tries < TRIES => {
                    self.tries += 1;
                    self.set_timer(RETRY_MS);
                    return;
                }
                Err(error) if gone(&error) => self.machine.vanish(),
                // Too late, or never: the next one.
                _ => {}
            }
            self.waiting.pop_front();
            self.tries = 0;
            if self.waiting.front() == Some(&Order::AfterBreak) {
                self.set_timer(AFTER_BREAK_MS);
                return;
            }
        }
    }

    /// A telephone that was hung up within the break has not been seen to do so.
    fn after_break(&mut self) -> io::Result<()> {
        match params(&self.channel)?.rxhooksig {
            RX_ONHOOK => self.machine.kernel(event::ONHOOK),
            _ if self.machine.is_off_hook() => self.channel.set(abi::HOOK, abi::hook::OFFHOOK)?,
            _ => {}
        }
        Ok(())
    }

    /// One request.
    fn tell(&self, order: Order) -> io::Result<()> {
        let channel = &self.channel;
        match order {
            Order::Hook(state) => hook(channel, state),
            Order::Flash(open) => {
                let mut params = params(channel)?;
                params.flashtime = open;
                channel.request(abi::SET_PARAMS, &mut params)?;
                hook(channel, abi::hook::FLASH)
            }
            Order::Ring(time) => {
                let mut cadence = RingCadence::zeroed();
                for (to, from) in cadence.ringcadence.iter_mut().zip([time, SILENCE_MS]) {
                    *to = from;
                }
                channel.request(abi::SETCADENCE, &mut cadence)?;
                hook(channel, abi::hook::RING)
            }
            Order::Dial(digit) => {
                let mut dial = DialOperation { op: abi::DIAL_OP_APPEND, ..DialOperation::zeroed() };
                for (to, from) in dial.dialstr.iter_mut().zip([b'P', digit]) {
                    *to = from;
                }
                channel.dialling.store(true, Ordering::Release);
                let result = channel.request(abi::DIAL, &mut dial);
                if result.is_err() {
                    channel.dialling.store(false, Ordering::Release);
                }
                result
            }
            Order::Polarity(reversed) => channel.set(abi::SETPOLARITY, reversed.into()),
            // A channel bank passes audio at all times, and not every telephone has a lamp.
            Order::OnHookTransmission(time) => where_it_can(channel.set(abi::ONHOOKTRANSFER, time)),
            Order::Lamp(on) => {
                let mut kind = abi::VmwiInfo { vmwi_type: abi::VMWI_HVAC };
                where_it_can(channel.request(abi::VMWI_CONFIG, &mut kind))?;
                where_it_can(channel.set(abi::VMWI, on.into()))
            }
            Order::Dialled | Order::AfterBreak | Order::Forget => Ok(()),
        }
    }

    /// What the kernel has no time for now waits; the rest is an error.
    fn refused(&mut self, order: Order, error: &io::Error) -> Result<(), Error> {
        if gone(error) {
            self.machine.vanish();
            return Err(Error::Gone);
        }
        if is(error, Errno::EBUSY) {
            self.queue(order, RETRY_MS);
            return Ok(());
        }
        if is(error, Errno::ENOTTY) || is(error, Errno::ENOSYS) {
            return Err(Error::Unsupported("that order on this card"));
        }
        Err(Error::Os { what: "an order to a port", message: error.to_string() })
    }

    fn ring(&self) {
        if !self.machine.events.is_empty() {
            let _ = self.more.write(1);
        }
    }
}

/// What wakes a line.
struct Sources {
    wake: Epoll,
    timer: TimerFd,
    more: EventFd,
}

impl Sources {
    fn new(channel: &Channel) -> Result<Self, Error> {
        let os = |what| move |error: Errno| os(what)(error.into());
        let wake = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(os("epoll"))?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(os("timerfd"))?;
        let more =
            EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).map_err(os("eventfd"))?;
        // Audio is no reason to wake: events alone are.
        wake.add(channel, EpollEvent::new(EpollFlags::EPOLLPRI, 0)).map_err(os("epoll"))?;
        for source in [channel.bell(), timer.as_fd(), more.as_fd()] {
            wake.add(source, EpollEvent::new(EpollFlags::EPOLLIN, 0)).map_err(os("epoll"))?;
        }
        Ok(Self { wake, timer, more })
    }
}

/// Sets up what opening a channel has put back to the kernel's own.
///
/// # Errors
/// [`Error::Unsupported`], [`Error::Gone`], [`Error::Os`].
pub fn set_up(channel: &Channel, law: Companding, settings: &LineSettings) -> Result<(), Error> {
    gain::apply(channel, law, settings)?;
    if let Some(pulse) = settings.pulse {
        let mut params = params(channel).map_err(os("asking for a port"))?;
        params.pulsebreaktime = pulse.break_ms.clamp(20, 100).into();
        params.pulsemaketime = pulse.make_ms.clamp(20, 100).into();
        channel.request(abi::SET_PARAMS, &mut params).map_err(os("setting the pulses of a port"))?;
    }
    Ok(())
}

fn params(channel: &Channel) -> io::Result<Params> {
    let mut params = Params::zeroed();
    channel.request(abi::GET_PARAMS, &mut params)?;
    Ok(params)
}

/// `HOOK`; what takes its time is in progress, which is no error.
fn hook(channel: &Channel, state: i32) -> io::Result<()> {
    channel
        .set(abi::HOOK, state)
        .or_else(|error| if is(&error, Errno::EINPROGRESS) { Ok(()) } else { Err(error) })
}

/// A request that means nothing to some cards.
fn where_it_can(result: io::Result<()>) -> io::Result<()> {
    result.or_else(|error| {
        let cannot =
            [Errno::ENOTTY, Errno::ENOSYS, Errno::EINVAL].into_iter().any(|number| is(&error, number));
        if cannot { Ok(()) } else { Err(error) }
    })
}

impl Line for DahdiLine {
    fn command(&mut self, command: LineCommand) -> Result<(), Error> {
        // What happened before the order must not be taken for its consequence.
        self.listen();
        self.machine.command(&command)?;
        self.work()
    }

    fn poll_event(&mut self) -> Option<LineEvent> {
        if self.machine.events.is_empty() {
            self.listen();
        }
        let event = self.machine.events.pop_front();
        if self.machine.events.is_empty() {
            let _ = self.more.read();
        }
        event
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.0.as_fd()
    }
}

impl Drop for DahdiLine {
    fn drop(&mut self) {
        // The audio may stay open: the port is put to rest all the same.
        let _ = self.channel.set(abi::SETPOLARITY, 0);
        let _ = hook(&self.channel, abi::hook::ONHOOK);
        self.channel.dialling.store(false, Ordering::Release);
        self.channel.line.store(false, Ordering::Release);
    }
}
