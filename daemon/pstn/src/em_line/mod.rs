//! A channel with E&M signalling (ANSI T1.405): off hook and on hook, each way.
//!
//! ```text
//! outgoing: Idle ─OffHook─► Seizing ─(wink, delay, pause)─► Ready ─► Dialling ─► Dialled ─OffHook─► Active
//! incoming: Idle ─(OffHook)─► Collecting ─digits─► Present ─Answer─► Active
//!                                │                    │ Hangup
//!                                └──► Explaining ◄────┘          (a tone, until the caller is on hook)
//! both:     Active ─OnHook, one first─► Ending ─the other─► guard ─► Idle
//! ```
//!
//! The digits are tones in the audio. When both ends go off hook at once, the user side of the span
//! gives way: its call looks for another channel, and it takes the other's.

mod incoming;
mod outgoing;
#[cfg(test)]
mod tests;

use crate::desk::{Desk, Place, Timer};
use crate::trunk_group::{Attempt, MAX_GLARES, Readiness};
use crate::{number, tone};
use demarc_hal::{Alarm, LineCommand, LineEvent};
use demarc_model::config::{EmSettings, EmStart, Span, SpanSide, Trunk, TrunkId, TrunkKind};
use demarc_model::live::{ChannelState, LiveChannel, LiveSpan};
use demarc_model::media::{Detect, ProgressTone};
use demarc_model::trace::Protocol;
use demarc_model::{
    Bearer, CallerId, Cause, ChannelId, Config, Instant, LegCommand, LegEvent, LegId, MediaCommand,
    MediaEvent, Offer, Party, Presentation, StreamId,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest wait for the start signal (T1.405: 4 s and more).
const START: Duration = Duration::from_secs(5);
/// From the start signal to the first digit (T1.405: 70 ms at least).
const PAUSE: Duration = Duration::from_millis(200);
/// From an immediate-start seizure to the first digit (T1.405: 150 ms at least).
const IMMEDIATE: Duration = Duration::from_millis(200);
/// How long we hold a delay-dial caller off (T1.405: 140 ms at least).
const DELAY: Duration = Duration::from_millis(200);
/// The longest wait for a caller's first digit.
const FIRST_DIGIT: Duration = Duration::from_secs(10);
/// How long a tone explains why a call has failed.
const EXPLAINED: Duration = Duration::from_secs(30);
/// The channel rests after a call: the far end must see that it is on hook (T1.405: 750 ms).
const GUARD: Duration = Duration::from_millis(800);
/// Length of a tone and of the pause after it, in milliseconds.
const TONE_MS: u16 = 80;

#[derive(Debug)]
enum State {
    Idle,
    /// Off hook; the far end is not ready for digits.
    Seizing(Attempt),
    /// It holds us off (delay dial).
    HeldOff(Attempt),
    /// It is ready, and digits follow after a pause.
    Ready(Attempt),
    /// Digits are on their way; the far end may answer meanwhile.
    Dialling {
        answered: bool,
    },
    Dialled {
        alerted: bool,
    },
    /// The far end has seized; we hold it off (delay dial).
    HoldingOff,
    Collecting(String),
    /// The PBX has the call.
    Present,
    Active,
    /// The caller hears why it has failed.
    Explaining,
    /// We are on hook, the far end is not.
    Ending,
    /// It rests until then.
    Guard(Instant),
    /// The card has vanished.
    Gone,
}

/// One channel.
#[derive(Debug)]
pub(crate) struct EmLine {
    channel: ChannelId,
    config: Option<EmSettings>,
    wanted: Option<EmSettings>,
    /// We give way when both go off hook at once.
    gives_way: bool,
    alarms: Vec<Alarm>,
    state: State,
    far_off_hook: bool,
    off_hook: bool,
    /// The call, for the ladder also while the PBX does not know it.
    leg: Option<LegId>,
    /// The PBX knows the leg.
    told: bool,
    cause: Option<Cause>,
    stream: Option<StreamId>,
    timer: Timer,
}

impl EmLine {
    pub(crate) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            config: None,
            wanted: None,
            gives_way: true,
            alarms: Vec::new(),
            state: State::Idle,
            far_off_hook: false,
            off_hook: false,
            leg: None,
            told: false,
            cause: None,
            stream: None,
            timer: None,
        }
    }

    /// The configuration changed; what is new holds from the next idle moment on.
    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        let is_ours = |span: &&Span| span.id == self.channel.span && span.enabled;
        let span = desk.config.spans.iter().find(is_ours);
        self.gives_way = span.is_none_or(|span| span.side == SpanSide::User);
        self.wanted = span.map(|span| span.e_and_m.clone());
        self.apply_when_idle();
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match self.state {
            State::Gone => Readiness::Down,
            _ if self.wanted.is_none() || self.worst_alarm().is_some() => Readiness::Down,
            State::Idle if !self.far_off_hook => Readiness::Free,
            State::Guard(until) if !self.far_off_hook => Readiness::Guard(until),
            _ => Readiness::Busy,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Gone)
    }

    pub(crate) fn live(&self) -> ChannelState {
        match self.state {
            State::Gone => ChannelState::Down,
            State::Idle if self.wanted.is_none() => ChannelState::Down,
            State::Idle if self.far_off_hook => ChannelState::OffHook,
            State::Idle => ChannelState::Idle,
            State::Dialled { .. } | State::Present => ChannelState::Ringing,
            State::Active | State::Explaining => ChannelState::Busy,
            State::Ending => ChannelState::OffHook,
            State::Guard(_) => ChannelState::Guard,
            _ => ChannelState::Dialling,
        }
    }

    /// Why no call can be placed on its span, in words; none when one can.
    pub(crate) fn trouble(&self) -> Option<&'static str> {
        match self.worst_alarm() {
            _ if self.wanted.is_none() => Some("span is not in use"),
            Some(Alarm::Red) => Some("red alarm: no signal arrives"),
            Some(Alarm::Yellow) => Some("yellow alarm: the far end does not hear us"),
            Some(Alarm::Blue) => Some("blue alarm: failure further upstream"),
            _ if matches!(self.state, State::Gone) => Some("the card has vanished"),
            _ => None,
        }
    }

    /// Layer 1 of its span changed: nothing is signalled during an alarm, so its call is over.
    pub(crate) fn handle_alarms(&mut self, desk: &mut Desk, alarms: &[Alarm]) {
        self.alarms = alarms.to_vec();
        let free = matches!(self.state, State::Idle | State::Guard(_) | State::Gone);
        if self.worst_alarm().is_some() && !free {
            self.far_off_hook = false;
            self.release(desk, Cause::DESTINATION_OUT_OF_ORDER, Some("the span went down"));
        }
        desk.changed();
    }

    /// The alarm that keeps calls away. A recovering signal already carries them.
    fn worst_alarm(&self) -> Option<Alarm> {
        self.alarms.iter().copied().filter(|alarm| *alarm != Alarm::Recovering).min()
    }

    /// Something happened on the line.
    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: LineEvent) {
        if event == LineEvent::OffHook && matches!(self.state, State::Idle | State::Guard(_)) {
            // The seizure is the first arrow of the ladder.
            self.leg = Some(desk.mint_leg());
        }
        desk.trace_line(self.leg, event);
        match event {
            LineEvent::OffHook => self.far_off_hook(desk),
            LineEvent::OnHook => self.far_on_hook(desk),
            LineEvent::Wink => self.winked(desk),
            LineEvent::Gone => {
                self.end(desk, Cause::TEMPORARY_FAILURE, Some("the card has vanished"));
                self.state = State::Gone;
                (self.off_hook, self.far_off_hook, self.timer) = (false, false, None);
            }
            _ => return,
        }
        self.apply_when_idle();
        desk.changed();
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        if self.leg != Some(command.leg()) {
            return;
        }
        match (command, &self.state) {
            (LegCommand::Ring { in_band: false, .. }, State::Present) => {
                desk.play(self.stream, tone::ringback(desk.config.system.country));
            }
            (LegCommand::Answer { .. }, State::Present) => {
                self.state = State::Active;
                self.timer = None;
                self.hook_off(desk);
            }
            (LegCommand::Hangup { cause, .. }, State::Present) => {
                self.cause = Some(cause);
                self.explain(desk, cause);
            }
            (LegCommand::Hangup { cause, .. }, _) => self.release(desk, cause, None),
            _ => return,
        }
        desk.changed();
    }

    pub(crate) fn handle_media(&mut self, desk: &mut Desk, event: &MediaEvent) {
        if self.stream != Some(event.stream()) {
            return;
        }
        match (event, &mut self.state) {
            (MediaEvent::Digit { digit, .. }, State::Collecting(_)) => self.digit(desk, *digit),
            (MediaEvent::Digit { digit, .. }, State::Active) => {
                if let Some(leg) = self.leg {
                    desk.leg(LegEvent::Digit { leg, digit: *digit, out_of_band: false });
                }
            }
            (MediaEvent::DigitsSent { .. }, State::Dialling { .. }) => self.number_sent(desk),
            (MediaEvent::ProgressTone { tone, .. }, State::Dialled { .. }) => self.heard(desk, *tone),
            _ => return,
        }
        desk.changed();
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        if let State::Guard(until) = self.state
            && until <= now
        {
            self.state = State::Idle;
            self.apply_when_idle();
            desk.changed();
        }
        if self.timer.is_none_or(|(at, _)| at > now) {
            return;
        }
        self.timer = None;
        match &self.state {
            State::Seizing(_) if self.start() == EmStart::Immediate => self.ready(desk, Duration::ZERO),
            State::Seizing(_) | State::HeldOff(_) => self.not_ready(desk),
            State::Ready(_) => self.send_number(desk),
            State::Dialling { .. } => self.number_sent(desk),
            State::HoldingOff => {
                self.hook_on(desk);
                self.collect(desk);
            }
            State::Collecting(digits) if digits.is_empty() => {
                self.explain(desk, Cause::INVALID_NUMBER_FORMAT)
            }
            State::Collecting(_) => self.offer(desk),
            State::Explaining => self.release(desk, Cause::NORMAL_CLEARING, None),
            _ => {}
        }
        desk.changed();
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        match self.state {
            State::Guard(until) => Some((until, "E&M guard")),
            _ => self.timer,
        }
    }

    fn far_off_hook(&mut self, desk: &mut Desk) {
        self.far_off_hook = true;
        let start = self.start();
        match &mut self.state {
            State::Idle | State::Guard(_) => self.seized(desk),
            State::Seizing(_) if start == EmStart::Delay => self.held_off(desk),
            State::Seizing(_) if self.gives_way => self.give_way(desk),
            State::Ready(_) if start == EmStart::Immediate && self.gives_way => self.give_way(desk),
            State::Dialling { answered, .. } => *answered = true,
            State::Dialled { .. } => self.answered(desk),
            _ => {}
        }
    }

    fn far_on_hook(&mut self, desk: &mut Desk) {
        self.far_off_hook = false;
        match &mut self.state {
            State::HeldOff(_) => self.ready(desk, PAUSE),
            State::Dialling { answered, .. } => *answered = false,
            State::Active | State::HoldingOff | State::Collecting(_) | State::Present | State::Explaining => {
                self.release(desk, Cause::NORMAL_CLEARING, None);
            }
            State::Ending => self.rest(desk),
            _ => {}
        }
    }

    fn winked(&mut self, desk: &mut Desk) {
        // A wink is off hook and on hook again; a delay that is over so soon looks like one.
        self.far_off_hook = false;
        let ready = match self.state {
            State::Seizing(_) => self.start() != EmStart::Immediate,
            State::HeldOff(_) => true,
            _ => false,
        };
        if ready {
            self.ready(desk, PAUSE);
        }
    }

    /// Ends the call at our end: the leg at once, the channel when the far end is on hook too.
    fn release(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        self.hook_on(desk);
        self.end(desk, cause, reason);
        if self.far_off_hook {
            self.state = State::Ending;
            self.timer = None;
        } else {
            self.rest(desk);
        }
    }

    fn rest(&mut self, desk: &Desk) {
        self.timer = None;
        self.leg = None;
        self.state = State::Guard(desk.at(GUARD));
    }

    /// The last word of the leg, if the PBX knows it.
    fn end(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        desk.close(self.stream.take());
        let cause = self.cause.take().unwrap_or(cause);
        if let Some(leg) = self.leg.take()
            && std::mem::take(&mut self.told)
        {
            desk.ended(leg, cause, reason);
        }
    }

    /// The caller hears why it cannot be.
    fn explain(&mut self, desk: &mut Desk, cause: Cause) {
        self.state = State::Explaining;
        self.timer = Some((desk.at(EXPLAINED), "E&M explanation"));
        desk.play(self.stream, tone::of_cause(desk.config.system.country, cause));
    }

    fn start(&self) -> EmStart {
        self.settings().start
    }

    fn settings(&self) -> EmSettings {
        self.config.clone().unwrap_or_default()
    }

    fn hook_off(&mut self, desk: &mut Desk) {
        if !std::mem::replace(&mut self.off_hook, true) {
            desk.line(self.channel, self.leg, LineCommand::OffHook);
        }
    }

    fn hook_on(&mut self, desk: &mut Desk) {
        if std::mem::replace(&mut self.off_hook, false) {
            desk.line(self.channel, self.leg, LineCommand::OnHook);
        }
    }

    fn apply_when_idle(&mut self) {
        if matches!(self.state, State::Idle) {
            self.config.clone_from(&self.wanted);
        }
    }
}

/// The spans that these lines are on.
pub(crate) fn live(lines: &BTreeMap<ChannelId, EmLine>) -> Vec<LiveSpan> {
    let mut spans: Vec<LiveSpan> = Vec::new();
    for (channel, line) in lines {
        let live = LiveChannel { slot: channel.slot, state: line.live(), alarm: None };
        match spans.last_mut().filter(|span| span.span == channel.span) {
            Some(span) => span.channels.push(live),
            None => spans.push(LiveSpan {
                span: channel.span,
                alarms: line.alarms.clone(),
                d_channel_up: true,
                channels: vec![live],
            }),
        }
    }
    spans
}

/// The first trunk in use that has the span.
fn trunk_of(config: &Config, channel: ChannelId) -> Option<TrunkId> {
    let has = |trunk: &&Trunk| match &trunk.kind {
        TrunkKind::Pri { spans, .. } => trunk.enabled && spans.contains(&channel.span),
        _ => false,
    };
    config.trunks.iter().find(has).map(|trunk| trunk.id)
}
