//! The call that a new version has to pass: INVITE with authentication, an echo that answers, voice
//! there and back, BYE.

use super::local;
use demarc_model::Config;
use demarc_model::config::{
    Device, DeviceId, DeviceKind, Extension, ExtensionFeatures, ExtensionId, Pattern, Secret, Service,
    ServiceId, ServiceKind, SipAccount,
};
use demarc_sip::digest::{Login, answer_challenge};
use demarc_store::random_text;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// Ids that no administrator gives.
const ID: u32 = u32::MAX;
const USER: &str = "demarc-self-test";
/// Numbers that nobody dials by accident.
const NUMBER: &str = "*0987654321";
const OWN: &str = "098765432109876";
/// Where SIP is served for the call when the configuration serves it nowhere over UDP.
const PORT: u16 = 5966;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often a request is sent before we give up.
const ATTEMPTS: u32 = 10;
/// Packets of 20 ms that are sent.
const PACKETS: u16 = 75;
/// Octets of a packet: 20 ms at 8 kHz.
const OCTETS: usize = 160;
/// Octets of ours that must come back: two thirds of a second of one and a half.
const ENOUGH: usize = 5_000;
/// A period of 500 Hz in A-law, near full scale.
const TONE: [u8; 16] =
    [0xd5, 0xb7, 0xa6, 0xa1, 0xa0, 0xa1, 0xa6, 0xb7, 0x55, 0x37, 0x26, 0x21, 0x20, 0x21, 0x26, 0x37];

/// Whom to call, and as who.
#[derive(Debug)]
pub(super) struct Plan {
    server: SocketAddr,
    realm: String,
    password: String,
}

/// The configuration with the telephone and the number of the test, and whom to call.
///
/// # Errors
/// In words: there is no randomness.
pub(super) fn prepare(mut config: Config) -> Result<(Config, Plan), String> {
    let password = random_text(24)?;
    let account = SipAccount { username: USER.into(), password: Secret::new(&password), max_contacts: 1 };
    config.devices.push(Device {
        id: DeviceId(ID),
        name: "Self-test".into(),
        kind: DeviceKind::Sip(account),
    });
    config.extensions.push(Extension {
        id: ExtensionId(ID),
        number: OWN.into(),
        name: "Self-test".into(),
        devices: vec![DeviceId(ID)],
        outside_number: None,
        outside_name: None,
        withhold: false,
        features: ExtensionFeatures::default(),
    });
    let number = Pattern(NUMBER.into());
    config.services.push(Service {
        id: ServiceId(ID),
        number,
        name: "Self-test".into(),
        kind: ServiceKind::Echo,
    });
    let sip = &mut config.system.sip;
    let server = match (sip.udp, sip.tcp) {
        (Some(udp), _) => udp,
        // The same address, so that RTP stays where it is.
        (None, tcp) => {
            let ip = tcp.map_or(std::net::Ipv4Addr::LOCALHOST.into(), |tcp| tcp.ip());
            let udp = SocketAddr::new(ip, PORT);
            sip.udp = Some(udp);
            udp
        }
    };
    let plan = Plan { server: local(server), realm: sip.realm.clone(), password };
    Ok((config, plan))
}

/// Places the call.
///
/// # Errors
/// What was wrong, in words.
pub(super) fn call(plan: &Plan) -> Result<(), String> {
    let words = |error: std::io::Error| format!("no socket for the test call: {error}");
    let any = SocketAddr::new(plan.server.ip(), 0);
    let (sip, rtp) = (UdpSocket::bind(any).map_err(words)?, UdpSocket::bind(any).map_err(words)?);
    for socket in [&sip, &rtp] {
        socket.set_read_timeout(Some(PATIENCE)).map_err(words)?;
    }
    sip.connect(plan.server).map_err(words)?;
    let mut dialog = Dialog::new(plan, &sip, rtp.local_addr().map_err(words)?)?;
    let media = dialog.invite()?;
    let heard = talk(&rtp, media);
    dialog.bye()?;
    heard
}

struct Dialog<'a> {
    plan: &'a Plan,
    socket: &'a UdpSocket,
    here: SocketAddr,
    rtp: SocketAddr,
    call_id: String,
    tag: String,
    to: String,
    target: String,
    authorization: Option<String>,
    sequence: u32,
}

impl<'a> Dialog<'a> {
    fn new(plan: &'a Plan, socket: &'a UdpSocket, rtp: SocketAddr) -> Result<Self, String> {
        let here = socket.local_addr().map_err(|error| error.to_string())?;
        let target = format!("sip:{NUMBER}@{}", plan.server);
        Ok(Self {
            plan,
            socket,
            here,
            rtp,
            call_id: random_text(20)?,
            tag: random_text(8)?,
            to: format!("<{target}>"),
            target,
            authorization: None,
            sequence: 0,
        })
    }

