//! What the daemon and the command beside it share: the control socket's words and the simulated
//! world.
#![forbid(unsafe_code)]

pub mod control;
pub mod sim;
pub mod wake;
