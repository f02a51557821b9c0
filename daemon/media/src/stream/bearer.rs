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
    /// Blocks in a row that did not come.
    gap: u8,
}

/// A gap of so many blocks is a hiccup of the machine, not silence on the line.
const HICCUP: u8 = 2;

impl BearerPort {
    /// Begins to use a bearer.
    pub fn new(channel: ChannelId, mut bearer: Box<dyn Bearer>) -> Self {
        bearer.flush();
        Self { channel, bearer, stats: StreamStats::default(), running: false, gap: 0 }
    }

    /// Lets the octets pass as they are until it rests.
    pub fn pass_through(&mut self) {
        self.bearer.cancel_echo(false);
    }

    /// Ends its use.
    pub fn into_bearer(mut self) -> Box<dyn Bearer> {
        self.bearer.rest();
        self.bearer
    }

    /// The law of its octets.
    pub fn law(&self) -> Companding {
        self.bearer.companding()
    }

    /// The next block from the line; idle octets when there is none. False when those octets say
    /// nothing about the line: a key that sounds through a short gap is one key, not two.
    pub fn read(&mut self, block: &mut Block) -> bool {
        match self.bearer.read(block) {
            Transfer::Done => {
                self.running = true;
                self.stats.received += 1;
                self.gap = 0;
                true
            }
            Transfer::Missed | Transfer::Gone => {
                *block = [self.law().idle(); BLOCK];
                self.stats.lost += u64::from(self.running);
                self.gap = self.gap.saturating_add(1);
                self.gap > HICCUP
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
