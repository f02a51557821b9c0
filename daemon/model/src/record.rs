//! Call records (CDR).

use crate::{CallId, CallerId, Cause};
use serde::{Deserialize, Serialize};

/// The record of one call: written when it begins, again when it is answered, and when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// Its call.
    pub call: CallId,
    /// When it began, in milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// When it was answered.
    pub answered_ms: Option<u64>,
    /// When it ended; none while it lives.
    pub ended_ms: Option<u64>,
    /// Who called; a withheld number is kept here.
    pub caller: CallerId,
    /// Where it came from: a device or trunk by name.
    pub from: String,
    /// What was dialled.
    pub called: String,
    /// Whom it reached or tried: a device, trunk or service by name.
    pub to: String,
    /// The route that was taken, by name.
    pub route: Option<String>,
    /// An emergency call.
    pub emergency: bool,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// In words, when there is more to say.
    pub reason: Option<String>,
    /// What the network charged.
    #[serde(default)]
    pub charge: Option<Charge>,
}

/// What a call costs, as the network says (advice of charge, EN 300 182).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Charge {
    /// The whole charge (AOC-E); else what has been run up so far (AOC-D).
    pub complete: bool,
    /// Charging units.
    pub units: Option<u32>,
    /// Thousandths of the currency.
    pub amount: Option<u64>,
    /// The currency as the network names it: `EUR`.
    pub currency: Option<String>,
}
