//! How the signalling of a span is run: the configuration in the words of the helper.

use demarc_hal::{Framing, Signalling as Kind};
use demarc_isdn::settings::{Interface, Layer2, Nfas, Timers};
use demarc_isdn::{Dialect, Settings, Side};
use demarc_model::SpanId;
use demarc_model::config::{
    Config, IsdnAccess, IsdnTimers, Layer1Persistence, Layer2Persistence, NfasRole, Span, SpanDialect,
    SpanSide,
};
use std::time::Duration;

/// What the helper of a span is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signalling {
    /// `Command::Start`, with the D channel of the span.
    pub settings: Settings,
    /// `Command::Backup { interface }`, with the D channel of that span (NFAS).
    pub backup: Option<(u8, SpanId)>,
}

/// How the D channel of a span is run. None when the span is not ISDN or not in use, and when its
/// calls are signalled on the D channel of another one (NFAS).
pub fn signalling(config: &Config, span: SpanId) -> Option<Signalling> {
    let span = config.spans.iter().find(|known| known.id == span && known.enabled)?;
    let nfas = span.isdn.nfas.as_ref();
    if span.signalling != Kind::Isdn || nfas.is_some_and(|nfas| nfas.d_channel != NfasRole::Primary) {
        return None;
    }
    let backup = nfas.and_then(|nfas| {
        let mut group = config.spans.iter().filter(|other| other.enabled);
        group.find_map(|other| {
            let member = other.isdn.nfas.as_ref()?;
            let is_backup = (member.group, member.d_channel) == (nfas.group, NfasRole::Backup);
            is_backup.then_some((member.interface, other.id))
        })
    });
    Some(Signalling { settings: settings(span), backup })
}

fn settings(span: &Span) -> Settings {
    let isdn = &span.isdn;
    Settings {
        side: match span.side {
            SpanSide::User => Side::User,
            SpanSide::Network => Side::Network,
        },
        dialect: match span.dialect {
            SpanDialect::EuroIsdn => Dialect::EuroIsdn,
            SpanDialect::Ni2 => Dialect::Ni2,
            SpanDialect::Ni1 => Dialect::Ni1,
            SpanDialect::Att5ess => Dialect::Att5ess,
            SpanDialect::Att4ess => Dialect::Att4ess,
            SpanDialect::Dms100 => Dialect::Dms100,
            SpanDialect::Qsig => Dialect::Qsig,
        },
        overlap: span.overlap,
        interface: match (isdn.access, span.framing) {
            (IsdnAccess::BasicRatePtp, _) => Interface::BriPtp,
            (IsdnAccess::BasicRatePtmp, _) => Interface::BriPtmp,
            (IsdnAccess::PrimaryRate, Framing::Crc4 | Framing::Basic) => Interface::E1,
            (IsdnAccess::PrimaryRate, Framing::Esf | Framing::D4) => Interface::T1,
        },
        nfas: isdn.nfas.map(|nfas| Nfas { primary: nfas.interface }),
        layer_2: match isdn.layer_2 {
            Layer2Persistence::Usual => Layer2::Usual,
            Layer2Persistence::KeepUp => Layer2::KeepUp,
            Layer2Persistence::LeaveDown => Layer2::LeaveDown,
        },
        timers: timers(&isdn.timers),
        service_messages: isdn.service_messages,
        supplementary: isdn.supplementary,
    }
}

fn timers(timers: &IsdnTimers) -> Timers {
    Timers {
        t200_ms: timers.t200_ms,
        t203_ms: timers.t203_ms,
        n200: timers.n200,
        k: timers.k,
        t303_ms: timers.t303_ms,
        t305_ms: timers.t305_ms,
        t308_ms: timers.t308_ms,
        t309_ms: timers.t309_s.map(|s| 1000 * u32::from(s)),
        t313_ms: timers.t313_ms,
        t316_ms: timers.t316_ms,
        n316: timers.n316,
    }
}

