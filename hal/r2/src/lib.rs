//! The words of an MFC/R2 span (ITU-T Q.400–Q.490): what the gateway tells the helper process that
//! runs line and register signalling, and what the helper answers.
//!
//! A channel carries one call at a time, so a call is named by its timeslot.
//!
//! ```text
//! outgoing: Seize ──► Accepted ──► Answered ──► Disconnected ─► Clear ──► Ended
//! incoming: Seized, Offered ─► Accept ──► Accepted ─► Answer ─► Disconnected ─► Clear ──► Ended
//! ```
//! Either may end early: `Disconnected` asks for a `Clear`, and `Ended` is a call's last event.
#![forbid(unsafe_code)]

pub mod command;
pub mod event;
pub mod settings;
#[cfg(feature = "socket")]
pub use demarc_helper::socket;
pub use demarc_helper::wire;

pub use command::{CallMode, Command};
pub use event::{Event, Trouble};
pub use settings::{Settings, Timers, Variant};

use serde::{Deserialize, Serialize};

/// Who calls (group II forward signals, Q.441 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Subscriber without priority.
    #[default]
    National,
    /// Subscriber with priority.
    NationalPriority,
    /// Subscriber, international call.
    International,
    /// Operator or subscriber with priority, international call.
    InternationalPriority,
    /// The called party is asked to pay (Brazil).
    CollectCall,
    /// Maintenance equipment.
    Test,
    /// Another signal.
    Unknown,
}

/// Why a call is cleared. Towards a caller who waits for the decision (group B, Q.441 §3.2.3) each is
/// a signal of its own, where the country has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClearReason {
    /// The party is busy.
    Busy,
    /// No way through the network.
    Congestion,
    /// There is no such number.
    Unallocated,
    /// The line is out of order.
    OutOfOrder,
    /// Something else.
    Unspecified,
    /// The party did not answer in time.
    NoAnswer,
    /// Somebody hung up.
    Normal,
    /// The party does not pay for callers.
    CollectCallRejected,
    /// Hung up, and the caller's exchange is not to wait for him (Brazil).
    ForcedRelease,
    /// The number has changed.
    NumberChanged,
}

impl ClearReason {
    /// The cause that says the same (ITU-T Q.850).
    pub const fn cause(self) -> u8 {
        match self {
            ClearReason::Busy => 17,
            ClearReason::Congestion => 42,
            ClearReason::Unallocated => 1,
            ClearReason::OutOfOrder => 27,
            ClearReason::Unspecified => 31,
            ClearReason::NoAnswer => 19,
            ClearReason::Normal | ClearReason::ForcedRelease => 16,
            ClearReason::CollectCallRejected => 21,
            ClearReason::NumberChanged => 22,
        }
    }

    /// What comes closest to a cause of ITU-T Q.850.
    pub const fn of_cause(cause: u8) -> Self {
        match cause {
            16 => ClearReason::Normal,
            17 => ClearReason::Busy,
            1 | 2 | 3 | 28 => ClearReason::Unallocated,
            18 | 19 => ClearReason::NoAnswer,
            22 => ClearReason::NumberChanged,
            27 => ClearReason::OutOfOrder,
            34 | 38 | 41 | 42 | 44 | 47 => ClearReason::Congestion,
            _ => ClearReason::Unspecified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_survives_the_way_through_its_cause() {
        for reason in [
            ClearReason::Busy,
            ClearReason::Congestion,
            ClearReason::Unallocated,
            ClearReason::OutOfOrder,
            ClearReason::NoAnswer,
            ClearReason::Normal,
            ClearReason::NumberChanged,
        ] {
            assert_eq!(ClearReason::of_cause(reason.cause()), reason);
        }
    }

    #[test]
    fn words_survive_the_wire() {
        let command = Command::Seize {
            slot: 31,
            dnis: "2079460123".into(),
            ani: None,
            category: Category::CollectCall,
        };
        let packet = wire::encode(&command).unwrap();
        assert_eq!(wire::decode::<Command>(&packet).unwrap(), command);
        let event = Event::Trouble { slot: 1, trouble: Trouble::SeizeTimeout };
        assert_eq!(wire::decode::<Event>(&wire::encode(&event).unwrap()).unwrap(), event);
    }
}
