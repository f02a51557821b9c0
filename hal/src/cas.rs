//! Channel-associated signalling over a socket of sequenced packets ([`crate::CasForm::Packets`]):
//! for cards that are not DAHDI channels.
//!
//! The first octet of a packet says what it is. Who speaks signalling names the time that it wants
//! ([`CasPacket::Time`]); the driver then sends one [`CasPacket::Octets`] or [`CasPacket::Tick`] for
//! each 20 ms that pass on its line. It gets at most one block of octets back for each, and then a
//! [`CasPacket::Tick`]: those 20 ms are dealt with. So a card in memory may run faster than the
//! wall's clock, and both ends of its cable still agree on the time.

use crate::bearer::{BLOCK, Block};

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CasPacket {
    /// The four bits, `0b0000_abcd` (ITU-T G.704 §5.1.3.2): to the driver what is to be sent from now
    /// on, from the driver what arrives from now on.
    Bits(u8),
    /// 20 ms of audio in the law of the span.
    Octets(Block),
    /// From the driver: 20 ms have passed. To the driver: they are dealt with.
    Tick,
    /// From the driver: the span has an alarm, or no longer has.
    Alarm(bool),
    /// To the driver.
    Time(CasTime),
}

/// What the speaker of signalling wants to be told of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CasTime {
    /// Nothing; audio goes to the bearer's other owner.
    #[default]
    Off,
    /// That it passes; audio goes to the bearer's other owner.
    Ticks,
    /// That it passes, with the audio of the line.
    Audio,
}

const BITS: u8 = b'b';
const OCTETS: u8 = b'o';
const TICK: u8 = b't';
const ALARM: u8 = b'a';
const TIME: u8 = b'c';

/// The longest packet in octets.
pub const LONGEST: usize = BLOCK + 1;

impl CasPacket {
    /// Writes the packet to the beginning of `buffer`; its length.
    pub fn write(&self, buffer: &mut [u8; LONGEST]) -> usize {
        let [kind, rest @ ..] = buffer;
        let (what, length) = match self {
            CasPacket::Octets(block) => {
                rest.copy_from_slice(block);
                (OCTETS, BLOCK)
            }
            CasPacket::Tick => (TICK, 0),
            CasPacket::Bits(bits) => (BITS, one(rest, *bits & 0x0F)),
            CasPacket::Alarm(alarm) => (ALARM, one(rest, u8::from(*alarm))),
            CasPacket::Time(CasTime::Off) => (TIME, one(rest, 0)),
            CasPacket::Time(CasTime::Ticks) => (TIME, one(rest, 1)),
            CasPacket::Time(CasTime::Audio) => (TIME, one(rest, 2)),
        };
        *kind = what;
        1 + length
    }

    /// Reads a packet; none when it is not one.
    pub fn read(packet: &[u8]) -> Option<Self> {
        Some(match *packet {
            [BITS, bits @ 0..=0x0F] => CasPacket::Bits(bits),
            [TICK] => CasPacket::Tick,
            [ALARM, alarm @ 0..=1] => CasPacket::Alarm(alarm == 1),
            [TIME, 0] => CasPacket::Time(CasTime::Off),
            [TIME, 1] => CasPacket::Time(CasTime::Ticks),
            [TIME, 2] => CasPacket::Time(CasTime::Audio),
            [OCTETS, ref octets @ ..] => CasPacket::Octets(octets.try_into().ok()?),
            _ => return None,
        })
    }
}

fn one(rest: &mut [u8; BLOCK], octet: u8) -> usize {
    if let Some(first) = rest.first_mut() {
        *first = octet;
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let packets = [
            CasPacket::Bits(0b1101),
            CasPacket::Octets([0x55; BLOCK]),
            CasPacket::Tick,
            CasPacket::Alarm(true),
            CasPacket::Time(CasTime::Audio),
            CasPacket::Time(CasTime::Ticks),
            CasPacket::Time(CasTime::Off),
        ];
        let mut buffer = [0; LONGEST];
        for packet in packets {
            let length = packet.write(&mut buffer);
            assert_eq!(CasPacket::read(&buffer[..length]), Some(packet));
            assert_eq!(CasPacket::read(&buffer[..length - 1]), None, "{packet:?} cut short");
        }
        assert_eq!(CasPacket::read(&[BITS, 0x10]), None);
    }
}
