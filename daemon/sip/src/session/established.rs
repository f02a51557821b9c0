//! An answered call: what both sides may still want of each other (RFC 3261 §14, §15; RFC 3311).

use super::incoming::refusal;
use super::timer::{MIN_SE, SessionTimer, is_too_small};
use super::{Session, dtmf};
use crate::dialog::Dialog;
use crate::hub::{ALLOW, Hub, Inbound, User};
use crate::message::{Method, Name, Response};
use crate::schedule::earlier;
use crate::transaction::TransactionId;
use crate::transaction::timing::{GIVE_UP, Repeat, T2};
use crate::{Flow, Output};
use demarc_model::{Cause, Instant, LegEvent, Now};
use std::time::Duration;

/// An answered call.
#[derive(Debug)]
pub struct Established {
    pub dialog: Dialog,
    /// We made the Call-ID: in a glare we wait longer (§14.1).
    we_called: bool,
    /// Our 2xx that waits for its ACK.
    unacked: Option<Unacked>,
    /// Our ACK of their 2xx: CSeq of the INVITE and the message.
    acked: Option<(u32, Vec<u8>)>,
    /// Our re-INVITE under way.
    reinvite: Option<TransactionId>,
    /// When our re-INVITE is tried again after a glare.
    retry_at: Option<Instant>,
    timer: Option<SessionTimer>,
}

#[derive(Debug)]
struct Unacked {
    cseq: u32,
    bytes: Vec<u8>,
    repeat: Repeat,
    give_up: Instant,
}

impl Established {
    pub fn new(dialog: Dialog, we_called: bool, timer: Option<SessionTimer>) -> Self {
        Self { dialog, we_called, unacked: None, acked: None, reinvite: None, retry_at: None, timer }
    }

    /// A 2xx was sent: it is repeated until its ACK comes, over any transport (§13.3.1.4).
    pub fn await_ack(&mut self, now: Now, cseq: u32, bytes: Vec<u8>) {
        let repeat = Repeat::doubling(now.mono, T2);
        self.unacked = Some(Unacked { cseq, bytes, repeat, give_up: now.mono + GIVE_UP });
    }

    /// Is our 2xx still without ACK? Until then no BYE may follow it (§15).
    pub fn is_unacked(&self) -> bool {
        self.unacked.is_some()
    }

    /// Their 2xx was acknowledged.
    pub fn answered_by(&mut self, cseq: u32, ack: Vec<u8>) {
        self.acked = Some((cseq, ack));
    }

    /// Their 2xx came again: our ACK was lost.
    pub fn repeat_ack(&self, hub: &mut Hub) {
        if let Some((_, bytes)) = &self.acked {
            hub.out.push_back(Output::Send { flow: self.dialog.flow, bytes: bytes.clone() });
        }
    }

    /// Our re-INVITE under way.
    pub fn reinvite(&self) -> Option<TransactionId> {
        self.reinvite
    }

    /// The next thing that is due.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let repeat = self.unacked.as_ref().map(|u| (u.repeat.at.min(u.give_up), "2xx without ACK"));
        let retry = self.retry_at.map(|at| (at, "re-INVITE after glare"));
        earlier(earlier(repeat, retry), self.timer.as_ref().and_then(SessionTimer::deadline))
    }
}

impl Session {
    /// An ACK within the dialog.
    pub fn on_ack(&mut self, now: Now, hub: &mut Hub, cseq: u32, answer: Option<&[u8]>) {
        let Some(call) = &mut self.call else { return };
        if call.unacked.take_if(|unacked| unacked.cseq == cseq).is_none() {
            return;
        }
        if self.is_over() {
            return self.say_goodbye(now, hub);
        }
        if !self.audio.is_offering() {
            return;
        }
        // Ours was the offer: the answer comes with the ACK (§13.2.1).
        let accepted = answer.is_some_and(|answer| self.audio.accept(answer).is_ok());
        self.audio.settle();
        match accepted || self.audio.is_agreed() {
            true => self.audio_changed(hub),
            false => {
                let words = "SIP: the ACK has no answer to our offer".to_owned();
                self.hang_up(now, hub, Cause::INCOMPATIBLE_DESTINATION, Some(words));
            }
        }
    }

