//! Notices the CPE alerting signal, as a telephone does (GR-30 §2.3.2, EN 300 659-2 §6).

use crate::caller_id::ALERTING_SIGNAL;
use crate::codec::g711::Samples;
use crate::measure::{Goertzel, energy};

/// Samples in a window: 10 ms.
const WINDOW: usize = 80;
/// Windows that the signal lasts at least and at most: 80 ms, less one at each end, and a margin.
const LENGTHS: std::ops::RangeInclusive<u8> = 6..=12;
/// Mean square of a window that counts: about −38 dBm0 for both tones.
const LOUD: f64 = 40_000.0;
/// How much of the energy must lie in the two tones, and in the weaker one.
const PURE: f64 = 0.85;
const WEAKER: f64 = 0.2;

/// A detector.
#[derive(Debug)]
pub struct AlertingDetector {
    bins: [Goertzel; 2],
    windows: u8,
}

impl Default for AlertingDetector {
    fn default() -> Self {
        let (low, high) = ALERTING_SIGNAL;
        Self { bins: [Goertzel::new(low), Goertzel::new(high)], windows: 0 }
    }
}

impl AlertingDetector {
    /// Listens to a block; true when a signal ended in it.
    pub fn listen(&mut self, samples: &Samples) -> bool {
        let mut heard = false;
        for window in samples.chunks(WINDOW) {
            let energy = energy(window);
            let parts = self.bins.each_mut().map(|bin| {
                bin.feed(window);
                bin.take(window.len()) / energy.max(1.0)
            });
            let [low, high] = parts;
            let is = energy > LOUD * WINDOW as f64 && low + high > PURE && low.min(high) > WEAKER;
            if is {
                self.windows = self.windows.saturating_add(1);
            } else {
                heard |= LENGTHS.contains(&self.windows);
                self.windows = 0;
            }
        }
        heard
    }
}
