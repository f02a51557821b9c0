//! The numbers of one ISDN trunk: as its configuration has them, or as the far end writes its own.

use crate::number::{self, INTERNATIONAL, NATIONAL, SUBSCRIBER};
use demarc_isdn::{PartyNumber, Redirection};
use demarc_model::config::{IsdnTrunk, NumberForm, NumberRule, System};
use demarc_model::{CallerId, Presentation, RedirectReason, Redirecting};

/// How the far end writes numbers of the own country. Ours are given in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mirror {
    /// Type national.
    #[default]
    National,
    /// Type international.
    International,
    /// Type unknown, with the prefixes that one dials.
    Dialled,
}

impl Mirror {
    /// Learns from a call of the far end. A called number without a type may be the last digits of
    /// a range and tells nothing; a caller's is a whole number.
    pub(crate) fn hear(&mut self, called: &PartyNumber, calling: Option<&PartyNumber>, system: &System) {
        let trunk_prefix = system.country.numbering().trunk_prefix;
        let dialled = |number: &PartyNumber| {
            number.ton == 0
                && !trunk_prefix.is_empty()
                && number.digits.len() > 6
                && number.digits.starts_with(trunk_prefix)
        };
        *self = match (called.ton, calling) {
            (INTERNATIONAL, _) => Mirror::International,
            (NATIONAL, _) => Mirror::National,
            (0, Some(calling)) if dialled(calling) => Mirror::Dialled,
            (0, Some(calling)) if calling.ton == NATIONAL => Mirror::National,
            _ => *self,
        };
    }
}

/// What translates numbers on one trunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers<'a> {
    pub(crate) system: &'a System,
    pub(crate) trunk: &'a IsdnTrunk,
    pub(crate) mirror: Mirror,
}

impl Numbers<'_> {
    /// What was called, or any other number that arrives.
    pub(crate) fn number_in(&self, number: &PartyNumber) -> String {
        let received = &self.trunk.received;
        let private = !matches!(number.npi, 0 | 1);
        let prefix = match number.ton {
            _ if private => &received.private,
            INTERNATIONAL => &received.international,
            NATIONAL => &received.national,
            SUBSCRIBER => &received.subscriber,
            0 => &received.unknown,
            _ => &None,
        };
        match prefix {
            Some(prefix) if !number.digits.is_empty() => {
                let digits = number::called_in(&PartyNumber { ton: 0, ..number.clone() }, self.system);
                format!("{prefix}{digits}")
            }
            _ => number::called_in(number, self.system),
        }
    }

    /// Who calls, or any other party.
    pub(crate) fn party_in(&self, number: Option<&PartyNumber>, name: Option<String>) -> CallerId {
        let mut party = number::caller_in(number, name, self.system);
        let prefixed = number.filter(|number| {
            let as_is = number::called_in(number, self.system);
            !number.digits.is_empty() && self.number_in(number) != as_is
        });
        if let Some(number) = prefixed {
            party.number = Some(self.number_in(number));
        }
        party
    }

    /// A called number for the wire.
    pub(crate) fn called_out(&self, number: &str) -> PartyNumber {
        self.out(&self.trunk.called, number)
    }

    /// Who calls, or any other party, for the wire: a withheld number is carried with its mark.
    pub(crate) fn party_out(&self, party: &CallerId) -> Option<PartyNumber> {
        let marked = number::caller_out(party, NATIONAL, self.system)?;
        let number = match party.number.as_deref() {
            Some(number) if !marked.digits.is_empty() => self.out(&self.trunk.calling, number),
            _ => PartyNumber::default(),
        };
        Some(PartyNumber { presentation: marked.presentation, screening: marked.screening, ..number })
    }

    /// A diversion that arrives.
    pub(crate) fn redirecting_in(
        &self,
        number: Option<&PartyNumber>,
        redirection: Option<&Redirection>,
    ) -> Option<Redirecting> {
        if number.is_none() && redirection.is_none() {
            return None;
        }
        let name = redirection.and_then(|redirection| redirection.name.clone());
        let original = redirection.and_then(|redirection| redirection.original.as_ref());
        Some(Redirecting {
            from: self.party_in(number, name),
            reason: redirection.map_or(RedirectReason::Unknown, |redirection| reason_in(redirection.reason)),
            count: redirection.map_or(1, |redirection| redirection.count.max(1)),
            original: original.map(|number| self.party_in(Some(number), None)),
        })
    }

    /// A diversion for the wire. The number of somebody who withholds it goes with its mark.
    pub(crate) fn redirecting_out(
        &self,
        redirecting: &Redirecting,
    ) -> (Option<PartyNumber>, Option<Box<Redirection>>) {
        let from = &redirecting.from;
        let name = from.name.clone().filter(|_| from.presentation == Presentation::Allowed);
        let original = redirecting.original.as_ref().filter(|_| redirecting.count > 1);
        let redirection = Redirection {
            reason: reason_out(redirecting.reason),
            count: redirecting.count.clamp(1, 15),
            name: name.map(|name| name.chars().take(50).collect()),
            original: original.and_then(|party| self.party_out(party)),
            original_reason: 0,
        };
        (self.party_out(from), Some(Box::new(redirection)))
    }

    fn out(&self, form: &NumberForm, number: &str) -> PartyNumber {
        match form {
            NumberForm::Mirror => self.mirrored(number),
            NumberForm::National => number::number_out(number, NATIONAL, self.system),
            NumberForm::International => number::number_out(number, INTERNATIONAL, self.system),
            NumberForm::Dialled => self.dialled(number),
            NumberForm::Table { rules } => {
                rules.iter().find_map(|rule| by_rule(rule, number)).unwrap_or_else(|| self.mirrored(number))
            }
        }
    }

    fn mirrored(&self, number: &str) -> PartyNumber {
        match self.mirror {
            Mirror::National => number::number_out(number, NATIONAL, self.system),
            Mirror::International => number::number_out(number, INTERNATIONAL, self.system),
            Mirror::Dialled => self.dialled(number),
        }
    }

    fn dialled(&self, number: &str) -> PartyNumber {
        let digits = number::digits(&self.system.country.national(number));
        PartyNumber { digits, npi: 1, ..PartyNumber::default() }
    }
}

