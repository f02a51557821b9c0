//! The client's side: answer a challenge.

use super::credentials::DigestParams;
use super::hash::{Algorithm, Ingredients};
use crate::message::scan::quote;

/// Who we are to a peer, and what we ask it for.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// User name.
    pub username: &'a str,
    /// Password.
    pub password: &'a str,
    /// Method of the request.
    pub method: &'a str,
    /// Its Request-URI.
    pub uri: &'a str,
    /// A text that nobody can guess, different each time.
    pub cnonce: &'a str,
    /// How often this nonce was answered, this time included (1 for a new one).
    pub count: u32,
}

/// The value of Authorization (or Proxy-Authorization) that answers the best of these challenges;
/// none when there is none that we understand.
pub fn answer_challenge<'a>(challenges: impl Iterator<Item = &'a str>, login: &Login<'_>) -> Option<String> {
    let understood = challenges.filter_map(Challenge::parse);
    let Challenge { params, algorithm, auth } = understood.min_by_key(|c| c.algorithm)?;
    let (realm, nonce) = (params.get("realm")?, params.get("nonce")?);
    let count = format!("{:08x}", login.count);
    let response = Ingredients {
        username: login.username,
        realm: &realm,
        password: login.password,
        method: login.method,
        uri: login.uri,
        nonce: &nonce,
        auth: auth.then_some((count.as_str(), login.cnonce)),
    }
    .response(algorithm);
    let mut value = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
        quote(login.username),
        quote(&realm),
        quote(&nonce),
        quote(login.uri)
    );
    if params.get("algorithm").is_some() {
        value += &format!(", algorithm={}", algorithm.as_str());
    }
    if auth {
        value += &format!(", qop=auth, nc={count}, cnonce={}", quote(login.cnonce));
    }
    if let Some(opaque) = params.get("opaque") {
        value += &format!(", opaque={}", quote(&opaque));
    }
    Some(value)
}

struct Challenge<'a> {
    params: DigestParams<'a>,
    algorithm: Algorithm,
    /// `qop=auth` is offered; otherwise the form of RFC 2069 is meant.
    auth: bool,
}

impl<'a> Challenge<'a> {
    fn parse(value: &'a str) -> Option<Self> {
        let params = DigestParams::parse(value)?;
        params.get("realm")?;
        params.get("nonce")?;
        let algorithm =
            params.get("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::parse(&name))?;
        let auth = match params.get("qop") {
            None => false,
            Some(qop) if qop.split(',').any(|q| q.trim().eq_ignore_ascii_case("auth")) => true,
            Some(_) => return None, // auth-int only
        };
        Some(Self { params, algorithm, auth })
    }
}
