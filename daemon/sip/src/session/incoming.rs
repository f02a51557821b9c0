//! A leg that was offered to us, until it is answered: the UAS of RFC 3261 §13.3.

use super::timer::{MIN_SE, SessionTimer, is_too_small};
use super::{Established, Refused, Session};
use crate::hub::{ALLOW, Hub, Inbound};
use crate::message::{Draft, Name};
use crate::schedule::earlier;
use crate::sdp::Unacceptable;
use crate::transaction::TransactionId;
use crate::{cause, dialog::Dialog, diversion, identity};
use demarc_model::{Bearer, CallerId, Cause, Instant, LegEvent, Now, Offer, Party};
use std::time::Duration;

/// Proxies forget a call that is silent for three minutes; §13.3.1.1 wants a word each minute.
const REMINDER: Duration = Duration::from_secs(60);

/// An INVITE that is not answered yet.
#[derive(Debug)]
pub struct Incoming {
    pub inbound: Inbound,
    dialog: Dialog,
    tag: String,
    /// Our answer to its offer; none when it made no offer.
    answer: Option<String>,
    timer: Option<SessionTimer>,
    /// The last provisional response, and when it is repeated.
    reminder: Option<(Instant, u16, bool)>,
}

impl Session {
    /// Takes an INVITE from a party that may call. When it cannot be taken it has been answered.
    pub fn offered(now: Now, hub: &mut Hub, party: Party, inbound: Inbound) -> Option<Self> {
        let trunk = matches!(party, Party::Trunk(_));
        let request = &inbound.request;
        if is_too_small(request) {
            let tag = hub.entropy.token();
            let draft = hub.response(&inbound, 422).to_tag(&tag).add(Name::MinSe, MIN_SE.to_string());
            hub.respond(now, None, &inbound, 422, draft);
            return None;
        }
        if !request.body().is_empty() && request.sdp().is_none() {
            let tag = hub.entropy.token();
            let draft = hub.response(&inbound, 415).to_tag(&tag).add(Name::Accept, "application/sdp");
            hub.respond(now, None, &inbound, 415, draft);
            return None;
        }
        let account = match party {
            Party::Trunk(id) => super::peer(&hub.config, id).map(|peer| peer.username.as_str()),
            Party::Device(_) => None,
        };
        let Some(called) = identity::called(request, account) else {
            hub.reply(now, None, &inbound, 404);
            return None;
        };
        let leg = hub.mint_leg();
        hub.trace_request(leg, request);
        let tag = hub.entropy.token();
        let Some(mut session) = Session::new(hub, leg, party, &inbound.flow) else {
            hub.counters.refused += 1;
            let draft = hub.response(&inbound, 503).to_tag(&tag).add(Name::RetryAfter, "10");
            let draft = draft.add(Name::Reason, cause::to_reason(Cause::RESOURCE_UNAVAILABLE));
            hub.respond(now, Some(leg), &inbound, 503, draft);
            return None;
        };
        let answer = match request.sdp().map(|offer| session.audio.answer(offer)).transpose() {
            Ok(answer) => answer,
            Err(refused) => {
                let (status, warning, cause) = refusal(refused);
                let mut draft = hub.response(&inbound, status).to_tag(&tag).add(Name::Warning, warning);
                if let Some(cause) = cause {
                    draft = draft.add(Name::Reason, cause::to_reason(cause));
                }
                hub.respond(now, Some(leg), &inbound, status, draft);
                session.audio.close(hub);
                return None;
            }
        };
        let trying = hub.response(&inbound, 100);
        hub.respond(now, Some(leg), &inbound, 100, trying);
        session.update_media(hub);
        hub.emit(LegEvent::Offered(Box::new(Offer {
            leg,
            from: party,
            called,
            complete: true,
            caller: identity::caller(request, trunk),
            redirecting: diversion::read(request),
            bearer: Bearer::Speech,
            stream: session.audio.stream,
            place: inbound.flow.to_string(),
        })));
        let first_cseq = hub.entropy.small() >> 16;
        let dialog = Dialog::uas(request, inbound.flow, &tag, hub.contact(&inbound.flow), first_cseq);
        session.know(hub, &dialog.call_id, &tag);
        let timer = SessionTimer::asked(now.mono, request);
        session.incoming = Some(Incoming { inbound, dialog, tag, answer, timer, reminder: None });
        Some(session)
    }

