//! Notices that somebody speaks.
//!
//! Tones keep their level; speech never does. Four windows of 80 ms in a row must be loud enough,
//! and the level of the inner ones must vary. The outer ones do not count, because a tone may begin
//! or end within them.

use crate::codec::g711::Samples;
use crate::measure::energy;
use demarc_hal::BLOCK;

/// Blocks in a window: long enough for the beat of any tone of a country plan.
const BLOCKS: usize = 4;
/// Mean square of a window that counts: about −42 dBm0.
const LOUD: f64 = 16_500.0;
/// How much levels vary in speech, as a ratio of energies (3 dB).
const VARIES: f64 = 2.0;

/// A detector of speech; reports once.
#[derive(Debug, Default)]
pub struct VoiceDetector {
    window: f64,
    blocks: usize,
    /// Energies of the windows of this sound, newest first, as far as they are loud.
    loud: [f64; 5],
    count: usize,
    reported: bool,
}

impl VoiceDetector {
    /// Listens to a block; true when speech was noticed.
    pub fn listen(&mut self, samples: &Samples) -> bool {
        self.window += energy(samples);
        self.blocks += 1;
        if self.blocks < BLOCKS || self.reported {
            return false;
        }
        self.blocks = 0;
        let energy = std::mem::take(&mut self.window);
        if energy < LOUD * (BLOCKS * BLOCK) as f64 {
            self.count = 0;
            return false;
        }
        self.loud.rotate_right(1);
        self.loud[0] = energy;
        self.count += 1;
        let inner = self.loud.get(1..self.count.saturating_sub(1).min(4)).unwrap_or_default();
        let most = inner.iter().copied().fold(0.0, f64::max);
        let least = inner.iter().copied().fold(f64::MAX, f64::min);
        self.reported = inner.len() >= 2 && most > least * VARIES;
        self.reported
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::player::Player;
    use demarc_model::Country;
    use demarc_model::country::special_information;
    use demarc_model::media::Tone;
    use std::f32::consts::TAU;

    fn notices(blocks: usize, mut fill: impl FnMut(usize, &mut Samples)) -> Option<usize> {
        let mut detector = VoiceDetector::default();
        let mut samples = [0; BLOCK];
        (0..blocks).find(|&i| {
            fill(i, &mut samples);
            detector.listen(&samples)
        })
    }

    /// Something like speech: pulses of 120 Hz through two formants, four syllables a second.
    fn speech(i: usize, samples: &mut Samples) {
        for (k, sample) in samples.iter_mut().enumerate() {
            let t = (i * BLOCK + k) as f32 / 8000.0;
            let syllable = (TAU * 2.0 * t).sin().abs();
            let pulse = (t * 120.0).fract() / 120.0;
            let formants = (pulse * 500.0 * TAU).sin() + 0.5 * (pulse * 1500.0 * TAU).sin();
            *sample = (4000.0 * syllable * (-pulse * 300.0).exp() * formants) as i16;
        }
    }

    #[test]
    fn speech_is_noticed_within_a_second() {
        assert!(notices(500, speech).is_some_and(|block| block < 50));
    }

    #[test]
    fn no_tone_of_any_country_is_speech() {
        let tones = Country::ALL.iter().flat_map(|c| {
            let plan = c.plan();
            [plan.dial, plan.busy, plan.ringback, plan.congestion].map(|t| (format!("{c:?} {t:?}"), t.tone()))
        });
        for (name, tone) in tones.chain([("SIT".into(), special_information())]) {
            // Wherever in a window the tone begins.
            for offset in [0, 37, 80, 123] {
                let mut player = Player::new(Tone { ..tone.clone() });
                player.fill(&mut [0; BLOCK][..offset]);
                assert_eq!(notices(1000, |_, samples| _ = player.fill(samples)), None, "{name} + {offset}");
            }
        }
    }

    #[test]
    fn noise_of_a_quiet_line_is_not_speech() {
        let mut state = 1u32;
        let noise = |_, samples: &mut Samples| {
            samples.fill_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 26) as i16 - 32
            });
        };
        assert_eq!(notices(1000, noise), None);
    }
}
