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
}
