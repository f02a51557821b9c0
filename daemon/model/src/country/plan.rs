//! The plan of one country.

use super::{CallerIdPlan, PlanTone};
use demarc_hal::Companding;

/// What a country's lines sound like and how they behave (ITU-T E.180 Supplement 2 for tones).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Its English name.
    pub name: &'static str,
    /// Dial tone.
    pub dial: PlanTone,
    /// Busy tone.
    pub busy: PlanTone,
    /// Ringback tone, what a caller hears.
    pub ringback: PlanTone,
    /// Congestion tone (also "reorder").
    pub congestion: PlanTone,
    /// Ringing on an FXS port: milliseconds on, off, on, off …, repeating.
    pub ring: &'static [u32],
    /// Caller identity on analog lines.
    pub caller_id: CallerIdPlan,
    /// The law of its digital network: mu-law where T1 is used, A-law where E1 is.
    pub companding: Companding,
}
