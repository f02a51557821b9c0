//! Sessions: an INVITE dialog on one side, a leg on the other.
//!
//! ```text
//!   incoming ──Answer──► call ──Hangup, BYE──► farewells ──► gone
//!      └──Hangup, CANCEL──────────────────────────────────────▲
//!   outgoing + forks ──first 2xx──► call                      │
//!      └──Hangup, all failed──► forks being cancelled ────────┘
//! ```
//! For call control a leg ends at once ([`LegEvent::Ended`]); the session stays until the peer has
//! heard of it too.

mod audio;
mod dtmf;
mod established;
mod farewell;
mod incoming;
mod outgoing;
mod refer;
mod timer;

pub use audio::Refused;
pub use established::Established;
pub use outgoing::Target;
pub(crate) use outgoing::challenge_is_stale;

use crate::Flow;
use crate::cause;
use crate::hub::{DialogKey, Hub, Inbound};
use crate::identity::Audience;
use crate::message::{Method, Request, Response};
use crate::schedule::earlier;
use crate::transaction::TransactionId;
use audio::Audio;
use demarc_model::config::{DtmfForm, SipPeer, TrunkId, TrunkKind};
use demarc_model::{Cause, Config, Instant, LegCommand, LegEvent, LegId, MediaEvent, Now, Party, StreamId};
use farewell::Farewell;
use incoming::Incoming;
use outgoing::{Fork, Outgoing};
use std::sync::Arc;

/// A leg and what SIP knows of it.
#[derive(Debug)]
pub struct Session {
    pub leg: LegId,
    pub party: Party,
    config: Arc<Config>,
    audio: Audio,
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing>,
    forks: Vec<Fork>,
    call: Option<Established>,
    farewells: Vec<Farewell>,
    /// Dialogs that belong to it, for the room's index.
    known: Vec<DialogKey>,
    held: bool,
    /// Our last re-INVITE was challenged.
    challenged: bool,
    /// The CSeq of a REFER of which the phone has not heard the end.
    refer: Option<u32>,
    /// Call control has been told that it is over, and why.
    ended: Option<Cause>,
}

/// A configured SIP peer.
pub fn peer(config: &Config, id: TrunkId) -> Option<&SipPeer> {
    config.trunks.iter().find(|trunk| trunk.id == id).and_then(|trunk| match &trunk.kind {
        TrunkKind::Sip(peer) => Some(peer),
        _ => None,
    })
}

/// Do keys travel as telephone-events with this party?
fn takes_events(config: &Config, party: Party) -> bool {
    let Party::Trunk(id) = party else { return true };
    peer(config, id).is_none_or(|peer| peer.dtmf == DtmfForm::TelephoneEvent)
}

impl Session {
    /// None when there is no port for its audio.
    fn new(hub: &mut Hub, leg: LegId, party: Party, flow: &Flow) -> Option<Self> {
        Some(Self {
            leg,
            party,
            config: hub.config.clone(),
            audio: Audio::new(hub, flow, takes_events(&hub.config.clone(), party))?,
            incoming: None,
            outgoing: None,
            forks: Vec::new(),
            call: None,
            farewells: Vec::new(),
            known: Vec::new(),
            held: false,
            challenged: false,
            refer: None,
            ended: None,
        })
    }

    /// Its stream.
    pub fn stream(&self) -> StreamId {
        self.audio.stream
    }

    /// Its RTP port, while it has one.
    pub fn port(&self) -> Option<u16> {
        (!self.is_over()).then_some(self.audio.port)
    }

    /// Call control has been told that it is over.
    pub fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Nothing more will come of it.
    pub fn is_gone(&self) -> bool {
        self.is_over()
            && self.incoming.is_none()
            && self.call.is_none()
            && self.farewells.is_empty()
            && !self.is_calling()
    }

    /// Takes its dialogs out of the room's index.
    pub fn forget(&mut self, hub: &mut Hub) {
        for key in self.known.drain(..) {
            hub.dialogs.remove(&key);
        }
    }

    /// Does it come of this INVITE, by another way?
    pub fn is_for(&self, request: &Request) -> bool {
        self.incoming.as_ref().is_some_and(|incoming| {
            let known = &incoming.inbound.request;
            known.call_id() == request.call_id()
                && known.cseq() == request.cseq()
                && known.from().tag() == request.from().tag()
        })
    }

