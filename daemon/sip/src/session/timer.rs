//! Session timers, RFC 4028: accepted, never required, so that calls of dead peers end.

use crate::message::{Draft, Fields, Name};
use crate::schedule::earlier;
use demarc_model::Instant;
use std::time::Duration;

/// The shortest interval we take, in seconds (§4).
pub const MIN_SE: u64 = 90;

/// What was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimer {
    interval: Duration,
    /// We refresh.
    ours: bool,
    refresh_at: Option<Instant>,
    expires_at: Instant,
}

/// Is the interval that a request wants too short (422)?
pub fn is_too_small(request: &Fields) -> bool {
    interval(request).is_some_and(|seconds| seconds < MIN_SE)
}

impl SessionTimer {
    /// What a request asks for. The peer refreshes unless it wants us to.
    pub fn asked(now: Instant, request: &Fields) -> Option<Self> {
        let seconds = interval(request)?;
        let ours = match refresher(request) {
            Some(refresher) => refresher.eq_ignore_ascii_case("uas"),
            None => !request.lists(Name::Supported, "timer"),
        };
        Some(Self::new(now, seconds, ours))
    }

    /// What a 2xx to our request says.
    pub fn agreed(now: Instant, response: &Fields) -> Option<Self> {
        let seconds = interval(response)?.max(MIN_SE);
        let ours = refresher(response).is_none_or(|refresher| refresher.eq_ignore_ascii_case("uac"));
        Some(Self::new(now, seconds, ours))
    }

    fn new(now: Instant, seconds: u64, ours: bool) -> Self {
        let interval = Duration::from_secs(seconds.min(86_400));
        // §10: the one who does not refresh hangs up a little before the end.
        let grace = (interval / 3).min(Duration::from_secs(32));
        Self {
            interval,
            ours,
            refresh_at: ours.then(|| now + interval / 2),
            expires_at: now + (interval - grace),
        }
    }

    /// Says in a 2xx what was agreed.
    pub fn answer(&self, draft: Draft) -> Draft {
        let refresher = if self.ours { "uas" } else { "uac" };
        let draft =
            draft.add(Name::SessionExpires, format!("{};refresher={refresher}", self.interval.as_secs()));
        if self.ours { draft } else { draft.add(Name::Require, "timer") }
    }

    /// Asks in our refreshing request to stay the refresher.
    pub fn ask(&self, draft: Draft) -> Draft {
        draft.add(Name::SessionExpires, format!("{};refresher=uac", self.interval.as_secs()))
    }

    /// Is it time to refresh? Notes that it is done.
    pub fn take_refresh(&mut self, now: Instant) -> bool {
        let due = self.refresh_at.is_some_and(|at| at <= now);
        if due {
            self.refresh_at = None;
        }
        due
    }

    /// Has the peer failed to refresh?
    pub fn is_over(&self, now: Instant) -> bool {
        self.expires_at <= now
    }

    /// When it wants attention.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        earlier(self.refresh_at.map(|at| (at, "session refresh")), Some((self.expires_at, "session expires")))
    }
}

fn interval(fields: &Fields) -> Option<u64> {
    let value = fields.value(Name::SessionExpires)?;
    value.split(';').next()?.trim().parse().ok()
}

fn refresher(fields: &Fields) -> Option<&str> {
    let value = fields.value(Name::SessionExpires)?;
    value.split(';').skip(1).find_map(|param| {
        let (name, value) = param.split_once('=')?;
        name.trim().eq_ignore_ascii_case("refresher").then(|| value.trim())
    })
}
