//! Two configurations to begin with: a gateway that nobody has set up yet, and the simulated telco
//! at the other end of its cables.
//!
//! Both use the numbers that Ofcom keeps for drama, 020 7946 0xxx. The gateway owns 0900–0979 on
//! its PRI and 0981–0984 on its lines; the telco's test numbers are 0100–0327.

use super::*;
use crate::number::{Presentation, Screening};
use crate::{CallerId, Cause, Country, Setting};
use demarc_hal::{ChannelId, Framing, LineCode, Signalling, SpanId};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

/// Causes that blame the way, not the called party: another trunk may do better.
const RETRY: [Cause; 6] = [
    Cause::DESTINATION_OUT_OF_ORDER,
    Cause::NO_CIRCUIT,
    Cause::NETWORK_OUT_OF_ORDER,
    Cause::TEMPORARY_FAILURE,
    Cause::CONGESTION,
    Cause::REQUESTED_CIRCUIT_UNAVAILABLE,
];

pub(super) const PRI: TrunkId = TrunkId(1);
pub(super) const LINES: TrunkId = TrunkId(2);

impl Config {
    /// A gateway fresh from the box, on the simulated hardware: one E1 (span 1), four FXO ports
    /// (2/1–2/4) and four FXS ports (3/1–3/4). SIP is served to this machine only until somebody
    /// sets it up. `secrets` is asked for one password per SIP phone, of 12 characters or more.
    pub fn default_gateway(secrets: &mut dyn FnMut() -> Secret) -> Config {
        let sip_phones = (1..=4).map(|n| Device {
            id: DeviceId(n),
            name: format!("Phone {}", 200 + n),
            kind: DeviceKind::Sip(SipAccount {
                username: format!("{}", 200 + n),
                password: secrets(),
                max_contacts: 3,
            }),
        });
        let analog_phones = (1..=4u8).map(|n| Device {
            id: DeviceId(10 + u32::from(n)),
            name: format!("Analog phone {n}"),
            kind: DeviceKind::Fxs(FxsPort {
                channel: ChannelId::new(3, n),
                reverse_on_answer: false,
                open_loop_on_hangup: true,
                features: FxsFeatures::default(),
            }),
        });
        let extension = |n: u32, device: u32| Extension {
            id: ExtensionId(n),
            number: n.to_string(),
            name: format!("Extension {n}"),
            devices: vec![DeviceId(device)],
            outside_number: Some(format!("+4420794609{:02}", n - 200)),
            outside_name: None,
            withhold: false,
            features: ExtensionFeatures::default(),
        };
        let (echo, milliwatt, everyone) = (ServiceId(1), ServiceId(2), RingGroupId(1));
        let direct = |n: u32, id: u32| {
            let destination = Destination::Extension { id: ExtensionId(n) };
            inbound(id, &format!("Direct to {n}"), PRI, &format!("+4420794609{:02}", n - 200), destination)
        };
        let extensions: Vec<Extension> =
            (1..=4).map(|n| extension(200 + n, n)).chain((11..=14).map(|n| extension(200 + n, n))).collect();
        let mut inbound_routes = vec![
            inbound(1, "Main number", PRI, "+442079460900", Destination::RingGroup { id: everyone }),
            inbound(2, "Lines", LINES, "!", Destination::RingGroup { id: everyone }),
            inbound(3, "Echo test", PRI, "+442079460943", Destination::Service { id: echo }),
            inbound(4, "Milliwatt", PRI, "+442079460944", Destination::Service { id: milliwatt }),
        ];
        inbound_routes.extend(extensions.iter().zip(11..).map(|(e, id)| direct(e.id.0, id)));

        Config {
            format: FORMAT,
            system: london(
                "Demarc",
                60,
                Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 5060))),
                RtpSettings { first_port: 16384, ports: 200, lost_after_s: 60 },
            ),
            spans: vec![e1("Telco", SpanSide::User, 1)],
            lines: (1..=4u8)
                .map(|n| Line {
                    id: LineId(u32::from(n)),
                    name: format!("Line {n}"),
                    channel: ChannelId::new(2, n),
                    number: format!("+44207946098{n}"),
                    answer: AnswerSupervision::Polarity,
                    caller_id: None,
                    pulse: false,
                    dial_tone_wait_ms: 1500,
                    guard_ms: 1000,
                    ..Line::default()
                })
                .collect(),
            trunks: vec![
                pri_trunk(Hunt::Descending),
                Trunk {
                    id: LINES,
                    name: "Lines".into(),
                    enabled: true,
                    kind: TrunkKind::Fxo { lines: (1..=4).map(LineId).collect(), hunt: Hunt::Ascending },
                },
            ],
            devices: sip_phones.chain(analog_phones).collect(),
            extensions,
            ring_groups: vec![RingGroup {
                id: everyone,
                number: "200".into(),
                name: "Everyone".into(),
                extensions: [201, 202, 211].map(ExtensionId).to_vec(),
                strategy: RingStrategy::All,
                each_s: 20,
            }],
            services: vec![
                service(echo.0, "*43", "Echo test", ServiceKind::Echo),
                service(milliwatt.0, "*44", "Milliwatt (1004 Hz)", ServiceKind::Milliwatt),
            ],
            inbound_routes,
            outbound_routes: vec![
                outbound(1, "Emergency", &["999", "112"], 0, NumberFormat::AsDialled, &[PRI, LINES]),
                outbound(2, "Lines", &["8."], 1, NumberFormat::AsDialled, &[LINES]),
                outbound(3, "International", &["00."], 0, NumberFormat::National, &[PRI, LINES]),
                outbound(4, "National", &["0."], 0, NumberFormat::National, &[PRI, LINES]),
            ],
            appliance: Appliance::default(),
        }
    }

    /// The exchange at the other end of the simulated cables: the network side of the E1 (span 1,
    /// we clock), and four FXS ports (2/1–2/4) that feed the gateway's FXO ports. Its test numbers
    /// are understood as national, local and E.164 numbers: see [`telco_numbers`].
    pub fn simulated_telco() -> Config {
        let port = |n: u8| Device {
            id: DeviceId(u32::from(n)),
            name: format!("Line {n}"),
            kind: DeviceKind::Fxs(FxsPort {
                channel: ChannelId::new(2, n),
                reverse_on_answer: true,
                open_loop_on_hangup: true,
                features: FxsFeatures::default(),
            }),
        };
        let subscriber = |n: u32| Extension {
            id: ExtensionId(n),
            number: format!("0207946098{n}"),
            name: format!("Demarc line {n}"),
            devices: vec![DeviceId(n)],
            outside_number: Some(format!("+44207946098{n}")),
            outside_name: None,
            withhold: false,
            // A line of an exchange: one call at a time.
            features: ExtensionFeatures { call_waiting: false, ..ExtensionFeatures::default() },
        };
        Config {
            format: FORMAT,
            system: london(
                "Simulated telco",
                120,
                None,
                RtpSettings { first_port: 17384, ports: 2, lost_after_s: 0 },
            ),
            spans: vec![e1("Subscriber", SpanSide::Network, 0)],
            lines: Vec::new(),
            trunks: vec![pri_trunk(Hunt::Ascending)],
            devices: (1..=4).map(port).collect(),
            extensions: (1..=4).map(subscriber).collect(),
            ring_groups: Vec::new(),
            services: test_numbers(),
            inbound_routes: vec![inbound(1, "Any number", PRI, ".", Destination::Internal { strip: 0 })],
            outbound_routes: vec![outbound(
                1,
                "Subscriber's PRI",
                &["020794609[0-7]X", "794609[0-7]X"],
                0,
                NumberFormat::E164,
                &[PRI],
            )],
            appliance: Appliance::default(),
        }
    }
}

