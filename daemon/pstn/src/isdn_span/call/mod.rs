//! One call on a span: Q.931 call control as the gateway sees it. The helper keeps the timers and
//! retransmissions of the protocol's own; T301, T302, T304, T306 and T310 are kept here. The states
//! have their names from Q.931 §2.1 (user side).
//!
//! ```text
//!  Dial                                     Setup
//!   │                                         │
//!   ▼            SetupAck                     ▼        NeedDigits
//! CallInitiated ─────────► OverlapSending   CallPresent ─────────► OverlapReceiving
//!   │ Proceeding              │ T304          │ Proceed               │ T302
//!   ▼                         ▼               ▼                       ▼
//! OutgoingCallProceeding ◄────┘             IncomingCallProceeding ◄──┘
//!   │ Alerting      T310                      │ Ring
//!   ▼                                         ▼
//! CallDelivered ──Connect──► Active ◄─Answer─ CallReceived
//!        T301
//!   unanswered + Disconnect in band ──► DisconnectIndication ──T306, Hangup──┐
//!   listening  + Hangup (network)   ──► DisconnectRequest ─────T306──────────┤
//!   anything   + Disconnect, Hangup ────────────────────────────────► ReleaseRequest
//!   anything   + Cleared ──► gone
//! ```
//!
//! `hears` takes what the far end says, `obeys` what the PBX wants, `services` are hold, transfer and
//! charges.

mod hears;
mod obeys;
mod services;

use super::channels::BChannel;
use super::numbers::{Mirror, Numbers};
use super::settings::Times;
use crate::desk::{Desk, Timer};
use crate::trunk_group::{Attempt, MAX_GLARES, MAX_LOST};
use demarc_isdn::{CallRef, Command, command};
use demarc_model::config::{DataCalls, IsdnTrunk, OutgoingBearer};
use demarc_model::live::ChannelState;
use demarc_model::media::Detect;
use demarc_model::trace::Protocol;
use demarc_model::{Bearer, Cause, LegEvent, LegId, MediaCommand, SpanId, StreamId};
use services::{Held, Tally};
use std::sync::Arc;
use std::time::Duration;

/// After this the release of a call is given up: T305 (30 s) and twice T308 (4 s) have passed in
/// the helper, and then some.
const RELEASE_GIVEN_UP: Duration = Duration::from_secs(45);
/// The most characters of a name on the wire.
const NAME: usize = 32;

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
    /// Whose helper speaks.
    pub(crate) span: SpanId,
    /// We are the network side.
    pub(crate) network: bool,
    /// How own-country numbers travel here.
    pub(crate) mirror: Mirror,
    /// Layers 1 and 2 are up.
    pub(crate) in_service: bool,
    /// Timers.
    pub(crate) times: Times,
    /// The called number may go digit by digit.
    pub(crate) overlap: bool,
    /// The far end may hold and transfer.
    pub(crate) supplementary: bool,
}

/// One call.
#[derive(Debug)]
pub(crate) struct IsdnCall {
    pub(crate) reference: CallRef,
    pub(crate) leg: LegId,
    /// The PBX was told that the leg is over; the call only waits to be released.
    pub(crate) over: bool,
    pub(crate) channel: Option<BChannel>,
    pub(crate) state: State,
    stream: Option<StreamId>,
    /// How calls travel on its trunk.
    trunk: Arc<IsdnTrunk>,
    bearer: Bearer,
    /// Outgoing, and the PBX was told nothing yet: the call may still go another way.
    attempt: Option<Attempt>,
    /// The far end has said something about it.
    answered_to: bool,
    /// The far end chose a channel that we cannot give it.
    unfit: bool,
    emergency: bool,
    /// Why it ends: the first reason counts.
    cause: Option<Cause>,
    /// The PBX hung up.
    hung_up: bool,
    /// The far end was told (progress indicator 8) that it hears us.
    heard: bool,
    /// What it hears is the PBX's, not a tone of ours.
    early_media: bool,
    digits: usize,
    /// Outgoing: digits that wait until the far end asks for them (SETUP ACK).
    more: String,
    held: Held,
    tally: Tally,
    /// Who is about to answer, by name.
    named: Option<String>,
    /// The far end asked us to join this call with that one: its invocation.
    transfer: Option<(CallRef, i32)>,
    pub(crate) timer: Timer,
}

