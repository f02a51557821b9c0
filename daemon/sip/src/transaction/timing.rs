//! The base timers of RFC 3261 §17.1.1.1 (table 4 names those derived from them).

use std::time::Duration;

/// Round-trip estimate.
pub const T1: Duration = Duration::from_millis(500);
/// The longest interval between repetitions of a non-INVITE request or an INVITE response.
pub const T2: Duration = Duration::from_secs(4);
/// How long a message may linger in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64 × T1: timers B, F, H, J, L and M. Also timer D, which shall be at least 32 s.
pub const GIVE_UP: Duration = Duration::from_secs(32);

/// Something is sent again at growing intervals.
#[derive(Debug, Clone, Copy)]
pub struct Repeat {
    /// When next.
    pub at: demarc_model::Instant,
    interval: Duration,
    longest: Duration,
}

impl Repeat {
    /// First after T1, then after twice as long each time, but never longer than `longest`.
    pub fn doubling(now: demarc_model::Instant, longest: Duration) -> Self {
        Self { at: now + T1, interval: T1, longest }
    }

    /// Always after T2.
    pub fn steady(now: demarc_model::Instant) -> Self {
        Self { at: now + T2, interval: T2, longest: T2 }
    }

    /// It was sent again `now`.
    pub fn again(&mut self, now: demarc_model::Instant) {
        self.interval = (self.interval * 2).min(self.longest);
        self.at = now + self.interval;
    }
}
