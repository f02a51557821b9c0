//! What the gateway tells the helper.

use crate::{Category, ClearReason, Settings};
use demarc_hal::CasForm;
use serde::{Deserialize, Serialize};

/// One order. The first one is [`Command::Start`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Begin.
    Start(Box<Settings>),
    /// Take a channel; its descriptor comes with it (`SCM_RIGHTS`).
    Open {
        /// Timeslot.
        slot: u8,
        /// How the descriptor carries signalling.
        form: CasForm,
    },
    /// Give a channel back. A call on it is gone.
    Close {
        /// Timeslot.
        slot: u8,
    },
    /// Begin a call.
    Seize {
        /// Timeslot.
        slot: u8,
        /// The called number: 1–79 digits `0`–`9`.
        dnis: String,
        /// The caller's number: up to 79 digits; none when it may not be shown.
        ani: Option<String>,
        /// Who calls.
        category: Category,
    },
    /// Incoming: the party is free. The caller hears us from now on.
    Accept {
        /// Timeslot.
        slot: u8,
        /// Who pays.
        mode: CallMode,
    },
    /// Incoming, accepted: answer.
    Answer {
        /// Timeslot.
        slot: u8,
        /// Answer, clear back and answer again: the exchange drops a collect call at that.
        double: bool,
    },
    /// End the call, whatever its state. `Ended` follows when the channel is free.
    Clear {
        /// Timeslot.
        slot: u8,
        /// Why.
        reason: ClearReason,
    },
    /// Show the far end that the channel takes no calls (`true`), or that it does again.
    Block {
        /// Timeslot.
        slot: u8,
        /// Whether.
        blocked: bool,
    },
}

/// How a call is accepted (group B: "subscriber's line free").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallMode {
    /// The caller pays.
    #[default]
    Charge,
    /// The call is free of charge.
    NoCharge,
    /// Special information tone, where the country has the signal.
    Special,
    /// Not told.
    Unknown,
}
