//! REFER within a call: transfer (RFC 3515, RFC 5589).
//!
//! ```text
//!   phone ── REFER, Refer-To: <sip:202@…> ─────────────► Transfer        (blind, §6)
//!   phone ── REFER, Refer-To: <sip:…?Replaces=…> ──────► TransferTo      (attended, §7)
//!         ◄─ 202, NOTIFY 100 ──
//!         ◄─ NOTIFY 200, BYE ──                 Hangup ◄── it is done
//!         ◄─ NOTIFY 4xx ──             TransferRefused ◄── it cannot be done
//! ```
//! `Replaces` names the other call of the same phone by our own tag of it (RFC 3891 §3: `to-tag` is
//! that of whoever is to be replaced at, which is us): nothing is sent to anybody to find it. The
//! success is told when call control has taken the transfer over, not when its target answers: a
//! phone that has handed over its caller is free at once, and a call that nobody takes rings it.

use super::Session;
use crate::hub::{Hub, Inbound, User};
use crate::message::{Address, Draft, Method, Name, Status};
use demarc_model::{Cause, LegEvent, Now, Party};

/// The longest number that is taken over.
const MAX_NUMBER: usize = 64;

impl Session {
    /// The party wants to transfer its call.
    pub(super) fn on_refer(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) {
        let leg = self.leg;
        // Who is outside transfers nobody at our expense.
        if !matches!(self.party, Party::Device(_)) || self.call.is_none() || self.refer.is_some() {
            return hub.reply(now, Some(leg), inbound, 603);
        }
        let request = &inbound.request;
        let mut targets = request.lines(Name::ReferTo);
        let (Some(target), None) = (targets.next(), targets.next()) else {
            return hub.reply(now, Some(leg), inbound, 400);
        };
        let Some(target) = Address::parse(target) else { return hub.reply(now, Some(leg), inbound, 400) };
        let uri = target.uri();
        if uri.params().get("method").is_some_and(|method| !method.eq_ignore_ascii_case("INVITE")) {
            return hub.reply(now, Some(leg), inbound, 603);
        }
        let event = match uri.header("Replaces") {
            Some(replaces) => match other_leg(hub, &replaces).filter(|other| *other != leg) {
                Some(other) => LegEvent::TransferTo { leg, other },
                None => return hub.reply(now, Some(leg), inbound, 404),
            },
            None => match uri.dialled().filter(|to| (1..=MAX_NUMBER).contains(&to.chars().count())) {
                Some(to) => LegEvent::Transfer { leg, to: to.into_owned() },
                None => return hub.reply(now, Some(leg), inbound, 404),
            },
        };
        self.refer = Some(request.cseq().number);
        let tag = hub.entropy.token();
        let contact = self.call.as_ref().map(|call| call.dialog.contact.clone()).unwrap_or_default();
        let draft = hub.response(inbound, 202).to_tag(&tag).add(Name::Contact, contact);
        hub.respond(now, Some(leg), inbound, 202, draft);
        self.notify(now, hub, 100);
        hub.emit(event);
    }

    /// What came of the REFER; nothing when there was none.
    pub(super) fn referred(&mut self, now: Now, hub: &mut Hub, refusal: Option<Cause>) {
        if self.refer.is_some() {
            let status = refusal.map_or(200, |cause| self.causes().status(cause));
            self.notify(now, hub, status);
            self.refer = None;
        }
    }

    /// Tells the phone (RFC 3515 §2.4.5); a final status ends the subscription.
    fn notify(&mut self, now: Now, hub: &mut Hub, status: u16) {
        let (Some(call), Some(cseq)) = (&mut self.call, self.refer) else { return };
        let (uri, draft) = call.dialog.request(&Method::Notify);
        let state = if status < 200 { "active;expires=60" } else { "terminated;reason=noresource" };
        let words = Status::new(status).map_or("", Status::reason);
        let draft: Draft = draft
            .add(Name::Contact, call.dialog.contact.clone())
            .add(Name::Event, format!("refer;id={cseq}"))
            .add(Name::SubscriptionState, state)
            .body("message/sipfrag;version=2.0", format!("SIP/2.0 {status} {words}\r\n"));
        hub.send(now, call.dialog.flow, Method::Notify, &uri, draft, User::Leg(self.leg));
    }
}

/// Our leg in the dialog that a Replaces names: `call-id;to-tag=…;from-tag=…`.
fn other_leg(hub: &Hub, replaces: &str) -> Option<demarc_model::LegId> {
    let mut parts = replaces.split(';');
    let call_id = parts.next()?.trim();
    let tag = |name: &str| {
        parts.clone().find_map(|part| {
            let (key, value) = part.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    // Some phones write the tags as they stand in their own dialog.
    [tag("to-tag"), tag("from-tag")]
        .into_iter()
        .flatten()
        .find_map(|tag| hub.dialogs.get(&(call_id.to_owned(), tag)).copied())
}
