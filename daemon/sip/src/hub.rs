//! What every session and every trunk needs: a way out, names, ports, and the configuration.

use crate::digest::{Authenticator, Login, answer_challenge};
use crate::entropy::Entropy;
use crate::message::{Draft, Message, Method, Name, Request, Response, Status};
use crate::ports::PortPool;
use crate::registrar::Registrar;
use crate::transaction::{Outgoing, TransactionId, Transactions};
use crate::{Flow, Output};
use demarc_model::config::{SipPeer, TrunkId};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{Config, LegEvent, LegId, MediaCommand, Now, Room, StreamId, Trace};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The methods we take.
pub const ALLOW: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER, REGISTER, SUBSCRIBE";

/// What we say we are.
pub const AGENT: &str = "Demarc";

/// As much of a message as a trace keeps.
const MAX_DETAIL: usize = 4096;

/// What has happened since the start, for metrics. Everything only grows but the last three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Messages received.
    pub received: u64,
    /// Messages that were no SIP, or broken; those that could be were answered 400.
    pub malformed: u64,
    /// Responses and ACKs that belong to nothing.
    pub stray: u64,
    /// Requests refused because there was no room (503).
    pub refused: u64,
    /// Requests that were asked for credentials.
    pub challenged: u64,
    /// Requests with credentials that were wrong.
    pub wrong_credentials: u64,
    /// Requests from a source that had failed too often (403).
    pub locked_out: u64,
    /// Sessions now.
    pub sessions: usize,
    /// Transactions now.
    pub transactions: usize,
    /// Dialogs now.
    pub dialogs: usize,
}

/// Who is told of responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// A session.
    Leg(LegId),
    /// A trunk: REGISTER and OPTIONS.
    Trunk(TrunkId),
    /// A subscription: NOTIFY.
    Subscription(u64),
}

/// A request that waits for its answer.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// Its server transaction.
    pub id: TransactionId,
    /// The request.
    pub request: Box<Request>,
    /// The way it came.
    pub flow: Flow,
}

/// Call-ID and our tag.
pub type DialogKey = (String, String);

/// What every session and every trunk needs.
#[derive(Debug)]
pub struct Hub {
    pub config: Arc<Config>,
    pub out: VecDeque<Output>,
    pub transactions: Transactions<User>,
    pub entropy: Entropy,
    pub ports: PortPool,
    pub registrar: Registrar,
    pub authenticator: Authenticator,
    pub dialogs: BTreeMap<DialogKey, LegId>,
    pub counters: Counters,
    minted: u64,
}

impl Hub {
    pub fn new(config: Arc<Config>, seed: u64) -> Self {
        let mut entropy = Entropy::new(seed);
        let mut key = [0; 32];
        for octets in key.chunks_mut(8) {
            octets.copy_from_slice(&entropy.number().to_be_bytes());
        }
        Self {
            authenticator: Authenticator::new(&config.system.sip.realm, key),
            ports: PortPool::new(&config.system.rtp),
            registrar: Registrar::new(),
            transactions: Transactions::new(),
            dialogs: BTreeMap::new(),
            counters: Counters::default(),
            out: VecDeque::new(),
            minted: 0,
            entropy,
            config,
        }
    }

    /// A new leg with its stream.
    pub fn mint_leg(&mut self) -> LegId {
        self.minted += 1;
        LegId::new(Room::Sip, self.minted)
    }

    /// A new stream.
    pub fn mint_stream(&mut self) -> StreamId {
        self.minted += 1;
        StreamId::new(Room::Sip, self.minted)
    }

    /// Tells call control.
    pub fn emit(&mut self, event: LegEvent) {
        self.out.push_back(Output::Leg(event));
    }

    /// Tells media.
    pub fn media(&mut self, command: MediaCommand) {
        self.out.push_back(Output::Media(command));
    }

    /// Our address as the peer of this flow sees it: the external one, unless both are on one
    /// private network.
    pub fn address(&self, flow: &Flow) -> SocketAddr {
        match self.config.system.sip.external_address {
            Some(ip) if !is_private(flow.remote.ip()) => SocketAddr::new(ip, flow.local.port()),
            _ => flow.local,
        }
    }

    /// Our Contact on a flow.
    pub fn contact(&self, flow: &Flow) -> String {
        let address = self.address(flow);
        match flow.transport.is_reliable() {
            true => format!("<sip:{address};transport=tcp>"),
            false => format!("<sip:{address}>"),
        }
    }

    /// Sends a request in a transaction of its own.
    pub fn send(
        &mut self,
        now: Now,
        flow: Flow,
        method: Method,
        uri: &str,
        draft: Draft,
        user: User,
    ) -> Option<TransactionId> {
        let draft = draft.add(Name::UserAgent, AGENT);
        if let User::Leg(leg) = user {
            self.trace_out(leg, &draft);
        }
        let unique = self.entropy.token();
        let request = Outgoing { method, uri: uri.to_owned(), draft, sent_by: self.address(&flow) };
        self.transactions.send(now.mono, flow, &unique, request, Some(user), &mut self.out)
    }

