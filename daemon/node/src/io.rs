//! What goes into a node and what comes out of it.

use demarc_hal::{Alarm, LineCommand, LineEvent, SpanInfo};
use demarc_model::config::{ExtensionId, ExtensionSetting};
use demarc_model::config::{LineId, TrunkId};
use demarc_model::learned::{LineProbe, Probed};
use demarc_model::record::CallRecord;
use demarc_model::{CallId, ChannelId, Config, Learned, MediaCommand, MediaEvent, MessageWaiting, SpanId};
use std::sync::Arc;

/// Something happened in the world.
#[derive(Debug, Clone)]
pub enum Input {
    /// SIP: a message, a lost connection, an address that was looked up.
    Sip(demarc_sip::Input),
    /// Something happened on an analog loop.
    Line {
        /// Where.
        channel: ChannelId,
        /// What.
        event: LineEvent,
    },
    /// The helper of a span says something.
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
    /// The helper of a span died; its calls are gone. It is started again by the daemon.
    HelperGone {
        /// Whose span.
        span: SpanId,
    },
    /// Layer 1 of a span changed.
    Alarms {
        /// Which.
        span: SpanId,
        /// Its alarms now.
        alarms: Vec<Alarm>,
    },
    /// A span is there, new or with other ports than before: what was up on it ends.
    SpanArrived(SpanInfo),
    /// The card of a span has vanished: its calls end with cause 41.
    SpanGone(SpanId),
    /// An administrator wants a B channel of an ISDN span restarted (RESTART, Q.931 §5.5). Nothing
    /// happens when a call is on it.
    RestartChannel {
        /// Which.
        channel: ChannelId,
    },
    /// The autopilot listens to the dial tone of a free FXO line; [`Output::Probed`] says what came of it.
    Probe {
        /// Which.
        channel: ChannelId,
        /// What to do.
        step: LineProbe,
    },
    /// The far end of an ISDN trunk is to know that messages wait.
    MessageWaiting {
        /// Which trunk.
        trunk: TrunkId,
        /// For whom, and how many.
        waiting: MessageWaiting,
    },
    /// Media noticed something.
    Media(MediaEvent),
    /// What a line was found to do before the gateway was started, or where the line was before: it replaces
    /// what is remembered of it.
    Known {
        /// Which.
        line: LineId,
        /// What.
        what: Vec<Learned>,
    },
    /// The configuration changed; it is valid.
    Config(Arc<Config>),
    /// An administrator ends a call.
    HangUp {
        /// Which.
        call: CallId,
    },
}

/// Something for the world to do.
#[derive(Debug, Clone)]
pub enum Output {
    /// SIP: send a message.
    SipSend {
        /// Where to.
        flow: demarc_sip::Flow,
        /// The message.
        bytes: Vec<u8>,
    },
    /// SIP: look an address up; `demarc_sip::Input::Resolved` is the answer.
    SipResolve {
        /// Name or address literal.
        host: String,
        /// Its port.
        port: u16,
        /// How it will be spoken to.
        transport: demarc_sip::Transport,
    },
    /// Tell an analog port something.
    Line {
        /// Which.
        channel: ChannelId,
        /// What.
        command: LineCommand,
    },
    /// Tell the helper of a span something.
    Isdn {
        /// Whose span.
        span: SpanId,
        /// What.
        command: demarc_isdn::Command,
    },
    /// Tell the helper of a span with MFC/R2 something.
    R2 {
        /// Whose span.
        span: SpanId,
        /// What.
        command: demarc_r2::Command,
    },
    /// A line was seen to do something that was not known of it.
    Learned {
        /// Which.
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
    /// Tell media something.
    Media(MediaCommand),
    /// Write a call record: a new one, or a newer state of one.
    Record(CallRecord),
    /// The user of an extension has changed something by dialling a code: put it into the
    /// configuration ([`Config::set`]) and give that back ([`Input::Config`]).
    Setting {
        /// Whose.
        extension: ExtensionId,
        /// What.
        setting: ExtensionSetting,
    },
}
