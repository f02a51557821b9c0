//! One call on a channel with MFC/R2.
//!
//! ```text
//! outgoing: Seizing ──Accepted──► Delivered ──Answered──► Active
//! incoming: Present ──Ring──► Received ──Answer──► Active
//!               │                 │ Hangup: R2 has no signal for it
//!               │ Hangup          ▼
//!               │             Explaining (a tone)
//!               ▼                 ▼
//!             Clearing ──Ended──► over
//! ```

use super::words;
use crate::desk::{Desk, Timer};
use crate::trunk_group::{Attempt, MAX_GLARES};
use crate::{number, tone};
use demarc_model::config::R2Settings;
use demarc_model::live::ChannelState;
use demarc_model::media::Detect;
use demarc_model::record::Charge;
use demarc_model::trace::Protocol;
use demarc_model::{CallerId, Cause, ChannelId, LegCommand, LegEvent, LegId, Presentation, SpanId, StreamId};
use demarc_r2::{ClearReason, Command, Event};
use std::time::Duration;

/// How long the PBX may look for the party before the caller is told that it is free: his register
/// waits 15 ± 3 s for any signal (Q.476 §5.5.1).
const DECISION: Duration = Duration::from_secs(8);
/// How long a tone explains why a call has failed that was accepted.
const EXPLAINED: Duration = Duration::from_secs(20);
/// After this the release of a call is given up. A far end that times out its own called party may
/// need 90 s (Q.118); nobody waits for it at ours.
const RELEASE_GIVEN_UP: Duration = Duration::from_secs(100);

/// Where a call is on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wire {
    pub(super) span: SpanId,
    pub(super) slot: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Seizing,
    Delivered,
    Present,
    Received,
    Active,
    Explaining,
    Clearing,
}

/// One call.
#[derive(Debug)]
pub(super) struct R2Call {
    pub(super) leg: LegId,
    /// The PBX was told that the leg is over; the channel waits for the far end.
    pub(super) over: bool,
    state: State,
    stream: Option<StreamId>,
    /// Outgoing, and the PBX was told nothing yet: the call may still go another way.
    attempt: Option<Attempt>,
    /// Why it ends: the first reason counts.
    cause: Option<Cause>,
    /// The PBX hung up.
    hung_up: bool,
    /// Both ends seized the channel at once.
    glare: bool,
    /// It is the channel that failed, before the far end had the call: another one may do better.
    another: bool,
    pulses: u32,
    pub(super) timer: Timer,
}

impl R2Call {
    /// Seizes a channel. The cause when the number cannot be sent.
    pub(super) fn dial(
        desk: &mut Desk,
        wire: Wire,
        settings: &R2Settings,
        attempt: Attempt,
    ) -> Result<Self, Cause> {
        let system = &desk.config.system;
        let dialled = number::dialled_out(&attempt.dial.called, system);
        let dnis: String = dialled.chars().filter(char::is_ascii_digit).collect();
        if dnis.is_empty() {
            return Err(Cause::INVALID_NUMBER_FORMAT);
        }
        let ani = ani(&attempt.dial.caller, desk);
        let category = words::category(settings);
        let leg = attempt.dial.leg;
        desk.r2(wire.span, Command::Seize { slot: wire.slot, dnis, ani, category });
        Ok(Self { attempt: Some(attempt), ..Self::new(leg, State::Seizing) })
    }

    /// Takes a call of the far end, and its audio.
    pub(super) fn present(desk: &mut Desk, wire: Wire, leg: LegId, accepted: bool) -> (Self, StreamId) {
        let state = if accepted { State::Received } else { State::Present };
        let mut call = Self::new(leg, state);
        if !accepted {
            call.timer = Some((desk.at(DECISION), "R2 decision"));
        }
        let stream = call.open(desk, wire);
        (call, stream)
    }