    /// Sends an ACK for a 2xx; returns it, to be repeated when the 2xx is.
    pub fn send_ack(&mut self, leg: LegId, flow: Flow, draft: Draft) -> Vec<u8> {
        let via = format!(
            "SIP/2.0/{} {};branch=z9hG4bK{};rport",
            flow.transport.via(),
            self.address(&flow),
            self.entropy.token()
        );
        self.trace_out(leg, &draft);
        let bytes = draft.add_first(Name::Via, via).write();
        self.out.push_back(Output::Send { flow, bytes: bytes.clone() });
        bytes
    }

    /// Sends a CANCEL.
    pub fn cancel(&mut self, now: Now, leg: LegId, invite: TransactionId, reason: &str) {
        if let Some((_, draft)) = self.transactions.cancel(now.mono, invite, reason, &mut self.out) {
            self.trace_out(leg, &draft);
        }
    }

    /// The beginning of a response.
    pub fn response(&self, inbound: &Inbound, status: u16) -> Draft {
        let status = Status::new(status).unwrap_or(Status::SERVER_INTERNAL_ERROR);
        Draft::response(&inbound.request, status, inbound.flow.remote).add(Name::Server, AGENT)
    }

    /// Sends a response.
    pub fn respond(&mut self, now: Now, leg: Option<LegId>, inbound: &Inbound, status: u16, draft: Draft) {
        if self.transactions.respond(now.mono, inbound.id, status, &draft, &mut self.out)
            && let Some(leg) = leg
        {
            self.trace_out(leg, &draft);
        }
    }

    /// Sends a response that needs nothing more than a tag.
    pub fn reply(&mut self, now: Now, leg: Option<LegId>, inbound: &Inbound, status: u16) {
        let tag = self.entropy.token();
        let mut draft = self.response(inbound, status).to_tag(&tag);
        if status == 405 || status == 501 {
            draft = draft.add(Name::Allow, ALLOW);
        }
        self.respond(now, leg, inbound, status, draft);
    }

    /// The header that answers the challenge in a response, when the peer has an account for us.
    pub fn authorize(
        &mut self,
        peer: &SipPeer,
        method: &Method,
        uri: &str,
        response: &Response,
    ) -> Option<(Name, String)> {
        let (challenge, answer) = match response.status().code() {
            401 => (Name::WwwAuthenticate, Name::Authorization),
            407 => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => return None,
        };
        if peer.username.is_empty() {
            return None;
        }
        let cnonce = self.entropy.token();
        let login = Login {
            username: &peer.username,
            password: peer.password.reveal(),
            method: method.as_str(),
            uri,
            cnonce: &cnonce,
            count: 1,
        };
        Some((answer, answer_challenge(response.lines(challenge), &login)?))
    }

    /// An arrow of the ladder for a message that came.
    pub fn trace_in(&mut self, leg: LegId, message: &Message) {
        let fields = message.fields();
        let body = String::from_utf8_lossy(fields.body());
        let detail = format!("{}\r\n\r\n{body}", fields.head());
        self.trace(leg, Direction::In, message.label(), &detail);
    }

    /// An arrow of the ladder for a request that came.
    pub fn trace_request(&mut self, leg: LegId, request: &Request) {
        let body = String::from_utf8_lossy(request.body());
        let detail = format!("{}\r\n\r\n{body}", request.head());
        let label = format!("{} {}", request.method(), request.uri().as_str());
        self.trace(leg, Direction::In, label, &detail);
    }

    fn trace_out(&mut self, leg: LegId, draft: &Draft) {
        let detail = String::from_utf8_lossy(&draft.write()).into_owned();
        self.trace(leg, Direction::Out, draft.label().to_owned(), &detail);
    }

    fn trace(&mut self, leg: LegId, direction: Direction, label: String, detail: &str) {
        let detail = redacted(detail);
        self.out.push_back(Output::Trace(Trace { leg, direction, protocol: Protocol::Sip, label, detail }));
    }
}

/// A message without what could be used to log in, cut to what a trace keeps.
fn redacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_DETAIL));
    for line in text.split_inclusive('\n') {
        let name = line.split(':').next().unwrap_or_default();
        let secret = matches!(Name::parse(name.trim()), Name::Authorization | Name::ProxyAuthorization);
        match secret {
            true => out.push_str(&format!("{name}: (left out)\r\n")),
            false => out.push_str(line),
        }
        if out.len() >= MAX_DETAIL {
            break;
        }
    }
    let end = (0..=out.len().min(MAX_DETAIL)).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
    out.truncate(end);
    out
}

/// Is the address on a network of its own, where ours is as good as the external one?
fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
