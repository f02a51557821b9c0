//! Several parties heard at once, and a tone put in between.
//!
//! A conference is every party playing the sum of all others. The sum is clipped, never scaled:
//! three people seldom shout at once, and a level that moves with each of them is worse than a
//! clipped peak.

use crate::codec::g711::{Samples, decode_block, encode_block};
use demarc_hal::{BLOCK, Block, Companding};
use demarc_model::StreamId;
use demarc_model::media::MAX_MIX;

/// Who is heard at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties([Option<StreamId>; MAX_MIX]);

impl Parties {
    /// The first [`MAX_MIX`] of them, each once.
    pub fn new(ids: &[StreamId]) -> Self {
        let mut parties = [None; MAX_MIX];
        let mut free = parties.iter_mut();
        for (i, id) in ids.iter().enumerate() {
            if !ids.iter().take(i).any(|former| former == id)
                && let Some(place) = free.next()
            {
                *place = Some(*id);
            }
        }
        Self(parties)
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = StreamId> + '_ {
        self.0.iter().copied().flatten()
    }

    /// Is this one among them?
    pub fn contains(&self, id: StreamId) -> bool {
        self.iter().any(|party| party == id)
    }
}

/// The sum of blocks, in a law of choice.
#[derive(Debug)]
pub struct Mixer([i32; BLOCK]);

impl Default for Mixer {
    fn default() -> Self {
        Self([0; BLOCK])
    }
}

impl Mixer {
    /// One more party.
    pub fn add(&mut self, law: Companding, block: &Block) {
        for (sum, sample) in self.0.iter_mut().zip(decode_block(law, block)) {
            *sum += i32::from(sample);
        }
    }

    /// What is heard.
    pub fn block(&self, law: Companding) -> Block {
        let clip = |sum: i32| i16::try_from(sum).unwrap_or(if sum < 0 { i16::MIN } else { i16::MAX });
        let samples: Samples = self.0.map(clip);
        encode_block(law, &samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::id::Room;

    fn id(n: u64) -> StreamId {
        StreamId::new(Room::Pstn, n)
    }

    #[test]
    fn each_party_counts_once_and_too_many_are_left_out() {
        let parties = Parties::new(&[id(1), id(2), id(1), id(3), id(4), id(5)]);
        assert_eq!(parties.iter().collect::<Vec<_>>(), [id(1), id(2), id(3), id(4)]);
        assert!(parties.contains(id(4)) && !parties.contains(id(5)));
    }

    #[test]
    fn one_party_alone_passes_through_and_two_shouting_are_clipped() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            let loud: Block =
                std::array::from_fn(|i| if i % 2 == 0 { 0x80 } else { 0x00 } ^ (i as u8 & 0x7f));
            let mut mixer = Mixer::default();
            mixer.add(law, &loud);
            let alone = mixer.block(law);
            assert_eq!(decode_block(law, &alone), decode_block(law, &loud));
            mixer.add(law, &loud);
            let both = decode_block(law, &mixer.block(law));
            for (two, one) in both.iter().zip(decode_block(law, &loud)) {
                let sum = (2 * i32::from(one)).clamp(-32_768, 32_767);
                let step = 1 + sum.abs() / 16;
                assert!((i32::from(*two) - sum).abs() <= step.max(16), "{two} for {sum}");
            }
        }
    }

    #[test]
    fn what_cancels_out_is_silence() {
        let law = Companding::ALaw;
        let mut mixer = Mixer::default();
        mixer.add(law, &[0x95; BLOCK]);
        mixer.add(law, &[0x15; BLOCK]);
        assert!(decode_block(law, &mixer.block(law)).iter().all(|s| s.unsigned_abs() <= 16));
    }
}
