//! Numbers between the wire and the inside: type of number and numbering plan (Q.931 §4.5.8,
//! §4.5.10) on one side, `+…` or bare digits on the other.

use demarc_isdn::PartyNumber;
use demarc_model::config::System;
use demarc_model::number::Screening;
use demarc_model::{CallerId, Presentation};

/// Type of number: international.
pub(crate) const INTERNATIONAL: u8 = 1;
/// Type of number: national.
pub(crate) const NATIONAL: u8 = 2;
/// Type of number: subscriber.
pub(crate) const SUBSCRIBER: u8 = 4;
/// Numbering plan: E.164.
const E164: u8 = 1;
/// Presentation: restricted.
const RESTRICTED: u8 = 1;
/// Presentation: not available.
const NOT_AVAILABLE: u8 = 2;
/// The most digits that a number element carries.
const MAX_DIGITS: usize = 32;

/// What was called: `+…` when its type says so, else the digits as they came. Subscriber numbers
/// stay as they are: they are often only the last digits of a direct-dialling range.
pub(crate) fn called_in(number: &PartyNumber, system: &System) -> String {
    let digits = digits(&number.digits);
    let is_e164 = matches!(number.npi, 0 | E164) && !digits.is_empty();
    match number.ton {
        INTERNATIONAL if is_e164 => format!("+{digits}"),
        NATIONAL if is_e164 => format!("+{}{digits}", system.country.numbering().country_code),
        _ => digits,
    }
}

/// Who calls. A withheld number is kept, and marked.
pub(crate) fn caller_in(number: Option<&PartyNumber>, name: Option<String>, system: &System) -> CallerId {
    let Some(number) = number else {
        return CallerId { name, presentation: Presentation::Unavailable, ..CallerId::default() };
    };
    let mut inside = called_in(number, system);
    if number.ton == SUBSCRIBER && matches!(number.npi, 0 | E164) && !system.area_code.is_empty() {
        inside = format!("+{}{}{inside}", system.country.numbering().country_code, system.area_code);
    }
    CallerId {
        number: Some(inside).filter(|inside| !inside.is_empty()),
        name,
        presentation: match number.presentation {
            0 if !number.digits.is_empty() => Presentation::Allowed,
            RESTRICTED => Presentation::Restricted,
            _ => Presentation::Unavailable,
        },
        screening: match number.screening {
            1 => Screening::UserVerified,
            2 => Screening::UserFailed,
            3 => Screening::Network,
            _ => Screening::UserUnscreened,
        },
    }
}

/// A number for the wire. E.164 numbers of the own country go as `own`, the type in which the far
/// end speaks of such numbers itself (international or national).
pub(crate) fn number_out(number: &str, own: u8, system: &System) -> PartyNumber {
    let (ton, npi, rest) = match number.strip_prefix('+') {
        Some(e164) => match e164.strip_prefix(system.country.numbering().country_code) {
            Some(significant) if own == NATIONAL => (NATIONAL, E164, significant),
            _ => (INTERNATIONAL, E164, e164),
        },
        None => (0, E164, number),
    };
    PartyNumber { digits: digits(rest), ton, npi, ..PartyNumber::default() }
}

/// Who calls, for the wire: a withheld number is carried with its mark, never shown.
pub(crate) fn caller_out(caller: &CallerId, own: u8, system: &System) -> Option<PartyNumber> {
    let number = match (&caller.number, caller.presentation) {
        (None, Presentation::Allowed) => return None,
        (None, _) | (_, Presentation::Unavailable) => PartyNumber::default(),
        (Some(number), _) => number_out(number, own, system),
    };
    let presentation = match caller.presentation {
        Presentation::Allowed => 0,
        Presentation::Restricted => RESTRICTED,
        Presentation::Unavailable => NOT_AVAILABLE,
    };
    let screening = match caller.screening {
        Screening::UserUnscreened => 0,
        Screening::UserVerified => 1,
        Screening::UserFailed => 2,
        Screening::Network => 3,
    };
    Some(PartyNumber { presentation, screening, ..number })
}

