//! Who may call or register: devices by digest, and a limit for those who guess.

use crate::digest::{Credentials, Verdict};
use crate::hub::{Hub, Inbound};
use crate::message::Name;
use demarc_model::config::{Device, DeviceId, DeviceKind, SipAccount};
use demarc_model::{Config, Instant, Now};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// This many wrong passwords from one address …
const TOLERATED: u32 = 10;

/// … within this time, and nothing more is asked of it until the time is over.
const WINDOW: Duration = Duration::from_secs(60);

/// The most addresses that are watched; beyond, the one that failed longest ago is forgotten.
const MAX_WATCHED: usize = 4096;

/// Keeps count of wrong passwords.
#[derive(Debug, Default)]
pub struct Admission {
    failures: BTreeMap<IpAddr, (u32, Instant)>,
}

/// The SIP account of a device.
pub fn account(config: &Config, id: DeviceId) -> Option<&SipAccount> {
    config.devices.iter().find(|device| device.id == id).and_then(sip_account)
}

/// All devices that are SIP phones.
pub fn sip_account(device: &Device) -> Option<&SipAccount> {
    match &device.kind {
        DeviceKind::Sip(account) => Some(account),
        DeviceKind::Fxs(_) => None,
    }
}

impl Admission {
    /// The device that sent a request. None when it has not proved to be one; then the request has
    /// been answered, in the same words whether the account exists or not.
    pub fn authenticate(&mut self, now: Now, hub: &mut Hub, inbound: &Inbound) -> Option<DeviceId> {
        let source = inbound.flow.remote.ip();
        if self.is_locked_out(now.mono, source) && hub.registrar.device_at(&inbound.flow).is_none() {
            hub.counters.locked_out += 1;
            hub.reply(now, None, inbound, 403);
            return None;
        }
        match verify(now, hub, inbound) {
            Some((device, Verdict::Good)) => return Some(device),
            Some((_, Verdict::Stale)) => challenge(now, hub, inbound, true),
            Some((_, Verdict::Bad)) => {
                hub.counters.wrong_credentials += 1;
                self.note_failure(now.mono, source);
                challenge(now, hub, inbound, false);
            }
            None => challenge(now, hub, inbound, false),
        }
        None
    }

    fn is_locked_out(&self, now: Instant, source: IpAddr) -> bool {
        self.failures
            .get(&source)
            .is_some_and(|(count, since)| *count >= TOLERATED && now.since(*since) < WINDOW)
    }

    fn note_failure(&mut self, now: Instant, source: IpAddr) {
        if self.failures.len() >= MAX_WATCHED && !self.failures.contains_key(&source) {
            let oldest = self.failures.iter().min_by_key(|(_, (_, since))| *since).map(|(ip, _)| *ip);
            oldest.map(|ip| self.failures.remove(&ip));
        }
        let (count, since) = self.failures.entry(source).or_insert((0, now));
        if now.since(*since) >= WINDOW {
            (*count, *since) = (0, now);
        }
        *count += 1;
    }
}

/// What the credentials for our realm are worth; none when there are none. An unknown user costs
/// as much time as a wrong password.
fn verify(now: Now, hub: &mut Hub, inbound: &Inbound) -> Option<(DeviceId, Verdict)> {
    let config = hub.config.clone();
    let request = &inbound.request;
    let credentials = request
        .lines(Name::Authorization)
        .chain(request.lines(Name::ProxyAuthorization))
        .filter_map(Credentials::parse)
        .find(|credentials| credentials.realm == config.system.sip.realm)?;
    let known = config
        .devices
        .iter()
        .filter_map(|device| sip_account(device).map(|account| (device.id, account)))
        .find(|(_, account)| account.username == credentials.username && !account.password.is_empty());
    let password = known.map_or("", |(_, account)| account.password.reveal());
    let method = request.method().as_str();
    let verdict = hub.authenticator.verify(now.mono, &credentials, method, password);
    match known {
        Some((device, _)) => Some((device, verdict)),
        None => Some((DeviceId(0), Verdict::Bad)),
    }
}

/// 401 with what the device needs to try again. The transaction is forgotten at once, so that
/// strangers hold no memory here (RFC 3261 §8.2.7).
fn challenge(now: Now, hub: &mut Hub, inbound: &Inbound, stale: bool) {
    hub.counters.challenged += 1;
    let tag = hub.entropy.token();
    let mut draft = hub.response(inbound, 401).to_tag(&tag);
    for value in hub.authenticator.challenges(now.mono, stale) {
        draft = draft.add(Name::WwwAuthenticate, value);
    }
    hub.respond(now, None, inbound, 401, draft);
    hub.transactions.forget(inbound.id);
}
