//! One call on a span: Q.931 call control as the gateway sees it. The helper keeps the protocol's
//! own timers and retransmissions; the states have their names from Q.931 §2.1 (user side).
//!
//! ```text
//!  Dial                                     Setup
//!   │                                         │
//!   ▼            SetupAck                     ▼        NeedDigits
//! CallInitiated ─────────► OverlapSending   CallPresent ─────────► OverlapReceiving
//!   │ Proceeding              │               │ Proceed               │
//!   ▼                         ▼               ▼                       ▼
//! OutgoingCallProceeding ◄────┘             IncomingCallProceeding ◄──┘
//!   │ Alerting                                │ Ring
//!   ▼                                         ▼
//! CallDelivered ──Connect──► Active ◄─Answer─ CallReceived
//!
//!   unanswered + Disconnect in band ──► DisconnectIndication ──T306, Hangup──┐
//!   listening  + Hangup (network)   ──► DisconnectRequest ─────T306──────────┤
//!   anything   + Disconnect, Hangup ────────────────────────────────► ReleaseRequest
//!   anything   + Cleared ──► gone
//! ```

use crate::desk::{Desk, Timer};
use crate::number;
use crate::tone;
use crate::trunk_group::{Attempt, MAX_GLARES};
use demarc_isdn::{CallRef, Command, Event, PartyNumber};
use demarc_model::live::ChannelState;
use demarc_model::media::{Detect, Source};
use demarc_model::trace::Protocol;
use demarc_model::{Cause, ChannelId, LegCommand, LegEvent, LegId, SpanId, StreamId};
use std::time::Duration;

/// T306: how long a tone or announcement after DISCONNECT may last (Q.931 table 9-1: 30 s).
const T306: Duration = Duration::from_secs(30);
/// T302: how long a caller may think between two digits (Q.931 table 9-1: 10–15 s).
const T302: Duration = Duration::from_secs(10);
/// After this the release of a call is given up: T305 (30 s) and twice T308 (4 s) have passed in
/// the helper, and then some.
const RELEASE_GIVEN_UP: Duration = Duration::from_secs(45);
/// The most digits that are collected in overlap.
const MAX_OVERLAP: usize = 32;

/// States of Q.931 §2.1; both halves in one list, for a call never changes sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    CallInitiated,
    OverlapSending,
    OutgoingCallProceeding,
    CallDelivered,
    CallPresent,
    OverlapReceiving,
    IncomingCallProceeding,
    CallReceived,
    Active,
    /// The far end hung up and explains why in band.
    DisconnectIndication,
    /// We hung up and explain why in band.
    DisconnectRequest,
    /// The helper was told to clear.
    ReleaseRequest,
}

/// The wire a call is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wire {
    pub(crate) span: SpanId,
    /// We are the network side.
    pub(crate) network: bool,
    /// The type of number in which own-country numbers travel here.
    pub(crate) own: u8,
    /// Layers 1 and 2 are up.
    pub(crate) in_service: bool,
}

/// One call.
#[derive(Debug)]
pub(crate) struct IsdnCall {
    pub(crate) reference: CallRef,
    pub(crate) leg: LegId,
    /// The PBX was told that the leg is over; the call only waits to be released.
    pub(crate) over: bool,
    pub(crate) slot: Option<u8>,
    pub(crate) state: State,
    stream: Option<StreamId>,
    /// Outgoing, and the PBX was told nothing yet: the call may still go another way.
    attempt: Option<Attempt>,
    /// Why it ends: the first reason counts.
    cause: Option<Cause>,
    /// The PBX hung up.
    hung_up: bool,
    /// The far end was told (progress indicator 8) that it hears us.
    heard: bool,
    /// What it hears is the PBX's, not a tone of ours.
    early_media: bool,
    digits: usize,
    pub(crate) timer: Timer,
}

impl IsdnCall {
    /// Begins an outgoing call on the B channel `slot`.
    pub(crate) fn dial(
        desk: &mut Desk,
        wire: Wire,
        reference: CallRef,
        slot: u8,
        overlap: bool,
        attempt: Attempt,
    ) -> Self {
        let dial = &attempt.dial;
        let system = &desk.config.system;
        let redirecting = dial.redirecting.as_ref();
        let setup = demarc_isdn::command::Setup {
            call: reference,
            channel: demarc_isdn::ChannelChoice { slot, ..Default::default() },
            called: number::number_out(&dial.called, wire.own, system),
            complete: !overlap,
            calling: number::caller_out(&dial.caller, wire.own, system),
            name: dial.caller.shown_name().map(|name| name.chars().take(32).collect()),
            redirecting: redirecting
                .and_then(|redirecting| redirecting.from.number.as_deref())
                .map(|number| number::number_out(number, wire.own, system)),
            bearer: demarc_isdn::Bearer::Speech,
            ..Default::default()
        };
        let leg = dial.leg;
        desk.isdn(wire.span, Command::Setup(Box::new(setup)));
        Self { attempt: Some(attempt), ..Self::new(reference, leg, slot, State::CallInitiated) }
    }

