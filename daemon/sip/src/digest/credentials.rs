//! Authorization, Proxy-Authorization and the challenges they answer: one scheme, then `name=value`
//! separated by commas.

use crate::message::scan;
use std::borrow::Cow;

/// The parameters of a header of the scheme Digest.
#[derive(Debug, Clone, Copy)]
pub(super) struct DigestParams<'a>(&'a str);

impl<'a> DigestParams<'a> {
    /// None for any other scheme.
    pub(super) fn parse(value: &'a str) -> Option<Self> {
        let (scheme, params) = value.split_once(scan::is_lws)?;
        scheme.eq_ignore_ascii_case("Digest").then_some(Self(params))
    }

    pub(super) fn get(self, name: &str) -> Option<Cow<'a, str>> {
        scan::split(self.0, b',')
            .filter_map(|p| p.split_once('='))
            .find(|(n, _)| scan::trim(n).eq_ignore_ascii_case(name))
            .map(|(_, value)| scan::unquote(scan::trim(value)))
    }
}

/// What a client sends to prove that it knows its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials<'a> {
    /// Who it says it is.
    pub username: Cow<'a, str>,
    /// Where.
    pub realm: Cow<'a, str>,
    /// The nonce it was given.
    pub nonce: Cow<'a, str>,
    /// The URI it put into the hash.
    pub uri: Cow<'a, str>,
    /// The hash.
    pub response: Cow<'a, str>,
    /// The algorithm; none when it is one that we do not know.
    pub algorithm: Option<super::Algorithm>,
    /// Quality of protection: `auth`, or none as in RFC 2069.
    pub qop: Option<Cow<'a, str>>,
    /// How often the nonce was used, as written.
    pub nc: Option<Cow<'a, str>>,
    /// The client's nonce.
    pub cnonce: Option<Cow<'a, str>>,
}

impl<'a> Credentials<'a> {
    /// Reads a value of Authorization or Proxy-Authorization.
    pub fn parse(value: &'a str) -> Option<Self> {
        let params = DigestParams::parse(value)?;
        let algorithm = match params.get("algorithm") {
            Some(name) => super::Algorithm::parse(&name),
            None => Some(super::Algorithm::Md5),
        };
        Some(Self {
            username: params.get("username")?,
            realm: params.get("realm")?,
            nonce: params.get("nonce")?,
            uri: params.get("uri")?,
            response: params.get("response")?,
            algorithm,
            qop: params.get("qop"),
            nc: params.get("nc"),
            cnonce: params.get("cnonce"),
        })
    }
}
