//! Where SIP is served, and how that changes while calls are up.
//!
//! A UDP socket that was replaced is still heard until the calls of its time are over, because
//! their parties know no other address; nothing new begins there. TCP connections simply stay.

use super::token;
use crate::sip_tcp::SipTcp;
use crate::sip_udp::{ServeError, SipUdp};
use demarc_model::config::SipSettings;
use demarc_model::{CallId, Instant};
use demarc_sip::message::{Message, Method};
use demarc_sip::{Flow, Transport};
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How long the last transactions of a replaced socket may take (RFC 3261 §17.1.1.2: 64·T1).
const LINGER: Duration = Duration::from_secs(32);
/// How many replaced sockets are kept.
const MAX_FORMER: usize = 8;
/// How long until an address that could not be served is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long a listener may take to close that is in the way of its successor.
const CLOSING: Duration = Duration::from_millis(50);

/// The SIP sockets of a switch.
pub struct Sockets {
    udp: Option<Udp>,
    former: Vec<Former>,
    tcp: Option<SipTcp>,
    /// How many UDP sockets there were.
    opened: u64,
    /// What is wanted, as far as it is not so yet.
    wanted: Option<SipSettings>,
    again: Option<Instant>,
    /// It was said that an address cannot be served.
    said: bool,
}

struct Udp {
    /// By which it is heard.
    number: u64,
    socket: SipUdp,
}

struct Former {
    udp: Udp,
    /// Those that were up when it was replaced and are so still.
    calls: BTreeSet<CallId>,
    until: Option<Instant>,
}

impl Sockets {
    /// Sockets that are bound already.
    ///
    /// # Errors
    /// When the system cannot hear any more of them.
    pub fn new(udp: Option<SipUdp>, tcp: Option<SipTcp>, epoll: &Epoll) -> std::io::Result<Self> {
        let (former, opened, wanted, again) = (Vec::new(), 0, None, None);
        let mut sockets = Self { udp: None, former, tcp, opened, wanted, again, said: false };
        if let Some(socket) = udp {
            sockets.udp = Some(sockets.hear(socket, epoll)?);
        }
        Ok(sockets)
    }

    /// Where SIP is served.
    pub fn served(&self, transport: Transport) -> Option<SocketAddr> {
        match transport {
            Transport::Udp => self.udp.as_ref()?.socket.address(),
            Transport::Tcp => self.tcp.as_ref()?.address(),
        }
    }

    /// On which of our addresses audio is received: where SIP is.
    pub fn media_ip(&self) -> IpAddr {
        let served = self.served(Transport::Udp).or_else(|| self.served(Transport::Tcp));
        served.map_or(Ipv4Addr::LOCALHOST.into(), |served| served.ip())
    }

    /// The next datagram of a socket.
    pub fn receive(&mut self, number: u64) -> Option<(Flow, Vec<u8>)> {
        if let Some(udp) = self.udp.as_mut().filter(|udp| udp.number == number) {
            return udp.socket.receive();
        }
        let former = self.former.iter_mut().find(|former| former.udp.number == number)?;
        loop {
            let (flow, bytes) = former.udp.socket.receive()?;
            if is_of_old(&bytes) {
                return Some((flow, bytes));
            }
        }
    }

    /// Sends a message.
    pub fn send(&self, flow: Flow, bytes: Vec<u8>) {
        match flow.transport {
            Transport::Udp => match self.socket(flow.local) {
                Some(socket) => socket.send(flow.remote, &bytes),
                None => tracing::debug!(?flow, "a SIP message has no socket to leave by"),
            },
            Transport::Tcp => match &self.tcp {
                Some(tcp) => tcp.send(flow, bytes),
                None => tracing::debug!(?flow, "a SIP message has no socket to leave by"),
            },
        }
    }

    /// The socket that a flow belongs to, or else the one that is served now.
    fn socket(&self, local: SocketAddr) -> Option<&SipUdp> {
        let former = self.former.iter().rev().map(|former| &former.udp);
        let mut all = self.udp.iter().chain(former).map(|udp| &udp.socket);
        all.find(|socket| socket.serves(local)).or(self.udp.as_ref().map(|udp| &udp.socket))
    }

    /// Other addresses may be wanted. [`Sockets::settle`] brings it about.
    pub fn want(&mut self, settings: &SipSettings) {
        self.wanted = Some(settings.clone());
        self.said = false;
    }