    /// 180, or with audio 183: the caller hears what the stream carries.
    pub(super) fn provisional(
        &mut self,
        now: Now,
        hub: &mut Hub,
        status: u16,
        in_band: bool,
        cause: Option<Cause>,
    ) {
        let Some(incoming) = &mut self.incoming else { return };
        let mut draft = incoming.response(hub, status);
        if let Some(cause) = cause {
            draft = draft.add(Name::Reason, cause::to_reason(cause));
        }
        if let Some(answer) = incoming.answer.as_deref().filter(|_| in_band) {
            draft = draft.body("application/sdp", answer);
        }
        hub.respond(now, Some(self.leg), &incoming.inbound, status, draft);
        incoming.reminder = Some((now.mono + REMINDER, status, in_band));
    }

    /// 200; it is repeated until the ACK comes.
    pub(super) fn answer(&mut self, now: Now, hub: &mut Hub, connected: Option<&CallerId>) {
        let Some(incoming) = self.incoming.take() else { return };
        let mut draft = incoming.response(hub, 200).add(Name::Supported, "timer");
        if let Some(connected) = connected {
            let domain = self.config.system.sip.realm.clone();
            let audience = self.audience(&domain, false);
            draft = identity::assert(draft, connected, &audience);
        }
        if let Some(timer) = &incoming.timer {
            draft = timer.answer(draft);
        }
        let body = match incoming.answer {
            Some(answer) => answer,
            None => self.audio.offer(),
        };
        let draft = draft.body("application/sdp", body);
        hub.respond(now, Some(self.leg), &incoming.inbound, 200, draft.clone());
        self.audio.set_answered();
        self.audio_changed(hub);
        let cseq = incoming.inbound.request.cseq().number;
        let mut call = Established::new(incoming.dialog, false, incoming.timer);
        call.await_ack(now, cseq, draft.write());
        self.call = Some(call);
    }

    /// The final response that refuses the call.
    pub(super) fn refuse(&mut self, now: Now, hub: &mut Hub, status: u16, cause: Cause) {
        let Some(incoming) = self.incoming.take() else { return };
        let draft = incoming.response(hub, status).remove(Name::Contact);
        let draft = draft.add(Name::Reason, cause::to_reason(cause));
        hub.respond(now, Some(self.leg), &incoming.inbound, status, draft);
    }

    /// The caller has had enough (§9.2). The CANCEL itself has been answered.
    pub fn on_cancel(&mut self, now: Now, hub: &mut Hub, reason: Option<Cause>) {
        if self.incoming.is_some() {
            let cause = reason.unwrap_or(Cause::NORMAL_CLEARING);
            self.refuse(now, hub, 487, cause);
            self.end(hub, cause, Some("SIP CANCEL".to_owned()));
        }
    }
}

impl Incoming {
    /// The transaction of its INVITE.
    pub fn transaction(&self) -> TransactionId {
        self.inbound.id
    }

    /// Is a request within the early dialog in order?
    pub fn in_order(&mut self, cseq: u32) -> bool {
        self.dialog.in_order(cseq)
    }

    /// The provisional response that is due again: status and whether it carries audio.
    pub fn due(&self, now: Instant) -> Option<(u16, bool)> {
        self.reminder.filter(|(at, ..)| *at <= now).map(|(_, status, in_band)| (status, in_band))
    }

    /// When the caller has to hear of us again.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        earlier(self.reminder.map(|(at, ..)| (at, "provisional response again")), None)
    }

    fn response(&self, hub: &Hub, status: u16) -> Draft {
        hub.response(&self.inbound, status)
            .to_tag(&self.tag)
            .add(Name::Contact, self.dialog.contact.clone())
            .add(Name::Allow, ALLOW)
    }
}

/// Status, Warning (RFC 3261 §20.43) and cause for a description that was not taken. A gateway behind
/// the peer tells its ISDN caller that data calls are not for us.
pub fn refusal(refused: Refused) -> (u16, String, Option<Cause>) {
    let (status, warning) = words_for(refused);
    let data = matches!(refused, Refused::Unacceptable(Unacceptable::DataOnly));
    (status, warning, data.then_some(Cause::BEARER_NOT_IMPLEMENTED))
}

fn words_for(refused: Refused) -> (u16, String) {
    match refused {
        Refused::Malformed(error) => (400, format!("399 demarc \"{error}\"")),
        Refused::Unacceptable(reason) => (488, format!("305 demarc \"{reason}\"")),
        Refused::Unexpected => (400, "399 demarc \"an answer without an offer\"".to_owned()),
    }
}
