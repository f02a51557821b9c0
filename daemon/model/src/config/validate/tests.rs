use crate::config::*;
use crate::{CallerId, ChannelId, SpanId};
use demarc_hal::{Framing, LineCode, Signalling};

fn gateway() -> Config {
    Config::default_gateway(&mut || Secret::new("long-enough-secret"))
}

/// A way to spoil a valid configuration, the field that is then wrong, and words of the remedy.
type Case = (fn(&mut Config), &'static str, &'static str);

fn account(config: &mut Config, device: usize) -> &mut SipAccount {
    match &mut config.devices[device].kind {
        DeviceKind::Sip(account) => account,
        DeviceKind::Fxs(_) => panic!("device {device} is no SIP phone"),
    }
}

fn wired(device: &str, network: &str, gateway: &str) -> appliance::Interface {
    let (address, prefix) = network.split_once('/').unwrap();
    let (address, prefix) = (address.parse().unwrap(), prefix.parse().unwrap());
    appliance::Interface {
        device: device.into(),
        vlan: None,
        role: appliance::InterfaceRole::Lan,
        ipv4: appliance::Ipv4Setting::Static { address, prefix, gateway: gateway.parse().ok() },
        ipv6: appliance::Ipv6Setting::Auto,
    }
}

const PEER: fn() -> SipPeer = || SipPeer::new("sip.example.com");

