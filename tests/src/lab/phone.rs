//! SIP phones and peers of the lab: each one sends what a row says, and answers by itself what any
//! phone answers by itself (challenges, ACK, the 200 of a BYE).

use super::PASSWORD;
use demarc_sip::message::{Message, Name, Request, Response};
use demarc_sip::{Flow, Transport};
use md5::{Digest, Md5};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The gateway's address.
const GATEWAY: &str = "127.0.0.1:5060";
/// The address of a SIP peer whose host is `peer.example`.
const PEER: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);

/// Who calls when the peer calls.
const OUTSIDE: &str = "+442079460100";

/// The phones by name.
#[derive(Default)]
pub struct Phones(BTreeMap<String, Phone>);

impl Phones {
    /// One more phone; its name is its user name.
    pub fn add(&mut self, name: &str) -> &mut Phone {
        self.0.entry(name.into()).or_insert_with(|| Phone::new(name))
    }

    /// What was heard long ago is not repeated any more.
    pub fn forget_messages(&mut self) {
        self.0.values_mut().for_each(|phone| phone.heard.clear());
    }

    /// A phone; one that was never named is made.
    pub fn get(&mut self, name: &str) -> &mut Phone {
        self.add(name)
    }
}

/// One phone with at most one call.
pub struct Phone {
    name: String,
    ip: Ipv4Addr,
    count: u32,
    cseq: u32,
    call_id: String,
    tag: String,
    /// The far end's To or From with its tag, and where requests go.
    remote: Option<(String, String)>,
    /// Our own From or To with our tag.
    local: String,
    /// The request that waits for its answer, to be repeated with credentials.
    asked: Option<Asked>,
    /// Our last INVITE: its answer may come after other requests.
    invite: Option<Asked>,
    /// The INVITE that waits for our answer.
    offered: Option<Request>,
    heard: Vec<Vec<u8>>,
    silent: bool,
    acknowledges: bool,
    /// Obeys a CANCEL; otherwise its answer crosses it.
    obeys_cancel: bool,
    direction: String,
}

#[derive(Clone)]
struct Asked {
    method: String,
    uri: String,
    extra: String,
    body: String,
    branch: String,
    from: String,
    to: String,
    cseq: u32,
}

impl Phone {
    fn new(name: &str) -> Self {
        let ip = match name.parse::<u8>() {
            Ok(host) => Ipv4Addr::new(192, 0, 2, host),
            Err(_) => PEER,
        };
        Self {
            name: name.into(),
            ip,
            count: 0,
            cseq: 0,
            call_id: String::new(),
            tag: format!("{name}-0"),
            remote: None,
            local: String::new(),
            asked: None,
            invite: None,
            offered: None,
            heard: Vec::new(),
            silent: false,
            acknowledges: true,
            obeys_cancel: true,
            direction: "sendrecv".into(),
        }
    }

    /// The way between the gateway and a phone.
    pub fn flow(name: &str) -> Flow {
        let remote = SocketAddr::new(Self::new(name).ip.into(), 5060);
        let local = GATEWAY.parse().expect("an address");
        Flow { transport: Transport::Udp, local, remote, connection: 0 }
    }

    /// Who is at an address.
    pub fn name_of(remote: SocketAddr) -> String {
        match remote.ip() {
            IpAddr::V4(ip) if ip == PEER => "peer".into(),
            IpAddr::V4(ip) => ip.octets()[3].to_string(),
            IpAddr::V6(ip) => ip.to_string(),
        }
    }

    /// The addresses of a host.
    pub fn resolve(host: &str, port: u16, transport: Transport) -> Vec<Flow> {
        if host != "peer.example" {
            return Vec::new();
        }
        let local = GATEWAY.parse().expect("an address");
        vec![Flow { transport, local, remote: SocketAddr::new(PEER.into(), port), connection: 0 }]
    }

    /// The REGISTER that a phone begins with.
    pub fn register(&mut self) -> (String, Vec<u8>) {
        self.begin("reg");
        let aor = format!("<sip:{}@{GATEWAY}>", self.name);
        let uri = format!("sip:{GATEWAY}");
        let message = self.ask("REGISTER", &uri, &aor.clone(), &aor, "Expires: 3600\r\n", String::new());
        (self.name.clone(), message)
    }

