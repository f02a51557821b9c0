//! The clock of the cards: `/dev/dahdi/timer`.

use crate::device::{self, os};
use crate::sys::abi::{TIMERACK, TIMERCONFIG};
use demarc_hal::{BLOCK, Clock, Error};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Periods that are reported at once at most; what is beyond was slept through.
const MOST: u64 = 500;
/// Nanoseconds of a period, and of an octet.
const PERIOD: i64 = 20_000_000;
const OCTET: i64 = PERIOD / BLOCK as i64;
/// Octets that cards handle at a time: no date is more exact.
const CHUNK: i64 = 8;
/// By how much a period of the cards may be longer by the machine's clock: one in ten thousand.
const DRIFT: i64 = PERIOD / 10_000;
/// A tick this late says that the machine slept: a second.
const SLEPT: i64 = 50 * PERIOD;

/// When the last tick was due, by the machine's clock: the line through those that came soonest.
#[derive(Debug, Default)]
pub struct Beat {
    /// Nanoseconds; 0 before the first.
    due: AtomicI64,
}

impl Beat {
    /// So many periods have passed by now.
    fn advance(&self, periods: u64, now: i64) {
        let due = self.due.load(Ordering::Relaxed);
        let periods = i64::try_from(periods.min(MOST)).unwrap_or(0);
        let next = due + periods * (PERIOD + DRIFT);
        // Whoever is early was never early: the line was late until now.
        let due = if due == 0 || now - next > SLEPT { now } else { next.min(now) };
        self.due.store(due, Ordering::Relaxed);
    }

    /// How much longer ago than a chunk the last tick was due, in octets, up to a block; 0 when nobody has
    /// a clock.
    pub fn lateness(&self) -> usize {
        self.lateness_at(now())
    }

    fn lateness_at(&self, now: i64) -> usize {
        match self.due.load(Ordering::Relaxed) {
            0 => 0,
            due => usize::try_from((now - due) / OCTET - CHUNK).unwrap_or(0).min(BLOCK),
        }
    }
}

fn now() -> i64 {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |now| now.num_nanoseconds())
}

/// A timer that counts the samples of the cards.
#[derive(Debug)]
pub struct DahdiClock {
    timer: File,
    /// The timer tells by `POLLPRI` alone; this makes a descriptor of it that can be read.
    wake: Epoll,
    beat: Arc<Beat>,
}

impl DahdiClock {
    /// Starts a timer of one block.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn open(dev: &Path, beat: Arc<Beat>) -> Result<Self, Error> {
        let timer = device::open(&dev.join("timer")).map_err(os("opening /dev/dahdi/timer"))?;
        let period = i32::try_from(BLOCK).unwrap_or(160);
        device::set(&timer, TIMERCONFIG, period).map_err(os("starting the timer"))?;
        let wake = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| os("epoll")(error.into()))?;
        let event = EpollEvent::new(EpollFlags::EPOLLPRI, 0);
        wake.add(&timer, event).map_err(|error| os("epoll")(error.into()))?;
        Ok(Self { timer, wake, beat })
    }
}

impl Clock for DahdiClock {
    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.wake.0.as_fd()
    }

    fn take(&mut self) -> u64 {
        // The kernel does not tell how many there are, only whether there is one.
        let expired = || device::get(&self.timer, crate::sys::abi::GETEVENT).is_ok_and(|event| event != 0);
        let mut periods = 0;
        while expired() {
            let all = periods >= MOST;
            if device::set(&self.timer, TIMERACK, if all { -1 } else { 1 }).is_err() || all {
                break;
            }
            periods += 1;
        }
        if periods > 0 {
            self.beat.advance(periods, now());
        }
        periods
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn who_comes_late_knows_by_how_much() {
        let beat = Beat::default();
        assert_eq!(beat.lateness_at(5 * MS), 0, "without a clock");
        beat.advance(1, 1000 * MS);
        assert_eq!(beat.lateness_at(1002 * MS), 8);
        assert_eq!(beat.lateness_at(999 * MS), 0);
        assert_eq!(beat.lateness_at(5000 * MS), BLOCK);
        // This tick was looked at late, and the next in time.
        beat.advance(1, 1027 * MS);
        assert_eq!(beat.lateness_at(1027 * MS), 47);
        beat.advance(1, 1040 * MS);
        assert_eq!(beat.lateness_at(1042 * MS), 8);
        beat.advance(3, 1101 * MS);
        assert_eq!(beat.lateness_at(1102 * MS), 7);
    }

    #[test]
    fn a_first_tick_that_was_late_is_found_out() {
        let beat = Beat::default();
        beat.advance(1, 1009 * MS);
        beat.advance(1, 1020 * MS);
        assert_eq!(beat.lateness_at(1022 * MS), 8);
    }

    #[test]
    fn clocks_that_differ_and_a_machine_that_slept_are_followed() {
        for drift in [-1000, 1000] {
            let beat = Beat::default();
            let mut now = 1000 * MS;
            for _ in 0..100_000 {
                now += PERIOD + drift;
                beat.advance(1, now);
            }
            assert!(beat.lateness_at(now + 2 * MS) <= 8, "{drift} ns a period");
        }
        let beat = Beat::default();
        beat.advance(1, 1000 * MS);
        beat.advance(1, 9000 * MS);
        assert_eq!(beat.lateness_at(9002 * MS), 8);
    }
}
