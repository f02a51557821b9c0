//! The jitter buffer: RTP packets of any length in, blocks of 20 ms out.
//!
//! Octets lie in a ring by their timestamp. Each tick plays the next 160. How early a packet comes
//! before the tick that plays its beginning is its margin, to the sample: packets are looked at once a tick, and each
//! brings along how long ago it came. The delay begins with one block and follows the smallest margin
//! of a window:
//!
//! - a packet that comes too late while nothing but made-up sound was played since moves the play
//!   position back, so that the delay grows by what was missing, at once;
//! - a delay that whole windows did not need shrinks by a block when the party is silent, and a
//!   margin about to be used up grows by one: this is also how clocks that differ are reconciled.
//!
//! A block is played in a tick or in the next one, never in between: what a packet waits for its tick is
//! luck. It is played in the first one when that leaves a slack of 10 ms; or of as much as packets have
//! differed in the last 10 s, down to 5 ms, where the network has shown that it is steady.
//!
//! One window without need is enough in a network that has never been late. Each time that it was,
//! twice as many are asked for.

use crate::codec::g711;
use crate::sys::Plc;
use demarc_hal::{BLOCK, Block, Companding};
use std::ops::Range;

/// Octets in the ring, a power of two: 512 ms. Half of it is before the play position.
const RING: usize = 4096;
/// The longest delay: 200 ms.
const DEEPEST: i32 = 1600;
/// The delay to begin with, beside the time to the next tick: 20 ms.
const INITIAL: i32 = 160;
/// A packet this far ahead of what can be played belongs to another timeline: 40 ms.
const JUMP: i32 = 320;
/// The margin that is left when the delay shrinks: 10 ms.
const SLACK: i32 = 80;
/// What is left of it in a steady network: 5 ms. Half of what is left is a margin about to be used up.
const STEADY_SLACK: i32 = 40;
/// Windows in a row by which a network is known: 10 s.
const KNOWN: usize = 4;
/// A window, in ticks: 2.56 s.
const WINDOW: u32 = 128;
/// Windows that must not have needed a delay, after many late packets: 41 s.
const WINDOWS: u32 = 16;
/// Below this mean square a block is silence: about −50 dBm0.
const SILENCE: f64 = 6_000.0;

/// A jitter buffer of one sender.
pub struct Jitter {
    law: Companding,
    octets: Box<[u8; RING]>,
    filled: Box<[bool; RING]>,
    /// Timestamp of the next octet to play; none before the first packet.
    play: Option<u32>,
    /// How many octets just before `play` were made up in one go.
    concealed: i32,
    /// The smallest and the largest margin in this window, and ticks since it began.
    margin: i32,
    largest: i32,
    window: u32,
    /// By how much margins differed in each of the last windows; none is known before it is over.
    differed: [i32; KNOWN],
    /// Windows in a row that had a block to spare, and how many it takes.
    spared: u32,
    patience: u32,
    /// By how many octets the delay should change at the next silence: −160, 0, 160.
    wanted: i32,
    sequence: SequenceRecord,
    /// The transit time of RFC 3550 §6.4.1 and the jitter, in samples, times 16.
    transit: Option<u32>,
    jitter16: u32,
    late: u64,
    /// The concealer and whether it has made something up since the last real block; the last
    /// real block is kept to teach it.
    plc: Option<Plc>,
    concealing: bool,
    history: [Block; 2],
}

/// Where a block came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Played {
    /// The party.
    Real,
    /// It was made up, in whole or in part.
    Concealed,
    /// Nothing has come yet, or not for long: silence.
    Nothing,
}

impl Jitter {
    /// An empty buffer for octets of `law`.
    pub fn new(law: Companding) -> Self {
        Self {
            law,
            octets: Box::new([law.idle(); RING]),
            filled: Box::new([false; RING]),
            play: None,
            concealed: 0,
            margin: i32::MAX,
            largest: i32::MIN,
            window: 0,
            differed: [i32::MAX; KNOWN],
            spared: 0,
            patience: 1,
            wanted: 0,
            sequence: SequenceRecord::default(),
            transit: None,
            jitter16: 0,
            late: 0,
            plc: Plc::new(),
            concealing: false,
            history: [[law.idle(); BLOCK]; 2],
        }
    }