    /// A re-INVITE or an UPDATE of an answered call.
    pub(super) fn on_reoffer(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) {
        let leg = Some(self.leg);
        let Some(call) = &mut self.call else { return hub.reply(now, leg, inbound, 481) };
        let request = &inbound.request;
        let is_invite = *request.method() == Method::Invite;
        if call.reinvite.is_some() && (is_invite || request.sdp().is_some()) {
            return hub.reply(now, leg, inbound, 491);
        }
        if call.is_unacked() && (is_invite || request.sdp().is_some()) {
            let after = 1 + hub.entropy.below(9);
            let draft = hub.response(inbound, 500).add(Name::RetryAfter, after.to_string());
            return hub.respond(now, leg, inbound, 500, draft);
        }
        if is_too_small(request) {
            let draft = hub.response(inbound, 422).add(Name::MinSe, MIN_SE.to_string());
            return hub.respond(now, leg, inbound, 422, draft);
        }
        let body = match request.sdp() {
            Some(offer) => match self.audio.answer(offer) {
                Ok(answer) => Some(answer),
                Err(refused) => {
                    let (status, warning, _) = refusal(refused);
                    let draft = hub.response(inbound, status).add(Name::Warning, warning);
                    return hub.respond(now, leg, inbound, status, draft);
                }
            },
            None if is_invite => Some(self.audio.offer()),
            None => None,
        };
        call.dialog.refresh_target(request.contact());
        call.timer = SessionTimer::asked(now.mono, request);
        let mut draft = hub
            .response(inbound, 200)
            .add(Name::Contact, call.dialog.contact.clone())
            .add(Name::Allow, ALLOW)
            .add(Name::Supported, "timer");
        if let Some(timer) = &call.timer {
            draft = timer.answer(draft);
        }
        if let Some(body) = body {
            draft = draft.body("application/sdp", body);
        }
        hub.respond(now, leg, inbound, 200, draft.clone());
        if is_invite {
            call.await_ack(now, request.cseq().number, draft.write());
        }
        self.audio_changed(hub);
    }

    /// INFO: keys and the recall button, as phones send them that know no RFC 4733.
    pub(super) fn on_info(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) {
        let leg = self.leg;
        let event = match dtmf::read(&inbound.request) {
            dtmf::Info::Nothing => None,
            dtmf::Info::Digit(digit) => Some(LegEvent::Digit { leg, digit, out_of_band: true }),
            dtmf::Info::Flash => Some(LegEvent::Flash { leg }),
            dtmf::Info::Unknown => {
                let draft = hub.response(inbound, 415).add(Name::Accept, dtmf::ACCEPT);
                return hub.respond(now, Some(leg), inbound, 415, draft);
            }
        };
        hub.reply(now, Some(leg), inbound, 200);
        if let Some(event) = event.filter(|_| !self.is_over()) {
            hub.emit(event);
        }
    }

    /// Does what is due in an answered call.
    pub(super) fn on_call_timeout(&mut self, now: Now, hub: &mut Hub) {
        let Some(call) = &mut self.call else { return };
        if let Some(unacked) = &mut call.unacked {
            if unacked.give_up <= now.mono {
                call.unacked = None;
                if self.is_over() {
                    return self.say_goodbye(now, hub);
                }
                let words = "SIP: no ACK for our 200 (timer H)".to_owned();
                return self.hang_up(now, hub, Cause::RECOVERY_ON_TIMER, Some(words));
            }
            if unacked.repeat.at <= now.mono {
                unacked.repeat.again(now.mono);
                let (flow, bytes) = (call.dialog.flow, unacked.bytes.clone());
                hub.out.push_back(Output::Send { flow, bytes });
            }
        }
        let retry = call.retry_at.take_if(|at| *at <= now.mono).is_some();
        let refresh = call.timer.as_mut().is_some_and(|timer| timer.take_refresh(now.mono));
        if call.timer.is_some_and(|timer| timer.is_over(now.mono)) {
            call.timer = None;
            let words = "SIP: session expired (RFC 4028)".to_owned();
            return self.hang_up(now, hub, Cause::RECOVERY_ON_TIMER, Some(words));
        }
        if retry || refresh {
            self.refresh(now, hub, None);
        }
    }

