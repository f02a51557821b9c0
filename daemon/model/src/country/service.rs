//! Tones of services, and how a line is dialled: what an exchange of the country does beside the
//! four tones of a call.
//!
//! Tones: ITU-T E.180 Supplement 2 and national practice. Pulses: ITU-T Q.23's forerunners have them
//! at ten a second everywhere; what differs is the ratio of break to make and, in Sweden and New
//! Zealand, which digit is how many pulses. Register recall: ETSI TBR 21 §4.9 and national practice.

use super::tone::{LEVEL, silence};
use super::{Country, Pitch, Plan, PlanTone};
use crate::media::{Tone, TonePart};

/// Dial tone of a line with something to say: messages wait, or calls are diverted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SpecialDial {
    /// Ten short bursts of dial tone, and then dial tone ("stutter").
    Stutter,
    /// A tone of its own.
    Own(PlanTone),
    /// Two pitches in turn, so many milliseconds each.
    Turns(Pitch, Pitch, u32),
}

/// What a telephone left off hook hears at last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Howler {
    /// North America's "receiver off hook": 1400 + 2060 + 2450 + 2600 Hz, ten times a second. Two
    /// pitches sound at once here, so the two pairs take turns within each burst.
    ReceiverOffHook,
    /// The British howler: from 800 up to 3200 Hz, again and again. Used wherever the country's own
    /// is not known.
    Sweep,
}

/// How a line is dialled by pulses, and how it asks the exchange for attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoopPlan {
    /// The loop is open this long, in milliseconds.
    pub break_ms: u16,
    /// And closed this long before the next pulse, in milliseconds.
    pub make_ms: u16,
    /// The pause between digits, in milliseconds.
    pub interdigit_ms: u16,
    /// Which digit is how many pulses.
    pub code: PulseCode,
    /// Register recall ("flash"): the loop is open this long, in milliseconds.
    pub flash_ms: u16,
}

/// Which digit is how many pulses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PulseCode {
    /// 1 is one pulse, 0 is ten.
    Standard,
    /// 0 is one pulse, 9 is ten.
    Sweden,
    /// 9 is one pulse, 1 is nine, 0 is ten.
    NewZealand,
}

impl PulseCode {
    /// How many pulses a digit is, 1–10; none for what is no digit.
    pub fn pulses(self, digit: char) -> Option<u8> {
        let digit = u8::try_from(digit.to_digit(10)?).ok()?;
        Some(match (self, digit) {
            (PulseCode::Standard | PulseCode::NewZealand, 0) => 10,
            (PulseCode::Standard, n) => n,
            (PulseCode::Sweden, n) => n + 1,
            (PulseCode::NewZealand, n) => 10 - n,
        })
    }

    /// The digit that so many pulses are; none outside 1–10.
    pub fn digit(self, pulses: u8) -> Option<char> {
        ('0'..='9').find(|&digit| self.pulses(digit) == Some(pulses))
    }
}

impl Plan {
    /// Dial tone of a line with messages, ready to be played.
    pub fn special_dial(&self) -> Tone {
        match self.special_dial {
            SpecialDial::Own(tone) => tone.tone(),
            SpecialDial::Turns(first, second, ms) => {
                Tone { parts: vec![first.part(LEVEL, ms), second.part(LEVEL, ms)], repeat: true }
            }
            SpecialDial::Stutter => {
                let burst = [self.dial.pitch.part(LEVEL, 100), silence(100)];
                let mut parts = burst.repeat(10);
                // Dial tone for ever; where it has a cadence, its pitch stands for it.
                parts.push(self.dial.pitch.part(LEVEL, 0));
                Tone { parts, repeat: false }
            }
        }
    }

    /// Confirmation tone, ready to be played: a feature was set.
    pub fn confirmation(&self) -> Tone {
        let burst = [self.dial.pitch.part(LEVEL, 100), silence(100)];
        Tone { parts: burst.repeat(3), repeat: false }
    }

