//! A bench with channel-associated signalling: an R2 E1 (span 4) and an E&M T1 (span 5).

use super::{Bench, config, hardware};
use crate::Input;
use demarc_hal::{ChannelId, Companding, Port, Signalling, SpanId, SpanInfo, SpanKind};
use demarc_model::config::{Hunt, Span, Trunk, TrunkId, TrunkKind};
use demarc_model::{Config, Country, Party};
use demarc_r2::Event;

pub(crate) const R2: Party = Party::Trunk(TrunkId(3));
pub(crate) const EM: Party = Party::Trunk(TrunkId(4));
pub(crate) const R2_SPAN: SpanId = SpanId(4);

/// Channel `slot` of the E&M span.
pub(crate) fn em(slot: u8) -> ChannelId {
    ChannelId::new(5, slot)
}

pub(crate) fn gateway(country: Country) -> Config {
    let mut config = config(country);
    for (id, timing, signalling) in [(4, 2, Signalling::R2), (5, 3, Signalling::EAndM)] {
        let span = Span { id: SpanId(id), timing, signalling, ..config.spans[0].clone() };
        config.spans.push(span);
        config.trunks.push(Trunk {
            id: TrunkId(u32::from(id) - 1),
            name: format!("Trunk {id}"),
            enabled: true,
            kind: TrunkKind::Pri {
                spans: vec![SpanId(id)],
                hunt: Hunt::Ascending,
                isdn: Default::default(),
                private: false,
            },
        });
    }
    config
}

pub(crate) fn cards() -> Vec<SpanInfo> {
    let info = |id, kind: SpanKind, signalling: Signalling| SpanInfo {
        id: SpanId(id),
        name: "bench".into(),
        kind,
        companding: Companding::ALaw,
        ports: (1..=kind.slots())
            .filter_map(|slot| {
                let kind = signalling.port(kind, slot)?;
                Some(Port { id: ChannelId::new(id, slot), kind })
            })
            .collect(),
    };
    let mut all = hardware();
    all.push(info(4, SpanKind::E1, Signalling::R2));
    all.push(info(5, SpanKind::T1, Signalling::EAndM));
    all
}

impl Bench {
    /// Both spans are up, and the far end takes calls on the first two R2 channels.
    pub(crate) fn cas(config: Config) -> Self {
        let mut bench = Self::on(config, cards());
        for slot in 1..=2 {
            bench.r2(Event::Opened { slot });
            bench.r2(Event::FarEnd { slot, idle: true });
        }
        bench.take();
        bench
    }

    pub(crate) fn r2(&mut self, event: Event) {
        self.input(Input::R2 { span: R2_SPAN, event });
    }
}
