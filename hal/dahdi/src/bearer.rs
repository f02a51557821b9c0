//! Audio: blocks of 20 ms over small blocks of the kernel, with one small cushion each way.
//!
//! ```text
//! line ─► kernel, pieces of 5 ms ─► heard ─► read: a block, and the cushion stays
//! line ◄─ kernel, pieces of 5 ms ◄─ write: a block on top of the cushion
//! ```
//! Both ways of a channel advance together, so what is still to be sent is what was written less
//! what was received since: the kernel does not say how much it holds.
//!
//! The cushion is full when a queue begins, and nothing is missing from the first block on. What is heard is
//! reckoned from the tick and not from whoever came late after it: who reads 4 ms late has heard 4 ms of the
//! block that is not due yet, which the next one in time will miss, so that they stay behind, too. Who
//! writes late for the first time leaves the kernel more than a cushion. A queue that is longer than it need be is
//! cut back where nothing is to be heard, or at once when it is far too long; one that ran dry, which the kernel
//! tells, begins anew.

use crate::channel::Channel;
use crate::clock::Beat;
use crate::configure;
use crate::device::{gone, is, os};
use crate::sys::abi::{self, ELAST, event};
use demarc_hal::{BLOCK, Bearer, Block, Companding, Error, Transfer};
use nix::errno::Errno;
use std::io::{self, IoSlice, IoSliceMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Octets of a piece: 5 ms.
const PIECE: usize = 40;
/// Pieces that the kernel holds at most each way: 80 ms, so that a late reader loses nothing.
const PIECES: i32 = 16;
/// What stays behind each way, for the wobble of whoever calls: 5 ms.
const CUSHION: usize = 40;
/// A queue to be sent that is this much above the cushion has grown: 5 ms, for it is known in whole pieces.
const GROWN: usize = PIECE;
/// What reads leave behind is known to the octet: 2 ms more than the cushion are too much.
const GROWN_HEARD: usize = 16;
/// A queue this long is cut whatever sounds: 25 ms above the cushion, more than a block that came late.
const FAR: usize = CUSHION + 200;
/// Blocks in a row that must have found too much there before it is thrown away: 1 s.
const PATIENCE: u32 = 50;
/// Pieces that are asked for at once: those of a block, and one that says that there are more.
const AT_ONCE: usize = BLOCK / PIECE + 1;
/// Room for what was received and not taken.
const ROOM: usize = 3 * BLOCK + CUSHION;
/// Taps of the echo canceller: 16 ms of tail.
const TAPS: i32 = 128;
/// Tries before events count as an endless stream.
const TRIES: u32 = 4;

/// The audio of a channel.
pub struct DahdiBearer {
    channel: Arc<Channel>,
    law: Companding,
    beat: Arc<Beat>,
    queue: Queue,
    gone: bool,
}

/// What is on its way, as far as it is known here.
struct Queue {
    law: Companding,
    heard: [u8; ROOM],
    held: usize,
    /// The next read begins anew.
    fresh: bool,
    /// What reads leave behind.
    left: Watched,
    /// Octets that the kernel still has to send; none when it has run dry.
    unsent: Option<usize>,
    /// What writes find there.
    found: Watched,
}

/// How long a queue is, looked at once a block.
struct Watched {
    /// How much above the cushion it may be.
    room: usize,
    /// The least in this window, and over how many blocks.
    least: usize,
    blocks: u32,
    /// So much too long it has been for a whole window.
    grown: usize,
}

impl Watched {
    const fn new(room: usize) -> Self {
        Self { room, least: usize::MAX, blocks: 0, grown: 0 }
    }

    /// A block finds so many octets there.
    fn look(&mut self, length: usize) {
        self.least = self.least.min(length);
        self.blocks += 1;
        if self.blocks >= PATIENCE {
            let grown = if self.least >= CUSHION + self.room { self.least - CUSHION } else { 0 };
            *self = Self { grown, ..Self::new(self.room) };
        }
    }

    /// How many of the oldest of these octets are to be thrown away: those of a queue that has grown, if
    /// nobody would hear it.
    fn cut(&mut self, law: Companding, octets: &[u8]) -> usize {
        let grown = self.grown.min(octets.len());
        let cut = self.grown > FAR - CUSHION || octets.iter().take(grown).all(|octet| is_quiet(law, *octet));
        if cut { std::mem::take(&mut self.grown).min(grown) } else { 0 }
    }
}

/// Among the eight values next to zero on either side: below -45 dBm0.
fn is_quiet(law: Companding, octet: u8) -> bool {
    let magnitude = match law {
        Companding::ALaw => octet ^ 0x55,
        Companding::MuLaw => !octet,
    };
    magnitude & 0x7F < 8
}

impl Queue {
    const fn new(law: Companding) -> Self {
        let (left, found) = (Watched::new(GROWN_HEARD), Watched::new(GROWN));
        Self { law, heard: [0; ROOM], held: 0, fresh: true, left, unsent: None, found }
    }

    /// Begins with a cushion of idle octets, and what the next block has of them when this is late.
    fn begin(&mut self, late: usize) {
        self.held = CUSHION + late.min(BLOCK);
        self.heard = [self.law.idle(); ROOM];
        (self.fresh, self.left) = (false, Watched::new(GROWN_HEARD));
    }

    fn room(&mut self) -> &mut [u8] {
        self.heard.get_mut(self.held..).unwrap_or_default()
    }

    /// So many octets were put into [`Queue::room`].
    fn received(&mut self, octets: usize) {
        self.held = (self.held + octets).min(ROOM);
        self.unsent = self.unsent.map(|unsent| unsent.saturating_sub(octets));
    }

    fn take(&mut self, block: &mut Block) -> bool {
        let Some(first) = self.heard.first_chunk().filter(|_| self.held >= BLOCK) else { return false };
        *block = *first;
        self.drop_oldest(BLOCK);
        self.left.look(self.held);
        let cut = self.left.cut(self.law, self.heard.get(..self.held).unwrap_or_default());
        self.drop_oldest(cut);
        true
    }

    /// How many octets of a block are left out, so that what is to be sent is not too long.
    fn skip(&mut self, block: &Block) -> usize {
        let unsent = self.unsent.unwrap_or(0);
        if unsent > FAR {
            self.found = Watched::new(GROWN);
            return unsent - CUSHION;
        }
        // What has been sent is known in whole pieces: nearly one more may have gone.
        self.found.look(unsent.saturating_sub(PIECE));
        self.found.cut(self.law, block)
    }

    fn drop_oldest(&mut self, octets: usize) {
        let octets = octets.min(self.held);
        self.heard.copy_within(octets..self.held, 0);
        self.held -= octets;
    }
}

impl DahdiBearer {
    /// Takes the audio side of an open channel.
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody has it; [`Error::Gone`], [`Error::Os`].
    pub fn open(channel: Arc<Channel>, law: Companding, beat: Arc<Beat>) -> Result<Self, Error> {
        if channel.audio.swap(true, Ordering::AcqRel) {
            return Err(Error::Busy(channel.at));
        }
        let bearer = Self { channel, law, beat, queue: Queue::new(law), gone: false };
        bearer.prepare()?;
        Ok(bearer)
    }

    fn prepare(&self) -> Result<(), Error> {
        let channel = &self.channel;
        let piece = i32::try_from(PIECE).unwrap_or(40);
        channel.buffers(PIECES, piece).map_err(os("setting the buffers of a channel"))?;
        // Only a clear channel has to be told that it carries audio; others refuse.
        match channel.set(abi::AUDIOMODE, 1) {
            Err(error) if !is(&error, Errno::EINVAL) => return Err(os("audio mode")(error)),
            _ => {}
        }
        channel.set(abi::SETLAW, configure::law(self.law)).map_err(os("setting the law of a channel"))?;
        // Before dahdi-linux 2.5 the kernel did not tell that it ran dry.
        let _ = channel.set(abi::BUFFER_EVENTS, 1);
        Ok(())
    }

    /// Takes events out of the way. False when they are somebody else's.
    fn clear_events(&mut self) -> bool {
        let queue = &mut self.queue;
        let (mut overrun, mut removed) = (false, false);
        let result = self.channel.clear_events(|event| match event {
            event::WRITE_UNDERRUN => {
                queue.unsent = None;
                true
            }
            event::READ_OVERRUN => {
                overrun = true;
                true
            }
            event => {
                removed |= event == event::REMOVED;
                false
            }
        });
        self.gone |= removed;
        if overrun {
            // Octets were lost uncounted, so that nothing is known of either queue.
            self.empty();
        }
        self.seen(result).unwrap_or(false)
    }

    /// Remembers that the card has vanished.
    fn seen<T>(&mut self, result: io::Result<T>) -> Option<T> {
        result.map_err(|error| self.gone |= gone(&error)).ok()
    }

    /// Calls the kernel until it is done or has nothing more: events come before octets.
    fn call(&mut self, mut call: impl FnMut(&mut Self) -> io::Result<usize>) -> usize {
        for _ in 0..TRIES {
            match call(self) {
                Ok(octets) => return octets,
                Err(error) if error.raw_os_error() == Some(ELAST) => {
                    if !self.clear_events() {
                        return 0;
                    }
                }
                Err(error) => {
                    self.gone |= gone(&error);
                    return 0;
                }
            }
        }
        0
    }

    /// Throws away what is queued both ways.
    fn empty(&mut self) {
        let flushed = self.channel.set(abi::FLUSH, abi::FLUSH_READ | abi::FLUSH_WRITE);
        self.seen(flushed);
        self.queue = Queue::new(self.law);
    }

    /// Fetches what the kernel has.
    fn pull(&mut self) {
        if self.queue.room().len() < BLOCK {
            // Somebody writes and never reads.
            self.queue.drop_oldest(BLOCK);
        }
        // Mostly it is one block.
        while self.pull_some() == AT_ONCE * PIECE {}
    }

    fn pull_some(&mut self) -> usize {
        let received = self.call(|this| {
            let mut pieces = this.queue.room().chunks_exact_mut(PIECE);
            let mut next = || IoSliceMut::new(pieces.next().unwrap_or_default());
            let mut pieces: [IoSliceMut<'_>; AT_ONCE] = std::array::from_fn(|_| next());
            let used = pieces.iter().take_while(|piece| !piece.is_empty()).count();
            match pieces.get_mut(..used) {
                Some(pieces) if used > 0 => this.channel.read(pieces),
                _ => Ok(0),
            }
        });
        self.queue.received(received);
        received
    }

    /// Gives octets to the kernel, in pieces; how many it took.
    fn push(&mut self, octets: &[u8]) -> usize {
        self.call(|this| {
            let mut pieces = octets.chunks(PIECE);
            let mut next = || IoSlice::new(pieces.next().unwrap_or_default());
            let pieces: [IoSlice<'_>; BLOCK / PIECE] = std::array::from_fn(|_| next());
            let used = octets.len().div_ceil(PIECE).min(pieces.len());
            pieces.get(..used).map_or(Ok(0), |pieces| this.channel.write(pieces))
        })
    }
}

impl Bearer for DahdiBearer {
    fn write(&mut self, block: &Block) -> Transfer {
        if self.gone {
            return Transfer::Gone;
        }
        if self.channel.dialling.load(Ordering::Acquire) {
            // Nobody would hear it, and the kernel would stop dialling.
            self.queue.unsent = None;
            return Transfer::Done;
        }
        if self.queue.unsent.is_some_and(|unsent| unsent > CUSHION + GROWN) {
            // Perhaps the line has moved on, and nobody has looked.
            self.pull();
        }
        if self.queue.unsent.is_none() {
            let cushion = [self.law.idle(); CUSHION];
            let taken = self.push(&cushion);
            self.queue.unsent = Some(taken);
            self.queue.found = Watched::new(GROWN);
        }
        let skip = self.queue.skip(block);
        let Some(rest) = block.get(skip..).filter(|rest| !rest.is_empty()) else { return Transfer::Missed };
        let taken = self.push(rest);
        // A try may have found that the kernel ran dry in between.
        self.queue.unsent = Some(self.queue.unsent.unwrap_or(0) + taken);
        match (self.gone, taken == rest.len()) {
            (true, _) => Transfer::Gone,
            (false, true) => Transfer::Done,
            (false, false) => Transfer::Missed,
        }
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        if self.queue.fresh && !self.gone {
            // What came before counts for what is sent, and for nothing else.
            self.pull();
            let flushed = self.channel.set(abi::FLUSH, abi::FLUSH_READ);
            self.seen(flushed);
            self.queue.begin(self.beat.lateness());
            return if self.gone { Transfer::Gone } else { Transfer::Missed };
        }
        if !self.gone {
            self.pull();
        }
        match (self.gone, self.queue.take(block)) {
            (true, _) => Transfer::Gone,
            (false, true) => Transfer::Done,
            (false, false) => Transfer::Missed,
        }
    }

    fn flush(&mut self) {
        self.empty();
        self.cancel_echo(true);
    }

    fn rest(&mut self) {
        self.empty();
        self.cancel_echo(false);
    }

    fn companding(&self) -> Companding {
        self.law
    }

    fn cancel_echo(&mut self, on: bool) {
        let switched = self.channel.set(abi::ECHOCANCEL, if on { TAPS } else { 0 });
        self.seen(switched);
    }
}

impl Drop for DahdiBearer {
    fn drop(&mut self) {
        self.channel.audio.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAW: Companding = Companding::ALaw;
    /// Never quiet.
    const LOUD: u8 = 0x2A;

    fn begun(late: usize) -> Queue {
        let mut queue = Queue::new(LAW);
        queue.begin(late);
        queue
    }

    /// So many octets come from the line.
    fn receive(queue: &mut Queue, octet: u8, octets: usize) {
        queue.room().iter_mut().take(octets).for_each(|room| *room = octet);
        queue.received(octets);
    }

    #[test]
    fn a_cushion_stays_behind() {
        let mut queue = begun(0);
        let mut block = [0; BLOCK];
        assert!(!queue.take(&mut block));
        for _ in 0..200 {
            receive(&mut queue, LOUD, BLOCK);
            assert!(queue.take(&mut block));
            assert_eq!(queue.held, CUSHION);
        }
    }

    /// Reads come at a tick, later by so many octets each; what the kernel gives is whole pieces.
    fn reads(late: impl Iterator<Item = usize>) -> Queue {
        let mut late = late.peekable();
        let first = *late.peek().unwrap();
        let mut queue = begun(first);
        let (mut block, mut given) = ([0; BLOCK], 0);
        for (tick, late) in late.enumerate().skip(1) {
            let come = (tick * BLOCK + late).saturating_sub(first) / PIECE * PIECE;
            receive(&mut queue, LOUD, come - given);
            given = come;
            assert!(queue.take(&mut block), "block {tick}, {late} octets late");
        }
        queue
    }

    #[test]
    fn nothing_is_missing_however_late_the_first_read_was() {
        for first in 0..BLOCK {
            reads(std::iter::once(first).chain(std::iter::repeat_n(0, 200)));
        }
    }

    #[test]
    fn nothing_is_missing_whatever_reads_are_late() {
        for seed in 0..100_u32 {
            let mut state = seed;
            let late = std::iter::repeat_with(|| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as usize % CUSHION
            });
            let queue = reads(late.take(300));
            assert!(queue.held <= 2 * CUSHION + PIECE, "{} octets stay behind", queue.held);
        }
    }

    #[test]
    fn octets_come_in_order() {
        let mut queue = begun(0);
        let mut sent = 0_u8;
        let mut heard = Vec::new();
        let mut block = [0; BLOCK];
        for octets in [120, 200, 160, 80, 240] {
            for octet in queue.room().iter_mut().take(octets) {
                sent = sent.wrapping_add(1);
                *octet = sent;
            }
            queue.received(octets);
            while queue.take(&mut block) {
                heard.extend(block);
            }
        }
        assert!(heard[..CUSHION].iter().all(|octet| *octet == LAW.idle()));
        let expected: Vec<u8> = (1..=heard.len() - CUSHION).map(|octet| (octet % 256) as u8).collect();
        assert_eq!(&heard[CUSHION..], expected);
    }

    #[test]
    fn a_queue_that_has_grown_is_cut_back_where_nobody_hears_it() {
        let mut queue = begun(0);
        let mut block = [0; BLOCK];
        // A block came late, and one was missing: from then on one too many is there.
        receive(&mut queue, LOUD, 2 * BLOCK);
        for _ in 0..4 * PATIENCE {
            assert!(queue.take(&mut block));
            assert_eq!(queue.held, CUSHION + BLOCK, "not while something sounds");
            receive(&mut queue, LOUD, BLOCK);
        }
        for _ in 0..3 {
            assert!(queue.take(&mut block));
            receive(&mut queue, LAW.idle(), BLOCK);
        }
        assert!(queue.take(&mut block));
        assert_eq!(queue.held, CUSHION);
    }

    #[test]
    fn who_was_taken_for_late_and_was_not_is_as_quick_as_others_in_a_pause() {
        let mut queue = begun(32);
        for _ in 0..2 * PATIENCE {
            receive(&mut queue, LAW.idle(), BLOCK);
            assert!(queue.take(&mut [0; BLOCK]));
        }
        assert_eq!(queue.held, CUSHION);
    }

    #[test]
    fn a_queue_that_is_far_too_long_is_cut_back_whatever_sounds() {
        let mut queue = begun(0);
        let mut block = [0; BLOCK];
        receive(&mut queue, LOUD, 2 * BLOCK + PIECE + CUSHION);
        receive(&mut queue, LOUD, BLOCK);
        for _ in 0..=PATIENCE {
            assert!(queue.take(&mut block));
            receive(&mut queue, LOUD, BLOCK);
        }
        assert!(queue.take(&mut block));
        assert_eq!(queue.held, CUSHION);
    }

    #[test]
    fn what_is_to_be_sent_is_cut_like_what_was_heard() {
        let (loud, quiet) = ([LOUD; BLOCK], [LAW.idle(); BLOCK]);
        let mut queue = begun(0);
        queue.unsent = Some(CUSHION + 3 * PIECE);
        for _ in 0..4 * PATIENCE {
            assert_eq!(queue.skip(&loud), 0);
        }
        assert_eq!(queue.skip(&quiet), 2 * PIECE);
        queue.unsent = Some(FAR + PIECE);
        assert_eq!(queue.skip(&loud), FAR + PIECE - CUSHION);
        // Of this nobody knows whether it is more than a cushion.
        queue.unsent = Some(CUSHION + 2 * PIECE - 1);
        for _ in 0..4 * PATIENCE {
            assert_eq!(queue.skip(&quiet), 0);
        }
    }

    #[test]
    fn quiet_is_what_is_next_to_zero() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            assert!(is_quiet(law, law.idle()) && is_quiet(law, law.idle() ^ 0x80));
            assert_eq!((0..=255).filter(|octet| is_quiet(law, *octet)).count(), 16);
        }
        assert!(!is_quiet(LAW, LOUD));
    }

    #[test]
    fn more_than_there_is_room_for_is_no_harm() {
        let mut queue = begun(usize::MAX);
        assert_eq!(queue.held, CUSHION + BLOCK);
        queue.received(usize::MAX / 2);
        assert_eq!(queue.held, ROOM);
        assert!(queue.room().is_empty());
    }
}
