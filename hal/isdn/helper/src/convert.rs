//! Between the words of `demarc-isdn` and libpri's numbers.

use crate::sys::{RawEvent, RawNumber, RawSetup, terminated, text};
use demarc_isdn::command::Setup;
use demarc_isdn::{Bearer, Dialect, PartyNumber, Settings};

/// `PRI_SWITCH_*`.
pub fn dialect(dialect: Dialect) -> i32 {
    match dialect {
        Dialect::Ni2 => 1,
        Dialect::Dms100 => 2,
        Dialect::Att5ess => 3,
        Dialect::Att4ess => 4,
        Dialect::EuroIsdn => 5,
        Dialect::Ni1 => 7,
        Dialect::Qsig => 10,
    }
}

/// `PRI_LAYER_1_*`: the dialects of T1 countries speak mu-law.
fn layer_1(dialect: Dialect) -> i32 {
    match dialect {
        Dialect::EuroIsdn | Dialect::Qsig => 0x23,
        _ => 0x22,
    }
}

/// `PRI_TRANS_CAP_*`.
fn capability(bearer: Bearer) -> i32 {
    match bearer {
        Bearer::Speech => 0x00,
        Bearer::Unrestricted => 0x08,
        Bearer::Audio31k => 0x10,
    }
}

/// The bearer capability of a call from the far end.
pub fn bearer(capability: i32) -> Bearer {
    match capability {
        0x08 | 0x09 => Bearer::Unrestricted,
        0x10 => Bearer::Audio31k,
        _ => Bearer::Speech,
    }
}

/// A number for libpri; nothing but digits, `*` and `#` goes out.
pub fn raw(number: &PartyNumber) -> RawNumber {
    let digits = number.digits.bytes().filter(|octet| b"0123456789*#".contains(octet));
    RawNumber {
        valid: 1,
        plan: i32::from(number.ton & 7) << 4 | i32::from(number.npi & 0x0F),
        presentation: i32::from(number.presentation & 3) << 5 | i32::from(number.screening & 3),
        digits: terminated(&digits.take(32).collect::<Vec<_>>()),
    }
}

/// A number from libpri, when there is one.
pub fn number(raw: &RawNumber) -> Option<PartyNumber> {
    if raw.valid == 0 {
        return None;
    }
    let bits = |value: i32, shift: u32, mask: i32| u8::try_from(value >> shift & mask).unwrap_or(0);
    let digits = text(&raw.digits).into_iter().filter(|octet| b"0123456789*#".contains(octet));
    Some(PartyNumber {
        digits: digits.take(32).map(char::from).collect(),
        ton: bits(raw.plan, 4, 7),
        npi: bits(raw.plan, 0, 0x0F),
        presentation: bits(raw.presentation, 5, 3),
        screening: bits(raw.presentation, 0, 3),
    })
}

/// The name in an event: ISO 8859-1, as libpri gives it, or UTF-8 where it is that.
pub fn name(event: &RawEvent) -> Option<String> {
    let octets = text(&event.name);
    let name = match String::from_utf8(octets) {
        Ok(name) => name,
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    };
    let name: String = name.chars().filter(|letter| !letter.is_control()).take(82).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The digits in an event.
pub fn digits(event: &RawEvent) -> String {
    let digits = text(&event.text).into_iter().filter(|octet| b"0123456789*#".contains(octet));
    digits.take(32).map(char::from).collect()
}

/// A SETUP for libpri.
pub fn setup(setup: &Setup, settings: &Settings) -> RawSetup {
    let number = |number: &Option<PartyNumber>| number.as_ref().map_or(RawNumber::EMPTY, raw);
    // Display is IA5 (§4.5.16): what is not becomes a question mark.
    let name = setup.name.as_deref().unwrap_or_default();
    let name = name.chars().map(|letter| match letter {
        ' '..='~' => u8::try_from(letter).unwrap_or(b'?'),
        _ => b'?',
    });
    RawSetup {
        channel: setup.channel.slot.into(),
        exclusive: setup.channel.exclusive.into(),
        complete: setup.complete.into(),
        capability: capability(setup.bearer),
        layer_1: layer_1(settings.dialect),
        called: raw(&setup.called),
        calling: number(&setup.calling),
        redirecting: number(&setup.redirecting),
        name: terminated(&name.take(32).collect::<Vec<_>>()),
    }
}
