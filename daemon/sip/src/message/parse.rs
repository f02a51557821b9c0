//! From bytes to a message: the head is found, unfolded where it stands, and indexed.

use super::cursor::Cursor;
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
    let mut lines = split_lines(&mut bytes).map_err(unreadable)?;
    let end = lines.last().map_or(0, |line| line.value.end as usize);
    let body = match bytes.get(end + 4..) {
        Some(body) if !body.is_empty() => body.to_vec(),
        _ => Vec::new(),
    };
    bytes.truncate(end);
    let head = match String::from_utf8(bytes) {
        Ok(head) => head,
        Err(e) => latin1(e.as_bytes(), &mut lines),
    };
    lines.iter_mut().try_for_each(|line| name_line(&head, line)).map_err(unreadable)?;
    let start = lines.remove(0).value;
    let fields = Fields { head, lines, body };
    let (mut message, start_fault) = start_line(start, fields).map_err(unreadable)?;
    let fault = start_fault.or(check::body_length(&mut message)).or_else(|| check::check(&message));
    match fault {
        Some(fault) => Err(ParseError::new(fault, Some(Box::new(message)))),
        None => Ok(message),
    }
}

/// Finds the lines of the head, the first line first, and turns the line ends of folded headers
/// into spaces.
fn split_lines(bytes: &mut [u8]) -> Result<Vec<Line>, &'static str> {
    let mut lines = Vec::with_capacity(24); // grows for the few messages with more
    let (mut start, mut at) = (0, 0);
    while lines.len() <= MAX_HEADERS {
        let rest = bytes.get(at..).unwrap_or_default();
        at += memchr2(b'\r', b'\n', rest).ok_or("no empty line after the headers")?;
        match bytes.get_mut(at..) {
            Some([cr @ b'\r', lf @ b'\n', b' ' | b'\t', ..]) => {
                (*cr, *lf) = (b' ', b' ');
                at += 2;
                continue;
            }
            Some([b'\r', b'\n', next @ ..]) => {
                let value = span(start, at - start);
                lines.push(Line { name: Name::Other, name_text: Span::default(), value });
                if next.starts_with(b"\r\n") {
                    return Ok(lines);
                }
                at += 2;
                start = at;
            }
            _ => return Err("a line does not end with CR LF"),
        }
    }
    Err("more than 200 headers")
}

/// Old equipment sends Latin-1. A head that is no UTF-8 is read as that: nothing gets lost, but
/// every byte above 127 becomes two, and the lines move.
fn latin1(bytes: &[u8], lines: &mut [Line]) -> String {
    let text: String = bytes.iter().map(|b| char::from(*b)).collect();
    let mut start = 0;
    for line in lines {
        let old = bytes.get(line.value.start as usize..line.value.end as usize).unwrap_or_default();
        let len = old.len() + old.iter().filter(|b| !b.is_ascii()).count();
        line.value = span(start, len);
        start += len + 2;
    }
    text
}

/// Finds name and value of a header line.
fn name_line(head: &str, line: &mut Line) -> Result<(), &'static str> {
    let (start, end) = (line.value.start as usize, line.value.end as usize);
    if start == 0 {
        return Ok(()); // the first line is no header
    }
    let text = head.get(start..end).unwrap_or_default();
    let mut rest = Cursor::new(text);
    let name = rest.token().ok_or("a header name is no token")?;
    if !rest.eat_spaced(b':') {
        return Err(if text.contains(':') { "a header name is no token" } else { "a header has no colon" });
    }
    line.name = Name::parse(name);
    line.name_text = span(start, name.len());
    line.value = span(end - rest.rest().len(), scan::trim_end(rest.rest()).len());
    Ok(())
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
