//! DAHDI: real cards, and the only crate that makes its ioctls.
//!
//! The [`DahdiDriver`] finds spans in sysfs, numbers them by hardware id, configures them without
//! `dahdi_cfg`, and opens their channels. What maps to what, and the traps: `README.md`.
#![deny(unsafe_code)]

mod bearer;
mod cards;
mod channel;
mod clock;
mod configure;
mod dchannel;
mod device;
mod driver;
#[cfg(feature = "dynamic")]
pub mod dynamic;
mod echo;
mod gain;
mod line;
mod numbering;
mod probe;
mod seen;
mod span;
mod status;
#[allow(unsafe_code)]
pub mod sys;
mod sysfs;
mod text;
mod watch;

pub use driver::{DahdiDriver, Paths};
pub use numbering::Numbering;
pub use sysfs::{Device, FoundSpan};
