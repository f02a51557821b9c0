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
//!           │ ▲                                            │                 ▼
//!           ▼ │ 2 s                                        └──► Guard ──► Idle
//!          Releasing (the exchange had not let go of the last call)
//!
//!  Idle ──Seize──► Probing ──Release──► Guard      (the autopilot, see `probe`)
//!   Down ◄── BatteryLost, Gone     Shared ◄── LineInUse (another telephone on the pair)
//!
//!  Japan:  Listening ── short ring ──► Primary (off hook) ── data ──► Listening ── ring ──► Ringing
//! ```
//!
//! An analog line says little: who calls (caller identity, before or after the first ring), that
//! the caller gave up (no ring for 6 s), that the far end answered (by the line's policy) or hung
//! up (a loop break, a polarity reversal after one that answered, busy tone, a tone that the line
//! was seen to end calls with, or silence). What it was seen to do is remembered (`habits`) and
//! told as `Learned`.

mod habits;
mod hearing;
mod incoming;
mod outgoing;
mod probe;
mod ringing;

use crate::caller_id;
use crate::desk::{Desk, Place, Timer};
use crate::number;
use crate::tone;
use crate::trunk_group::{Attempt, Readiness};
use demarc_hal::{LineCommand, LineEvent};
use demarc_model::config::{AnswerSupervision, Config, Line, LineId, Trunk, TrunkId, TrunkKind};
use demarc_model::country::CallerIdStart;
use demarc_model::live::{ChannelState, LiveLine};
use demarc_model::media::{CallerIdForm, Detect, ProgressTone};
use demarc_model::trace::Protocol;
use demarc_model::{
    Bearer, CallerId, Cause, ChannelId, Country, Instant, Learned, LegCommand, LegEvent, LegId, MediaCommand,
    MediaEvent, Offer, Party, Presentation, StreamId,
};
use habits::Habits;
use ringing::Ringing;
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
/// An exchange that has not let go of the last call: so long on hook makes it.
const LATE_RELEASE: Duration = Duration::from_secs(2);
/// A call that ended this recently may be what the exchange has not let go of.
const RECENT: Duration = Duration::from_secs(30);
/// Japan: a ring shorter than this wants a first answer, for the data; a longer one is a call.
const CALLED_TERMINAL: Duration = Duration::from_millis(800);
/// Japan: so long off hook for the data.
const PRIMARY: Duration = Duration::from_secs(4);

