//! Whatever comes in whatever order: the room stands, keeps its bounds, and is quiet at the end.

use super::lab::{Lab, Peer, SDP, TRUNK, number, response, sdp, tcp, trunk, udp};
use crate::message::{Draft, Method, Name};
use crate::{Flow, Input};
use demarc_model::config::{DeviceId, TrunkKind};
use demarc_model::{Cause, LegCommand, LegEvent, LegId, MediaEvent, Party};
use proptest::prelude::*;
use std::collections::BTreeMap;

const METHODS: [Method; 12] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Options,
    Method::Info,
    Method::Update,
    Method::Refer,
    Method::Prack,
    Method::Register,
    Method::Message,
    Method::Notify,
];

/// One thing that happens. The numbers choose among whatever there is.
#[derive(Debug, Clone)]
enum Step {
    Call { phone: usize, body: usize },
    Within { phone: usize, method: usize, body: usize },
    Again { phone: usize },
    Dial { trunk: bool },
    Respond { request: usize, status: u16, tag: usize, body: usize },
    Command { leg: usize, command: usize, cause: u8 },
    Media { stream: usize, lost: bool },
    Close { phone: usize },
    Resolve { some: bool },
    Configure { ports: u16, trunk: bool },
    Wait { ms: u64 },
    Noise { bytes: Vec<u8> },
    Spoil { phone: usize, at: usize, with: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    let which = || 0usize..1000;
    prop_oneof![
        (which(), which()).prop_map(|(phone, body)| Step::Call { phone, body }),
        (which(), which(), which()).prop_map(|(phone, method, body)| Step::Within { phone, method, body }),
        which().prop_map(|phone| Step::Again { phone }),
        any::<bool>().prop_map(|trunk| Step::Dial { trunk }),
        (which(), statuses(), which(), which()).prop_map(|(request, status, tag, body)| Step::Respond {
            request,
            status,
            tag,
            body
        }),
        (which(), which(), 1u8..=127).prop_map(|(leg, command, cause)| Step::Command { leg, command, cause }),
        (which(), any::<bool>()).prop_map(|(stream, lost)| Step::Media { stream, lost }),
        which().prop_map(|phone| Step::Close { phone }),
        any::<bool>().prop_map(|some| Step::Resolve { some }),
        (2u16..20, any::<bool>()).prop_map(|(ports, trunk)| Step::Configure { ports, trunk }),
        prop_oneof![0u64..100, 100u64..5_000, 5_000u64..60_000].prop_map(|ms| Step::Wait { ms }),
        prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| Step::Noise { bytes }),
        (which(), 0usize..600, any::<u8>()).prop_map(|(phone, at, with)| Step::Spoil { phone, at, with }),
    ]
}

fn statuses() -> impl Strategy<Value = u16> {
    prop_oneof![
        Just(100u16),
        Just(180),
        Just(183),
        Just(200),
        Just(200),
        Just(302),
        Just(401),
        Just(407),
        Just(423),
        Just(481),
        Just(486),
        Just(487),
        Just(491),
        Just(503),
        Just(603),
        100u16..700,
    ]
}

fn body(n: usize) -> String {
    match n % 6 {
        0 | 1 => SDP.to_owned(),
        2 => sdp(2, "sendonly"),
        3 => sdp(3, "inactive"),
        4 => SDP.replace("8 0 101", "18"),
        _ => String::new(),
    }
}

struct Bench {
    lab: Lab,
    phones: Vec<Peer>,
    /// The last request of each phone.
    last: Vec<Option<Draft>>,
}

impl Bench {
    fn new() -> Self {
        let mut lab = Lab::with(|config| config.trunks.push(trunk(|peer| peer.username = "gw".to_owned())));
        lab.resolve(&["198.51.100.1:5060", "198.51.100.2:5060"]);
        let mut phones = vec![
            Peer::new("201", udp("192.0.2.7:5060")),
            Peer::new("202", tcp("192.0.2.8:40000", 2)),
            Peer::new("203", udp("192.0.2.9:5060")),
            Peer::new("gw", udp("198.51.100.1:5060")),
        ];
        phones.iter_mut().take(3).for_each(|phone| lab.register(phone));
        Self { lab, last: phones.iter().map(|_| None).collect(), phones }
    }

