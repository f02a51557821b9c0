//! Spans, FXO lines, trunks, and the channels they stand on.

use super::numbers::is_e164;
use super::{Config, Faults, isdn};
use crate::ChannelId;
use crate::config::{DeviceKind, R2Variant, SipPeer, Span, TrunkKind};
use demarc_hal::{Framing, LineCode, PortKind, Signalling};
use std::collections::BTreeMap;

/// Numbers that one pair may have beside its own.
const MAX_DISTINCTIVE: usize = 8;

/// Countries beside the plan of the ITU in which "address complete, charge" accepts a call.
const HAS_A6: &[R2Variant] = &[
    R2Variant::Argentina,
    R2Variant::Colombia,
    R2Variant::Czech,
    R2Variant::Ecuador,
    R2Variant::Indonesia,
    R2Variant::Philippines,
    R2Variant::Venezuela,
];

/// What channel-associated signalling needs, where a span has it.
fn check_cas(span: &Span, field: impl Fn(&str) -> String, faults: &mut Faults) {
    match span.signalling {
        Signalling::R2 => {
            let r2 = &span.r2;
            if !matches!(span.framing, Framing::Crc4 | Framing::Basic) {
                faults.add(field("signalling"), "MFC/R2 belongs to E1: choose E1 framing, or E&M for T1");
            }
            faults.within(field("r2/max_ani"), r2.max_ani, 0, 32, "digits");
            faults.within(field("r2/max_dnis"), r2.max_dnis, 1, 32, "digits");
            if let Some(ms) = r2.digit_timeout_ms {
                faults.within(field("r2/digit_timeout_ms"), ms, 500, 20000, "ms");
            }
            if let Some(ms) = r2.metering_pulse_ms {
                faults.within(field("r2/metering_pulse_ms"), ms, 0, 2000, "ms");
            }
            if r2.immediate_accept && r2.variant != R2Variant::Itu && !HAS_A6.contains(&r2.variant) {
                faults
                    .add(field("r2/immediate_accept"), "this country has no signal for that: switch it off");
            }
        }
        Signalling::EAndM => {
            faults.within(field("e_and_m/digits"), span.e_and_m.digits, 0, 15, "digits");
            faults.within(field("e_and_m/digit_timeout_ms"), span.e_and_m.digit_timeout_ms, 500, 15000, "ms");
        }
        Signalling::Isdn | Signalling::Bearers | Signalling::ChannelBank(_) => {}
    }
}

impl Config {
    pub(super) fn check_spans(&self, faults: &mut Faults) {
        faults.ids("spans", &self.spans, |s| s.id);
        let mut sources = BTreeMap::new();
        for (i, span) in self.spans.iter().enumerate() {
            let field = |name: &str| format!("/spans/{i}/{name}");
            faults.name(field("name"), &span.name);
            if span.id.0 == 0 {
                faults.add(field("id"), "spans are numbered from 1: use the number that the hardware shows");
            }
            let e1 = matches!(span.framing, Framing::Crc4 | Framing::Basic);
            match span.line_code {
                LineCode::B8zs if e1 => {
                    faults.add(field("line_code"), "B8ZS belongs to T1: choose HDB3 (or AMI) for E1 framing");
                }
                LineCode::Hdb3 if !e1 => {
                    faults.add(field("line_code"), "HDB3 belongs to E1: choose B8ZS (or AMI) for T1 framing");
                }
                _ => {}
            }
            check_cas(span, field, faults);
            if span.timing > 0 {
                faults.unique(&mut sources, span.timing, field("timing"), "the clock priority");
            }
        }
    }

    pub(super) fn check_lines(&self, faults: &mut Faults) {
        faults.ids("lines", &self.lines, |l| l.id);
        for (i, line) in self.lines.iter().enumerate() {
            let field = |name: &str| format!("/lines/{i}/{name}");
            faults.name(field("name"), &line.name);
            if !line.number.is_empty() && !is_e164(&line.number) {
                faults.add(
                    field("number"),
                    "the number is not E.164: write it as `+442079460981`, or leave it empty",
                );
            }
            faults.within(field("dial_tone_wait_ms"), line.dial_tone_wait_ms, 0, 10000, "ms");
            faults.within(field("guard_ms"), line.guard_ms, 0, 10000, "ms");
            for (name, gain) in
                [("receive_gain_db", line.receive_gain_db), ("transmit_gain_db", line.transmit_gain_db)]
            {
                faults.within(field(name), gain, -24, 12, "dB");
            }
            faults.within(field("ring_debounce_ms"), line.ring_debounce_ms, 0, 1000, "ms");
            if line.silence_s > 0 {
                faults.within(field("silence_s"), line.silence_s, 10, 3600, "s");
            }
            if let Some(flash_ms) = line.flash_ms {
                faults.within(field("flash_ms"), flash_ms, 50, 1000, "ms");
            }
            if let Some(tone) = line.hangup_tone {
                faults.within(field("hangup_tone/f1"), tone.f1, 200, 2000, "Hz");
                if tone.f2 > 0 {
                    faults.within(field("hangup_tone/f2"), tone.f2, 200, 2000, "Hz");
                }
                faults.within(field("hangup_tone/on_ms"), tone.on_ms, 50, 2000, "ms");
                faults.within(field("hangup_tone/off_ms"), tone.off_ms, 50, 2000, "ms");
            }
            if line.distinctive.len() > MAX_DISTINCTIVE {
                faults.add(field("distinctive"), "a line has at most 8 distinctive rings: remove some");
            }
            for (n, ring) in line.distinctive.iter().enumerate() {
                let field = |name: &str| format!("/lines/{i}/distinctive/{n}/{name}");
                if !is_e164(&ring.number) {
                    faults.add(field("number"), "the number is not E.164: write it as `+442079460981`");
                }
                let fits = ring.cadence.iter().all(|ms| (100..=3000).contains(ms));
                if ring.cadence.len().is_multiple_of(2) || ring.cadence.len() > 9 || !fits {
                    faults.add(
                        field("cadence"),
                        "write ringing and pauses in turn, in ms (100–3000), from ring to ring: `800, 400, 800`",
                    );
                }
            }
        }
    }

