//! The SIP room: phones and SIP trunks on one side, the words of `demarc-model` on the other.
//!
//! [`Sip`] is sans-IO: messages, DNS answers, commands and time go in, messages and events come
//! out. Drive it as every machine of the gateway: after each `handle_*` drain
//! [`Sip::poll_output`] until `None`, then sleep until [`Sip::poll_timeout`].
//!
//! From the wire upwards: [`message`] and [`sdp`] read and write text, `transaction` repeats and
//! matches (RFC 3261 §17), `dialog` keeps the state of a relation (§12), `session` turns INVITE
//! dialogs into legs, [`registrar`] remembers where phones are, `trunk` keeps SIP peers, `subscription` the phones that want to know of messages, and
//! `room` hands each input to the one it is for.
#![forbid(unsafe_code)]

mod admission;
mod cause;
mod dialog;
pub mod digest;
mod diversion;
mod entropy;
mod hub;
mod identity;
mod io;
pub mod message;
mod ports;
pub mod registrar;
mod room;
mod schedule;
pub mod sdp;
mod session;
mod subscription;
mod transaction;
mod trunk;

#[cfg(test)]
mod tests;

pub use hub::Counters;
pub use io::{Flow, Input, Output, Transport};
pub use room::Sip;
