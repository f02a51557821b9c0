//! Phones that want to know whether messages wait: the event package message-summary (RFC 3842) of
//! RFC 6665.
//!
//! ```text
//!   phone ── SUBSCRIBE sip:201@… ──► subscribed ──SUBSCRIBE again──► subscribed
//!         ◄─ 200, NOTIFY ──             │  ◄── the lamp of 201 changes: NOTIFY
//!                                       └──Expires: 0, time is over, no answer──► gone
//! ```
//! What a phone is told is the lamp of its extension in the configuration: a code that was dialled, or
//! the telco, has set it there. How many messages there are nobody knows here, so that no number is
//! made up. Nobody is told who did not ask.

use crate::Flow;
use crate::dialog::Dialog;
use crate::hub::{Hub, Inbound, User};
use crate::message::{Method, Name, Request, Response};
use crate::schedule::Schedule;
use crate::transaction::TransactionId;
use demarc_model::config::{DeviceId, ExtensionId};
use demarc_model::{Config, Instant, Now};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// The one package.
const PACKAGE: &str = "message-summary";
/// What it is written in.
const BODY: &str = "application/simple-message-summary";
/// The most subscriptions at once.
const MAX: usize = 1024;
/// The most for one account. A phone that was switched off forgets what it had.
const MAX_OF_ONE: usize = 20;
/// The longest that is granted, and what who names nothing gets (RFC 3842 §3.4), in seconds.
const LONGEST_S: u32 = 3600;
/// The shortest, in seconds.
const SHORTEST_S: u32 = 60;

/// Every subscription.
#[derive(Debug, Default)]
pub struct Subscriptions {
    list: BTreeMap<u64, Subscription>,
    schedule: Schedule<u64>,
    minted: u64,
}

#[derive(Debug)]
struct Subscription {
    device: DeviceId,
    extension: ExtensionId,
    dialog: Dialog,
    /// Our tag.
    tag: String,
    /// The `id` of its Event, which goes back with every NOTIFY.
    event_id: Option<String>,
    expires_at: Instant,
    /// What the phone was told last.
    told: bool,
    /// The NOTIFY that waits for its answer: the next one waits for that.
    pending: Option<TransactionId>,
}

