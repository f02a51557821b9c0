//! Message waiting indications from the far end: libpri sends them and has no ear for them.

use demarc_isdn::PartyNumber;
use demarc_isdn::command::Mwi;
use demarc_isdn::q931::Message;

/// The element "facility".
const FACILITY: u8 = 0x1C;
/// The element "called party number": whose mailbox, in EuroISDN.
const CALLED: u8 = 0x70;

/// The indication in a message, if there is one.
pub fn read(message: &Message<'_>) -> Option<Mwi> {
    let facility = message.elements().filter(|element| element.id == FACILITY);
    let called = message.elements().find(|element| element.id == CALLED);
    let mut news = facility.filter_map(|element| invoke(element.content)).next()?;
    if news.mailbox.digits.is_empty() {
        news.mailbox = called.and_then(|element| number_element(element.content)).unwrap_or_default();
    }
    Some(news)
}

/// One value of ASN.1 BER (X.690): its tag and content, and what follows it. Definite lengths only,
/// as libpri and the switches write them.
fn value(octets: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = octets else { return None };
    let (length, rest) = match *length {
        length @ 0..=0x7F => (usize::from(length), rest),
        0x81 => rest.split_first().map(|(length, rest)| (usize::from(*length), rest))?,
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The values in a constructed one; at most as many as any of these messages has.
fn values(mut octets: &[u8]) -> Vec<(u8, &[u8])> {
    let mut found = Vec::new();
    while let Some((tag, content, rest)) = value(octets).filter(|_| found.len() < 32) {
        found.push((tag, content));
        octets = rest;
    }
    found
}

fn integer(content: &[u8]) -> u32 {
    let octets = content.get(..content.len().min(3)).unwrap_or_default();
    octets.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}

/// The first invocation of a facility element that is about messages (Q.932 §8.2.3).
fn invoke(facility: &[u8]) -> Option<Mwi> {
    let (_, components) = facility.split_first()?;
    values(components).into_iter().filter(|(tag, _)| *tag == 0xA1).find_map(|(_, invoke)| {
        let parts = values(invoke);
        let operation = parts.iter().skip(1).find(|(tag, _)| *tag == 0x02 || *tag == 0x06)?;
        let (_, argument) = parts.iter().find(|(tag, _)| *tag == 0x30)?;
        match *operation {
            // mwiActivate and mwiDeactivate of ECMA-242.
            (0x02, [80]) => Some(qsig(argument, true)),
            (0x02, [81]) => Some(qsig(argument, false)),
            // mWIIndicate of EN 300 745-1: {itu-t identified-organization etsi(0) 745 1 3}.
            (0x06, oid) if is_indicate(oid) => Some(etsi(argument)),
            _ => None,
        }
    })
}

fn is_indicate(oid: &[u8]) -> bool {
    matches!(oid, [0x04, 0x00, 0x85, 0x69, 0x01, 0x03])
}

fn qsig(argument: &[u8], active: bool) -> Mwi {
    let parts = values(argument);
    let served = parts.first().and_then(|(tag, content)| party(*tag, content));
    // nbOfMessages [3]; without it, some.
    let counted = parts.iter().find(|(tag, _)| *tag == 0x83).map(|(_, content)| integer(content));
    let messages = match (active, counted) {
        (false, _) => 0,
        (true, None | Some(0)) => 1,
        (true, Some(count)) => u16::try_from(count).unwrap_or(u16::MAX),
    };
    Mwi { mailbox: served.unwrap_or_default(), messages, voicemail: None }
}

fn etsi(argument: &[u8]) -> Mwi {
    let parts = values(argument);
    let tagged = |wanted: u8| parts.iter().find(|(tag, _)| *tag == wanted).map(|(_, content)| *content);
    let voicemail = tagged(0xA1).and_then(value).and_then(|(tag, content, _)| party(tag, content));
    let messages = tagged(0x83).or_else(|| tagged(0xA3).and_then(value).map(|(_, content, _)| content));
    Mwi {
        mailbox: PartyNumber::default(),
        messages: u16::try_from(messages.map_or(1, integer)).unwrap_or(u16::MAX),
        voicemail,
    }
}

/// PartyNumber of ECMA-165 and ETS 300 196: unknown, or public with its type.
fn party(tag: u8, content: &[u8]) -> Option<PartyNumber> {
    match tag {
        0x80 => Some(PartyNumber { digits: digits(content), npi: 0, ..PartyNumber::default() }),
        0xA1 | 0xA5 => {
            let parts = values(content);
            let kind = parts.iter().find(|(tag, _)| *tag == 0x0A).map_or(0, |(_, kind)| integer(kind));
            let (_, number) = parts.iter().find(|(tag, _)| *tag == 0x12)?;
            let npi = if tag == 0xA5 { 9 } else { 1 };
            let ton = u8::try_from(kind & 7).unwrap_or(0);
            Some(PartyNumber { digits: digits(number), ton, npi, ..PartyNumber::default() })
        }
        _ => None,
    }
}

/// A number element without presentation.
fn number_element(content: &[u8]) -> Option<PartyNumber> {
    let (plan, rest) = content.split_first()?;
    Some(PartyNumber { digits: digits(rest), ton: plan >> 4 & 7, npi: plan & 0x0F, ..PartyNumber::default() })
}

fn digits(octets: &[u8]) -> String {
    let digits = octets.iter().filter(|octet| b"0123456789*#".contains(octet));
    digits.take(32).map(|octet| char::from(*octet)).collect()
}