    /// The howler, ready to be played. Louder than any other tone.
    pub fn howler(&self) -> Tone {
        let part = |f1: u16, f2: u16, ms| TonePart {
            f1: f1.into(),
            f2: f2.into(),
            modulated: false,
            level_dbm0: if f2 == 0 { 0.0 } else { -3.0 },
            ms,
        };
        let parts = match self.howler {
            Howler::ReceiverOffHook => vec![part(1400, 2060, 50), part(2450, 2600, 50), silence(100)],
            Howler::Sweep => (0..50).map(|n| part(800 + n * 48, 0, 20)).collect(),
        };
        Tone { parts, repeat: true }
    }
}

const fn pulses(break_ms: u16, make_ms: u16, code: PulseCode, flash_ms: u16) -> LoopPlan {
    LoopPlan { break_ms, make_ms, interdigit_ms: 800, code, flash_ms }
}

impl Country {
    /// Does a digit follow the recall key when there are two calls (ETSI ETS 300 738)? Else the key
    /// alone does it (North America's custom).
    pub const fn flash_is_digits(self) -> bool {
        !matches!(self, Country::US | Country::CA | Country::MX | Country::BR | Country::AR | Country::JP)
    }

    /// How a line is dialled by pulses, and register recall.
    pub const fn loop_plan(self) -> LoopPlan {
        use PulseCode::*;
        match self {
            Country::US | Country::CA => pulses(60, 40, Standard, 500),
            Country::GB | Country::AU => pulses(67, 33, Standard, 100),
            Country::FR => pulses(66, 33, Standard, 270),
            Country::SE => pulses(60, 40, Sweden, 100),
            Country::NZ => pulses(67, 33, NewZealand, 500),
            Country::JP => pulses(67, 33, Standard, 500),
            Country::BR | Country::IN => pulses(66, 33, Standard, 300),
            Country::MX => pulses(60, 40, Standard, 300),
            Country::ZA => pulses(67, 33, Standard, 100),
            Country::DE
            | Country::IT
            | Country::ES
            | Country::NL
            | Country::CH
            | Country::AR
            | Country::CN
            | Country::RU
            | Country::TR => pulses(60, 40, Standard, 100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_every_digit_once() {
        for code in [PulseCode::Standard, PulseCode::Sweden, PulseCode::NewZealand] {
            let digits: String = (1..=10).filter_map(|n| code.digit(n)).collect();
            let expected = match code {
                PulseCode::Standard => "1234567890",
                PulseCode::Sweden => "0123456789",
                PulseCode::NewZealand => "9876543210",
            };
            assert_eq!(digits, expected);
            assert_eq!((code.digit(0), code.digit(11), code.pulses('#')), (None, None, None));
        }
    }

    #[test]
    fn ten_pulses_a_second_everywhere() {
        for country in Country::ALL {
            let plan = country.loop_plan();
            assert!((99..=101).contains(&(plan.break_ms + plan.make_ms)), "{country:?}");
            assert!((50..=1000).contains(&plan.flash_ms) && plan.flash_ms < 600, "{country:?}");
        }
    }

    #[test]
    fn the_tone_of_a_line_with_messages_is_not_dial_tone_but_ends_in_it_or_goes_on() {
        for country in Country::ALL {
            let plan = country.plan();
            let special = plan.special_dial();
            assert_ne!(special, plan.dial.tone(), "{country:?}");
            assert!(special.repeat || special.parts.last().is_some_and(|part| part.ms == 0), "{country:?}");
        }
        assert_eq!(Country::US.plan().special_dial().parts.len(), 21);
    }

    #[test]
    fn the_howler_is_the_loudest_tone() {
        for country in Country::ALL {
            let howler = country.plan().howler();
            let loudest = howler.parts.iter().map(|part| part.level_dbm0).fold(-90.0, f32::max);
            assert!(loudest >= -3.0 && howler.repeat, "{country:?}");
        }
    }
}
