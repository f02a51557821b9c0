//! The harness: a whole node in virtual time, and a world of telephones, lines and spans around it
//! that speaks the language of ladders.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a harness fails loudly")]

pub mod lab;
pub mod ladder;
pub mod real;
