//! What other threads ask of the switch thread.

use crate::wake::Bell;
use demarc_hal::SharedDriver;
use demarc_model::config::LineId;
use demarc_model::learned::Learned;
use demarc_model::live::Ladder;
use demarc_model::{CallId, ChannelId, Config, SpanId};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How many orders may wait.
const QUEUE: usize = 1024;

/// An order to the switch thread.
#[derive(Debug)]
pub enum Order {
    /// SIP over a stream, or an address that was looked up.
    Sip(demarc_sip::Input),
    /// A new configuration, already validated.
    Config(Arc<Config>),
    /// What a line was found to do before: it replaces what is remembered of it.
    Known(LineId, Vec<Learned>),
    /// RESTART a B channel.
    RestartChannel(ChannelId),
    /// End a call.
    HangUp(CallId),
    /// Show the ladder of a call.
    Ladder(CallId, SyncSender<Option<Ladder>>),
    /// The calls whose ladders are kept, the newest first.
    LadderCalls(SyncSender<Vec<CallId>>),
    /// Lend spans to a hardware test; none when one is in use.
    Lend(BTreeSet<SpanId>, SyncSender<Option<SharedDriver>>),
    /// Take lent spans back.
    GiveBack(BTreeSet<SpanId>),
    /// End the thread; calls are told.
    Stop,
}

/// Where orders are put. Clones put into the same box.
#[derive(Debug, Clone)]
pub struct Inbox {
    queue: SyncSender<Order>,
    bell: Bell,
}

/// The switch thread is too busy, or gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the switch is too busy; try again")]
pub struct Busy;

impl Inbox {
    /// A box, and the end at which the switch thread takes orders out.
    pub fn new(bell: Bell) -> (Self, Receiver<Order>) {
        let (queue, orders) = sync_channel(QUEUE);
        (Self { queue, bell }, orders)
    }

    /// Puts an order into the box without waiting.
    ///
    /// # Errors
    /// [`Busy`] when the box is full or nobody looks into it any more.
    pub fn post(&self, order: Order) -> Result<(), Busy> {
        self.try_post(order).map_err(|_| Busy)
    }

    /// Puts an order into the box and waits for room: the asker slows down, not the switch.
    ///
    /// # Errors
    /// [`Busy`] when nobody looks into the box any more.
    pub async fn post_when_possible(&self, mut order: Order) -> Result<(), Busy> {
        loop {
            match self.try_post(order) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(Busy),
                Err(TrySendError::Full(returned)) => order = returned,
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    #[allow(clippy::result_large_err, reason = "the order is given back to be tried again")]
    fn try_post(&self, order: Order) -> Result<(), TrySendError<Order>> {
        self.queue.try_send(order)?;
        self.bell.ring();
        Ok(())
    }
}
