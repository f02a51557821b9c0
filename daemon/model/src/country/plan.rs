//! The plan of one country.

use super::{CallerIdPlan, Howler, PlanTone, SpecialDial};
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
    /// A second call waits; only the called party hears it, over the call.
    pub call_waiting: PlanTone,
    /// Dial tone of a line with messages; ready to be played from [`Plan::special_dial()`].
    pub special_dial: SpecialDial,
    /// What a telephone left off hook hears at last; ready to be played from [`Plan::howler()`].
    pub howler: Howler,
    /// Ringing on an FXS port: milliseconds on, off, on, off …, repeating.
    pub ring: &'static [u32],
    /// Caller identity on analog lines.
    pub caller_id: CallerIdPlan,
    /// The law of its digital network: mu-law where T1 is used, A-law where E1 is.
    pub companding: Companding,
}