    /// A re-INVITE that changes nothing (RFC 4028 §7.4).
    fn refresh(&mut self, now: Now, hub: &mut Hub, credentials: Option<(Name, String)>) {
        let leg = self.leg;
        let Some(call) = &mut self.call else { return };
        if call.reinvite.is_some() || call.is_unacked() {
            call.retry_at = Some(now.mono + Duration::from_secs(2));
            return;
        }
        let (uri, draft) = call.dialog.request(&Method::Invite);
        let mut draft = draft
            .add(Name::Contact, call.dialog.contact.clone())
            .add(Name::Allow, ALLOW)
            .add(Name::Supported, "timer");
        if let Some(timer) = &call.timer {
            draft = timer.ask(draft);
        }
        if let Some((name, value)) = credentials {
            draft = draft.add(name, value);
        }
        let draft = draft.body("application/sdp", self.audio.offer());
        call.reinvite = hub.send(now, call.dialog.flow, Method::Invite, &uri, draft, User::Leg(leg));
    }

    /// A response to our re-INVITE; false when it is for something else.
    pub(super) fn on_refreshed(
        &mut self,
        now: Now,
        hub: &mut Hub,
        id: TransactionId,
        response: &Response,
    ) -> bool {
        let leg = self.leg;
        let peer = self.peer().cloned();
        let Some(call) = &mut self.call else { return false };
        let status = response.status().code();
        let cseq = response.cseq().number;
        if call.reinvite != Some(id) {
            // Repeated after it was dealt with: only the ACK was lost.
            let repeated = status / 100 == 2 && call.acked.as_ref().is_some_and(|(known, _)| *known == cseq);
            if repeated {
                call.repeat_ack(hub);
            }
            return repeated;
        }
        match status {
            ..200 => return true,
            200..300 => {
                call.dialog.refresh_target(response.contact());
                let ack = hub.send_ack(leg, call.dialog.flow, call.dialog.ack(cseq));
                call.acked = Some((cseq, ack));
                call.timer = SessionTimer::agreed(now.mono, response);
                if let Some(answer) = response.sdp() {
                    // One that cannot be used leaves the audio as it was.
                    let _ = self.audio.accept(answer);
                }
            }
            491 => {
                // §14.1: the owner of the Call-ID waits 2.1–4 s, the other 0–2 s.
                let ms =
                    if call.we_called { 2100 + hub.entropy.below(1901) } else { hub.entropy.below(2001) };
                call.retry_at = Some(now.mono + Duration::from_millis(ms));
            }
            408 | 481 => {
                call.reinvite = None;
                self.audio.settle();
                let words = format!("SIP {status} to re-INVITE");
                self.hang_up(now, hub, Cause::RECOVERY_ON_TIMER, Some(words));
                return true;
            }
            _ => {}
        }
        call.reinvite = None;
        self.audio.settle();
        if let (401 | 407, Some(peer)) = (status, peer) {
            let uri = self.call.as_ref().map(|call| call.dialog.target.clone()).unwrap_or_default();
            let credentials = hub.authorize(&peer, &Method::Invite, &uri, response);
            if credentials.is_some() && !std::mem::replace(&mut self.challenged, true) {
                self.refresh(now, hub, credentials);
            }
        } else {
            self.challenged = false;
        }
        self.audio_changed(hub);
        true
    }

    /// Our re-INVITE was never answered: the peer is gone.
    pub(super) fn on_refresh_failed(&mut self, now: Now, hub: &mut Hub, id: TransactionId) -> bool {
        let Some(call) = self.call.as_mut().filter(|call| call.reinvite == Some(id)) else { return false };
        call.reinvite = None;
        let words = "SIP: no answer to re-INVITE".to_owned();
        self.hang_up(now, hub, Cause::RECOVERY_ON_TIMER, Some(words));
        true
    }

    /// The peer moved: requests of the dialog come over this flow now.
    pub(super) fn moved_to(&mut self, hub: &Hub, flow: Flow) {
        if let Some(call) = &mut self.call
            && call.dialog.flow != flow
        {
            call.dialog.flow = flow;
            call.dialog.contact = hub.contact(&flow);
            self.audio.set_flow(hub, &flow);
        }
    }

    /// Tells media, and call control when the party holds or retrieves.
    pub(super) fn audio_changed(&mut self, hub: &mut Hub) {
        self.update_media(hub);
        let held = self.audio.is_held();
        if std::mem::replace(&mut self.held, held) != held && !self.is_over() {
            let leg = self.leg;
            hub.emit(if held { LegEvent::Held { leg } } else { LegEvent::Retrieved { leg } });
        }
    }
}
