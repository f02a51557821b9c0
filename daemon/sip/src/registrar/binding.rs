//! One place where a device can be reached.

use crate::Flow;
use crate::message::UriBuf;
use demarc_model::Instant;

/// One place where a device can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The Contact: the Request-URI of what is sent there.
    pub contact: UriBuf,
    /// The way there, whatever the Contact says.
    pub flow: Flow,
    /// Until when, on the clock of timers.
    pub expires_at: Instant,
    /// The same moment for people: milliseconds since 1970 UTC.
    pub expires_ms: u64,
    /// Preference in thousandths, 0–1000.
    pub q: u16,
    /// Call-ID of the REGISTER that made or refreshed it.
    pub call_id: String,
    /// CSeq of that REGISTER.
    pub cseq: u32,
    /// `+sip.instance` (RFC 5626): tells that it is the same phone after a restart.
    pub instance: Option<String>,
    /// What the phone says it is.
    pub user_agent: Option<String>,
}

impl Binding {
    /// Whole seconds until it expires; at least 1 while it lasts.
    pub fn expires_in(&self, now: Instant) -> u32 {
        let left = self.expires_at.since(now);
        u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
    }
}