/// The simulated telco's test numbers and what each does, for people.
pub fn telco_numbers() -> Vec<(String, String)> {
    test_numbers().into_iter().map(|service| (service.number.0, service.name)).collect()
}

fn test_numbers() -> Vec<Service> {
    let call_back = |number: &str, from: &str, presentation| ServiceKind::CallBack {
        number: number.into(),
        caller: CallerId {
            number: Some(from.into()),
            name: Some("Demarc Telco".into()),
            presentation,
            screening: Screening::Network,
        },
    };
    use Presentation::{Allowed, Restricted};
    let kinds = [
        ("02079460100", "Echo: you hear yourself", ServiceKind::Echo),
        ("02079460101", "Milliwatt: 1004 Hz at 0 dBm0", ServiceKind::Milliwatt),
        ("02079460102", "Busy", ServiceKind::Reject { cause: Cause::USER_BUSY }),
        ("02079460103", "Unallocated number", ServiceKind::Reject { cause: Cause::UNALLOCATED_NUMBER }),
        ("02079460104", "Rings, nobody answers", ServiceKind::NoAnswer),
        ("02079460105", "Congestion", ServiceKind::Reject { cause: Cause::CONGESTION }),
        ("02079460106", "Announcement as early media, never answers", ServiceKind::Announcement),
        ("02079460107", "Rings for 5 seconds, then echo", ServiceKind::DelayedAnswer { after_s: 5 }),
        ("02079460108", "Digit read-back: sends your digits back", ServiceKind::DigitReadback),
        (
            "02079460110",
            "Calls you back over the PRI, with number and name",
            call_back("02079460900", "+442079460110", Allowed),
        ),
        (
            "02079460111",
            "Calls you back over the PRI, withheld",
            call_back("02079460900", "+442079460111", Restricted),
        ),
        (
            "02079460112",
            "Calls you back over line 1, with number and name",
            call_back("02079460981", "+442079460112", Allowed),
        ),
        (
            "02079460113",
            "Calls you back over line 1, withheld",
            call_back("02079460981", "+442079460113", Restricted),
        ),
        ("020794602XX", "Refused with cause XX", ServiceKind::RejectByNumber { base: 200 }),
        ("020794603[01]X", "Refused with cause 100–119", ServiceKind::RejectByNumber { base: 200 }),
        ("0207946032[0-7]", "Refused with cause 120–127", ServiceKind::RejectByNumber { base: 200 }),
        ("999", "Emergency call centre (echo)", ServiceKind::Echo),
        ("112", "Emergency call centre (echo)", ServiceKind::Echo),
    ];
    kinds.into_iter().zip(1..).map(|((number, name, kind), id)| service(id, number, name, kind)).collect()
}

