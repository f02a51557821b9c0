//! A room on a bench: virtual time, scripted peers, and a record of what the room said, one short
//! line each.

use crate::digest::{Login, answer_challenge};
use crate::message::{Draft, Message, Method, Name, Request, Response, Status, Uri};
use crate::{Flow, Input, Output, Sip, Transport};
use demarc_model::config::{DeviceId, Secret, SipPeer, Trunk, TrunkId, TrunkKind};
use demarc_model::media::Rtp;
use demarc_model::{
    Bearer, CallerId, Cause, Config, Dial, Instant, LegCommand, LegEvent, LegId, MediaCommand, Now, Party,
    Room, StreamId, Trace,
};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

pub const PASSWORD: &str = "correct horse battery";
pub const TRUNK: TrunkId = TrunkId(50);
pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n\
m=audio 4000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n";

/// A session description of a phone with a direction of its own.
pub fn sdp(version: u32, direction: &str) -> String {
    SDP.replace("- 1 1", &format!("- 1 {version}")) + &format!("a={direction}\r\n")
}

pub fn udp(remote: &str) -> Flow {
    let local = "192.0.2.1:5060".parse().unwrap();
    Flow { transport: Transport::Udp, local, remote: remote.parse().unwrap(), connection: 0 }
}

pub fn tcp(remote: &str, connection: u64) -> Flow {
    Flow { transport: Transport::Tcp, connection, ..udp(remote) }
}

pub struct Lab {
    pub sip: Sip,
    pub config: Config,
    pub now: Now,
    /// What was said since it was last looked at.
    said: Vec<String>,
    /// Every message that was sent.
    pub sent: Vec<(Flow, Message)>,
    pub legs: Vec<LegEvent>,
    pub media: Vec<MediaCommand>,
    pub traces: Vec<Trace>,
    dialled: u64,
}

impl Lab {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default_gateway(&mut || Secret::new(PASSWORD));
        config.system.sip.realm = "example.com".to_owned();
        edit(&mut config);
        let now = Now { mono: Instant::from_start(Duration::from_secs(1)), wall: UNIX_EPOCH };
        let sip = Sip::new(Arc::new(config.clone()), 7);
        let (said, sent, legs, media, traces) = <(Vec<_>, Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
        let mut lab = Self { sip, config, now, said, sent, legs, media, traces, dialled: 0 };
        lab.wait(0);
        lab
    }

    /// With a trunk to a provider at 198.51.100.1 and .2 that lives.
    pub fn with_trunk(edit: impl FnOnce(&mut SipPeer)) -> Self {
        let mut lab = Self::with(|config| config.trunks.push(trunk(edit)));
        lab.resolve(&["198.51.100.1:5060", "198.51.100.2:5060"]);
        lab
    }

    pub fn resolve(&mut self, addresses: &[&str]) {
        self.input(Input::Resolved {
            host: "sip.example.net".to_owned(),
            port: 5060,
            transport: Transport::Udp,
            flows: addresses.iter().map(|address| udp(address)).collect(),
        });
    }

    pub fn configure(&mut self, edit: impl FnOnce(&mut Config)) {
        edit(&mut self.config);
        self.input(Input::Config(Arc::new(self.config.clone())));
    }

    pub fn input(&mut self, input: Input) {
        self.sip.handle_input(self.now, input);
        self.drain();
    }

    pub fn command(&mut self, command: LegCommand) {
        self.input(Input::Leg(command));
    }

    pub fn receive(&mut self, flow: Flow, draft: &Draft) {
        self.input(Input::Message { flow, bytes: draft.write() });
    }

    pub fn wait(&mut self, ms: u64) {
        let end = self.now.mono + Duration::from_millis(ms);
        for _ in 0..100_000 {
            let Some((at, _)) = self.sip.poll_timeout().filter(|(at, _)| *at <= end) else {
                self.set_time(end);
                return;
            };
            self.set_time(at.max(self.now.mono));
            self.sip.handle_timeout(self.now);
            self.drain();
        }
        panic!("the room never rests");
    }

    fn set_time(&mut self, mono: Instant) {
        self.now = Now { mono, wall: UNIX_EPOCH + mono.since_start() };
    }