    fn take(&mut self, step: Step) {
        let count = self.phones.len();
        match step {
            Step::Call { phone, body: n } => {
                let phone = phone % count;
                self.phones[phone].call_id += "x";
                let peer = &mut self.phones[phone];
                let mut draft = peer.invite("90123", &body(n));
                if n.is_multiple_of(7) {
                    draft = draft.add(Name::SessionExpires, "90;refresher=uas");
                }
                self.lab.receive(peer.flow, &draft);
                if self.lab.response().status().code() == 401 && self.lab.response().cseq().method == "INVITE"
                {
                    draft = peer.authorized(&self.lab.response(), &Method::Invite, draft);
                    self.lab.receive(peer.flow, &draft);
                }
                self.last[phone] = Some(draft);
            }
            Step::Within { phone, method, body: n } => {
                let phone = phone % count;
                let peer = &mut self.phones[phone];
                if let Some((_, crate::message::Message::Response(response))) = self.lab.sent.last()
                    && response.call_id() == peer.call_id
                {
                    peer.heard(response);
                }
                let draft = match &METHODS[method % METHODS.len()] {
                    Method::Ack => peer.ack(),
                    Method::Cancel => peer.cancel(),
                    method => peer.within(method, &body(n)),
                };
                self.lab.receive(peer.flow, &draft);
                self.last[phone] = Some(draft);
            }
            Step::Again { phone } => {
                let phone = phone % count;
                if let Some(draft) = &self.last[phone] {
                    self.lab.receive(self.phones[phone].flow, draft);
                }
            }
            Step::Dial { trunk } => {
                let to = if trunk { Party::Trunk(TRUNK) } else { Party::Device(DeviceId(1)) };
                self.lab.dial(to, "201", number("202"));
            }
            Step::Respond { request, status, tag, body: n } => self.respond(request, status, tag, n),
            Step::Command { leg, command, cause } => {
                let legs: Vec<LegId> = self.lab.legs.iter().map(LegEvent::leg).collect();
                let Some(leg) = legs.get(leg % legs.len().max(1)).copied() else { return };
                let cause = Cause::new(cause).unwrap();
                self.lab.command(match command % 7 {
                    0 => LegCommand::NeedDigits { leg, dial_tone: true },
                    1 => LegCommand::Proceed { leg },
                    2 => LegCommand::Ring { leg, in_band: command.is_multiple_of(2) },
                    3 => LegCommand::Progress { leg, cause: Some(cause) },
                    4 | 5 => LegCommand::Answer { leg, connected: Some(number("0123")) },
                    _ => LegCommand::Hangup { leg, cause },
                });
            }
            Step::Media { stream, lost } => {
                let streams: Vec<_> = self.lab.media.iter().filter_map(opened).collect();
                let Some(stream) = streams.get(stream % streams.len().max(1)).copied() else { return };
                self.lab.input(Input::Media(match lost {
                    true => MediaEvent::RtpLost { stream },
                    false => MediaEvent::Digit { stream, digit: '1' },
                }));
            }
            Step::Close { phone } => {
                let flow: Flow = self.phones[phone % count].flow;
                self.lab.input(Input::FlowClosed { flow });
            }
            Step::Resolve { some } => {
                self.lab.resolve(if some { &["198.51.100.2:5060", "198.51.100.1:5060"] } else { &[] });
            }
            Step::Configure { ports, trunk } => self.lab.configure(|config| {
                config.system.rtp.ports = ports;
                config.trunks.iter_mut().filter(|t| t.id == TRUNK).for_each(|t| t.enabled = trunk);
            }),
            Step::Wait { ms } => self.lab.wait(ms),
            Step::Noise { bytes } => self.lab.input(Input::Message { flow: self.phones[0].flow, bytes }),
            Step::Spoil { phone, at, with } => {
                let phone = phone % count;
                let Some(draft) = &self.last[phone] else { return };
                let mut bytes = draft.write();
                let at = at % bytes.len();
                bytes[at] = with;
                self.lab.input(Input::Message { flow: self.phones[phone].flow, bytes });
            }
        }
    }