fn service(id: u32, number: &str, name: &str, kind: ServiceKind) -> Service {
    Service { id: ServiceId(id), number: Pattern::new(number), name: name.into(), kind }
}

pub(super) fn inbound(
    id: u32,
    name: &str,
    trunk: TrunkId,
    called: &str,
    destination: Destination,
) -> InboundRoute {
    InboundRoute {
        id: InboundRouteId(id),
        name: name.into(),
        trunk: Some(trunk),
        called: Pattern::new(called),
        caller: None,
        destination,
    }
}

pub(super) fn outbound(
    id: u32,
    name: &str,
    patterns: &[&str],
    strip: u8,
    format: NumberFormat,
    trunks: &[TrunkId],
) -> OutboundRoute {
    OutboundRoute {
        id: OutboundRouteId(id),
        name: name.into(),
        patterns: patterns.iter().copied().map(Pattern::new).collect(),
        strip,
        prepend: String::new(),
        format,
        trunks: trunks.to_vec(),
        retry_causes: RETRY.to_vec(),
        caller_id: CallerIdPolicy::Extension,
    }
}

fn pri_trunk(hunt: Hunt) -> Trunk {
    let kind = TrunkKind::Pri { spans: vec![SpanId(1)], hunt, isdn: Box::default(), private: false };
    Trunk { id: PRI, name: "PRI".into(), enabled: true, kind }
}

pub(super) fn e1(name: &str, side: SpanSide, timing: u8) -> Span {
    Span {
        id: SpanId(1),
        name: name.into(),
        enabled: true,
        side,
        dialect: SpanDialect::EuroIsdn,
        framing: Framing::Crc4,
        line_code: LineCode::Hdb3,
        timing,
        overlap: false,
        isdn: IsdnSettings::default(),
        signalling: Signalling::Isdn,
        r2: R2Settings::default(),
        e_and_m: EmSettings::default(),
        build_out: 0,
        line_mode: None,
        // The exchange is what the autopilot at the other end finds out about: it stays as it is.
        pinned: match side {
            SpanSide::User => BTreeSet::new(),
            SpanSide::Network => Setting::all_of_span(),
        },
    }
}

fn london(name: &str, ring_timeout_s: u16, sip: Option<SocketAddr>, rtp: RtpSettings) -> System {
    System {
        name: name.into(),
        country: Country::GB,
        area_code: "20".into(),
        emergency_numbers: Vec::new(),
        ring_timeout_s,
        max_call_minutes: 720,
        sip: SipSettings {
            udp: sip,
            tcp: sip,
            realm: "demarc".into(),
            external_address: None,
            registration_max_s: 3600,
        },
        rtp,
        cause_profile: CauseProfile::Rfc3398,
        feature_codes: super::feature::default_codes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway() -> Config {
        let mut n = 0;
        Config::default_gateway(&mut || {
            n += 1;
            Secret::new(format!("long-enough-secret-{n}"))
        })
    }

    #[test]
    fn both_are_valid() {
        assert_eq!(gateway().validate(), Ok(()));
        assert_eq!(Config::simulated_telco().validate(), Ok(()));
    }

    #[test]
    fn each_phone_has_its_own_password_and_only_this_machine_is_served() {
        let config = gateway();
        let mut passwords: Vec<_> = config
            .devices
            .iter()
            .filter_map(|d| match &d.kind {
                DeviceKind::Sip(account) => Some(account.password.reveal().to_string()),
                DeviceKind::Fxs(_) => None,
            })
            .collect();
        passwords.sort();
        passwords.dedup();
        assert_eq!(passwords.len(), 4);
        assert!(config.system.sip.udp.is_some_and(|a| a.ip().is_loopback()));
        assert!(config.system.sip.tcp.is_some_and(|a| a.ip().is_loopback()));
    }

    #[test]
    fn the_telco_lists_every_test_number_once() {
        let numbers = telco_numbers();
        let mut distinct: Vec<_> = numbers.iter().map(|n| &n.0).collect();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), numbers.len());
        assert!(numbers.iter().any(|(number, what)| number == "02079460108" && what.contains("read-back")));
    }
}