    /// A packet of audio came, `ago` samples before the tick that is `now` (in samples).
    pub fn insert(&mut self, sequence: u16, timestamp: u32, payload: &[u8], now: u32, ago: u32) {
        // Longer than any packet that can be played whole: keep the beginning.
        let payload = payload.get(..RING / 4).unwrap_or(payload);
        if payload.is_empty() {
            return;
        }
        if !self.sequence.note(sequence) {
            self.late += 1;
            return;
        }
        self.note_transit(now.wrapping_sub(ago).wrapping_sub(timestamp));
        let ago = ago.min(RING as u32) as i32;
        let play = match self.play {
            Some(play) => play,
            None => self.begin(timestamp),
        };
        let mut margin = timestamp.wrapping_sub(play) as i32;
        let length = payload.len() as i32;
        if margin < 0 && -margin <= self.concealed && DEEPEST >= length - margin {
            let back = (-margin + BLOCK as i32 - 1) / BLOCK as i32 * BLOCK as i32;
            self.play = Some(play.wrapping_sub(back as u32));
            if self.concealed < DEEPEST {
                // Something was made up that would not have had to be.
                self.was_late();
            }
            self.concealed = (self.concealed - back).max(0);
            margin += back;
        } else if margin < -DEEPEST * 5 || margin + length > DEEPEST + JUMP {
            // Another timeline, or a sender that paused without counting on.
            self.begin(timestamp);
            margin = INITIAL;
        } else if margin + length <= 0 {
            self.late += 1;
            self.note_margin(margin, ago);
            self.was_late();
            return;
        }
        self.note_margin(margin, ago);
        let skip = (-margin).max(0) as usize; // the part that should have been played already
        let mut rest = payload.get(skip..).unwrap_or_default();
        for range in pieces(timestamp.wrapping_add(skip as u32), rest.len()) {
            let (now, later) = rest.split_at(range.len().min(rest.len()));
            rest = later;
            if let Some(octets) = self.octets.get_mut(range.clone()) {
                octets.copy_from_slice(now);
            }
            self.filled.get_mut(range).unwrap_or_default().fill(true);
        }
    }

    /// A packet without audio came (telephone-event, comfort noise): only its sequence number counts.
    pub fn note(&mut self, sequence: u16) -> bool {
        let new = self.sequence.note(sequence);
        self.late += u64::from(!new);
        new
    }

    /// Plays the next block. To be called once a tick.
    pub fn play(&mut self, block: &mut Block) -> Played {
        *block = [self.law.idle(); BLOCK];
        if self.play.is_none() {
            return Played::Nothing;
        }
        self.adapt();
        let mut missing = self.take(block);
        if self.wanted != 0 && missing == 0 && self.is_silent(block) {
            match self.wanted {
                // Too early by a block: this one is silence, leave it out.
                1.. => missing = self.take(block),
                // Too late by a block: play this silence twice.
                _ => self.play = self.play.map(|play| play.wrapping_sub(BLOCK as u32)),
            }
            self.wanted = 0;
            self.spared = 0;
            self.begin_window();
        }
        self.conceal(block, missing)
    }

    /// Packets that came too late or twice.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Packets that never came (RFC 3550 §6.4.1: expected less received).
    pub fn lost(&self) -> u64 {
        self.sequence.lost()
    }

    /// Interarrival jitter (RFC 3550 §6.4.1) in microseconds. Arrival is known to a tick.
    pub fn jitter_us(&self) -> u32 {
        (self.jitter16 / 16).saturating_mul(125)
    }

    /// Another sender: what comes next has a sequence and a timeline of its own.
    pub fn restart(&mut self) {
        self.play = None;
        self.sequence.highest = None;
    }

    /// Begins at a packet; returns the play position.
    fn begin(&mut self, timestamp: u32) -> u32 {
        let play = timestamp.wrapping_sub(INITIAL as u32);
        self.filled.fill(false);
        self.play = Some(play);
        self.concealed = DEEPEST; // before its beginning a sender is silent
        self.begin_window();
        self.differed = [i32::MAX; KNOWN];
        self.spared = 0;
        self.wanted = 0;
        self.transit = None;
        play
    }

    /// A packet came after its time: the delay that it needs is not given up soon.
    fn was_late(&mut self) {
        self.patience = (self.patience * 2).min(WINDOWS);
        self.spared = 0;
        self.differed = [i32::MAX; KNOWN];
    }

    fn begin_window(&mut self) {
        (self.margin, self.largest, self.window) = (i32::MAX, i32::MIN, 0);
    }

    /// A packet that begins so many octets after the play position came `ago` samples before the tick. What
    /// begins within a block is wanted with that block, not when its turn is.
    fn note_margin(&mut self, ahead: i32, ago: i32) {
        let margin = ahead - ahead.rem_euclid(BLOCK as i32) + ago;
        self.margin = self.margin.min(margin);
        self.largest = self.largest.max(margin);
    }

    /// The margin that is to be left: as much as packets differ, within limits.
    fn slack(&self) -> i32 {
        let now = self.largest.saturating_sub(self.margin);
        self.differed.iter().fold(now, |most, differed| most.max(*differed)).clamp(STEADY_SLACK, SLACK)
    }

    /// Closes the window when it is full.
    fn adapt(&mut self) {
        self.window += 1;
        let slack = self.slack();
        if self.margin < slack / 2 && self.wanted == 0 {
            self.wanted = -1;
        }
        if self.window < WINDOW {
            return;
        }
        self.differed.rotate_left(1);
        self.differed[KNOWN - 1] = match self.margin {
            i32::MAX => i32::MAX,
            margin => self.largest.saturating_sub(margin),
        };
        let spare = self.margin.saturating_sub(self.slack());
        self.spared = if spare >= BLOCK as i32 { self.spared.saturating_add(1) } else { 0 };
        self.wanted = match self.margin {
            i32::MAX => 0,
            _ if self.spared >= self.patience => 1,
            margin if margin < slack / 2 => -1,
            _ => 0,
        };
        if self.margin != i32::MAX && spare > DEEPEST / 2 {
            // Far too deep to wait for a silence that may never come.
            let mut dropped = [0; BLOCK];
            self.take(&mut dropped);
        }
        self.begin_window();
    }

