//! A stream's way to and from a card.

use demarc_hal::{BLOCK, Bearer, Block, ChannelId, Companding, Transfer};
use demarc_model::media::StreamStats;

/// A bearer in use.
pub struct BearerPort {
    /// Which.
    pub channel: ChannelId,
    /// The figures so far.
    pub stats: StreamStats,
    bearer: Box<dyn Bearer>,
    /// The card has delivered since the stream began: from now on a gap is a loss.
    running: bool,
}

impl BearerPort {
    /// Begins to use a bearer.
    pub fn new(channel: ChannelId, mut bearer: Box<dyn Bearer>) -> Self {
        bearer.flush();
        Self { channel, bearer, stats: StreamStats::default(), running: false }
    }

    /// Ends its use.
    pub fn into_bearer(self) -> Box<dyn Bearer> {
        self.bearer
    }

    /// The law of its octets.
    pub fn law(&self) -> Companding {
        self.bearer.companding()
    }

    /// The next block from the line; idle octets when there is none.
    pub fn read(&mut self, block: &mut Block) {
        match self.bearer.read(block) {
            Transfer::Done => {
                self.running = true;
                self.stats.received += 1;
            }
            Transfer::Missed | Transfer::Gone => {
                *block = [self.law().idle(); BLOCK];
                self.stats.lost += u64::from(self.running);
            }
        }
    }

    /// Queues a block toward the line. One that the card has no room for is lost, too.
    pub fn write(&mut self, block: &Block) {
        match self.bearer.write(block) {
            Transfer::Done => self.stats.sent += 1,
            Transfer::Missed | Transfer::Gone => self.stats.lost += u64::from(self.running),
        }
    }
}