#[derive(Debug)]
enum State {
    Idle,
    /// The exchange announced caller identity.
    Listening,
    Ringing(Ringing),
    /// Japan: the first ring after the announcement; its length will tell what it wants.
    ShortRing,
    /// Japan: off hook for the data.
    Primary,
    /// Another telephone uses the pair.
    Shared,
    /// It rings, but nobody wants the call any more.
    Unwanted,
    /// Off hook for the autopilot, which listens for the tones of this country.
    Probing(Country),
    /// Off hook, waiting for dial tone.
    Seizing(Attempt),
    /// On hook for a moment: the exchange had not let go of the last call.
    Releasing(Attempt),
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
        /// A reversal answered the call: another one ends it.
        reversal_ends: bool,
    },
    Guard(Instant),
    /// Unplugged, or the card is gone.
    Down,
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
    /// Who calls, once the exchange has said so, until when to believe it, and how it was said.
    caller: Option<(CallerId, Instant, habits::Identity)>,
    off_hook: bool,
    /// When we went off hook.
    seized: Instant,
    habits: Habits,
    /// A ring has begun that may be none: until then.
    bounce: Option<Instant>,
    /// Japan: the first answer of this call has been given.
    primary_done: bool,
    /// This call has been seized twice.
    seized_again: bool,
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
            habits: Habits::default(),
            bounce: None,
            primary_done: false,
            seized_again: false,
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
            State::Idle | State::Probing(_) => Readiness::Free,
            State::Guard(until) => Readiness::Guard(until),
            State::Down => Readiness::Down,
            _ => Readiness::Busy,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Down | State::Shared)
    }

    pub(crate) fn live(&self) -> LiveLine {
        let state = match &self.state {
            State::Idle => ChannelState::Idle,
            State::Listening | State::ShortRing | State::Primary | State::Ringing(_) | State::Unwanted => {
                ChannelState::Ringing
            }
            State::Shared | State::Probing(_) => ChannelState::Busy,
            State::Seizing(_) | State::Releasing(_) | State::Dialling { .. } | State::Dialled { .. } => {
                ChannelState::Dialling
            }
            State::Active { .. } => ChannelState::Busy,
            State::Guard(_) => ChannelState::Guard,
            State::Down => ChannelState::Down,
        };
        LiveLine { channel: self.channel, line: self.line(), device: None, state }
    }

    /// What the line was found to do before, and nothing else.
    pub(crate) fn known(&mut self, what: &[Learned]) {
        let released = self.habits.released;
        self.habits = Habits::default();
        self.habits.released = released;
        what.iter().for_each(|what| self.habits.known(what));
    }

    /// Seizes the line for a call; it said that it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, attempt: Attempt) {
        let leg = attempt.dial.leg;
        desk.close(self.stream.take());
        desk.settle(leg, Place::Port(self.channel));
        self.leg = Some(leg);
        self.seized_again = false;
        self.bounce = None;
        if matches!(self.state, State::Probing(_)) {
            return self.dial_after_probe(desk, attempt);
        }
        self.seize(desk, attempt);
    }

    pub(crate) fn handle_event(&mut self, desk: &mut Desk, event: LineEvent) {
        let early = matches!(self.state, State::Idle | State::Guard(_) | State::Listening);
        let debounce = self.line.as_ref().map_or(0, |line| line.ring_debounce_ms);
        if early && event == LineEvent::RingStarted && debounce > 0 {
            self.bounce = Some(desk.at(Duration::from_millis(debounce.into())));
            return;
        }
        if event == LineEvent::RingStopped && self.bounce.take().is_some() {
            return;
        }
        self.trusted_event(desk, event);
    }

    /// An event that is not the bouncing of a bell.
    fn trusted_event(&mut self, desk: &mut Desk, event: LineEvent) {
        let early = matches!(self.state, State::Idle | State::Guard(_) | State::Listening);
        if early && event == LineEvent::RingStarted && self.line.is_some() && self.leg.is_none() {
            self.leg = Some(desk.mint_leg());
        }
        desk.trace_line(self.leg, event);
        match event {
            LineEvent::RingStarted => self.ring_started(desk),
            LineEvent::RingStopped => self.ring_stopped(desk),
            LineEvent::PolarityReversed => self.polarity_reversed(desk),
            LineEvent::LoopBreak => self.loop_broken(desk),
            LineEvent::BatteryLost => self.lost(desk, "the line is unplugged"),
            LineEvent::Gone => self.lost(desk, "the card has vanished"),
            LineEvent::BatteryRestored if matches!(self.state, State::Down) => self.idle(desk),
            LineEvent::LineInUse => self.shared(desk),
            LineEvent::LineFree if matches!(self.state, State::Shared) => self.rest(desk),
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
                self.rang(desk);
                self.active(desk, false);
            }
            (LegCommand::Flash { .. }, State::Active { .. }) => {
                let country = desk.config.system.country.loop_plan().flash_ms;
                let ms = self.line.as_ref().and_then(|line| line.flash_ms).unwrap_or(country);
                desk.line(self.channel, self.leg, LineCommand::Flash(Duration::from_millis(ms.into())));
            }
            (LegCommand::Ring { in_band: false, .. }, State::Ringing(Ringing { connected: true, .. })) => {
                // The exchange took our seizure for an answer and its ringback is gone.
                desk.play(self.stream, tone::ringback(desk.config.system.country));
            }
            (LegCommand::Hangup { cause, .. }, State::Ringing(Ringing { connected: false, .. })) => {
                // A line cannot refuse: it rings until the caller gives up, and nobody hears it.
                self.rang(desk);
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
            MediaEvent::CallerId { caller, form, .. } => self.identified(desk, caller, form),
            MediaEvent::ProgressTone { tone, .. } => match self.state {
                State::Probing(country) => self.heard_in_probe(desk, country, tone),
                _ => self.heard(desk, tone),
            },
            MediaEvent::UnknownTone { tone, .. } => self.heard_unknown(desk, tone),
            MediaEvent::Silent { .. } if matches!(self.state, State::Active { .. }) => {
                self.release(desk, Cause::NORMAL_CLEARING, Some("silence"));
            }
            MediaEvent::DigitsSent { .. } if matches!(self.state, State::Dialling { pulses: None, .. }) => {
                self.number_sent(desk);
            }
            MediaEvent::Voice { .. } if self.supervision() == AnswerSupervision::Voice => {
                if matches!(self.state, State::Dialled { .. }) {
                    self.answered(desk, false);
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
        if self.bounce.is_some_and(|at| at <= now) {
            self.bounce = None;
            self.trusted_event(desk, LineEvent::RingStarted);
        }
        if let State::Ringing(ringing) = &mut self.state
            && ringing.deadline().is_some_and(|(at, _)| at <= now)
        {
            ringing.expire(now);
            self.offer_when_ready(desk);
        }
        if self.timer.is_none_or(|(at, _)| at > now) {
            return;
        }
        self.timer = None;
        match &self.state {
            State::Listening | State::Unwanted | State::Guard(_) => self.idle(desk),
            State::ShortRing => self.rings(desk, false),
            State::Primary => self.primary_over(desk),
            State::Ringing(_) => {
                self.rang(desk);
                self.release(desk, Cause::NORMAL_CLEARING, Some("the caller gave up"));
            }
            State::Probing(_) => {
                self.probe_lost(desk);
                self.rest(desk);
            }
            State::Seizing(_) => {
                self.learn(desk, Learned::NoDialTone);
                self.send_number(desk);
            }
            State::Releasing(_) => self.seize_again(desk),
            State::Dialling { pulses: Some(_), .. } => self.next_pulses(desk),
            State::Dialling { pulses: None, .. } => self.number_sent(desk),
            _ => {}
        }
    }

    pub(crate) fn poll_timeout(&self) -> Timer {
        let offer = match &self.state {
            State::Ringing(ringing) if !ringing.offered => ringing.deadline(),
            _ => None,
        };
        let bounce = self.bounce.map(|at| (at, "ring debounce"));
        offer.into_iter().chain(bounce).chain(self.timer).min()
    }

    fn polarity_reversed(&mut self, desk: &mut Desk) {
        let by_polarity = self.supervision() == AnswerSupervision::Polarity;
        match self.state {
            State::Idle if self.line.is_some() => self.announced(desk),
            State::Dialling { ref mut answered, .. } if by_polarity => *answered = true,
            State::Dialled { .. } if by_polarity => self.answered(desk, true),
            State::Dialled { alerted: true } => self.learn(desk, Learned::AnswerPolarity),
            State::Active { since, reversal_ends: true, .. } if desk.now.mono.since(since) >= SETTLING => {
                self.learn(desk, Learned::HangupPolarity);
                self.far_end_gone(desk, Cause::NORMAL_CLEARING, "polarity reversal");
            }
            _ => {}
        }
    }

    fn loop_broken(&mut self, desk: &mut Desk) {
        match self.state {
            // The exchange lets go of the last call only now; dial tone is to follow.
            State::Seizing(_) if self.is_recent(desk) && !self.seized_again => {
                self.seized_again = true;
                if let Some(leg) = self.leg {
                    desk.note(leg, Protocol::Line, "late release of the last call");
                }
                self.timer = Some((desk.at(self.dial_tone_wait()), "dial tone"));
            }
            State::Active { .. } => {
                self.learn(desk, Learned::HangupLoopBreak);
                self.far_end_gone(desk, Cause::NORMAL_CLEARING, "loop break");
            }
            _ => self.far_end_gone(desk, Cause::NORMAL_CLEARING, "loop break"),
        }
    }

    /// Another telephone on the pair went off hook.
    fn shared(&mut self, desk: &mut Desk) {
        if self.off_hook || matches!(self.state, State::Down) {
            return;
        }
        self.learn(desk, Learned::SharedPair);
        self.bounce = None;
        self.caller = None;
        match self.state {
            State::Ringing(_) => {
                // It has answered the call.
                self.rang(desk);
                self.release(desk, Cause::NORMAL_CLEARING, Some("answered on another telephone"));
            }
            State::Releasing(_) => self.hunt_on(desk, Cause::NO_CIRCUIT, "another telephone uses the line"),
            _ => {
                // No call of ours begins with the ring that led here.
                if let Some(leg) = self.leg.take() {
                    desk.forget(leg);
                }
            }
        }
        desk.close(self.stream.take());
        self.timer = None;
        self.state = State::Shared;
        desk.changed();
    }

    /// The exchange says that the far end hung up.
    fn far_end_gone(&mut self, desk: &mut Desk, cause: Cause, reason: &'static str) {
        match self.state {
            State::Seizing(_) => self.hunt_on(desk, Cause::DESTINATION_OUT_OF_ORDER, reason),
            State::Dialling { .. } | State::Dialled { .. } | State::Active { .. } => {
                self.release(desk, cause, Some(reason));
            }
            State::Ringing(Ringing { connected: true, .. }) => self.release(desk, cause, Some(reason)),
            State::Primary => self.primary_over(desk),
            _ => {}
        }
    }

    /// There is no line any more.
    fn lost(&mut self, desk: &mut Desk, reason: &'static str) {
        self.probe_lost(desk);
        let cause = match self.state {
            State::Active { .. } => Cause::TEMPORARY_FAILURE,
            _ => Cause::DESTINATION_OUT_OF_ORDER,
        };
        self.bounce = None;
        if matches!(self.state, State::Seizing(_) | State::Releasing(_)) {
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
        if let State::Seizing(attempt) | State::Releasing(attempt) = state {
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
            self.hook_on(desk);
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
        self.primary_done = false;
        self.line.clone_from(&self.wanted);
        if self.line.is_some() && self.expectation(desk).always {
            // Nothing announces the data: the line is listened to all the time.
            let detect = self.for_identity(desk);
            self.stream = Some(desk.open(self.channel, detect));
        }
        desk.changed();
    }

    fn hook_off(&mut self, desk: &mut Desk) {
        self.off_hook = true;
        self.seized = desk.now.mono;
        desk.line(self.channel, self.leg, LineCommand::OffHook);
    }

    fn hook_on(&mut self, desk: &mut Desk) {
        self.off_hook = false;
        self.habits.released = Some(desk.now.mono);
        desk.line(self.channel, self.leg, LineCommand::OnHook);
    }

    fn active(&mut self, desk: &mut Desk, reversal_ends: bool) {
        let outgoing = matches!(self.state, State::Dialled { .. });
        let supervised = !outgoing || self.supervision() != AnswerSupervision::AfterDialling;
        self.state = State::Active { since: desk.now.mono, supervised, reversal_ends };
        self.timer = None;
        let detect = self.in_call(desk);
        desk.detect(self.stream, detect);
        desk.changed();
    }

    /// The last call ended so recently that the exchange may still hold it.
    fn is_recent(&self, desk: &Desk) -> bool {
        self.habits.released.is_some_and(|at| desk.now.mono.since(at) < RECENT)
    }

    fn dial_tone_wait(&self) -> Duration {
        Duration::from_millis(self.line.as_ref().map_or(0, |line| line.dial_tone_wait_ms).into())
    }

    fn learn(&mut self, desk: &mut Desk, what: Learned) {
        let what = self.habits.once(what);
        self.tell(desk, what);
    }

    fn tell(&self, desk: &mut Desk, what: Option<Learned>) {
        if let (Some(what), Some(line)) = (what, &self.line) {
            desk.learned(line.id, what);
        }
    }

    fn supervision(&self) -> AnswerSupervision {
        self.line.as_ref().map(|line| line.answer).unwrap_or_default()
    }
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
