//! What media are paced by: the clock of the cards, or a timer of the system.

use demarc_hal::Clock;
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::os::fd::{AsFd, BorrowedFd};

/// Periods of 20 ms.
pub enum Pace {
    /// Of the cards: no block slips against them.
    Card(Box<dyn Clock>),
    /// Of the system.
    System(TimerFd),
}

impl Pace {
    /// The cards' clock where there is one.
    ///
    /// # Errors
    /// When the system has no descriptor left.
    pub fn new(clock: Option<Box<dyn Clock>>) -> std::io::Result<Self> {
        if let Some(clock) = clock {
            return Ok(Pace::Card(clock));
        }
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        timer.set(Expiration::Interval(TimeSpec::milliseconds(20)), TimerSetTimeFlags::empty())?;
        Ok(Pace::System(timer))
    }

    /// Readable when a period has passed.
    pub fn wake_fd(&self) -> BorrowedFd<'_> {
        match self {
            Pace::Card(clock) => clock.wake_fd(),
            Pace::System(timer) => timer.as_fd(),
        }
    }

    /// How many periods have passed since this was asked last.
    pub fn take(&mut self) -> u64 {
        match self {
            Pace::Card(clock) => clock.take(),
            Pace::System(timer) => {
                let mut count = [0; 8];
                match nix::unistd::read(timer, &mut count) {
                    Ok(8) => u64::from_ne_bytes(count),
                    _ => 0,
                }
            }
        }
    }
}
