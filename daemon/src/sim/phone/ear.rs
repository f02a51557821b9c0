//! What a person hears, measured.

use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// The longest that is listened at once, in samples at 8000 a second (30 s).
const LONGEST: usize = 30 * 8000;
/// What is analysed for its frequency, in samples (1 s).
const WINDOW: usize = 8000;
/// 0 dBm0 is 3.14 dB below the largest sine of A-law (ITU-T G.711).
const FULL_SCALE_DBM0: f64 = 3.14;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// For how long, in milliseconds.
    pub ms: u64,
    /// The level of all of it, in dBm0; silence is −70 or less.
    pub level_dbm0: f64,
    /// The strongest frequency in its last second, in Hz; none in silence.
    pub frequency_hz: Option<f64>,
    /// Call-progress tones that were recognised, in order.
    pub tones: Vec<String>,
    /// Digits that were recognised.
    pub digits: String,
    /// The samples, 16 bits at 8000 a second.
    #[serde(skip)]
    pub samples: Vec<i16>,
}

/// Listens for a while.
#[derive(Debug, Default)]
pub struct Ear {
    samples: Vec<i16>,
}

impl Ear {
    /// Takes what came in.
    pub fn hear(&mut self, samples: impl IntoIterator<Item = i16>) {
        let room = LONGEST.saturating_sub(self.samples.len());
        self.samples.extend(samples.into_iter().take(room));
    }

    /// How long it has listened, in milliseconds.
    pub fn ms(&self) -> u64 {
        self.samples.len() as u64 / 8
    }

    /// What it was.
    pub fn finish(self, tones: Vec<String>, digits: String) -> Heard {
        let ms = self.ms();
        let level_dbm0 = level(&self.samples);
        let tail = self.samples.len().saturating_sub(WINDOW);
        let last = self.samples.get(tail..).unwrap_or_default();
        let frequency_hz = (level(last) > -50.0).then(|| strongest(last));
        Heard { ms, level_dbm0, frequency_hz, tones, digits, samples: self.samples }
    }
}

/// The level of a signal in dBm0, −99 for nothing at all.
fn level(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    let mean = energy / samples.len().max(1) as f64;
    // A sine of full scale has half the square of its peak.
    let full = f64::from(32_124_u16).powi(2) / 2.0;
    if mean < 1e-3 { -99.0 } else { 10.0 * (mean / full).log10() + FULL_SCALE_DBM0 }
}

/// The strongest frequency between 100 and 3800 Hz: a coarse search, then a fine one.
fn strongest(samples: &[i16]) -> f64 {
    let windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(n, s)| f64::from(*s) * (0.5 - 0.5 * (TAU * n as f64 / samples.len() as f64).cos()))
        .collect();
    let search = |from: f64, to: f64, step: f64| {
        let count = ((to - from) / step).round() as usize;
        (0..=count)
            .map(|n| from + n as f64 * step)
            .max_by(|a, b| power(&windowed, *a).total_cmp(&power(&windowed, *b)))
            .unwrap_or(from)
    };
    let coarse = search(100.0, 3800.0, 1.0);
    search(coarse - 1.0, coarse + 1.0, 0.02)
}

/// The power of one frequency in a signal (Goertzel).
fn power(samples: &[f64], hz: f64) -> f64 {
    let w = TAU * hz / 8000.0;
    let coefficient = 2.0 * w.cos();
    let (s1, s2) = samples.iter().fold((0.0, 0.0), |(s1, s2), s| (s + coefficient * s1 - s2, s1));
    s1 * s1 + s2 * s2 - coefficient * s1 * s2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_milliwatt_is_measured() {
        let peak = 32_124.0 / 10f64.powf(FULL_SCALE_DBM0 / 20.0);
        let mut ear = Ear::default();
        ear.hear((0..16_000).map(|n| (peak * (TAU * 1004.0 * f64::from(n) / 8000.0).sin()).round() as i16));
        let heard = ear.finish(Vec::new(), String::new());
        assert_eq!(heard.ms, 2000);
        assert!(heard.level_dbm0.abs() < 0.05, "{heard:?}");
        assert!((heard.frequency_hz.unwrap() - 1004.0).abs() < 0.05, "{heard:?}");
    }

    #[test]
    fn silence_has_no_frequency() {
        let mut ear = Ear::default();
        ear.hear([0; 8000]);
        let heard = ear.finish(Vec::new(), String::new());
        assert!(heard.level_dbm0 <= -70.0 && heard.frequency_hz.is_none());
    }
}
