//! The audio of one channel: a ring of blocks each way.

use crate::fate::Fate;
use crate::presence::Presence;
use crate::signal::lock;
use demarc_hal::{Bearer, Block, Companding, Transfer};
use rtrb::{Consumer, Producer, RingBuffer};
use std::collections::VecDeque;
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
    /// What happens on the way, on a digital span.
    fate: Option<Fate>,
    /// What comes back while this end hears itself.
    back: VecDeque<Block>,
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
    let jack = |tx, rx| {
        let (plugged, back) = (plugged.clone(), VecDeque::with_capacity(QUEUE));
        Arc::new(Mutex::new(Some(Ends { tx, rx, plugged, fate: None, back })))
    };
    (jack(tx_a, rx_a), jack(tx_b, rx_b))
}

/// As [`channel`], with something that may happen to it on the way.
pub(crate) fn channel_with(plugged: &Arc<AtomicBool>, [a, b]: [Fate; 2]) -> (Jack, Jack) {
    let (jack_a, jack_b) = channel(plugged);
    for (jack, fate) in [(&jack_a, a), (&jack_b, b)] {
        if let Some(ends) = &mut *lock(jack) {
            ends.fate = Some(fate);
        }
    }
    (jack_a, jack_b)
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
        let mut sent = *block;
        if let Some(fate) = &mut ends.fate {
            if fate.is_dead() {
                return Transfer::Done;
            }
            if fate.is_looped() {
                if ends.back.len() >= QUEUE {
                    return Transfer::Missed;
                }
                ends.back.push_back(sent);
                return Transfer::Done;
            }
            fate.disturb(&mut sent);
        }
        // With the cable out, the card still takes the octets and sends them to nobody.
        if !ends.plugged.load(Ordering::Relaxed) {
            return Transfer::Done;
        }
        if ends.tx.ring.push(sent).is_err() {
            return Transfer::Missed;
        }
        ends.tx.moved += 1;
        Transfer::Done
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        let Some(ends) = self.live() else { return Transfer::Gone };
        if ends.fate.as_ref().is_some_and(Fate::is_looped) {
            let Some(oldest) = ends.back.pop_front() else { return Transfer::Missed };
            *block = oldest;
            return Transfer::Done;
        }
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
        ends.back.clear();
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
