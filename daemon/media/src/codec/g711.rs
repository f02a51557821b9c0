//! ITU-T G.711: A-law and mu-law to and from 16-bit linear, and from one to the other.
//!
//! Linear samples are left-justified: an A-law octet has 13 significant bits, a mu-law octet 14.

use demarc_hal::{BLOCK, Block, Companding};

/// 20 ms of linear samples.
pub type Samples = [i16; BLOCK];

/// Peak of a sine of 0 dBm0 (G.711 Table 5: the A-law overload point is +3.14 dBm0). The mu-law
/// scale differs by 0.07 dB.
pub const PEAK_0_DBM0: f32 = 22_827.0;

/// The linear value of an octet.
pub fn decode(law: Companding, octet: u8) -> i16 {
    match law {
        Companding::ALaw => A_TO_LINEAR[octet as usize],
        Companding::MuLaw => MU_TO_LINEAR[octet as usize],
    }
}

/// The octet of a linear value.
pub fn encode(law: Companding, sample: i16) -> u8 {
    match law {
        Companding::ALaw => a_encode(sample),
        Companding::MuLaw => mu_encode(sample),
    }
}

/// Decodes a block.
pub fn decode_block(law: Companding, octets: &Block) -> Samples {
    let table = match law {
        Companding::ALaw => &A_TO_LINEAR,
        Companding::MuLaw => &MU_TO_LINEAR,
    };
    octets.map(|octet| table[octet as usize])
}

/// Encodes a block.
pub fn encode_block(law: Companding, samples: &Samples) -> Block {
    match law {
        Companding::ALaw => samples.map(a_encode),
        Companding::MuLaw => samples.map(mu_encode),
    }
}

/// Rewrites a block from one law to the other; equal laws leave every octet as it is.
pub fn transcode(octets: &mut Block, from: Companding, to: Companding) {
    let table = match (from, to) {
        (Companding::ALaw, Companding::MuLaw) => &A_TO_MU,
        (Companding::MuLaw, Companding::ALaw) => &MU_TO_A,
        _ => return,
    };
    for octet in octets {
        *octet = table[*octet as usize];
    }
}

const fn a_encode(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x00, !sample >> 4) } else { (0x80, sample >> 4) };
    let code = if magnitude < 32 {
        magnitude
    } else {
        let segment = 12 - magnitude.leading_zeros() as i16;
        (segment << 4) | ((magnitude >> (segment - 1)) & 0x0F)
    };
    (code as u8 | sign) ^ 0x55
}

const fn a_decode(octet: u8) -> i16 {
    let code = octet ^ 0x55;
    let segment = (code >> 4) & 7;
    let step = (code & 0x0F) as i16;
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// What mu-law adds to a magnitude so that its segments begin at powers of two.
const MU_BIAS: i16 = 33;

const fn mu_encode(sample: i16) -> u8 {
    let (sign, magnitude) = if sample < 0 { (0x00, !sample >> 2) } else { (0x80, sample >> 2) };
    let biased = magnitude + MU_BIAS;
    let biased = if biased > 0x1FFF { 0x1FFF } else { biased };
    let segment = 10 - biased.leading_zeros() as i16;
    let code = (segment << 4) | ((biased >> (segment + 1)) & 0x0F);
    (!code as u8 & 0x7F) | sign
}

const fn mu_decode(octet: u8) -> i16 {
    let code = !octet;
    let segment = (code >> 4) & 7;
    let step = (code & 0x0F) as i16;
    let magnitude = ((((step << 1) + MU_BIAS) << segment) - MU_BIAS) << 2;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

const A_TO_LINEAR: [i16; 256] = decode_table(Companding::ALaw);
const MU_TO_LINEAR: [i16; 256] = decode_table(Companding::MuLaw);
const A_TO_MU: [u8; 256] = transcode_table(Companding::ALaw);
const MU_TO_A: [u8; 256] = transcode_table(Companding::MuLaw);

const fn decode_table(law: Companding) -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        table[octet] = match law {
            Companding::ALaw => a_decode(octet as u8),
            Companding::MuLaw => mu_decode(octet as u8),
        };
        octet += 1;
    }
    table
}

