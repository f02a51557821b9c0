//! What the autopilot is told, and what it answers.

use demarc_hal::{ChannelId, LineEvent, SignallingSeen, SpanId, SpanKind, SpanSettings, SpanStatus};
use demarc_isdn::{Dialect, Event, Side};
use demarc_model::learned::Learned;
use demarc_model::media::{CallerIdForm, HangupTone, ProgressTone};
use demarc_model::{Country, Finding, Setting};
use std::collections::BTreeSet;

/// Something the autopilot should know.
#[derive(Debug, Clone)]
pub enum Input {
    /// About a span.
    Span {
        /// Which.
        span: SpanId,
        /// What.
        input: SpanInput,
    },
    /// About a line.
    Line {
        /// Its port.
        channel: ChannelId,
        /// What.
        input: LineInput,
    },
}

/// What the autopilot wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// For a span.
    Span {
        /// Which.
        span: SpanId,
        /// What.
        output: SpanOutput,
    },
    /// For a line.
    Line {
        /// Its port.
        channel: ChannelId,
        /// What.
        output: LineOutput,
    },
}

/// How a digital span is run, layers 1 to 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanPlan {
    /// Line mode.
    pub mode: SpanKind,
    /// Layer 1.
    pub settings: SpanSettings,
    /// Our side of the interface.
    pub side: Side,
    /// The switch's dialect.
    pub dialect: Dialect,
    /// The called number may come digit by digit.
    pub overlap: bool,
}

/// A span as it is configured, and runs to begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpanSetup {
    /// How it runs now. What nobody has ever set is the country's default.
    pub plan: SpanPlan,
    /// Line modes that its card can do; empty when there is no choice.
    pub modes: Vec<SpanKind>,
    /// What the admin has pinned.
    pub pinned: BTreeSet<Setting>,
}

/// Something happened to a span.
#[derive(Debug, Clone)]
pub enum SpanInput {
    /// It is there, or was configured anew: it runs as `plan` says.
    Setup(SpanSetup),
    /// Its card has vanished, or it is not used any more.
    Gone,
    /// Layer 1: after [`SpanOutput::Look`], and whenever the alarms have changed.
    Status(SpanStatus),
    /// What the far end sends where signalling would be, where the card can tell; after
    /// [`SpanOutput::Look`], before the status.
    Signalling(SignallingSeen),
    /// What the ISDN helper says, its frames among it.
    Isdn(Event),
    /// A frame of the D channel from the far end, from its address on (Q.921): only where somebody
    /// listens beside the helper.
    Lapd(Vec<u8>),
    /// A call begins on the span, or the last one has ended.
    InUse(bool),
    /// It could not be run as asked: it runs as before.
    Refused,
}

/// What a pilot wants for its span.
#[derive(Debug, Clone, PartialEq)]
pub enum SpanOutput {
    /// Say how layer 1 is: [`SpanInput::Signalling`], [`SpanInput::Status`].
    Look,
    /// Run the span like this from now on. Only asked for while no call is on it; answer
    /// [`SpanInput::Refused`] if that has changed.
    Run(Box<SpanPlan>),
    /// Something was found out, or is seen otherwise now.
    Found(Box<Finding>),
}

/// An FXO line as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSetup {
    /// Where the gateway stands.
    pub country: Country,
    /// The form of caller identity that the admin wrote.
    pub caller_id: Option<CallerIdForm>,
    /// What the admin has pinned.
    pub pinned: BTreeSet<Setting>,
}

/// Something happened to a line.
#[derive(Debug, Clone)]
pub enum LineInput {
    /// It is there, or was configured anew; on hook and free.
    Setup(LineSetup),
    /// Its card has vanished, or it is not used any more.
    Gone,
    /// What the port saw.
    Event(LineEvent),
    /// A call begins on the line, or has ended.
    InUse(bool),
    /// Heard while the line belongs to the autopilot ([`LineOrder::Listen`]), or in a call.
    Heard {
        /// Whose tones were listened for.
        country: Country,
        /// What was recognised.
        tone: ProgressTone,
    },
    /// A tone with a cadence that is none of the country's.
    Unknown(HangupTone),
    /// What the line's room has learnt from a call.
    Learned(Learned),
    /// The line could not be seized.
    Refused,
}

/// What a pilot wants for its line.
#[derive(Debug, Clone, PartialEq)]
pub enum LineOutput {
    /// Do this on the line. It belongs to the autopilot between `Seize` and `Release`; a call that
    /// wants it takes it away by [`LineInput::InUse`].
    Do(LineOrder),
    /// Something was found out, or is seen otherwise now.
    Found(Box<Finding>),
}

/// A step of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineOrder {
    /// Go off hook: only asked for while no call is on the line.
    Seize,
    /// Listen for the tones of this country (`Detect::progress`) instead of the former one.
    Listen(Country),
    /// Go on hook.
    Release,
}
