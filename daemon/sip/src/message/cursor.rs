//! Reading a value from left to right, each byte once.

use super::class;
use super::scan;
use memchr::memchr;

/// What is left of a value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    #[inline]
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// All that is left.
    #[inline]
    pub(crate) fn rest(&self) -> &'a str {
        self.0
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte, which stays.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.0.as_bytes().first().copied()
    }

    /// Takes `wanted`, an ASCII character, when it is next.
    #[inline]
    pub(crate) fn eat(&mut self, wanted: u8) -> bool {
        if self.peek() != Some(wanted) {
            return false;
        }
        self.0 = self.0.get(1..).unwrap_or_default();
        true
    }

    /// Takes the separator `wanted` with the LWS on both sides of it, when it is next.
    #[inline]
    pub(crate) fn eat_spaced(&mut self, wanted: u8) -> bool {
        self.skip_lws();
        let found = self.eat(wanted);
        self.skip_lws();
        found
    }

    #[inline]
    pub(crate) fn skip_lws(&mut self) {
        self.0 = scan::trim_start(self.0);
    }

    /// Takes as many bytes as are in the classes; may be none.
    #[inline]
    pub(crate) fn take(&mut self, set: u8) -> &'a str {
        let end = self.0.bytes().position(|b| !class::is(b, set)).unwrap_or(self.0.len());
        self.split(end)
    }

    /// Takes a token; none when there is no byte of one.
    #[inline]
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        Some(self.take(class::TOKEN)).filter(|t| !t.is_empty())
    }

    /// Takes what stands before `end`, an ASCII character, and that too.
    pub(crate) fn until(&mut self, end: u8) -> Option<&'a str> {
        let found = self.split(memchr(end, self.0.as_bytes())?);
        self.eat(end);
        Some(found)
    }

    /// Takes what stands before the first of `ends`, ASCII characters; all when there is none.
    #[inline]
    pub(crate) fn before(&mut self, ends: &[u8]) -> &'a str {
        let end = self.0.bytes().position(|b| ends.contains(&b)).unwrap_or(self.0.len());
        self.split(end)
    }

    /// Takes a quoted string with its quotes.
    pub(crate) fn quoted(&mut self) -> Option<&'a str> {
        let end = scan::quoted_end(self.0)?;
        Some(self.split(end))
    }

    /// Takes a host: a name, an IPv4 address, or an IPv6 address in brackets.
    pub(crate) fn host(&mut self) -> Option<&'a str> {
        if self.peek() == Some(b'[') {
            let host = self.split(memchr(b']', self.0.as_bytes())? + 1);
            return super::uri::host_ip(host).map(|_| host);
        }
        Some(self.take(class::HOST)).filter(|h| !h.is_empty())
    }

    /// Takes a port, 0–65535.
    pub(crate) fn port(&mut self) -> Option<u16> {
        let end = self.0.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(self.0.len());
        self.split(end).parse().ok()
    }

    /// Classes hold all of the bytes above 127 or none, so `at` never falls into a character.
    #[inline]
    fn split(&mut self, at: usize) -> &'a str {
        let (taken, rest) = self.0.split_at_checked(at).unwrap_or((self.0, ""));
        self.0 = rest;
        taken
    }
}
