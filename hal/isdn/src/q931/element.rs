//! Information elements, Q.931 §4.5.

use super::name;
use std::fmt::{self, Write};

/// Octets that are shown of anything in hexadecimal.
const SHOWN: usize = 24;
/// Characters that are shown of a text: the longest display there is.
const TEXT: usize = 82;

/// One information element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its codeset, 0–7.
    pub codeset: u8,
    /// Its identifier; of a single-octet element with a value, the value too.
    pub id: u8,
    /// What follows the length; empty for a single-octet element.
    pub content: &'a [u8],
    /// Where it ends in the body.
    pub(super) end: usize,
}

/// Walks over the elements of a body, §4.5.1 and §4.5.2.
pub(super) struct Elements<'a> {
    body: &'a [u8],
    at: usize,
    codeset: u8,
    /// A non-locking shift holds for one element.
    once: Option<u8>,
}

impl<'a> Elements<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0, codeset: 0, once: None }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            let (&id, rest) = self.body.get(self.at..)?.split_first()?;
            if id & 0xF0 == 0x90 {
                let codeset = id & 7;
                if id & 8 == 0 {
                    self.codeset = codeset;
                } else {
                    self.once = Some(codeset);
                }
                self.at += 1;
                continue;
            }
            let content = if id & 0x80 == 0 {
                let (&length, rest) = rest.split_first()?;
                rest.get(..length.into())?
            } else {
                &[]
            };
            self.at += if id & 0x80 == 0 { 2 + content.len() } else { 1 };
            let codeset = self.once.take().unwrap_or(self.codeset);
            return Some(Element { codeset, id, content, end: self.at });
        }
    }
}

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.codeset {
            0 => name::element(self.id),
            _ => None,
        };
        match name {
            Some(name) => f.write_str(name)?,
            None => write!(f, "Element {}:0x{:02X}", self.codeset, self.id)?,
        }
        if self.id & 0x80 != 0 {
            return Ok(());
        }
        let text = name.and_then(|_| self.words()).unwrap_or_else(|| hex(self.content));
        write!(f, ": {text}")
    }
}

impl Element<'_> {
    /// The content in words. `None` when it is shorter than it must be, or not known here.
    fn words(&self) -> Option<String> {
        let content = self.content;
        match self.id {
            0x04 => bearer(content),
            0x08 => cause(content),
            0x14 => content.first().map(|&state| name::call_state(state).to_owned()),
            0x18 => channel(content),
            0x1E => progress(content),
            0x28 => Some(display(content)),
            0x29 => date(content),
            0x2C => Some(text(content)),
            0x4C | 0x6C | 0x70 | 0x74 | 0x76 => number(content),
            0x79 => restart(content),
            _ => None,
        }
    }
}

/// Hexadecimal, cut after a while.
pub(super) fn hex(octets: &[u8]) -> String {
    let mut out = String::new();
    for octet in octets.iter().take(SHOWN) {
        let space = if out.is_empty() { "" } else { " " };
        // Writing to a string cannot fail.
        let _ = write!(out, "{space}{octet:02x}");
    }
    if octets.len() > SHOWN {
        let _ = write!(out, " … {} octets", octets.len());
    }
    out
}

/// IA5 text; what is not printable becomes a dot.
fn text(octets: &[u8]) -> String {
    let printable = |octet: &u8| match octet & 0x7F {
        octet @ 0x20..=0x7E => char::from(octet),
        _ => '.',
    };
    octets.iter().take(TEXT).map(printable).collect()
}

/// Display, §4.5.16. Some networks put a character set (0x80 and up) in front.
fn display(content: &[u8]) -> String {
    match content.split_first() {
        Some((&set, rest)) if set & 0x80 != 0 => text(rest),
        _ => text(content),
    }
}

/// Bearer capability, §4.5.5.
fn bearer(content: &[u8]) -> Option<String> {
    let [capability, rate, rest @ ..] = content else { return None };
    let mut words = name::capability(*capability).to_owned();
    words += match rate & 0x7F {
        0x10 => ", circuit mode, 64 kbit/s",
        0x11 => ", circuit mode, 2 × 64 kbit/s",
        0x13 => ", circuit mode, 384 kbit/s",
        0x15 => ", circuit mode, 1536 kbit/s",
        0x17 => ", circuit mode, 1920 kbit/s",
        0x40 => ", packet mode",
        _ => ", unknown mode or rate",
    };
    if let Some(layer_1) = rest.iter().find(|octet| *octet & 0x60 == 0x20) {
        words += ", ";
        words += name::layer_1(*layer_1);
    }
    Some(words)
}

