//! The special information tone: three pitches that rise, 330 ms each, with gaps of up to 30 ms or
//! none between them (ITU-T E.180 §7: ± 50 Hz, ± 70 ms).

use crate::measure::Goertzel;
use demarc_model::country::SPECIAL_INFORMATION;
use demarc_model::media::ProgressTone;

/// Steps in a window: 20 ms, which is wide enough for the tolerance.
const STEPS: usize = 2;
/// How far beside a pitch is listened to as well, in Hz.
const BESIDE: f32 = 25.0;
/// How much of a window's energy must lie at a pitch.
const PURE: f64 = 0.7;
/// Windows of each pitch at least: 240 ms, less one at either end.
const ENOUGH: u8 = 10;
/// Windows that may be neither, as at the border of two pitches.
const BETWEEN: u8 = 4;

/// Its detector.
#[derive(Debug)]
pub struct SpecialInformation {
    bins: [[Goertzel; 3]; 3],
    samples: usize,
    steps: usize,
    energy: f64,
    /// How far it has come: the pitch, windows of it, windows since.
    at: (usize, u8, u8),
}

impl Default for SpecialInformation {
    fn default() -> Self {
        let around = |hz: u16| [-BESIDE, 0.0, BESIDE].map(|off| Goertzel::new(f32::from(hz) + off));
        Self { bins: SPECIAL_INFORMATION.map(around), samples: 0, steps: 0, energy: 0.0, at: (0, 0, 0) }
    }
}

impl SpecialInformation {
    /// Listens to a step with its energy; `sounds`: it is loud enough to count.
    pub fn listen(&mut self, step: &[i16], energy: f64, sounds: bool) -> Option<ProgressTone> {
        self.bins.iter_mut().flatten().for_each(|bin| bin.feed(step));
        self.samples += step.len();
        self.energy += energy;
        self.steps += 1;
        if self.steps < STEPS {
            return None;
        }
        let (energy, samples) = (self.energy.max(1.0), self.samples);
        (self.energy, self.samples, self.steps) = (0.0, 0, 0);
        let heard = self.bins.each_mut().map(|around| {
            around.iter_mut().map(|bin| bin.take(samples) / energy).fold(0.0, f64::max) > PURE && sounds
        });
        self.window(heard)
    }

    fn window(&mut self, heard: [bool; 3]) -> Option<ProgressTone> {
        let (at, windows, since) = self.at;
        let next = (at + 1) % 3;
        self.at = match (heard.get(at), heard.get(next)) {
            (Some(true), _) => (at, windows.saturating_add(1), 0),
            (_, Some(true)) if windows >= ENOUGH && next > at => (next, 1, 0),
            _ if windows > 0 && since < BETWEEN => (at, windows, since + 1),
            _ => (0, 0, 0),
        };
        if self.at.0 == 2 && self.at.1 >= ENOUGH {
            self.at = (0, 0, 0);
            return Some(ProgressTone::SpecialInformation);
        }
        None
    }
}
