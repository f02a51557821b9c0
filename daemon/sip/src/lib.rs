//! The SIP room: phones and SIP trunks on one side, the words of `demarc-model` on the other.
//!
//! [`Sip`] is sans-IO: messages, DNS answers, commands and time go in, messages and events come
//! out. Drive it as every machine of the gateway: after each `handle_*` drain
//! [`Sip::poll_output`] until `None`, then sleep until [`Sip::poll_timeout`].
//!
//! From the wire upwards: `message` and `sdp` read and write text, `transaction` repeats and
//! matches (RFC 3261 §17), `dialog` keeps the state of a relation (§12), `session` turns INVITE
//! dialogs into legs, `registrar` remembers where phones are, `trunk` keeps SIP peers.
#![forbid(unsafe_code)]

pub mod digest;
mod io;
pub mod message;
pub mod registrar;
mod room;
pub mod sdp;

pub use io::{Flow, Input, Output, Transport};
pub use room::Sip;
