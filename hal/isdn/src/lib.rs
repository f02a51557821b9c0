//! The words of an ISDN primary-rate span: what the gateway tells the helper process that runs
//! Q.921 and Q.931, and what the helper answers.
#![forbid(unsafe_code)]

pub mod charge;
pub mod command;
pub mod event;
pub mod q931;
pub mod settings;
#[cfg(feature = "socket")]
pub mod socket;
pub mod wire;

pub use charge::{Aoc, AocAnswer, AocWish, Charge, Money, Rate, RateKind};
pub use command::Command;
pub use event::Event;
pub use settings::{Dialect, Interface, Layer2, Nfas, Settings, Side, Timers};

use serde::{Deserialize, Serialize};

/// One call on the span. Calls that the gateway begins have odd numbers, calls that the far end
/// begins have even ones, so that neither side ever waits for the other to name a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChannelChoice {
    /// Interface of the NFAS group; 0 without NFAS.
    pub interface: u8,
    /// Timeslot.
    pub slot: u8,
    /// The other side may not choose another.
    pub exclusive: bool,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartyId {
    /// Number.
    pub number: Option<PartyNumber>,
    /// Name, at most 50 characters; [`PartyNumber::presentation`] holds for it too.
    pub name: Option<String>,
    /// Subaddress.
    pub subaddress: Option<Subaddress>,
}

/// A party subaddress, Q.931 §4.5.9.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Subaddress {
    /// Type: 0 NSAP (X.213), 2 user specified.
    pub kind: u8,
    /// The last octet holds one digit of BCD only.
    pub odd: bool,
    /// At most 20.
    pub octets: Vec<u8>,
}

/// How a call was redirected: redirecting number of Q.931 (§4.6.7), diverting leg information of EN 300
/// 207 and of QSIG.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Redirection {
    /// Reason, Q.931 coding, 0–15: 0 unknown, 1 busy, 2 no reply, 3 deflection (network's transfer), 9
    /// out of order, 10 by the terminal, 15 unconditional.
    pub reason: u8,
    /// How often, 1–15.
    pub count: u8,
    /// Name of the last one that redirected it.
    pub name: Option<String>,
    /// Who was called first, when it was redirected more than once.
    pub original: Option<PartyNumber>,
    /// Why that one redirected it.
    pub original_reason: u8,
}

/// State of a B channel in SERVICE messages (change status, codeset 0 element 0x01).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// In service.
    In,
    /// Maintenance.
    Maintenance,
    /// Out of service.
    Out,
}
