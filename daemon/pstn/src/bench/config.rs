//! A gateway for the bench: one E1 (span 1), four FXO ports (span 2), two FXS ports (span 3).

use super::{fxo, fxs};
use demarc_hal::{
    ChannelId, Companding, Framing, LineCode, Port, PortKind, Signalling, SpanId, SpanInfo, SpanKind,
};
use demarc_model::config::*;
use demarc_model::{Config, Country};

pub(crate) fn hardware() -> Vec<SpanInfo> {
    let bearers = (1..=31).map(|slot| {
        let kind = if slot == 16 { PortKind::DChannel } else { PortKind::Bearer };
        Port { id: ChannelId::new(1, slot), kind }
    });
    let ports = |span, kind, count| {
        let ids = (1..=count).map(move |slot| ChannelId::new(span, slot));
        ids.map(|id| Port { id, kind }).collect::<Vec<_>>()
    };
    let info = |id, kind, ports| SpanInfo {
        id: SpanId(id),
        name: "bench".into(),
        kind,
        companding: Companding::ALaw,
        ports,
    };
    vec![
        info(1, SpanKind::E1, bearers.collect()),
        info(2, SpanKind::Analog, ports(2, PortKind::Fxo, 4)),
        info(3, SpanKind::Analog, ports(3, PortKind::Fxs, 2)),
    ]
}

/// Two of the FXO ports have lines.
pub(crate) fn config(country: Country) -> Config {
    Config {
        format: FORMAT,
        system: System {
            name: "Bench".into(),
            country,
            area_code: "20".into(),
            emergency_numbers: Vec::new(),
            ring_timeout_s: 60,
            max_call_minutes: 600,
            sip: SipSettings {
                udp: None,
                tcp: None,
                realm: "example.com".into(),
                external_address: None,
                registration_max_s: 3600,
            },
            rtp: RtpSettings { first_port: 10_000, ports: 100, lost_after_s: 0 },
            cause_profile: CauseProfile::default(),
            feature_codes: Vec::new(),
        },
        spans: vec![Span {
            id: SpanId(1),
            name: "Telco".into(),
            enabled: true,
            side: SpanSide::User,
            dialect: SpanDialect::EuroIsdn,
            framing: Framing::Crc4,
            line_code: LineCode::Hdb3,
            timing: 1,
            overlap: false,
            isdn: IsdnSettings::default(),
            signalling: Signalling::Isdn,
            r2: R2Settings::default(),
            e_and_m: EmSettings::default(),
            build_out: 0,
            line_mode: None,
            pinned: std::collections::BTreeSet::new(),
        }],
        lines: (1..=2).map(line).collect(),
        trunks: vec![
            trunk(
                1,
                TrunkKind::Pri {
                    spans: vec![SpanId(1)],
                    hunt: Hunt::Descending,
                    isdn: Box::default(),
                    private: false,
                },
            ),
            trunk(2, TrunkKind::Fxo { lines: vec![LineId(1), LineId(2)], hunt: Hunt::Ascending }),
        ],
        devices: (1..=2).map(phone).collect(),
        extensions: Vec::new(),
        ring_groups: Vec::new(),
        services: Vec::new(),
        inbound_routes: Vec::new(),
        outbound_routes: Vec::new(),
        appliance: Appliance::default(),
    }
}

fn line(n: u8) -> Line {
    Line {
        id: LineId(n.into()),
        name: format!("Line {n}"),
        channel: fxo(n),
        number: "+442079460981".into(),
        answer: AnswerSupervision::Polarity,
        caller_id: None,
        pulse: false,
        dial_tone_wait_ms: 1500,
        guard_ms: 800,
        ..Line::default()
    }
}

fn trunk(id: u32, kind: TrunkKind) -> Trunk {
    Trunk { id: TrunkId(id), name: format!("Trunk {id}"), enabled: true, kind }
}

fn phone(n: u8) -> Device {
    let port = FxsPort {
        channel: fxs(n),
        reverse_on_answer: false,
        open_loop_on_hangup: true,
        features: FxsFeatures::default(),
    };
    Device { id: DeviceId(n.into()), name: format!("Phone {n}"), kind: DeviceKind::Fxs(port) }
}

/// Changes what the user of the first telephone finds there.
pub(crate) fn fxs_features(config: &mut Config, change: impl FnOnce(&mut FxsFeatures)) {
    if let Some(DeviceKind::Fxs(port)) = config.devices.first_mut().map(|device| &mut device.kind) {
        change(&mut port.features);
    }
}

/// Gives the first telephone an extension, so that somebody may knock there.
pub(crate) fn with_extension(config: &mut Config, features: ExtensionFeatures) {
    config.extensions = vec![Extension {
        id: ExtensionId(1),
        number: "211".into(),
        name: "Hall".into(),
        devices: config.devices.first().map(|device| device.id).into_iter().collect(),
        outside_number: None,
        outside_name: None,
        withhold: false,
        features,
    }];
}
