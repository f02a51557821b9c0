//! Notices that nothing sounds any more.

use crate::codec::g711::Samples;
use crate::measure::energy;
use demarc_hal::BLOCK;

/// Mean square of a block that sounds: about −46 dBm0, above the noise of a line.
const LOUD: f64 = 6_300.0;
/// Blocks a second.
const A_SECOND: u32 = 50;

/// Counts silent blocks; reports once until something sounds.
#[derive(Debug, Clone, Copy, Default)]
pub struct SilenceDetector {
    silent: u32,
}

impl SilenceDetector {
    /// Listens to a block; true when it completes `seconds` of silence.
    pub fn listen(&mut self, samples: &Samples, seconds: u16) -> bool {
        if energy(samples) > LOUD * BLOCK as f64 {
            self.silent = 0;
            return false;
        }
        self.silent = self.silent.saturating_add(1);
        self.silent == u32::from(seconds) * A_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_reported_once_and_again_after_a_sound() {
        let mut detector = SilenceDetector::default();
        let mut count = |blocks: usize, level: i16| {
            (0..blocks)
                .filter(|i| detector.listen(&[if i % 2 == 0 { level } else { -level }; BLOCK], 10))
                .count()
        };
        assert_eq!(count(499, 30), 0);
        assert_eq!(count(1000, 30), 1, "a quiet line is silent");
        assert_eq!(count(1, 1000), 0);
        assert_eq!(count(500, 0), 1);
    }
}
