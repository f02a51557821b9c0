//! The clock of the cards: `/dev/dahdi/timer`.

use crate::device::{self, os};
use crate::sys::abi::{TIMERACK, TIMERCONFIG};
use demarc_hal::{BLOCK, Clock, Error};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

/// Periods that are reported at once at most; what is beyond was slept through.
const MOST: u64 = 500;

/// A timer that counts the samples of the cards.
#[derive(Debug)]
pub struct DahdiClock {
    timer: File,
    /// The timer tells by `POLLPRI` alone; this makes a descriptor of it that can be read.
    wake: Epoll,
}

impl DahdiClock {
    /// Starts a timer of one block.
    ///
    /// # Errors
    /// [`Error::Os`].
    pub fn open(dev: &Path) -> Result<Self, Error> {
        let timer = device::open(&dev.join("timer")).map_err(os("opening /dev/dahdi/timer"))?;
        let period = i32::try_from(BLOCK).unwrap_or(160);
        device::set(&timer, TIMERCONFIG, period).map_err(os("starting the timer"))?;
        let wake = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(|error| os("epoll")(error.into()))?;
        let event = EpollEvent::new(EpollFlags::EPOLLPRI, 0);
        wake.add(&timer, event).map_err(|error| os("epoll")(error.into()))?;
        Ok(Self { timer, wake })
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
        periods
    }
}
