//! Caller identity on analog lines: as FSK messages (GR-30, ETSI EN 300 659-3, NTT) or as keys.

mod fields;
mod keys;
mod receive;
mod send;

pub use keys::text as keys_of;
pub use receive::CallerIdReceiver;
pub use send::CallerIdSender;

#[cfg(test)]
mod tests;
