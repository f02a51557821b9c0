//! Between the words of `demarc-isdn` and libpri's numbers.

pub mod charge;

use crate::span::Channel;
use crate::sys::{
    RawEvent, RawNumber, RawParty, RawRedirecting, RawSettings, RawSetup, RawSubaddress, terminated, text,
};
use demarc_isdn::command::Setup;
use demarc_isdn::{
    Bearer, Dialect, Interface, Layer2, PartyId, PartyNumber, Redirection, Service, Settings, Side,
    Subaddress, Timers,
};
use std::ffi::c_char;

/// T316 when nobody says otherwise (Q.931 table 9-1); libpri would not send RESTART again.
pub const T316_MS: u32 = 120_000;
/// N316 (Q.931 §5.5.1 lets it be chosen).
pub const N316: u8 = 2;
/// T309, as libpri has it.
pub const T309_MS: u32 = 6_000;

/// `PRI_SWITCH_*`.
fn dialect(settings: &Settings) -> i32 {
    match settings.dialect {
        Dialect::Ni2 => 1,
        Dialect::Dms100 => 2,
        Dialect::Att5ess => 3,
        Dialect::Att4ess => 4,
        Dialect::EuroIsdn if settings.interface == Interface::T1 => 6,
        Dialect::EuroIsdn => 5,
        Dialect::Ni1 => 7,
        Dialect::Qsig => 10,
    }
}

/// What the shim needs to know about a D channel.
pub fn settings(settings: &Settings) -> RawSettings {
    RawSettings {
        network: i32::from(settings.side == Side::Network),
        dialect: dialect(settings),
        overlap: settings.overlap.into(),
        bri: match settings.interface {
            Interface::E1 | Interface::T1 => 0,
            Interface::BriPtp => 1,
            Interface::BriPtmp => 2,
        },
        layer_2: match settings.layer_2 {
            Layer2::Usual => 0,
            Layer2::KeepUp => 1,
            Layer2::LeaveDown => 2,
        },
        service: settings.service_messages.into(),
        supplementary: settings.supplementary.into(),
        timers: timers(&settings.timers),
    }
}

fn timers(timers: &Timers) -> [i32; 11] {
    let ms = |value: Option<u32>, least: u32| {
        value.map_or(-1, |value| i32::try_from(value.clamp(least, 3_600_000)).unwrap_or(-1))
    };
    let count = |value: Option<u8>, most: u8| value.map_or(-1, |value| value.clamp(1, most).into());
    [
        ms(timers.t200_ms, 100),
        ms(timers.t203_ms, 1_000),
        count(timers.n200, 20),
        count(timers.k, 127),
        ms(timers.t303_ms, 100),
        ms(timers.t305_ms, 100),
        ms(timers.t308_ms, 100),
        ms(timers.t309_ms, 0),
        ms(timers.t313_ms, 100),
        ms(timers.t316_ms.or(Some(T316_MS)), 100),
        count(timers.n316.or(Some(N316)), 10),
    ]
}