impl IsdnCall {
    /// Begins an outgoing call on a B channel.
    pub(crate) fn dial(
        desk: &mut Desk,
        wire: Wire,
        reference: CallRef,
        channel: BChannel,
        trunk: Arc<IsdnTrunk>,
        attempt: Attempt,
    ) -> Self {
        let dial = &attempt.dial;
        let numbers = Numbers { system: &desk.config.system, trunk: &trunk, mirror: wire.mirror };
        let redirecting = dial.redirecting.as_ref().filter(|_| trunk.send_redirecting);
        let (redirecting, redirection) =
            redirecting.map_or((None, None), |redirecting| numbers.redirecting_out(redirecting));
        let name = dial.caller.shown_name().filter(|_| trunk.send_name);
        let ask = trunk.ask_charge && !wire.network;
        let setup = command::Setup {
            call: reference,
            channel: demarc_isdn::ChannelChoice {
                interface: channel.interface,
                slot: channel.id.slot,
                exclusive: false,
            },
            called: numbers.called_out(&dial.called),
            complete: !wire.overlap,
            calling: numbers.party_out(&dial.caller),
            name: name.map(|name| name.chars().take(NAME).collect()),
            redirecting,
            redirection,
            bearer: bearer_out(dial.bearer, trunk.bearer),
            aoc: demarc_isdn::AocWish { start: false, during: ask, end: ask },
            ..command::Setup::default()
        };
        let (leg, bearer, emergency) = (dial.leg, dial.bearer, dial.emergency);
        desk.isdn(wire.span, Command::Setup(Box::new(setup)));
        let call = Self::new(reference, leg, channel, State::CallInitiated, trunk, bearer);
        Self { attempt: Some(attempt), emergency, ..call }
    }

    /// Takes an incoming call on a B channel; its audio is open from now on.
    pub(crate) fn present(
        desk: &mut Desk,
        reference: CallRef,
        leg: LegId,
        channel: BChannel,
        trunk: Arc<IsdnTrunk>,
        bearer: Bearer,
    ) -> Self {
        let mut call = Self::new(reference, leg, channel, State::CallPresent, trunk, bearer);
        call.answered_to = true;
        call.open(desk);
        call
    }

