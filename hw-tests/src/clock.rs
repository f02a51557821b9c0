//! The clocks of real runs.

use crate::rig::Time;
use demarc_hal::Clock;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Half a block: whoever moves audio by what has arrived looks twice a block.
const LOOK: u8 = 10;

fn monotonic() -> Duration {
    clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default()
}

/// The clock of the machine.
#[derive(Debug, Default)]
pub struct RealTime;

impl Time for RealTime {
    fn now(&self) -> Duration {
        monotonic()
    }

    fn tick(&mut self) {
        let _ = poll(&mut [], PollTimeout::from(LOOK));
    }
}

/// The clock of the machine, looked at whenever a block has passed on the cards.
pub struct CardTime(pub Box<dyn Clock>);

impl Time for CardTime {
    fn now(&self) -> Duration {
        monotonic()
    }

    fn tick(&mut self) {
        // A card that has vanished ticks no more.
        let _ = poll(&mut [PollFd::new(self.0.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(100_u8));
        self.0.take();
    }
}
