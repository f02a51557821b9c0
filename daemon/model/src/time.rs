//! Time as an argument: machines never ask for it.

use std::ops::{Add, Sub};
use std::time::{Duration, SystemTime};

/// A point on a monotonic clock, counted from an arbitrary start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The point `since_start` after the clock's start.
    pub const fn from_start(since_start: Duration) -> Self {
        Self(since_start)
    }

    /// How long after the clock's start.
    pub const fn since_start(self) -> Duration {
        self.0
    }

    /// How long after `earlier`; zero when it is not later.
    pub fn since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, d: Duration) -> Instant {
        Instant(self.0.saturating_add(d))
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    fn sub(self, earlier: Instant) -> Duration {
        self.since(earlier)
    }
}

/// The same moment on both clocks. Made only by the daemon's clock and by the test harness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// For timers: never goes back.
    pub mono: Instant,
    /// For people and records.
    pub wall: SystemTime,
}