    fn new(leg: LegId, state: State) -> Self {
        Self {
            leg,
            over: false,
            state,
            stream: None,
            attempt: None,
            cause: None,
            hung_up: false,
            glare: false,
            another: false,
            pulses: 0,
            timer: None,
        }
    }

    pub(super) fn stream(&self) -> Option<StreamId> {
        self.stream
    }

    pub(super) fn live(&self) -> ChannelState {
        match self.state {
            State::Seizing | State::Present => ChannelState::Dialling,
            State::Delivered | State::Received => ChannelState::Ringing,
            State::Active | State::Explaining | State::Clearing => ChannelState::Busy,
        }
    }

    /// It met a call of the far end.
    pub(super) fn met_another(&self) -> bool {
        self.glare
    }

    /// Something the far end did.
    pub(super) fn handle_event(&mut self, desk: &mut Desk, wire: Wire, event: &Event) {
        match (event, self.state) {
            (Event::Accepted { .. }, State::Seizing) => {
                self.state = State::Delivered;
                self.attempt = None;
                let stream = self.open(desk, wire);
                let place = place(wire).to_string();
                desk.leg(LegEvent::Proceeding { leg: self.leg, stream, place });
                // The exchange of the called party gives ringback.
                desk.leg(LegEvent::Alerting { leg: self.leg, in_band: true });
            }
            (Event::Answered { .. }, State::Delivered) => {
                self.state = State::Active;
                desk.leg(LegEvent::Answered { leg: self.leg, connected: None });
            }
            (Event::Pulse { .. }, State::Active) if !self.over => {
                self.pulses = self.pulses.saturating_add(1);
                let charge = Charge { units: Some(self.pulses), ..Charge::default() };
                desk.leg(LegEvent::Charge { leg: self.leg, charge });
            }
            _ => {}
        }
    }

    /// The far end clears.
    pub(super) fn disconnected(&mut self, desk: &mut Desk, wire: Wire, reason: ClearReason) {
        // Before anything was signalled a release is the far end's own seizure (double seizure,
        // Q.422 §3.2.7).
        self.glare = self.state == State::Seizing && reason == ClearReason::ForcedRelease;
        self.another = self.glare;
        let cause = if self.glare {
            Cause::REQUESTED_CIRCUIT_UNAVAILABLE
        } else {
            Cause::from_received(reason.cause())
        };
        self.clear(desk, wire, ClearReason::Normal);
        self.end(desk, wire, cause, None);
    }

    /// The signalling broke down.
    pub(super) fn broken(&mut self) {
        self.another = self.state == State::Seizing;
    }

    /// Something the PBX wants.
    pub(super) fn handle_command(
        &mut self,
        desk: &mut Desk,
        wire: Wire,
        settings: &R2Settings,
        command: LegCommand,
    ) {
        match (command, self.state) {
            (LegCommand::Ring { in_band, .. }, State::Present) => {
                self.accept(desk, wire, settings);
                if !in_band {
                    desk.play(self.stream, tone::ringback(desk.config.system.country));
                }
            }
            (LegCommand::Progress { .. }, State::Present) => self.accept(desk, wire, settings),
            (LegCommand::Ring { in_band: false, .. }, State::Received) => {
                desk.play(self.stream, tone::ringback(desk.config.system.country));
            }
            (LegCommand::Answer { .. }, State::Present | State::Received) => {
                if self.state == State::Present {
                    self.accept(desk, wire, settings);
                }
                self.state = State::Active;
                let double = settings.double_answer;
                desk.r2(wire.span, Command::Answer { slot: wire.slot, double });
            }
            (LegCommand::Hangup { cause, .. }, _) => self.hangup(desk, wire, settings, cause),
            _ => return,
        }
        desk.changed();
    }

    pub(super) fn handle_timeout(&mut self, desk: &mut Desk, wire: Wire, settings: &R2Settings) {
        self.timer = None;
        match self.state {
            State::Present => self.accept(desk, wire, settings),
            State::Explaining => self.clear(desk, wire, words::hang_up(settings)),
            _ => {}
        }
    }

