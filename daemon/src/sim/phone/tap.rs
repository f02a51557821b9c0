//! A bearer that lets somebody listen in.

use demarc_hal::{Bearer, Block, Companding, Transfer};

/// How many blocks may wait for the listener.
const QUEUE: usize = 64;

/// Passes everything on, and keeps a copy of what comes in.
pub struct Tap {
    bearer: Box<dyn Bearer>,
    copies: rtrb::Producer<Block>,
}

impl Tap {
    /// Taps a bearer; the copies come out of the other end. A listener who does not listen misses
    /// the newest.
    pub fn new(bearer: Box<dyn Bearer>) -> (Self, rtrb::Consumer<Block>) {
        let (copies, listener) = rtrb::RingBuffer::new(QUEUE);
        (Self { bearer, copies }, listener)
    }
}

impl Bearer for Tap {
    fn write(&mut self, block: &Block) -> Transfer {
        self.bearer.write(block)
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        let transfer = self.bearer.read(block);
        if transfer == Transfer::Done {
            let _ = self.copies.push(*block);
        }
        transfer
    }

    fn flush(&mut self) {
        self.bearer.flush();
    }

    fn companding(&self) -> Companding {
        self.bearer.companding()
    }
}
