//! URIs: `sip:`, `sips:` (RFC 3261 §19.1), `tel:` (RFC 3966) and others, kept as they came.

use super::cursor::Cursor;
use super::params::Params;
use super::{class, scan};
use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What kind of URI it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scheme {
    /// `sip:`
    #[default]
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
    /// Anything else; only the text is known.
    Other,
}

/// A URI that lives in a message or in a [`UriBuf`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uri<'a> {
    text: &'a str,
    scheme: Scheme,
    user: Option<&'a str>,
    password: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
    params: Params<'a>,
    headers: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Reads a URI. `None` when it is none, or when a `sip:`, `sips:` or `tel:` URI is malformed.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = scan::cut(text, b':')?;
        if scheme.eq_ignore_ascii_case("sip") {
            Self::parse_sip(text, Scheme::Sip, rest)
        } else if scheme.eq_ignore_ascii_case("sips") {
            Self::parse_sip(text, Scheme::Sips, rest)
        } else if scheme.eq_ignore_ascii_case("tel") {
            Self::parse_tel(text, rest)
        } else {
            Self::parse_other(text, scheme, rest)
        }
    }

    fn parse_sip(text: &'a str, scheme: Scheme, rest: &'a str) -> Option<Self> {
        let (user, password, mut rest) = userinfo(rest);
        let host = rest.host()?;
        let port = if rest.eat(b':') { Some(rest.port()?) } else { None };
        let params = if rest.eat(b';') { rest.take(class::URI_PARAM) } else { "" };
        let headers = if rest.eat(b'?') { Some(rest.take(class::URI_HEADER)) } else { None };
        let is_good = rest.is_empty()
            && user.is_none_or(|u| !u.is_empty())
            && [user, password, Some(params), headers].into_iter().flatten().all(scan::escapes_are_whole);
        is_good.then_some(Self {
            text,
            scheme,
            user,
            password,
            host,
            port,
            params: Params::new(params),
            headers,
        })
    }

    fn parse_other(text: &'a str, scheme: &'a str, rest: &'a str) -> Option<Self> {
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        let is_opaque = |b: u8| b > b' ' && b != 0x7f && !matches!(b, b'<' | b'>' | b'"');
        (is_scheme && !rest.is_empty() && rest.bytes().all(is_opaque)).then_some(Self {
            text,
            scheme: Scheme::Other,
            ..Self::default()
        })
    }

    fn parse_tel(text: &'a str, rest: &'a str) -> Option<Self> {
        let (number, params) = scan::cut(rest, b';').unwrap_or((rest, ""));
        let digits = number.strip_prefix('+').unwrap_or(number);
        let ok = digits.bytes().any(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#'))
            && digits
                .bytes()
                .all(|b| b.is_ascii_hexdigit() || matches!(b, b'*' | b'#' | b'-' | b'.' | b'(' | b')'))
            && class::all(params, class::URI_PARAM);
        ok.then_some(Self {
            text,
            scheme: Scheme::Tel,
            user: Some(number),
            params: Params::new(params),
            ..Self::default()
        })
    }

    /// The whole as written.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// Which kind.
    pub fn scheme(self) -> Scheme {
        self.scheme
    }

    /// The user part as written (escaped); the number of a `tel:` URI.
    pub fn user(self) -> Option<&'a str> {
        self.user
    }

    /// The user part with `%hh` resolved, and without the parameters that `user=phone` puts into
    /// it (`+441632960000;phone-context=…`): what a dial plan wants to see.
    pub fn dialled(self) -> Option<Cow<'a, str>> {
        let user = self.user?;
        Some(scan::percent_decode(user.split_once(';').map_or(user, |(number, _)| number)))
    }

    /// The password, which no sane URI has.
    pub fn password(self) -> Option<&'a str> {
        self.password
    }

    /// The host as written, an IPv6 address in brackets; empty for `tel:` and unknown schemes.
    pub fn host(self) -> &'a str {
        self.host
    }

    /// The host when it is an address.
    pub fn ip(self) -> Option<IpAddr> {
        host_ip(self.host)
    }

    /// The port when given.
    pub fn port(self) -> Option<u16> {
        self.port
    }

    /// The parameters.
    pub fn params(self) -> Params<'a> {
        self.params
    }

    /// The `transport` parameter.
    pub fn transport(self) -> Option<&'a str> {
        self.params.get("transport")
    }

    /// The headers after `?`, as written.
    pub fn headers(self) -> Option<&'a str> {
        self.headers
    }

    /// The value of one of those headers, escapes undone.
    pub fn header(self, name: &str) -> Option<Cow<'a, str>> {
        self.headers()?.split('&').find_map(|header| {
            let (key, value) = header.split_once('=')?;
            key.eq_ignore_ascii_case(name).then(|| scan::percent_decode(value))
        })
    }

    /// The same resource by the rules of RFC 3261 §19.1.4 (for other schemes: the same text).
    pub fn same_as(self, other: Uri<'_>) -> bool {
        if self.scheme != other.scheme {
            return false;
        }
        match self.scheme {
            Scheme::Other => self.text == other.text,
            Scheme::Tel => {
                visual(self.user).eq(visual(other.user))
                    && self.params.as_str().eq_ignore_ascii_case(other.params.as_str())
            }
            Scheme::Sip | Scheme::Sips => {
                same_text(self.user, other.user)
                    && same_text(self.password, other.password)
                    && self.same_host(other)
                    && self.port == other.port
                    && same_params(self.params, other.params)
                    && same_headers(self.headers, other.headers)
            }
        }
    }

    fn same_host(self, other: Uri<'_>) -> bool {
        match (self.ip(), other.ip()) {
            (Some(a), Some(b)) => a == b,
            _ => self.host.eq_ignore_ascii_case(other.host),
        }
    }
}

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Takes `user[:password]@`. The user part may hold `;`, `?` and `/`, so the `@` is looked for
/// before them (RFC 4475 §3.1.1.9).
fn userinfo(text: &str) -> (Option<&str>, Option<&str>, Cursor<'_>) {
    let mut rest = Cursor::new(text);
    let user = rest.take(class::USER);
    if rest.eat(b'@') {
        return (Some(user), None, rest);
    }
    if rest.eat(b':') {
        let password = rest.take(class::USER);
        if rest.eat(b'@') {
            return (Some(user), Some(password), rest);
        }
    }
    (None, None, Cursor::new(text))
}

