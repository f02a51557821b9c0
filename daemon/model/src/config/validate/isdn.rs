//! ISDN: basic rate, groups with one D channel, timers, tables of numbers.

use super::{Config, Faults};
use crate::config::{IsdnTimers, IsdnTrunk, NfasRole, NumberForm, NumberRule, Span, SpanDialect};
use demarc_hal::{Framing, Signalling};
use std::collections::{BTreeMap, BTreeSet};

/// The most rules of a table of numbers.
const MAX_RULES: usize = 64;
/// The most numbers of our own on a bus.
const MAX_OWN: usize = 100;
/// The most spans of a group with one D channel (what the channel identification of switches allows).
const MAX_GROUP: usize = 31;

impl Config {
    pub(super) fn check_isdn(&self, faults: &mut Faults) {
        for (i, span) in self.spans.iter().enumerate() {
            if span.signalling != Signalling::Isdn {
                continue;
            }
            let field = |name: &str| format!("/spans/{i}/isdn/{name}");
            check_timers(faults, &|name| field(&format!("timers/{name}")), &span.isdn.timers);
            faults.within(field("restart_min"), span.isdn.restart_min, 0, 10080, "min");
            let own = &span.isdn.own_numbers;
            if own.len() > MAX_OWN {
                faults
                    .add(field("own_numbers"), format!("{} are too many: keep {MAX_OWN} at most", own.len()));
            }
            for (n, number) in own.iter().enumerate() {
                if !is_digits(number, 32) || number.is_empty() {
                    faults.add(
                        field(&format!("own_numbers/{n}")),
                        "write 1–32 digits, as the network sends them",
                    );
                }
            }
            if span.isdn.access.is_basic() {
                check_basic(faults, &field, span);
            }
        }
        self.check_groups(faults);
    }

    /// One D channel for several spans.
    fn check_groups(&self, faults: &mut Faults) {
        let mut groups: BTreeMap<u8, Vec<(usize, &Span)>> = BTreeMap::new();
        for (i, span) in self.spans.iter().enumerate() {
            if span.signalling == Signalling::Isdn
                && let Some(nfas) = &span.isdn.nfas
            {
                groups.entry(nfas.group).or_default().push((i, span));
            }
        }
        for (group, spans) in groups {
            let mut interfaces = BTreeMap::new();
            let mut roles: BTreeMap<bool, usize> = BTreeMap::new();
            let Some((first_at, first)) = spans.first() else { continue };
            if group == 0 {
                faults.add(
                    format!("/spans/{first_at}/isdn/nfas/group"),
                    "groups are numbered from 1: choose 1–255",
                );
            }
            for (i, span) in &spans {
                let Some(nfas) = &span.isdn.nfas else { continue };
                let field = |name: &str| format!("/spans/{i}/{name}");
                if nfas.interface > 127 {
                    faults.add(
                        field("isdn/nfas/interface"),
                        format!(
                            "{} is outside 0–127: write the identifier that the switch uses",
                            nfas.interface
                        ),
                    );
                }
                faults.unique(&mut interfaces, nfas.interface, field("isdn/nfas/interface"), "the interface");
                if matches!(span.framing, Framing::Crc4 | Framing::Basic) || span.isdn.access.is_basic() {
                    faults.add(field("isdn/nfas"), "only T1 spans share a D channel: leave the group empty");
                }
                if (span.side, span.dialect) != (first.side, first.dialect) {
                    faults.add(
                        field("isdn/nfas/group"),
                        format!(
                            "the spans of group {group} have one D channel: give them the same side and dialect as /spans/{first_at}"
                        ),
                    );
                }
                match nfas.d_channel {
                    NfasRole::None => {}
                    role => {
                        let backup = role == NfasRole::Backup;
                        if let Some(other) = roles.insert(backup, *i) {
                            let which = if backup { "backup" } else { "primary" };
                            faults.add(
                                field("isdn/nfas/d_channel"),
                                format!("group {group} has its {which} D channel on /spans/{other} already: choose another role"),
                            );
                        }
                    }
                }
            }
            if !roles.contains_key(&false) {
                faults.add(
                    format!("/spans/{first_at}/isdn/nfas/d_channel"),
                    format!("group {group} has no primary D channel: make one of its spans the primary"),
                );
            }
            if matches!(first.dialect, SpanDialect::EuroIsdn | SpanDialect::Qsig) {
                faults.add(
                    format!("/spans/{first_at}/dialect"),
                    "EuroISDN and QSIG have a D channel on every span: choose NI-2, NI-1, 5ESS, 4ESS or DMS-100, or leave the group empty",
                );
            }
            if spans.len() > MAX_GROUP {
                faults.add(
                    format!("/spans/{first_at}/isdn/nfas/group"),
                    format!("{} spans are too many for one D channel: keep {MAX_GROUP} at most", spans.len()),
                );
            }
            let enabled: BTreeSet<bool> = spans.iter().map(|(_, span)| span.enabled).collect();
            let primary = spans.iter().find(|(_, span)| {
                span.isdn.nfas.as_ref().is_some_and(|nfas| nfas.d_channel == NfasRole::Primary)
            });
            if let Some((at, span)) = primary
                && !span.enabled
                && enabled.contains(&true)
            {
                faults.add(
                    format!("/spans/{at}/enabled"),
                    format!("the spans of group {group} are signalled here: enable it, or disable them all"),
                );
            }
        }
    }
}

