//! A line of the telco on an FXO port.
//!
//! ```text
//!            PolarityReversed            RingStarted
//!  Idle ───────────────────► Listening ─────────────► Ringing ──Answer──► Active
//!   │ ▲                         │ 5 s                 │  │ ▲               │
//!   │ └─────────────────────────┘          PBX hangs up  │ │ ring meets     │
//!   │ ▲ ringing stops                             ▼   │  │ │ our seizure    │
//!   │ └──────────────────────────────────────Unwanted │  │ │               │
//!   │                     6 s without ring: Ended 16 ◄┘  │ │               │
//!   │ Dial     dial tone, or waited long enough          │ │  answer seen  │
//!   └────► Seizing ───────────► Dialling ──sent──► Dialled ┴──────────────►│
//!                                                        │                 ▼
//!   Down ◄── BatteryLost, Gone (from anywhere)           └──► Guard ──► Idle
//! ```
//!
//! An analog line says little: who calls (caller identity, before or after the first ring), that
//! the caller gave up (no ring for 6 s), that the far end answered (by the line's policy) or hung
//! up (a loop break, a polarity reversal, or busy tone).

mod incoming;
mod outgoing;

use crate::caller_id::{self, RING_GAP};
use crate::desk::{Desk, Place, Timer};
use crate::number;
use crate::tone;
use crate::trunk_group::{Attempt, Readiness};
use demarc_hal::{LineCommand, LineEvent};
use demarc_model::config::{AnswerSupervision, Config, Line, LineId, Trunk, TrunkId, TrunkKind};
use demarc_model::country::CallerIdStart;
use demarc_model::live::{ChannelState, LiveLine};
use demarc_model::media::{Detect, ProgressTone};
use demarc_model::trace::Protocol;
use demarc_model::{
    CallerId, Cause, ChannelId, Instant, LegCommand, LegEvent, LegId, MediaCommand, MediaEvent, Offer, Party,
    Presentation, StreamId,
};
use std::time::Duration;

/// After caller identity was announced, the ring comes within this time, or does not.
const ANNOUNCED: Duration = Duration::from_secs(5);
/// Caller identity that nothing announced is kept this long for the ring that follows it.
const UNANNOUNCED: Duration = Duration::from_secs(5);
/// The longest wait for caller identity, from the beginning of the first ring. The second ring,
/// which ends it too, comes sooner in most countries.
const IDENTITY: Duration = Duration::from_secs(6);
/// No ring for this long after the last one: the caller has hung up. The longest pause of any
/// cadence is 5 s.
const RING_OVER: Duration = Duration::from_secs(6);
/// A ring that never stops: an event was lost.
const RING_STUCK: Duration = Duration::from_secs(12);
/// A ring this soon after we went off hook had begun before: both sides took the line.
const GLARE: Duration = Duration::from_secs(1);
/// Polarity that changes this soon after a call was answered is the exchange settling.
const SETTLING: Duration = Duration::from_millis(600);
/// DTMF digits: 100 ms on, 100 ms off, above what every exchange must take (ITU-T Q.24).
const TONE_MS: u16 = 100;
/// A digit by pulses: 100 ms for each break and make, and the pause between digits.
const PULSE: Duration = Duration::from_millis(100);
const INTERDIGIT: Duration = Duration::from_millis(800);

#[derive(Debug)]
enum State {
    Idle,
    /// The exchange announced caller identity.
    Listening,
    Ringing(Ringing),
    /// It rings, but nobody wants the call any more.
    Unwanted,
    /// Off hook, waiting for dial tone.
    Seizing(Attempt),
    /// Sending the number; with pulses, what is left of it.
    Dialling {
        attempt: Attempt,
        pulses: Option<String>,
        /// The exchange had enough digits, and the far end answered while we send the last of them.
        answered: bool,
    },
    /// The exchange is at work.
    Dialled {
        alerted: bool,
    },
    Active {
        since: Instant,
        supervised: bool,
    },
    Guard(Instant),
    /// Unplugged, or the card is gone.
    Down,
}

/// A call that comes in.
#[derive(Debug)]
struct Ringing {
    offered: bool,
    /// The exchange has connected us already: the ring met our seizure.
    connected: bool,
    quiet_since: Option<Instant>,
    /// Offer the call then, with caller identity or without.
    offer_at: Option<Instant>,
}

