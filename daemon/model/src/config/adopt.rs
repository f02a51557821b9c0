//! Cards that the configuration does not know yet.

use super::default::{LINES, PRI, inbound, outbound};
use super::*;
use crate::finding::Setting;
use demarc_hal::{ChannelId, PortKind, Signalling, SpanInfo, SpanKind, SpanSettings};

/// The first number of an analog telephone.
const FIRST_ANALOG: u32 = 211;
/// The last one: beyond it a port gets no extension by itself.
const LAST_ANALOG: u32 = 299;
/// Everybody.
const EVERYONE: RingGroupId = RingGroupId(1);

impl Config {
    /// A gateway fresh from the box on the cards that it finds: each span a PRI towards the telco,
    /// each FXO port a line, each FXS port a telephone from 211 on; whoever calls from outside
    /// rings everybody. `secrets` as for [`Config::default_gateway`].
    pub fn for_hardware(hardware: &[SpanInfo], secrets: &mut dyn FnMut() -> Secret) -> Config {
        let mut config = Config::default_gateway(secrets);
        config.spans.clear();
        config.lines.clear();
        config.trunks.clear();
        config.inbound_routes.clear();
        config.outbound_routes.clear();
        config.devices.retain(|device| matches!(device.kind, DeviceKind::Sip(_)));
        config.extensions.retain(|extension| extension.number < FIRST_ANALOG.to_string());
        for extension in &mut config.extensions {
            extension.outside_number = None;
        }
        for group in &mut config.ring_groups {
            group.extensions = config.extensions.iter().map(|extension| extension.id).take(2).collect();
        }
        config.adopt(hardware);
        config
    }

    /// Adds the spans, lines and telephones of cards that are not configured yet, and the trunks
    /// and routes that they need when there are none. True when something was added.
    pub fn adopt(&mut self, hardware: &[SpanInfo]) -> bool {
        let former = (self.spans.len(), self.lines.len(), self.devices.len());
        for span in hardware {
            if span.kind != SpanKind::Analog {
                self.adopt_span(span);
            }
            for port in &span.ports {
                match port.kind {
                    PortKind::Fxo => self.adopt_line(port.id),
                    PortKind::Fxs => self.adopt_telephone(port.id),
                    _ => {}
                }
            }
        }
        self.adopt_routes();
        former != (self.spans.len(), self.lines.len(), self.devices.len())
    }

    /// A span was found to work like this: what is not pinned of it is configured so.
    pub fn run_as_found(&mut self, found: &Span) {
        let Some(span) = self.spans.iter_mut().find(|span| span.id == found.id) else { return };
        let former = span.clone();
        let pick = |setting: Setting| if former.pinned.contains(&setting) { &former } else { found };
        let (line_mode, framing) = (pick(Setting::LineMode).line_mode, pick(Setting::Framing).framing);
        let (line_code, timing) = (pick(Setting::LineCode).line_code, pick(Setting::Timing).timing);
        let (side, dialect) = (pick(Setting::Side).side, pick(Setting::Dialect).dialect);
        let overlap = pick(Setting::Overlap).overlap;
        *span = Span { line_mode, framing, line_code, timing, side, dialect, overlap, ..former.clone() };
    }

    fn adopt_span(&mut self, found: &SpanInfo) {
        // A channel bank or an R2 span is set up by hand: nothing in it tells what it carries.
        let is_isdn = found.ports.iter().any(|port| port.kind == PortKind::Bearer);
        if !is_isdn || self.spans.iter().any(|span| span.id == found.id) {
            return;
        }
        let layer_1 = SpanSettings::of(found.kind);
        let timing = self.spans.iter().map(|span| span.timing).max().unwrap_or(0).saturating_add(1);
        self.spans.push(Span {
            id: found.id,
            name: name_of(&found.name, &format!("Span {}", found.id)),
            framing: layer_1.framing,
            line_code: layer_1.line_code,
            dialect: if found.kind == SpanKind::T1 { SpanDialect::Ni2 } else { SpanDialect::EuroIsdn },
            timing,
            signalling: Signalling::Isdn,
            ..super::default::e1("", SpanSide::User, 1)
        });
        let pri = self.trunks.iter_mut().find_map(|trunk| match &mut trunk.kind {
            TrunkKind::Pri { spans, .. } => Some(spans),
            _ => None,
        });
        match pri {
            Some(spans) => spans.push(found.id),
            None => {
                let kind = TrunkKind::Pri {
                    spans: vec![found.id],
                    hunt: Hunt::Descending,
                    isdn: Box::default(),
                    private: false,
                };
                self.adopt_trunk(PRI, "PRI", kind);
            }
        }
    }

    fn adopt_line(&mut self, channel: ChannelId) {
        if self.lines.iter().any(|line| line.channel == channel) {
            return;
        }
        let id = LineId(self.lines.iter().map(|line| line.id.0).max().unwrap_or(0).saturating_add(1));
        self.lines.push(Line {
            id,
            name: format!("Line {channel}"),
            channel,
            dial_tone_wait_ms: 1500,
            guard_ms: 1000,
            ..Line::default()
        });
        let group = self.trunks.iter_mut().find_map(|trunk| match &mut trunk.kind {
            TrunkKind::Fxo { lines, .. } => Some(lines),
            _ => None,
        });
        match group {
            Some(lines) => lines.push(id),
            None => {
                let kind = TrunkKind::Fxo { lines: vec![id], hunt: Hunt::Ascending };
                self.adopt_trunk(LINES, "Lines", kind);
            }
        }
    }

