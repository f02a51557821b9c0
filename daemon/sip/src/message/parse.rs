//! From bytes to a message: the head is found, unfolded where it stands, and indexed.

use super::fields::{Fields, Line};
use super::{
    Fault, MAX_HEADERS, MAX_SIZE, Message, Method, Name, ParseError, Request, Response, Span, Status, Uri,
    check, scan,
};
use memchr::memchr2;

pub(super) fn parse(mut bytes: Vec<u8>) -> Result<Message, ParseError> {
    let unreadable = |what| ParseError::new(Fault::message(what), None);
    // A peer may send empty lines before a message (RFC 3261 §7.5) and as keep-alive.
    let leading = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    if leading > 0 {
        bytes.drain(..leading);
    }
    if bytes.is_empty() {
        return Err(unreadable("empty"));
    }
    if bytes.len() > MAX_SIZE {
        return Err(unreadable("longer than 65535 bytes"));
    }
    let head = unfold(&mut bytes).map_err(unreadable)?;
    let body = match bytes.get(head.end + 4..) {
        Some(body) if !body.is_empty() => body.to_vec(),
        _ => Vec::new(),
    };
    bytes.truncate(head.end);
    let head_text = String::from_utf8(bytes).unwrap_or_else(|e| latin1(e.as_bytes()));
    let (start, lines) = index(&head_text, head.lines).map_err(unreadable)?;
    let fields = Fields { head: head_text, lines, body };
    let (mut message, start_fault) = start_line(start, fields).map_err(unreadable)?;
    let fault = start_fault.or(check::body_length(&mut message)).or_else(|| check::check(&message));
    match fault {
        Some(fault) => Err(ParseError::new(fault, Some(Box::new(message)))),
        None => Ok(message),
    }
}

struct Head {
    /// Where the CRLF CRLF after the last header begins.
    end: usize,
    lines: usize,
}

/// Finds the end of the head and turns the line ends of folded headers into spaces.
fn unfold(bytes: &mut [u8]) -> Result<Head, &'static str> {
    let (mut at, mut lines) = (0, 0);
    while lines <= MAX_HEADERS {
        let rest = bytes.get(at..).unwrap_or_default();
        at += memchr2(b'\r', b'\n', rest).ok_or("no empty line after the headers")?;
        match bytes.get_mut(at..) {
            Some([b'\r', b'\n', b'\r', b'\n', ..]) => return Ok(Head { end: at, lines }),
            Some([cr @ b'\r', lf @ b'\n', b' ' | b'\t', ..]) => (*cr, *lf) = (b' ', b' '),
            Some([b'\r', b'\n', ..]) => lines += 1,
            _ => return Err("a line does not end with CR LF"),
        }
        at += 2;
    }
    Err("more than 200 headers")
}

/// Old equipment sends Latin-1. A head that is no UTF-8 is read as that: nothing gets lost.
fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// Finds name and value of every line but the first, which is returned.
fn index(head: &str, lines: usize) -> Result<(Span, Vec<Line>), &'static str> {
    let (first, _) = scan::before(head, b'\r');
    let mut found = Vec::with_capacity(lines);
    let mut at = first.len() + 2;
    while let Some(rest) = head.get(at..) {
        let (line, _) = scan::before(rest, b'\r');
        let (name, value) = scan::cut(line, b':').ok_or("a header has no colon")?;
        let value_at = at + line.len() - scan::trim_start(value).len();
        let name = scan::trim_end(name);
        if !scan::is_token(name) {
            return Err("a header name is no token");
        }
        found.push(Line {
            name: Name::parse(name),
            name_text: span(at, name.len()),
            value: span(value_at, scan::trim(value).len()),
        });
        at += line.len() + 2;
    }
    Ok((span(0, first.len()), found))
}

fn span(start: usize, len: usize) -> Span {
    // A head is no longer than twice MAX_SIZE (Latin-1 grows), so both fit.
    Span { start: start as u32, end: (start + len) as u32 }
}

/// Reads the start line. A request whose line is wrong after the method is kept beside its fault,
/// so that it can be answered.
fn start_line(line: Span, fields: Fields) -> Result<(Message, Option<Fault>), &'static str> {
    let text = fields.text(line);
    let (first, rest) = scan::cut(text, b' ').ok_or("the first line is neither request nor status line")?;
    if first.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("SIP/")) {
        if !first.eq_ignore_ascii_case("SIP/2.0") {
            return Err("the version of the response is not SIP/2.0");
        }
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = (code.len() == 3).then(|| scan::number(code)).flatten();
        let status = status.and_then(|c| Status::new(c as u16)).ok_or("the status is not 100 to 699")?;
        let reason = span(text.len() - reason.len(), reason.len());
        return Ok((Message::Response(Response { status, reason, fields }), None));
    }
    let method = Method::parse(first).ok_or("the method is no token")?;
    let (uri, version) = rest.rsplit_once(' ').unwrap_or((rest, ""));
    let fault = if version.eq_ignore_ascii_case("SIP/2.0") {
        match Uri::parse(uri) {
            None => Some(Fault::message("malformed Request-URI")),
            Some(uri) if uri.headers().is_some() => Some(Fault::message("headers in the Request-URI")),
            Some(_) => None,
        }
    } else if version.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("SIP/")) {
        Some(Fault { status: Status::VERSION_NOT_SUPPORTED, ..Fault::message("the version is not SIP/2.0") })
    } else {
        Some(Fault::message("malformed request line"))
    };
    let uri = span(first.len() + 1, uri.len());
    Ok((Message::Request(Request { method, uri, fields }), fault))
}