    /// Is there anything that this verb could be about?
    pub fn can(&self, verb: &str) -> bool {
        match verb {
            "INVITE" | "silent" | "OPTIONS" => true,
            "CANCEL" => self.asked.as_ref().is_some_and(|asked| asked.method == "INVITE"),
            "BYE" | "re-INVITE" | "INFO" | "REFER" => self.remote.is_some(),
            _ => self.offered.is_some(),
        }
    }

    /// What a row says.
    pub fn act(&mut self, verb: &[&str]) -> Vec<Vec<u8>> {
        match verb {
            ["silent"] => {
                self.silent = true;
                Vec::new()
            }
            ["no-ACK"] => {
                self.acknowledges = false;
                Vec::new()
            }
            ["no-487"] => {
                self.obeys_cancel = false;
                Vec::new()
            }
            ["INVITE", number, options @ ..] => {
                self.begin("call");
                let to = format!("<sip:{number}@{GATEWAY}>");
                let withheld = options.contains(&"withheld");
                let from = match withheld {
                    true => "\"Anonymous\" <sip:anonymous@anonymous.invalid>".to_string(),
                    false if self.ip == PEER => format!("<sip:{OUTSIDE}@peer.example>"),
                    false => format!("<sip:{}@{GATEWAY}>", self.name),
                };
                // Only a peer is believed when it asserts who calls.
                let extra = match (withheld, self.ip == PEER) {
                    (true, true) => {
                        format!("Privacy: id\r\nP-Asserted-Identity: <sip:{OUTSIDE}@peer.example>\r\n")
                    }
                    (true, false) => "Privacy: id\r\n".into(),
                    (false, _) => String::new(),
                };
                let required = options.iter().find_map(|option| option.strip_prefix("require="));
                let require = required.map(|tag| format!("Require: {tag}\r\n")).unwrap_or_default();
                let extra = extra + &require;
                let body = if options.contains(&"late") { String::new() } else { self.sdp() };
                vec![self.ask("INVITE", &format!("sip:{number}@{GATEWAY}"), &from, &to, &extra, body)]
            }
            ["REGISTER"] => vec![self.register().1],
            ["CANCEL"] => vec![self.cancel()],
            ["re-INVITE", direction] => {
                self.direction = direction.to_string();
                vec![self.in_dialog("INVITE", "", self.sdp())]
            }
            ["BYE"] => vec![self.in_dialog("BYE", "", String::new())],
            // AOC-D as some gateways carry it on.
            ["INFO", "charge"] => {
                let kind = "Content-Type: application/QSIG\r\n";
                vec![self.in_dialog("INFO", kind, "91aa06800100820100a11f".into())]
            }
            ["INFO", digit] => {
                let body = format!("Signal={digit}\r\nDuration=160\r\n");
                vec![self.in_dialog("INFO", "Content-Type: application/dtmf-relay\r\n", body)]
            }
            ["REFER", number] => {
                let to = format!("Refer-To: <sip:{number}@{GATEWAY}>\r\n");
                vec![self.in_dialog("REFER", &to, String::new())]
            }
            ["SUBSCRIBE", event, expires] => {
                self.begin("watch");
                let aor = format!("<sip:{}@{GATEWAY}>", self.name);
                let uri = format!("sip:{}@{GATEWAY}", self.name);
                let extra = format!("Event: {event}\r\nExpires: {expires}\r\n");
                vec![self.ask("SUBSCRIBE", &uri, &aor.clone(), &aor, &extra, String::new())]
            }
            ["OPTIONS"] => {
                self.begin("ask");
                let aor = format!("<sip:{}@{GATEWAY}>", self.name);
                vec![self.ask("OPTIONS", &format!("sip:{GATEWAY}"), &aor.clone(), &aor, "", String::new())]
            }
            ["raw", rest @ ..] => vec![rest.join(" ").replace("\\r\\n", "\r\n").into_bytes()],
            [status, options @ ..] => {
                let status: u16 = status.parse().unwrap_or_else(|_| panic!("a phone cannot {verb:?}"));
                vec![self.respond(status, options)]
            }
            [] => panic!("what is the phone to do?"),
        }
    }