    /// The INVITE that waits for an answer of ours.
    pub fn invite(&self) -> Option<TransactionId> {
        self.incoming.as_ref().map(Incoming::transaction)
    }

    /// An order of call control.
    pub fn on_command(&mut self, now: Now, hub: &mut Hub, command: LegCommand) {
        if self.is_over() {
            return;
        }
        match command {
            LegCommand::Dial(_)
            | LegCommand::MoreDigits { .. }
            | LegCommand::Proceed { .. }
            | LegCommand::Hold { .. }
            | LegCommand::Retrieve { .. }
            | LegCommand::Emergency { .. }
            | LegCommand::Flash { .. }
            | LegCommand::Join { .. } => {}
            LegCommand::TransferRefused { cause, .. } => self.referred(now, hub, Some(cause)),
            LegCommand::NeedDigits { .. } => {
                self.refuse(now, hub, 484, Cause::INVALID_NUMBER_FORMAT);
                self.end_unless_answered(hub, Cause::INVALID_NUMBER_FORMAT);
            }
            LegCommand::Ring { in_band: false, .. } => self.provisional(now, hub, 180, false, None),
            LegCommand::Ring { in_band: true, .. } => self.provisional(now, hub, 183, true, None),
            LegCommand::Progress { cause, .. } => self.provisional(now, hub, 183, true, cause),
            LegCommand::Answer { connected, .. } => self.answer(now, hub, connected.as_ref()),
            LegCommand::Hangup { cause, .. } => self.hang_up(now, hub, cause, None),
        }
    }

    /// What its stream noticed.
    pub fn on_media(&mut self, now: Now, hub: &mut Hub, event: &MediaEvent) {
        if self.is_over() {
            return;
        }
        match event {
            MediaEvent::Digit { digit, .. } => {
                hub.emit(LegEvent::Digit { leg: self.leg, digit: *digit, out_of_band: false });
            }
            MediaEvent::RtpLost { .. } if self.call.is_some() && !self.held => {
                let words = format!("no RTP for {} s", self.config.system.rtp.lost_after_s);
                self.hang_up(now, hub, Cause::RECOVERY_ON_TIMER, Some(words));
            }
            _ => {}
        }
    }

    /// A request within one of its dialogs, other than ACK and CANCEL.
    pub fn on_request(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) {
        let leg = Some(self.leg);
        hub.trace_request(self.leg, &inbound.request);
        let cseq = inbound.request.cseq().number;
        let in_order = match (&mut self.call, &mut self.incoming) {
            (Some(call), _) => call.dialog.in_order(cseq),
            (None, Some(incoming)) => incoming.in_order(cseq),
            (None, None) => true,
        };
        if !in_order {
            return hub.reply(now, leg, inbound, 500);
        }
        self.moved_to(hub, inbound.flow);
        match inbound.request.method() {
            Method::Bye => self.on_bye(now, hub, inbound),
            _ if self.is_over() => hub.reply(now, leg, inbound, 481),
            Method::Invite | Method::Update if self.call.is_some() => self.on_reoffer(now, hub, inbound),
            // An early dialog: nothing is agreed for good before the answer.
            Method::Invite => hub.reply(now, leg, inbound, 491),
            Method::Update if inbound.request.sdp().is_some() => hub.reply(now, leg, inbound, 491),
            Method::Update | Method::Options => hub.reply(now, leg, inbound, 200),
            Method::Info => self.on_info(now, hub, inbound),
            Method::Refer => self.on_refer(now, hub, inbound),
            Method::Prack => hub.reply(now, leg, inbound, 481),
            Method::Other(_) => hub.reply(now, leg, inbound, 501),
            _ => hub.reply(now, leg, inbound, 405),
        }
    }

    fn on_bye(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) {
        hub.reply(now, Some(self.leg), inbound, 200);
        let cause = inbound.request.q850_cause().map_or(Cause::NORMAL_CLEARING, Cause::from_received);
        self.take_call(now, hub);
        self.refuse(now, hub, 487, cause);
        if !self.is_over() {
            self.outgoing = None;
            self.cancel_others(now, hub);
            self.end(hub, cause, Some("SIP BYE".to_owned()));
        }
    }

    /// A response to one of its requests.
    pub fn on_response(&mut self, now: Now, hub: &mut Hub, id: TransactionId, response: &Response) {
        if !self.on_invite_response(now, hub, id, response) && !self.on_refreshed(now, hub, id, response) {
            self.on_farewell_response(now, hub, id, response);
        }
    }

