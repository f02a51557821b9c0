//! A 64 kbit/s bearer: companded octets, in blocks of 20 ms.

/// Octets in a block: 20 ms at 8000 samples a second.
pub const BLOCK: usize = 160;

/// One block of companded octets.
pub type Block = [u8; BLOCK];

/// One bearer, owned by the media thread. Nothing in it blocks, locks or allocates.
pub trait Bearer: Send {
    /// Queues a block toward the line.
    fn write(&mut self, block: &Block) -> Transfer;

    /// Takes the oldest block that came from the line. On [`Transfer::Missed`] `block` is untouched.
    fn read(&mut self, block: &mut Block) -> Transfer;

    /// Throws away what is queued both ways: called when a call begins on the channel. Its echo is
    /// cancelled from then on.
    fn flush(&mut self);

    /// The call has ended: nothing is read or written until the next [`Bearer::flush`]. A canceller
    /// of software costs the machine time; it rests, too.
    fn rest(&mut self) {}

    /// The law of the octets.
    fn companding(&self) -> crate::Companding;

    /// Cancels the echo of this line, or lets the octets pass as they are (data, fax). Where there is
    /// no canceller to switch, nothing happens.
    fn cancel_echo(&mut self, on: bool) {
        let _ = on;
    }
}

/// The clock of the cards: what media are paced by.
pub trait Clock: Send {
    /// Readable when a period of [`BLOCK`] samples has passed.
    fn wake_fd(&self) -> std::os::fd::BorrowedFd<'_>;

    /// The periods that have passed since this was asked last.
    fn take(&mut self) -> u64;
}

/// Whether a block moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Transfer {
    /// The block moved.
    Done,
    /// Write: the queue was full and the block was dropped. Read: nothing had arrived.
    Missed,
    /// The card has vanished.
    Gone,
}