    /// Where the answer says that voice goes.
    fn invite(&mut self) -> Result<SocketAddr, String> {
        let mut challenged = false;
        loop {
            self.sequence += 1;
            let answer = self.transaction("INVITE")?;
            match answer.status {
                200 => {
                    self.to = answer.header("to").unwrap_or_default().to_owned();
                    if let Some(contact) = answer.header("contact") {
                        self.target = between(contact, '<', '>').unwrap_or(contact).to_owned();
                    }
                    self.send("ACK")?;
                    let port = answer.body.lines().find_map(|line| line.strip_prefix("m=audio "));
                    let port = port.and_then(|rest| rest.split(' ').next()?.parse().ok());
                    let ip = answer.body.lines().find_map(|line| line.strip_prefix("c=IN "));
                    let ip = ip.and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
                    let (Some(port), Some(ip)) = (port, ip) else {
                        return Err("the answer of the test call has no place for voice".into());
                    };
                    return Ok(local(SocketAddr::new(ip, port)));
                }
                401 | 407 if !challenged => {
                    challenged = true;
                    let (asks, says) = match answer.status {
                        401 => ("www-authenticate", "Authorization"),
                        _ => ("proxy-authenticate", "Proxy-Authorization"),
                    };
                    self.acknowledge(&answer)?;
                    let login = Login {
                        username: USER,
                        password: &self.plan.password,
                        method: "INVITE",
                        uri: &self.target,
                        cnonce: &random_text(12)?,
                        count: 1,
                    };
                    let value = answer_challenge(answer.headers(asks).into_iter(), &login)
                        .ok_or("the challenge of the test call is not understood")?;
                    self.authorization = Some(format!("{says}: {value}\r\n"));
                }
                status => {
                    self.acknowledge(&answer)?;
                    return Err(format!("the test call was refused with {status}"));
                }
            }
        }
    }

    fn bye(&mut self) -> Result<(), String> {
        self.sequence += 1;
        self.authorization = None;
        match self.transaction("BYE")?.status {
            200 => Ok(()),
            status => Err(format!("the end of the test call was refused with {status}")),
        }
    }

    /// Sends until there is a final answer.
    fn transaction(&self, method: &str) -> Result<Answer, String> {
        let mut buffer = vec![0; 65_535];
        let mut answered = false;
        for _ in 0..ATTEMPTS {
            if !answered {
                self.send(method)?;
            }
            loop {
                let length = match self.socket.recv(&mut buffer) {
                    Ok(length) => length,
                    // Refused: the switch has not taken the configuration with its socket yet.
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                        std::thread::park_timeout(PATIENCE);
                        break;
                    }
                    Err(_) => break,
                };
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                let Some(answer) = Answer::parse(&text) else { continue };
                let ours = answer.header("cseq") == Some(&format!("{} {method}", self.sequence));
                if ours && answer.status >= 200 {
                    // The telephone may not be known yet: the switch takes its configuration meanwhile.
                    return Ok(answer);
                }
                answered |= ours;
            }
        }
        Err(format!("the test call got no answer to {method}"))
    }

    /// ACK of a refusal belongs to its transaction (RFC 3261 §17.1.1.3).
    fn acknowledge(&mut self, answer: &Answer) -> Result<(), String> {
        let before = std::mem::replace(&mut self.to, answer.header("to").unwrap_or_default().to_owned());
        let authorization = self.authorization.take();
        let sent = self.send("ACK");
        (self.to, self.authorization) = (before, authorization);
        sent
    }

    fn send(&self, method: &str) -> Result<(), String> {
        let body = if method == "INVITE" { self.sdp() } else { String::new() };
        let Self { here, target, call_id, tag, to, sequence, .. } = self;
        // The branch names the transaction: one for each request, the same when it is sent again. The
        // ACK of a refusal has that of its INVITE; that of an answer may have any.
        let branch = format!("z9hG4bK{call_id}{sequence}{}", if method == "BYE" { "b" } else { "" });
        let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
        let message = format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {here};branch={branch};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{USER}@{}>;tag={tag}\r\n\
             To: {to}\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {sequence} {method}\r\n\
             Contact: <sip:{USER}@{here}>\r\n\
             {}{kind}Content-Length: {}\r\n\r\n{body}",
            self.plan.realm,
            self.authorization.as_deref().unwrap_or_default(),
            body.len()
        );
        match self.socket.send(message.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::ConnectionRefused => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    fn sdp(&self) -> String {
        let family = if self.rtp.is_ipv4() { "IP4" } else { "IP6" };
        let (ip, port) = (self.rtp.ip(), self.rtp.port());
        format!(
            "v=0\r\no=- 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
        )
    }
}