    /// Hears a message: the row it makes, and what the phone answers by itself.
    pub fn hear(&mut self, bytes: Vec<u8>) -> (Option<String>, Vec<Vec<u8>>) {
        let again = self.heard.contains(&bytes);
        self.heard.push(bytes.clone());
        let message = Message::parse(bytes).unwrap_or_else(|error| panic!("the gateway wrote {error:?}"));
        if self.silent {
            return (Some(format!("({})", message.label())), Vec::new());
        }
        let (row, answers) = match message {
            Message::Request(request) => self.hear_request(request),
            Message::Response(response) => self.hear_response(&response),
        };
        (row.map(|row| if again { format!("{row} again") } else { row }), answers)
    }

    fn hear_request(&mut self, request: Request) -> (Option<String>, Vec<Vec<u8>>) {
        let sdp = if request.sdp().is_some() { " sdp" } else { "" };
        match request.method().as_str() {
            "INVITE" if request.to().tag().is_some() => {
                let body = String::from_utf8_lossy(request.sdp().unwrap_or_default()).into_owned();
                let direction = ["sendonly", "recvonly", "inactive"]
                    .into_iter()
                    .find(|direction| body.contains(*direction))
                    .unwrap_or("sendrecv");
                let answer = self.response(&request, 200, &self.sdp());
                (Some(format!("re-INVITE {direction}")), vec![answer])
            }
            "INVITE" => {
                let from = request.from();
                let user = from.uri().user().unwrap_or("-").to_string();
                let display = from.display().into_owned();
                let name = if display.is_empty() { String::new() } else { format!(" {display:?}") };
                let privacy =
                    request.value(Name::Privacy).map(|p| format!(" privacy={p}")).unwrap_or_default();
                let asserted = request
                    .asserted_identities()
                    .next()
                    .and_then(|identity| identity.uri().user().map(|user| format!(" asserted={user}")))
                    .unwrap_or_default();
                let to = request.uri().user().unwrap_or("-").to_string();
                let diversion = request
                    .diversions()
                    .next()
                    .and_then(|diversion| diversion.uri().user().map(|user| format!(" diverted-by={user}")))
                    .unwrap_or_default();
                let history = if request.history().next().is_some() { " history" } else { "" };
                let proven = [Name::Authorization, Name::ProxyAuthorization];
                let proof =
                    if proven.into_iter().any(|name| request.value(name).is_some()) { " digest" } else { "" };
                let row = format!(
                    "INVITE {to} from={user}{name}{privacy}{asserted}{diversion}{history}{proof}{sdp}"
                );
                if self.offered.is_none() {
                    self.begin("answer");
                    self.call_id = request.call_id().into();
                }
                self.offered = Some(request);
                (Some(row), Vec::new())
            }
            "ACK" => (Some(format!("ACK{sdp}")), Vec::new()),
            "CANCEL" => {
                let mut answers = vec![self.response(&request, 200, "")];
                if let Some(invite) = self.offered.take_if(|_| self.obeys_cancel) {
                    answers.push(self.response(&invite, 487, ""));
                }
                (Some(format!("CANCEL{}", cause(&request))), answers)
            }
            "BYE" => {
                let answer = self.response(&request, 200, "");
                (Some(format!("BYE{}", cause(&request))), vec![answer])
            }
            "NOTIFY" => {
                let answer = self.response(&request, 200, "");
                let body = String::from_utf8_lossy(request.body()).trim().to_owned();
                (Some(format!("NOTIFY {body}")), vec![answer])
            }
            other => {
                let answer = self.response(&request, 200, "");
                (Some(other.to_string()), vec![answer])
            }
        }
    }

    fn hear_response(&mut self, response: &Response) -> (Option<String>, Vec<Vec<u8>>) {
        let status = response.status().code();
        let method = response.cseq().method.to_string();
        let asked = self.asked.clone();
        if matches!(status, 401 | 407) {
            let Some(asked) = asked.filter(|asked| asked.cseq == response.cseq().number) else {
                return (None, Vec::new());
            };
            let mut answers = Vec::new();
            if method == "INVITE" {
                answers.push(self.ack(response, &asked, true));
            }
            if asked.extra.contains("Authorization") {
                return (Some(format!("{status} {method}")), answers);
            }
            answers.push(self.ask_again(response, asked));
            return (None, answers);
        }
        if method == "REGISTER" && status == 200 {
            return (None, Vec::new());
        }
        let sdp = if response.sdp().is_some() { " sdp" } else { "" };
        if method != "INVITE" {
            return (Some(format!("{status} {method}")), Vec::new());
        }
        let row = format!("{status}{}{sdp}", cause(response));
        let mut answers = Vec::new();
        if let (Some(tag), Some(contact)) = (response.to().tag(), response.contact()) {
            let to = response.value(Name::To).unwrap_or_default().to_string();
            if !tag.is_empty() && status < 300 {
                self.remote = Some((to, contact.uri().as_str().to_string()));
            }
        }
        if status >= 200
            && self.acknowledges
            && let Some(asked) = self.invite.clone().filter(|asked| asked.cseq == response.cseq().number)
        {
            answers.push(self.ack(response, &asked, status >= 300));
        }
        (Some(row), answers)
    }

