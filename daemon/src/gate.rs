//! The audio of channels with MFC/R2: from the seizure to the accepted call it is the helper's.
//!
//! The media thread has the bearer open all the time, and a stream on it from the moment in which
//! the PBX hears of the call. What it would write into a register signal is dropped here, and what
//! the helper has to hear is left to it.

use demarc_hal::{Bearer, Block, Companding, Transfer};
use demarc_model::{ChannelId, SpanId};
use demarc_r2::{Command, Event};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The gates of all channels, as the switch thread has them.
#[derive(Debug, Default)]
pub struct Gates(BTreeMap<ChannelId, Arc<AtomicBool>>);

impl Gates {
    /// Puts a gate before a bearer.
    pub fn before(&mut self, channel: ChannelId, bearer: Box<dyn Bearer>) -> Box<dyn Bearer> {
        let shut = self.0.entry(channel).or_default().clone();
        Box::new(Gated { bearer, shut, owed: false })
    }

    /// The helper of a span is told something.
    pub fn told(&self, span: SpanId, command: &Command) {
        if let Command::Seize { slot, .. } = command {
            self.set(ChannelId { span, slot: *slot }, true);
        }
    }

    /// The helper of a span says something.
    pub fn heard(&self, span: SpanId, event: &Event) {
        let (slot, shut) = match event {
            Event::Seized { slot } => (*slot, true),
            Event::Accepted { slot, .. }
            | Event::Disconnected { slot, .. }
            | Event::Ended { slot }
            | Event::Trouble { slot, .. }
            | Event::Gone { slot } => (*slot, false),
            _ => return,
        };
        self.set(ChannelId { span, slot }, shut);
    }

    /// The helper of a span is gone.
    pub fn open(&self, span: SpanId) {
        for (_, shut) in self.0.iter().filter(|(channel, _)| channel.span == span) {
            shut.store(false, Ordering::Relaxed);
        }
    }

    fn set(&self, channel: ChannelId, to: bool) {
        if let Some(shut) = self.0.get(&channel) {
            shut.store(to, Ordering::Relaxed);
        }
    }
}

struct Gated {
    bearer: Box<dyn Bearer>,
    shut: Arc<AtomicBool>,
    /// A flush was asked for while the gate was shut.
    owed: bool,
}

impl Gated {
    /// Whether media must wait. What they are owed is done when they need not any more.
    fn is_shut(&mut self) -> bool {
        let shut = self.shut.load(Ordering::Relaxed);
        if !shut && std::mem::take(&mut self.owed) {
            self.bearer.flush();
        }
        shut
    }
}

impl Bearer for Gated {
    fn write(&mut self, block: &Block) -> Transfer {
        if self.is_shut() { Transfer::Done } else { self.bearer.write(block) }
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        if self.is_shut() { Transfer::Missed } else { self.bearer.read(block) }
    }

    fn flush(&mut self) {
        // Now it would throw away a register signal.
        self.owed = true;
        self.is_shut();
    }

    fn rest(&mut self) {
        self.owed = false;
        if !self.is_shut() {
            self.bearer.rest();
        }
    }

    fn companding(&self) -> Companding {
        self.bearer.companding()
    }

    fn cancel_echo(&mut self, on: bool) {
        if !self.is_shut() {
            self.bearer.cancel_echo(on);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::BLOCK;
    use std::sync::atomic::AtomicU32;

    /// Counts what reaches it.
    struct Counter(Arc<AtomicU32>);

    impl Bearer for Counter {
        fn write(&mut self, _: &Block) -> Transfer {
            self.0.fetch_add(1, Ordering::Relaxed);
            Transfer::Done
        }
        fn read(&mut self, _: &mut Block) -> Transfer {
            self.0.fetch_add(1, Ordering::Relaxed);
            Transfer::Done
        }
        fn flush(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        fn companding(&self) -> Companding {
            Companding::ALaw
        }
    }

    #[test]
    fn media_keep_their_hands_off_register_signals() {
        let (count, mut gates, span) = (Arc::new(AtomicU32::new(0)), Gates::default(), SpanId(1));
        let channel = ChannelId { span, slot: 1 };
        let mut bearer = gates.before(channel, Box::new(Counter(count.clone())));
        let mut touches = || {
            let before = count.load(Ordering::Relaxed);
            let mut block = [0; BLOCK];
            let _ = (bearer.write(&block), bearer.read(&mut block));
            bearer.flush();
            count.load(Ordering::Relaxed) - before
        };
        assert_eq!(touches(), 3);
        gates.heard(span, &Event::Seized { slot: 1 });
        assert_eq!(touches(), 0);
        gates.heard(span, &Event::Accepted { slot: 2, mode: demarc_r2::CallMode::Charge });
        assert_eq!(touches(), 0, "another channel");
        gates.heard(span, &Event::Accepted { slot: 1, mode: demarc_r2::CallMode::Charge });
        assert_eq!(touches(), 4, "and the flush that was asked for");
        gates.heard(span, &Event::Seized { slot: 1 });
        gates.open(span);
        assert_eq!(touches(), 3);
        gates.told(span, &Command::Clear { slot: 1, reason: demarc_r2::ClearReason::Normal });
        assert_eq!(touches(), 3);
    }
}