    fn drain(&mut self) {
        while let Some(output) = self.sip.poll_output() {
            match output {
                Output::Send { flow, bytes } => match Message::parse(bytes.clone()) {
                    Ok(message) => {
                        self.said.push(brief(&message));
                        self.sent.push((flow, message));
                    }
                    Err(error) => {
                        // Who cannot write gets his own words back.
                        assert!(bytes.starts_with(b"SIP/2.0 400 "), "we cannot write: {error}");
                        self.said.push("400".to_owned());
                    }
                },
                Output::Leg(event) => {
                    self.said.push(brief_event(&event));
                    self.legs.push(event);
                }
                Output::Media(command) => {
                    self.said.push(brief_media(&command));
                    self.media.push(command);
                }
                Output::Resolve { host, .. } => self.said.push(format!("Resolve {host}")),
                Output::Changed => self.said.push("Changed".to_owned()),
                Output::Trace(trace) => self.traces.push(trace),
            }
        }
    }

    /// What was said since the last time.
    pub fn said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// The last request of this method that we sent.
    pub fn request(&self, method: &Method) -> (Flow, Request) {
        let found = self.sent.iter().rev().find_map(|(flow, message)| match message {
            Message::Request(request) if request.method() == method => Some((*flow, request.clone())),
            _ => None,
        });
        found.expect("such a request was sent")
    }

    /// Every request of this method that we sent, without repetitions.
    pub fn requests(&self, method: &Method) -> Vec<(Flow, Request)> {
        let mut found: Vec<(Flow, Request)> = Vec::new();
        for (flow, message) in &self.sent {
            if let Message::Request(request) = message
                && request.method() == method
                && !found.iter().any(|(_, known)| known.via().branch() == request.via().branch())
            {
                found.push((*flow, request.clone()));
            }
        }
        found
    }

    /// The last response that we sent.
    pub fn response(&self) -> Response {
        let found = self.sent.iter().rev().find_map(|(_, message)| match message {
            Message::Response(response) => Some(response.clone()),
            Message::Request(_) => None,
        });
        found.expect("a response was sent")
    }

    /// The peer answers one of our requests.
    pub fn answer(&mut self, request: &(Flow, Request), status: u16, tag: &str, body: &str) {
        let draft = response(request, status, tag, body);
        self.receive(request.0, &draft);
    }

    pub fn register(&mut self, phone: &mut Peer) {
        let to = format!("<sip:{}@example.com>", phone.user);
        let contact = format!("<sip:{}@{}>", phone.user, phone.flow.remote);
        phone.cseq += 1;
        let draft = phone.draft(&Method::Register, "sip:example.com", &to).add(Name::Contact, contact);
        self.receive(phone.flow, &draft);
        let again = phone.authorized(&self.response(), &Method::Register, draft);
        self.receive(phone.flow, &again);
        assert_eq!(self.response().status(), Status::OK);
        self.said();
    }

    /// A phone calls and proves who it is; the leg that is offered.
    pub fn call(&mut self, phone: &mut Peer, number: &str, body: &str) -> LegId {
        let draft = phone.invite(number, body);
        self.receive(phone.flow, &draft);
        self.receive(phone.flow, &phone.ack_of_failure(&self.response()));
        let again = phone.authorized(&self.response(), &Method::Invite, draft);
        self.said();
        self.receive(phone.flow, &again);
        self.offered()
    }

    /// A call that is up and acknowledged.
    pub fn talk(&mut self, phone: &mut Peer) -> LegId {
        let leg = self.call(phone, "90123", SDP);
        self.command(LegCommand::Answer { leg, connected: None });
        phone.heard(&self.response());
        self.receive(phone.flow, &phone.ack());
        self.said();
        leg
    }

    /// The leg that was offered last.
    pub fn offered(&self) -> LegId {
        let found = self.legs.iter().rev().find_map(|event| match event {
            LegEvent::Offered(offer) => Some(offer.leg),
            _ => None,
        });
        found.expect("a leg was offered")
    }

    pub fn stream(&self) -> StreamId {
        let found = self.media.iter().rev().find_map(|command| match command {
            MediaCommand::OpenRtp { stream, .. } => Some(*stream),
            _ => None,
        });
        found.expect("a stream was opened")
    }

    /// How the stream is run now.
    pub fn rtp(&self) -> Rtp {
        let found = self.media.iter().rev().find_map(|command| match command {
            MediaCommand::OpenRtp { rtp, .. } | MediaCommand::UpdateRtp { rtp, .. } => Some(rtp.clone()),
            _ => None,
        });
        found.expect("a stream was opened")
    }

