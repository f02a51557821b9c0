//! INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.
//!
//! ```text
//!   Calling ──1xx──► Proceeding ──300–699──► Completed ──D──► Terminated
//!      │ └─300–699──────────────────────────────┘ │              ▲
//!      └──2xx──► Accepted ◄──2xx── Proceeding     └─300–699: ACK  │
//!                    └────────────────M──────────────────────────┘
//! ```

use super::timing::{GIVE_UP, Repeat};
use super::{Expiry, Heard};
use demarc_model::Instant;
use std::time::Duration;

/// States of RFC 3261 figure 5 and RFC 6026 figure 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The INVITE was sent.
    Calling,
    /// A provisional response came.
    Proceeding,
    /// A final response other than 2xx came and was acknowledged.
    Completed,
    /// A 2xx came; further ones, of other forks or repeated, belong to the session.
    Accepted,
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct InviteClient {
    state: State,
    reliable: bool,
    a: Option<Repeat>,
    /// Timer B, D or M, whichever the state has; in Proceeding, the wait after a CANCEL.
    end: Option<Instant>,
    /// Nobody waits for it any more.
    abandoned: bool,
}

impl InviteClient {
    /// The INVITE has just been sent.
    pub fn new(now: Instant, reliable: bool) -> Self {
        let a = (!reliable).then(|| Repeat::doubling(now, Duration::MAX));
        Self { state: State::Calling, reliable, a, end: Some(now + GIVE_UP), abandoned: false }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// A response came.
    pub fn on_response(&mut self, now: Instant, status: u16) -> Heard {
        match (self.state, status) {
            (State::Calling, 100..=199) => {
                self.state = State::Proceeding;
                self.a = None;
                self.end = self.abandoned.then(|| now + GIVE_UP);
                Heard::Pass
            }
            (State::Proceeding, 100..=199) => Heard::Pass,
            (State::Calling | State::Proceeding, 200..=299) => {
                self.enter(State::Accepted, Some(now + GIVE_UP));
                Heard::Pass
            }
            (State::Accepted, 200..=299) => Heard::Pass,
            (State::Calling | State::Proceeding, _) => {
                match self.reliable {
                    true => self.enter(State::Terminated, None),
                    false => self.enter(State::Completed, Some(now + GIVE_UP)),
                }
                Heard::PassAndAck
            }
            (State::Completed, 300..) => Heard::Ack,
            _ => Heard::Ignore,
        }
    }

    /// A CANCEL was sent for it, or nobody waits for it any more: a peer that never answers the
    /// INVITE is given up (§9.1).
    pub fn on_cancel(&mut self, now: Instant) {
        self.abandoned = true;
        if self.state == State::Proceeding && self.end.is_none() {
            self.end = Some(now + GIVE_UP);
        }
    }

    /// A timer is due.
    pub fn on_timeout(&mut self, now: Instant) -> Expiry {
        if self.end.is_some_and(|at| at <= now) {
            let waiting = matches!(self.state, State::Calling | State::Proceeding);
            self.enter(State::Terminated, None);
            return if waiting { Expiry::GaveUp } else { Expiry::Nothing };
        }
        match &mut self.a {
            Some(a) if a.at <= now => {
                a.again(now);
                Expiry::SendAgain
            }
            _ => Expiry::Nothing,
        }
    }

    /// The next timer, by its letter.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let end = match self.state {
            State::Calling => "timer B",
            State::Proceeding => "cancelled INVITE",
            State::Completed => "timer D",
            State::Accepted => "timer M",
            State::Terminated => return None,
        };
        let a = self.a.map(|a| (a.at, "timer A"));
        a.into_iter().chain(self.end.map(|at| (at, end))).min_by_key(|(at, _)| *at)
    }

    fn enter(&mut self, state: State, end: Option<Instant>) {
        self.state = state;
        self.a = None;
        self.end = end;
    }
}
