//! INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.
//!
//! ```text
//!   Proceeding ──300–699──► Completed ──ACK──► Confirmed ──I──► Terminated
//!       │                       └──H──► give up ──────────────────▲
//!       └──2xx──► Accepted ──L────────────────────────────────────┘
//! ```
//! The 2xx itself is repeated by the session until its ACK comes (RFC 3261 §13.3.1.4).

use super::timing::{GIVE_UP, Repeat, T2, T4};
use super::{Expiry, Repeated};
use demarc_model::Instant;

/// States of RFC 3261 figure 7 and RFC 6026 figure 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No final response yet.
    Proceeding,
    /// A final response other than 2xx was sent and waits for its ACK.
    Completed,
    /// Acknowledged; repetitions of the ACK are absorbed.
    Confirmed,
    /// A 2xx was sent; repetitions of the INVITE are absorbed.
    Accepted,
    /// Over.
    Terminated,
}

/// The machine.
#[derive(Debug)]
pub struct InviteServer {
    state: State,
    reliable: bool,
    g: Option<Repeat>,
    /// Timer H, I or L, whichever the state has.
    end: Option<Instant>,
}

impl InviteServer {
    /// The INVITE has just come.
    pub fn new(reliable: bool) -> Self {
        Self { state: State::Proceeding, reliable, g: None, end: None }
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// The INVITE came again.
    pub fn on_request(&self) -> Repeated {
        match self.state {
            State::Proceeding | State::Completed => Repeated::Answer,
            State::Confirmed | State::Accepted | State::Terminated => Repeated::Absorb,
        }
    }

    /// May a response with this status be sent? Notes that it is.
    pub fn on_respond(&mut self, now: Instant, status: u16) -> bool {
        if self.state != State::Proceeding {
            return false;
        }
        match status {
            ..200 => {}
            200..300 => (self.state, self.end) = (State::Accepted, Some(now + GIVE_UP)),
            _ => {
                self.state = State::Completed;
                self.g = (!self.reliable).then(|| Repeat::doubling(now, T2));
                self.end = Some(now + GIVE_UP);
            }
        }
        true
    }

    /// An ACK came. True when it is for a 2xx, and so for the session.
    pub fn on_ack(&mut self, now: Instant) -> bool {
        if self.state == State::Completed {
            self.g = None;
            (self.state, self.end) = match self.reliable {
                true => (State::Terminated, None),
                false => (State::Confirmed, Some(now + T4)),
            };
        }
        self.state == State::Accepted
    }

    /// A timer is due.
    pub fn on_timeout(&mut self, now: Instant) -> Expiry {
        if self.end.is_some_and(|at| at <= now) {
            let waiting = self.state == State::Completed;
            (self.state, self.g, self.end) = (State::Terminated, None, None);
            return if waiting { Expiry::GaveUp } else { Expiry::Nothing };
        }
        match &mut self.g {
            Some(g) if g.at <= now => {
                g.again(now);
                Expiry::SendAgain
            }
            _ => Expiry::Nothing,
        }
    }

    /// The next timer, by its letter.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let end = match self.state {
            State::Completed => "timer H",
            State::Confirmed => "timer I",
            _ => "timer L",
        };
        let g = self.g.map(|g| (g.at, "timer G"));
        g.into_iter().chain(self.end.map(|at| (at, end))).min_by_key(|(at, _)| *at)
    }
}
