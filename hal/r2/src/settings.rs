//! How the channels of a span are run.

use serde::{Deserialize, Serialize};

/// Settings of a span, sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Whose register signals.
    pub variant: Variant,
    /// The most digits of the caller's number that are asked for (0–79).
    pub max_ani: u8,
    /// The most digits of the called number that are asked for (1–79).
    pub max_dnis: u8,
    /// Ask for the caller's number before the rest of the called one; none: as the country does.
    pub ani_first: Option<bool>,
    /// Do not ask for the category before the decision.
    pub skip_category: bool,
    /// Accept with "address complete, charge" and without groups B and II.
    pub immediate_accept: bool,
    /// Timers.
    pub timers: Timers,
}

/// Timers in milliseconds; none: what the country or the library has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Timers {
    /// The longest wait for a register signal in answer to ours.
    pub mf_back: Option<u32>,
    /// A clear back that lasts no longer is a metering pulse; 0: there are no such pulses.
    pub metering_pulse: Option<u32>,
    /// The longest wait for the answer to a seizure.
    pub seize: Option<u32>,
    /// The longest wait for the party to answer.
    pub answer: Option<u32>,
    /// A line signal counts once it has lasted that long.
    pub persistence: Option<u32>,
}

/// Whose register signals, and whose habits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variant {
    /// ITU-T Q.440–Q.480.
    #[default]
    Itu,
    /// Argentina.
    Argentina,
    /// Brazil.
    Brazil,
    /// China.
    China,
    /// Colombia.
    Colombia,
    /// Czech Republic.
    Czech,
    /// Ecuador.
    Ecuador,
    /// Indonesia.
    Indonesia,
    /// Mexico.
    Mexico,
    /// Philippines.
    Philippines,
    /// Venezuela.
    Venezuela,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            variant: Variant::Itu,
            max_ani: 20,
            max_dnis: 20,
            ani_first: None,
            skip_category: false,
            immediate_accept: false,
            timers: Timers::default(),
        }
    }
}
