//! Messages of our own.

use super::{Address, MAX_HEADERS, Method, Name, Request, Status, Uri, class, scan, uri};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// A message that is being written. Header lines keep the order in which they were added;
/// Content-Type and Content-Length come last by themselves.
///
/// Whatever is put in, one value stays one line: control characters become spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    start: String,
    lines: Vec<(Cow<'static, str>, String)>,
    content_type: String,
    body: Vec<u8>,
}

impl Draft {
    /// A request. Via, Max-Forwards, From, To, Call-ID and CSeq are the caller's to add.
    pub fn request(method: &Method, uri: Uri<'_>) -> Self {
        Self::new(format!("{} {} SIP/2.0", token(method.as_str()), uri.as_str()))
    }

    /// The response to a request that came from `source`, RFC 3261 §8.2.6: Via (with `received`
    /// and `rport` filled in, §18.2.1 and RFC 3581), From, To, Call-ID and CSeq are repeated, as are
    /// Record-Route where a dialog may come of it and Timestamp in a 100.
    pub fn response(request: &Request, status: Status, source: SocketAddr) -> Self {
        let mut draft = Self::new(format!("SIP/2.0 {status}"));
        for (at, via) in request.values(Name::Via).enumerate() {
            draft = draft.add(Name::Via, if at == 0 { via_from(via, source) } else { via.to_owned() });
        }
        if status.code() > 100 && status.code() < 300 {
            for route in request.lines(Name::RecordRoute) {
                draft = draft.add(Name::RecordRoute, route);
            }
        }
        for name in [Name::From, Name::To, Name::CallId, Name::CSeq] {
            draft = draft.add(name, request.value(name).unwrap_or_default());
        }
        match request.value(Name::Timestamp) {
            Some(timestamp) if status == Status::TRYING => draft.add(Name::Timestamp, timestamp),
            _ => draft,
        }
    }

    fn new(start: String) -> Self {
        Self {
            start: one_line(start),
            lines: Vec::with_capacity(16),
            content_type: String::new(),
            body: Vec::new(),
        }
    }

    /// With another reason phrase (of a response).
    #[must_use]
    pub fn reason_phrase(mut self, phrase: &str) -> Self {
        if self.start.starts_with("SIP/2.0 ") {
            self.start.truncate("SIP/2.0 200 ".len());
            self.start.push_str(&one_line(phrase.to_owned()));
        }
        self
    }

    /// With this tag in To, when there is none yet (of a response; not for 100).
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> Self {
        let tag = token(tag);
        let to = self.lines.iter_mut().find(|(name, _)| name == Name::To.as_str());
        if let Some((_, to)) = to.filter(|(_, to)| Address::parse(to).is_some_and(|a| a.tag().is_none()))
            && !tag.is_empty()
        {
            let _ = write!(to, ";tag={tag}");
        }
        self
    }

    /// With one more line.
    #[must_use]
    pub fn add(self, name: Name, value: impl Into<String>) -> Self {
        self.add_other(name.as_str(), value)
    }

    /// With one more line of a header that [`Name`] does not know; what is no header name, or the
    /// 201st line, is left out.
    #[must_use]
    pub fn add_other(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        let name = name.into();
        let is_ours = matches!(Name::parse(&name), Name::ContentLength | Name::ContentType);
        if scan::is_token(&name) && !is_ours && self.lines.len() < MAX_HEADERS - 2 {
            self.lines.push((name, one_line(value.into())));
        }
        self
    }

    /// With a line before all others: a Via on top.
    #[must_use]
    pub fn add_first(mut self, name: Name, value: impl Into<String>) -> Self {
        self.lines.insert(0, (Cow::Borrowed(name.as_str()), one_line(value.into())));
        self
    }

    /// With this value in place of all lines of the name, where the first of them stood.
    #[must_use]
    pub fn set(mut self, name: Name, value: impl Into<String>) -> Self {
        match self.lines.iter().position(|(n, _)| n == name.as_str()) {
            Some(at) => {
                let line = (Cow::Borrowed(name.as_str()), one_line(value.into()));
                self = self.remove(name);
                self.lines.insert(at, line);
                self
            }
            None => self.add(name, value),
        }
    }

    /// Without any line of this name.
    #[must_use]
    pub fn remove(mut self, name: Name) -> Self {
        self.lines.retain(|(n, _)| n != name.as_str());
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.content_type = one_line(content_type.to_owned());
        self.body = body.into();
        self
    }

    /// The value of the first line of this name.
    pub fn value(&self, name: Name) -> Option<&str> {
        self.lines.iter().find(|(n, _)| n == name.as_str()).map(|(_, value)| value.as_str())
    }

    /// The first line, for people: `INVITE sip:201@example.com`, `180 Ringing`.
    pub fn label(&self) -> &str {
        self.start
            .strip_prefix("SIP/2.0 ")
            .or_else(|| self.start.strip_suffix(" SIP/2.0"))
            .unwrap_or(&self.start)
    }

    /// The message as it travels.
    pub fn write(&self) -> Vec<u8> {
        let lines: usize = self.lines.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        let mut out =
            String::with_capacity(self.start.len() + lines + self.content_type.len() + self.body.len() + 64);
        out.push_str(&self.start);
        out.push_str("\r\n");
        for (name, value) in &self.lines {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        if !self.content_type.is_empty() {
            let _ = write!(out, "Content-Type: {}\r\n", self.content_type);
        }
        let _ = write!(out, "Content-Length: {}\r\n\r\n", self.body.len());
        let mut out = out.into_bytes();
        out.extend_from_slice(&self.body);
        out
    }
}

/// No control character gets out of here.
fn one_line(text: String) -> String {
    if text.bytes().any(|b| b.is_ascii_control()) {
        return text.chars().map(|c| if c.is_ascii_control() { ' ' } else { c }).collect();
    }
    text
}

fn token(text: &str) -> Cow<'_, str> {
    if scan::is_token(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| c.is_ascii() && class::is(*c as u8, class::TOKEN)).collect())
}

/// The topmost Via, with where the request really came from.
fn via_from(value: &str, source: SocketAddr) -> String {
    let Some(via) = super::Via::parse(value) else { return value.to_owned() };
    let wants_port = via.rport().is_some();
    let mut out = match value.find(';') {
        Some(at) => value.get(..at).unwrap_or_default().trim_end().to_owned(),
        None => value.to_owned(),
    };
    for param in via.params().iter() {
        if param.name.eq_ignore_ascii_case("rport") || param.name.eq_ignore_ascii_case("received") {
            continue;
        }
        let _ = write!(out, ";{}", param.name);
        if let Some(value) = param.value {
            let _ = write!(out, "={value}");
        }
    }
    if wants_port || uri::host_ip(via.host()) != Some(source.ip()) {
        let _ = write!(out, ";received={}", source.ip());
    }
    if wants_port {
        let _ = write!(out, ";rport={}", source.port());
    }
    out
}
