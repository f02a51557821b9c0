//! Companded octets and the samples that they mean (ITU-T G.711), scaled to 16 bits.

use demarc_hal::Companding;

/// The peak of the largest sine that either law carries, in samples. It is +3.14 dBm0 in A-law and
/// +3.17 dBm0 in mu-law (G.711 §4); the difference is below what is measured here.
const OVERLOAD: f64 = 32_256.0;
/// The level of that sine, in dBm0.
#[allow(clippy::approx_constant, reason = "decibels, not a circle")]
const OVERLOAD_DBM0: f64 = 3.14;

/// The sample that an octet stands for.
pub fn decode(law: Companding, octet: u8) -> i16 {
    match law {
        Companding::ALaw => a_law(octet ^ 0x55),
        Companding::MuLaw => mu_law(!octet),
    }
}

fn a_law(code: u8) -> i16 {
    let (segment, step) = ((code >> 4) & 7, i16::from(code & 0x0F));
    let level = match segment {
        0 => (step << 4) + 8,
        segment => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 != 0 { level } else { -level }
}

fn mu_law(code: u8) -> i16 {
    let (segment, step) = ((code >> 4) & 7, i32::from(code & 0x0F));
    let level = (((step << 3) + 0x84) << segment) - 0x84;
    let level = i16::try_from(level).unwrap_or(i16::MAX);
    if code & 0x80 != 0 { -level } else { level }
}

/// The octet nearest to a sample.
pub fn encode(law: Companding, sample: i16) -> u8 {
    match law {
        Companding::ALaw => {
            let magnitude = i32::from(sample).unsigned_abs().min(32_767);
            let segment = if magnitude < 256 { 0 } else { magnitude.ilog2() - 7 };
            let step = magnitude >> if segment == 0 { 4 } else { segment + 3 };
            let sign = if sample >= 0 { 0x80 } else { 0 };
            let code = sign | u8::try_from(segment << 4 | (step & 0x0F)).unwrap_or(0x7F);
            code ^ 0x55
        }
        Companding::MuLaw => {
            let magnitude = (i32::from(sample).unsigned_abs() + 0x84).min(32_767);
            let segment = magnitude.ilog2().saturating_sub(7);
            let step = (magnitude >> (segment + 3)) & 0x0F;
            let sign = if sample < 0 { 0x80 } else { 0 };
            !(sign | u8::try_from(segment << 4 | step).unwrap_or(0x7F))
        }
    }
}

/// The peak of a sine of this level, in samples.
pub fn peak(dbm0: f64) -> f64 {
    OVERLOAD * 10_f64.powf((dbm0 - OVERLOAD_DBM0) / 20.0)
}

/// The level of a signal of this mean power, in dBm0.
pub fn dbm0(power: f64) -> f64 {
    let full = OVERLOAD * OVERLOAD / 2.0;
    10.0 * (power / full).max(1e-12).log10() + OVERLOAD_DBM0
}

/// Samples of octets.
pub fn samples(law: Companding, octets: &[u8]) -> Vec<f64> {
    octets.iter().map(|octet| f64::from(decode(law, *octet))).collect()
}

/// The octet of a computed sample.
#[allow(clippy::cast_possible_truncation, reason = "clamped to the range before")]
pub fn octet(law: Companding, sample: f64) -> u8 {
    encode(law, sample.round().clamp(-32_767.0, 32_767.0) as i16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_comes_back() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            for code in 0..=255 {
                let again = encode(law, decode(law, code));
                // Mu-law has two zeros.
                assert!(again == code || decode(law, code) == 0, "{law:?} {code:#04x} became {again:#04x}");
            }
        }
    }

    #[test]
    fn the_milliwatt_of_the_standard_is_0_dbm0() {
        // G.711 tables 5 and 6: the octets of a 1 kHz sine at 0 dBm0.
        let a = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4];
        let mu = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E];
        for (law, octets) in [(Companding::ALaw, a), (Companding::MuLaw, mu)] {
            let samples = samples(law, &octets);
            let power = samples.iter().map(|sample| sample * sample).sum::<f64>() / 8.0;
            assert!(dbm0(power).abs() < 0.15, "{law:?}: {}", dbm0(power));
        }
    }
}
