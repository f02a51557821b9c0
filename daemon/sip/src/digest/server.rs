//! The server's side: challenge and verify.

use super::Credentials;
use super::hash::{self, Algorithm, Ingredients};
use super::nonce::{Nonces, Standing};
use crate::message::scan;
use demarc_model::Instant;

/// Challenges those who want something and verifies what they answer.
#[derive(Debug)]
pub struct Authenticator {
    realm: String,
    nonces: Nonces,
}

/// What came of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The client knows the password.
    Good,
    /// The client knows the password but its nonce is not good (any more): challenge again with
    /// `stale`, so that it need not ask its user.
    Stale,
    /// The client does not know the password, or speaks another dialect than we asked for.
    Bad,
}

impl Authenticator {
    /// `key` must be secret and differ from start to start.
    pub fn new(realm: &str, key: [u8; 32]) -> Self {
        Self { realm: realm.to_owned(), nonces: Nonces::new(key) }
    }

    /// The realm it stands for.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Stands for another realm from now on.
    pub fn set_realm(&mut self, realm: &str) {
        realm.clone_into(&mut self.realm);
    }

    /// The values of WWW-Authenticate (or Proxy-Authenticate), one line each: MD5, then SHA-256.
    ///
    /// RFC 8760 §2.3 wants the best first, for a client takes the first it understands. But many
    /// read only the first and know only MD5 (see docs/decisions/0004).
    pub fn challenges(&mut self, now: Instant, stale: bool) -> [String; 2] {
        let nonce = self.nonces.make(now);
        let realm = scan::quote(&self.realm);
        let stale = if stale { ", stale=true" } else { "" };
        [Algorithm::Md5, Algorithm::Sha256].map(|algorithm| {
            format!(
                "Digest realm={realm}, nonce=\"{nonce}\", qop=\"auth\", algorithm={}{stale}",
                algorithm.as_str()
            )
        })
    }

    /// Does the client that sent these credentials with a request of this method know `password`?
    ///
    /// The digest-uri is taken as the client wrote it: RFC 3261 §22.4 allows that a proxy changed
    /// the Request-URI on the way, and common clients put only the domain there. The count of the
    /// nonce sees to it that credentials are good for one request.
    pub fn verify(
        &mut self,
        now: Instant,
        credentials: &Credentials<'_>,
        method: &str,
        password: &str,
    ) -> Verdict {
        let Some(algorithm) = credentials.algorithm.filter(|_| credentials.realm == self.realm) else {
            return Verdict::Bad;
        };
        let (auth, count) =
            match (credentials.qop.as_deref(), credentials.nc.as_deref(), credentials.cnonce.as_deref()) {
                (None, ..) => (None, Some(1)), // RFC 2069: good for one use
                (Some(qop), Some(nc), Some(cnonce)) if qop.eq_ignore_ascii_case("auth") => {
                    (Some((nc, cnonce)), (nc.len() == 8).then(|| u32::from_str_radix(nc, 16).ok()).flatten())
                }
                _ => return Verdict::Bad,
            };
        let ingredients = Ingredients {
            username: &credentials.username,
            realm: &credentials.realm,
            password,
            method,
            uri: &credentials.uri,
            nonce: &credentials.nonce,
            auth,
        };
        let wanted = ingredients.response(algorithm);
        if !hash::same(wanted.as_bytes(), credentials.response.to_ascii_lowercase().as_bytes()) {
            return Verdict::Bad;
        }
        let Some(count) = count else { return Verdict::Bad };
        match self.nonces.spend(now, &credentials.nonce, count) {
            Standing::Good => Verdict::Good,
            Standing::Stale => Verdict::Stale,
        }
    }
}