const CASES: &[Case] = &[
    (|c| c.format = 2, "/format", "written by a newer gateway"),
    (|c| c.format = 0, "/format", "restore"),
    (|c| c.system.name = " ".into(), "/system/name", "1–64"),
    (|c| c.system.name = "x".repeat(65), "/system/name", "1–64"),
    (|c| c.system.name = "a\nb".into(), "/system/name", "remove"),
    (|c| c.system.area_code = "2 0".into(), "/system/area_code", "digits"),
    (|c| c.system.area_code = "020".into(), "/system/area_code", "leave the first 0 out"),
    (|c| c.system.emergency_numbers = vec!["1".into()], "/system/emergency_numbers/0", "2–8 digits"),
    (|c| c.system.ring_timeout_s = 4, "/system/ring_timeout_s", "5–300 seconds"),
    (|c| c.system.ring_timeout_s = 301, "/system/ring_timeout_s", "5–300 seconds"),
    (|c| c.system.max_call_minutes = 0, "/system/max_call_minutes", "1–1440 minutes"),
    (|c| c.system.sip.udp = "127.0.0.1:0".parse().ok(), "/system/sip/udp", "5060"),
    (|c| c.system.sip.udp = "127.0.0.1:16400".parse().ok(), "/system/sip/udp", "outside 16384–16783"),
    (|c| c.system.sip.realm = "a\"b".into(), "/system/sip/realm", "without quotation marks"),
    (|c| c.system.sip.realm.clear(), "/system/sip/realm", "1–64"),
    (|c| c.system.sip.external_address = "0.0.0.0".parse().ok(), "/system/sip/external_address", "public"),
    (|c| c.system.sip.registration_max_s = 59, "/system/sip/registration_max_s", "60–86400"),
    (|c| c.system.rtp.first_port = 16385, "/system/rtp/first_port", "even"),
    (|c| c.system.rtp.first_port = 65500, "/system/rtp/ports", "lower the first port"),
    (|c| c.system.rtp.ports = 1, "/system/rtp/ports", "2–2000"),
    (|c| c.system.rtp.lost_after_s = 4, "/system/rtp/lost_after_s", "5–3600"),
    (|c| c.appliance.hostname = "-x".into(), "/appliance/hostname", "hyphen"),
    (|c| c.appliance.ntp = vec!["a b".into()], "/appliance/ntp/0", "host name"),
    (|c| c.appliance.dns = vec!["0.0.0.0".parse().unwrap()], "/appliance/dns/0", "name server"),
    (|c| c.appliance.ssh.enabled_until = Some(1), "/appliance/ssh/keys", "public key"),
    (|c| c.appliance.ssh.keys = vec!["command=\"x\" ssh-rsa AAAA".into()], "/appliance/ssh/keys/0", "paste"),
    (|c| c.appliance.update.hour = Some(24), "/appliance/update/hour", "0–23"),
    (|c| c.appliance.update.url = Some("ftp://example.com".into()), "/appliance/update/url", "https://"),
    (|c| c.appliance.update.url = Some("https://a b".into()), "/appliance/update/url", "https://"),
    (
        |c| c.appliance.interfaces = vec![wired("eth0;x", "192.0.2.2/24", "")],
        "/appliance/interfaces/0/device",
        "eth0",
    ),
    (
        |c| c.appliance.interfaces = vec![wired("eth0", "192.0.2.2/24", "198.51.100.1")],
        "/appliance/interfaces/0/ipv4/gateway",
        "192.0.2.0/24",
    ),
    (
        |c| {
            c.appliance.interfaces =
                vec![wired("eth0", "192.0.2.2/24", ""), wired("eth1", "192.0.2.3/24", "")]
        },
        "/appliance/interfaces/1/ipv4",
        "taken already",
    ),
    (
        |c| {
            c.appliance.interfaces = vec![wired("eth0", "192.0.2.2/24", "")];
            c.appliance.interfaces[0].role = appliance::InterfaceRole::Wan;
        },
        "/appliance/interfaces",
        "administer",
    ),
    (
        |c| {
            c.appliance.interfaces = vec![wired("eth0", "192.0.2.2/24", "")];
            c.appliance.interfaces[0].vlan = Some(appliance::Vlan { id: 4095, priority: 5 });
        },
        "/appliance/interfaces/0/vlan/id",
        "1–4094",
    ),
    (|c| c.spans.push(c.spans[0].clone()), "/spans/1/id", "taken already by /spans/0/id"),
    (|c| c.spans[0].name.clear(), "/spans/0/name", "1–64"),
    (|c| c.spans[0].line_code = LineCode::B8zs, "/spans/0/line_code", "HDB3"),
    (|c| c.spans[0].framing = Framing::Esf, "/spans/0/line_code", "B8ZS"),
    (
        |c| (c.spans[0].signalling, c.spans[0].r2.max_dnis) = (Signalling::R2, 0),
        "/spans/0/r2/max_dnis",
        "1–32 digits",
    ),
    (
        |c| (c.spans[0].signalling, c.spans[0].r2.digit_timeout_ms) = (Signalling::R2, Some(100)),
        "/spans/0/r2/digit_timeout_ms",
        "500–20000 ms",
    ),
    (
        |c| {
            let span = &mut c.spans[0];
            span.signalling = Signalling::R2;
            span.r2 = R2Settings { immediate_accept: true, ..R2Settings::of(crate::Country::BR) };
        },
        "/spans/0/r2/immediate_accept",
        "switch it off",
    ),
    (
        |c| {
            let span = &mut c.spans[0];
            (span.signalling, span.framing, span.line_code) = (Signalling::R2, Framing::Esf, LineCode::B8zs);
        },
        "/spans/0/signalling",
        "E&M for T1",
    ),
    (
        |c| (c.spans[0].signalling, c.spans[0].e_and_m.digits) = (Signalling::EAndM, 16),
        "/spans/0/e_and_m/digits",
        "0–15 digits",
    ),
    (
        |c| c.spans.push(Span { id: SpanId(9), ..c.spans[0].clone() }),
        "/spans/1/timing",
        "clock priority 1 is taken",
    ),
    (|c| c.lines[1].id = LineId(1), "/lines/1/id", "choose another"),
    (|c| c.lines[1].channel = c.lines[0].channel, "/lines/1/channel", "port 2/1 is taken"),
    (|c| c.lines[0].channel = ChannelId::new(3, 1), "/devices/4/kind/channel", "/lines/0/channel"),
    (|c| c.lines[0].channel = ChannelId::new(1, 1), "/lines/0/channel", "analog"),
    (|c| c.lines[0].channel = ChannelId::new(2, 0), "/lines/0/channel", "from 1"),
    (|c| c.lines[0].number = "02079460981".into(), "/lines/0/number", "+442079460981"),
    (|c| c.lines[0].guard_ms = 10001, "/lines/0/guard_ms", "0–10000 ms"),
    (|c| c.lines[0].dial_tone_wait_ms = 10001, "/lines/0/dial_tone_wait_ms", "0–10000 ms"),
    (|c| c.trunks[1].id = TrunkId(1), "/trunks/1/id", "taken"),
    (
        |c| {
            c.trunks[0].kind =
                TrunkKind::Pri { spans: vec![], hunt: Hunt::Ascending, isdn: Box::default(), private: false }
        },
        "/trunks/0/kind/spans",
        "choose one",
    ),
    (
        |c| {
            c.trunks[0].kind = TrunkKind::Pri {
                spans: vec![SpanId(7)],
                hunt: Hunt::Ascending,
                isdn: Box::default(),
                private: false,
            }
        },
        "/trunks/0/kind/spans/0",
        "no span 7",
    ),
    (
        |c| c.trunks[0].kind = TrunkKind::Fxo { lines: vec![LineId(1)], hunt: Hunt::Ascending },
        "/trunks/1/kind/lines/0",
        "line 1 is taken",
    ),
    (
        |c| c.trunks[1].kind = TrunkKind::Fxo { lines: vec![LineId(9)], hunt: Hunt::Ascending },
        "/trunks/1/kind/lines/0",
        "no line 9",
    ),
    (
        |c| c.trunks[1].kind = TrunkKind::Sip(SipPeer { host: "a b".into(), ..PEER() }),
        "/trunks/1/kind/host",
        "sip.example.com",
    ),
    (|c| c.trunks[1].kind = TrunkKind::Sip(SipPeer { port: 0, ..PEER() }), "/trunks/1/kind/port", "5060"),
    (
        |c| c.trunks[1].kind = TrunkKind::Sip(SipPeer { register: true, ..PEER() }),
        "/trunks/1/kind/username",
        "provider",
    ),
    (|c| c.devices[1].id = DeviceId(1), "/devices/1/id", "taken"),
    (|c| account(c, 1).username = "201".into(), "/devices/1/kind/username", "user name 201 is taken"),
    (|c| account(c, 0).username = "a b".into(), "/devices/0/kind/username", "letters"),
    (|c| account(c, 0).password = Secret::new("short"), "/devices/0/kind/password", "12 or more"),
    (|c| account(c, 0).password = Secret::new("aaaaaaaaaaaaaaaa"), "/devices/0/kind/password", "mix"),
    (|c| account(c, 0).password = Secret::new("password-201"), "/devices/0/kind/password", "without it"),
    (|c| account(c, 0).max_contacts = 0, "/devices/0/kind/max_contacts", "1–10 phones"),
    (|c| c.extensions[0].number = "2".into(), "/extensions/0/number", "2–15 digits"),
    (|c| c.extensions[0].number = "112".into(), "/extensions/0/number", "emergency"),
    (|c| c.extensions[1].number = "201".into(), "/extensions/1/number", "number 201 is taken"),
    (|c| c.ring_groups[0].number = "201".into(), "/ring_groups/0/number", "/extensions/0/number"),
    (|c| c.services[0].number = Pattern::new("201"), "/services/0/number", "/extensions/0/number"),
    (|c| c.extensions[0].devices = vec![DeviceId(99)], "/extensions/0/devices/0", "no device 99"),
    (
        |c| c.extensions[0].devices = vec![DeviceId(1), DeviceId(1)],
        "/extensions/0/devices/1",
        "device 1 is taken",
    ),
    (|c| c.extensions[0].outside_name = Some(" ".into()), "/extensions/0/outside_name", "name is missing"),
    (|c| c.extensions[0].outside_number = Some("0901".into()), "/extensions/0/outside_number", "E.164"),
    (|c| c.ring_groups[0].extensions.clear(), "/ring_groups/0/extensions", "add an extension"),
    (|c| c.ring_groups[0].extensions.push(ExtensionId(9)), "/ring_groups/0/extensions/3", "no extension 9"),
    (|c| c.ring_groups[0].each_s = 4, "/ring_groups/0/each_s", "5–120 seconds"),
    (|c| c.services[0].number = Pattern::new("*4 3"), "/services/0/number", "position 3"),
    (
        |c| c.services[0].kind = ServiceKind::DelayedAnswer { after_s: 61 },
        "/services/0/kind/after_s",
        "1–60 seconds",
    ),
    (|c| c.services[0].kind = ServiceKind::RejectByNumber { base: 999 }, "/services/0/kind/base", "0–998"),
    (
        |c| c.services[0].kind = ServiceKind::CallBack { number: "".into(), caller: CallerId::default() },
        "/services/0/kind/number",
        "number to call",
    ),
    (
        |c| {
            let caller = CallerId { number: Some("me".into()), ..CallerId::default() };
            c.services[0].kind = ServiceKind::CallBack { number: "201".into(), caller };
        },
        "/services/0/kind/caller/number",
        "not a number",
    ),
    (|c| c.inbound_routes[0].trunk = Some(TrunkId(9)), "/inbound_routes/0/trunk", "no trunk 9"),
    (|c| c.inbound_routes[0].called = Pattern::new("a"), "/inbound_routes/0/called", "means nothing"),
    (|c| c.inbound_routes[0].caller = Some(Pattern::new("")), "/inbound_routes/0/caller", "empty"),
    (
        |c| c.inbound_routes[0].destination = Destination::Extension { id: ExtensionId(9) },
        "/inbound_routes/0/destination/id",
        "no extension 9",
    ),
    (
        |c| c.inbound_routes[0].destination = Destination::RingGroup { id: RingGroupId(9) },
        "/inbound_routes/0/destination/id",
        "no ring group 9",
    ),
    (
        |c| c.inbound_routes[0].destination = Destination::Service { id: ServiceId(9) },
        "/inbound_routes/0/destination/id",
        "no service 9",
    ),
    (
        |c| c.inbound_routes[0].destination = Destination::Internal { strip: 21 },
        "/inbound_routes/0/destination/strip",
        "0–20 digits",
    ),
    (
        |c| c.inbound_routes[0].destination = Destination::Trunk { id: TrunkId(9), strip: 0 },
        "/inbound_routes/0/destination/id",
        "no trunk 9",
    ),
    (
        |c| c.inbound_routes[0].destination = Destination::Trunk { id: TrunkId(2), strip: 0 },
        "/inbound_routes/0/destination/id",
        "private exchange",
    ),
    (|c| c.outbound_routes[0].patterns.clear(), "/outbound_routes/0/patterns", "add a pattern"),
    (|c| c.outbound_routes[1].patterns[0] = Pattern::new("8.1"), "/outbound_routes/1/patterns/0", "last"),
    (|c| c.outbound_routes[1].strip = 21, "/outbound_routes/1/strip", "0–20 digits"),
    (|c| c.outbound_routes[1].prepend = "x".into(), "/outbound_routes/1/prepend", "remove the rest"),
    (|c| c.outbound_routes[1].trunks.clear(), "/outbound_routes/1/trunks", "add a trunk"),
    (|c| c.outbound_routes[1].trunks = vec![TrunkId(9)], "/outbound_routes/1/trunks/0", "no trunk 9"),
    (
        |c| c.outbound_routes[1].caller_id = CallerIdPolicy::Fixed { number: "1".into() },
        "/outbound_routes/1/caller_id/number",
        "E.164",
    ),
    (
        |c| {
            let route = c.inbound_routes[0].clone();
            c.inbound_routes
                .extend((0..1000).map(|n| InboundRoute { id: InboundRouteId(100 + n), ..route.clone() }));
        },
        "/inbound_routes",
        "1000 at most",
    ),
];

