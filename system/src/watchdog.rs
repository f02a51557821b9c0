//! The watchdog is fed only while the gateway says that it is healthy.

use demarc_model::Instant;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

/// How long a healthy answer counts.
pub const STALE: Duration = Duration::from_secs(20);
/// How long the gateway has from the start of the machine until its first healthy answer: an old
/// disk is checked and a large database migrated.
const FIRST: Duration = Duration::from_secs(180);
/// How long it has after it was started again.
const RESTART: Duration = Duration::from_secs(60);
/// How often in a row it is given that time.
const RESTARTS: u32 = 5;

/// Decides whether the watchdog is fed. Sans-IO.
#[derive(Debug, Clone)]
pub struct Hunger {
    feed_until: Instant,
    restarts: u32,
    lenient: bool,
}

impl Hunger {
    /// From the start of the machine. `lenient` when the watchdog has bitten several times in a row:
    /// a unit that goes round in circles can be reached by nobody, so the console stays.
    pub fn new(now: Instant, lenient: bool) -> Self {
        Self { feed_until: now + FIRST, restarts: 0, lenient }
    }

    /// The gateway has answered that it is healthy.
    pub fn healthy(&mut self, now: Instant) {
        self.restarts = 0;
        self.feed_until = self.feed_until.max(now + STALE);
    }

    /// The gateway was started again.
    pub fn restarted(&mut self, now: Instant) {
        if self.restarts < RESTARTS {
            self.restarts += 1;
            self.feed_until = self.feed_until.max(now + RESTART);
        }
    }

    /// Is it to be fed?
    pub fn is_fed(&self, now: Instant) -> bool {
        self.lenient || now < self.feed_until
    }
}

/// The device.
#[derive(Debug)]
pub struct Device(File);

impl Device {
    /// Opens it, and by that starts it; none when there is none.
    pub fn open(path: &Path) -> Option<Self> {
        OpenOptions::new().write(true).open(path).ok().map(Self)
    }

    /// Another minute, or whatever the device has.
    pub fn feed(&mut self) {
        // `V` would allow it to be stopped: never.
        let _ = self.0.write_all(b"\0");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: u64) -> Instant {
        Instant::from_start(Duration::from_secs(s))
    }

    #[test]
    fn only_a_healthy_gateway_feeds_it() {
        let mut hunger = Hunger::new(at(0), false);
        assert!(hunger.is_fed(at(179)));
        assert!(!hunger.is_fed(at(180)));
        hunger.healthy(at(200));
        assert!(hunger.is_fed(at(219)));
        assert!(!hunger.is_fed(at(220)), "a hung gateway is bitten");
    }

    #[test]
    fn a_crash_loop_is_bitten_in_the_end() {
        let mut hunger = Hunger::new(at(0), false);
        hunger.healthy(at(1000));
        for n in 0..RESTARTS {
            let now = 1000 + u64::from(n) * 50;
            hunger.restarted(at(now));
            assert!(hunger.is_fed(at(now + 59)));
        }
        hunger.restarted(at(1260));
        assert!(!hunger.is_fed(at(1261)));
        assert!(Hunger::new(at(0), true).is_fed(at(99_999)), "but not for ever");
    }
}
