//! The hashes and what is hashed, RFC 7616 §3.4.

use md5::Md5;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A hash algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// `SHA-256`, preferred by RFC 8760.
    Sha256,
    /// `MD5`, the default of RFC 2617.
    Md5,
}

impl Algorithm {
    /// Its name in a challenge.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    /// By its name, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Sha256, Self::Md5].into_iter().find(|a| a.as_str().eq_ignore_ascii_case(text))
    }

    /// The hash of the parts joined by colons, in lower-case hexadecimal.
    fn hash(self, parts: &[&str]) -> String {
        let text = parts.join(":");
        match self {
            Self::Sha256 => hex(&Sha256::digest(text)),
            Self::Md5 => hex(&Md5::digest(text)),
        }
    }
}

/// What goes into a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ingredients<'a> {
    pub(super) username: &'a str,
    pub(super) realm: &'a str,
    pub(super) password: &'a str,
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// `nc` as written and `cnonce`, with `qop=auth`.
    pub(super) auth: Option<(&'a str, &'a str)>,
}

impl Ingredients<'_> {
    pub(super) fn response(&self, algorithm: Algorithm) -> String {
        let a1 = algorithm.hash(&[self.username, self.realm, self.password]);
        let a2 = algorithm.hash(&[self.method, self.uri]);
        match self.auth {
            Some((nc, cnonce)) => algorithm.hash(&[&a1, self.nonce, nc, cnonce, "auth", &a2]),
            None => algorithm.hash(&[&a1, self.nonce, &a2]),
        }
    }
}

/// HMAC-SHA-256, RFC 2104.
pub(super) fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut inner = [0x36; 64];
    let mut outer = [0x5c; 64];
    for (at, byte) in key.iter().enumerate() {
        for pad in [&mut inner, &mut outer] {
            if let Some(b) = pad.get_mut(at) {
                *b ^= byte;
            }
        }
    }
    let inner = Sha256::new().chain_update(inner).chain_update(message).finalize();
    Sha256::new().chain_update(outer).chain_update(inner).finalize().into()
}

/// Equal? Takes as long whether or not, so that a guess learns nothing from the time.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && std::hint::black_box(a.iter().zip(b).fold(0, |d, (a, b)| d | (a ^ b))) == 0
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 §4.3, with its key filled up with zeros as HMAC itself does.
    #[test]
    fn hmac_of_rfc_4231() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&hmac(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn equality() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
    }
}
