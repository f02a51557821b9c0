//! One end of a pair of wires, opened.

use crate::pair::Pair;
use demarc_hal::{Error, Line, LineCommand, LineEvent, PortKind};
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// Dropping it hangs up and lets others open the port.
pub(crate) struct SimLine {
    pair: Arc<Pair>,
    kind: PortKind,
}

impl SimLine {
    /// `None` when the port is open already.
    pub(crate) fn open(pair: &Arc<Pair>, kind: PortKind) -> Option<Self> {
        pair.open(kind).then(|| Self { pair: pair.clone(), kind })
    }
}

impl Line for SimLine {
    fn command(&mut self, command: LineCommand) -> Result<(), Error> {
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
