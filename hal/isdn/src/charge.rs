//! Advice of charge (ETS 300 182, Q.956.2; ECMA-212 with QSIG).

use serde::{Deserialize, Serialize};

/// One advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aoc {
    /// AOC-S: the rates, at the start or when they change; at most 10. None: not known.
    Start(Vec<Rate>),
    /// AOC-D: so far.
    During {
        /// What.
        charge: Charge,
        /// The whole call so far; else since the last advice.
        total: bool,
    },
    /// AOC-E: the whole call, at its end.
    End(Charge),
}

/// What was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// The network does not know.
    NotAvailable,
    /// Free of charge.
    Free,
    /// So many units, of all types together.
    Units(u32),
    /// So much money.
    Money(Money),
}

/// An amount of money: `cost` times ten to the power of `exponent`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Money {
    /// As the network writes it, at most 10 characters: often, not always, ISO 4217.
    pub currency: String,
    /// 0–16 777 215.
    pub cost: u32,
    /// −3 to 3.
    pub exponent: i8,
}

/// One rate of AOC-S.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// What costs it: 0 not available, 1 special arrangement, 2 basic communication, 3 call attempt, 4
    /// call set-up, 5 user-user information, 6 supplementary service.
    pub item: u8,
    /// How much.
    pub kind: RateKind,
}

/// How a rate is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateKind {
    /// Not known.
    NotAvailable,
    /// Nothing.
    Free,
    /// Nothing from the beginning on.
    FreeFromBeginning,
    /// Once.
    Flat(Money),
    /// For each period of time.
    Duration {
        /// How much.
        money: Money,
        /// How long, in hundredths of a second.
        centiseconds: u64,
        /// For each period begun; else in proportion.
        step: bool,
    },
    /// For each unit of volume: 0 octet, 1 segment, 2 message.
    Volume(Money, u8),
    /// A code that the network's operator explains, 1–10.
    Special(u8),
}

/// Which kinds of advice are asked for in SETUP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AocWish {
    /// The rates.
    pub start: bool,
    /// During the call.
    pub during: bool,
    /// At its end.
    pub end: bool,
}

/// Answer to an [`AocWish`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AocAnswer {
    /// It will be told.
    Follows,
    /// The rates are these, at most 10.
    Rates(Vec<Rate>),
    /// It cannot be told.
    NotAvailable,
}
