//! Codecs.

pub mod g711;
