//! Two helpers, each with a libopenr2 of its own, over simulated channels: whole calls in the
//! variants of several countries, and what goes wrong on a line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bench;
mod calls;
mod trouble;
