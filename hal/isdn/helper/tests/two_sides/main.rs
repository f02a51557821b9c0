//! Two real helpers, network and user side, over a D channel between them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod basic_rate;
mod bench;
mod calls;
mod flood;
mod frames;
mod group;
mod orders;
mod services;
mod trouble;