    pub(super) fn check_trunks(&self, faults: &mut Faults) {
        faults.ids("trunks", &self.trunks, |t| t.id);
        let (mut spans, mut lines) = (BTreeMap::new(), BTreeMap::new());
        for (i, trunk) in self.trunks.iter().enumerate() {
            faults.name(format!("/trunks/{i}/name"), &trunk.name);
            let field = |name: &str| format!("/trunks/{i}/kind/{name}");
            match &trunk.kind {
                TrunkKind::Pri { spans: list, isdn, .. } => {
                    isdn::check_trunk(faults, &field, isdn);
                    if list.is_empty() {
                        faults.add(field("spans"), "the trunk has no span: choose one at least");
                    }
                    for (n, span) in list.iter().enumerate() {
                        let field = format!("{}/{n}", field("spans"));
                        faults.reference(&field, *span, |id| self.spans.iter().any(|s| s.id == id), "span");
                        faults.unique(&mut spans, *span, field, "span");
                    }
                }
                TrunkKind::Fxo { lines: list, .. } => {
                    if list.is_empty() {
                        faults.add(field("lines"), "the trunk has no line: choose one at least");
                    }
                    for (n, line) in list.iter().enumerate() {
                        let field = format!("{}/{n}", field("lines"));
                        faults.reference(&field, *line, |id| self.lines.iter().any(|l| l.id == id), "line");
                        faults.unique(&mut lines, *line, field, "line");
                    }
                }
                TrunkKind::Sip(peer) => check_peer(faults, &field, peer),
            }
        }
    }

    /// Analog ports are used once, and on a span that is configured as digital only where that is a
    /// channel bank with such a port.
    pub(super) fn check_channels(&self, faults: &mut Faults) {
        let mut used = BTreeMap::new();
        let lines = self.lines.iter().enumerate();
        let lines = lines.map(|(i, line)| (format!("/lines/{i}/channel"), line.channel, PortKind::Fxo));
        let ports = self.devices.iter().enumerate().filter_map(|(i, device)| match &device.kind {
            DeviceKind::Fxs(port) => {
                Some((format!("/devices/{i}/kind/channel"), port.channel, PortKind::Fxs))
            }
            DeviceKind::Sip(_) => None,
        });
        for (field, channel, kind) in lines.chain(ports) {
            let ChannelId { span, slot } = channel;
            let digital = self.spans.iter().find(|digital| digital.id == span);
            let fits = digital.is_none_or(|span| match &span.signalling {
                Signalling::ChannelBank(bank) => {
                    usize::from(slot).checked_sub(1).and_then(|at| bank.get(at)) == Some(&kind)
                }
                _ => false,
            });
            if span.0 == 0 || slot == 0 {
                faults.add(
                    &field,
                    "spans and ports are numbered from 1: use the number that the hardware shows",
                );
            } else if !fits {
                let remedy = "choose a port of an analog card, or run the span as a channel bank with it";
                faults.add(&field, format!("span {span} is digital and has no such port: {remedy}"));
            }
            faults.unique(&mut used, channel, field, "port");
        }
    }
}

fn check_peer(faults: &mut Faults, field: &impl Fn(&str) -> String, peer: &SipPeer) {
    let host = &peer.host;
    let fits = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b));
    if host.is_empty() || host.len() > 253 || !fits {
        faults.add(field("host"), "write a host name or an address: `sip.example.com`, `192.0.2.1`");
    }
    if peer.port == 0 {
        faults.add(field("port"), "port 0 cannot be reached: choose 1–65535, usually 5060");
    }
    if peer.username.chars().count() > 64 || peer.username.chars().any(|c| c.is_control() || c == '"') {
        faults.add(field("username"), "a user name has at most 64 characters, without quotation marks");
    }
    if peer.register && peer.username.is_empty() {
        faults.add(field("username"), "registration needs a user name: write the one the provider gave");
    }
    if peer.qualify_s > 0 {
        faults.within(field("qualify_s"), peer.qualify_s, 10, 3600, "s");
    }
    if peer.causes.len() > 64 {
        faults.add(field("causes"), format!("{} rules are too many: keep 64 at most", peer.causes.len()));
    }
    for (i, rule) in peer.causes.iter().enumerate() {
        faults.within(field(&format!("causes/{i}/status")), rule.status, 300, 699, "");
    }
    if peer.password.reveal().len() > 128 {
        faults.add(field("password"), "a password has at most 128 characters: shorten it");
    }
}