/// The address that a host is, with or without brackets.
pub(crate) fn host_ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}

fn visual(number: Option<&str>) -> impl Iterator<Item = u8> {
    number.unwrap_or_default().bytes().filter(|b| !b"-.()".contains(b)).map(|b| b.to_ascii_lowercase())
}

fn same_text(a: Option<&str>, b: Option<&str>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => scan::percent_decode(a) == scan::percent_decode(b),
        (a, b) => a == b,
    }
}

/// A parameter that both have must be equal; `user`, `ttl`, `method`, `maddr` and `transport` must
/// not be there in one only.
fn same_params(a: Params<'_>, b: Params<'_>) -> bool {
    const EXACT: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
    let decode = |value: Option<&str>| value.map(|v| scan::percent_decode(v).to_ascii_lowercase());
    let agree = |name: &str| match (a.find(name), b.find(name)) {
        (Some(a), Some(b)) => decode(a) == decode(b),
        (None, None) => true,
        _ => !EXACT.iter().any(|exact| exact.eq_ignore_ascii_case(name)),
    };
    a.iter().chain(b.iter()).all(|param| agree(param.name))
}

fn same_headers(a: Option<&str>, b: Option<&str>) -> bool {
    let mut a: Vec<_> =
        a.unwrap_or_default().split('&').map(|h| scan::percent_decode(h).to_ascii_lowercase()).collect();
    let mut b: Vec<_> =
        b.unwrap_or_default().split('&').map(|h| scan::percent_decode(h).to_ascii_lowercase()).collect();
    a.sort();
    b.sort();
    a == b
}

/// A URI of our own: well-formed by construction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UriBuf(String);

impl UriBuf {
    /// `sip:user@host[:port]`: the user part is escaped, an IPv6 address is put in brackets; none
    /// when the host is no host. An empty user gives `sip:host`.
    pub fn sip(user: &str, host: &str, port: Option<u16>) -> Option<Self> {
        let mut text = String::from("sip:");
        if !user.is_empty() {
            text.push_str(&escape_user(user));
            text.push('@');
        }
        if host.parse::<Ipv6Addr>().is_ok() {
            text.push('[');
            text.push_str(host);
            text.push(']');
        } else {
            text.push_str(host);
        }
        if let Some(port) = port {
            text.push(':');
            text.push_str(&port.to_string());
        }
        Uri::parse(&text)?;
        Some(Self(text))
    }

    /// `tel:` of digits with an optional leading `+`; none when it is no number.
    pub fn tel(number: &str) -> Option<Self> {
        let text = format!("tel:{number}");
        Uri::parse(&text)?;
        Some(Self(text))
    }

    /// Any URI that is well-formed.
    pub fn parse(text: &str) -> Option<Self> {
        Uri::parse(text)?;
        Some(Self(text.to_owned()))
    }

    /// With one more parameter, escaped; an empty value makes a flag.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: &str) -> Self {
        let escape = |t: &str| {
            scan::percent_encode(t, |b| {
                class::is(b, class::UNRESERVED) || matches!(b, b'[' | b']' | b'/' | b':' | b'+')
            })
        };
        let mut param = format!(";{}", escape(name));
        if !value.is_empty() {
            param.push('=');
            param.push_str(&escape(value));
        }
        let at = self.0.find('@').unwrap_or(0);
        let end = self.0.get(at..).and_then(|t| t.find('?')).map_or(self.0.len(), |q| at + q);
        self.0.insert_str(end, &param);
        self
    }

    /// To read it.
    pub fn as_uri(&self) -> Uri<'_> {
        Uri::parse(&self.0).unwrap_or_default() // it was well-formed when it was made
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Uri<'_>> for UriBuf {
    fn from(uri: Uri<'_>) -> Self {
        Self(uri.text.to_owned())
    }
}

impl fmt::Display for UriBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Escapes a user part: what RFC 3261 does not allow there becomes `%hh`.
pub fn escape_user(user: &str) -> String {
    scan::percent_encode(user, |b| {
        class::is(b, class::UNRESERVED) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
    })
}

#[cfg(test)]
mod tests;