/// Cause, Q.850 §2.2.
fn cause(content: &[u8]) -> Option<String> {
    let (location, rest) = content.split_first()?;
    // Octet 3a, a recommendation, is there when octet 3 is not the last of its group.
    let rest = if location & 0x80 == 0 { rest.get(1..)? } else { rest };
    let (value, diagnostics) = rest.split_first()?;
    let value = value & 0x7F;
    let mut words = format!("{value} {}, from: {}", name::cause(value), name::location(*location));
    if !diagnostics.is_empty() {
        words += ", about: ";
        words += &hex(diagnostics);
    }
    Some(words)
}

/// Channel identification, §4.5.13, of a primary-rate interface.
fn channel(content: &[u8]) -> Option<String> {
    let (&octet_3, mut rest) = content.split_first()?;
    let exclusive = if octet_3 & 0x08 != 0 { "exclusive" } else { "preferred" };
    let mut words = String::new();
    if octet_3 & 0x40 != 0 {
        let length = rest.iter().take_while(|octet| *octet & 0x80 == 0).count() + 1;
        let (interface, after) = rest.split_at_checked(length)?;
        words = format!("interface {}, ", interface.last()? & 0x7F);
        rest = after;
    }
    if octet_3 & 0x04 != 0 {
        return Some(format!("{words}the D channel"));
    }
    match octet_3 & 0x23 {
        0x20 => return Some(format!("{words}no channel")),
        0x23 => return Some(format!("{words}any channel")),
        0x21 => {}
        basic => return Some(format!("{words}basic-rate channel B{}, {exclusive}", basic & 3)),
    }
    let Some((&coding, slots)) = rest.split_first() else {
        return Some(format!("{words}the interface, {exclusive}"));
    };
    if coding & 0x10 != 0 {
        return Some(format!("{words}slot map {}, {exclusive}", hex(slots)));
    }
    let slots: Vec<String> = slots.iter().take(32).map(|slot| (slot & 0x7F).to_string()).collect();
    Some(format!("{words}B channel {}, {exclusive}", slots.join(" ")))
}

/// Progress indicator, §4.5.23.
fn progress(content: &[u8]) -> Option<String> {
    let [location, description, ..] = content else { return None };
    let description = description & 0x7F;
    let words = name::progress(description);
    Some(format!("{description} {words}, from: {}", name::location(*location)))
}

/// Date/time, §4.5.15.
fn date(content: &[u8]) -> Option<String> {
    let [year, month, day, rest @ ..] = content else { return None };
    let mut words = format!("20{year:02}-{month:02}-{day:02}");
    for (mark, part) in [" ", ":", ":"].iter().zip(rest) {
        let _ = write!(words, "{mark}{part:02}");
    }
    Some(words)
}

/// Called, calling, connected, redirecting and redirection numbers, §4.5.8 and §4.5.10.
fn number(content: &[u8]) -> Option<String> {
    let (&plan, mut rest) = content.split_first()?;
    let mut more = Vec::new();
    let mut last = plan & 0x80 != 0;
    // Octets 3a (presentation, screening) and 3b (reason of redirection) go on until bit 8 is set.
    for words in [
        |octet: u8| format!("{}, {}", name::presentation(octet >> 5), name::screening(octet)),
        |octet: u8| format!("redirected: {}", name::redirection(octet)),
    ] {
        if last {
            break;
        }
        let (&octet, after) = rest.split_first()?;
        more.push(words(octet));
        last = octet & 0x80 != 0;
        rest = after;
    }
    let digits = if rest.is_empty() { "no digits".to_owned() } else { text(rest) };
    let (kind, plan) = (name::type_of_number(plan >> 4), name::plan(plan));
    let head = [digits, kind.to_owned(), plan.to_owned()];
    Some(head.into_iter().chain(more).collect::<Vec<_>>().join(", "))
}

/// Restart indicator, §4.5.25.
fn restart(content: &[u8]) -> Option<String> {
    let class = match content.first()? & 7 {
        0 => "the indicated channels",
        6 => "a single interface",
        7 => "all interfaces",
        _ => "reserved class",
    };
    Some(class.to_owned())
}