/// One line.
#[derive(Debug)]
pub(crate) struct FxoLine {
    channel: ChannelId,
    /// In force; the wanted one replaces it when the line is idle.
    line: Option<Line>,
    wanted: Option<Line>,
    state: State,
    leg: Option<LegId>,
    stream: Option<StreamId>,
    /// Who calls, once the exchange has said so, and until when to believe it.
    caller: Option<(CallerId, Instant)>,
    off_hook: bool,
    /// When we went off hook.
    seized: Instant,
    timer: Timer,
}

impl FxoLine {
    pub(crate) fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            line: None,
            wanted: None,
            state: State::Idle,
            leg: None,
            stream: None,
            caller: None,
            off_hook: false,
            seized: Instant::default(),
            timer: None,
        }
    }

    pub(crate) fn configure(&mut self, desk: &mut Desk) {
        self.wanted = desk.config.lines.iter().find(|line| line.channel == self.channel).cloned();
        if matches!(self.state, State::Idle) {
            self.idle(desk);
        }
        if matches!(self.state, State::Down) {
            self.line.clone_from(&self.wanted);
        }
    }

    /// The configured line on this port.
    pub(crate) fn line(&self) -> Option<LineId> {
        self.wanted.as_ref().map(|line| line.id)
    }

    pub(crate) fn readiness(&self) -> Readiness {
        match self.state {
            _ if self.wanted.is_none() => Readiness::Down,
            State::Idle => Readiness::Free,
            State::Guard(until) => Readiness::Guard(until),
            State::Down => Readiness::Down,
            _ => Readiness::Busy,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Down)
    }

    pub(crate) fn live(&self) -> LiveLine {
        let state = match &self.state {
            State::Idle => ChannelState::Idle,
            State::Listening | State::Ringing(_) | State::Unwanted => ChannelState::Ringing,
            State::Seizing(_) | State::Dialling { .. } | State::Dialled { .. } => ChannelState::Dialling,
            State::Active { .. } => ChannelState::Busy,
            State::Guard(_) => ChannelState::Guard,
            State::Down => ChannelState::Down,
        };
        LiveLine { channel: self.channel, line: self.line(), device: None, state }
    }

    /// Seizes the line for a call; it said that it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, attempt: Attempt) {
        let leg = attempt.dial.leg;
        let wait = self.line.as_ref().map_or(0, |line| line.dial_tone_wait_ms);
        desk.close(self.stream.take());
        desk.settle(leg, Place::Port(self.channel));
        self.leg = Some(leg);
        let progress = Some(desk.config.system.country);
        self.stream = Some(desk.open(self.channel, Detect { progress, ..Detect::default() }));
        self.hook_off(desk);
        self.state = State::Seizing(attempt);
        self.timer = Some((desk.at(Duration::from_millis(wait.into())), "dial tone"));
        if wait == 0 {
            self.send_number(desk);
        }
        desk.changed();
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: LineEvent) {
        let early = matches!(self.state, State::Idle | State::Guard(_) | State::Listening);
        if early && event == LineEvent::RingStarted && self.line.is_some() && self.leg.is_none() {
            self.leg = Some(desk.mint_leg());
        }
        desk.trace_line(self.leg, event);
        match event {
            LineEvent::RingStarted => self.ring_started(desk),
            LineEvent::RingStopped => self.ring_stopped(desk),
            LineEvent::PolarityReversed => self.polarity_reversed(desk),
            LineEvent::LoopBreak => self.far_end_gone(desk, Cause::NORMAL_CLEARING, "loop break"),
            LineEvent::BatteryLost => self.lost(desk, "the line is unplugged"),
            LineEvent::Gone => self.lost(desk, "the card has vanished"),
            LineEvent::BatteryRestored if matches!(self.state, State::Down) => self.idle(desk),
            _ => {}
        }
    }

    pub(crate) fn handle_command(&mut self, desk: &mut Desk, command: LegCommand) {
        if self.leg != Some(command.leg()) {
            return;
        }
        match (command, &mut self.state) {
            // The PBX does not know of it yet.
            (_, State::Ringing(Ringing { offered: false, .. })) => {}
            (LegCommand::Answer { .. }, State::Ringing(ringing)) => {
                if !ringing.connected {
                    self.hook_off(desk);
                }
                self.active(desk);
            }
            (LegCommand::Ring { in_band: false, .. }, State::Ringing(Ringing { connected: true, .. })) => {
                // The exchange took our seizure for an answer and its ringback is gone.
                desk.play(self.stream, tone::ringback(desk.config.system.country));
            }
            (LegCommand::Hangup { cause, .. }, State::Ringing(Ringing { connected: false, .. })) => {
                // A line cannot refuse: it rings until the caller gives up, and nobody hears it.
                desk.close(self.stream.take());
                self.state = State::Unwanted;
                self.end_leg(desk, cause, None);
            }
            (LegCommand::Hangup { cause, .. }, _) => self.release(desk, cause, None),
            _ => {}
        }
    }

    pub(crate) fn handle_media(&mut self, desk: &mut Desk, event: MediaEvent) {
        if self.stream != Some(event.stream()) {
            return;
        }
        match event {
            MediaEvent::CallerId { caller, .. } => self.identified(desk, caller),
            MediaEvent::ProgressTone { tone, .. } => self.heard(desk, tone),
            MediaEvent::DigitsSent { .. } if matches!(self.state, State::Dialling { pulses: None, .. }) => {
                self.number_sent(desk);
            }
            MediaEvent::Voice { .. } if self.supervision() == AnswerSupervision::Voice => {
                if matches!(self.state, State::Dialled { .. }) {
                    self.answered(desk);
                }
            }
            MediaEvent::Digit { digit, .. } if matches!(self.state, State::Active { .. }) => {
                if let Some(leg) = self.leg {
                    desk.leg(LegEvent::Digit { leg, digit, out_of_band: false });
                }
            }
            _ => {}
        }
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk) {
        let now = desk.now.mono;
        if let State::Ringing(ringing) = &mut self.state
            && ringing.offer_at.is_some_and(|at| at <= now)
        {
            self.offer(desk);
        }
        if self.timer.is_none_or(|(at, _)| at > now) {
            return;
        }
        self.timer = None;
        match &self.state {
            State::Listening | State::Unwanted | State::Guard(_) => self.idle(desk),
            State::Ringing(_) => self.release(desk, Cause::NORMAL_CLEARING, Some("the caller gave up")),
            State::Seizing(_) => self.send_number(desk),
            State::Dialling { pulses: Some(_), .. } => self.next_pulses(desk),
            State::Dialling { pulses: None, .. } => self.number_sent(desk),
            _ => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        let offer = match &self.state {
            State::Ringing(ringing) => ringing.offer_at.map(|at| (at, "caller identity")),
            _ => None,
        };
        offer.into_iter().chain(self.timer).min()
    }

    fn polarity_reversed(&mut self, desk: &mut Desk) {
        let by_polarity = self.supervision() == AnswerSupervision::Polarity;
        match self.state {
            State::Idle if self.line.is_some() => {
                let (form, start) = self.identity(desk);
                if start == CallerIdStart::AfterPolarity {
                    let detect = Detect { caller_id: Some(form), ..Detect::default() };
                    self.stream = Some(desk.open(self.channel, detect));
                    self.state = State::Listening;
                    self.timer = Some((desk.at(ANNOUNCED), "ring after caller identity"));
                    desk.changed();
                }
            }
            State::Dialling { ref mut answered, .. } if by_polarity => *answered = true,
            State::Dialled { .. } if by_polarity => self.answered(desk),
            State::Active { since, .. } if by_polarity && desk.now.mono.since(since) >= SETTLING => {
                self.far_end_gone(desk, Cause::NORMAL_CLEARING, "polarity reversal");
            }
            _ => {}
        }
    }

    /// The exchange says that the far end hung up.
    fn far_end_gone(&mut self, desk: &mut Desk, cause: Cause, reason: &'static str) {
        match self.state {
            State::Seizing(_) => self.hunt_on(desk, Cause::DESTINATION_OUT_OF_ORDER, reason),
            State::Dialling { .. } | State::Dialled { .. } | State::Active { .. } => {
                self.release(desk, cause, Some(reason));
            }
            State::Ringing(Ringing { connected: true, .. }) => self.release(desk, cause, Some(reason)),
            _ => {}
        }
    }

    /// There is no line any more.
    fn lost(&mut self, desk: &mut Desk, reason: &'static str) {
        let cause = match self.state {
            State::Active { .. } => Cause::TEMPORARY_FAILURE,
            _ => Cause::DESTINATION_OUT_OF_ORDER,
        };
        if matches!(self.state, State::Seizing(_)) {
            self.hunt_on(desk, cause, reason);
        } else {
            self.release(desk, cause, Some(reason));
        }
        desk.close(self.stream.take());
        self.timer = None;
        self.caller = None;
        self.line.clone_from(&self.wanted);
        self.state = State::Down;
        desk.changed();
    }

    /// The line does not take the call: another one may.
    fn hunt_on(&mut self, desk: &mut Desk, cause: Cause, reason: &str) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        if let Some(leg) = self.leg.take() {
            desk.note(leg, Protocol::Line, format!("{reason}: another line"));
        }
        self.rest(desk);
        if let State::Seizing(attempt) = state {
            self.give_back(desk, attempt, cause);
        }
    }

    fn give_back(&self, desk: &mut Desk, mut attempt: Attempt, cause: Cause) {
        attempt.failed_on(self.channel, cause);
        desk.again(attempt);
    }

    /// Ends the leg, if there is one that the PBX knows, and frees the line.
    fn release(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        let told = !matches!(self.state, State::Ringing(Ringing { offered: false, .. }));
        self.rest(desk);
        if told {
            self.end_leg(desk, cause, reason);
        } else if let Some(leg) = self.leg.take() {
            desk.forget(leg);
        }
    }

    fn end_leg(&mut self, desk: &mut Desk, cause: Cause, reason: Option<&str>) {
        if let Some(leg) = self.leg.take() {
            desk.ended(leg, cause, reason);
        }
    }

    /// On hook, and a pause before the next call. A line that never was off hook needs none.
    fn rest(&mut self, desk: &mut Desk) {
        desk.close(self.stream.take());
        let guard = self.line.as_ref().map_or(0, |line| line.guard_ms);
        if self.off_hook {
            self.off_hook = false;
            desk.line(self.channel, self.leg, LineCommand::OnHook);
        } else if matches!(self.state, State::Idle | State::Ringing(_)) {
            return self.idle(desk);
        }
        let until = desk.at(Duration::from_millis(guard.into()));
        self.state = State::Guard(until);
        self.timer = Some((until, "guard"));
        desk.changed();
    }

    fn idle(&mut self, desk: &mut Desk) {
        desk.close(self.stream.take());
        self.state = State::Idle;
        self.timer = None;
        self.line.clone_from(&self.wanted);
        if self.line.is_some() {
            let (form, start) = self.identity(desk);
            if start == CallerIdStart::BeforeRing {
                // Nothing announces the data: the line is listened to all the time.
                let detect = Detect { caller_id: Some(form), ..Detect::default() };
                self.stream = Some(desk.open(self.channel, detect));
            }
        }
        desk.changed();
    }

    fn hook_off(&mut self, desk: &mut Desk) {
        self.off_hook = true;
        self.seized = desk.now.mono;
        desk.line(self.channel, self.leg, LineCommand::OffHook);
    }

    fn active(&mut self, desk: &mut Desk) {
        let outgoing = matches!(self.state, State::Dialled { .. });
        let supervised = !outgoing || self.supervision() != AnswerSupervision::AfterDialling;
        self.state = State::Active { since: desk.now.mono, supervised };
        self.timer = None;
        desk.detect(self.stream, listening(desk));
        desk.changed();
    }

    fn supervision(&self) -> AnswerSupervision {
        self.line.as_ref().map(|line| line.answer).unwrap_or_default()
    }
}

/// What to listen for in a call: keys, and the tone that follows when the far end hangs up.
fn listening(desk: &Desk) -> Detect {
    Detect { dtmf: true, progress: Some(desk.config.system.country), ..Detect::default() }
}

/// The first trunk in use that has the line.
fn trunk_of(config: &Config, id: LineId) -> Option<TrunkId> {
    let has = |trunk: &&Trunk| match &trunk.kind {
        TrunkKind::Fxo { lines, .. } => trunk.enabled && lines.contains(&id),
        _ => false,
    };
    config.trunks.iter().find(has).map(|trunk| trunk.id)
}

#[cfg(test)]
mod tests;