/// G.711 Tables 3 and 4: the value of the other law that is nearest in dBm0. Zero is zero in both,
/// but 0 dBm0 is not: A-law overloads at 3.14 dBm0 with 4096, mu-law at 3.17 dBm0 with 8159, so that a
/// mu-law value means 0.9925 of the same number in A-law.
const fn transcode_table(from: Companding) -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let (target, to) = match from {
            Companding::ALaw => (a_decode(octet as u8).unsigned_abs() as i32 * 9_925, Companding::MuLaw),
            Companding::MuLaw => (mu_decode(octet as u8).unsigned_abs() as i32 * 10_000, Companding::ALaw),
        };
        let (mut best, mut nearest) = (0, i32::MAX);
        let mut candidate = 0x80; // both laws have their positive values from here on
        while candidate < 256 {
            let distance = match to {
                Companding::ALaw => a_decode(candidate as u8) as i32 * 9_925 - target,
                Companding::MuLaw => mu_decode(candidate as u8) as i32 * 10_000 - target,
            };
            if distance.abs() < nearest {
                (best, nearest) = (candidate as u8, distance.abs());
            }
            candidate += 1;
        }
        let negative = octet & 0x80 == 0;
        table[octet] = if negative { best & 0x7F } else { best };
        octet += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAWS: [Companding; 2] = [Companding::ALaw, Companding::MuLaw];

    /// The positive half of G.711 Tables 1a and 2a: decision values in the law's own scale, where
    /// interval n lies between values n and n+1 and is decoded to its middle.
    fn decision_values(law: Companding) -> Vec<i32> {
        let (mut values, mut at) = (vec![0], 0);
        // (how many intervals, how wide), from zero upwards.
        let segments: &[(u32, i32)] = match law {
            Companding::ALaw => &[(32, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128)],
            Companding::MuLaw => {
                &[(1, 1), (15, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128), (16, 256)]
            }
        };
        for &(count, width) in segments {
            for _ in 0..count {
                at += width;
                values.push(at);
            }
        }
        values
    }

    #[test]
    fn all_inputs_are_encoded_as_the_tables_of_g711_say() {
        for law in LAWS {
            let values = decision_values(law);
            // A-law magnitudes are in steps of 1/4096 (4 bits below), mu-law of 1/8192 (2 bits below).
            let shift = if law == Companding::ALaw { 3 } else { 2 };
            for sample in i16::MIN..=i16::MAX {
                let magnitude = i32::from(if sample < 0 { !sample } else { sample }) >> shift;
                let interval = (values.partition_point(|&v| v <= magnitude) - 1).min(127) as u8;
                let expected = match law {
                    Companding::ALaw => (interval | if sample < 0 { 0 } else { 0x80 }) ^ 0x55,
                    Companding::MuLaw => (!interval & 0x7F) | if sample < 0 { 0 } else { 0x80 },
                };
                assert_eq!(encode(law, sample), expected, "{law:?} {sample}");
            }
        }
    }

    #[test]
    fn an_octet_is_decoded_to_the_middle_of_its_interval() {
        for law in LAWS {
            let values = decision_values(law);
            let shift = if law == Companding::ALaw { 3 } else { 2 };
            for interval in 0..128usize {
                let middle = match (law, interval) {
                    (Companding::MuLaw, 0) => 0,
                    _ => ((values[interval] + values[interval + 1]) << shift) / 2,
                };
                let octet = match law {
                    Companding::ALaw => (interval as u8 | 0x80) ^ 0x55,
                    Companding::MuLaw => !(interval as u8),
                };
                assert_eq!(i32::from(decode(law, octet)), middle, "{law:?} {interval}");
                assert_eq!(i32::from(decode(law, octet ^ 0x80)), -middle, "{law:?} -{interval}");
            }
        }
    }

    #[test]
    fn every_octet_survives_a_round_trip() {
        for law in LAWS {
            for octet in 0..=255u8 {
                let again = encode(law, decode(law, octet));
                let negative_zero = law == Companding::MuLaw && octet == 0x7F;
                assert_eq!(again, if negative_zero { 0xFF } else { octet }, "{law:?}");
            }
        }
    }

    #[test]
    fn equal_laws_are_transparent_and_unequal_ones_follow_the_tables_of_g711() {
        let every: Block = std::array::from_fn(|i| i as u8);
        for law in LAWS {
            let mut block = every;
            transcode(&mut block, law, law);
            assert_eq!(block, every);
        }
        for octet in 0..=255 {
            assert_eq!(A_TO_MU[octet as usize], crate::sys::alaw_to_ulaw(octet), "Table 4: {octet}");
            assert_eq!(MU_TO_A[octet as usize], crate::sys::ulaw_to_alaw(octet), "Table 3: {octet}");
        }
    }

    #[test]
    fn silence_is_the_idle_octet() {
        for law in LAWS {
            assert_eq!(encode(law, 0), law.idle());
        }
    }
}
