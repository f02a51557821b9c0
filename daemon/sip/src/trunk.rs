//! A SIP peer: where it is, whether it answers, and our registration with it.
//!
//! ```text
//!   resolve ──flows──► probe (REGISTER, or OPTIONS now and then) ──2xx──► up
//!      ▲ 30 s              └──refused, no answer──► down, again after a growing pause
//! ```

use crate::hub::{Hub, User};
use crate::message::{Draft, Method, Name, Response, Uri, UriBuf};
use crate::schedule::earlier;
use crate::session::{Target, challenge_is_stale};
use crate::transaction::TransactionId;
use crate::{Flow, Output, Transport, identity};
use demarc_model::config::{SipPeer, SipTransport, TrunkId};
use demarc_model::{Instant, Now};
use std::time::Duration;

/// How often its name is looked up again.
const RESOLVE: Duration = Duration::from_secs(300);
/// The first pause after a failure; it doubles up to the longest.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest pause after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// The registration we ask for, in seconds.
const EXPIRES_S: u32 = 600;

/// A SIP peer.
#[derive(Debug)]
pub struct Peer {
    pub id: TrunkId,
    pub settings: SipPeer,
    pub enabled: bool,
    flows: Vec<Flow>,
    /// Which of the flows is used.
    at: usize,
    up: bool,
    reason: Option<String>,
    resolve_at: Option<Instant>,
    probe_at: Option<Instant>,
    probe: Option<TransactionId>,
    call_id: String,
    tag: String,
    cseq: u32,
    authorized: bool,
    expires_s: u32,
    failures: u32,
}

impl Peer {
    /// A peer that is not looked up yet.
    pub fn new(hub: &mut Hub, id: TrunkId, settings: SipPeer, enabled: bool) -> Self {
        Self {
            id,
            settings,
            enabled,
            flows: Vec::new(),
            at: 0,
            up: false,
            reason: Some(if enabled { "not looked up yet" } else { "disabled" }.to_owned()),
            resolve_at: enabled.then(Instant::default), // at once
            probe_at: None,
            probe: None,
            call_id: hub.entropy.token(),
            tag: hub.entropy.token(),
            cseq: 0,
            authorized: false,
            expires_s: EXPIRES_S,
            failures: 0,
        }
    }

    /// Can calls be placed, and why not.
    pub fn state(&self) -> (bool, Option<&str>) {
        (self.up, self.reason.as_deref())
    }

    /// Is this where the peer is? A connection may come from any port of its address.
    pub fn is_at(&self, flow: &Flow) -> bool {
        self.enabled
            && self.flows.iter().any(|known| match flow.transport {
                Transport::Udp => known.transport == Transport::Udp && known.remote == flow.remote,
                Transport::Tcp => known.transport == Transport::Tcp && known.remote.ip() == flow.remote.ip(),
            })
    }

    /// Where to call a number: the address in use first, then the others.
    pub fn targets(&self, number: &str) -> Vec<Target> {
        let uri = self.uri(number);
        let (before, after) = self.flows.split_at(self.at.min(self.flows.len()));
        after.iter().chain(before).map(|flow| Target { flow: *flow, uri: uri.clone() }).collect()
    }

    /// Its name was looked up. True when its state changed.
    pub fn on_resolved(&mut self, now: Now, hub: &mut Hub, flows: &[Flow]) -> bool {
        self.resolve_at = Some(now.mono + if flows.is_empty() { PAUSE } else { RESOLVE });
        if flows.is_empty() {
            // What was known before may still be good.
            return self.flows.is_empty() && self.set(false, Some("host name not found".to_owned()));
        }
        let known = std::mem::replace(&mut self.flows, flows.to_vec());
        if known != self.flows {
            self.at = 0;
            if self.is_taken_on_trust() {
                return self.set(true, None);
            }
            if self.probe.is_none() {
                self.probe(now, hub, None);
            }
        }
        false
    }

    /// Nobody asks it whether it lives.
    fn is_taken_on_trust(&self) -> bool {
        !self.settings.register && self.settings.qualify_s == 0
    }