    fn begin(&mut self, what: &str) {
        self.count += 1;
        self.call_id = format!("{what}-{}-{}@{}", self.name, self.count, self.ip);
        self.tag = format!("{}-{}", self.name, self.count);
        self.remote = None;
        self.acknowledges = true;
        self.direction = "sendrecv".into();
    }

    fn branch(&mut self) -> String {
        self.count += 1;
        format!("z9hG4bK-{}-{}", self.name, self.count)
    }

    fn ask(&mut self, method: &str, uri: &str, from: &str, to: &str, extra: &str, body: String) -> Vec<u8> {
        self.cseq += 1;
        let branch = self.branch();
        let from = format!("{from};tag={}", self.tag);
        if method == "INVITE" {
            self.local.clone_from(&from);
        }
        let asked = Asked {
            method: method.into(),
            uri: uri.into(),
            extra: extra.into(),
            body,
            branch,
            from,
            to: to.into(),
            cseq: self.cseq,
        };
        let message = self.write(&asked);
        self.remember(asked);
        message
    }

    /// The same request with credentials (RFC 7616, MD5).
    fn ask_again(&mut self, challenge: &Response, mut asked: Asked) -> Vec<u8> {
        let challenge = challenge
            .lines(Name::WwwAuthenticate)
            .chain(challenge.lines(Name::ProxyAuthenticate))
            .find(|line| !line.contains("SHA-256"))
            .expect("an MD5 challenge")
            .to_string();
        let value = |name: &str| {
            let (_, rest) = challenge.split_once(&format!("{name}=\"")).unwrap_or_default();
            rest.split('"').next().unwrap_or_default().to_string()
        };
        let (realm, nonce) = (value("realm"), value("nonce"));
        let ha1 = md5(&format!("{}:{realm}:{PASSWORD}", self.name));
        let ha2 = md5(&format!("{}:{}", asked.method, asked.uri));
        let response = md5(&format!("{ha1}:{nonce}:00000001:lab:auth:{ha2}"));
        let (name, uri) = (&self.name, &asked.uri);
        let credentials = format!(
            "Authorization: Digest username=\"{name}\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"{uri}\", response=\"{response}\", algorithm=MD5, cnonce=\"lab\", qop=auth, nc=00000001\r\n"
        );
        self.cseq += 1;
        asked.extra.push_str(&credentials);
        asked.branch = self.branch();
        asked.cseq = self.cseq;
        let message = self.write(&asked);
        self.remember(asked);
        message
    }

    fn in_dialog(&mut self, method: &str, extra: &str, body: String) -> Vec<u8> {
        let (to, target) = self.remote.clone().expect("there is no dialog");
        self.cseq += 1;
        let asked = Asked {
            method: method.into(),
            uri: target,
            extra: extra.into(),
            body,
            branch: self.branch(),
            from: self.local.clone(),
            to,
            cseq: self.cseq,
        };
        let message = self.write(&asked);
        self.remember(asked);
        message
    }

    fn remember(&mut self, asked: Asked) {
        if asked.method == "INVITE" {
            self.invite = Some(asked.clone());
        }
        self.asked = Some(asked);
    }

    fn cancel(&mut self) -> Vec<u8> {
        let asked = self.asked.clone().expect("nothing to cancel");
        let cancel = Asked { method: "CANCEL".into(), extra: String::new(), body: String::new(), ..asked };
        self.write(&cancel)
    }

