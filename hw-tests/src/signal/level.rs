//! Tones: making them, and how loud they are.

use crate::signal::{RATE, g711};
use std::f64::consts::TAU;

/// The test tone: not 1000 Hz, which divides the sampling rate and would use eight codes alone.
pub const TEST_TONE: f64 = 1004.0;

/// A sine that goes on from block to block.
#[derive(Debug, Clone)]
pub struct Tone {
    step: f64,
    phase: f64,
    peak: f64,
}

impl Tone {
    /// Hz and dBm0.
    pub fn new(frequency: f64, dbm0: f64) -> Self {
        Self { step: frequency / RATE * TAU, phase: 0.0, peak: g711::peak(dbm0) }
    }

    /// The next sample.
    pub fn sample(&mut self) -> f64 {
        let sample = self.phase.sin() * self.peak;
        self.phase = (self.phase + self.step) % TAU;
        sample
    }
}

/// Mean power without the direct current.
pub fn power(samples: &[f64]) -> f64 {
    let count = length(samples);
    let mean = samples.iter().sum::<f64>() / count;
    samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / count
}

/// Level of everything, in dBm0.
pub fn level(samples: &[f64]) -> f64 {
    g711::dbm0(power(samples))
}

/// Level of one frequency, in dBm0 (Goertzel over a Hann window, whose gain is taken back).
pub fn level_at(samples: &[f64], frequency: f64) -> f64 {
    let count = length(samples);
    let step = frequency / RATE * TAU;
    let coefficient = 2.0 * step.cos();
    let (mut one, mut two) = (0.0, 0.0);
    let mut place = 0.0;
    for sample in samples {
        let window = 0.5 - 0.5 * (place / count * TAU).cos();
        let next = sample * window + coefficient * one - two;
        (one, two) = (next, one);
        place += 1.0;
    }
    let energy = one * one + two * two - coefficient * one * two;
    // A sine of peak p gives (p · count / 2 · 1/2)².
    let peak = 4.0 * energy.max(0.0).sqrt() / count;
    g711::dbm0(peak * peak / 2.0)
}

#[allow(clippy::cast_precision_loss, reason = "seconds of samples")]
fn length(samples: &[f64]) -> f64 {
    samples.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::Companding;

    #[test]
    fn a_tone_is_measured_as_it_was_made() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            for dbm0 in [-40.0, -10.0, 0.0, 3.0] {
                let mut tone = Tone::new(TEST_TONE, dbm0);
                let octets: Vec<u8> = (0..8000).map(|_| g711::octet(law, tone.sample())).collect();
                let heard = g711::samples(law, &octets);
                assert!(
                    (level_at(&heard, TEST_TONE) - dbm0).abs() < 0.1,
                    "{dbm0}: {}",
                    level_at(&heard, TEST_TONE)
                );
                assert!((level(&heard) - dbm0).abs() < 0.1);
                assert!(level_at(&heard, 2000.0) < dbm0 - 35.0);
            }
        }
    }

    #[test]
    fn silence_is_quiet() {
        assert!(level(&[8.0; 800]) < -100.0);
        assert!(level(&[]) < -100.0);
    }
}