    fn adopt_trunk(&mut self, wanted: TrunkId, name: &str, kind: TrunkKind) {
        let taken = self.trunks.iter().any(|trunk| trunk.id == wanted);
        let next = TrunkId(self.trunks.iter().map(|trunk| trunk.id.0).max().unwrap_or(0).saturating_add(1));
        let id = if taken { next } else { wanted };
        self.trunks.push(Trunk { id, name: name.into(), enabled: true, kind });
    }

    fn adopt_telephone(&mut self, channel: ChannelId) {
        let known =
            |device: &Device| matches!(&device.kind, DeviceKind::Fxs(port) if port.channel == channel);
        if self.devices.iter().any(known) {
            return;
        }
        let id = DeviceId(self.devices.iter().map(|device| device.id.0).max().unwrap_or(0).saturating_add(1));
        let kind = DeviceKind::Fxs(FxsPort {
            channel,
            reverse_on_answer: false,
            open_loop_on_hangup: true,
            features: FxsFeatures::default(),
        });
        self.devices.push(Device { id, name: format!("Analog phone {channel}"), kind });
        let free =
            |number: &u32| !self.extensions.iter().any(|extension| extension.number == number.to_string());
        let Some(number) = (FIRST_ANALOG..=LAST_ANALOG).find(free) else { return };
        let next =
            self.extensions.iter().map(|extension| extension.id.0).max().unwrap_or(0).saturating_add(1);
        let taken = self.extensions.iter().any(|extension| extension.id.0 == number);
        let extension = ExtensionId(if taken { next } else { number });
        self.extensions.push(Extension {
            id: extension,
            number: number.to_string(),
            name: format!("Extension {number}"),
            devices: vec![id],
            outside_number: None,
            outside_name: None,
            withhold: false,
            features: ExtensionFeatures::default(),
        });
        if let Some(group) = self.ring_groups.iter_mut().find(|group| group.id == EVERYONE)
            && number == FIRST_ANALOG
        {
            group.extensions.push(extension);
        }
    }

    /// A gateway without a single route gets those to begin with.
    fn adopt_routes(&mut self) {
        let trunks: Vec<TrunkId> = self.trunks.iter().map(|trunk| trunk.id).collect();
        if trunks.is_empty() {
            return;
        }
        let everyone = Destination::RingGroup { id: EVERYONE };
        if self.inbound_routes.is_empty() && self.ring_groups.iter().any(|group| group.id == EVERYONE) {
            let mut any = inbound(1, "Any call from outside", PRI, "!", everyone);
            any.trunk = None;
            self.inbound_routes.push(any);
        }
        if self.outbound_routes.is_empty() {
            let emergency = self.system.country.numbering().emergency;
            self.outbound_routes = vec![
                outbound(1, "Emergency", emergency, 0, NumberFormat::AsDialled, &trunks),
                outbound(2, "Outside", &["0.", "+."], 0, NumberFormat::National, &trunks),
            ];
        }
    }
}

/// The name of a card as the name of a span: at most 64 characters.
fn name_of(card: &str, otherwise: &str) -> String {
    let name: String = card.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    if name.is_empty() { otherwise.to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::{Companding, Port, SpanId};

    fn span(id: u16, kind: SpanKind, ports: &[PortKind]) -> SpanInfo {
        let ports = (1..).zip(ports).map(|(slot, kind)| Port { id: ChannelId::new(id, slot), kind: *kind });
        SpanInfo {
            id: SpanId(id),
            name: format!("Card {id}"),
            kind,
            companding: Companding::ALaw,
            ports: ports.collect(),
        }
    }

    fn secrets() -> impl FnMut() -> Secret {
        let mut n = 0;
        move || {
            n += 1;
            Secret::new(format!("long-enough-secret-{n}"))
        }
    }

    #[test]
    fn a_gateway_fits_the_cards_it_finds() {
        let mut isdn = [PortKind::Bearer; 31];
        isdn[15] = PortKind::DChannel;
        let cards = [
            span(1, SpanKind::E1, &isdn),
            span(2, SpanKind::T1, &isdn[..24]),
            span(3, SpanKind::Analog, &[PortKind::Fxo, PortKind::Fxs, PortKind::Fxs]),
        ];
        let config = Config::for_hardware(&cards, &mut secrets());
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.spans.len(), 2);
        assert_eq!(config.lines[0].channel, ChannelId::new(3, 1));
        assert_eq!(config.extensions.iter().filter(|e| e.number.starts_with("21")).count(), 2);
        assert_eq!(config.trunks.len(), 2);
    }

    #[test]
    fn a_gateway_without_cards_is_valid_and_grows_when_one_is_plugged_in() {
        let mut config = Config::for_hardware(&[], &mut secrets());
        assert_eq!(config.validate(), Ok(()));
        assert!(config.trunks.is_empty() && config.outbound_routes.is_empty());
        let card = [span(1, SpanKind::Analog, &[PortKind::Fxo])];
        assert!(config.adopt(&card));
        assert_eq!(config.validate(), Ok(()));
        assert_eq!((config.lines.len(), config.trunks.len()), (1, 1));
        assert!(!config.adopt(&card), "nothing is new the second time");
    }
}