    /// One of its requests was not answered at all.
    pub fn on_failure(&mut self, now: Now, hub: &mut Hub, id: TransactionId) {
        if !self.on_invite_failed(now, hub, id) && !self.on_refresh_failed(now, hub, id) {
            self.on_farewell_failed(id);
        }
    }

    /// A connection is gone: an INVITE that came over it cannot be answered any more.
    pub fn on_flow_closed(&mut self, now: Now, hub: &mut Hub, flow: &Flow) {
        let lost = self.incoming.as_ref().is_some_and(|incoming| incoming.inbound.flow == *flow);
        if lost && !self.is_over() {
            let words = "SIP: the caller's connection closed".to_owned();
            self.hang_up(now, hub, Cause::TEMPORARY_FAILURE, Some(words));
        }
    }

    /// Does what is due.
    pub fn on_timeout(&mut self, now: Now, hub: &mut Hub) {
        let reminder = self.incoming.as_ref().and_then(|incoming| incoming.due(now.mono));
        if let Some((status, in_band)) = reminder {
            self.provisional(now, hub, status, in_band, None);
        }
        self.on_silence(now, hub);
        self.on_call_timeout(now, hub);
    }

    /// When something is due, and what.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let incoming = self.incoming.as_ref().and_then(Incoming::deadline);
        earlier(earlier(incoming, self.silence()), self.call.as_ref().and_then(Established::deadline))
    }

    /// Ends the leg, whatever its state.
    fn hang_up(&mut self, now: Now, hub: &mut Hub, cause: Cause, words: Option<String>) {
        self.referred(now, hub, None);
        let status = self.causes().status(cause);
        self.refuse(now, hub, status, cause);
        self.outgoing = None;
        self.end(hub, cause, words);
        self.cancel_others(now, hub);
        // The peer may not hear of a BYE before it has acknowledged our 2xx (§15).
        if self.call.as_ref().is_some_and(|call| !call.is_unacked()) {
            self.say_goodbye(now, hub);
        }
    }

    /// BYE for the answered call of a leg that is over.
    fn say_goodbye(&mut self, now: Now, hub: &mut Hub) {
        if let Some(call) = self.take_call(now, hub) {
            self.farewell(now, hub, call.dialog, self.ended_with());
        }
    }

    fn take_call(&mut self, now: Now, hub: &mut Hub) -> Option<Established> {
        let call = self.call.take()?;
        if let Some(reinvite) = call.reinvite() {
            hub.transactions.abandon(now.mono, reinvite);
        }
        Some(call)
    }

    fn end_unless_answered(&mut self, hub: &mut Hub, cause: Cause) {
        if self.call.is_none() && self.outgoing.is_none() {
            self.end(hub, cause, None);
        }
    }

    /// Tells call control, once, and frees what the leg held.
    fn end(&mut self, hub: &mut Hub, cause: Cause, reason: Option<String>) {
        if self.ended.is_none() {
            self.ended = Some(cause);
            self.audio.close(hub);
            hub.emit(LegEvent::Ended { leg: self.leg, cause, reason });
        }
    }

    fn ended_with(&self) -> Cause {
        self.ended.unwrap_or(Cause::NORMAL_CLEARING)
    }

    fn update_media(&mut self, hub: &mut Hub) {
        if !self.is_over()
            && let Some(command) = self.audio.update()
        {
            hub.media(command);
        }
    }

    fn know(&mut self, hub: &mut Hub, call_id: &str, tag: &str) {
        let key = (call_id.to_owned(), tag.to_owned());
        hub.dialogs.insert(key.clone(), self.leg);
        self.known.push(key);
    }

    /// How causes map with this party.
    fn causes(&self) -> cause::Causes<'_> {
        let usual = self.config.system.cause_profile;
        let peer = self.peer();
        cause::Causes {
            profile: peer.and_then(|peer| peer.cause_profile).unwrap_or(usual),
            rules: peer.map_or(&[], |peer| peer.causes.as_slice()),
        }
    }

    fn audience<'a>(&'a self, domain: &'a str, emergency: bool) -> Audience<'a> {
        let username = self.peer().map_or("", |peer| peer.username.as_str());
        Audience { domain, username, trusted: matches!(self.party, Party::Trunk(_)), emergency }
    }
}
