//! One end of a pair of wires, opened.

use crate::pair::Pair;
use crate::presence::Presence;
use demarc_hal::{Error, Line, LineCommand, LineEvent, PortKind};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Dropping it hangs up and lets others open the port.
pub(crate) struct SimLine {
    pair: Arc<Pair>,
    kind: PortKind,
    card: Arc<Presence>,
    /// When the card was put in.
    since: u32,
}

impl SimLine {
    /// `None` when the port is open already.
    pub(crate) fn open(pair: &Arc<Pair>, kind: PortKind, card: &Arc<Presence>) -> Option<Self> {
        let since = card.now();
        pair.open(kind).then(|| Self { pair: pair.clone(), kind, card: card.clone(), since })
    }
}

impl Line for SimLine {
    fn command(&mut self, command: LineCommand) -> Result<(), Error> {
        if self.card.now() != self.since {
            return Err(Error::Gone);
        }
        self.pair.command(self.kind, command)
    }

    fn poll_event(&mut self) -> Option<LineEvent> {
        self.pair.poll_event(self.kind)
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.pair.wake_fd(self.kind)
    }
}

impl Drop for SimLine {
    fn drop(&mut self) {
        self.pair.close(self.kind);
    }
}
