//! What a line does to a signal: louder or quieter, a little fast or slow, with noise.
#![allow(dead_code)] // each test file uses a part

use demarc_hal::{BLOCK, Companding};
use demarc_media::codec::g711::{decode_block, encode_block};
use demarc_media::measure::level_dbm0;
use demarc_media::tone::ToneGenerator;
use demarc_model::media::{Tone, TonePart};

/// `ms` of a tone whose frequencies, bursts and pauses are off by factors, at a level in dBm0 in all.
pub fn tone(tone: &Tone, ms: usize, pitch: f32, on: f32, off: f32, level: f32) -> Vec<i16> {
    let mut samples = Vec::with_capacity(ms * 8 + 100_000);
    let mut generator = ToneGenerator::default();
    while samples.len() < ms * 8 {
        for part in &tone.parts {
            let factor = if part.f1 > 0.0 { on } else { off };
            let length = match part.ms {
                0 => ms * 8,
                part_ms => (part_ms as f32 * 8.0 * factor) as usize,
            };
            // Levels of country tones are -10 dBm0 in all.
            let level_dbm0 = part.level_dbm0 + 10.0 + level;
            let f2 = if part.modulated { part.f2 } else { part.f2 * pitch };
            let part = TonePart { f1: part.f1 * pitch, f2, level_dbm0, ..*part };
            let at = samples.len();
            samples.resize(at + length, 0);
            generator.fill(&part, &mut samples[at..]);
        }
        if !tone.repeat {
            break;
        }
    }
    samples.resize(ms * 8, 0);
    samples
}

/// The signal played `factor` times as fast: pitch and pace alike.
pub fn faster(samples: &[i16], factor: f64) -> Vec<i16> {
    let count = ((samples.len().max(1) - 1) as f64 / factor) as usize;
    let at = |i: usize| {
        let at = i as f64 * factor;
        let (whole, part) = (at as usize, at.fract());
        let (a, b) = (f64::from(samples[whole]), f64::from(samples[(whole + 1).min(samples.len() - 1)]));
        (a + (b - a) * part).round() as i16
    };
    (0..count).map(at).collect()
}

/// The signal `db` louder.
pub fn louder(samples: &mut [i16], db: f64) {
    let factor = 10f64.powf(db / 20.0);
    samples.iter_mut().for_each(|s| *s = (f64::from(*s) * factor).round() as i16);
}

/// White noise of a level, from a seed.
pub struct Noise(u32);

impl Noise {
    pub fn new(seed: u32) -> Self {
        Self(seed.wrapping_mul(2_654_435_761).wrapping_add(1))
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1 << 24)
    }

    /// Adds it at `level` dBm0.
    pub fn add(&mut self, samples: &mut [i16], level: f64) {
        // The amplitude of a sine of that level is the standard deviation times the root of 2.
        let deviation = 22_762.0 / 2f64.sqrt() * 10f64.powf(level / 20.0);
        for sample in samples {
            let gauss = (0..12).map(|_| self.next()).sum::<f64>() - 6.0;
            *sample = (f64::from(*sample) + gauss * deviation).round() as i16;
        }
    }
}

/// Blocks of 20 ms as they leave a codec.
pub fn blocks(law: Companding, samples: &[i16]) -> impl Iterator<Item = [u8; BLOCK]> + '_ {
    samples
        .chunks(BLOCK)
        .map(move |chunk| encode_block(law, &std::array::from_fn(|i| chunk.get(i).copied().unwrap_or(0))))
}

/// The samples of blocks.
pub fn samples(law: Companding, blocks: &[[u8; BLOCK]]) -> Vec<i16> {
    blocks.iter().flat_map(|block| decode_block(law, block)).collect()
}

/// The level of the part that sounds.
pub fn level(law: Companding, samples: &[i16]) -> f64 {
    let loud: Vec<i16> = samples
        .chunks(80)
        .filter(|chunk| chunk.iter().any(|s| s.unsigned_abs() > 200))
        .flatten()
        .copied()
        .collect();
    level_dbm0(law, &loud)
}
