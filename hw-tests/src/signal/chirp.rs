//! A chirp, and where it comes back.

use crate::signal::{RATE, g711};
use std::f64::consts::PI;

/// Samples of the chirp: 128 ms.
pub const LENGTH: usize = 1024;

/// A sweep from 300 to 3300 Hz with soft ends.
pub fn chirp(dbm0: f64) -> Vec<f64> {
    let (low, high, length) = (300.0, 3300.0, 1024.0);
    let peak = g711::peak(dbm0);
    let mut place = 0.0;
    std::iter::repeat_with(|| {
        let time = place / RATE;
        let phase = 2.0 * PI * (low * time + (high - low) * place * time / (2.0 * length));
        let soft = (place.min(length - 1.0 - place) / 64.0).min(1.0);
        place += 1.0;
        phase.sin() * soft * peak
    })
    .take(LENGTH)
    .collect()
}

/// Where a chirp was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// After so many samples.
    pub at: usize,
    /// Its level relative to what was sent, in dB.
    pub gain_db: f64,
    /// How much of what is there at that place is chirp, 0 to 1.
    pub likeness: f64,
}

/// The strongest copy of `sent` in `heard`; none when nothing there resembles it.
pub fn find(heard: &[f64], sent: &[f64]) -> Option<Found> {
    let energy: f64 = sent.iter().map(|sample| sample * sample).sum();
    if energy <= 0.0 {
        return None;
    }
    let mut best: Option<Found> = None;
    for (at, window) in heard.windows(sent.len()).enumerate() {
        let product: f64 = window.iter().zip(sent).map(|(heard, sent)| heard * sent).sum();
        let power: f64 = window.iter().map(|sample| sample * sample).sum();
        if power <= 0.0 {
            continue;
        }
        let likeness = (product * product / (power * energy)).sqrt();
        let gain = (product / energy).abs();
        if likeness > 0.3 && best.is_none_or(|best| gain > 10_f64.powf(best.gain_db / 20.0)) {
            best = Some(Found { at, gain_db: 20.0 * gain.max(1e-9).log10(), likeness });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::Companding;

    #[test]
    fn an_echo_is_found_to_the_sample_and_the_tenth_of_a_decibel() {
        let sent = chirp(-10.0);
        let mut heard = vec![0.0; 6000];
        for (place, sample) in sent.iter().enumerate() {
            heard[place + 137] += sample * 0.1;
        }
        let octets: Vec<u8> = heard.iter().map(|sample| g711::octet(Companding::ALaw, *sample)).collect();
        let found = find(&g711::samples(Companding::ALaw, &octets), &sent).unwrap();
        assert_eq!(found.at, 137);
        assert!((found.gain_db + 20.0).abs() < 0.1, "{found:?}");
    }

    #[test]
    fn silence_and_noise_have_none() {
        let sent = chirp(-10.0);
        assert_eq!(find(&vec![0.0; 6000], &sent), None);
        let mut state = 1_u32;
        let noise: Vec<f64> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 16) - 32_768.0
        })
        .take(6000)
        .collect();
        assert_eq!(find(&noise, &sent), None);
    }
}
