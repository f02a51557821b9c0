//! The whole gateway with the wires cut: SIP, lines and call control composed into one machine
//! that does no I/O and asks no clock.
#![forbid(unsafe_code)]

pub mod io;
mod ladders;
mod node;
pub mod watch;

pub use demarc_pstn::{Signalling, r2_settings, signalling};
pub use io::{Input, Output};
pub use node::Node;
