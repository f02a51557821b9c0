//! The transaction layer: RFC 3261 §17 and RFC 6026.
//!
//! The four machines know only times and statuses. This layer keeps their messages, matches what
//! comes to them (§17.1.3, §17.2.3), repeats what they want repeated, and bounds their number.

pub mod invite_client;
pub mod invite_server;
mod key;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod timing;

#[cfg(test)]
mod tests;

use crate::message::{Draft, MAGIC_COOKIE, Method, Name, Request, Response, Uri};
use crate::schedule::Schedule;
use crate::{Flow, Output};
use demarc_model::Instant;
use invite_client::InviteClient;
use invite_server::InviteServer;
use key::{ClientKey, ServerKey};
use non_invite_client::NonInviteClient;
use non_invite_server::NonInviteServer;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// The most client and, again, the most server transactions at once.
pub const MAX_TRANSACTIONS: usize = 8192;

/// The most octets that are kept for repetition.
pub const MAX_OCTETS: usize = 64 << 20;

/// What a client transaction makes of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing.
    Ignore,
    /// Its user gets it.
    Pass,
    /// Its user gets it, and the peer an ACK.
    PassAndAck,
    /// The peer has not got the ACK.
    Ack,
}

/// What a server transaction makes of a repeated request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeated {
    /// It is answered as before.
    Answer,
    /// Nothing.
    Absorb,
}

/// What a machine makes of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// At most its state changed.
    Nothing,
    /// The message goes out again.
    SendAgain,
    /// The peer never answered (client) or never acknowledged (server).
    GaveUp,
}

/// Names a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TransactionId(u64);

/// A request to send, complete but for its Via.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its method.
    pub method: Method,
    /// Its Request-URI.
    pub uri: String,
    /// The message.
    pub draft: Draft,
    /// Sent-by of its Via.
    pub sent_by: SocketAddr,
}

/// What a request that came turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// A new request: somebody has to [`Transactions::respond`].
    New(TransactionId),
    /// An ACK that belongs to a dialog.
    Ack,
    /// A repetition; it has been dealt with.
    Repeated,
    /// There is no room for it.
    Full,
}

#[derive(Debug)]
enum ClientMachine {
    Invite(InviteClient),
    NonInvite(NonInviteClient),
}

#[derive(Debug)]
struct Client<U> {
    key: ClientKey,
    machine: ClientMachine,
    flow: Flow,
    request: Outgoing,
    bytes: Vec<u8>,
    ack: Vec<u8>,
    user: Option<U>,
}

#[derive(Debug)]
enum ServerMachine {
    Invite(InviteServer),
    NonInvite(NonInviteServer),
}

#[derive(Debug)]
struct Server<U> {
    key: ServerKey,
    machine: ServerMachine,
    flow: Flow,
    response: Vec<u8>,
    user: Option<U>,
}

/// All transactions of the gateway. `U` is who is told of responses.
#[derive(Debug)]
pub struct Transactions<U> {
    minted: u64,
    octets: usize,
    clients: BTreeMap<TransactionId, Client<U>>,
    client_ids: BTreeMap<ClientKey, TransactionId>,
    servers: BTreeMap<TransactionId, Server<U>>,
    server_ids: BTreeMap<ServerKey, TransactionId>,
    schedule: Schedule<TransactionId>,
}

