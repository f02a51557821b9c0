//! What the daemon, the command and the console beside it share: the control socket's words, the
//! certificate of the web UI, and the simulated world.
#![forbid(unsafe_code)]

pub mod certificate;
pub mod control;
pub mod https;
pub mod sim;
pub mod wake;
