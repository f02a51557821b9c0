//! One end of a bearer with its rhythm: as many blocks go out as come in, and one is ahead.
//!
//! Both ways of a real channel advance together, so that what is read says when to write: no clock
//! but that of the card is needed. Where nothing comes, one block a turn is sent all the same.

use demarc_hal::{Bearer, Block, Companding, Transfer};

/// Turns without a block after which the sender no longer waits for one: 100 ms.
const PATIENCE: u32 = 5;
/// Blocks that are taken in a turn at most: a flood would hold us, and the rings of a card are shorter than this.
const MOST: u32 = 16;
/// Turns with one block each after which turns are as long as blocks.
const STEADY: u32 = 10;

/// An open bearer.
pub(crate) struct Lane {
    bearer: Box<dyn Bearer>,
    /// Blocks written more than read.
    ahead: u32,
    silent: u32,
    began: bool,
    listened: u32,
    /// A turn was late since this was asked last.
    late: bool,
    /// Turns in a row that brought one block.
    row: u32,
}

/// What a turn did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Turn {
    /// Blocks that came.
    pub(crate) came: u32,
    /// Octets may be missing or doubled because we were late, not because of the line.
    pub(crate) late: bool,
    /// The card has vanished.
    pub(crate) gone: bool,
}

impl Lane {
    pub(crate) fn new(bearer: Box<dyn Bearer>) -> Self {
        Self { bearer, ahead: 0, silent: 0, began: false, listened: 0, late: false, row: 0 }
    }

    pub(crate) fn law(&self) -> Companding {
        self.bearer.companding()
    }

    /// What is heard and said from now on is whole, if the line is: blocks come at our pace. Where nothing comes
    /// there is nothing to wait for.
    pub(crate) fn is_settled(&self) -> bool {
        self.row >= STEADY || self.silent > PATIENCE
    }

    /// Whether we were late since this was asked last: something may be missing that is not the line's fault.
    pub(crate) fn was_late(&mut self) -> bool {
        std::mem::take(&mut self.late)
    }

    pub(crate) fn cancel_echo(&mut self, on: bool) {
        self.bearer.cancel_echo(on);
    }

    /// Takes what came and sends nothing; how many blocks came so far this way.
    pub(crate) fn listen(&mut self) -> u32 {
        let mut block: Block = [0; 160];
        while self.listened < MOST && self.bearer.read(&mut block) == Transfer::Done {
            self.listened += 1;
        }
        self.listened
    }

    /// Takes what came and sends what is due. A block nobody fills is silence.
    pub(crate) fn turn(&mut self, say: &mut dyn FnMut(&mut Block), hear: &mut dyn FnMut(&Block)) -> Turn {
        let mut turn = Turn::default();
        let mut block: Block = [0; 160];
        while turn.came < MOST {
            match self.bearer.read(&mut block) {
                Transfer::Done => hear(&block),
                Transfer::Missed => break,
                Transfer::Gone => return Turn { gone: true, ..turn },
            }
            turn.came += 1;
            self.ahead = self.ahead.saturating_sub(1);
        }
        // Where every turn brought a block, one without is as bad as two at once: the queue was too short.
        let missed = turn.came == 0 && self.row >= STEADY;
        turn.late = self.began && (turn.came > 1 || missed);
        self.row = if turn.came == 1 { self.row.saturating_add(1) } else { 0 };
        self.silent = if turn.came > 0 { 0 } else { self.silent + 1 };
        if self.silent > PATIENCE {
            self.ahead = 0;
        }
        while self.ahead < 1 {
            let mut block = [self.law().idle(); 160];
            say(&mut block);
            match self.bearer.write(&block) {
                Transfer::Done => {}
                Transfer::Missed => turn.late |= self.began,
                Transfer::Gone => return Turn { gone: true, ..turn },
            }
            self.ahead += 1;
        }
        self.began |= turn.came > 0;
        self.late |= turn.late;
        turn
    }
}
