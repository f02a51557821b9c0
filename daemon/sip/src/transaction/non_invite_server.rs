//! Non-INVITE server transaction: RFC 3261 §17.2.2.
//!
//! ```text
//!   Trying ──1xx──► Proceeding ──200–699──► Completed ──J──► Terminated
//!      └────────200–699──────────────────────┘
//! ```

use super::timing::GIVE_UP;
use super::{Expiry, Repeated};
use demarc_model::Instant;

/// States of RFC 3261 figure 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No response yet.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// A final response was sent; repeated requests get it again.
    Completed,
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct NonInviteServer {
    state: State,
    reliable: bool,
    /// Timer J; before a final response, the end of the client's patience (its timer F).
    end: Instant,
}

impl NonInviteServer {
    /// The request has just come.
    pub fn new(now: Instant, reliable: bool) -> Self {
        Self { state: State::Trying, reliable, end: now + GIVE_UP }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The request came again.
    pub fn on_request(&self) -> Repeated {
        match self.state {
            State::Proceeding | State::Completed => Repeated::Answer,
            State::Trying | State::Terminated => Repeated::Absorb,
        }
    }

    /// May a response with this status be sent? Notes that it is.
    pub fn on_respond(&mut self, now: Instant, status: u16) -> bool {
        match (self.state, status) {
            (State::Trying | State::Proceeding, ..200) => self.state = State::Proceeding,
            (State::Trying | State::Proceeding, _) if self.reliable => self.state = State::Terminated,
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                self.end = now + GIVE_UP;
            }
            _ => return false,
        }
        true
    }

    /// A timer is due.
    pub fn on_timeout(&mut self, now: Instant) -> Expiry {
        if self.end <= now {
            self.state = State::Terminated;
        }
        Expiry::Nothing
    }

    /// The next timer, by its letter.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        match self.state {
            State::Terminated => None,
            State::Completed => Some((self.end, "timer J")),
            State::Trying | State::Proceeding => Some((self.end, "timer F of the client")),
        }
    }
}
