//! What differs from country to country: tones, ringing, caller identity, companding law.
//!
//! [`Country::plan`] has the facts as data; the one table is in `table.rs`.

mod caller_id;
mod numbering;
mod plan;
mod service;
mod table;
mod tone;

pub use caller_id::{CallerIdPlan, CallerIdStart, Confidence};
pub use numbering::Numbering;
pub use plan::Plan;
pub use service::{Howler, LoopPlan, PulseCode, SpecialDial};
pub use tone::{Pitch, PlanTone, SPECIAL_INFORMATION, special_information};

use serde::{Deserialize, Serialize};

/// A country whose lines and numbers the gateway knows, by its ISO 3166-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[allow(missing_docs)] // the code is the documentation
pub enum Country {
    US,
    CA,
    GB,
    DE,
    FR,
    IT,
    ES,
    NL,
    SE,
    CH,
    BR,
    MX,
    AR,
    AU,
    NZ,
    JP,
    IN,
    CN,
    RU,
    ZA,
    TR,
}

impl Country {
    /// Every country, in the order of the table.
    pub const ALL: [Country; 21] = {
        use Country::*;
        [US, CA, GB, DE, FR, IT, ES, NL, SE, CH, BR, MX, AR, AU, NZ, JP, IN, CN, RU, ZA, TR]
    };

    /// Its tones, ringing, caller identity and companding law.
    pub fn plan(self) -> &'static Plan {
        table::plan(self)
    }
}