    /// Takes the block at the play position; how many octets of it were missing. What was taken stays
    /// in the ring for half a round, so that the position may move back.
    fn take(&mut self, block: &mut Block) -> usize {
        let Some(play) = self.play else { return BLOCK };
        self.play = Some(play.wrapping_add(BLOCK as u32));
        for range in pieces(play.wrapping_add(RING as u32 / 2), BLOCK) {
            self.filled.get_mut(range).unwrap_or_default().fill(false);
        }
        let mut missing = 0;
        let mut rest = &mut block[..];
        for range in pieces(play, BLOCK) {
            let octets = self.octets.get(range.clone()).unwrap_or_default();
            let filled = self.filled.get(range).unwrap_or_default();
            let (now, later) = rest.split_at_mut(octets.len().min(rest.len()));
            rest = later;
            now.copy_from_slice(octets);
            if !filled.iter().all(|filled| *filled) {
                for (octet, _) in now.iter_mut().zip(filled).filter(|(_, filled)| !**filled) {
                    *octet = self.law.idle();
                    missing += 1;
                }
            }
        }
        missing
    }

    fn is_silent(&self, block: &Block) -> bool {
        crate::measure::energy(&g711::decode_block(self.law, block)) < SILENCE * BLOCK as f64
    }

    /// Fills what is missing. Untouched octets pass as they came: the concealer works only in a
    /// loss and in the block after it.
    fn conceal(&mut self, block: &mut Block, missing: usize) -> Played {
        if missing == 0 {
            self.concealed = 0;
            if std::mem::take(&mut self.concealing)
                && let Some(plc) = &mut self.plc
            {
                let mut samples = g711::decode_block(self.law, block);
                plc.heard(&mut samples);
                *block = g711::encode_block(self.law, &samples);
            }
            self.remember(block);
            return Played::Real;
        }
        self.concealed = self.concealed.saturating_add(BLOCK as i32).min(DEEPEST);
        if self.concealed >= DEEPEST {
            self.concealing = false;
            self.remember(block);
            return Played::Nothing;
        }
        if missing < BLOCK {
            // A packet ends or begins within the block: its octets are worth more than a smooth join.
            self.remember(block);
            return Played::Concealed;
        }
        if let Some(plc) = &mut self.plc {
            if !std::mem::replace(&mut self.concealing, true) {
                for heard in &self.history {
                    plc.heard(&mut g711::decode_block(self.law, heard));
                }
            }
            let mut samples = [0; BLOCK];
            plc.conceal(&mut samples);
            *block = g711::encode_block(self.law, &samples);
        }
        Played::Concealed
    }

    fn remember(&mut self, block: &Block) {
        self.history.swap(0, 1);
        self.history[1] = *block;
    }

    fn note_transit(&mut self, transit: u32) {
        if let Some(last) = self.transit.replace(transit) {
            let d = (transit.wrapping_sub(last) as i32).unsigned_abs().min(RING as u32);
            // J += (|D| − J) / 16, in integers, as in RFC 3550 §A.8.
            self.jitter16 = self.jitter16 + d - ((self.jitter16 + 8) >> 4);
        }
    }
}

/// The places in the ring of so many octets from a timestamp on: up to its end, and from its beginning.
fn pieces(timestamp: u32, length: usize) -> [Range<usize>; 2] {
    let start = timestamp as usize % RING;
    let first = length.min(RING - start);
    [start..start + first, 0..length - first]
}

/// Which packets have come, by sequence number (RFC 3550 §A.1).
#[derive(Debug, Default)]
struct SequenceRecord {
    /// Highest so far; bit n of `seen` = the packet n before it has come.
    highest: Option<u16>,
    seen: u64,
    expected: u64,
    received: u64,
}

impl SequenceRecord {
    /// A jump larger than this is a new beginning, not a loss (RFC 3550 MAX_DROPOUT).
    const DROPOUT: u16 = 3000;

    /// Notes a packet; false when it has come before or is older than memory.
    fn note(&mut self, sequence: u16) -> bool {
        let ahead = self.highest.map(|highest| sequence.wrapping_sub(highest));
        match ahead {
            Some(ahead @ 1..Self::DROPOUT) => {
                self.seen = self.seen.checked_shl(ahead.into()).unwrap_or(0) | 1;
                self.expected += u64::from(ahead);
                self.highest = Some(sequence);
            }
            Some(ahead) if ahead == 0 || ahead > u16::MAX - 64 => {
                let bit = 1u64.checked_shl(u32::from(ahead.wrapping_neg())).unwrap_or(0);
                if self.seen & bit != 0 {
                    return false;
                }
                self.seen |= bit;
            }
            Some(ahead) if ahead > u16::MAX - 100 => return false,
            _ => {
                self.seen = 1;
                self.expected += 1;
                self.highest = Some(sequence);
            }
        }
        self.received += 1;
        true
    }

    fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests;
