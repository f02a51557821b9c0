//! Caller identity on analog lines: as FSK messages (GR-30, ETSI EN 300 659-3, NTT) or as keys.

mod any;
mod fields;
mod in_call;
mod keys;
mod receive;
mod send;

pub use any::AnyReceiver;
pub use in_call::{ALERTING_SIGNAL, InCallSender, Step};
pub use keys::text as keys_of;
pub use receive::{CallerIdReceiver, Message};
pub use send::CallerIdSender;

#[cfg(test)]
mod tests;
