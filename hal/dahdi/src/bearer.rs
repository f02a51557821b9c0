//! Audio: blocks of 20 ms over small blocks of the kernel, with one small cushion each way.
//!
//! ```text
//! line ─► kernel, pieces of 5 ms ─► heard ─► read: a block, and the cushion stays
//! line ◄─ kernel, pieces of 5 ms ◄─ write: a block on top of the cushion
//! ```
//! Both ways of a channel advance together, so what is still to be sent is what was written less
//! what was received since: the kernel does not say how much it holds. A queue that has grown is cut
//! back to the cushion; one that ran dry, which the kernel tells, starts again with it.

use crate::channel::Channel;
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
/// A queue this much above the cushion has grown: 5 ms.
const GROWN: usize = 40;
/// Reads in a row that must have left too much behind before it is thrown away: 1 s.
const PATIENCE: u32 = 50;
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
    queue: Queue,
    gone: bool,
}

/// What is on its way, as far as it is known here.
struct Queue {
    heard: [u8; ROOM],
    held: usize,
    /// The next read begins anew.
    fresh: bool,
    /// The least that reads have left behind, and over how many of them.
    least: usize,
    reads: u32,
    /// Octets that the kernel still has to send; none when it has run dry.
    unsent: Option<usize>,
}

impl Queue {
    const fn new() -> Self {
        Self { heard: [0; ROOM], held: 0, fresh: true, least: usize::MAX, reads: 0, unsent: None }
    }

    /// Begins with a cushion of idle octets.
    fn begin(&mut self, idle: u8) {
        *self = Self { fresh: false, held: CUSHION, unsent: self.unsent, ..Self::new() };
        self.heard = [idle; ROOM];
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
        self.least = self.least.min(self.held);
        self.reads += 1;
        if self.reads >= PATIENCE {
            if self.least > CUSHION + GROWN {
                self.drop_oldest(self.least - CUSHION);
            }
            (self.least, self.reads) = (usize::MAX, 0);
        }
        true
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
    pub fn open(channel: Arc<Channel>, law: Companding) -> Result<Self, Error> {
        if channel.audio.swap(true, Ordering::AcqRel) {
            return Err(Error::Busy(channel.at));
        }
        let bearer = Self { channel, law, queue: Queue::new(), gone: false };
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
        self.queue = Queue::new();
    }

    /// Fetches what the kernel has.
    fn pull(&mut self) {
        if self.queue.room().len() < BLOCK {
            // Somebody writes and never reads.
            self.queue.drop_oldest(BLOCK);
        }
        let received = self.call(|this| {
            let mut pieces = this.queue.room().chunks_exact_mut(PIECE);
            let mut next = || IoSliceMut::new(pieces.next().unwrap_or_default());
            let mut pieces: [IoSliceMut<'_>; ROOM / PIECE] = std::array::from_fn(|_| next());
            let used = pieces.iter().take_while(|piece| !piece.is_empty()).count();
            match pieces.get_mut(..used) {
                Some(pieces) if used > 0 => this.channel.read(pieces),
                _ => Ok(0),
            }
        });
        self.queue.received(received);
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
        let grown = |queue: &Queue| queue.unsent.is_some_and(|unsent| unsent > CUSHION + GROWN);
        if grown(&self.queue) {
            // Perhaps the line has moved on, and nobody has looked.
            self.pull();
        }
        if self.queue.unsent.is_none() {
            let cushion = [self.law.idle(); CUSHION];
            let taken = self.push(&cushion);
            self.queue.unsent = Some(taken);
        }
        let unsent = self.queue.unsent.unwrap_or(0);
        let skip = if grown(&self.queue) { unsent - CUSHION } else { 0 };
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
            let flushed = self.channel.set(abi::FLUSH, abi::FLUSH_READ);
            self.seen(flushed);
            self.queue.begin(self.law.idle());
        } else if !self.gone {
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

    fn receive(queue: &mut Queue, octets: usize) {
        queue.received(octets);
    }

    #[test]
    fn a_cushion_stays_behind() {
        let mut queue = Queue::new();
        queue.begin(0xD5);
        let mut block = [0; BLOCK];
        assert!(!queue.take(&mut block));
        for _ in 0..200 {
            receive(&mut queue, BLOCK);
            assert!(queue.take(&mut block));
            assert_eq!(queue.held, CUSHION);
        }
    }

    #[test]
    fn octets_come_in_order() {
        let mut queue = Queue::new();
        queue.begin(0);
        let mut sent = 0_u8;
        let mut heard = Vec::new();
        let mut block = [0; BLOCK];
        for octets in [120, 200, 160, 80, 240] {
            for octet in queue.room().iter_mut().take(octets) {
                sent = sent.wrapping_add(1);
                *octet = sent;
            }
            receive(&mut queue, octets);
            while queue.take(&mut block) {
                heard.extend(block);
            }
        }
        assert!(heard[..CUSHION].iter().all(|octet| *octet == 0));
        let expected: Vec<u8> = (1..=heard.len() - CUSHION).map(|octet| (octet % 256) as u8).collect();
        assert_eq!(&heard[CUSHION..], expected);
    }

    #[test]
    fn a_queue_that_has_grown_is_cut_back() {
        let mut queue = Queue::new();
        queue.begin(0);
        let mut block = [0; BLOCK];
        // A reader that was late once, and reads one block at a time from then on.
        receive(&mut queue, 2 * BLOCK);
        for _ in 0..=PATIENCE {
            assert!(queue.take(&mut block));
            receive(&mut queue, BLOCK);
        }
        assert!(queue.take(&mut block));
        assert_eq!(queue.held, CUSHION);
    }

    #[test]
    fn more_than_there_is_room_for_is_no_harm() {
        let mut queue = Queue::new();
        queue.begin(0);
        receive(&mut queue, usize::MAX / 2);
        assert_eq!(queue.held, ROOM);
        assert!(queue.room().is_empty());
    }
}
