//! The only place that asks what time it is.

use demarc_model::{Instant, Now};
use std::time::{Duration, SystemTime};

/// The process's clock. Copies tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: std::time::Instant,
}

#[allow(clippy::disallowed_methods, reason = "this is the clock that everybody else is given")]
impl Clock {
    /// A clock whose monotonic side begins now.
    pub fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }

    /// This moment.
    pub fn now(&self) -> Now {
        Now { mono: Instant::from_start(self.origin.elapsed()), wall: SystemTime::now() }
    }

    /// How long until `at`; zero when it has passed.
    pub fn until(&self, at: Instant) -> Duration {
        at.since(Instant::from_start(self.origin.elapsed()))
    }
}

/// Milliseconds since 1970 UTC.
pub fn unix_ms(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
