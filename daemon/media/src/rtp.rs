//! The RTP packet (RFC 3550 §5.1).

/// The header that every packet of ours begins with.
pub const HEADER: usize = 12;

/// The largest packet we make: a header and 20 ms of G.711.
pub const MAX_SENT: usize = HEADER + demarc_hal::BLOCK;

/// The header of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// First packet of a talkspurt or of a telephone-event.
    pub marker: bool,
    /// 0–127.
    pub payload_type: u8,
    /// One more than in the packet before it, modulo 2^16.
    pub sequence: u16,
    /// Of the first sample, modulo 2^32, in samples.
    pub timestamp: u32,
    /// The synchronisation source.
    pub ssrc: u32,
}

impl Header {
    /// Takes a packet apart into header and payload. `None` when it is not RTP version 2, or its
    /// lengths (CSRC list, extension, padding) do not add up.
    pub fn parse(packet: &[u8]) -> Option<(Header, &[u8])> {
        let (fixed, mut rest) = packet.split_first_chunk::<HEADER>()?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3] = *fixed;
        if flags >> 6 != 2 {
            return None;
        }
        rest = rest.get(4 * usize::from(flags & 0x0F)..)?;
        if flags & 0x10 != 0 {
            let (&[_, _, high, low], after) = rest.split_first_chunk::<4>()?;
            rest = after.get(4 * usize::from(u16::from_be_bytes([high, low]))..)?;
        }
        if flags & 0x20 != 0 {
            let padding = usize::from(*rest.last()?);
            let length = rest.len().checked_sub(padding).filter(|_| padding > 0)?;
            rest = rest.get(..length)?;
        }
        let header = Header {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([c0, c1, c2, c3]),
        };
        Some((header, rest))
    }

    /// The octets of the header: no padding, no extension, no CSRC.
    pub fn build(&self) -> [u8; HEADER] {
        let [s0, s1] = self.sequence.to_be_bytes();
        let [t0, t1, t2, t3] = self.timestamp.to_be_bytes();
        let [c0, c1, c2, c3] = self.ssrc.to_be_bytes();
        let kind = self.payload_type & 0x7F | if self.marker { 0x80 } else { 0 };
        [0x80, kind, s0, s1, t0, t1, t2, t3, c0, c1, c2, c3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLAIN: Header =
        Header { marker: true, payload_type: 8, sequence: 65_535, timestamp: 0x0102_0304, ssrc: 0xDEAD_BEEF };

    fn packet(flags: u8, rest: &[u8]) -> Vec<u8> {
        let mut packet = PLAIN.build().to_vec();
        packet[0] = flags;
        packet.extend_from_slice(rest);
        packet
    }

    #[test]
    fn what_is_built_is_parsed() {
        let built = packet(0x80, b"audio");
        assert_eq!(built[..4], [0x80, 0x88, 0xFF, 0xFF]);
        assert_eq!(Header::parse(&built), Some((PLAIN, &b"audio"[..])));
    }

    #[test]
    fn csrc_extension_and_padding_are_not_payload() {
        let csrc_and_extension = packet(0x92, b"CSR1CSR2\xBE\xDE\x00\x01EXT1audio");
        assert_eq!(Header::parse(&csrc_and_extension).unwrap().1, b"audio");
        let padded = packet(0xA0, b"audio\x00\x00\x03");
        assert_eq!(Header::parse(&padded).unwrap().1, b"audio");
    }

    #[test]
    fn lengths_that_do_not_add_up_are_refused() {
        assert_eq!(Header::parse(&[0x80; 11]), None);
        assert_eq!(Header::parse(&packet(0x40, b"audio")), None, "version 1");
        assert_eq!(Header::parse(&packet(0x82, b"CSR1")), None);
        assert_eq!(Header::parse(&packet(0x90, b"\x00\x00\x00\x02EXT1")), None);
        assert_eq!(Header::parse(&packet(0xA0, b"\x00")), None, "padding of none");
        assert_eq!(Header::parse(&packet(0xA0, b"\x03")), None, "more padding than packet");
        assert_eq!(Header::parse(&packet(0xA0, b"")), None);
    }

    proptest! {
        #[test]
        fn no_packet_panics(packet in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Some((_, payload)) = Header::parse(&packet) {
                prop_assert!(payload.len() + HEADER <= packet.len());
            }
        }
    }
}
