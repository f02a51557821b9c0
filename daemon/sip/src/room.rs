//! The room as a whole: hands each input to the machine it is for.

use crate::admission::{Admission, account, sip_account};
use crate::hub::{Counters, Hub, Inbound, User};
use crate::message::{Message, Method, Name, Request, Response, Scheme};
use crate::registrar::Account;
use crate::schedule::{Schedule, earlier};
use crate::session::{Session, Target};
use crate::subscription::Subscriptions;
use crate::transaction::{Arrival, TransactionId};
use crate::trunk::Peer;
use crate::{Flow, Input, Output, Transport};
use demarc_model::config::{DeviceId, TrunkKind};
use demarc_model::live::{LiveDevice, LiveTrunk};
use demarc_model::{
    Cause, Config, Dial, Instant, LegCommand, LegEvent, LegId, MediaEvent, Now, Party, StreamId,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

/// The most sessions at once.
pub const MAX_SESSIONS: usize = 4096;

/// Everything SIP of one gateway.
#[derive(Debug)]
pub struct Sip {
    hub: Hub,
    sessions: BTreeMap<LegId, Session>,
    streams: BTreeMap<StreamId, LegId>,
    schedule: Schedule<LegId>,
    peers: Vec<Peer>,
    subscriptions: Subscriptions,
    admission: Admission,
}

impl Sip {
    /// A room that knows nobody yet. Every tag, branch, Call-ID, SSRC and nonce follows from the
    /// seed, so it must differ from start to start.
    pub fn new(config: Arc<Config>, seed: u64) -> Self {
        let mut room = Self {
            hub: Hub::new(config, seed),
            sessions: BTreeMap::new(),
            streams: BTreeMap::new(),
            schedule: Schedule::default(),
            peers: Vec::new(),
            subscriptions: Subscriptions::default(),
            admission: Admission::default(),
        };
        room.configure_peers();
        room
    }

    /// Takes one input; drain [`Sip::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Message { flow, bytes } => self.on_message(now, flow, bytes),
            Input::FlowClosed { flow } => self.on_flow_closed(now, &flow),
            Input::Resolved { host, port, transport, flows } => {
                self.on_resolved(now, &host, port, transport, &flows);
            }
            Input::Moved { transport, served } => self.on_moved(now, transport, served),
            Input::Leg(LegCommand::Dial(dial)) => self.on_dial(now, *dial),
            Input::Leg(command) => {
                let leg = command.leg();
                self.with_session(leg, |session, hub| session.on_command(now, hub, command));
            }
            Input::Media(event) => self.on_media(now, &event),
            Input::Config(config) => self.on_config(now, config),
        }
    }

    /// Does what is due; drain [`Sip::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        while let Some(failed) = self.hub.transactions.on_timeout(now.mono, &mut self.hub.out) {
            if let Some((id, user)) = failed {
                self.on_failure(now, id, user);
            }
        }
        let mut due = Vec::new();
        while let Some(leg) = self.schedule.pop_due(now.mono) {
            due.push(leg);
        }
        for leg in due {
            self.with_session(leg, |session, hub| session.on_timeout(now, hub));
        }
        for peer in &mut self.peers {
            peer.on_timeout(now, &mut self.hub);
        }
        self.subscriptions.on_timeout(now, &mut self.hub);
        if !self.hub.registrar.handle_timeout(now).is_empty() {
            self.hub.out.push_back(Output::Changed);
        }
    }

    /// The next thing to be done for the room.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.hub.out.pop_front()
    }

    /// When `handle_timeout` wants to be called, and for what.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let rooms = [
            self.schedule.next(),
            self.hub.transactions.poll_timeout(),
            self.hub.registrar.poll_timeout(),
            self.subscriptions.deadline(),
        ];
        let peers = self.peers.iter().map(Peer::deadline);
        rooms.into_iter().chain(peers).fold(None, earlier)
    }

    /// The SIP devices as they are now.
    pub fn live_devices(&self, now: Now) -> Vec<LiveDevice> {
        let devices = self.hub.config.devices.iter().filter(|device| sip_account(device).is_some());
        devices
            .map(|device| LiveDevice {
                device: device.id,
                reachable: self.hub.registrar.bindings(device.id).iter().any(|b| b.expires_at > now.mono),
                contacts: self.hub.registrar.live(device.id),
            })
            .collect()
    }

    /// The SIP trunks as they are now.
    pub fn live_trunks(&self) -> Vec<LiveTrunk> {
        self.peers.iter().map(|peer| self.live_trunk(peer)).collect()
    }

    /// Nothing of any call or transaction is left.
    pub fn is_quiet(&self) -> bool {
        self.sessions.is_empty() && self.hub.dialogs.is_empty() && self.hub.transactions.count() == 0
    }

    /// What has happened since the start, for metrics.
    pub fn counters(&self) -> Counters {
        Counters {
            sessions: self.sessions.len(),
            transactions: self.hub.transactions.count(),
            dialogs: self.hub.dialogs.len(),
            ..self.hub.counters
        }
    }

    fn live_trunk(&self, peer: &Peer) -> LiveTrunk {
        let (up, reason) = peer.state();
        let is_on_it = |session: &&Session| session.party == Party::Trunk(peer.id) && !session.is_over();
        let calls = u32::try_from(self.sessions.values().filter(is_on_it).count()).unwrap_or(u32::MAX);
        LiveTrunk { trunk: peer.id, up, reason: reason.map(str::to_owned), calls, capacity: None }
    }

    fn on_message(&mut self, now: Now, flow: Flow, bytes: Vec<u8>) {
        if bytes.iter().all(|b| matches!(b, b'\r' | b'\n' | 0)) {
            return; // keeps a NAT open (RFC 5626 §3.5.1)
        }
        self.hub.counters.received += 1;
        match Message::parse(bytes) {
            Ok(Message::Request(request)) => self.on_request(now, flow, request),
            Ok(Message::Response(response)) => self.on_response(now, response),
            Err(error) => {
                self.hub.counters.malformed += 1;
                let tag = self.hub.entropy.token();
                if let Some(reply) = error.reply(flow.remote, &tag) {
                    self.hub.out.push_back(Output::Send { flow, bytes: reply.write() });
                }
            }
        }
    }

    fn on_response(&mut self, now: Now, response: Response) {
        let heard = self.hub.transactions.on_response(now.mono, &response, &mut self.hub.out);
        match heard {
            Some((id, User::Leg(leg))) if self.sessions.contains_key(&leg) => {
                let message = Message::Response(response);
                self.hub.trace_in(leg, &message);
                if let Message::Response(response) = &message {
                    self.with_session(leg, |session, hub| session.on_response(now, hub, id, response));
                }
            }
            Some((id, User::Trunk(trunk))) => {
                let Some(peer) = self.peers.iter_mut().find(|peer| peer.id == trunk) else { return };
                if peer.on_response(now, &mut self.hub, id, &response) {
                    self.hub.out.push_back(Output::Changed);
                }
            }
            Some((tx, User::Subscription(id))) => {
                self.subscriptions.on_response(now, &mut self.hub, id, tx, &response);
            }
            Some(_) => {}
            None => self.hub.counters.stray += 1,
        }
    }

    fn on_request(&mut self, now: Now, flow: Flow, request: Request) {
        let back = way_back(flow, &request);
        match self.hub.transactions.on_request(now.mono, &request, back, &mut self.hub.out) {
            Arrival::Repeated => {}
            Arrival::Ack => self.on_ack(now, &request),
            Arrival::Full => self.refuse_statelessly(back, &request),
            Arrival::New(id) => {
                let inbound = Inbound { id, request: Box::new(request), flow };
                self.on_new_request(now, inbound);
            }
        }
    }

    fn on_new_request(&mut self, now: Now, inbound: Inbound) {
        let request = &inbound.request;
        let hub = &mut self.hub;
        if *request.method() == Method::Cancel {
            return self.on_cancel(now, &inbound);
        }
        if !matches!(request.uri().scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            return hub.reply(now, None, &inbound, 416);
        }
        let unsupported: Vec<_> =
            request.values(Name::Require).filter(|tag| !tag.eq_ignore_ascii_case("timer")).collect();
        if !unsupported.is_empty() {
            let tag = hub.entropy.token();
            let list = unsupported.join(", ");
            let draft = hub.response(&inbound, 420).to_tag(&tag).add(Name::Unsupported, list);
            return hub.respond(now, None, &inbound, 420, draft);
        }
        if *request.method() == Method::Subscribe {
            return self.on_subscribe(now, &inbound);
        }
        if let Some(tag) = request.to().tag() {
            let key = (request.call_id().to_owned(), tag.to_owned());
            let Some(leg) = hub.dialogs.get(&key).copied() else {
                return hub.reply(now, None, &inbound, 481);
            };
            return self.with_session(leg, |session, hub| session.on_request(now, hub, &inbound));
        }
        match request.method() {
            Method::Invite => self.on_invite(now, inbound),
            Method::Register => self.on_register(now, &inbound),
            Method::Options => {
                let tag = hub.entropy.token();
                let draft = hub.response(&inbound, 200).to_tag(&tag);
                let draft = draft.add(Name::Allow, crate::hub::ALLOW).add(Name::Accept, "application/sdp");
                hub.respond(now, None, &inbound, 200, draft.add(Name::Supported, "timer"));
            }
            Method::Bye | Method::Info | Method::Update | Method::Prack => {
                hub.reply(now, None, &inbound, 481)
            }
            Method::Other(_) => hub.reply(now, None, &inbound, 501),
            _ => hub.reply(now, None, &inbound, 405),
        }
    }

    fn on_invite(&mut self, now: Now, inbound: Inbound) {
        let request = &inbound.request;
        if request.max_forwards() == Some(0) {
            return self.hub.reply(now, None, &inbound, 483);
        }
        let own = self.hub.address(&inbound.flow);
        let came_through_us =
            request.vias().any(|via| via.ip() == Some(own.ip()) && via.port() == Some(own.port()));
        if came_through_us || self.is_merged(request) {
            return self.hub.reply(now, None, &inbound, 482);
        }
        let Some(party) = self.party(now, &inbound) else { return };
        if self.sessions.len() >= MAX_SESSIONS {
            self.hub.counters.refused += 1;
            let tag = self.hub.entropy.token();
            let draft = self.hub.response(&inbound, 503).to_tag(&tag).add(Name::RetryAfter, "10");
            return self.hub.respond(now, None, &inbound, 503, draft);
        }
        let id = inbound.id;
        if let Some(session) = Session::offered(now, &mut self.hub, party, inbound) {
            self.hub.transactions.set_user(id, User::Leg(session.leg));
            self.add(session);
        }
    }

    /// The same request came on another way too (RFC 3261 §8.2.2.2).
    fn is_merged(&self, request: &Request) -> bool {
        let first = (request.call_id().to_owned(), String::new());
        let same_call = self.hub.dialogs.range(first..).take_while(|((id, _), _)| id == request.call_id());
        same_call.filter_map(|(_, leg)| self.sessions.get(leg)).any(|session| session.is_for(request))
    }

    /// Who calls: a device that registered or a trunk by its address, anybody else by digest.
    /// None when it has been answered.
    fn party(&mut self, now: Now, inbound: &Inbound) -> Option<Party> {
        let has_credentials = inbound.request.value(Name::Authorization).is_some()
            || inbound.request.value(Name::ProxyAuthorization).is_some();
        let is_device = has_credentials || self.hub.registrar.device_at(&inbound.flow).is_some();
        let trunk = self.peers.iter().find(|peer| peer.is_at(&inbound.flow));
        match trunk.filter(|_| !is_device) {
            Some(peer) => Some(Party::Trunk(peer.id)),
            None => self.admission.authenticate(now, &mut self.hub, inbound).map(Party::Device),
        }
    }

    fn on_register(&mut self, now: Now, inbound: &Inbound) {
        let Some(device) = self.admission.authenticate(now, &mut self.hub, inbound) else { return };
        let hub = &mut self.hub;
        let config = hub.config.clone();
        let Some(settings) = account(&config, device) else { return hub.reply(now, None, inbound, 403) };
        let account = Account {
            device,
            username: &settings.username,
            max_contacts: settings.max_contacts,
            max_expires_s: config.system.sip.registration_max_s,
        };
        let tag = hub.entropy.token();
        match hub.registrar.register(now, &account, &inbound.request, inbound.flow) {
            Ok(changed) => {
                let draft = hub.response(inbound, 200).to_tag(&tag);
                let draft = hub.registrar.complete(now, device, draft);
                hub.respond(now, None, inbound, 200, draft);
                if changed {
                    hub.out.push_back(Output::Changed);
                }
            }
            Err(refusal) => {
                let status = refusal.status().code();
                let draft = refusal.complete(hub.response(inbound, status).to_tag(&tag));
                hub.respond(now, None, inbound, status, draft);
            }
        }
    }

    /// SUBSCRIBE begins a dialog of its own, or is in one that it began.
    fn on_subscribe(&mut self, now: Now, inbound: &Inbound) {
        if let Some(status) = Subscriptions::refusal(&inbound.request) {
            let tag = self.hub.entropy.token();
            let draft = self.hub.response(inbound, status).to_tag(&tag);
            let draft = draft.add(Name::AllowEvents, "message-summary");
            return self.hub.respond(now, None, inbound, status, draft);
        }
        if let Some(device) = self.admission.authenticate(now, &mut self.hub, inbound) {
            self.subscriptions.subscribe(now, &mut self.hub, device, inbound);
        }
    }

    fn on_cancel(&mut self, now: Now, inbound: &Inbound) {
        let found = self.hub.transactions.cancelled(&inbound.request);
        let Some((invite, user)) = found else { return self.hub.reply(now, None, inbound, 481) };
        let leg = match user {
            Some(User::Leg(leg)) => Some(leg),
            _ => None,
        };
        if let Some(leg) = leg {
            self.hub.trace_request(leg, &inbound.request);
        }
        self.hub.reply(now, leg, inbound, 200);
        let reason = inbound.request.q850_cause().map(Cause::from_received);
        if let Some(leg) = leg {
            self.with_session(leg, |session, hub| {
                // A re-INVITE is answered at once, so there is nothing of it to cancel.
                if session.invite() == Some(invite) {
                    session.on_cancel(now, hub, reason);
                }
            });
        }
    }

    fn on_ack(&mut self, now: Now, request: &Request) {
        let key = (request.call_id().to_owned(), request.to().tag().unwrap_or_default().to_owned());
        let Some(leg) = self.hub.dialogs.get(&key).copied() else {
            self.hub.counters.stray += 1;
            return;
        };
        self.hub.trace_request(leg, request);
        let cseq = request.cseq().number;
        self.with_session(leg, |session, hub| session.on_ack(now, hub, cseq, request.sdp()));
    }

    fn on_dial(&mut self, now: Now, dial: Dial) {
        if self.sessions.contains_key(&dial.leg) {
            return;
        }
        let leg = dial.leg;
        let targets = match dial.to {
            Party::Device(device) => self.targets_of_device(device),
            Party::Trunk(_) => self.targets_of_trunk(&dial),
        };
        let refused = match targets {
            Err((cause, reason)) => Some((cause, reason)),
            Ok(_) if self.sessions.len() >= MAX_SESSIONS => {
                Some((Cause::CONGESTION, "SIP: too many calls".to_owned()))
            }
            Ok(targets) => match Session::dial(now, &mut self.hub, dial, targets) {
                Some(session) => {
                    self.add(session);
                    None
                }
                None => {
                    Some((Cause::RESOURCE_UNAVAILABLE, "SIP: no RTP port or transaction free".to_owned()))
                }
            },
        };
        if let Some((cause, reason)) = refused {
            self.hub.emit(LegEvent::Ended { leg, cause, reason: Some(reason) });
        }
    }

    /// Everywhere a device has registered, what it prefers first.
    fn targets_of_device(&self, device: DeviceId) -> Result<Vec<Target>, (Cause, String)> {
        if account(&self.hub.config, device).is_none() {
            return Err((Cause::DESTINATION_OUT_OF_ORDER, "no such SIP device".to_owned()));
        }
        let mut bindings: Vec<_> = self.hub.registrar.bindings(device).iter().collect();
        bindings.sort_by_key(|binding| std::cmp::Reverse(binding.q));
        if bindings.is_empty() {
            return Err((Cause::SUBSCRIBER_ABSENT, "the phone is not registered".to_owned()));
        }
        let target = |uri: &str, flow| Target { flow, uri: uri.to_owned() };
        Ok(bindings.iter().map(|binding| target(binding.contact.as_str(), binding.flow)).collect())
    }

    fn targets_of_trunk(&self, dial: &Dial) -> Result<Vec<Target>, (Cause, String)> {
        let peer = self.peers.iter().find(|peer| dial.to == Party::Trunk(peer.id));
        let Some(peer) = peer.filter(|peer| peer.enabled) else {
            return Err((Cause::DESTINATION_OUT_OF_ORDER, "the trunk is disabled".to_owned()));
        };
        let (up, reason) = peer.state();
        let targets = peer.targets(&dial.called);
        // An emergency call tries even what seems to be down.
        if targets.is_empty() || !(up || dial.emergency) {
            let reason = format!("the trunk is down: {}", reason.unwrap_or("not looked up yet"));
            return Err((Cause::DESTINATION_OUT_OF_ORDER, reason));
        }
        Ok(targets)
    }

    fn on_media(&mut self, now: Now, event: &MediaEvent) {
        let stream = event.stream();
        if let Some(leg) = self.streams.get(&stream).copied() {
            self.with_session(leg, |session, hub| session.on_media(now, hub, event));
        }
    }

    fn on_failure(&mut self, now: Now, id: TransactionId, user: User) {
        match user {
            User::Leg(leg) => self.with_session(leg, |session, hub| session.on_failure(now, hub, id)),
            User::Trunk(trunk) => {
                let peer = self.peers.iter_mut().find(|peer| peer.id == trunk);
                if peer.is_some_and(|peer| peer.on_failure(now, id)) {
                    self.hub.out.push_back(Output::Changed);
                }
            }
            User::Subscription(subscription) => self.subscriptions.on_failure(subscription, id),
        }
    }

    fn on_flow_closed(&mut self, now: Now, flow: &Flow) {
        if !self.hub.registrar.flow_closed(flow).is_empty() {
            self.hub.out.push_back(Output::Changed);
        }
        self.subscriptions.on_flow_closed(flow);
        for (id, user) in self.hub.transactions.on_flow_closed(flow) {
            self.on_failure(now, id, user);
        }
        for leg in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.with_session(leg, |session, hub| session.on_flow_closed(now, hub, flow));
        }
    }

    fn on_resolved(&mut self, now: Now, host: &str, port: u16, transport: Transport, flows: &[Flow]) {
        let mut changed = false;
        for peer in self.peers.iter_mut().filter(|peer| peer.asked_for(host, port, transport)) {
            changed |= peer.on_resolved(now, &mut self.hub, flows);
        }
        if changed {
            self.hub.out.push_back(Output::Changed);
        }
    }

    fn on_moved(&mut self, now: Now, transport: Transport, served: SocketAddr) {
        // A connection outlives the socket that accepted it: only datagrams leave another way.
        if transport == Transport::Udp {
            self.hub.registrar.moved(served);
            self.subscriptions.moved(served);
        }
        for peer in self.peers.iter_mut().filter(|peer| peer.transport() == transport) {
            peer.on_moved(now);
        }
    }

    fn on_config(&mut self, now: Now, config: Arc<Config>) {
        let former = std::mem::replace(&mut self.hub.config, config);
        let config = self.hub.config.clone();
        self.hub.authenticator.set_realm(&config.system.sip.realm);
        let in_use: BTreeSet<u16> = self.sessions.values().filter_map(Session::port).collect();
        self.hub.ports.configure(&config.system.rtp, &in_use);
        let same = |device| {
            let login = |config| account(config, device).map(|a| (&a.username, &a.password));
            login(&config) == login(&former)
        };
        for device in self.hub.registrar.devices().collect::<Vec<_>>() {
            if !same(device) {
                self.hub.registrar.forget(device);
            }
        }
        self.subscriptions.on_config(now, &mut self.hub, same);
        self.configure_peers();
        self.hub.out.push_back(Output::Changed);
    }

    /// Peers that are configured as before stay as they are.
    fn configure_peers(&mut self) {
        let mut former = std::mem::take(&mut self.peers);
        let config = self.hub.config.clone();
        for trunk in &config.trunks {
            let TrunkKind::Sip(settings) = &trunk.kind else { continue };
            let same = |p: &Peer| (p.id, p.enabled, &p.settings) == (trunk.id, trunk.enabled, settings);
            let peer = match former.iter().position(same) {
                Some(at) => former.swap_remove(at),
                None => Peer::new(&mut self.hub, trunk.id, settings.clone(), trunk.enabled),
            };
            self.peers.push(peer);
        }
    }

    fn add(&mut self, session: Session) {
        let leg = session.leg;
        self.streams.insert(session.stream(), leg);
        self.sessions.insert(leg, session);
        self.settle(leg);
    }

    fn with_session(&mut self, leg: LegId, f: impl FnOnce(&mut Session, &mut Hub)) {
        if let Some(session) = self.sessions.get_mut(&leg) {
            f(session, &mut self.hub);
            self.settle(leg);
        }
    }

    /// Sets the timer of a session anew, or forgets it when nothing more will come of it.
    fn settle(&mut self, leg: LegId) {
        let Some(session) = self.sessions.get_mut(&leg) else { return };
        if !session.is_gone() {
            return self.schedule.set(leg, session.deadline());
        }
        session.forget(&mut self.hub);
        self.streams.remove(&session.stream());
        self.schedule.set(leg, None);
        self.sessions.remove(&leg);
    }

    /// No room for a transaction: the peer may try again later.
    fn refuse_statelessly(&mut self, back: Flow, request: &Request) {
        self.hub.counters.refused += 1;
        let tag = self.hub.entropy.token();
        let status = crate::message::Status::SERVICE_UNAVAILABLE;
        let draft = crate::message::Draft::response(request, status, back.remote).to_tag(&tag);
        let bytes = draft.add(Name::RetryAfter, "10").write();
        self.hub.out.push_back(Output::Send { flow: back, bytes });
    }
}

/// Where the responses to a request go (RFC 3261 §18.2.2, RFC 3581): back where it came from. Only
/// a client that asks for no `rport` and is behind no NAT is answered at the port of its Via.
fn way_back(flow: Flow, request: &Request) -> Flow {
    let via = request.via();
    let plain = flow.transport == Transport::Udp
        && via.rport().is_none()
        && via.ip().is_some_and(|ip| ip.to_canonical() == flow.remote.ip().to_canonical());
    match plain {
        true => Flow { remote: SocketAddr::new(flow.remote.ip(), via.port().unwrap_or(5060)), ..flow },
        false => flow,
    }
}
