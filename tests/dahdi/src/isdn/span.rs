//! The pairs of spans that the laboratory is booted with: `--spans e1x2,t1x2`.

use demarc_hal::{ChannelId, SpanId};

/// What a pair of spans is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Spans 1 and 2.
    E1,
    /// Spans 3 and 4.
    T1,
}

impl Wire {
    /// Its name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Wire::E1 => "e1",
            Wire::T1 => "t1",
        }
    }

    /// Our span; the far end's is the next one.
    pub fn span(self) -> u16 {
        match self {
            Wire::E1 => 1,
            Wire::T1 => 3,
        }
    }

    /// Timeslots of a span.
    pub fn slots(self) -> u16 {
        match self {
            Wire::E1 => 31,
            Wire::T1 => 24,
        }
    }

    /// The first channel of our span, as DAHDI counts.
    pub fn first(self) -> u16 {
        match self {
            Wire::E1 => 1,
            Wire::T1 => 2 * Wire::E1.slots() + 1,
        }
    }

    /// The D channel of a span.
    pub fn d_channel(self, span: SpanId) -> ChannelId {
        let slot = match self {
            Wire::E1 => 16,
            Wire::T1 => 24,
        };
        ChannelId { span, slot }
    }
}