    pub fn dial(&mut self, to: Party, called: &str, caller: CallerId) -> LegId {
        self.dialled += 1;
        let leg = LegId::new(Room::Pbx, self.dialled);
        let called = called.to_owned();
        let dial = Dial {
            leg,
            to,
            called,
            caller,
            redirecting: None,
            bearer: Bearer::Speech,
            emergency: false,
            complete: true,
            ring: demarc_model::RingKind::External,
        };
        self.command(LegCommand::Dial(Box::new(dial)));
        leg
    }

    /// Calls phone 201 from 202.
    pub fn dial_phone(&mut self) -> LegId {
        self.dial(Party::Device(DeviceId(1)), "201", number("202"))
    }

    pub fn hang_up(&mut self, leg: LegId, cause: Cause) {
        self.command(LegCommand::Hangup { leg, cause });
    }

    /// Nothing is left: no session, no dialog, no transaction, no timer.
    pub fn quiet(&mut self) {
        self.wait(64_000);
        let counters = self.sip.counters();
        assert_eq!((counters.sessions, counters.dialogs, counters.transactions), (0, 0, 0));
        assert_eq!(self.sip.poll_timeout().filter(|(_, why)| *why != "a registration expires"), None);
        let opened = self.media.iter().filter(|c| matches!(c, MediaCommand::OpenRtp { .. })).count();
        let closed = self.media.iter().filter(|c| matches!(c, MediaCommand::Close { .. })).count();
        assert_eq!(opened, closed, "every stream is closed");
    }
}

pub fn trunk(edit: impl FnOnce(&mut SipPeer)) -> Trunk {
    let mut peer = SipPeer::new("sip.example.net");
    edit(&mut peer);
    Trunk { id: TRUNK, name: "Provider".to_owned(), enabled: true, kind: TrunkKind::Sip(peer) }
}

pub fn number(number: &str) -> CallerId {
    CallerId { number: Some(number.to_owned()), ..CallerId::default() }
}

pub fn response(request: &(Flow, Request), status: u16, tag: &str, body: &str) -> Draft {
    let (flow, request) = request;
    let mut draft = Draft::response(request, Status::new(status).unwrap(), flow.local);
    if !tag.is_empty() {
        draft = draft.to_tag(tag).add(Name::Contact, format!("<sip:{tag}@{}>", flow.remote));
    }
    if body.is_empty() { draft } else { draft.body("application/sdp", body) }
}

/// A phone or a provider, as the caller of one call.
pub struct Peer {
    pub flow: Flow,
    pub user: String,
    pub call_id: String,
    pub cseq: u32,
    pub branch: u32,
    to: String,
    target: String,
}

impl Peer {
    pub fn new(user: &str, flow: Flow) -> Self {
        let (to, target) = ("<sip:example.com>".to_owned(), "sip:example.com".to_owned());
        let call_id = format!("{user}-{}", flow.remote);
        Self { flow, user: user.to_owned(), call_id, cseq: 0, branch: 0, to, target }
    }

    pub fn phone(user: &str) -> Self {
        Self::new(user, udp(&format!("192.0.2.7:5{user}")))
    }

    pub fn invite(&mut self, number: &str, body: &str) -> Draft {
        self.to = format!("<sip:{number}@example.com>");
        self.target = format!("sip:{number}@example.com");
        self.within(&Method::Invite, body)
    }

    /// A new request in the dialog.
    pub fn within(&mut self, method: &Method, body: &str) -> Draft {
        self.cseq += 1;
        self.branch += 1;
        let (target, to) = (self.target.clone(), self.to.clone());
        let contact = format!("<sip:{}@{}>", self.user, self.flow.remote);
        let draft = self.draft(method, &target, &to).add(Name::Contact, contact);
        if body.is_empty() { draft } else { draft.body("application/sdp", body) }
    }

    pub fn draft(&self, method: &Method, uri: &str, to: &str) -> Draft {
        Draft::request(method, Uri::parse(uri).unwrap())
            .add(Name::Via, self.via(&format!("{}{}", method.as_str(), self.branch)))
            .add(Name::From, format!("<sip:{}@example.com>;tag=from-{}", self.user, self.user))
            .add(Name::To, to)
            .add(Name::CallId, self.call_id.clone())
            .add(Name::CSeq, format!("{} {method}", self.cseq))
    }