fn by_rule(rule: &NumberRule, number: &str) -> Option<PartyNumber> {
    number.strip_prefix(rule.prefix.as_str())?;
    let rest: String = number.chars().skip(rule.strip.into()).collect();
    let digits = number::digits(&format!("{}{rest}", rule.prepend));
    Some(PartyNumber { digits, ton: rule.ton, npi: rule.npi, ..PartyNumber::default() })
}

/// Reason for redirection, Q.931 §4.6.7 (Q.952).
pub(crate) fn reason_in(reason: u8) -> RedirectReason {
    match reason {
        1 => RedirectReason::Busy,
        2 => RedirectReason::NoAnswer,
        3 => RedirectReason::Deflection,
        9 => RedirectReason::OutOfOrder,
        15 => RedirectReason::Unconditional,
        _ => RedirectReason::Unknown,
    }
}

fn reason_out(reason: RedirectReason) -> u8 {
    match reason {
        RedirectReason::Unknown => 0,
        RedirectReason::Busy => 1,
        RedirectReason::NoAnswer => 2,
        RedirectReason::Deflection => 3,
        RedirectReason::OutOfOrder => 9,
        RedirectReason::Unconditional => 15,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::{config, party};
    use demarc_model::Country;
    use demarc_model::config::ReceivedPrefixes;

    const LONDON: &str = "+442079460123";
    const PARIS: &str = "+33123456789";

    fn sent(called: NumberForm, number: &str) -> (String, u8, u8) {
        let system = config(Country::GB).system;
        let trunk = IsdnTrunk { called, ..IsdnTrunk::default() };
        let number = Numbers { system: &system, trunk: &trunk, mirror: Mirror::National }.called_out(number);
        (number.digits, number.ton, number.npi)
    }

    fn wire(digits: &str, ton: u8, npi: u8) -> (String, u8, u8) {
        (digits.to_owned(), ton, npi)
    }

    #[test]
    fn each_form_has_its_types() {
        assert_eq!(sent(NumberForm::Mirror, LONDON), wire("2079460123", 2, 1));
        assert_eq!(sent(NumberForm::National, PARIS), wire("33123456789", 1, 1));
        assert_eq!(sent(NumberForm::International, LONDON), wire("442079460123", 1, 1));
        assert_eq!(sent(NumberForm::Dialled, LONDON), wire("02079460123", 0, 1));
        assert_eq!(sent(NumberForm::Dialled, PARIS), wire("0033123456789", 0, 1));
        assert_eq!(sent(NumberForm::International, "999"), wire("999", 0, 1), "a short code has no country");
    }

    #[test]
    fn the_first_rule_that_fits_is_taken() {
        let rule = |prefix: &str, strip, prepend: &str, ton, npi| NumberRule {
            prefix: prefix.into(),
            strip,
            prepend: prepend.into(),
            ton,
            npi,
        };
        let table = || NumberForm::Table {
            rules: vec![rule("+4420", 5, "", 4, 1), rule("+", 1, "900", 0, 0), rule("1", 0, "", 0, 9)],
        };
        assert_eq!(sent(table(), LONDON), wire("79460123", 4, 1));
        assert_eq!(sent(table(), PARIS), wire("90033123456789", 0, 0));
        assert_eq!(sent(table(), "1234"), wire("1234", 0, 9));
        assert_eq!(sent(table(), "999"), wire("999", 0, 1), "none fits");
    }

    #[test]
    fn what_arrives_is_mirrored() {
        let system = config(Country::GB).system;
        let trunk = IsdnTrunk::default();
        let learnt = |called: &PartyNumber, calling: Option<&PartyNumber>| {
            let mut mirror = Mirror::National;
            mirror.hear(called, calling, &system);
            Numbers { system: &system, trunk: &trunk, mirror }.called_out(LONDON)
        };
        assert_eq!(learnt(&party("442079460901", 1), None), party("442079460123", 1));
        assert_eq!(learnt(&party("901", 0), Some(&party("02079460999", 0))), party("02079460123", 0));
        assert_eq!(learnt(&party("901", 0), Some(&party("0", 0))), party("2079460123", 2), "the operator");
        assert_eq!(learnt(&party("901", 0), None), party("2079460123", 2), "nothing learnt");
    }

    #[test]
    fn prefixes_make_a_number_that_can_be_dialled() {
        let system = config(Country::GB).system;
        let received = ReceivedPrefixes {
            international: Some("00".into()),
            national: Some("0".into()),
            private: Some("8".into()),
            ..ReceivedPrefixes::default()
        };
        let trunk = IsdnTrunk { received, ..IsdnTrunk::default() };
        let numbers = Numbers { system: &system, trunk: &trunk, mirror: Mirror::National };
        assert_eq!(numbers.number_in(&party("33123456789", 1)), "0033123456789");
        assert_eq!(numbers.number_in(&party("2079460123", 2)), "02079460123");
        assert_eq!(numbers.number_in(&PartyNumber { npi: 9, ..party("201", 4) }), "8201");
        assert_eq!(numbers.number_in(&party("901", 0)), "901");
        assert_eq!(numbers.number_in(&party("", 2)), "");
        let caller = numbers.party_in(Some(&party("2079460123", 2)), None);
        assert_eq!(caller.number.as_deref(), Some("02079460123"));
    }

    #[test]
    fn a_diversion_survives_the_wire() {
        let system = config(Country::GB).system;
        let trunk = IsdnTrunk::default();
        let numbers = Numbers { system: &system, trunk: &trunk, mirror: Mirror::National };
        let who = |number: &str, presentation| CallerId {
            number: Some(number.into()),
            presentation,
            ..CallerId::default()
        };
        for reason in [
            RedirectReason::Unknown,
            RedirectReason::Busy,
            RedirectReason::NoAnswer,
            RedirectReason::Deflection,
            RedirectReason::OutOfOrder,
            RedirectReason::Unconditional,
        ] {
            for presentation in [Presentation::Allowed, Presentation::Restricted] {
                let original = Some(who("+442079460901", Presentation::Restricted));
                let from = who("+442079460902", presentation);
                let sent = Redirecting { from, reason, count: 3, original };
                let (number, redirection) = numbers.redirecting_out(&sent);
                assert_eq!(numbers.redirecting_in(number.as_ref(), redirection.as_deref()), Some(sent));
            }
        }
        assert_eq!(numbers.redirecting_in(None, None), None);
        let bare = numbers.redirecting_in(Some(&party("2079460902", 2)), None);
        assert_eq!(bare, Some(Redirecting::by("+442079460902")), "an exchange that gives no reason");
    }
}