    /// Takes an incoming call whose B channel is `slot`; its audio is open from now on.
    pub(crate) fn present(desk: &mut Desk, wire: Wire, reference: CallRef, leg: LegId, slot: u8) -> Self {
        let mut call = Self::new(reference, leg, slot, State::CallPresent);
        call.open(desk, wire);
        call
    }

    fn new(reference: CallRef, leg: LegId, slot: u8, state: State) -> Self {
        Self {
            reference,
            leg,
            over: false,
            slot: Some(slot),
            state,
            stream: None,
            attempt: None,
            cause: None,
            hung_up: false,
            heard: false,
            early_media: false,
            digits: 0,
            timer: None,
        }
    }

    pub(crate) fn stream(&self) -> Option<StreamId> {
        self.stream
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state == State::Active
    }

    /// Ours, and the far end has not said a word about it: it may be about to lose its channel.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.state == State::CallInitiated && self.stream.is_none()
    }

    pub(crate) fn live(&self) -> ChannelState {
        match self.state {
            State::CallDelivered | State::CallReceived => ChannelState::Ringing,
            State::Active | State::ReleaseRequest => ChannelState::Busy,
            _ => ChannelState::Dialling,
        }
    }

    /// Something the far end said about this call.
    pub(crate) fn handle_event(&mut self, desk: &mut Desk, wire: Wire, event: Event) {
        match event {
            Event::SetupAck { .. } if self.state == State::CallInitiated => {
                // All digits went with the SETUP: a dial tone would say nothing.
                self.state = State::OverlapSending;
                self.proceeding(desk, wire);
            }
            Event::Proceeding { in_band, .. } if self.is_outgoing() => {
                self.state = State::OutgoingCallProceeding;
                self.proceeding(desk, wire);
                self.progress(desk, in_band, None);
            }
            Event::Alerting { in_band, .. } if self.is_outgoing() => {
                self.state = State::CallDelivered;
                self.proceeding(desk, wire);
                desk.leg(LegEvent::Alerting { leg: self.leg, in_band });
            }
            Event::Progress { in_band, cause, .. }
                if self.is_outgoing() || self.state == State::CallDelivered =>
            {
                self.proceeding(desk, wire);
                self.progress(desk, in_band, cause);
            }
            Event::Connect { connected, .. } if self.is_outgoing() || self.state == State::CallDelivered => {
                self.state = State::Active;
                self.proceeding(desk, wire);
                let connected =
                    connected.map(|number| number::caller_in(Some(&number), None, &desk.config.system));
                desk.leg(LegEvent::Answered { leg: self.leg, connected });
            }
            Event::Information { digits, complete, .. } => self.information(desk, &digits, complete),
            Event::Disconnect { cause, in_band, .. } => self.disconnect(desk, wire, cause, in_band),
            _ => return,
        }
        desk.changed();
    }

    /// Something the PBX wants.
    pub(crate) fn handle_command(&mut self, desk: &mut Desk, wire: Wire, command: LegCommand) {
        let call = self.reference;
        match (command, self.state) {
            (LegCommand::NeedDigits { dial_tone, .. }, State::CallPresent) => {
                self.state = State::OverlapReceiving;
                self.timer = Some((desk.at(T302), "T302"));
                self.heard |= dial_tone;
                desk.isdn(wire.span, Command::SetupAck { call, in_band: dial_tone });
                if dial_tone {
                    desk.play(self.stream, tone::dial(desk.config.system.country));
                }
            }
            (LegCommand::Proceed { .. }, State::CallPresent | State::OverlapReceiving) => {
                self.proceed(desk, wire, false);
            }
            (
                LegCommand::Ring { in_band, .. },
                State::CallPresent | State::OverlapReceiving | State::IncomingCallProceeding,
            ) => {
                self.state = State::CallReceived;
                self.timer = None;
                // The network side owes its caller ringback; the user side leaves it to the network.
                if wire.network && !in_band {
                    desk.play(self.stream, tone::ringback(desk.config.system.country));
                }
                self.heard |= in_band || wire.network;
                self.early_media |= in_band;
                desk.isdn(wire.span, Command::Alerting { call, in_band: in_band || wire.network });
            }
            (LegCommand::Ring { in_band: true, .. }, State::CallReceived) => {
                self.early_media = true;
                if !std::mem::replace(&mut self.heard, true) {
                    desk.isdn(wire.span, Command::Progress { call, in_band: true, cause: None });
                }
            }
            (
                LegCommand::Progress { cause, .. },
                State::CallPresent
                | State::OverlapReceiving
                | State::IncomingCallProceeding
                | State::CallReceived,
            ) => {
                self.early_media = true;
                if matches!(self.state, State::CallPresent | State::OverlapReceiving) {
                    // The first answer to SETUP names the channel, which PROGRESS need not do.
                    self.proceed(desk, wire, cause.is_none());
                }
                if !self.heard || cause.is_some() {
                    self.heard = true;
                    let cause = cause.map(Cause::value);
                    desk.isdn(wire.span, Command::Progress { call, in_band: true, cause });
                }
            }
            (
                LegCommand::Answer { connected, .. },
                State::CallPresent
                | State::OverlapReceiving
                | State::IncomingCallProceeding
                | State::CallReceived,
            ) => {
                self.state = State::Active;
                self.timer = None;
                let connected = connected
                    .and_then(|caller| number::caller_out(&caller, wire.own, &desk.config.system))
                    .filter(|number| !number.digits.is_empty());
                desk.isdn(wire.span, Command::Connect { call, connected });
            }
            (LegCommand::Hangup { cause, .. }, state) => self.hangup(desk, wire, cause, state),
            _ => return,
        }
        desk.changed();
    }

    pub(crate) fn handle_timeout(&mut self, desk: &mut Desk, wire: Wire) {
        self.timer = None;
        match self.state {
            State::OverlapReceiving => {
                desk.leg(LegEvent::MoreDigits { leg: self.leg, digits: String::new(), complete: true });
            }
            State::DisconnectIndication | State::DisconnectRequest => {
                self.clear(desk, wire, Cause::NORMAL_CLEARING);
            }
            _ => {}
        }
    }

    /// The release was given up: nobody answers for this call any more.
    pub(crate) fn is_stuck(&self, desk: &Desk) -> bool {
        self.state == State::ReleaseRequest && self.timer.is_some_and(|(at, _)| at <= desk.now.mono)
    }

    /// The party pressed a key.
    pub(crate) fn digit(&self, desk: &mut Desk, digit: char) {
        if self.is_active() && !self.over {
            desk.leg(LegEvent::Digit { leg: self.leg, digit, out_of_band: false });
        }
    }

    /// The B channel is another one from now on. Streams follow.
    pub(crate) fn take_channel(&mut self, slot: Option<u8>) {
        self.slot = slot;
    }

    /// Tells the helper to clear; the leg ends when it has.
    pub(crate) fn clear(&mut self, desk: &mut Desk, wire: Wire, cause: Cause) {
        if self.state == State::ReleaseRequest {
            return;
        }
        let cause = *self.cause.get_or_insert(cause);
        self.state = State::ReleaseRequest;
        self.timer = Some((desk.at(RELEASE_GIVEN_UP), "ISDN release"));
        desk.isdn(wire.span, Command::Clear { call: self.reference, cause: cause.value() });
    }

    /// The call is over for the PBX: its audio closes, and its leg ends or, when the PBX knows
    /// nothing of this channel yet, tries another one.
    pub(crate) fn end(&mut self, desk: &mut Desk, wire: Wire, cause: Cause, reason: Option<&str>) {
        if self.over {
            return;
        }
        self.over = true;
        desk.close(self.stream.take());
        let mut cause = self.cause.unwrap_or(cause);
        if let Some(mut attempt) = self.attempt.take()
            && !self.hung_up
        {
            let glare = cause == Cause::REQUESTED_CIRCUIT_UNAVAILABLE;
            attempt.glares += u8::from(glare);
            if !wire.in_service || (glare && attempt.glares <= MAX_GLARES) {
                desk.note(self.leg, Protocol::Q931, format!("cause {cause}: another channel"));
                if let Some(slot) = self.slot {
                    attempt.failed_on(ChannelId { span: wire.span, slot }, cause);
                } else {
                    attempt.failed = Some(cause);
                }
                desk.again(attempt);
                return;
            }
            if glare {
                cause = Cause::NO_CIRCUIT;
            }
        }
        desk.ended(self.leg, cause, reason);
    }

    /// May the PBX still hear of an outgoing call's progress? (Not in `CallDelivered`: alerting is
    /// told once.)
    fn is_outgoing(&self) -> bool {
        matches!(self.state, State::CallInitiated | State::OverlapSending | State::OutgoingCallProceeding)
    }

    /// The far end has the call: from now on it has audio, and stays here.
    fn proceeding(&mut self, desk: &mut Desk, wire: Wire) {
        if self.attempt.take().is_none() {
            return;
        }
        self.open(desk, wire);
        let place = match self.slot {
            Some(slot) => ChannelId { span: wire.span, slot }.to_string(),
            None => wire.span.to_string(),
        };
        if let Some(stream) = self.stream {
            desk.leg(LegEvent::Proceeding { leg: self.leg, stream, place });
        }
    }

    /// Opens the audio of the channel.
    fn open(&mut self, desk: &mut Desk, wire: Wire) {
        if let (Some(slot), None) = (self.slot, self.stream) {
            let channel = ChannelId { span: wire.span, slot };
            self.stream = Some(desk.open(channel, Detect { dtmf: true, ..Detect::default() }));
        }
    }

    fn progress(&self, desk: &mut Desk, in_band: bool, cause: Option<u8>) {
        if in_band || cause.is_some() {
            let cause = cause.map(Cause::from_received);
            desk.leg(LegEvent::Progress { leg: self.leg, in_band, cause });
        }
    }

    fn proceed(&mut self, desk: &mut Desk, wire: Wire, in_band: bool) {
        self.state = State::IncomingCallProceeding;
        self.timer = None;
        self.heard |= in_band;
        desk.isdn(wire.span, Command::Proceeding { call: self.reference, in_band });
    }

    fn information(&mut self, desk: &mut Desk, digits: &str, complete: bool) {
        if !matches!(self.state, State::CallPresent | State::OverlapReceiving) {
            return;
        }
        if self.digits == 0 && self.heard {
            desk.play(self.stream, Source::Silence);
        }
        let party = PartyNumber { digits: digits.to_owned(), ..PartyNumber::default() };
        let clean = number::called_in(&party, &desk.config.system);
        let room = MAX_OVERLAP.saturating_sub(self.digits);
        // `#` ends dialling.
        let digits: String = clean.chars().take_while(|digit| *digit != '#').take(room).collect();
        let complete = complete || clean.contains('#') || digits.len() == room;
        self.digits += digits.len();
        self.timer = if complete { None } else { Some((desk.at(T302), "T302")) };
        desk.leg(LegEvent::MoreDigits { leg: self.leg, digits, complete });
    }

    fn disconnect(&mut self, desk: &mut Desk, wire: Wire, cause: u8, in_band: bool) {
        let cause = Cause::from_received(cause);
        let outgoing = self.is_outgoing() || self.state == State::CallDelivered;
        if outgoing && in_band && self.slot.is_some() {
            self.proceeding(desk, wire);
            self.cause = Some(cause);
            self.state = State::DisconnectIndication;
            self.timer = Some((desk.at(T306), "T306"));
            desk.leg(LegEvent::Progress { leg: self.leg, in_band: true, cause: Some(cause) });
            return;
        }
        self.clear(desk, wire, cause);
    }

    /// A caller who listens to a tone of ours (dial tone, ringback) is told by another why the call
    /// failed. Every other one gets the cause alone: it makes the tone itself, or has heard what
    /// the PBX had to say.
    fn hangup(&mut self, desk: &mut Desk, wire: Wire, cause: Cause, state: State) {
        let unanswered =
            matches!(state, State::OverlapReceiving | State::IncomingCallProceeding | State::CallReceived);
        if unanswered && wire.network && self.heard && !self.early_media && tone::explains(cause) {
            self.hung_up = true;
            self.cause = Some(cause);
            self.state = State::DisconnectRequest;
            self.timer = Some((desk.at(T306), "T306"));
            desk.play(self.stream, tone::of_cause(desk.config.system.country, cause));
            desk.isdn(wire.span, Command::DisconnectInBand { call: self.reference, cause: cause.value() });
            return;
        }
        self.hung_up = true;
        self.clear(desk, wire, cause);
    }
}
