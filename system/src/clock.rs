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

    /// Waits. For threads that have nothing else to do.
    pub fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Seconds since 1970 UTC.
pub fn unix_s(wall: SystemTime) -> u64 {
    wall.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A moment as RFC 3339 writes it, in whole seconds UTC: `2026-11-21T16:05:00Z`.
pub fn rfc3339(unix_s: u64) -> String {
    let (days, second) = (unix_s / 86_400, unix_s % 86_400);
    // The calendar repeats every 400 years of 146 097 days; counted from 1 March of year 0, a leap
    // day is the last of its year.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
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
    }
}
