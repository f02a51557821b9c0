//! Octets that cross a bearer, both ways at once, compared one by one.

use demarc_hal::{BLOCK, Bearer, Block, Clock, Transfer};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Blocks that may still be on their way when the last one was sent.
const LATE: usize = 12;
/// Room for the octets of a lane: 40 s.
const ROOM: usize = 2000 * BLOCK;

/// One end of a bearer, with what it says and hears.
pub struct Lane {
    bearer: Box<dyn Bearer>,
    state: u32,
    sent: Vec<u8>,
    heard: Vec<u8>,
}

impl Lane {
    /// Says octets that do not repeat soon, other ones for every seed.
    pub fn new(mut bearer: Box<dyn Bearer>, seed: u32) -> Self {
        bearer.flush();
        // What a canceller takes away is missing.
        bearer.cancel_echo(false);
        let state = seed.wrapping_mul(0x9E37_79B9) | 1;
        // Growing would copy what is there, on every lane at once, and make them late.
        let room = || Vec::with_capacity(ROOM);
        Self { bearer, state, sent: room(), heard: room() }
    }

    fn turn(&mut self) {
        let mut said: Block = [0; BLOCK];
        said.fill_with(|| {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            self.state.to_be_bytes()[0]
        });
        assert_eq!(self.bearer.write(&said), Transfer::Done, "a write at the pace of the cards");
        // One block a turn, as media threads take them: who takes all keeps the queue too short for good.
        let mut heard: Block = [0; BLOCK];
        let came = self.bearer.read(&mut heard) == Transfer::Done;
        self.sent.extend(said);
        if came {
            self.heard.extend(heard);
        }
    }

    /// What was heard is what the other end said, from its very first block on: no octet changed, lost or added.
    fn compare(&self, far: &Self, name: &str) {
        let first = &far.sent[..BLOCK];
        let at = self.heard.windows(BLOCK).position(|window| window == first);
        let heard = &self.heard[at.unwrap_or_else(|| panic!("{name}: the first block never came"))..];
        let wrong = far.sent.iter().zip(heard).position(|(sent, heard)| sent != heard);
        if let Some(wrong) = wrong {
            // Where does it go on?
            let next = heard.get(wrong..wrong + 2 * BLOCK).unwrap_or_default();
            let tail = next.get(BLOCK..).unwrap_or_default();
            let on = far.sent.windows(BLOCK).position(|window| window == tail);
            let slip = on.and_then(|on| isize::try_from(on).ok()?.checked_sub_unsigned(wrong + BLOCK));
            panic!("{name}: octet {wrong} of {} is wrong; slip {slip:?}", heard.len());
        }
        let least = far.sent.len().saturating_sub(LATE * BLOCK);
        assert!(heard.len() >= least, "{name}: {} of {} octets came", heard.len(), far.sent.len());
    }
}

/// Pairs of lanes that talk to one another.
#[derive(Default)]
pub struct Talk {
    pairs: Vec<(String, Lane, Lane)>,
}

impl Talk {
    /// One more pair.
    pub fn add(&mut self, name: impl Into<String>, near: Box<dyn Bearer>, far: Box<dyn Bearer>) {
        let seed = u32::try_from(self.pairs.len()).unwrap() * 2 + 1;
        self.pairs.push((name.into(), Lane::new(near, seed), Lane::new(far, seed + 1)));
    }

    /// Lets them talk for so many blocks of 20 ms.
    pub fn blocks(&mut self, clock: &mut dyn Clock, mut blocks: u64) {
        clock.take();
        while blocks > 0 {
            poll(&mut [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16))
                .unwrap();
            for _ in 0..clock.take().min(blocks) {
                blocks -= 1;
                for (_, near, far) in &mut self.pairs {
                    near.turn();
                    far.turn();
                }
            }
        }
    }

    /// Every octet arrived as it was sent; how many were compared.
    pub fn compare(&self) -> usize {
        for (name, near, far) in &self.pairs {
            near.compare(far, name);
            far.compare(near, name);
        }
        self.pairs.iter().map(|(_, near, far)| near.sent.len() + far.sent.len()).sum()
    }
}