    fn new(
        reference: CallRef,
        leg: LegId,
        channel: BChannel,
        state: State,
        trunk: Arc<IsdnTrunk>,
        bearer: Bearer,
    ) -> Self {
        Self {
            reference,
            leg,
            over: false,
            channel: Some(channel),
            state,
            stream: None,
            trunk,
            bearer,
            attempt: None,
            answered_to: false,
            unfit: false,
            emergency: false,
            cause: None,
            hung_up: false,
            heard: false,
            early_media: false,
            digits: 0,
            more: String::new(),
            held: Held::default(),
            tally: Tally::default(),
            named: None,
            transfer: None,
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

    /// A message about it came from the far end.
    pub(crate) fn heard_of(&mut self) {
        self.answered_to = true;
    }

    /// Why it was refused, when the far end did not want its channel.
    pub(crate) fn channel_refused(&self, cause: Cause) -> Option<Cause> {
        let cause = self.cause.unwrap_or(cause);
        (is_of_channel(cause) && !self.unfit && self.attempt.is_some() && !self.hung_up).then_some(cause)
    }

    pub(crate) fn live(&self) -> ChannelState {
        match self.state {
            State::CallDelivered | State::CallReceived => ChannelState::Ringing,
            State::Active | State::ReleaseRequest => ChannelState::Busy,
            _ => ChannelState::Dialling,
        }
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
            // The number was sent, and nobody wants more of it or does anything with it.
            State::OverlapSending => self.clear(desk, wire, Cause::INVALID_NUMBER_FORMAT),
            State::OutgoingCallProceeding => self.clear(desk, wire, Cause::RECOVERY_ON_TIMER),
            State::CallDelivered => self.clear(desk, wire, Cause::NO_ANSWER),
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

    /// The channel that the far end chose for it cannot be had.
    pub(crate) fn unfit(&mut self, desk: &mut Desk, wire: Wire, cause: Cause) {
        self.unfit = true;
        self.clear(desk, wire, cause);
    }

    /// The B channel is another one from now on. Streams follow.
    pub(crate) fn take_channel(&mut self, channel: Option<BChannel>) {
        self.channel = channel;
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
        let (silent, lost) = (self.is_silent(cause), self.is_lost(cause));
        let mut cause = self.cause.unwrap_or(cause);
        let mut reason = reason;
        if let Some(mut attempt) = self.attempt.take()
            && !self.hung_up
        {
            let glare = is_of_channel(cause);
            attempt.glares += u8::from(glare);
            if !wire.in_service || (glare && attempt.glares <= MAX_GLARES) {
                desk.note(self.leg, Protocol::Q931, format!("cause {cause}: another channel"));
                match self.channel {
                    Some(channel) => attempt.failed_on(channel.id, cause),
                    None => attempt.failed = Some(cause),
                }
                desk.again(attempt);
                return;
            }
            if lost && attempt.lost < MAX_LOST {
                attempt.lost += 1;
                desk.note(self.leg, Protocol::Q931, "the far end never had the SETUP: it is sent again");
                desk.again(attempt);
                return;
            }
            if glare {
                cause = Cause::NO_CIRCUIT;
            }
            if silent {
                cause = Cause::RECOVERY_ON_TIMER;
                reason = Some("T303: the far end did not answer SETUP");
            }
        }
        desk.ended(self.leg, cause, reason);
    }

    /// The far end established layer 2 anew while our SETUP was on its way, and does not know the call: the
    /// SETUP is gone, but nothing speaks against another one. Q.931 §5.8.8 keeps such a call and lets T303
    /// send its SETUP again; libpri asks with STATUS first, and so ends it.
    fn is_lost(&self, cause: Cause) -> bool {
        cause == Cause::WRONG_CALL_STATE && self.is_unconfirmed() && self.cause.is_none()
    }

    /// T303: SETUP, sent twice, was not answered. Which cause that has is the stack's own idea (18 and
    /// 102 are seen); what counts is that the far end never said a word, so that another trunk may do
    /// better.
    fn is_silent(&self, cause: Cause) -> bool {
        let local = matches!(cause, Cause::NO_USER_RESPONDING | Cause::RECOVERY_ON_TIMER);
        local && self.is_unconfirmed() && !self.answered_to
    }

    /// May the PBX still hear of an outgoing call's progress? (Not in `CallDelivered`: alerting is
    /// told once.)
    fn is_outgoing(&self) -> bool {
        matches!(self.state, State::CallInitiated | State::OverlapSending | State::OutgoingCallProceeding)
    }

    /// A timer of the network's own patience. Who calls for help waits without end.
    fn wait(&mut self, desk: &Desk, time: Duration, name: &'static str) {
        self.timer = (!self.emergency).then(|| (desk.at(time), name));
    }

    /// Opens the audio of the channel. Data pass untouched: nobody listens for digits, and no echo
    /// is cancelled.
    fn open(&mut self, desk: &mut Desk) {
        let (Some(channel), None) = (self.channel, self.stream) else { return };
        let data = self.bearer == Bearer::Unrestricted;
        let stream = desk.open(channel.id, Detect { dtmf: !data, ..Detect::default() });
        if data {
            desk.media(MediaCommand::Transparent { stream });
        }
        self.stream = Some(stream);
    }
}

/// The cause speaks of the B channel: another one may do (Q.931 §5.1.2, §5.2.3).
fn is_of_channel(cause: Cause) -> bool {
    matches!(cause, Cause::REQUESTED_CIRCUIT_UNAVAILABLE | Cause::CHANNEL_DOES_NOT_EXIST)
}

/// What a call is to carry, as the trunk has it.
fn bearer_out(bearer: Bearer, trunk: OutgoingBearer) -> demarc_isdn::Bearer {
    match (bearer, trunk) {
        (Bearer::Unrestricted, _) => demarc_isdn::Bearer::Unrestricted,
        (Bearer::Audio31k, _) | (Bearer::Speech, OutgoingBearer::Audio31k) => demarc_isdn::Bearer::Audio31k,
        (Bearer::Speech, OutgoingBearer::Speech) => demarc_isdn::Bearer::Speech,
    }
}

/// May a call with this bearer capability go by a trunk? Else the cause: a terminal is not
/// compatible (Q.931 §5.2.2), a network does not implement it (§5.1.5.2).
pub(crate) fn refused_bearer(bearer: Bearer, trunk: &IsdnTrunk, network: bool) -> Option<Cause> {
    match (bearer, trunk.data_calls) {
        (Bearer::Unrestricted, DataCalls::Refuse) if network => Some(Cause::BEARER_NOT_IMPLEMENTED),
        (Bearer::Unrestricted, DataCalls::Refuse) => Some(Cause::INCOMPATIBLE_DESTINATION),
        _ => None,
    }
}
