//! Services: numbers that the gateway answers by itself.
//!
//! A service is a small machine that never sees a leg: it is told what its caller does and says
//! what is to be done.

mod announcement;
mod call_back;
mod confirm;
mod delayed_answer;
mod digit_readback;
mod echo;
mod milliwatt;
mod no_answer;
mod reject;

pub(crate) use confirm::Confirm;
pub(crate) use echo::Echo;

use demarc_model::config::ServiceKind;
use demarc_model::media::Source;
use demarc_model::{CallerId, Cause};
use std::fmt::Debug;
use std::time::Duration;

/// What a service wants done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Act {
    /// Tell the caller that somebody is being alerted.
    Ring,
    /// Tell the caller to listen before the answer.
    Progress,
    Answer,
    /// What the caller hears from now on.
    Play(Source),
    SendDigits(String),
    /// Call [`Service::timeout`] after this; a later `Wait` replaces it.
    Wait(Duration),
    /// Call this number a little later.
    CallBack {
        number: String,
        caller: CallerId,
    },
    End(Cause),
}

/// A machine that serves one caller.
pub(crate) trait Service: Debug + Send {
    /// The caller has arrived.
    fn start(&mut self) -> Vec<Act>;

    /// The caller pressed a key.
    fn digit(&mut self, _digit: char) -> Vec<Act> {
        Vec::new()
    }

    /// The time of the last [`Act::Wait`] has come.
    fn timeout(&mut self) -> Vec<Act> {
        Vec::new()
    }
}

/// The machine for a service number, which was reached as `called`. `ring_timeout` is how long a
/// party is rung.
pub(crate) fn machine(kind: &ServiceKind, called: &str, ring_timeout: Duration) -> Box<dyn Service> {
    match kind {
        ServiceKind::Echo => Box::new(Echo),
        ServiceKind::Milliwatt => Box::new(milliwatt::Milliwatt),
        ServiceKind::NoAnswer => Box::new(no_answer::NoAnswer { ring_timeout }),
        ServiceKind::Announcement => Box::new(announcement::Announcement { longest: ring_timeout }),
        ServiceKind::DelayedAnswer { after_s } => {
            Box::new(delayed_answer::DelayedAnswer { after: Duration::from_secs((*after_s).into()) })
        }
        ServiceKind::Reject { cause } => Box::new(reject::Reject { cause: *cause }),
        ServiceKind::RejectByNumber { base } => Box::new(reject::Reject::by_number(called, *base)),
        ServiceKind::DigitReadback => Box::new(digit_readback::DigitReadback::default()),
        ServiceKind::CallBack { number, caller } => {
            Box::new(call_back::CallBack { number: number.clone(), caller: caller.clone() })
        }
    }
}
