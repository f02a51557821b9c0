//! Non-INVITE client transaction: RFC 3261 §17.1.2.
//!
//! ```text
//!   Trying ──1xx──► Proceeding ──200–699──► Completed ──K──► Terminated
//!      └────────200–699──────────────────────┘
//! ```

use super::timing::{GIVE_UP, Repeat, T2, T4};
use super::{Expiry, Heard};
use demarc_model::Instant;

/// States of RFC 3261 figure 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The request was sent.
    Trying,
    /// A provisional response came.
    Proceeding,
    /// A final response came; repetitions of it are absorbed.
    Completed,
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct NonInviteClient {
    state: State,
    reliable: bool,
    e: Option<Repeat>,
    /// Timer F or K, whichever the state has.
    end: Option<Instant>,
}

impl NonInviteClient {
    /// The request has just been sent.
    pub fn new(now: Instant, reliable: bool) -> Self {
        let e = (!reliable).then(|| Repeat::doubling(now, T2));
        Self { state: State::Trying, reliable, e, end: Some(now + GIVE_UP) }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// A response came.
    pub fn on_response(&mut self, now: Instant, status: u16) -> Heard {
        match (self.state, status) {
            (State::Trying, 100..=199) => {
                self.state = State::Proceeding;
                self.e = (!self.reliable).then(|| Repeat::steady(now));
                Heard::Pass
            }
            (State::Proceeding, 100..=199) => Heard::Pass,
            (State::Trying | State::Proceeding, _) => {
                self.e = None;
                (self.state, self.end) = match self.reliable {
                    true => (State::Terminated, None),
                    false => (State::Completed, Some(now + T4)),
                };
                Heard::Pass
            }
            _ => Heard::Ignore,
        }
    }

    /// A timer is due.
    pub fn on_timeout(&mut self, now: Instant) -> Expiry {
        if self.end.is_some_and(|at| at <= now) {
            let waiting = self.state != State::Completed;
            (self.state, self.e, self.end) = (State::Terminated, None, None);
            return if waiting { Expiry::GaveUp } else { Expiry::Nothing };
        }
        match &mut self.e {
            Some(e) if e.at <= now => {
                e.again(now);
                Expiry::SendAgain
            }
            _ => Expiry::Nothing,
        }
    }

    /// The next timer, by its letter.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let end = if self.state == State::Completed { "timer K" } else { "timer F" };
        let e = self.e.map(|e| (e.at, "timer E"));
        e.into_iter().chain(self.end.map(|at| (at, end))).min_by_key(|(at, _)| *at)
    }
}
