//! The room of lines: ISDN spans, FXO lines and FXS ports.
//!
//! [`Pstn`] turns what the telco's wires and the telephones do into [`LegEvent`]s, and
//! [`LegCommand`]s into what the wires must do. It opens no socket and no card, asks no clock and
//! throws no dice: values go in, values come out.
//!
//! ```text
//!   Line, Alarms ──┐                         ┌── LegEvent, Trace, Changed
//!   Isdn, R2 ──────┤  IsdnSpan ─ IsdnCall    ├── Line, Isdn, R2
//!   Media ─────────┤  R2Span ─── R2Call      ├── MediaCommand
//!   LegCommand ────┤  FxoLine FxsLine EmLine ├──
//!   Config ────────┘  TrunkGroup (hunting)   └──
//! ```
//!
//! One machine a file: `isdn_span` and `r2_span` with one `call` for each call on them, `fxo_line`,
//! `fxs_line`, `em_line`. A
//! call to a trunk is an `Attempt` that `trunk_group` offers to one channel after the other until
//! one takes it.
//!
//! Two rules keep this room and the PBX from talking over each other in one stream. A command to
//! media leaves before the leg event that makes the PBX speak. And nothing is played upon
//! `Progress`, `Answer` or `Ring { in_band: true }`: from then on what is heard is the PBX's.
#![forbid(unsafe_code)]

#[cfg(test)]
mod bench;
mod caller_id;
mod desk;
mod em_line;
#[cfg(test)]
mod fuzz;
mod fxo_line;
mod fxs_line;
mod hardware;
mod isdn_span;
mod number;
mod r2_span;
mod room;
#[cfg(test)]
mod room_tests;
mod tone;
mod trunk_group;

pub use isdn_span::settings::{Signalling, signalling};
pub use r2_span::r2_settings;
pub use room::Pstn;

use demarc_hal::{Alarm, LineCommand, LineEvent, SpanInfo};
use demarc_model::config::{LineId, TrunkId};
use demarc_model::learned::{LineProbe, Probed};
use demarc_model::{
    ChannelId, Config, Learned, LegCommand, LegEvent, MediaCommand, MediaEvent, MessageWaiting, SpanId, Trace,
};
use std::sync::Arc;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// On an analog loop.
    Line {
        /// Where.
        channel: ChannelId,
        /// What.
        event: LineEvent,
    },
    /// On the D channel of a span.
    Isdn {
        /// Whose span.
        span: SpanId,
        /// What.
        event: demarc_isdn::Event,
    },
    /// The helper of a span with MFC/R2 says something.
    R2 {
        /// Whose span.
        span: SpanId,
        /// What.
        event: demarc_r2::Event,
    },
    /// Layer 1 of a span changed.
    Alarms {
        /// Which.
        span: SpanId,
        /// Its alarms now; none when it is in order.
        alarms: Vec<Alarm>,
    },
    /// The helper of a span died, and every call on the span with it. It may be started again; the
    /// span carries calls again after `Event::Up`.
    HelperGone {
        /// Whose span.
        span: SpanId,
    },
    /// A span is there, new or with other ports than before: what was up on it ends.
    SpanArrived(SpanInfo),
    /// The card of a span has vanished.
    SpanGone(SpanId),
    /// The PBX tells a leg something.
    Leg(LegCommand),
    /// Media noticed something in a stream of this room.
    Media(MediaEvent),
    /// What a line was found to do before the gateway was started, or where the line was before: it replaces
    /// what is remembered of it.
    Known {
        /// Which line.
        line: LineId,
        /// What.
        what: Vec<Learned>,
    },
    /// The autopilot listens to the dial tone of a free line.
    Probe {
        /// Which FXO line.
        channel: ChannelId,
        /// What to do.
        step: LineProbe,
    },
    /// An administrator wants a B channel of an ISDN span restarted. Nothing happens when a call is
    /// on it.
    RestartChannel {
        /// Which.
        channel: ChannelId,
    },
    /// The far end of an ISDN trunk is to know that messages wait.
    MessageWaiting {
        /// Which trunk.
        trunk: TrunkId,
        /// For whom, and how many.
        waiting: MessageWaiting,
    },
    /// The configuration changed. What concerns a busy channel is applied when it is idle.
    Config(Arc<Config>),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A leg says something.
    Leg(LegEvent),
    /// Tell media.
    Media(MediaCommand),
    /// Tell an analog port.
    Line {
        /// Which.
        channel: ChannelId,
        /// What.
        command: LineCommand,
    },
    /// Tell the helper of a span. `Command::Start` is never among them: it travels with the
    /// descriptor of the D channel; see [`signalling`]. The same holds for `Command::Backup`.
    Isdn {
        /// Whose span.
        span: SpanId,
        /// What.
        command: demarc_isdn::Command,
    },
    /// Tell the helper of a span with MFC/R2. `Command::Start` and `Command::Open` are never among
    /// them: see [`Pstn::r2_settings`].
    R2 {
        /// Whose span.
        span: SpanId,
        /// What.
        command: demarc_r2::Command,
    },
    /// An FXO line was seen to do something that was not known of it. Give it back with
    /// [`Input::Known`] after a restart.
    Learned {
        /// Which line.
        line: LineId,
        /// What.
        what: Learned,
    },
    /// What came of [`Input::Probe`].
    Probed {
        /// Which line.
        channel: ChannelId,
        /// What.
        what: Probed,
    },
    /// The network says that messages wait for somebody.
    MessageWaiting(MessageWaiting),
    /// An arrow of the ladder.
    Trace(Trace),
    /// The live view changed.
    Changed,
}