    fn via(&self, branch: &str) -> String {
        let Flow { transport, remote, .. } = self.flow;
        format!("SIP/2.0/{} {remote};rport;branch=z9hG4bK-{branch}-{}", transport.via(), self.user)
    }

    /// The same request with credentials.
    pub fn authorized(&mut self, challenge: &Response, method: &Method, draft: Draft) -> Draft {
        assert_eq!(challenge.status(), Status::UNAUTHORIZED);
        self.cseq += 1;
        self.branch += 1;
        let login = Login {
            username: &self.user,
            password: PASSWORD,
            method: method.as_str(),
            uri: "sip:example.com",
            cnonce: "cnonce",
            count: 1,
        };
        let answer = answer_challenge(challenge.lines(Name::WwwAuthenticate), &login).unwrap();
        draft
            .set(Name::Via, self.via(&format!("{}{}", method.as_str(), self.branch)))
            .set(Name::CSeq, format!("{} {method}", self.cseq))
            .add(Name::Authorization, answer)
    }

    /// Notes the tag and the target of a dialog.
    pub fn heard(&mut self, response: &Response) {
        response.value(Name::To).unwrap().clone_into(&mut self.to);
        if let Some(contact) = response.contact() {
            contact.uri().as_str().clone_into(&mut self.target);
        }
    }

    /// The ACK of a 2xx.
    pub fn ack(&self) -> Draft {
        self.draft(&Method::Ack, &self.target, &self.to)
    }

    /// The ACK of anything else: the branch of the INVITE.
    pub fn ack_of_failure(&self, response: &Response) -> Draft {
        let via = self.via(&format!("INVITE{}", self.branch));
        let to = response.value(Name::To).unwrap();
        self.draft(&Method::Ack, &self.target, to).set(Name::Via, via)
    }

    pub fn cancel(&self) -> Draft {
        let via = self.via(&format!("INVITE{}", self.branch));
        self.draft(&Method::Cancel, &self.target, &self.to).set(Name::Via, via)
    }
}

fn brief(message: &Message) -> String {
    let what = match message {
        Message::Request(request) => request.method().to_string(),
        Message::Response(response) => response.status().code().to_string(),
    };
    if message.fields().sdp().is_some() { format!("{what}+sdp") } else { what }
}

fn brief_event(event: &LegEvent) -> String {
    match event {
        LegEvent::Offered(offer) => format!("Offered {}", offer.called),
        LegEvent::MoreDigits { digits, .. } => format!("MoreDigits {digits}"),
        LegEvent::Proceeding { .. } => "Proceeding".to_owned(),
        LegEvent::Progress { in_band, .. } => format!("Progress{}", if *in_band { " in-band" } else { "" }),
        LegEvent::Alerting { in_band, .. } => format!("Alerting{}", if *in_band { " in-band" } else { "" }),
        LegEvent::Answered { .. } => "Answered".to_owned(),
        LegEvent::Digit { digit, out_of_band, .. } => {
            format!("Digit {digit}{}", if *out_of_band { " out-of-band" } else { "" })
        }
        LegEvent::Held { .. } => "Held".to_owned(),
        LegEvent::Retrieved { .. } => "Retrieved".to_owned(),
        LegEvent::Flash { .. } => "Flash".to_owned(),
        LegEvent::Transfer { to, .. } => format!("Transfer {to}"),
        LegEvent::TransferTo { .. } => "TransferTo".to_owned(),
        LegEvent::Conference { .. } => "Conference".to_owned(),
        LegEvent::Charge { charge, .. } => format!("Charge {charge:?}"),
        LegEvent::Ended { cause, .. } => format!("Ended {}", cause.value()),
    }
}

fn brief_media(command: &MediaCommand) -> String {
    let run = |rtp: &Rtp| {
        let remote = rtp.remote.map_or_else(|| "-".to_owned(), |remote| remote.to_string());
        let ways = match (rtp.send, rtp.receive) {
            (true, true) => "both",
            (true, false) => "send",
            (false, true) => "receive",
            (false, false) => "neither",
        };
        format!("{remote} {ways}")
    };
    match command {
        MediaCommand::OpenRtp { rtp, .. } => format!("OpenRtp {}", run(rtp)),
        MediaCommand::UpdateRtp { rtp, .. } => format!("UpdateRtp {}", run(rtp)),
        MediaCommand::Close { .. } => "Close".to_owned(),
        other => format!("{other:?}"),
    }
}
