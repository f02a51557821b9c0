//! The audio of one channel: a ring of blocks each way.

use crate::presence::Presence;
use crate::signal::lock;
use demarc_hal::{Bearer, Block, Companding, Transfer};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// How many blocks wait in each direction before one is dropped: 160 ms.
pub const QUEUE: usize = 8;

/// One end of a channel's audio while nobody has it open.
pub(crate) type Jack = Arc<Mutex<Option<Ends>>>;

/// The rings of one end.
#[derive(Debug)]
pub(crate) struct Ends {
    tx: Direction<Producer<Block>>,
    rx: Direction<Consumer<Block>>,
    plugged: Arc<AtomicBool>,
}

/// One ring end, and how far the writer wants the reader to skip.
#[derive(Debug)]
struct Direction<T> {
    ring: T,
    /// Blocks that went through this end.
    moved: u64,
    /// Blocks before this one are to be thrown away.
    skip_to: Arc<AtomicU64>,
}

/// The two ends of a channel that is `plugged` together, or of two that are not.
pub(crate) fn channel(plugged: &Arc<AtomicBool>) -> (Jack, Jack) {
    let ((tx_a, rx_b), (tx_b, rx_a)) = (ring(), ring());
    let jack = |tx, rx| Arc::new(Mutex::new(Some(Ends { tx, rx, plugged: plugged.clone() })));
    (jack(tx_a, rx_a), jack(tx_b, rx_b))
}

fn ring() -> (Direction<Producer<Block>>, Direction<Consumer<Block>>) {
    let (tx, rx) = RingBuffer::new(QUEUE);
    let skip_to = Arc::new(AtomicU64::new(0));
    (Direction { ring: tx, moved: 0, skip_to: skip_to.clone() }, Direction { ring: rx, moved: 0, skip_to })
}

/// Takes the end out of its jack, unless somebody else has.
pub(crate) fn open(jack: &Jack, companding: Companding, card: &Arc<Presence>) -> Option<SimBearer> {
    let ends = lock(jack).take()?;
    let mut bearer =
        SimBearer { ends: Some(ends), jack: jack.clone(), companding, card: card.clone(), since: card.now() };
    bearer.flush();
    Some(bearer)
}

/// An open end. Dropping it puts the end back into its jack.
pub(crate) struct SimBearer {
    /// Always there until drop.
    ends: Option<Ends>,
    jack: Jack,
    companding: Companding,
    card: Arc<Presence>,
    /// When the card was put in.
    since: u32,
}

impl Bearer for SimBearer {
    fn write(&mut self, block: &Block) -> Transfer {
        let Some(ends) = self.live() else { return Transfer::Gone };
        // With the cable out, the card still takes the octets and sends them to nobody.
        if !ends.plugged.load(Ordering::Relaxed) {
            return Transfer::Done;
        }
        if ends.tx.ring.push(*block).is_err() {
            return Transfer::Missed;
        }
        ends.tx.moved += 1;
        Transfer::Done
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        let Some(ends) = self.live() else { return Transfer::Gone };
        let skip_to = ends.rx.skip_to.load(Ordering::Acquire);
        while let Ok(oldest) = ends.rx.ring.pop() {
            ends.rx.moved += 1;
            if ends.rx.moved > skip_to {
                *block = oldest;
                return Transfer::Done;
            }
        }
        Transfer::Missed
    }

    fn flush(&mut self) {
        let Some(ends) = self.live() else { return };
        while ends.rx.ring.pop().is_ok() {
            ends.rx.moved += 1;
        }
        // Only the reader can take blocks out, so it is told to.
        ends.tx.skip_to.store(ends.tx.moved, Ordering::Release);
    }

    fn companding(&self) -> Companding {
        self.companding
    }
}

impl SimBearer {
    fn live(&mut self) -> Option<&mut Ends> {
        if self.card.now() != self.since { None } else { self.ends.as_mut() }
    }
}

impl Drop for SimBearer {
    fn drop(&mut self) {
        *lock(&self.jack) = self.ends.take();
    }
}