impl Subscriptions {
    /// Before anybody is asked for a password: the status that refuses what we do not do at all.
    pub fn refusal(request: &Request) -> Option<u16> {
        if package(request).is_none_or(|(name, _)| !name.eq_ignore_ascii_case(PACKAGE)) {
            return Some(489);
        }
        let fits = |kind: &str| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            [BODY, "application/*", "*/*"].iter().any(|known| kind.eq_ignore_ascii_case(known))
        };
        let mut accepted = request.values(Name::Accept).peekable();
        (accepted.peek().is_some() && !accepted.any(fits)).then_some(406)
    }

    /// A SUBSCRIBE of a device that has proved who it is: answers it, and tells how things stand.
    pub fn subscribe(&mut self, now: Now, hub: &mut Hub, device: DeviceId, inbound: &Inbound) {
        let request = &inbound.request;
        let known = match request.to().tag() {
            Some(tag) => match self.find(request.call_id(), tag, device) {
                Some(id) => Some(id),
                None => return hub.reply(now, None, inbound, 481),
            },
            None => None,
        };
        let asked = request.expires().unwrap_or(LONGEST_S);
        if (1..SHORTEST_S).contains(&asked) {
            let tag = hub.entropy.token();
            let draft = hub.response(inbound, 423).to_tag(&tag).add(Name::MinExpires, SHORTEST_S.to_string());
            return hub.respond(now, None, inbound, 423, draft);
        }
        let granted = asked.min(LONGEST_S);
        let id = match known {
            Some(id) => id,
            None => match self.begin(hub, device, inbound) {
                Some(id) => id,
                None => return hub.reply(now, None, inbound, 404),
            },
        };
        let Some(subscription) = self.list.get_mut(&id) else { return };
        if known.is_some() && !subscription.dialog.in_order(request.cseq().number) {
            return hub.reply(now, None, inbound, 500);
        }
        subscription.dialog.flow = inbound.flow;
        subscription.dialog.refresh_target(request.contact());
        subscription.expires_at = now.mono + Duration::from_secs(u64::from(granted));
        let draft = hub
            .response(inbound, 200)
            .to_tag(&subscription.tag)
            .add(Name::Contact, subscription.dialog.contact.clone())
            .add(Name::Expires, granted.to_string());
        hub.respond(now, None, inbound, 200, draft);
        match granted {
            0 => self.end(now, hub, id, "timeout"),
            _ => {
                self.schedule.set(id, Some((subscription.expires_at, "a subscription expires")));
                self.notify(now, hub, id);
            }
        }
    }

    /// The configuration changed: lamps may have, and phones may be gone. `same` says whether a device
    /// has the account that it had.
    pub fn on_config(&mut self, now: Now, hub: &mut Hub, same: impl Fn(DeviceId) -> bool) {
        for id in self.list.keys().copied().collect::<Vec<_>>() {
            let Some(subscription) = self.list.get(&id) else { continue };
            match lamp(&hub.config, subscription.device, subscription.extension) {
                Some(lamp) if same(subscription.device) => {
                    if lamp != subscription.told {
                        self.notify(now, hub, id);
                    }
                }
                _ => self.end(now, hub, id, "noresource"),
            }
        }
    }

    /// Subscriptions whose time is over end.
    pub fn on_timeout(&mut self, now: Now, hub: &mut Hub) {
        while let Some(id) = self.schedule.pop_due(now.mono) {
            self.end(now, hub, id, "timeout");
        }
    }

    /// When the next one is over.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        self.schedule.next()
    }

    /// The answer to a NOTIFY. Who does not want it has no subscription (RFC 6665 §4.2.2).
    pub fn on_response(&mut self, now: Now, hub: &mut Hub, id: u64, tx: TransactionId, response: &Response) {
        let Some(subscription) = self.list.get_mut(&id).filter(|s| s.pending == Some(tx)) else { return };
        match response.status().code() {
            ..200 => {}
            200..300 => {
                subscription.pending = None;
                // What changed meanwhile is told now.
                let lamp = lamp(&hub.config, subscription.device, subscription.extension);
                if lamp.is_some_and(|lamp| lamp != subscription.told) {
                    self.notify(now, hub, id);
                }
            }
            _ => self.forget(id),
        }
    }

    /// A NOTIFY was not answered.
    pub fn on_failure(&mut self, id: u64, tx: TransactionId) {
        if self.list.get(&id).is_some_and(|subscription| subscription.pending == Some(tx)) {
            self.forget(id);
        }
    }

    /// A connection is gone, and with it the way to the phone.
    pub fn on_flow_closed(&mut self, flow: &Flow) {
        let gone: Vec<u64> =
            self.list.iter().filter(|(_, s)| s.dialog.flow == *flow).map(|(id, _)| *id).collect();
        gone.into_iter().for_each(|id| self.forget(id));
    }

    /// Our own UDP address changed.
    pub fn moved(&mut self, served: SocketAddr) {
        for subscription in self.list.values_mut() {
            let flow = &mut subscription.dialog.flow;
            if !flow.transport.is_reliable() {
                let ip = if served.ip().is_unspecified() { flow.local.ip() } else { served.ip() };
                flow.local = SocketAddr::new(ip, served.port());
            }
        }
    }

    fn find(&self, call_id: &str, tag: &str, device: DeviceId) -> Option<u64> {
        let ours = |s: &Subscription| s.dialog.call_id == call_id && s.tag == tag && s.device == device;
        self.list.iter().find(|(_, subscription)| ours(subscription)).map(|(id, _)| *id)
    }

    /// None when the device has no such mailbox.
    fn begin(&mut self, hub: &mut Hub, device: DeviceId, inbound: &Inbound) -> Option<u64> {
        let request = &inbound.request;
        let extension = mailbox(&hub.config, device, request.uri().user())?;
        let told = lamp(&hub.config, device, extension)?;
        let of_one = self.list.values().filter(|subscription| subscription.device == device).count();
        let oldest = match of_one >= MAX_OF_ONE {
            true => self.list.iter().find(|(_, s)| s.device == device).map(|(id, _)| *id),
            false if self.list.len() >= MAX => self.list.keys().next().copied(),
            false => None,
        };
        if let Some(oldest) = oldest {
            self.forget(oldest);
        }
        let tag = hub.entropy.token();
        let contact = hub.contact(&inbound.flow);
        let dialog = Dialog::uas(request, inbound.flow, &tag, contact, 0);
        let event_id = package(request).and_then(|(_, id)| id).map(str::to_owned);
        self.minted += 1;
        let expires_at = Instant::default();
        let subscription =
            Subscription { device, extension, dialog, tag, event_id, expires_at, told, pending: None };
        self.list.insert(self.minted, subscription);
        Some(self.minted)
    }

    /// Tells how things stand, unless an answer to the last NOTIFY is still to come.
    fn notify(&mut self, now: Now, hub: &mut Hub, id: u64) {
        let Some(subscription) = self.list.get_mut(&id).filter(|s| s.pending.is_none()) else { return };
        let left = subscription.expires_at.since(now.mono).as_secs();
        let sent = subscription.tell(now, hub, id, &format!("active;expires={left}"));
        match sent {
            Some(tx) => subscription.pending = Some(tx),
            None => self.forget(id),
        }
    }

    /// Tells that it is over, and why (RFC 6665 §4.1.3). Nothing hangs on the answer.
    fn end(&mut self, now: Now, hub: &mut Hub, id: u64, why: &str) {
        if let Some(subscription) = self.list.get_mut(&id) {
            subscription.tell(now, hub, id, &format!("terminated;reason={why}"));
        }
        self.forget(id);
    }

    fn forget(&mut self, id: u64) {
        self.list.remove(&id);
        self.schedule.set(id, None);
    }
}

