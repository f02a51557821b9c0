//! The only place that asks what time it is: the daemon and `demarc-system` give it to everybody else.
#![forbid(unsafe_code)]

use demarc_model::{Instant, Now};
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second that RFC 3339 can write: its years have four digits.
const LAST: u64 = 253_402_300_799;

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

    /// Waits. For threads that have nothing else to do.
    pub fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Milliseconds since 1970 UTC.
pub fn unix_ms(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Seconds since 1970 UTC.
pub fn unix_s(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A moment as RFC 3339 writes it, in whole seconds UTC: `2026-11-21T16:05:00Z`. After the year 9999 it
/// stands still.
pub fn rfc3339(unix_s: u64) -> String {
    let whole = i64::try_from(unix_s.min(LAST)).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(whole).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc3339(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(rfc3339(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(rfc3339(4_102_444_800), "2100-01-01T00:00:00Z");
        assert_eq!(rfc3339(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(rfc3339(LAST), "9999-12-31T23:59:59Z");
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_moment_that_has_passed_is_not_waited_for() {
        let clock = Clock::start();
        assert_eq!(clock.until(Instant::default()), Duration::ZERO);
        let far = clock.now().mono + Duration::from_secs(3600);
        assert!(clock.until(far) > Duration::from_secs(3000));
    }

    #[test]
    fn a_wall_clock_before_1970_is_1970() {
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        let later = SystemTime::UNIX_EPOCH + Duration::from_millis(1999);
        assert_eq!((unix_ms(early), unix_s(early)), (0, 0));
        assert_eq!((unix_ms(later), unix_s(later)), (1999, 1));
    }
}
