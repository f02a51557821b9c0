//! The desk at which all machines of the room work: the clock, the names, and the letters out.

use crate::Output;
use crate::trunk_group::Attempt;
use demarc_hal::{LineCommand, LineEvent};
use demarc_isdn::Command;
use demarc_model::config::LineId;
use demarc_model::media::{Detect, Source};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{
    Cause, ChannelId, Config, Instant, Learned, LegEvent, LegId, MediaCommand, Now, Room, SpanId, StreamId,
    Trace,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A machine's next timeout, and what for.
pub(crate) type Timer = Option<(Instant, &'static str)>;

/// Which machine a leg lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A call of a span.
    Span(SpanId),
    /// An FXO or FXS port.
    Port(ChannelId),
    /// Waiting for a channel of its trunk.
    Waiting,
}

/// What every machine needs, lent to it for the time of one input.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) now: Now,
    pub(crate) config: Arc<Config>,
    output: VecDeque<Output>,
    /// Where each living leg is. A leg is here from its `Offered` or `Dial` to its `Ended`.
    legs: BTreeMap<LegId, Place>,
    /// Which channel each open stream is on.
    streams: BTreeMap<StreamId, ChannelId>,
    minted: u64,
    /// Calls that look for another channel of their trunk.
    again: Vec<Attempt>,
}

impl Desk {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            now: Now { mono: Instant::default(), wall: SystemTime::UNIX_EPOCH },
            config,
            output: VecDeque::new(),
            legs: BTreeMap::new(),
            streams: BTreeMap::new(),
            minted: 0,
            again: Vec::new(),
        }
    }

    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// The moment `after` from now.
    pub(crate) fn at(&self, after: Duration) -> Instant {
        self.now.mono + after
    }

    /// A name for a new incoming leg.
    pub(crate) fn mint_leg(&mut self) -> LegId {
        self.minted += 1;
        LegId::new(Room::Pstn, self.minted)
    }

    pub(crate) fn place(&self, leg: LegId) -> Option<Place> {
        self.legs.get(&leg).copied()
    }

    /// A leg begins to live, or moves.
    pub(crate) fn settle(&mut self, leg: LegId, place: Place) {
        self.legs.insert(leg, place);
    }

    /// A call that no channel has looks for another one.
    pub(crate) fn again(&mut self, attempt: Attempt) {
        self.settle(attempt.dial.leg, Place::Waiting);
        self.again.push(attempt);
    }

    /// The calls that look for another channel.
    pub(crate) fn take_again(&mut self) -> Vec<Attempt> {
        std::mem::take(&mut self.again)
    }

    pub(crate) fn channel_of(&self, stream: StreamId) -> Option<ChannelId> {
        self.streams.get(&stream).copied()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.legs.is_empty()
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.output.push_back(output);
    }

    pub(crate) fn leg(&mut self, event: LegEvent) {
        self.output.push_back(Output::Leg(event));
    }

    /// The last word of a leg. Its stream and its channel are free by now.
    pub(crate) fn ended(&mut self, leg: LegId, cause: Cause, reason: Option<&str>) {
        self.legs.remove(&leg);
        self.leg(LegEvent::Ended { leg, cause, reason: reason.map(str::to_owned) });
        self.changed();
    }

    /// A leg that the PBX never heard of is over.
    pub(crate) fn forget(&mut self, leg: LegId) {
        self.legs.remove(&leg);
        self.changed();
    }

    pub(crate) fn line(&mut self, channel: ChannelId, leg: Option<LegId>, command: LineCommand) {
        self.trace(leg, Direction::Out, Protocol::Line, || (command_label(&command), String::new()));
        self.output.push_back(Output::Line { channel, command });
    }

    pub(crate) fn trace_line(&mut self, leg: Option<LegId>, event: LineEvent) {
        self.trace(leg, Direction::In, Protocol::Line, || (format!("{event:?}"), String::new()));
    }

    pub(crate) fn isdn(&mut self, span: SpanId, command: Command) {
        self.output.push_back(Output::Isdn { span, command });
    }

    pub(crate) fn r2(&mut self, span: SpanId, command: demarc_r2::Command) {
        self.output.push_back(Output::R2 { span, command });
    }

    pub(crate) fn media(&mut self, command: MediaCommand) {
        self.output.push_back(Output::Media(command));
    }

    /// Opens the audio of a channel.
    pub(crate) fn open(&mut self, channel: ChannelId, detect: Detect) -> StreamId {
        self.minted += 1;
        let stream = StreamId::new(Room::Pstn, self.minted);
        self.streams.insert(stream, channel);
        self.media(MediaCommand::OpenBearer { stream, channel });
        if detect != Detect::default() {
            self.media(MediaCommand::Detect { stream, detect });
        }
        stream
    }

    /// Closes what [`Desk::open`] opened.
    pub(crate) fn close(&mut self, stream: Option<StreamId>) {
        if let Some(stream) = stream
            && self.streams.remove(&stream).is_some()
        {
            self.media(MediaCommand::Close { stream });
        }
    }

    pub(crate) fn play(&mut self, stream: Option<StreamId>, source: Source) {
        if let Some(stream) = stream {
            self.media(MediaCommand::Play { stream, source });
        }
    }

    pub(crate) fn detect(&mut self, stream: Option<StreamId>, detect: Detect) {
        if let Some(stream) = stream {
            self.media(MediaCommand::Detect { stream, detect });
        }
    }

    /// A line was seen to do something new.
    pub(crate) fn learned(&mut self, line: LineId, what: Learned) {
        self.output.push_back(Output::Learned { line, what });
    }

    /// A decision and its reason, for the ladder.
    pub(crate) fn note(&mut self, leg: LegId, protocol: Protocol, label: impl Into<String>) {
        self.trace(Some(leg), Direction::Note, protocol, || (label.into(), String::new()));
    }

    pub(crate) fn trace(
        &mut self,
        leg: Option<LegId>,
        direction: Direction,
        protocol: Protocol,
        words: impl FnOnce() -> (String, String),
    ) {
        let Some(leg) = leg else { return };
        let (label, detail) = words();
        self.output.push_back(Output::Trace(Trace { leg, direction, protocol, label, detail }));
    }

    /// The live view changed. Said once in a row.
    pub(crate) fn changed(&mut self) {
        if !matches!(self.output.back(), Some(Output::Changed)) {
            self.output.push_back(Output::Changed);
        }
    }
}

fn command_label(command: &LineCommand) -> String {
    match command {
        LineCommand::Ring(on) => format!("Ring {} ms", on.as_millis()),
        LineCommand::OpenLoop(open) => format!("OpenLoop {} ms", open.as_millis()),
        LineCommand::Flash(open) => format!("Flash {} ms", open.as_millis()),
        LineCommand::PulseDigit(digit) => format!("PulseDigit {digit}"),
        LineCommand::ReversePolarity(true) => "ReversePolarity".to_owned(),
        LineCommand::ReversePolarity(false) => "NormalPolarity".to_owned(),
        other => format!("{other:?}"),
    }
}
