//! Channel-associated signalling: MFC/R2 and E&M.

use crate::Country;
use serde::{Deserialize, Serialize};

/// How the channels of an MFC/R2 span are run (ITU-T Q.400–Q.490).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct R2Settings {
    /// Whose register signals.
    pub variant: R2Variant,
    /// The most digits of the caller's number that we ask for, 0–32.
    pub max_ani: u8,
    /// The most digits of the called number that we ask for, 1–32: where the country has no signal
    /// for its end, a shorter number costs [`R2Settings::digit_timeout_ms`].
    pub max_dnis: u8,
    /// What we say that our callers are.
    pub category: R2Category,
    /// Ask for the caller's number before the rest of the called one; none = as the country does.
    pub ani_first: Option<bool>,
    /// Do not ask for the caller's category by itself.
    pub skip_category: bool,
    /// Take calls without the group B decision.
    pub immediate_accept: bool,
    /// Our hang-up frees the caller's exchange at once (Brazil).
    pub forced_release: bool,
    /// Answer twice, so that the exchange drops collect calls (Brazil).
    pub double_answer: bool,
    /// Callers pay for calls that we take.
    pub charge_calls: bool,
    /// Take calls that the called party is to pay for.
    pub allow_collect_calls: bool,
    /// The longest wait for the next digit, in milliseconds (500–20000); none = 5 s.
    pub digit_timeout_ms: Option<u16>,
    /// A break of the answer that lasts no longer is a metering pulse, in milliseconds (0–2000; 0: there
    /// are none); none = as the country does.
    pub metering_pulse_ms: Option<u16>,
}

impl Default for R2Settings {
    fn default() -> Self {
        Self {
            variant: R2Variant::Itu,
            max_ani: 20,
            max_dnis: 20,
            category: R2Category::National,
            ani_first: None,
            skip_category: false,
            immediate_accept: false,
            forced_release: false,
            double_answer: false,
            charge_calls: true,
            allow_collect_calls: false,
            digit_timeout_ms: None,
            metering_pulse_ms: None,
        }
    }
}

impl R2Settings {
    /// What is usual in a country: the beginning of an administrator's work.
    pub fn of(country: Country) -> Self {
        let usual = Self::default();
        match country {
            // Ten digits nationally; exchanges deliver the last four to ten of the called number.
            Country::MX => Self {
                variant: R2Variant::Mexico,
                max_ani: 10,
                max_dnis: 4,
                digit_timeout_ms: Some(1500),
                ..usual
            },
            // Area code of two and a number of eight or nine digits.
            Country::BR => Self {
                variant: R2Variant::Brazil,
                max_ani: 11,
                max_dnis: 4,
                digit_timeout_ms: Some(1500),
                forced_release: true,
                ..usual
            },
            Country::AR => Self {
                variant: R2Variant::Argentina,
                max_ani: 10,
                max_dnis: 4,
                digit_timeout_ms: Some(1500),
                ..usual
            },
            _ => usual,
        }
    }
}

/// Whose register signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum R2Variant {
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

/// What a caller is said to be (group II, Q.441 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum R2Category {
    /// Subscriber without priority.
    #[default]
    National,
    /// Subscriber with priority.
    NationalPriority,
    /// Subscriber, international call.
    International,
    /// Operator or subscriber with priority, international call.
    InternationalPriority,
    /// Maintenance equipment.
    Test,
}

/// How the channels of an E&M span are run (ANSI T1.405).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EmSettings {
    /// How the far end says that it is ready for digits.
    pub start: EmStart,
    /// Digits of a called number that come in, 0–15: fewer end with a pause. 0: none come, and calls go
    /// where an empty number leads.
    pub digits: u8,
    /// The longest pause between two digits that come in, in milliseconds (500–15000).
    pub digit_timeout_ms: u16,
}

impl Default for EmSettings {
    fn default() -> Self {
        Self { start: EmStart::Wink, digits: 10, digit_timeout_ms: 3000 }
    }
}

/// How the far end of an E&M line says that it is ready for digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EmStart {
    /// It goes off hook for about 200 ms.
    #[default]
    Wink,
    /// Not at all: digits follow the seizure after a moment.
    Immediate,
    /// It goes off hook until it is ready.
    Delay,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_have_their_variant() {
        for (country, variant) in [
            (Country::BR, R2Variant::Brazil),
            (Country::MX, R2Variant::Mexico),
            (Country::AR, R2Variant::Argentina),
            (Country::GB, R2Variant::Itu),
        ] {
            assert_eq!(R2Settings::of(country).variant, variant);
        }
    }

    #[test]
    fn an_old_configuration_has_the_usual_settings() {
        let r2: R2Settings = serde_json::from_str(r#"{"variant": "mexico"}"#).unwrap();
        assert_eq!(r2, R2Settings { variant: R2Variant::Mexico, ..R2Settings::default() });
    }
}
