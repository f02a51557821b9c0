//! The few messages of a call (ITU-T Q.931) that are sent to prove that they cross.

/// Which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Wants this channel.
    Setup(u8),
    Connect,
    ConnectAcknowledge,
    /// With this cause.
    Disconnect(u8),
    Release,
    ReleaseComplete,
}

/// A message of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) reference: u16,
    /// By the side that did not make the call reference (§4.3).
    pub(crate) answer: bool,
    /// The reference has two octets, and the interface is a primary rate one.
    pub(crate) wide: bool,
    pub(crate) message: Kind,
}

impl Message {
    pub(crate) const fn name(&self) -> &'static str {
        match self.message {
            Kind::Setup(_) => "SETUP",
            Kind::Connect => "CONNECT",
            Kind::ConnectAcknowledge => "CONNECT ACKNOWLEDGE",
            Kind::Disconnect(_) => "DISCONNECT",
            Kind::Release => "RELEASE",
            Kind::ReleaseComplete => "RELEASE COMPLETE",
        }
    }

    /// As it crosses.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        let flag = u8::from(self.answer) << 7;
        let mut octets = vec![0x08];
        if self.wide {
            octets.extend([2, high & 0x7F | flag, low]);
        } else {
            octets.extend([1, low & 0x7F | flag]);
        }
        match self.message {
            Kind::Setup(channel) => {
                octets.push(0x05);
                // Speech, 64 kbit/s, A-law: what it says does not matter to a wire.
                octets.extend([0x04, 3, 0x80, 0x90, 0xA3]);
                if self.wide {
                    octets.extend([0x18, 3, 0xA9, 0x83, 0x80 | channel]);
                } else {
                    octets.extend([0x18, 1, 0x88 | channel & 3]);
                }
                octets.extend([0x70, 12, 0x80]);
                octets.extend(b"02079460100");
            }
            Kind::Connect => octets.push(0x07),
            Kind::ConnectAcknowledge => octets.push(0x0F),
            Kind::Disconnect(cause) => octets.extend([0x45, 0x08, 2, 0x80, 0x80 | cause]),
            Kind::Release => octets.push(0x4D),
            Kind::ReleaseComplete => octets.push(0x5A),
        }
        octets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_those_of_the_standard() {
        let setup = Message { reference: 0x0102, answer: false, wide: true, message: Kind::Setup(17) };
        let octets = setup.octets();
        assert_eq!(&octets[..5], [0x08, 2, 1, 2, 5]);
        assert_eq!(&octets[10..15], [0x18, 3, 0xA9, 0x83, 0x91]);
        let end = Message { reference: 5, answer: true, wide: false, message: Kind::Disconnect(16) };
        assert_eq!(end.octets(), [0x08, 1, 0x85, 0x45, 0x08, 2, 0x80, 0x90]);
    }
}
