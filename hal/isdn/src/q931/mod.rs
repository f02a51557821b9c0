//! Reading ITU-T Q.931 messages: their frame (§4.1–4.5.1), and in words for people.

mod element;
mod name;

pub use element::Element;

/// Elements that are looked at in one message; real ones have at most a dozen.
const MANY: usize = 48;

/// A layer-3 message, split but not interpreted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// Call reference value; `None` for the dummy reference.
    pub reference: Option<u16>,
    /// The call reference flag: the message goes to the side that chose the reference.
    pub to_originator: bool,
    /// Message type, Table 4-2.
    pub kind: u8,
    /// Everything after it.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// DISCONNECT.
    pub const DISCONNECT: u8 = 0x45;
    /// RELEASE.
    pub const RELEASE: u8 = 0x4D;
    /// RELEASE COMPLETE.
    pub const RELEASE_COMPLETE: u8 = 0x5A;
    /// SETUP.
    pub const SETUP: u8 = 0x05;
    /// INFORMATION.
    pub const INFORMATION: u8 = 0x7B;

    /// Splits a message, from the protocol discriminator on. `None` when it is not Q.931 or stops
    /// before its body.
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let (&discriminator, rest) = octets.split_first()?;
        let (&length, rest) = rest.split_first()?;
        if discriminator != 0x08 || length > 2 {
            return None;
        }
        let (reference, rest) = rest.split_at_checked(length.into())?;
        let (&kind, body) = rest.split_first()?;
        let flag = reference.first().is_some_and(|octet| octet & 0x80 != 0);
        let reference = match reference {
            [] => None,
            [low] => Some(u16::from(low & 0x7F)),
            [high, low, ..] => Some(u16::from_be_bytes([high & 0x7F, *low])),
        };
        Some(Self { reference, to_originator: flag, kind, body })
    }

    /// The information elements, in order. Those after a shift to another codeset carry its
    /// number. Stops where the octets end too early.
    pub fn elements(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        element::Elements::new(self.body).take(MANY)
    }

    /// The cause (Q.850), when there is one.
    pub fn cause(&self) -> Option<u8> {
        let mut elements = self.elements();
        let element = elements.find(|element| (element.codeset, element.id) == (0, 0x08))?;
        // Octet 3a is there when octet 3 is not the last of its group.
        let location = element.content.first()?;
        let at = if location & 0x80 == 0 { 2 } else { 1 };
        element.content.get(at).map(|value| value & 0x7F)
    }

    /// Whether a progress indicator says `description` (8: in-band information).
    pub fn has_progress(&self, description: u8) -> bool {
        self.elements().any(|element| {
            (element.codeset, element.id) == (0, 0x1E)
                && element.content.get(1).is_some_and(|octet| octet & 0x7F == description)
        })
    }
}

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
    let Some(message) = Message::parse(octets) else {
        let label = match octets.first() {
            Some(0x03 | 0x43) => "maintenance message".to_owned(),
            _ => "not a Q.931 message".to_owned(),
        };
        return Description { label, detail: element::hex(octets) };
    };
    let label =
        name::message(message.kind).map_or_else(|| format!("message 0x{:02X}", message.kind), str::to_owned);
    let mut lines = vec![match message.reference {
        None => "Call reference: dummy".to_owned(),
        Some(0) => "Call reference: global".to_owned(),
        Some(reference) => {
            let way = if message.to_originator { "to the originator" } else { "from the originator" };
            format!("Call reference: {reference}, {way}")
        }
    }];
    let mut read = 0;
    for element in message.elements() {
        read = element.end;
        lines.push(element.to_string());
    }
    let left = message.body.get(read..).unwrap_or_default();
    if !left.is_empty() {
        lines.push(format!("Not understood: {}", element::hex(left)));
    }
    Description { label, detail: lines.join("\n") }
}

#[cfg(test)]
mod tests;
