//! The control socket of the helper: that of [`demarc_helper::socket`].

pub use demarc_helper::socket::*;
