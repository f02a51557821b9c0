//! What happens to the audio of a digital span on its way: loops, dead timeslots, wrong bits.

use crate::cable::End;
use demarc_hal::Block;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What happens to a cable, shared by all of its timeslots.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    /// A bit for each timeslot that carries nothing.
    dead: AtomicU32,
    /// This end hears itself.
    looped: [AtomicBool; 2],
    /// One bit in so many blocks is wrong on the way to this end; 0 = none.
    noisy: [AtomicU32; 2],
}

impl Fates {
    pub(crate) fn set_dead(&self, slot: u8, dead: bool) {
        let bit = 1_u32.checked_shl(slot.into()).unwrap_or(0);
        if dead {
            self.dead.fetch_or(bit, Ordering::Relaxed);
        } else {
            self.dead.fetch_and(!bit, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_looped(&self, end: End, looped: bool) {
        end.of(&self.looped).store(looped, Ordering::Relaxed);
    }

    pub(crate) fn set_noisy(&self, end: End, blocks: u32) {
        end.of(&self.noisy).store(blocks, Ordering::Relaxed);
    }
}

/// What happens to one end's timeslot.
#[derive(Debug)]
pub(crate) struct Fate {
    all: Arc<Fates>,
    end: End,
    slot: u8,
    sent: u32,
}

impl Fate {
    pub(crate) fn new(all: &Arc<Fates>, end: End, slot: u8) -> Self {
        Self { all: all.clone(), end, slot, sent: 0 }
    }

    pub(crate) fn is_dead(&self) -> bool {
        let dead = self.all.dead.load(Ordering::Relaxed);
        dead.checked_shr(self.slot.into()).is_some_and(|bits| bits & 1 == 1)
    }

    pub(crate) fn is_looped(&self) -> bool {
        self.end.of(&self.all.looped).load(Ordering::Relaxed)
    }

    /// Makes a bit of what is sent to the other end wrong, now and then.
    pub(crate) fn disturb(&mut self, block: &mut Block) {
        self.sent = self.sent.wrapping_add(1);
        let blocks = self.end.other().of(&self.all.noisy).load(Ordering::Relaxed);
        if blocks > 0
            && self.sent.is_multiple_of(blocks)
            && let Some(octet) = block.first_mut()
        {
            *octet ^= 0x08;
        }
    }
}