fn check_basic(faults: &mut Faults, field: &impl Fn(&str) -> String, span: &Span) {
    if !matches!(span.dialect, SpanDialect::EuroIsdn | SpanDialect::Ni1 | SpanDialect::Qsig) {
        faults.add(
            field("access"),
            "basic rate speaks EuroISDN, NI-1 or QSIG: choose one of them, or primary rate",
        );
    }
    if span.isdn.nfas.is_some() {
        faults.add(field("nfas"), "basic rate has its own D channel: leave the group empty");
    }
}

fn check_timers(faults: &mut Faults, field: &impl Fn(&str) -> String, timers: &IsdnTimers) {
    let t = timers;
    for (name, value, least, most, unit) in [
        ("t200_ms", t.t200_ms, 100, 60_000, "ms"),
        ("t203_ms", t.t203_ms, 1_000, 3_600_000, "ms"),
        ("n200", t.n200.map(u32::from), 1, 20, ""),
        ("k", t.k.map(u32::from), 1, 127, ""),
        ("t301_s", t.t301_s.map(u32::from), 30, 3600, "s"),
        ("t302_s", t.t302_s.map(u32::from), 3, 60, "s"),
        ("t303_ms", t.t303_ms, 1_000, 60_000, "ms"),
        ("t304_s", t.t304_s.map(u32::from), 5, 120, "s"),
        ("t305_ms", t.t305_ms, 1_000, 120_000, "ms"),
        ("t306_s", t.t306_s.map(u32::from), 1, 300, "s"),
        ("t308_ms", t.t308_ms, 1_000, 60_000, "ms"),
        ("t309_s", t.t309_s.map(u32::from), 1, 600, "s"),
        ("t310_s", t.t310_s.map(u32::from), 5, 600, "s"),
        ("t313_ms", t.t313_ms, 1_000, 60_000, "ms"),
        ("t316_ms", t.t316_ms, 1_000, 600_000, "ms"),
        ("n316", t.n316.map(u32::from), 1, 10, ""),
    ] {
        if let Some(value) = value {
            faults.within(field(name), value, least, most, unit);
        }
    }
}

/// How calls travel on a trunk.
pub(super) fn check_trunk(faults: &mut Faults, field: &impl Fn(&str) -> String, isdn: &IsdnTrunk) {
    for (name, form) in [("called", &isdn.called), ("calling", &isdn.calling)] {
        if let NumberForm::Table { rules } = form {
            let list = field(&format!("isdn/{name}/rules"));
            if rules.is_empty() || rules.len() > MAX_RULES {
                faults.add(
                    &list,
                    format!("a table has 1–{MAX_RULES} rules: write one at least, or choose another form"),
                );
            }
            for (i, rule) in rules.iter().enumerate() {
                check_rule(faults, &format!("{list}/{i}"), rule);
            }
        }
    }
    let received = &isdn.received;
    for (name, prefix) in [
        ("international", &received.international),
        ("national", &received.national),
        ("subscriber", &received.subscriber),
        ("private", &received.private),
        ("unknown", &received.unknown),
    ] {
        if let Some(prefix) = prefix
            && !is_digits(prefix.strip_prefix('+').unwrap_or(prefix), 8)
        {
            faults
                .add(field(&format!("isdn/received/{name}")), "write at most 8 digits, with or without `+`");
        }
    }
}

fn check_rule(faults: &mut Faults, field: &str, rule: &NumberRule) {
    if !is_digits(rule.prefix.strip_prefix('+').unwrap_or(&rule.prefix), 32) {
        faults.add(format!("{field}/prefix"), "write digits, with or without `+`; empty fits all");
    }
    if !is_digits(&rule.prepend, 32) {
        faults.add(format!("{field}/prepend"), "write at most 32 digits");
    }
    faults.within(format!("{field}/strip"), rule.strip, 0, 32, "");
    faults.within(format!("{field}/ton"), rule.ton, 0, 7, "");
    faults.within(format!("{field}/npi"), rule.npi, 0, 15, "");
}

fn is_digits(text: &str, most: usize) -> bool {
    text.len() <= most && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'))
}

#[cfg(test)]
mod tests {
    use crate::config::*;
    use demarc_hal::{Framing, LineCode, SpanId};