    /// Serves where it is wanted, as far as possible; must be called within the runtime. Returns
    /// what is served elsewhere now. `calls` are up.
    pub fn settle(
        &mut self,
        now: Instant,
        epoll: &Epoll,
        calls: &BTreeSet<CallId>,
    ) -> Vec<(Transport, SocketAddr)> {
        let Some(wanted) = self.wanted.take() else { return Vec::new() };
        let before = (self.served(Transport::Udp), self.served(Transport::Tcp));
        self.again = None;
        let udp = self.settle_udp(wanted.udp, epoll, calls);
        let tcp = self.settle_tcp(now, wanted.tcp);
        for error in [udp, tcp].into_iter().filter_map(Result::err) {
            if !std::mem::replace(&mut self.said, true) {
                tracing::error!("{error}");
            }
            self.again = Some(now + AGAIN);
        }
        if self.again.is_some() {
            self.wanted = Some(wanted);
        }
        self.tidy(now, calls);
        let after = [(Transport::Udp, before.0), (Transport::Tcp, before.1)].into_iter();
        after
            .filter_map(|(transport, before)| Some((transport, self.served(transport)?, before)))
            .filter(|(_, after, before)| Some(*after) != *before)
            .map(|(transport, after, _)| (transport, after))
            .collect()
    }

    fn settle_udp(
        &mut self,
        wanted: Option<SocketAddr>,
        epoll: &Epoll,
        calls: &BTreeSet<CallId>,
    ) -> Result<(), ServeError> {
        if self.udp.as_ref().map(|udp| udp.socket.asked()) == wanted {
            return Ok(());
        }
        let next = match wanted {
            None => None,
            Some(address) => Some(match self.former.iter().position(|f| f.udp.socket.asked() == address) {
                Some(at) => self.former.swap_remove(at).udp,
                None => self.open(address, epoll)?,
            }),
        };
        if let Some(udp) = std::mem::replace(&mut self.udp, next) {
            if self.former.len() >= MAX_FORMER {
                self.former.remove(0);
            }
            self.former.push(Former { udp, calls: calls.clone(), until: None });
        }
        Ok(())
    }

    /// Opens a UDP socket. One of ours on the same port gives way: `0.0.0.0` and an address of ours
    /// exclude each other.
    fn open(&mut self, address: SocketAddr, epoll: &Epoll) -> Result<Udp, ServeError> {
        let in_the_way = |udp: &Udp| udp.socket.asked().port() == address.port();
        self.former.retain(|former| !in_the_way(&former.udp));
        let old = self.udp.take_if(|udp| in_the_way(udp)).map(|udp| udp.socket.asked());
        let fail = |source| ServeError { address, transport: "UDP", source };
        let opened = SipUdp::bind(address).and_then(|socket| self.hear(socket, epoll).map_err(fail));
        if let (Err(_), Some(old)) = (&opened, old) {
            self.udp = SipUdp::bind(old).ok().and_then(|socket| self.hear(socket, epoll).ok());
        }
        opened
    }

    fn hear(&mut self, socket: SipUdp, epoll: &Epoll) -> std::io::Result<Udp> {
        let number = self.opened & !token::KIND;
        epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, token::UDP | number))?;
        self.opened += 1;
        Ok(Udp { number, socket })
    }

    fn settle_tcp(&mut self, now: Instant, wanted: Option<SocketAddr>) -> Result<(), ServeError> {
        let Some(tcp) = &mut self.tcp else { return Ok(()) };
        if tcp.asked() == wanted {
            return Ok(());
        }
        // On the same port the old listener is in the way, and it takes a moment to close.
        let port = |address: Option<SocketAddr>| address.map(|address| address.port());
        if wanted.is_some() && port(tcp.asked()) == port(wanted) {
            tcp.move_to(None)?;
            self.again = Some(now + CLOSING);
            return Ok(());
        }
        tcp.move_to(wanted)
    }

    /// When [`Sockets::settle`] or [`Sockets::tidy`] has to do something.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.former.iter().filter_map(|former| former.until).chain(self.again).min()
    }

    /// Is something to be tried again?
    pub fn is_due(&self, now: Instant) -> bool {
        self.again.is_some_and(|at| at <= now)
    }

    /// Drops replaced sockets that nobody uses any more; `calls` are up.
    pub fn tidy(&mut self, now: Instant, calls: &BTreeSet<CallId>) {
        self.former.retain_mut(|former| {
            former.calls.retain(|call| calls.contains(call));
            !former.calls.is_empty() || now < *former.until.get_or_insert(now + LINGER)
        });
    }

    /// Is a replaced socket still heard?
    pub fn has_former(&self) -> bool {
        !self.former.is_empty()
    }
}

/// Does a message belong to something that began earlier? Responses do, and requests within a
/// dialog, and what follows an INVITE.
fn is_of_old(bytes: &[u8]) -> bool {
    match Message::parse(bytes.to_vec()) {
        Ok(Message::Response(_)) => true,
        Ok(Message::Request(request)) => {
            matches!(request.method(), Method::Ack | Method::Cancel) || request.to().tag().is_some()
        }
        Err(_) => false,
    }
}
