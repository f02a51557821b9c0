//! What the helper tells the gateway.

use crate::{CallMode, Category, ClearReason};
use serde::{Deserialize, Serialize};

/// Something happened on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A channel has been opened, and its line signal is known.
    Opened {
        /// Timeslot.
        slot: u8,
    },
    /// A channel could not be opened, or its descriptor does not work any more.
    Gone {
        /// Timeslot.
        slot: u8,
    },
    /// The far end takes calls on the channel, or no longer does (Q.421: blocked).
    FarEnd {
        /// Timeslot.
        slot: u8,
        /// Whether it does.
        idle: bool,
    },
    /// The far end has seized the channel: digits will follow.
    Seized {
        /// Timeslot.
        slot: u8,
    },
    /// The far end calls, and waits for the decision of the called party.
    Offered {
        /// Timeslot.
        slot: u8,
        /// The called number.
        dnis: String,
        /// The caller's number; none when it is withheld, empty when it was not sent.
        ani: Option<String>,
        /// Who calls.
        category: Category,
    },
    /// Outgoing: the party is free and is being alerted. Incoming: the caller was told so.
    Accepted {
        /// Timeslot.
        slot: u8,
        /// Who pays; [`CallMode::Unknown`] on incoming calls.
        mode: CallMode,
    },
    /// Outgoing: the party has answered.
    Answered {
        /// Timeslot.
        slot: u8,
    },
    /// Outgoing: a metering pulse.
    Pulse {
        /// Timeslot.
        slot: u8,
    },
    /// The far end clears: give a `Clear`.
    Disconnected {
        /// Timeslot.
        slot: u8,
        /// Why.
        reason: ClearReason,
    },
    /// The call is over and the channel free; the last event of a call.
    Ended {
        /// Timeslot.
        slot: u8,
    },
    /// The signalling broke down; the call is over and the channel idle. The last event of a call.
    Trouble {
        /// Timeslot.
        slot: u8,
        /// How.
        trouble: Trouble,
    },
    /// A signal crossed the line: for the ladder.
    Signal {
        /// Timeslot.
        slot: u8,
        /// From us to the far end.
        outgoing: bool,
        /// In words: `SEIZE`, `1 on`, `1 off`.
        words: String,
    },
    /// A word of warning for the log.
    Warning(String),
}

/// How signalling broke down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The channel was not idle when it was to be seized.
    NotIdle,
    /// A line signal that does not fit the state.
    LineSignal,
    /// A register signal that does not fit the state.
    RegisterSignal,
    /// The far end stopped in the middle of a register signal.
    RegisterTimeout,
    /// No answer to a seizure.
    SeizeTimeout,
    /// The span has an alarm.
    Alarm,
    /// The helper itself.
    Internal,
}
