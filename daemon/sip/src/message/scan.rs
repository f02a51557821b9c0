//! The character classes and splitters of RFC 3261 §25 that every header needs.
//!
//! Headers are already unfolded here: LWS is SP and HTAB only.

use super::class;
use memchr::{memchr, memchr2};
use std::borrow::Cow;

/// `token`, RFC 3261 §25.1.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && class::all(text, class::TOKEN)
}

pub(crate) fn is_lws(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// Without the LWS around it.
#[inline]
pub(crate) fn trim(text: &str) -> &str {
    trim_start(trim_end(text))
}

/// Without the LWS before it.
#[inline]
pub(crate) fn trim_start(mut text: &str) -> &str {
    while let [b' ' | b'\t', ..] = text.as_bytes() {
        text = text.get(1..).unwrap_or_default();
    }
    text
}

/// Without the LWS after it.
#[inline]
pub(crate) fn trim_end(mut text: &str) -> &str {
    while let [.., b' ' | b'\t'] = text.as_bytes() {
        text = text.get(..text.len() - 1).unwrap_or_default();
    }
    text
}

/// What stands before and after the first `at`, an ASCII character.
pub(crate) fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let found = memchr(at, text.as_bytes())?;
    Some((text.get(..found)?, text.get(found + 1..)?))
}

/// What stands before and after the first LWS.
pub(crate) fn cut_at_lws(text: &str) -> Option<(&str, &str)> {
    let (first, rest) = text.split_at_checked(memchr2(b' ', b'\t', text.as_bytes())?)?;
    Some((first, trim_start(rest)))
}

/// What stands before the first `at`, and the rest from there on; all and nothing when there is
/// none.
pub(crate) fn before(text: &str, at: u8) -> (&str, &str) {
    memchr(at, text.as_bytes()).and_then(|found| text.split_at_checked(found)).unwrap_or((text, ""))
}

/// A decimal number of ASCII digits only (no sign, no LWS).
pub(crate) fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Like [`number`], but what does not fit is the greatest value: for times, where the standard
/// wants a too great number to be taken as "very long".
pub(crate) fn number_saturating(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u32::MAX))
}

/// Finds the first of `wanted` that stands outside quoted strings and angle brackets.
pub(crate) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    // Most values have none at all, or one before any quote and bracket.
    let first = memchr(wanted, text.as_bytes())?;
    if memchr2(b'"', b'<', text.as_bytes().get(..first)?).is_none() {
        return Some(first);
    }
    let (mut quoted, mut escaped, mut bracketed) = (false, false, false);
    for (at, b) in text.bytes().enumerate() {
        if quoted {
            match b {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = false,
                _ => {}
            }
        } else if bracketed {
            bracketed = b != b'>';
        } else if b == wanted {
            return Some(at);
        } else {
            quoted = b == b'"';
            bracketed = b == b'<';
        }
    }
    None
}

/// The parts of `text` between separators that stand outside quoted strings and angle brackets,
/// trimmed. An empty text has one empty part.
pub(crate) fn split(text: &str, separator: u8) -> Split<'_> {
    Split { rest: Some(text), separator }
}

#[derive(Debug, Clone)]
pub(crate) struct Split<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Split<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        let (part, rest) = match find_outside(rest, self.separator) {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)),
            None => (rest, None),
        };
        self.rest = rest;
        Some(trim(part))
    }
}

/// Where the quoted string that `text` begins with ends (after its closing quote).
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    if bytes.next()?.1 != b'"' {
        return None;
    }
    let mut escaped = false;
    for (at, b) in bytes {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The value of a quoted string, without quotes and backslashes; anything else unchanged.
pub(crate) fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Writes `text` as a quoted string; control characters become spaces.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_ascii_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Resolves `%hh`; what is no escape stays as it is, and bytes that are no UTF-8 are replaced.
pub(crate) fn percent_decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%'
            && let [high, low, after @ ..] = tail
            && let (Some(h), Some(l)) = (hex(*high), hex(*low))
        {
            out.push(h << 4 | l);
            rest = after;
            continue;
        }
        out.push(first);
        rest = tail;
    }
    Cow::Owned(match String::from_utf8(out) {
        Ok(text) => text,
        Err(e) => String::from_utf8_lossy(e.as_bytes()).into_owned(),
    })
}

/// Escapes every byte that is not in `allowed` as `%hh`.
pub(crate) fn percent_encode(text: &str, allowed: fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii() && allowed(b) {
            out.push(b as char);
        } else {
            out.push('%');
            out.push(hex_digit(b >> 4));
            out.push(hex_digit(b & 15));
        }
    }
    out
}

/// Is every `%` followed by two hexadecimal digits?
pub(crate) fn escapes_are_whole(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|b| *b == b'%') {
        rest = rest.get(at + 1..).unwrap_or_default();
        let [a, b, ..] = rest else { return false };
        if !a.is_ascii_hexdigit() || !b.is_ascii_hexdigit() {
            return false;
        }
    }
    true
}

fn hex(b: u8) -> Option<u8> {
    (b as char).to_digit(16).map(|d| d as u8)
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_quotes_and_brackets_do_not_split() {
        let parts: Vec<_> = split(r#" "a,\"b," <sip:x,y@h>;p=1 , tel:2,,"#, b',').collect();
        assert_eq!(parts, [r#""a,\"b," <sip:x,y@h>;p=1"#, "tel:2", "", ""]);
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for text in ["", "plain", r#"say "hi" \ there"#, "Zoë"] {
            assert_eq!(unquote(&quote(text)), text);
            assert_eq!(quoted_end(&quote(text)), Some(quote(text).len()));
        }
        assert_eq!(quote("a\r\nb"), "\"a  b\"");
        assert_eq!(quoted_end("\"open"), None);
        assert_eq!(quoted_end("\"open\\\""), None);
    }

    #[test]
    fn percent_escapes() {
        assert_eq!(percent_decode("a%20b%zz%4"), "a b%zz%4");
        assert_eq!(percent_encode("a b/é", |b| b.is_ascii_alphanumeric()), "a%20b%2F%C3%A9");
        assert!(escapes_are_whole("%41x"));
        assert!(!escapes_are_whole("%4"));
        assert!(!escapes_are_whole("%é"));
    }

    #[test]
    fn numbers_have_no_sign_and_no_space() {
        assert_eq!(number("0068"), Some(68));
        assert_eq!(number("-1"), None);
        assert_eq!(number("+1"), None);
        assert_eq!(number("99999999999999999999999"), None);
        assert_eq!(number_saturating("99999999999999999999999"), Some(u32::MAX));
    }
}