    /// Three T1 spans of one group; the second has the backup.
    fn group() -> Config {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        let mut span = config.spans[0].clone();
        (span.framing, span.line_code, span.dialect) = (Framing::Esf, LineCode::B8zs, SpanDialect::Ni2);
        let roles = [NfasRole::Primary, NfasRole::Backup, NfasRole::None];
        config.spans = (1_u8..)
            .zip(roles)
            .map(|(id, d_channel)| {
                let mut span = Span { id: SpanId(10 + u16::from(id)), timing: id, ..span.clone() };
                span.isdn.nfas = Some(NfasMember { group: 1, interface: id - 1, d_channel });
                span
            })
            .collect();
        for trunk in &mut config.trunks {
            if let TrunkKind::Pri { spans, .. } = &mut trunk.kind {
                *spans = vec![SpanId(11)];
            }
        }
        config
    }

    fn nfas(config: &mut Config, i: usize) -> &mut NfasMember {
        config.spans[i].isdn.nfas.as_mut().unwrap()
    }

    fn faults(edit: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = group();
        edit(&mut config);
        let faults = config.validate().err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_group_is_whole() {
        assert!(faults(|_| {}).is_empty());
        assert_eq!(faults(|c| nfas(c, 0).d_channel = NfasRole::None), ["/spans/0/isdn/nfas/d_channel"]);
        assert_eq!(faults(|c| nfas(c, 2).d_channel = NfasRole::Backup), ["/spans/2/isdn/nfas/d_channel"]);
        assert_eq!(faults(|c| nfas(c, 2).interface = 1), ["/spans/2/isdn/nfas/interface"]);
        assert_eq!(faults(|c| nfas(c, 2).interface = 128), ["/spans/2/isdn/nfas/interface"]);
        assert_eq!(faults(|c| c.spans[1].side = SpanSide::Network), ["/spans/1/isdn/nfas/group"]);
        assert_eq!(faults(|c| c.spans[0].enabled = false), ["/spans/0/enabled"]);
        assert!(faults(|c| c.spans.iter_mut().for_each(|span| span.enabled = false)).is_empty());
        let euro = faults(|c| c.spans.iter_mut().for_each(|span| span.dialect = SpanDialect::EuroIsdn));
        assert_eq!(euro, ["/spans/0/dialect"]);
        let e1 = faults(|c| (c.spans[2].framing, c.spans[2].line_code) = (Framing::Crc4, LineCode::Hdb3));
        assert_eq!(e1, ["/spans/2/isdn/nfas"]);
    }

    #[test]
    fn basic_rate_has_its_dialects_and_its_own_d_channel() {
        let basic = faults(|c| c.spans[2].isdn.access = IsdnAccess::BasicRatePtmp);
        assert_eq!(basic, ["/spans/2/isdn/access", "/spans/2/isdn/nfas", "/spans/2/isdn/nfas"]);
        let alone = faults(|c| {
            c.spans.truncate(1);
            (c.spans[0].isdn.nfas, c.spans[0].dialect) = (None, SpanDialect::EuroIsdn);
            c.spans[0].isdn.access = IsdnAccess::BasicRatePtp;
        });
        assert!(alone.is_empty(), "{alone:?}");
    }

    #[test]
    fn timers_and_tables_have_their_bounds() {
        assert_eq!(faults(|c| c.spans[0].isdn.timers.t302_s = Some(2)), ["/spans/0/isdn/timers/t302_s"]);
        assert_eq!(
            faults(|c| c.spans[0].isdn.own_numbers = vec!["0a".into()]),
            ["/spans/0/isdn/own_numbers/0"]
        );
        let table = |rule: NumberRule| {
            faults(|c| {
                let TrunkKind::Pri { isdn, .. } = &mut c.trunks[0].kind else { panic!("no PRI") };
                isdn.called = NumberForm::Table { rules: vec![rule] };
            })
        };
        let rule = NumberRule { prefix: "+44".into(), strip: 3, prepend: "0".into(), ton: 0, npi: 1 };
        assert!(table(rule.clone()).is_empty());
        assert_eq!(table(NumberRule { ton: 8, ..rule.clone() }), ["/trunks/0/kind/isdn/called/rules/0/ton"]);
        let named = NumberRule { prefix: "London".into(), ..rule };
        assert_eq!(table(named), ["/trunks/0/kind/isdn/called/rules/0/prefix"]);
    }

    #[test]
    fn an_older_configuration_has_none_of_it() {
        let mut value = serde_json::to_value(group()).unwrap();
        value["spans"][0].as_object_mut().unwrap().remove("isdn");
        value["trunks"][0]["kind"].as_object_mut().unwrap().remove("isdn");
        let config: Config = serde_json::from_value(value).unwrap();
        assert_eq!(config.spans[0].isdn, IsdnSettings::default());
    }
}
