//! Parameters: `;name=value;flag`, in headers and in URIs.

use super::cursor::Cursor;
use super::{class, scan};
use std::borrow::Cow;

/// Parameters as they stand in the message: nothing, or text that begins after the first `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Params<'a> {
    text: &'a str,
}

/// One parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param<'a> {
    /// Its name; compared without regard to case.
    pub name: &'a str,
    /// Its value as written (quotes included); none for a flag.
    pub value: Option<&'a str>,
}

impl<'a> Params<'a> {
    /// Over text without its leading `;`.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Reads header parameters: text that is empty or begins with `;`, each a token with an
    /// optional value that is a token, a host or a quoted string.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut rest = Cursor::new(text);
        if !rest.eat_spaced(b';') {
            return rest.is_empty().then(Self::default);
        }
        let params = Self { text: rest.rest() };
        loop {
            rest.token()?;
            if rest.eat_spaced(b'=') {
                take_value(&mut rest)?;
            }
            if !rest.eat_spaced(b';') {
                return rest.is_empty().then_some(params);
            }
        }
    }

    /// All of them in order.
    pub fn iter(self) -> impl Iterator<Item = Param<'a>> {
        let mut rest = Cursor::new(self.text);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let name = scan::trim(rest.before(b"=;"));
            let value = rest.eat(b'=').then(|| {
                rest.skip_lws();
                if rest.peek() == Some(b'"') {
                    rest.quoted().unwrap_or_default()
                } else {
                    scan::trim_end(rest.before(b";"))
                }
            });
            rest.before(b";"); // nothing but LWS
            rest.eat(b';');
            Some(Param { name, value })
        })
        .filter(|param| !param.name.is_empty())
    }

    /// The first parameter of this name: none = absent, `Some(None)` = a flag without value.
    pub fn find(self, name: &str) -> Option<Option<&'a str>> {
        self.iter().find(|p| p.name.eq_ignore_ascii_case(name)).map(|p| p.value)
    }

    /// The value of a parameter as written.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.find(name).flatten()
    }

    /// The value of a parameter, without quotes and their backslashes.
    pub fn unquoted(self, name: &str) -> Option<Cow<'a, str>> {
        self.get(name).map(scan::unquote)
    }

    /// Is it there, with or without value?
    pub fn has(self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// As written, without the leading `;`.
    pub fn as_str(self) -> &'a str {
        self.text
    }
}

/// `gen-value` of RFC 3261: token, host or quoted string; `<…>` because some phones forget the
/// quotes around their `+sip.instance`.
fn take_value<'a>(rest: &mut Cursor<'a>) -> Option<&'a str> {
    match rest.peek()? {
        b'"' => rest.quoted(),
        b'<' => rest.until(b'>'),
        _ => Some(rest.take(class::VALUE)).filter(|v| !v.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_with_space_quotes_and_any_case() {
        let p = Params::parse(r#" ;  tag = 12 ;Lr; text="a;b\"c" ; q=0.3"#).unwrap();
        assert_eq!(p.get("TAG"), Some("12"));
        assert_eq!(p.find("lr"), Some(None));
        assert_eq!(p.unquoted("text").unwrap(), "a;b\"c");
        assert_eq!(p.get("q"), Some("0.3"));
        assert!(!p.has("x"));
        assert_eq!(Params::default().iter().count(), 0);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [";;", "x", ";a b", ";a=", ";a=\"x", ";=1", ";a=b c"] {
            assert!(Params::parse(bad).is_none(), "{bad}");
        }
    }
}
