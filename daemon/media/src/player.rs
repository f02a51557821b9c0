//! Plays a tone with its cadence.

use crate::tone::ToneGenerator;
use demarc_model::media::Tone;

/// A tone being played.
#[derive(Debug)]
pub struct Player {
    tone: Tone,
    generator: ToneGenerator,
    part: usize,
    /// Samples already played of the part.
    played: u32,
    over: bool,
}

impl Player {
    /// Plays `tone` from its beginning.
    pub fn new(tone: Tone) -> Self {
        Self { over: tone.parts.is_empty(), tone, generator: ToneGenerator::default(), part: 0, played: 0 }
    }

    /// Fills `samples`, with silence once the tone is over. True when it is over.
    pub fn fill(&mut self, mut samples: &mut [i16]) -> bool {
        while !samples.is_empty() && !self.over {
            let Some(part) = self.tone.parts.get(self.part) else {
                self.part = 0;
                self.over = !self.tone.repeat;
                continue;
            };
            // A length of 0 is for ever.
            let length = if part.ms == 0 { u32::MAX } else { part.ms.saturating_mul(8) };
            let count = samples.len().min((length - self.played) as usize);
            let (now, later) = samples.split_at_mut(count);
            self.generator.fill(part, now);
            samples = later;
            if part.ms > 0 {
                self.played += count as u32;
            }
            if self.played == length {
                self.part += 1;
                self.played = 0;
            }
        }
        samples.fill(0);
        self.over || (!self.tone.repeat && self.part >= self.tone.parts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::Country;

    /// Lengths of sound and silence, in ms, measured in steps of 5.
    fn cadence(player: &mut Player, ms: usize) -> Vec<(bool, u32)> {
        let mut runs: Vec<(bool, u32)> = Vec::new();
        let mut samples = vec![0; ms * 8];
        samples.chunks_mut(160).for_each(|block| _ = player.fill(block));
        for piece in samples.chunks(40) {
            let sounds = piece.iter().any(|s| s.unsigned_abs() > 100);
            match runs.last_mut() {
                Some((last, length)) if *last == sounds => *length += 5,
                _ => runs.push((sounds, 5)),
            }
        }
        runs
    }

    #[test]
    fn a_cadence_is_kept_to_the_sample_and_repeats() {
        let mut player = Player::new(Country::GB.plan().busy.tone());
        let runs = cadence(&mut player, 3000);
        assert_eq!(runs, [(true, 375), (false, 375)].repeat(4));
    }

    #[test]
    fn a_tone_without_repetition_ends() {
        let tone = Tone { repeat: false, ..Country::GB.plan().busy.tone() };
        let mut player = Player::new(tone);
        let mut samples = [0; 6000];
        assert!(player.fill(&mut samples), "its length to the sample");
        assert!(player.fill(&mut samples[..10]) && samples[..10] == [0; 10]);
    }

    #[test]
    fn a_continuous_tone_never_ends_and_an_empty_one_never_begins() {
        let mut player = Player::new(Country::GB.plan().dial.tone());
        assert!((0..500).all(|_| !player.fill(&mut [0; 160])));
        assert!(Player::new(Tone { parts: Vec::new(), repeat: true }).fill(&mut [0; 160]));
    }
}
