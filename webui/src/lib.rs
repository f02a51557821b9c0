//! The web UI inside the binary.
//!
//! `npm run build` writes `dist/`; a release build of this crate carries it, a debug build reads it
//! from disk. Without `dist/` the crate still compiles and serves a page that says how to build it.
#![forbid(unsafe_code)]

mod asset;
mod serve;

pub use asset::{Asset, asset};
pub use serve::router;
