//! The registrar, RFC 3261 §10: where each device can be reached.
//!
//! A binding is tied to the [`Flow`] its REGISTER came over, not to the address in its Contact: a
//! phone behind NAT is reached only there.

mod binding;
mod request;

pub use binding::Binding;

use crate::message::{Draft, Name, Request, Status};
use crate::{Flow, Transport};
use demarc_model::config::DeviceId;
use demarc_model::live::LiveContact;
use demarc_model::{Instant, Now};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How long a binding lasts when its phone does not say, in seconds.
pub const DEFAULT_EXPIRES_S: u32 = 3600;

/// The shortest time a phone may ask for, in seconds; shorter is answered 423. Phones behind NAT
/// use about a minute to keep the way open.
pub const MIN_EXPIRES_S: u32 = 30;

/// Whose bindings a REGISTER is about. Whoever sent it has proved to be that device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account<'a> {
    /// The device.
    pub device: DeviceId,
    /// Its user name: the user part of the address-of-record.
    pub username: &'a str,
    /// How many bindings it may have.
    pub max_contacts: u8,
    /// The longest time a binding lasts, in seconds.
    pub max_expires_s: u32,
}

/// Why a REGISTER is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The To of the request is not the account's address-of-record.
    #[error("a device may register only itself")]
    NotYours,
    /// `*` beside other contacts or without `Expires: 0`.
    #[error("Contact: * needs Expires: 0 and no other contact")]
    Star,
    /// A contact that cannot be called: no `sip:` URI, or an unreasonably long one.
    #[error("a contact is not a sip: URI of at most 512 bytes")]
    Contact,
    /// Shorter than [`MIN_EXPIRES_S`].
    #[error("the interval is too brief")]
    TooBrief,
    /// More contacts in one request than the account may have.
    #[error("too many contacts")]
    TooMany,
    /// Older than what is known of the same Call-ID (RFC 3261 §10.3 step 7).
    #[error("CSeq is not higher than that of the last REGISTER")]
    OutOfOrder,
}

impl Refusal {
    /// The status it is answered with.
    pub fn status(self) -> Status {
        match self {
            Refusal::NotYours | Refusal::TooMany => Status::FORBIDDEN,
            Refusal::Star | Refusal::Contact => Status::BAD_REQUEST,
            Refusal::TooBrief => Status::INTERVAL_TOO_BRIEF,
            Refusal::OutOfOrder => Status::SERVER_INTERNAL_ERROR,
        }
    }

    /// Puts what the status needs into its response.
    #[must_use]
    pub fn complete(self, response: Draft) -> Draft {
        match self {
            Refusal::TooBrief => response.add(Name::MinExpires, MIN_EXPIRES_S.to_string()),
            _ => response,
        }
    }
}

/// All bindings of all devices.
#[derive(Debug, Default)]
pub struct Registrar {
    /// By device; each list has at most as many as the account allows, the latest last.
    bindings: BTreeMap<DeviceId, Vec<Binding>>,
}

impl Registrar {
    /// Nobody is registered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does what a REGISTER wants: all of it or, when it is refused, nothing.
    ///
    /// `Ok(true)`: where the device can be reached has changed (a mere refresh does not change it).
    /// Answer 200 with [`Registrar::complete`]. When the account is full, the binding that was
    /// refreshed longest ago gives way: it belongs to a phone that restarted elsewhere.
    pub fn register(
        &mut self,
        now: Now,
        account: &Account<'_>,
        request: &Request,
        flow: Flow,
    ) -> Result<bool, Refusal> {
        self.handle_timeout(now);
        let known = self.bindings.get(&account.device).map(Vec::as_slice).unwrap_or_default();
        let wanted = request::apply(now, account, request, flow, known)?;
        let changed = !same_places(known, &wanted);
        if wanted.is_empty() {
            self.bindings.remove(&account.device);
        } else {
            self.bindings.insert(account.device, wanted);
        }
        Ok(changed)
    }

    /// Puts the bindings of a device into the 200 that answers its REGISTER.
    #[must_use]
    pub fn complete(&self, now: Now, device: DeviceId, response: Draft) -> Draft {
        self.bindings(device).iter().fold(response, |response, binding| {
            response
                .add(Name::Contact, format!("<{}>;expires={}", binding.contact, binding.expires_in(now.mono)))
        })
    }

    /// Where a device can be reached, the latest last. Some may have expired if
    /// [`Registrar::handle_timeout`] was not called when due.
    pub fn bindings(&self, device: DeviceId) -> &[Binding] {
        self.bindings.get(&device).map(Vec::as_slice).unwrap_or_default()
    }

    /// The device that registered over this flow.
    pub fn device_at(&self, flow: &Flow) -> Option<DeviceId> {
        self.bindings.iter().find(|(_, b)| b.iter().any(|b| b.flow.carries(flow))).map(|(device, _)| *device)
    }

    /// A connection is gone, and with it the way to who registered over it. Returns the devices
    /// that lost a binding.
    pub fn flow_closed(&mut self, flow: &Flow) -> Vec<DeviceId> {
        self.drop_bindings(|binding| binding.flow == *flow)
    }

    /// Forgets a device that is configured no longer, or whose password changed.
    pub fn forget(&mut self, device: DeviceId) -> bool {
        self.bindings.remove(&device).is_some()
    }

    /// The devices that are registered.
    pub fn devices(&self) -> impl Iterator<Item = DeviceId> {
        self.bindings.keys().copied()
    }

    /// Drops what has expired. Returns the devices that lost a binding.
    pub fn handle_timeout(&mut self, now: Now) -> Vec<DeviceId> {
        self.drop_bindings(|binding| binding.expires_at <= now.mono)
    }

    /// When the next binding expires.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let next = self.bindings.values().flatten().map(|b| b.expires_at).min()?;
        Some((next, "a registration expires"))
    }

    /// We serve UDP elsewhere: phones are called from there.
    pub fn moved(&mut self, served: SocketAddr) {
        let flows = self.bindings.values_mut().flatten().map(|binding| &mut binding.flow);
        for flow in flows.filter(|flow| flow.transport == Transport::Udp) {
            let ip = if served.ip().is_unspecified() { flow.local.ip() } else { served.ip() };
            flow.local = SocketAddr::new(ip, served.port());
        }
    }

    /// The bindings of a device for people.
    pub fn live(&self, device: DeviceId) -> Vec<LiveContact> {
        let live = |binding: &Binding| LiveContact {
            uri: binding.contact.to_string(),
            source: format!("{}/{}", binding.flow.remote, binding.flow.transport.name()),
            user_agent: binding.user_agent.clone(),
            expires_ms: binding.expires_ms,
        };
        self.bindings(device).iter().map(live).collect()
    }

    fn drop_bindings(&mut self, is_gone: impl Fn(&Binding) -> bool) -> Vec<DeviceId> {
        let mut lost = Vec::new();
        self.bindings.retain(|device, bindings| {
            let before = bindings.len();
            bindings.retain(|binding| !is_gone(binding));
            if bindings.len() < before {
                lost.push(*device);
            }
            !bindings.is_empty()
        });
        lost
    }
}

fn same_places(a: &[Binding], b: &[Binding]) -> bool {
    let is_in =
        |x: &Binding, list: &[Binding]| list.iter().any(|y| x.contact == y.contact && x.flow == y.flow);
    a.len() == b.len() && a.iter().all(|x| is_in(x, b))
}

fn seconds(s: u32) -> Duration {
    Duration::from_secs(u64::from(s))
}

#[cfg(test)]
mod tests;