    /// The ACK of a failure belongs to the INVITE's transaction, that of a 2xx does not.
    fn ack(&mut self, response: &Response, asked: &Asked, of_failure: bool) -> Vec<u8> {
        let to = response.value(Name::To).unwrap_or_default().to_string();
        let contact = response.contact().map(|contact| contact.uri().as_str().to_string());
        let (branch, uri) = match of_failure {
            true => (asked.branch.clone(), asked.uri.clone()),
            false => (self.branch(), contact.unwrap_or_else(|| asked.uri.clone())),
        };
        // An INVITE without an offer: the answer goes into the ACK.
        let body = if !of_failure && asked.body.is_empty() { self.sdp() } else { String::new() };
        let ack =
            Asked { method: "ACK".into(), uri, extra: String::new(), body, branch, to, ..asked.clone() };
        self.write(&ack)
    }

    fn respond(&mut self, status: u16, options: &[&str]) -> Vec<u8> {
        let invite = self.offered.clone().expect("nobody waits for an answer");
        let wants_sdp = status == 200 || options.contains(&"sdp");
        let body = if wants_sdp { self.sdp() } else { String::new() };
        if status == 200 {
            self.local = format!("{};tag={}", invite.value(Name::To).unwrap_or_default(), self.tag);
            let from = invite.value(Name::From).unwrap_or_default().to_string();
            let target = invite.contact().map(|contact| contact.uri().as_str().to_string());
            self.remote = Some((from, target.expect("a contact")));
        }
        let mut response = self.response(&invite, status, &body);
        if let Some(reason) = options.iter().find_map(|option| option.strip_prefix("cause=")) {
            let text = String::from_utf8(response).expect("text");
            let (head, rest) = text.split_once("\r\n").expect("a head");
            // With blanks where the grammar allows them, and with the words of its own that some add.
            let value = match options.contains(&"loose") {
                true => format!("Q.850 ;cause={reason} ;text=\"local\""),
                false => format!("Q.850;cause={reason}"),
            };
            response = format!("{head}\r\nReason: {value}\r\n{rest}").into_bytes();
        }
        if status == 407 {
            let text = String::from_utf8(response).expect("text");
            let challenge = "Proxy-Authenticate: Digest realm=\"peer.example\", nonce=\"n1\", qop=\"auth\", algorithm=MD5";
            response = text.replacen("\r\n", &format!("\r\n{challenge}\r\n"), 1).into_bytes();
        }
        if status >= 200 {
            self.offered = None;
        }
        response
    }

    fn response(&self, request: &Request, status: u16, body: &str) -> Vec<u8> {
        let line = |name: Name| format!("{}: {}\r\n", name.as_str(), request.value(name).unwrap_or_default());
        let vias: String = request.lines(Name::Via).map(|via| format!("Via: {via}\r\n")).collect();
        let tag = if request.to().tag().is_none() { format!(";tag={}", self.tag) } else { String::new() };
        let to = request.value(Name::To).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        format!(
            "SIP/2.0 {status} Whatever\r\n{vias}{}To: {to}{tag}\r\n{}{}Contact: <sip:{}@{}:5060>\r\n{kind}\
             Content-Length: {}\r\n\r\n{body}",
            line(Name::From),
            line(Name::CallId),
            line(Name::CSeq),
            self.name,
            self.ip,
            body.len()
        )
        .into_bytes()
    }

    fn write(&self, asked: &Asked) -> Vec<u8> {
        let Asked { method, uri, extra, body, branch, from, to, cseq } = asked;
        let kind = match body.is_empty() || extra.contains("Content-Type") {
            true => "",
            false => "Content-Type: application/sdp\r\n",
        };
        format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {ip}:5060;branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:{name}@{ip}:5060>\r\n{extra}{kind}Content-Length: {length}\r\n\r\n{body}",
            ip = self.ip,
            name = self.name,
            call_id = self.call_id,
            length = body.len(),
        )
        .into_bytes()
    }

    fn sdp(&self) -> String {
        let (ip, direction) = (self.ip, &self.direction);
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\n\
             a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na={direction}\r\n"
        )
    }
}

fn cause(fields: &demarc_sip::message::Fields) -> String {
    let q850 = fields.q850_cause().map(|cause| format!(" cause={cause}")).unwrap_or_default();
    let elsewhere = fields.reasons().any(|reason| reason.protocol == "SIP" && reason.cause() == Some(200));
    if elsewhere { format!("{q850} elsewhere") } else { q850 }
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect()
}
