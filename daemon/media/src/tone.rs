//! Makes tones: one or two frequencies, added or modulated, without a break in phase.

use crate::codec::g711::PEAK_0_DBM0;
use demarc_model::media::TonePart;
use std::f32::consts::TAU;

/// Depth of modulation of an `f1 × f2` tone.
const DEPTH: f32 = 0.9;

/// A generator of one tone at a time.
///
/// Its two oscillators run on from tone to tone, so a change of tone never makes a phase begin anew.
#[derive(Debug, Clone, Default)]
pub struct ToneGenerator {
    phase1: Phase,
    phase2: Phase,
}

impl ToneGenerator {
    /// Fills `samples` with the tone of `part`, whose length in time is the caller's business.
    pub fn fill(&mut self, part: &TonePart, samples: &mut [i16]) {
        let amplitude = amplitude(part.level_dbm0);
        let (step1, step2) = (Phase::step(part.f1), Phase::step(part.f2));
        for sample in samples {
            let value = match (part.f1 > 0.0, part.f2 > 0.0, part.modulated) {
                (false, _, _) => 0.0,
                (_, false, _) => self.phase1.advance(step1),
                (_, _, false) => self.phase1.advance(step1) + self.phase2.advance(step2),
                (_, _, true) => self.phase1.advance(step1) * (1.0 + DEPTH * self.phase2.advance(step2)),
            };
            *sample = (amplitude * value).round() as i16; // `as` saturates
        }
    }

    /// Fills `samples` with two sines, each given as its frequency in Hz and level in dBm0.
    pub fn fill_pair(&mut self, low: (f32, f32), high: (f32, f32), samples: &mut [i16]) {
        let (low_amplitude, high_amplitude) = (amplitude(low.1), amplitude(high.1));
        let (step1, step2) = (Phase::step(low.0), Phase::step(high.0));
        for sample in samples {
            let value =
                low_amplitude * self.phase1.advance(step1) + high_amplitude * self.phase2.advance(step2);
            *sample = value.round() as i16;
        }
    }
}

/// The peak of a sine of a level.
fn amplitude(level_dbm0: f32) -> f32 {
    PEAK_0_DBM0 * 10f32.powf(level_dbm0.clamp(-90.0, 3.0) / 20.0)
}

/// The angle of an oscillator in 2^-32 turns: it wraps by itself and never drifts.
#[derive(Debug, Clone, Copy, Default)]
struct Phase(u32);

impl Phase {
    /// How far `hz` turns in one sample.
    fn step(hz: f32) -> u32 {
        (f64::from(hz.clamp(0.0, 4000.0)) / 8000.0 * 2f64.powi(32)) as u32
    }

    /// The sine, and on to the next sample.
    fn advance(&mut self, step: u32) -> f32 {
        let sine = (self.0 as f32 * (TAU / 2f32.powi(32))).sin();
        self.0 = self.0.wrapping_add(step);
        sine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::g711;
    use crate::measure::{frequency, level_dbm0};
    use demarc_hal::Companding;

    fn tone(f1: f32, f2: f32, modulated: bool, level_dbm0: f32) -> Vec<i16> {
        let mut samples = vec![0; 8000];
        ToneGenerator::default().fill(&TonePart { f1, f2, modulated, level_dbm0, ms: 0 }, &mut samples);
        samples
    }

    #[test]
    fn the_milliwatt_is_0_dbm0_at_1004_hz_in_either_law() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            let heard: Vec<_> = tone(1004.0, 0.0, false, 0.0)
                .into_iter()
                .map(|s| g711::decode(law, g711::encode(law, s)))
                .collect();
            assert!(level_dbm0(law, &heard).abs() < 0.1, "{law:?}: {} dBm0", level_dbm0(law, &heard));
            assert!((frequency(&heard) - 1004.0).abs() < 0.5, "{law:?}: {} Hz", frequency(&heard));
        }
    }

    #[test]
    fn two_components_have_the_level_each() {
        let heard = tone(350.0, 440.0, false, -13.0);
        assert!((level_dbm0(Companding::ALaw, &heard) + 10.0).abs() < 0.1);
    }

    #[test]
    fn a_modulated_tone_swells_and_fades_at_the_second_frequency() {
        let heard = tone(400.0, 25.0, true, -13.0);
        let peak = |from: usize| heard[from..from + 40].iter().map(|s| s.unsigned_abs()).max().unwrap();
        // A quarter of 40 ms in, the envelope is at its height; three quarters in, at its foot.
        assert!(peak(60) > 10 * peak(220), "{} {}", peak(60), peak(220));
    }

    #[test]
    fn phase_is_continuous_across_calls() {
        let part = TonePart { f1: 425.0, f2: 0.0, modulated: false, level_dbm0: -10.0, ms: 0 };
        let mut generator = ToneGenerator::default();
        let mut pieces = vec![0; 8000];
        for piece in pieces.chunks_mut(37) {
            generator.fill(&part, piece);
        }
        assert_eq!(pieces, tone(425.0, 0.0, false, -10.0));
    }

    #[test]
    fn too_loud_is_clipped_not_wrapped() {
        assert!(
            tone(400.0, 25.0, true, 3.0)
                .windows(2)
                .all(|w| (i32::from(w[0]) - i32::from(w[1])).abs() < 20_000)
        );
    }
}