impl Subscription {
    fn tell(&mut self, now: Now, hub: &mut Hub, id: u64, state: &str) -> Option<TransactionId> {
        let lamp = lamp(&hub.config, self.device, self.extension).unwrap_or(false);
        self.told = lamp;
        let event = match &self.event_id {
            Some(id) => format!("{PACKAGE};id={id}"),
            None => PACKAGE.to_owned(),
        };
        let waiting = if lamp { "yes" } else { "no" };
        let (uri, draft) = self.dialog.request(&Method::Notify);
        let draft = draft
            .add(Name::Contact, self.dialog.contact.clone())
            .add(Name::Event, event)
            .add(Name::SubscriptionState, state)
            .body(BODY, format!("Messages-Waiting: {waiting}\r\n"));
        hub.send(now, self.dialog.flow, Method::Notify, &uri, draft, User::Subscription(id))
    }
}

/// The event package that is asked for, and its `id`.
fn package(request: &Request) -> Option<(&str, Option<&str>)> {
    let value = request.value(Name::Event)?;
    let mut parts = value.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let token = |id: &&str| (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    let id = parts.find_map(|part| part.strip_prefix("id=")).filter(token);
    Some((name, id))
}

/// The extension of a device that an address names: by its number, or by the account, whose first
/// extension it is then.
fn mailbox(config: &Config, device: DeviceId, user: Option<&str>) -> Option<ExtensionId> {
    let own = || config.extensions.iter().filter(|extension| extension.devices.contains(&device));
    let username = crate::admission::account(config, device).map(|account| account.username.as_str());
    let named = own().find(|extension| user == Some(extension.number.as_str()));
    let first = || own().next().filter(|_| user.is_none() || user == username);
    named.or_else(first).map(|extension| extension.id)
}

/// Do messages wait? None when the device and the extension have nothing to do with each other.
fn lamp(config: &Config, device: DeviceId, extension: ExtensionId) -> Option<bool> {
    let found = config.extensions.iter().find(|known| known.id == extension)?;
    found.devices.contains(&device).then_some(found.features.message_waiting)
}
