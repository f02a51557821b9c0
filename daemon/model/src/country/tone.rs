//! Tones as data, which become [`media::Tone`](crate::media::Tone)s.

use crate::media::{Tone, TonePart};

/// A tone of a country plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanTone {
    /// Its frequencies.
    pub pitch: Pitch,
    /// Milliseconds on, off, on, off …, repeating; empty = continuous.
    pub cadence: &'static [u32],
    /// Every second burst is 10 dB weaker (the congestion tone of Australia).
    pub alternating: bool,
}

/// The frequencies of a tone, in Hz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pitch {
    /// One.
    Single(u16),
    /// Two at once, `f1 + f2`.
    Sum(u16, u16),
    /// The first modulated by the second, `f1 × f2`.
    Modulated(u16, u16),
}

/// The special information tone: three rising tones of [`special_information`], then a second of
/// silence (ITU-T E.180 §7). The same everywhere.
pub const SPECIAL_INFORMATION: [u16; 3] = [950, 1400, 1800];

/// The special information tone, ready to be played.
pub fn special_information() -> Tone {
    let mut parts: Vec<_> = SPECIAL_INFORMATION.iter().map(|&f| Pitch::Single(f).part(LEVEL, 330)).collect();
    parts.push(silence(1000));
    Tone { parts, repeat: true }
}

/// Power of a tone in dBm0: the middle of what E.180 §3 allows (−10 ± 5).
pub(super) const LEVEL: f32 = -10.0;

impl Pitch {
    /// A part of `ms` milliseconds with `level` dBm0 in all (a modulated tone: its carrier).
    pub(super) fn part(self, level: f32, ms: u32) -> TonePart {
        let half = level - 3.0;
        let (f1, f2, modulated, level_dbm0) = match self {
            Pitch::Single(f) => (f, 0, false, level),
            Pitch::Sum(f1, f2) => (f1, f2, false, half),
            Pitch::Modulated(f1, f2) => (f1, f2, true, half),
        };
        TonePart { f1: f1.into(), f2: f2.into(), modulated, level_dbm0, ms }
    }
}

pub(super) fn silence(ms: u32) -> TonePart {
    TonePart { f1: 0.0, f2: 0.0, modulated: false, level_dbm0: LEVEL, ms }
}

impl From<&PlanTone> for Tone {
    fn from(tone: &PlanTone) -> Tone {
        let mut parts = Vec::new();
        if tone.cadence.is_empty() {
            parts.push(tone.pitch.part(LEVEL, 0));
        }
        let levels: &[f32] = if tone.alternating { &[LEVEL, LEVEL - 10.0] } else { &[LEVEL] };
        for &level in levels {
            for (i, &ms) in tone.cadence.iter().enumerate() {
                parts.push(if i % 2 == 0 { tone.pitch.part(level, ms) } else { silence(ms) });
            }
        }
        Tone { parts, repeat: !tone.cadence.is_empty() }
    }
}

impl PlanTone {
    /// The tone, ready to be played.
    pub fn tone(&self) -> Tone {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Country;

    #[test]
    fn a_continuous_tone_is_one_endless_part() {
        let tone = Country::GB.plan().dial.tone();
        assert_eq!(tone.parts.len(), 1);
        assert_eq!((tone.parts[0].f1, tone.parts[0].f2, tone.parts[0].ms), (350.0, 440.0, 0));
        assert_eq!(tone.parts[0].level_dbm0, -13.0, "two components of half the power");
    }

    #[test]
    fn a_cadence_alternates_sound_and_silence() {
        let tone = Country::GB.plan().ringback.tone();
        let shape: Vec<_> = tone.parts.iter().map(|p| (p.f1, p.ms)).collect();
        assert_eq!(shape, [(400.0, 400), (0.0, 200), (400.0, 400), (0.0, 2000)]);
        assert!(tone.repeat);
    }

    #[test]
    fn congestion_in_australia_alternates_in_level() {
        let tone = Country::AU.plan().congestion.tone();
        let levels: Vec<_> = tone.parts.iter().filter(|p| p.f1 > 0.0).map(|p| p.level_dbm0).collect();
        assert_eq!(levels, [-10.0, -20.0]);
    }

    #[test]
    fn special_information_rises_three_times() {
        let tone = special_information();
        let shape: Vec<_> = tone.parts.iter().map(|p| (p.f1, p.ms)).collect();
        assert_eq!(shape, [(950.0, 330), (1400.0, 330), (1800.0, 330), (0.0, 1000)]);
    }
}