    fn respond(&mut self, request: usize, status: u16, tag: usize, n: usize) {
        let requests = self.lab.sent.iter().rev().filter_map(|(flow, message)| match message {
            crate::message::Message::Request(request) => Some((*flow, request.clone())),
            crate::message::Message::Response(_) => None,
        });
        let requests: Vec<_> = requests.take(8).collect();
        let Some(request) = requests.get(request % requests.len().max(1)) else { return };
        if status < 100 {
            return;
        }
        let mut draft = response(request, status, ["a", "b"][tag % 2], &body(n));
        if matches!(status, 401 | 407) {
            let challenge = "Digest realm=\"x\", nonce=\"y\", qop=\"auth\"";
            draft = draft.add(Name::WwwAuthenticate, challenge).add(Name::ProxyAuthenticate, challenge);
        }
        if n.is_multiple_of(5) {
            draft = draft.add(Name::SessionExpires, "90;refresher=uac");
        }
        self.lab.receive(request.0, &draft);
    }

    /// What must hold at every moment.
    fn check(&self) {
        let counters = self.lab.sip.counters();
        assert!(counters.sessions <= 4096 && counters.transactions <= 16_384);
        assert!(counters.dialogs <= counters.sessions * 8);
        let mut ended: BTreeMap<LegId, bool> = BTreeMap::new();
        for event in &self.lab.legs {
            let over = ended.entry(event.leg()).or_insert(false);
            assert!(!*over, "{event:?} after the end");
            *over = matches!(event, LegEvent::Ended { .. });
        }
        let mut ports: BTreeMap<_, u16> = BTreeMap::new();
        for command in &self.lab.media {
            match command {
                demarc_model::MediaCommand::OpenRtp { stream, rtp } => {
                    assert!(!ports.values().any(|port| *port == rtp.port), "a port is used twice");
                    assert!(ports.insert(*stream, rtp.port).is_none());
                }
                demarc_model::MediaCommand::UpdateRtp { stream, .. } => assert!(ports.contains_key(stream)),
                demarc_model::MediaCommand::Close { stream } => assert!(ports.remove(stream).is_some()),
                other => panic!("{other:?} is not ours to say"),
            }
        }
    }

    /// Everything is hung up: nothing may be left.
    fn finish(mut self) {
        self.lab.configure(|config| config.trunks.retain(|t| !matches!(t.kind, TrunkKind::Sip(_))));
        let legs: Vec<LegId> = self.lab.legs.iter().map(LegEvent::leg).collect();
        for n in 1..=1000 {
            // Also those that were dialled and have not said anything yet.
            self.lab.hang_up(LegId::new(demarc_model::Room::Pbx, n), Cause::NORMAL_CLEARING);
        }
        legs.into_iter().for_each(|leg| self.lab.hang_up(leg, Cause::NORMAL_CLEARING));
        self.lab.wait(120_000);
        self.check();
        self.lab.quiet();
    }
}

fn opened(command: &demarc_model::MediaCommand) -> Option<demarc_model::StreamId> {
    match command {
        demarc_model::MediaCommand::OpenRtp { stream, .. } => Some(*stream),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens(steps in prop::collection::vec(step(), 1..80)) {
        let mut bench = Bench::new();
        for step in steps {
            bench.take(step);
            bench.check();
        }
        bench.finish();
    }
}

#[test]
fn a_flood_of_calls_is_bounded() {
    let mut lab = Lab::with(|config| config.system.rtp.ports = 2000);
    lab.resolve(&[]);
    lab.configure(|config| config.trunks.push(trunk(|_| {})));
    lab.resolve(&["198.51.100.1:5060"]);
    let mut provider = Peer::new("gateway", udp("198.51.100.1:5060"));
    for n in 0..9_000 {
        provider.call_id = format!("call-{n}");
        let draft = provider.invite("1", SDP);
        lab.input(Input::Message { flow: provider.flow, bytes: draft.write() });
        lab.sent.truncate(4);
        lab.traces.clear();
        lab.said();
    }
    let counters = lab.sip.counters();
    assert_eq!(counters.sessions, 2000);
    assert!(counters.transactions <= 8192 + 10, "{}", counters.transactions);
    assert!(counters.refused > 6000);
}