impl<U: Copy> Transactions<U> {
    /// None yet.
    pub fn new() -> Self {
        Self {
            minted: 0,
            octets: 0,
            clients: BTreeMap::new(),
            client_ids: BTreeMap::new(),
            servers: BTreeMap::new(),
            server_ids: BTreeMap::new(),
            schedule: Schedule::default(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.clients.len() + self.servers.len()
    }

    /// Sends a request (not an ACK). None when there are too many transactions.
    pub fn send(
        &mut self,
        now: Instant,
        flow: Flow,
        unique: &str,
        request: Outgoing,
        user: Option<U>,
        out: &mut VecDeque<Output>,
    ) -> Option<TransactionId> {
        self.start(now, flow, format!("{MAGIC_COOKIE}{unique}"), request, user, out)
    }

    /// Sends a CANCEL for an INVITE (RFC 3261 §9.1); the caller has seen a provisional response
    /// and no final one. `reason`: the value of its Reason header.
    pub fn cancel(
        &mut self,
        now: Instant,
        invite: TransactionId,
        reason: &str,
        out: &mut VecDeque<Output>,
    ) -> Option<(Flow, Draft)> {
        let client = self.clients.get_mut(&invite)?;
        let ClientMachine::Invite(machine) = &mut client.machine else { return None };
        machine.on_cancel(now);
        self.schedule.set(invite, machine.deadline());
        let draft = same_as(&client.request, Method::Cancel).add(Name::Reason, reason);
        let (flow, branch) = (client.flow, client.key.branch.clone());
        let request = Outgoing { method: Method::Cancel, draft: draft.clone(), ..client.request.clone() };
        self.start(now, flow, branch, request, None, out)?;
        Some((flow, draft))
    }

    /// Nobody waits for an INVITE any more: when it is not answered soon it is forgotten.
    pub fn abandon(&mut self, now: Instant, invite: TransactionId) {
        if let Some(client) = self.clients.get_mut(&invite)
            && let ClientMachine::Invite(machine) = &mut client.machine
        {
            machine.on_cancel(now);
            self.schedule.set(invite, machine.deadline());
        }
    }

    fn start(
        &mut self,
        now: Instant,
        flow: Flow,
        branch: String,
        mut request: Outgoing,
        user: Option<U>,
        out: &mut VecDeque<Output>,
    ) -> Option<TransactionId> {
        let via = format!("SIP/2.0/{} {};branch={branch};rport", flow.transport.via(), request.sent_by);
        request.draft = request.draft.add_first(Name::Via, via);
        let bytes = request.draft.write();
        if self.clients.len() >= MAX_TRANSACTIONS || self.octets + bytes.len() > MAX_OCTETS {
            return None;
        }
        let reliable = flow.transport.is_reliable();
        let machine = match request.method {
            Method::Invite => ClientMachine::Invite(InviteClient::new(now, reliable)),
            _ => ClientMachine::NonInvite(NonInviteClient::new(now, reliable)),
        };
        let id = self.mint();
        let key = ClientKey { branch, method: request.method.clone() };
        self.schedule.set(id, machine.deadline());
        self.octets += bytes.len();
        self.client_ids.insert(key.clone(), id);
        out.push_back(Output::Send { flow, bytes: bytes.clone() });
        self.clients.insert(id, Client { key, machine, flow, request, bytes, ack: Vec::new(), user });
        Some(id)
    }

    /// Takes a response; gives the transaction and its user when the user is to have it.
    pub fn on_response(
        &mut self,
        now: Instant,
        response: &Response,
        out: &mut VecDeque<Output>,
    ) -> Option<(TransactionId, U)> {
        let id = *self.client_ids.get(&ClientKey::of(response)?)?;
        let client = self.clients.get_mut(&id)?;
        let status = response.status().code();
        let heard = match &mut client.machine {
            ClientMachine::Invite(machine) => machine.on_response(now, status),
            ClientMachine::NonInvite(machine) => machine.on_response(now, status),
        };
        if heard == Heard::PassAndAck {
            let to = response.value(Name::To).unwrap_or_default();
            client.ack = same_as(&client.request, Method::Ack).set(Name::To, to).write();
            self.octets += client.ack.len();
        }
        if matches!(heard, Heard::PassAndAck | Heard::Ack) {
            out.push_back(Output::Send { flow: client.flow, bytes: client.ack.clone() });
        }
        let user = client.user;
        self.settle(id);
        user.filter(|_| matches!(heard, Heard::Pass | Heard::PassAndAck)).map(|user| (id, user))
    }

    /// Takes a request. `flow` is where it came from, `back` where responses go.
    pub fn on_request(
        &mut self,
        now: Instant,
        request: &Request,
        back: Flow,
        out: &mut VecDeque<Output>,
    ) -> Arrival {
        let key = ServerKey::of(request);
        let known = self.server_ids.get(&key).copied();
        if let Some(server) = known.and_then(|id| self.servers.get_mut(&id)) {
            let is_ack = *request.method() == Method::Ack;
            let mut arrival = Arrival::Repeated;
            let repeated = match &mut server.machine {
                ServerMachine::Invite(machine) if is_ack => {
                    if machine.on_ack(now) {
                        arrival = Arrival::Ack;
                    }
                    Repeated::Absorb
                }
                ServerMachine::Invite(machine) => machine.on_request(),
                ServerMachine::NonInvite(machine) => machine.on_request(),
            };
            if repeated == Repeated::Answer && !server.response.is_empty() {
                out.push_back(Output::Send { flow: server.flow, bytes: server.response.clone() });
            }
            if let Some(id) = known {
                self.settle(id);
            }
            return arrival;
        }
        if *request.method() == Method::Ack {
            return Arrival::Ack;
        }
        if self.servers.len() >= MAX_TRANSACTIONS || self.octets > MAX_OCTETS {
            return Arrival::Full;
        }
        let reliable = back.transport.is_reliable();
        let machine = match request.method() {
            Method::Invite => ServerMachine::Invite(InviteServer::new(reliable)),
            _ => ServerMachine::NonInvite(NonInviteServer::new(now, reliable)),
        };
        let id = self.mint();
        self.server_ids.insert(key.clone(), id);
        self.schedule.set(id, machine.deadline());
        self.servers.insert(id, Server { key, machine, flow: back, response: Vec::new(), user: None });
        Arrival::New(id)
    }

    /// The INVITE that a CANCEL is for, and its user (§9.2).
    pub fn cancelled(&self, cancel: &Request) -> Option<(TransactionId, Option<U>)> {
        let id = *self.server_ids.get(&ServerKey::of_invite(cancel))?;
        let server = self.servers.get(&id)?;
        matches!(server.machine, ServerMachine::Invite(_)).then_some((id, server.user))
    }

    /// Says who deals with a request.
    pub fn set_user(&mut self, id: TransactionId, user: U) {
        if let Some(server) = self.servers.get_mut(&id) {
            server.user = Some(user);
        }
    }

    /// Sends a response. False when the transaction has had its final response or is over.
    pub fn respond(
        &mut self,
        now: Instant,
        id: TransactionId,
        status: u16,
        response: &Draft,
        out: &mut VecDeque<Output>,
    ) -> bool {
        let Some(server) = self.servers.get_mut(&id) else { return false };
        let may = match &mut server.machine {
            ServerMachine::Invite(machine) => machine.on_respond(now, status),
            ServerMachine::NonInvite(machine) => machine.on_respond(now, status),
        };
        if may {
            let bytes = response.write();
            self.octets = (self.octets + bytes.len()).saturating_sub(server.response.len());
            server.response.clone_from(&bytes);
            out.push_back(Output::Send { flow: server.flow, bytes });
            self.settle(id);
        }
        may
    }

    /// Forgets a request that was answered: its repetition will be a new request.
    pub fn forget(&mut self, id: TransactionId) {
        self.remove_server(id);
    }

    /// Does one thing that is due. `Some(Some(_))`: a client transaction was given up (timer B or
    /// F). None: nothing more is due.
    pub fn on_timeout(
        &mut self,
        now: Instant,
        out: &mut VecDeque<Output>,
    ) -> Option<Option<(TransactionId, U)>> {
        let id = self.schedule.pop_due(now)?;
        let mut failed = None;
        if let Some(client) = self.clients.get_mut(&id) {
            let expiry = match &mut client.machine {
                ClientMachine::Invite(machine) => machine.on_timeout(now),
                ClientMachine::NonInvite(machine) => machine.on_timeout(now),
            };
            match expiry {
                Expiry::SendAgain => {
                    out.push_back(Output::Send { flow: client.flow, bytes: client.bytes.clone() })
                }
                Expiry::GaveUp => failed = client.user.map(|user| (id, user)),
                Expiry::Nothing => {}
            }
        } else if let Some(server) = self.servers.get_mut(&id) {
            let expiry = match &mut server.machine {
                ServerMachine::Invite(machine) => machine.on_timeout(now),
                ServerMachine::NonInvite(machine) => machine.on_timeout(now),
            };
            if expiry == Expiry::SendAgain {
                out.push_back(Output::Send { flow: server.flow, bytes: server.response.clone() });
            }
        }
        self.settle(id);
        Some(failed)
    }

    /// A connection is gone: the requests that wait for an answer on it have failed.
    pub fn on_flow_closed(&mut self, flow: &Flow) -> Vec<(TransactionId, U)> {
        let lost: Vec<_> =
            self.clients.iter().filter(|(_, c)| flow.carries(&c.flow)).map(|(id, _)| *id).collect();
        let mut failed = Vec::new();
        for id in lost {
            let Some(client) = self.clients.get(&id) else { continue };
            let waiting = match &client.machine {
                ClientMachine::Invite(machine) => {
                    matches!(
                        machine.state(),
                        invite_client::State::Calling | invite_client::State::Proceeding
                    )
                }
                ClientMachine::NonInvite(_) => true,
            };
            failed.extend(client.user.filter(|_| waiting).map(|user| (id, user)));
            self.remove_client(id);
        }
        failed
    }

    /// When something is due.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.schedule.next()
    }

    fn mint(&mut self) -> TransactionId {
        self.minted += 1;
        TransactionId(self.minted)
    }

    /// Sets the timer anew after a machine was touched; forgets it when it is over.
    fn settle(&mut self, id: TransactionId) {
        if let Some(client) = self.clients.get(&id) {
            let over = match &client.machine {
                ClientMachine::Invite(machine) => machine.state() == invite_client::State::Terminated,
                ClientMachine::NonInvite(machine) => machine.state() == non_invite_client::State::Terminated,
            };
            match over {
                true => self.remove_client(id),
                false => self.schedule.set(id, client.machine.deadline()),
            }
        } else if let Some(server) = self.servers.get(&id) {
            let over = match &server.machine {
                ServerMachine::Invite(machine) => machine.state() == invite_server::State::Terminated,
                ServerMachine::NonInvite(machine) => machine.state() == non_invite_server::State::Terminated,
            };
            match over {
                true => self.remove_server(id),
                false => self.schedule.set(id, server.machine.deadline()),
            }
        }
    }

    fn remove_client(&mut self, id: TransactionId) {
        if let Some(client) = self.clients.remove(&id) {
            self.octets = self.octets.saturating_sub(client.bytes.len() + client.ack.len());
            self.client_ids.remove(&client.key);
            self.schedule.set(id, None);
        }
    }

    fn remove_server(&mut self, id: TransactionId) {
        if let Some(server) = self.servers.remove(&id) {
            self.octets = self.octets.saturating_sub(server.response.len());
            self.server_ids.remove(&server.key);
            self.schedule.set(id, None);
        }
    }
}

impl ClientMachine {
    fn deadline(&self) -> Option<(Instant, &'static str)> {
        match self {
            ClientMachine::Invite(machine) => machine.deadline(),
            ClientMachine::NonInvite(machine) => machine.deadline(),
        }
    }
}

impl ServerMachine {
    fn deadline(&self) -> Option<(Instant, &'static str)> {
        match self {
            ServerMachine::Invite(machine) => machine.deadline(),
            ServerMachine::NonInvite(machine) => machine.deadline(),
        }
    }
}

/// An ACK of a failure (§17.1.1.3) or a CANCEL (§9.1): what the INVITE says of who and where, with
/// its own method. The Via is the INVITE's when the request has gone out already.
fn same_as(invite: &Outgoing, method: Method) -> Draft {
    let keep_via = method == Method::Ack;
    let number = invite.draft.value(Name::CSeq).and_then(|v| v.split(' ').next()).unwrap_or_default();
    let cseq = format!("{number} {method}");
    let mut draft = Draft::request(&method, Uri::parse(&invite.uri).unwrap_or_default());
    for name in [Name::Via, Name::Route, Name::From, Name::To, Name::CallId] {
        if let Some(value) = invite.draft.value(name).filter(|_| keep_via || name != Name::Via) {
            draft = draft.add(name, value);
        }
    }
    draft.add(Name::CSeq, cseq).add(Name::MaxForwards, "70")
}
