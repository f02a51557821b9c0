//! What comes in the timeslot of signalling, from its bare octets.

use demarc_hal::SignallingSeen;

/// Octets that are looked at: 64 ms, in which even a slow talker sends flags.
pub const ENOUGH: usize = 512;

/// Looks at octets of a timeslot, in their order.
pub fn look(octets: &[u8]) -> SignallingSeen {
    if has_multiframe(octets) {
        SignallingSeen::Multiframe
    } else if has_flags(octets) {
        SignallingSeen::Flags
    } else {
        SignallingSeen::Nothing
    }
}

/// Channel-associated signalling (G.704 §5.1.3.2.2): one octet in sixteen begins with four zeroes, and
/// no other does.
fn has_multiframe(octets: &[u8]) -> bool {
    const FRAMES: usize = 16;
    let aligned = |octet: &u8| octet >> 4 == 0;
    octets.len() >= 4 * FRAMES
        && (0..FRAMES).any(|first| {
            octets.iter().enumerate().all(|(place, octet)| aligned(octet) == (place % FRAMES == first))
        })
}

/// HDLC (Q.921 §2.2): flags, which between frames follow each other, at any place of the bits. Octets
/// arrive with their first bit as the highest.
fn has_flags(octets: &[u8]) -> bool {
    const FLAG: u8 = 0x7E;
    /// So many in a row are no accident of speech.
    const MANY: u32 = 4;
    let mut bits = octets.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
    let (mut window, mut since, mut run) = (0_u8, 0_u32, 0_u32);
    bits.any(|bit| {
        window = window << 1 | bit;
        since += 1;
        if window == FLAG {
            // Two flags may share a zero.
            run = if since == 7 || since == 8 { run + 1 } else { 1 };
            since = 0;
        }
        run >= MANY
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotated(octet: u8, by: u32) -> Vec<u8> {
        let bits: Vec<u8> = (0..ENOUGH * 8 + 8).map(|bit| octet >> (7 - bit % 8) & 1).collect();
        let bits = &bits[by as usize..];
        bits.as_chunks::<8>()
            .0
            .iter()
            .map(|bits| bits.iter().fold(0, |octet, bit| octet << 1 | bit))
            .collect()
    }

    #[test]
    fn flags_are_seen_at_any_place_of_the_bits() {
        for by in 0..8 {
            assert_eq!(look(&rotated(0x7E, by)), SignallingSeen::Flags, "{by}");
        }
    }

    #[test]
    fn flags_that_share_a_zero_are_flags() {
        let bits: Vec<u8> = std::iter::repeat_n([0, 1, 1, 1, 1, 1, 1], 80).flatten().collect();
        let octets =
            bits.as_chunks::<8>().0.iter().map(|bits| bits.iter().fold(0, |octet, bit| octet << 1 | bit));
        assert_eq!(look(&octets.collect::<Vec<u8>>()), SignallingSeen::Flags);
    }

    #[test]
    fn a_multiframe_is_seen_wherever_it_begins() {
        let frame: Vec<u8> = std::iter::once(0x0B).chain(std::iter::repeat_n(0xD9, 15)).collect();
        for by in 0..16 {
            let octets: Vec<u8> = frame.iter().copied().cycle().skip(by).take(ENOUGH).collect();
            assert_eq!(look(&octets), SignallingSeen::Multiframe, "{by}");
        }
    }

    #[test]
    fn idle_and_speech_are_nothing() {
        for octets in [vec![0xFF; ENOUGH], vec![0xD5; ENOUGH], vec![0; ENOUGH], Vec::new(), vec![0x7E; 2]] {
            assert_eq!(look(&octets), SignallingSeen::Nothing);
        }
        // Octets that do not repeat soon.
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        assert_eq!(look(&noise.take(100_000).collect::<Vec<u8>>()), SignallingSeen::Nothing);
    }
}
