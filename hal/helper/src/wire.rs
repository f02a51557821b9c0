//! Messages on the seqpacket socket: one postcard value a packet.

use serde::{Serialize, de::DeserializeOwned};

/// The largest packet either side sends, in octets.
pub const MAX_PACKET: usize = 4096;

/// A packet that is not one of ours.
#[derive(Debug, thiserror::Error)]
#[error("not a message of a helper: {0}")]
pub struct BadPacket(#[from] postcard::Error);

/// Writes a command or an event.
///
/// # Errors
/// [`BadPacket`] when it cannot be written (never for the types of this crate).
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, BadPacket> {
    Ok(postcard::to_stdvec(message)?)
}

/// Reads a command or an event.
///
/// # Errors
/// [`BadPacket`] when the octets are something else.
pub fn decode<T: DeserializeOwned>(packet: &[u8]) -> Result<T, BadPacket> {
    Ok(postcard::from_bytes(packet)?)
}