    fn qualify(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.qualify_s.max(10)))
    }

    /// Our own address changed: the ways to the peer are asked for anew, and over the first of them
    /// it is told where we are.
    pub fn on_moved(&mut self, now: Now) {
        if self.enabled {
            self.probe = None;
            self.resolve_at = Some(now.mono);
        }
    }

    /// Is this the answer to its look-up?
    pub fn asked_for(&self, host: &str, port: u16, transport: Transport) -> bool {
        self.enabled
            && self.settings.host == host
            && self.settings.port == port
            && self.transport() == transport
    }

    /// Does what is due. True when its state changed.
    pub fn on_timeout(&mut self, now: Now, hub: &mut Hub) {
        if self.resolve_at.take_if(|at| *at <= now.mono).is_some() {
            self.resolve(hub);
            self.resolve_at = Some(now.mono + RESOLVE); // in case nobody answers
        }
        if self.probe_at.take_if(|at| *at <= now.mono).is_some() {
            self.probe(now, hub, None);
        }
    }

    /// When something is due.
    pub fn deadline(&self) -> Option<(Instant, &'static str)> {
        let why = if self.settings.register { "trunk registration" } else { "trunk qualification" };
        earlier(self.resolve_at.map(|at| (at, "trunk look-up")), self.probe_at.map(|at| (at, why)))
    }

    /// A response to REGISTER or OPTIONS. True when its state changed.
    pub fn on_response(&mut self, now: Now, hub: &mut Hub, id: TransactionId, response: &Response) -> bool {
        if self.probe != Some(id) || response.status().is_provisional() {
            return false;
        }
        self.probe = None;
        let status = response.status().code();
        let method = self.method();
        if matches!(status, 401 | 407) && (!self.authorized || challenge_is_stale(response)) {
            let uri = self.registrar_uri();
            let settings = self.settings.clone();
            if let Some(credentials) = hub.authorize(&settings, &method, &uri, response)
                && self.failures < 8
            {
                self.probe(now, hub, Some(credentials));
                return false;
            }
        }
        match (self.settings.register, status) {
            (true, 200..300) => {
                let granted = self.granted(response).max(20);
                let refresh = Duration::from_secs(u64::from(granted) * 4 / 5);
                self.succeed(now, refresh)
            }
            (true, 423) if self.expires_s < response.min_expires().unwrap_or(0) => {
                self.expires_s = response.min_expires().unwrap_or(EXPIRES_S).min(86_400);
                self.probe(now, hub, None);
                false
            }
            // Whoever answers OPTIONS lives, whatever the answer.
            (false, code) if !matches!(code, 408 | 503) => self.succeed(now, self.qualify()),
            _ => {
                let wait = response.retry_after().map(|s| Duration::from_secs(u64::from(s.min(3600))));
                let words = format!("{method} refused: {status} {}", response.reason_phrase());
                self.fail(now, words, wait)
            }
        }
    }

    /// REGISTER or OPTIONS was not answered. True when its state changed.
    pub fn on_failure(&mut self, now: Now, id: TransactionId) -> bool {
        if self.probe != Some(id) {
            return false;
        }
        self.probe = None;
        self.at = (self.at + 1) % self.flows.len().max(1);
        let words = format!("no answer to {}", self.method());
        self.fail(now, words, None)
    }

    fn resolve(&mut self, hub: &mut Hub) {
        hub.out.push_back(Output::Resolve {
            host: self.settings.host.clone(),
            port: self.settings.port,
            transport: self.transport(),
        });
    }

    fn probe(&mut self, now: Now, hub: &mut Hub, credentials: Option<(Name, String)>) {
        let Some(flow) = self.flows.get(self.at).copied() else { return };
        let method = self.method();
        let uri = self.registrar_uri();
        self.cseq += 1;
        self.authorized = credentials.is_some();
        let user = if self.settings.username.is_empty() { "gateway" } else { &self.settings.username };
        let us = identity::uri(user, &self.settings.host);
        let to = if self.settings.register { us.clone() } else { uri.clone() };
        let mut contact = hub.contact(&flow);
        if self.settings.register {
            contact = contact.replacen("<sip:", &format!("<sip:{}@", crate::message::escape_user(user)), 1);
        }
        let mut draft = Draft::request(&method, Uri::parse(&uri).unwrap_or_default())
            .add(Name::MaxForwards, "70")
            .add(Name::From, format!("<{us}>;tag={}", self.tag))
            .add(Name::To, format!("<{to}>"))
            .add(Name::CallId, self.call_id.clone())
            .add(Name::CSeq, format!("{} {method}", self.cseq))
            .add(Name::Contact, contact);
        if self.settings.register {
            draft = draft.add(Name::Expires, self.expires_s.to_string());
        }
        if let Some((name, value)) = credentials {
            draft = draft.add(name, value);
        }
        self.probe = hub.send(now, flow, method, &uri, draft, User::Trunk(self.id));
        self.probe_at = if self.probe.is_none() { Some(now.mono + PAUSE) } else { None };
    }

    fn succeed(&mut self, now: Now, again: Duration) -> bool {
        self.failures = 0;
        self.probe_at = Some(now.mono + again);
        self.set(true, None)
    }

    fn fail(&mut self, now: Now, words: String, wait: Option<Duration>) -> bool {
        let pause = match self.settings.register {
            true => (PAUSE * (1 << self.failures.min(8))).min(LONGEST_PAUSE),
            false => self.qualify(),
        };
        self.failures = self.failures.saturating_add(1);
        self.probe_at = Some(now.mono + wait.unwrap_or(pause).max(pause));
        self.set(false, Some(words))
    }

    fn set(&mut self, up: bool, reason: Option<String>) -> bool {
        let changed = (self.up, &self.reason) != (up, &reason);
        (self.up, self.reason) = (up, reason);
        changed
    }

    /// How long the registrar keeps us (RFC 3261 §10.2.4), in seconds.
    fn granted(&self, response: &Response) -> u32 {
        let ours = response.contacts().find_map(|contact| contact.expires());
        ours.or_else(|| response.expires()).unwrap_or(self.expires_s)
    }

    fn method(&self) -> Method {
        if self.settings.register { Method::Register } else { Method::Options }
    }

    /// How it is spoken to.
    pub fn transport(&self) -> Transport {
        match self.settings.transport {
            SipTransport::Udp => Transport::Udp,
            SipTransport::Tcp => Transport::Tcp,
        }
    }

    fn registrar_uri(&self) -> String {
        self.uri("")
    }

    fn uri(&self, user: &str) -> String {
        let port = Some(self.settings.port).filter(|port| *port != 5060);
        let Some(uri) = UriBuf::sip(user, &self.settings.host, port) else {
            return identity::uri(user, &self.settings.host);
        };
        let uri = if self.transport() == Transport::Tcp { uri.with_param("transport", "tcp") } else { uri };
        uri.as_str().to_owned()
    }
}
