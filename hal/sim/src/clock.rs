//! Time as the counters of simulated spans see it: that of the machine, or one moved by hand.

use nix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What counters grow by. Cloning gives another hand at the same clock.
#[derive(Debug, Clone, Default)]
pub struct SimClock(Option<Arc<AtomicU64>>);

impl SimClock {
    /// The monotonic clock of the machine.
    pub fn real() -> Self {
        Self(None)
    }

    /// A clock that stands still until somebody calls [`SimClock::advance`].
    pub fn by_hand() -> Self {
        Self(Some(Arc::default()))
    }

    /// Lets time pass. Does nothing to the clock of the machine.
    pub fn advance(&self, time: Duration) {
        if let Some(micros) = &self.0 {
            let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            micros.fetch_add(time, Ordering::Relaxed);
        }
    }

    /// Since an arbitrary start.
    pub(crate) fn now(&self) -> Duration {
        match &self.0 {
            Some(micros) => Duration::from_micros(micros.load(Ordering::Relaxed)),
            None => clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).unwrap_or_default(),
        }
    }
}
