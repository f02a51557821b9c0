//! The clock that the daemon has, too.

pub use demarc_clock::{Clock, unix_s};
