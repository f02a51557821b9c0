//! C-message weighting (IEEE Std 743): how loud noise is to an ear at a telephone.

use crate::signal::{RATE, g711};
use std::f64::consts::TAU;

/// Hz and dB of the weighting.
const CURVE: [(f64, f64); 19] = [
    (60.0, -55.7),
    (100.0, -42.5),
    (200.0, -25.1),
    (300.0, -16.3),
    (400.0, -11.2),
    (500.0, -7.7),
    (600.0, -5.0),
    (700.0, -2.8),
    (800.0, -1.3),
    (900.0, -0.3),
    (1000.0, 0.0),
    (1200.0, -0.4),
    (1300.0, -0.7),
    (1500.0, -1.2),
    (1800.0, -1.3),
    (2000.0, -1.1),
    (2500.0, -1.1),
    (3000.0, -2.0),
    (3500.0, -7.6),
];

/// Samples of one spectrum: bins of 31.25 Hz.
const LENGTH: usize = 256;

fn weight(frequency: f64) -> f64 {
    let above = CURVE.iter().position(|(at, _)| *at >= frequency);
    let decibels = match above {
        Some(0) => -60.0,
        None => -25.0,
        Some(index) => {
            let (low, low_db) = CURVE[index - 1];
            let (high, high_db) = CURVE[index];
            low_db + (high_db - low_db) * (frequency - low) / (high - low)
        }
    };
    10_f64.powf(decibels / 10.0)
}

/// Noise in dBrnC0: 0 dBm0 at 1000 Hz is 90.
pub fn noise(samples: &[f64]) -> f64 {
    let (spectra, _) = samples.as_chunks::<LENGTH>();
    let (mut sum, mut count) = (0.0, 0.0);
    for spectrum in spectra {
        sum += weighted(spectrum);
        count += 1.0;
    }
    if count == 0.0 { 0.0 } else { (g711::dbm0(sum / count) + 90.0).max(0.0) }
}

/// Weighted power of a piece, by a plain Fourier sum over a Hann window.
fn weighted(samples: &[f64; LENGTH]) -> f64 {
    let size = 256.0;
    let mean = samples.iter().sum::<f64>() / size;
    let mut total = 0.0;
    let mut bin = 1.0;
    while bin < 128.0 {
        let (mut real, mut imaginary, mut place) = (0.0, 0.0, 0.0);
        for sample in samples {
            let window = 0.5 - 0.5 * (place / size * TAU).cos();
            let angle = bin * place / size * TAU;
            real += (sample - mean) * window * angle.cos();
            imaginary += (sample - mean) * window * angle.sin();
            place += 1.0;
        }
        // Parseval with the window's mean square of 3/8, both halves of the spectrum.
        let power = 2.0 * (real * real + imaginary * imaginary) / (size * size * 0.375);
        total += power * weight(bin * RATE / size);
        bin += 1.0;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::level::Tone;

    fn tone(frequency: f64, dbm0: f64) -> f64 {
        let mut tone = Tone::new(frequency, dbm0);
        noise(&(0..8192).map(|_| tone.sample()).collect::<Vec<_>>())
    }

    #[test]
    fn the_reference_is_90() {
        assert!((tone(1000.0, 0.0) - 90.0).abs() < 0.3, "{}", tone(1000.0, 0.0));
        assert!((tone(1000.0, -70.0) - 20.0).abs() < 0.3);
    }

    #[test]
    fn hum_weighs_little_and_direct_current_nothing() {
        assert!(tone(100.0, -30.0) < 25.0, "{}", tone(100.0, -30.0));
        assert!(noise(&[8.0; 8192]) < 0.1);
        assert!((tone(3000.0, -40.0) - 48.0).abs() < 0.6);
    }
}
