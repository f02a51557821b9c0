//! Tests that run inside the DAHDI laboratory (`tools/dahdi-lab`), over real DAHDI kernel code.
//!
//! `in-guest` is the program that the guest runs; `tests/` boots it and judges what it left.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod analog;
pub mod audio;
pub mod bulk;
pub mod capture;
pub mod cards;
pub mod check;
pub mod conformance;
pub mod gateway;
pub mod isdn;
pub mod lab;
pub mod load;
pub mod r2;
pub mod trouble;
