//! Digest authentication, RFC 7616, RFC 8760 and, for what is old, RFC 2617: MD5 and SHA-256,
//! `qop=auth`.
//!
//! [`Authenticator`] is the server's side, [`answer_challenge`] the client's.

mod client;
mod credentials;
mod hash;
mod nonce;
mod server;

pub use client::{Login, answer_challenge};
pub use credentials::Credentials;
pub use hash::Algorithm;
pub use server::{Authenticator, Verdict};

#[cfg(test)]
mod tests;
