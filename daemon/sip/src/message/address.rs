//! `name-addr` and `addr-spec`: From, To, Contact, Route, P-Asserted-Identity, Diversion …

use super::cursor::Cursor;
use super::params::Params;
use super::uri::Uri;
use super::{class, scan};
use std::borrow::Cow;

/// An address with its display name and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Address<'a> {
    display: &'a str,
    uri: Uri<'a>,
    params: Params<'a>,
}

impl<'a> Address<'a> {
    /// Reads one address, RFC 3261 §20.10 and §25.1.
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = scan::trim(text);
        let mut rest = Cursor::new(text);
        let display = if rest.peek() == Some(b'"') { rest.quoted()? } else { rest.take(class::DISPLAY) };
        rest.skip_lws();
        if !rest.eat(b'<') {
            return Self::parse_bare(text);
        }
        let uri = Uri::parse(rest.until(b'>')?)?;
        Some(Self { display: scan::trim_end(display), uri, params: Params::parse(rest.rest())? })
    }

    /// Without brackets every parameter belongs to the header, and the URI may hold no `,` and no
    /// `?` (RFC 3261 §20).
    fn parse_bare(text: &'a str) -> Option<Self> {
        let (uri, params) = scan::before(text, b';');
        let uri = scan::trim(uri);
        if uri.contains(['?', ',']) {
            return None;
        }
        Some(Self { display: "", uri: Uri::parse(uri)?, params: Params::parse(params)? })
    }

    /// The display name in clear; empty when there is none.
    pub fn display(self) -> Cow<'a, str> {
        scan::unquote(self.display)
    }

    /// The URI.
    pub fn uri(self) -> Uri<'a> {
        self.uri
    }

    /// The parameters of the header.
    pub fn params(self) -> Params<'a> {
        self.params
    }

    /// The `tag` parameter of From and To.
    pub fn tag(self) -> Option<&'a str> {
        self.params.get("tag")
    }

    /// The `expires` parameter of a Contact, in seconds; a value too great is the greatest.
    pub fn expires(self) -> Option<u32> {
        self.params.get("expires").and_then(scan::number_saturating)
    }

    /// The `q` parameter of a Contact in thousandths, 0–1000.
    pub fn q(self) -> Option<u16> {
        let value = self.params.get("q")?;
        let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
        if fraction.len() > 3 {
            return None;
        }
        let thousandths = whole.parse::<u16>().ok()?.checked_mul(1000)?;
        let fraction = format!("{fraction:0<3}").parse::<u16>().ok()?;
        thousandths.checked_add(fraction).filter(|q| *q <= 1000)
    }
}

/// Writes an address: the display name is quoted, the URI bracketed, the tag appended.
pub fn write_address(display: &str, uri: &str, tag: Option<&str>) -> String {
    let mut out = String::new();
    if !display.is_empty() {
        out.push_str(&scan::quote(display));
        out.push(' ');
    }
    out.push('<');
    out.push_str(uri);
    out.push('>');
    if let Some(tag) = tag {
        out.push_str(";tag=");
        out.push_str(tag);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_an_address() {
        let a =
            Address::parse(r#" "J Rosenberg \\\""       <sip:jdrosen@example.com> ; tag = 98asjd8"#).unwrap();
        assert_eq!(
            (a.display().as_ref(), a.uri().as_str(), a.tag()),
            (r#"J Rosenberg \""#, "sip:jdrosen@example.com", Some("98asjd8"))
        );
        let a = Address::parse("caller<sip:caller@example.com>;tag=323").unwrap();
        assert_eq!(a.display(), "caller");
        let a = Address::parse("sip:caller@example.net;tag=134161461246").unwrap();
        assert_eq!((a.uri().as_str(), a.tag()), ("sip:caller@example.net", Some("134161461246")));
        let a = Address::parse("Zoë Müller <tel:+442079460000>;reason=user-busy;counter=1").unwrap();
        assert_eq!((a.display().as_ref(), a.params().get("reason")), ("Zoë Müller", Some("user-busy")));
        let a = Address::parse("<sip:a@h;transport=tcp>;expires=99999999999;q=0.7").unwrap();
        assert_eq!((a.expires(), a.q()), (Some(u32::MAX), Some(700)));
        assert_eq!(Address::parse("<sip:a@h>;q=1.5").unwrap().q(), None);
        assert_eq!(Address::parse("<sip:a@h>;q=é").map(|a| a.q()), None);
    }

    #[test]
    fn malformed_addresses() {
        for bad in [
            r#""Mr. J. User <sip:j.user@example.com>"#,
            "Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
            r#""Watson, Thomas" < sip:t.watson@example.org >"#,
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
            "<sip:a@h",
            "<>",
            "",
            "<sip:a@h>x",
            "<sip:a@h>;;",
            "a\"b <sip:a@h>",
            "<sip:a@h>, <sip:b@h>",
        ] {
            assert!(Address::parse(bad).is_none(), "accepted: {bad}");
        }
    }

    #[test]
    fn written_addresses_are_read_back() {
        let text = write_address("A \"b\" \r\n\\", "sip:a@h", Some("t1"));
        let a = Address::parse(&text).unwrap();
        assert_eq!(
            (a.display().as_ref(), a.uri().as_str(), a.tag()),
            ("A \"b\"   \\", "sip:a@h", Some("t1"))
        );
    }
}