/// `PRI_LAYER_1_*`: T1 speaks mu-law.
fn layer_1(settings: &Settings) -> i32 {
    match (settings.interface, settings.dialect) {
        (Interface::T1, _) => 0x22,
        (_, Dialect::EuroIsdn | Dialect::Qsig) => 0x23,
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

/// The same, when there is one.
pub fn raw_number(number: Option<&PartyNumber>) -> RawNumber {
    number.map_or(RawNumber::EMPTY, raw)
}

/// A number from libpri, when there is one.
pub fn number(raw: &RawNumber) -> Option<PartyNumber> {
    if raw.valid == 0 {
        return None;
    }
    let bits = |value: i32, shift: u32, mask: i32| u8::try_from(value >> shift & mask).unwrap_or(0);
    Some(PartyNumber {
        digits: digits(&raw.digits),
        ton: bits(raw.plan, 4, 7),
        npi: bits(raw.plan, 0, 0x0F),
        presentation: bits(raw.presentation, 5, 3),
        screening: bits(raw.presentation, 0, 3),
    })
}

/// Digits from libpri.
pub fn digits(from: &[c_char]) -> String {
    let digits = text(from).into_iter().filter(|octet| b"0123456789*#".contains(octet));
    digits.take(32).map(char::from).collect()
}

/// Text from libpri: ISO 8859-1, or UTF-8 where it is that.
pub fn words(from: &[c_char]) -> Option<String> {
    let text = match String::from_utf8(text(from)) {
        Ok(text) => text,
        Err(error) => error.into_bytes().into_iter().map(char::from).collect(),
    };
    let text: String = text.chars().filter(|letter| !letter.is_control()).take(128).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Text for libpri. Display is IA5 (§4.5.16): what is not becomes a question mark.
pub fn ia5<const N: usize>(text: &str, most: usize) -> [c_char; N] {
    let letters = text.chars().map(|letter| match letter {
        ' '..='~' => u8::try_from(letter).unwrap_or(b'?'),
        _ => b'?',
    });
    terminated(&letters.take(most).collect::<Vec<_>>())
}

/// Octets up to the first zero, for user-user information and keypads.
pub fn plain<const N: usize>(text: Option<&str>, most: usize) -> [c_char; N] {
    let octets = text.unwrap_or_default().bytes().take_while(|octet| *octet != 0);
    terminated(&octets.take(most).collect::<Vec<_>>())
}

/// A subaddress for libpri.
fn raw_subaddress(subaddress: Option<&Subaddress>) -> RawSubaddress {
    let Some(subaddress) = subaddress.filter(|subaddress| !subaddress.octets.is_empty()) else {
        return RawSubaddress::EMPTY;
    };
    let mut data = [0; 32];
    let octets = subaddress.octets.get(..subaddress.octets.len().min(20)).unwrap_or_default();
    for (to, from) in data.iter_mut().zip(octets) {
        *to = *from;
    }
    RawSubaddress {
        valid: 1,
        kind: i32::from(subaddress.kind & 7),
        odd: subaddress.odd.into(),
        length: i32::try_from(octets.len()).unwrap_or(0),
        data,
    }
}

/// A subaddress from libpri, when there is one.
pub fn subaddress(raw: &RawSubaddress) -> Option<Subaddress> {
    let length = usize::try_from(raw.length).ok().filter(|length| raw.valid != 0 && *length > 0)?;
    Some(Subaddress {
        kind: u8::try_from(raw.kind & 7).unwrap_or(0),
        odd: raw.odd != 0,
        octets: raw.data.get(..length)?.to_vec(),
    })
}

/// Somebody, for libpri.
pub fn raw_party(party: &PartyId) -> RawParty {
    RawParty {
        number: raw_number(party.number.as_ref()),
        subaddress: raw_subaddress(party.subaddress.as_ref()),
        name: ia5(party.name.as_deref().unwrap_or_default(), 50),
    }
}

/// Somebody, from libpri.
pub fn party(raw: &RawParty) -> PartyId {
    PartyId {
        number: number(&raw.number).filter(|number| !number.digits.is_empty() || number.presentation != 0),
        name: words(&raw.name),
        subaddress: subaddress(&raw.subaddress),
    }
}

/// How a call was redirected, from libpri: who did it last, and the rest.
pub fn redirection(raw: &RawRedirecting) -> (Option<PartyNumber>, Option<Box<Redirection>>) {
    let byte = |value: i32, most: i32| u8::try_from(value.clamp(0, most)).unwrap_or(0);
    let from = number(&raw.from.number);
    if raw.valid == 0 || from.is_none() && raw.count == 0 {
        return (None, None);
    }
    let rest = Redirection {
        reason: byte(raw.reason, 15),
        count: byte(raw.count, 255),
        name: words(&raw.from.name),
        original: number(&raw.original).filter(|number| !number.digits.is_empty()),
        original_reason: byte(raw.original_reason, 15),
    };
    (from, Some(Box::new(rest)))
}

fn raw_redirecting(setup: &Setup) -> RawRedirecting {
    let rest = setup.redirection.as_deref();
    if setup.redirecting.is_none() && rest.is_none() {
        return RawRedirecting::EMPTY;
    }
    let name = rest.and_then(|rest| rest.name.as_deref()).unwrap_or_default();
    RawRedirecting {
        valid: 1,
        reason: rest.map_or(0, |rest| rest.reason & 0x0F).into(),
        count: rest.map_or(1, |rest| rest.count.clamp(1, 15)).into(),
        original_reason: rest.map_or(0, |rest| rest.original_reason & 0x0F).into(),
        from: RawParty {
            number: raw_number(setup.redirecting.as_ref()),
            subaddress: RawSubaddress::EMPTY,
            name: ia5(name, 50),
        },
        to: RawParty::EMPTY,
        original: raw_number(rest.and_then(|rest| rest.original.as_ref())),
    }
}

/// A SETUP for libpri.
pub fn setup(setup: &Setup, channel: i32, settings: &Settings) -> RawSetup {
    let wish = setup.aoc;
    RawSetup {
        channel,
        exclusive: setup.channel.exclusive.into(),
        complete: setup.complete.into(),
        capability: capability(setup.bearer),
        layer_1: layer_1(settings),
        aoc: i32::from(wish.start) | i32::from(wish.during) << 1 | i32::from(wish.end) << 2,
        called: raw(&setup.called),
        called_subaddress: raw_subaddress(setup.called_subaddress.as_ref()),
        calling: RawParty {
            number: raw_number(setup.calling.as_ref()),
            subaddress: raw_subaddress(setup.calling_subaddress.as_ref()),
            name: ia5(setup.name.as_deref().unwrap_or_default(), 50),
        },
        redirecting: raw_redirecting(setup),
        keypad: plain(setup.keypad.as_deref(), 32),
        user_user: plain(setup.user_user.as_deref(), 128),
    }
}

/// Progress indicators of a SETUP.
pub fn progress(event: &RawEvent) -> u8 {
    u8::try_from(event.progress & 0xFF).unwrap_or(0)
}

/// A channel for libpri; in an NFAS group the interface is named.
pub fn channel(channel: Channel, group: bool) -> i32 {
    let named = if group { i32::from(channel.interface & 0x7F) << 8 | 1 << 16 } else { 0 };
    if channel.slot == 0 { 0 } else { i32::from(channel.slot) | named }
}

/// Change status of SERVICE.
pub fn raw_service(status: Service) -> i32 {
    match status {
        Service::In => 0,
        Service::Maintenance => 1,
        Service::Out => 2,
    }
}

/// The same, from libpri.
pub fn service(status: i32) -> Service {
    match status {
        0 => Service::In,
        1 => Service::Maintenance,
        _ => Service::Out,
    }
}
