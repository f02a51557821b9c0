//! What a person hears, measured.

use demarc_hal::Companding;
use demarc_media::measure::{Goertzel, level_dbm0};
use serde::{Deserialize, Serialize};

/// The longest that is listened at once, in samples at 8000 a second (30 s).
const LONGEST: usize = 30 * 8000;
/// What is analysed for its frequency, in samples (1 s).
const WINDOW: usize = 8000;

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

    /// What it was, on a line of this law.
    pub fn finish(self, law: Companding, tones: Vec<String>, digits: String) -> Heard {
        let ms = self.ms();
        let whole = level_dbm0(law, &self.samples);
        let tail = self.samples.len().saturating_sub(WINDOW);
        let last = self.samples.get(tail..).unwrap_or_default();
        let frequency_hz = (level_dbm0(law, last) > -50.0).then(|| strongest(last));
        Heard { ms, level_dbm0: whole, frequency_hz, tones, digits, samples: self.samples }
    }
}

/// The strongest frequency between 100 and 3800 Hz: a coarse search, then a fine one.
fn strongest(samples: &[i16]) -> f64 {
    let energy = |hz: f64| {
        let mut bin = Goertzel::new(hz as f32);
        bin.feed(samples);
        bin.take(samples.len())
    };
    let search = |from: f64, to: f64, step: f64| {
        let count = ((to - from) / step).round() as usize;
        (0..=count)
            .map(|n| from + n as f64 * step)
            .map(|hz| (hz, energy(hz)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map_or(from, |(hz, _)| hz)
    };
    let coarse = search(100.0, 3800.0, 1.0);
    search(coarse - 1.0, coarse + 1.0, 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_milliwatt_is_measured() {
        // 0 dBm0 is 3.14 dB below the overload point.
        let peak = 32_768.0 / 10f64.powf(0.157);
        let sine =
            |n: i32| (peak * (std::f64::consts::TAU * 1004.0 * f64::from(n) / 8000.0).sin()).round() as i16;
        let mut ear = Ear::default();
        ear.hear((0..16_000).map(sine));
        let heard = ear.finish(Companding::ALaw, Vec::new(), String::new());
        assert_eq!(heard.ms, 2000);
        assert!(heard.level_dbm0.abs() < 0.05, "{heard:?}");
        assert!((heard.frequency_hz.unwrap() - 1004.0).abs() < 0.2, "{heard:?}");
    }

    #[test]
    fn silence_has_no_frequency() {
        let mut ear = Ear::default();
        ear.hear([0; 8000]);
        let heard = ear.finish(Companding::ALaw, Vec::new(), String::new());
        assert!(heard.level_dbm0 <= -70.0 && heard.frequency_hz.is_none());
    }
}
