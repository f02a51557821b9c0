//! Packets of the control socket: those of [`demarc_helper::wire`].

pub use demarc_helper::wire::*;