struct Answer {
    status: u16,
    head: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("SIP/2.0 ")?.split(' ').next()?.parse().ok()?;
        let head = lines.filter_map(|line| line.split_once(':'));
        let head = head.map(|(name, value)| (name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        Some(Self { status, head: head.collect(), body: body.to_owned() })
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn headers(&self, name: &str) -> Vec<&str> {
        self.head.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// Sends a tone and counts how much of it comes back.
fn talk(rtp: &UdpSocket, media: SocketAddr) -> Result<(), String> {
    let pace = Duration::from_millis(20);
    rtp.set_read_timeout(Some(pace)).map_err(|error| error.to_string())?;
    let mut heard = 0;
    let mut buffer = [0; 2048];
    for packet in 0..PACKETS {
        let timestamp = u32::from(packet) * OCTETS as u32;
        let mut octets = vec![0x80, if packet == 0 { 0x88 } else { 0x08 }];
        octets.extend(packet.to_be_bytes());
        octets.extend(timestamp.to_be_bytes());
        octets.extend(0x0d3a_2c00_u32.to_be_bytes());
        octets.extend(TONE.iter().cycle().take(OCTETS));
        rtp.send_to(&octets, media).map_err(|error| format!("no voice can be sent: {error}"))?;
        // One is waited for after each that is sent: that is the pace, too.
        if let Ok(length) = rtp.recv(&mut buffer) {
            heard += tone_octets(buffer.get(12..length).unwrap_or_default());
            std::thread::park_timeout(pace / 2);
        }
    }
    if heard >= ENOUGH { Ok(()) } else { Err(format!("of the test call {heard} octets of voice came back")) }
}

/// Octets that are loud: silence and comfort noise are not.
fn tone_octets(payload: &[u8]) -> usize {
    payload.iter().filter(|octet| ((**octet ^ 0x55) & 0x7f) >= 0x60).count()
}

fn between(text: &str, first: char, last: char) -> Option<&str> {
    text.split_once(first)?.1.split_once(last).map(|(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A far end that sends back what `change` makes of each packet.
    fn far_end(change: fn(&mut [u8])) -> (SocketAddr, Arc<AtomicBool>) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let (address, stop) = (socket.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let stopped = stop.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            while !stopped.load(Ordering::Relaxed) {
                if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                    change(&mut buffer[12..length]);
                    let _ = socket.send_to(&buffer[..length], from);
                }
            }
        });
        (address, stop)
    }

    #[test]
    fn an_echo_passes_and_silence_does_not() {
        let rtp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (echo, stop) = far_end(|_| {});
        assert_eq!(talk(&rtp, echo), Ok(()));
        stop.store(true, Ordering::Relaxed);
        let (silent, stop) = far_end(|payload| payload.fill(0xd5));
        let fault = talk(&rtp, silent).unwrap_err();
        assert!(fault.contains("of the test call 0 octets"), "{fault}");
        stop.store(true, Ordering::Relaxed);
    }

    #[test]
    fn the_number_of_the_test_is_nobody_elses() {
        let config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        let (with, plan) = prepare(config.clone()).unwrap();
        assert_eq!(with.validate(), Ok(()), "the switch takes it");
        assert_eq!(with.services.len(), config.services.len() + 1);
        assert_eq!(plan.server, "127.0.0.1:5060".parse().unwrap());
        let (_, other) = prepare(config.clone()).unwrap();
        assert_ne!(plan.password, other.password);
        // Where SIP is not served over UDP it is for the time of the call, on the same address.
        let mut unserved = config;
        (unserved.system.sip.udp, unserved.system.sip.tcp) = (None, "0.0.0.0:5060".parse().ok());
        let (with, plan) = prepare(unserved).unwrap();
        assert_eq!(with.system.sip.udp, "0.0.0.0:5966".parse().ok());
        assert_eq!(plan.server, "127.0.0.1:5966".parse().unwrap());
    }

    #[test]
    fn answers_are_read() {
        let text = "SIP/2.0 200 OK\r\nTo: <sip:a@b>;tag=1\r\nCSeq: 2 INVITE\r\n\r\nv=0\r\nm=audio 4000 RTP/AVP 8\r\n";
        let answer = Answer::parse(text).unwrap();
        assert_eq!((answer.status, answer.header("cseq")), (200, Some("2 INVITE")));
        assert!(Answer::parse("INVITE sip:a SIP/2.0\r\n\r\n").is_none());
        assert!(Answer::parse("").is_none());
    }
}
