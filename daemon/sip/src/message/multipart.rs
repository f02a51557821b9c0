//! Multipart bodies, RFC 2046 §5.1: as much as it takes to find the one part that is understood.

use super::values::MediaType;
use super::{Name, scan};

/// The content of the first part of this type. Nested multiparts are not looked into.
pub(super) fn find<'a>(body: &'a [u8], boundary: &str, kind: &str, subtype: &str) -> Option<&'a [u8]> {
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut rest = after_delimiter(body, &delimiter)?;
    while !rest.starts_with(b"--") {
        let end = position(rest, &[b"\r\n", delimiter.as_slice()].concat())?;
        let part = rest.get(..end)?;
        if let Some(content) = content_of(part, kind, subtype) {
            return Some(content);
        }
        rest = rest.get(end + 2 + delimiter.len()..)?;
    }
    None
}

/// What follows the first delimiter line: at the very beginning, or after a preamble.
fn after_delimiter<'a>(body: &'a [u8], delimiter: &[u8]) -> Option<&'a [u8]> {
    if let Some(rest) = body.strip_prefix(delimiter) {
        return Some(rest);
    }
    let line = [b"\r\n", delimiter].concat();
    body.get(position(body, &line)? + line.len()..)
}

/// The content of a part that begins after its delimiter, when it has the type.
fn content_of<'a>(part: &'a [u8], kind: &str, subtype: &str) -> Option<&'a [u8]> {
    let part = part.get(position(part, b"\r\n")? + 2..)?; // the rest of the delimiter's line
    let (head, content) = match part.strip_prefix(b"\r\n") {
        Some(content) => (&[][..], content),
        None => {
            let end = position(part, b"\r\n\r\n")?;
            (part.get(..end)?, part.get(end + 4..)?)
        }
    };
    let head = std::str::from_utf8(head).ok()?;
    let value = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| Name::parse(scan::trim(name)) == Name::ContentType)
        .map(|(_, value)| value)?;
    MediaType::parse(value)?.is(kind, subtype).then_some(content)
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|w| w == needle)
}

#[cfg(test)]
mod tests {
    use super::find;

    const BODY: &[u8] =
        b"preamble\r\n--b1 \r\nContent-Type: application/isup;version=itu-t92+\r\n\r\n\x01\x10\r\n\
        --b1\r\nc : application/SDP\r\nContent-Disposition: session\r\n\r\nv=0\r\n\r\n--b1--\r\n";

    #[test]
    fn the_part_of_the_type_is_found() {
        assert_eq!(find(BODY, "b1", "application", "sdp"), Some(&b"v=0\r\n"[..]));
        assert_eq!(find(BODY, "b1", "application", "isup"), Some(&b"\x01\x10"[..]));
        assert_eq!(find(BODY, "b1", "text", "plain"), None);
        assert_eq!(find(BODY, "b2", "application", "sdp"), None);
        assert_eq!(find(b"--b\r\n\r\nx", "b", "application", "sdp"), None);
        assert_eq!(find(b"", "", "application", "sdp"), None);
    }
}