    /// The timer that runs is the last: nobody answers for this call any more.
    pub(super) fn is_given_up(&self) -> bool {
        self.state == State::Clearing
    }

    /// The party pressed a key.
    pub(super) fn digit(&self, desk: &mut Desk, digit: char) {
        if self.state == State::Active && !self.over {
            desk.leg(LegEvent::Digit { leg: self.leg, digit, out_of_band: false });
        }
    }

    /// The call is over for the PBX: its audio closes, and its leg ends or, when the PBX knows
    /// nothing of this channel yet, tries another one.
    pub(super) fn end(&mut self, desk: &mut Desk, wire: Wire, cause: Cause, reason: Option<&str>) {
        if self.over {
            return;
        }
        self.over = true;
        desk.close(self.stream.take());
        let cause = self.cause.unwrap_or(cause);
        if let Some(mut attempt) = self.attempt.take()
            && !self.hung_up
            && self.another
        {
            attempt.glares += 1;
            if attempt.glares <= MAX_GLARES {
                desk.note(self.leg, Protocol::Line, format!("cause {cause}: another channel"));
                attempt.failed_on(place(wire), cause);
                return desk.again(attempt);
            }
        }
        desk.ended(self.leg, cause, reason);
    }

    fn accept(&mut self, desk: &mut Desk, wire: Wire, settings: &R2Settings) {
        self.state = State::Received;
        self.timer = None;
        desk.r2(wire.span, Command::Accept { slot: wire.slot, mode: words::mode(settings) });
    }

    fn hangup(&mut self, desk: &mut Desk, wire: Wire, settings: &R2Settings, cause: Cause) {
        self.hung_up = true;
        self.cause.get_or_insert(cause);
        match self.state {
            State::Seizing | State::Delivered => self.clear(desk, wire, ClearReason::Normal),
            State::Present => self.clear(desk, wire, refusal(cause)),
            // Clear back looks like the acknowledged seizure that is there already.
            State::Received if !settings.forced_release => {
                self.state = State::Explaining;
                self.timer = Some((desk.at(EXPLAINED), "R2 explanation"));
                desk.play(self.stream, tone::of_cause(desk.config.system.country, cause));
            }
            State::Received | State::Active => self.clear(desk, wire, words::hang_up(settings)),
            State::Explaining | State::Clearing => {}
        }
    }

    /// Tells the helper to clear; the leg ends when the channel is free.
    fn clear(&mut self, desk: &mut Desk, wire: Wire, reason: ClearReason) {
        if self.state != State::Clearing {
            self.state = State::Clearing;
            self.timer = Some((desk.at(RELEASE_GIVEN_UP), "R2 release"));
            desk.r2(wire.span, Command::Clear { slot: wire.slot, reason });
        }
    }

    fn open(&mut self, desk: &mut Desk, wire: Wire) -> StreamId {
        let stream = desk.open(place(wire), Detect { dtmf: true, ..Detect::NONE });
        self.stream = Some(stream);
        stream
    }
}

fn place(wire: Wire) -> ChannelId {
    ChannelId { span: wire.span, slot: wire.slot }
}

/// What a caller is told who waits for the decision: never that the call was taken.
fn refusal(cause: Cause) -> ClearReason {
    match ClearReason::of_cause(cause.value()) {
        ClearReason::Normal | ClearReason::NoAnswer => ClearReason::Unspecified,
        reason => reason,
    }
}

/// The caller's number as R2 carries it; none when it may not be shown.
fn ani(caller: &CallerId, desk: &Desk) -> Option<String> {
    let number = match caller.presentation {
        Presentation::Restricted => return None,
        Presentation::Unavailable => "",
        Presentation::Allowed => caller.number.as_deref().unwrap_or_default(),
    };
    let digits = number::number_out(number, number::NATIONAL, &desk.config.system).digits;
    Some(digits.chars().filter(char::is_ascii_digit).collect())
}