#[test]
fn every_fault_names_its_field_and_its_remedy() {
    for (spoil, field, words) in CASES {
        let mut config = gateway();
        spoil(&mut config);
        let faults = config.validate().expect_err(field);
        assert!(
            faults.iter().any(|f| f.field == *field && f.message.contains(words)),
            "{field} with “{words}” is not among {faults:#?}"
        );
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let mut config = gateway();
    config.system.name.clear();
    config.devices[0].name.clear();
    config.outbound_routes[0].trunks.clear();
    assert_eq!(config.validate().unwrap_err().len(), 3);
}

#[test]
fn a_service_may_answer_an_emergency_number() {
    // The simulated telco is the emergency call centre itself.
    let mut config = gateway();
    config.services[0].number = Pattern::new("112");
    assert_eq!(config.validate(), Ok(()));
}

#[test]
fn ports_of_a_channel_bank_are_lines_and_telephones() {
    use demarc_hal::PortKind::{Fxo, Fxs};
    let mut config = gateway();
    config.lines[0].channel = ChannelId::new(1, 2);
    config.spans[0].signalling = Signalling::ChannelBank(vec![Fxs, Fxo]);
    assert_eq!(config.validate(), Ok(()));
    for slot in [1, 3] {
        config.lines[0].channel = ChannelId::new(1, slot);
        let faults = config.validate().unwrap_err();
        assert_eq!(faults[0].field, "/lines/0/channel");
        assert!(faults[0].message.contains("no such port"), "{}", faults[0].message);
    }
}