/// The timers that the gateway keeps itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// Alerting without an answer (Q.931 table 9-1: 3 min at least).
    pub(crate) t301: Duration,
    /// How long a caller may think between two digits (10–15 s).
    pub(crate) t302: Duration,
    /// How long the far end may think about digits that were sent (30 s).
    pub(crate) t304: Duration,
    /// How long a tone or announcement after DISCONNECT may last (30 s).
    pub(crate) t306: Duration,
    /// How long an answered call outlives its data link. Q.931 lets each side choose (networks
    /// commonly take 90 s); 6 s is what the helper's own stack does, and as long as two people stay
    /// on a silent line.
    pub(crate) t309: Duration,
    /// How long the far end may look for the party (user side 30–120 s, network side 30–40 s).
    pub(crate) t310: Duration,
}

impl Times {
    pub(crate) fn of(span: Option<&Span>) -> Self {
        let timers = span.map(|span| span.isdn.timers).unwrap_or_default();
        let network = span.is_some_and(|span| span.side == SpanSide::Network);
        let s = |chosen: Option<u16>, usual: u16| Duration::from_secs(chosen.unwrap_or(usual).into());
        Self {
            t301: s(timers.t301_s, 180),
            t302: s(timers.t302_s, 10),
            t304: s(timers.t304_s, 30),
            t306: s(timers.t306_s, 30),
            t309: s(timers.t309_s, 6),
            t310: s(timers.t310_s, if network { 40 } else { 120 }),
        }
    }
}

/// Layer 2 may be down while nobody calls, and a call establishes it.
pub(crate) fn layer_2_sleeps(span: &Span) -> bool {
    match span.isdn.layer_2 {
        Layer2Persistence::Usual => span.isdn.access == IsdnAccess::BasicRatePtmp,
        Layer2Persistence::KeepUp => false,
        Layer2Persistence::LeaveDown => true,
    }
}

/// Layer 1 may be down while nobody calls, and a call wakes it.
pub(crate) fn layer_1_sleeps(span: &Span) -> bool {
    match span.isdn.layer_1 {
        Layer1Persistence::Usual => span.isdn.access == IsdnAccess::BasicRatePtmp,
        Layer1Persistence::Required => false,
        Layer1Persistence::MaySleep => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench;
    use demarc_model::Country;
    use demarc_model::config::NfasMember;

    fn group() -> Config {
        let mut config = bench::config(Country::US);
        let one = config.spans[0].clone();
        let roles = [NfasRole::Primary, NfasRole::Backup, NfasRole::None];
        config.spans = (1..)
            .zip(roles)
            .map(|(id, d_channel)| {
                let mut span = Span { id: SpanId(id), framing: Framing::Esf, ..one.clone() };
                span.isdn.nfas = Some(NfasMember { group: 1, interface: id as u8 + 4, d_channel });
                span
            })
            .collect();
        config
    }

    #[test]
    fn one_span_of_a_group_signals_for_all() {
        let mut config = group();
        let found = signalling(&config, SpanId(1)).unwrap();
        assert_eq!(found.settings.interface, Interface::T1);
        assert_eq!(found.settings.nfas, Some(Nfas { primary: 5 }));
        assert_eq!(found.backup, Some((6, SpanId(2))));
        assert_eq!(signalling(&config, SpanId(2)), None);
        assert_eq!(signalling(&config, SpanId(3)), None);
        config.spans[1].enabled = false;
        assert_eq!(signalling(&config, SpanId(1)).unwrap().backup, None);
    }

    #[test]
    fn what_is_no_isdn_has_no_helper() {
        let mut config = bench::config(Country::GB);
        assert!(signalling(&config, SpanId(1)).is_some());
        config.spans[0].signalling = Kind::R2;
        assert_eq!(signalling(&config, SpanId(1)), None);
        assert_eq!(signalling(&config, SpanId(9)), None);
    }

    #[test]
    fn a_bus_may_sleep_and_a_primary_rate_may_not() {
        let mut span = bench::config(Country::DE).spans.remove(0);
        assert!(!layer_1_sleeps(&span) && !layer_2_sleeps(&span));
        span.isdn.access = IsdnAccess::BasicRatePtmp;
        assert!(layer_1_sleeps(&span) && layer_2_sleeps(&span));
        span.isdn.layer_2 = Layer2Persistence::KeepUp;
        span.isdn.layer_1 = Layer1Persistence::Required;
        assert!(!layer_1_sleeps(&span) && !layer_2_sleeps(&span));
        assert_eq!(settings(&span).interface, Interface::BriPtmp);
    }
}
