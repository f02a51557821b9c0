//! When a program is started again. Sans-IO.

use demarc_model::Instant;
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A program that lived this long is not in a crash loop.
const STEADY: Duration = Duration::from_secs(60);

/// When one program is started again after it ended.
#[derive(Debug, Clone)]
pub struct Backoff {
    pause: Duration,
    /// None while it runs.
    start_at: Option<Instant>,
    started: Option<Instant>,
    crashes: u32,
}

impl Backoff {
    /// A program to be started at once.
    pub fn new(now: Instant) -> Self {
        Self { pause: FIRST_PAUSE, start_at: Some(now), started: None, crashes: 0 }
    }

    /// Is it to be started?
    pub fn is_due(&self, now: Instant) -> bool {
        self.start_at.is_some_and(|at| at <= now)
    }

    /// It was started.
    pub fn started(&mut self, now: Instant) {
        (self.started, self.start_at) = (Some(now), None);
    }

    /// It ended, or could not be started. `asked` when we wanted that: it is started again at once,
    /// if it still is to run.
    pub fn ended(&mut self, now: Instant, asked: bool) {
        let lived = self.started.take().map_or(Duration::ZERO, |since| now.since(since));
        if asked || lived >= STEADY {
            self.pause = FIRST_PAUSE;
        }
        if asked {
            self.start_at = Some(now);
            return;
        }
        self.crashes = self.crashes.saturating_add(1);
        self.start_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }

    /// How often it ended by itself.
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// Since when it runs.
    pub fn since(&self) -> Option<Instant> {
        self.started
    }

    /// When something is to be done.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.start_at.map(|at| (at, "start a program"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn pauses_grow_and_are_forgotten_after_a_steady_minute() {
        let mut backoff = Backoff::new(at(0));
        let mut pauses = Vec::new();
        let mut now = at(0);
        for _ in 0..10 {
            assert!(backoff.is_due(now));
            backoff.started(now);
            assert_eq!(backoff.poll_timeout(), None);
            now = now + Duration::from_millis(10);
            backoff.ended(now, false);
            let (next, _) = backoff.poll_timeout().unwrap();
            pauses.push(next.since(now).as_millis());
            now = next;
        }
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(backoff.crashes(), 10);
        backoff.started(now);
        backoff.ended(now + STEADY, false);
        assert_eq!(backoff.poll_timeout().unwrap().0, now + STEADY + FIRST_PAUSE);
    }

    #[test]
    fn an_end_that_was_asked_for_is_no_crash() {
        let mut backoff = Backoff::new(at(0));
        backoff.started(at(0));
        backoff.ended(at(5), true);
        assert!(backoff.is_due(at(5)));
        assert_eq!(backoff.crashes(), 0);
    }
}