/// The digits that an analog exchange is sent.
pub(crate) fn dialled_out(number: &str, system: &System) -> String {
    let national = system.country.national(number);
    national.chars().filter(|c| is_key(*c) || *c == ',').take(MAX_DIGITS * 2).collect()
}

/// A key of a telephone.
pub(crate) fn is_key(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '*' | '#' | 'A'..='D')
}

/// The digits of a number, and nothing else of it.
pub(crate) fn digits(number: &str) -> String {
    number.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | '#')).take(MAX_DIGITS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench;
    use demarc_model::Country;

    fn system(country: Country) -> System {
        bench::config(country).system
    }

    fn number(digits: &str, ton: u8) -> PartyNumber {
        bench::party(digits, ton)
    }

    #[test]
    fn a_called_number_is_e164_only_when_its_type_says_so() {
        let gb = system(Country::GB);
        assert_eq!(called_in(&number("442079460901", INTERNATIONAL), &gb), "+442079460901");
        assert_eq!(called_in(&number("2079460901", NATIONAL), &gb), "+442079460901");
        assert_eq!(called_in(&number("901", SUBSCRIBER), &gb), "901", "the last digits of a range");
        assert_eq!(called_in(&number("02079460901", 0), &gb), "02079460901");
        let private = PartyNumber { npi: 9, ..number("201", INTERNATIONAL) };
        assert_eq!(called_in(&private, &gb), "201");
        assert_eq!(called_in(&number("", NATIONAL), &gb), "");
    }

    #[test]
    fn a_local_caller_is_of_our_area() {
        let caller = caller_in(Some(&number("79460123", SUBSCRIBER)), None, &system(Country::GB));
        assert_eq!(caller.number.as_deref(), Some("+442079460123"));
        assert_eq!(caller.presentation, Presentation::Allowed);
    }

    #[test]
    fn no_number_is_unavailable_not_allowed() {
        let gb = system(Country::GB);
        assert_eq!(caller_in(None, None, &gb).presentation, Presentation::Unavailable);
        let empty = caller_in(Some(&number("", 0)), None, &gb);
        assert_eq!((empty.number, empty.presentation), (None, Presentation::Unavailable));
    }

    #[test]
    fn what_goes_out_comes_back_in() {
        let gb = system(Country::GB);
        for own in [NATIONAL, INTERNATIONAL] {
            for called in ["+442079460901", "+12025550123", "999", "*21"] {
                assert_eq!(called_in(&number_out(called, own, &gb), &gb), called);
            }
            for presentation in [Presentation::Allowed, Presentation::Restricted] {
                for screening in [
                    Screening::UserUnscreened,
                    Screening::UserVerified,
                    Screening::UserFailed,
                    Screening::Network,
                ] {
                    let number = Some("+442079460901".to_owned());
                    let caller = CallerId { number, name: None, presentation, screening };
                    let wire = caller_out(&caller, own, &gb);
                    assert_eq!(caller_in(wire.as_ref(), None, &gb), caller);
                }
            }
        }
    }

    #[test]
    fn a_number_that_is_not_available_is_not_sent() {
        let caller = CallerId {
            number: Some("+442079460901".into()),
            presentation: Presentation::Unavailable,
            ..CallerId::default()
        };
        let wire = caller_out(&caller, NATIONAL, &system(Country::GB));
        assert_eq!(wire.map(|wire| (wire.digits, wire.presentation)), Some((String::new(), NOT_AVAILABLE)));
    }

    #[test]
    fn an_exchange_is_dialled_in_the_way_of_the_country() {
        assert_eq!(dialled_out("+442079460901", &system(Country::GB)), "02079460901");
        assert_eq!(dialled_out("+442079460901", &system(Country::US)), "011442079460901");
        assert_eq!(dialled_out("9,0123", &system(Country::GB)), "9,0123");
    }
}
