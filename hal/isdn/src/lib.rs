//! The words of an ISDN primary-rate span: what the gateway tells the helper process that runs
//! Q.921 and Q.931, and what the helper answers.
#![forbid(unsafe_code)]

pub mod command;
pub mod event;
pub mod q931;
#[cfg(feature = "socket")]
pub mod socket;
pub mod wire;

pub use command::{Command, Dialect, Settings, Side};
pub use event::Event;

use serde::{Deserialize, Serialize};

/// One call on the span. Calls that the gateway begins have odd numbers, calls that the far end
/// begins have even ones, so that neither side ever waits for the other to name a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallRef(pub u32);

/// A number with its type and plan as Q.931 §4.5.10 codes them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartyNumber {
    /// `0`–`9`, `*`, `#`; at most 32.
    pub digits: String,
    /// Type of number, 0–7: 0 unknown, 1 international, 2 national, 4 subscriber.
    pub ton: u8,
    /// Numbering plan, 0–15: 1 is E.164, 0 unknown, 9 private.
    pub npi: u8,
    /// Presentation, 0–3: 0 allowed, 1 restricted, 2 not available.
    pub presentation: u8,
    /// Screening, 0–3: 0 user-provided unscreened, 1 verified, 3 network-provided.
    pub screening: u8,
}

/// Information transfer capability, Q.931 §4.5.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bearer {
    /// Speech.
    #[default]
    Speech,
    /// 3.1 kHz audio: what fax and modem calls offer.
    Audio31k,
    /// Unrestricted digital, 64 kbit/s.
    Unrestricted,
}

/// The B channel of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelChoice {
    /// Timeslot.
    pub slot: u8,
    /// The other side may not choose another.
    pub exclusive: bool,
}
