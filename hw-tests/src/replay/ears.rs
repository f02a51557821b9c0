//! What a far end says and hears: tones and keys.

use crate::signal::g711;
use crate::signal::level::{Tone as Sine, level, level_at, power};
use demarc_hal::{Block, Companding};
use demarc_model::media::{Tone, TonePart};
use demarc_model::{Country, country};
use std::collections::VecDeque;
use std::time::Duration;

/// Rows and columns of a telephone's keys, in Hz (ITU-T Q.23 §6), and the keys.
const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: &str = "123A456B789C*0#D";
/// A key's level, each frequency, in dBm0.
const KEY_LEVEL: f64 = -9.0;
/// Octets of a key and of the pause after it: 80 ms.
const KEY: usize = 640;
/// What is fainter than this is silence, in dBm0.
const FAINT: f64 = -40.0;
/// How much of what is heard must be the frequencies that are looked for: half, in dB.
const PURE: f64 = 3.0;
/// Octets that are judged together: 80 ms.
const LOOK: usize = 640;
/// Keys, and octets waiting to be said, at most.
const MOST: usize = 64_000;

/// A key's frequencies.
fn pair(key: char) -> Option<(f64, f64)> {
    let place = KEYS.find(key.to_ascii_uppercase())?;
    Some((*LOW.get(place / 4)?, *HIGH.get(place % 4)?))
}

/// A tone by its name in ladders.
pub(crate) fn named(country: Country, name: &str) -> Option<Tone> {
    let plan = country.plan();
    match name {
        "dial" => Some(plan.dial.tone()),
        "busy" => Some(plan.busy.tone()),
        "ringback" => Some(plan.ringback.tone()),
        "congestion" => Some(plan.congestion.tone()),
        "special" => Some(country::special_information()),
        _ => None,
    }
}

/// What is said.
#[derive(Default)]
pub(crate) struct Mouth {
    keys: VecDeque<f64>,
    parts: Vec<TonePart>,
    repeat: bool,
    part: usize,
    /// Samples of the part so far.
    sample: u32,
    sines: Vec<Sine>,
}

impl Mouth {
    pub(crate) fn press(&mut self, key: char) {
        let Some((low, high)) = pair(key).filter(|_| self.keys.len() < MOST) else { return };
        let (mut low, mut high) = (Sine::new(low, KEY_LEVEL), Sine::new(high, KEY_LEVEL));
        self.keys.extend((0..KEY).map(|_| low.sample() + high.sample()));
        self.keys.extend([0.0; KEY]);
    }

    pub(crate) fn play(&mut self, tone: Tone) {
        (self.parts, self.repeat) = (tone.parts, tone.repeat);
        self.begin(0);
    }

    pub(crate) fn hush(&mut self) {
        self.parts.clear();
    }

    fn begin(&mut self, part: usize) {
        (self.part, self.sample) = (part, 0);
        let part = self.parts.get(part);
        let sine = |hz: f32, part: &TonePart| Sine::new(hz.into(), part.level_dbm0.into());
        self.sines = part.map_or_else(Vec::new, |part| {
            [part.f1, part.f2].iter().filter(|hz| **hz > 0.0).map(|hz| sine(*hz, part)).collect()
        });
    }

    fn next(&mut self) -> f64 {
        if let Some(sample) = self.keys.pop_front() {
            return sample;
        }
        let Some(part) = self.parts.get(self.part).copied() else { return 0.0 };
        let length = part.ms.saturating_mul(8);
        if part.ms > 0 && self.sample >= length {
            let last = self.part + 1 >= self.parts.len();
            match (last, self.repeat) {
                (false, _) => self.begin(self.part + 1),
                (true, true) => self.begin(0),
                (true, false) => self.hush(),
            }
        }
        self.sample = self.sample.saturating_add(1);
        match (self.sines.as_mut_slice(), part.modulated) {
            // A product of sines is scaled to the carrier's level.
            ([carrier, by], true) => carrier.sample() * by.sample() / g711::peak(part.level_dbm0.into()),
            (sines, _) => sines.iter_mut().map(Sine::sample).sum(),
        }
    }

    pub(crate) fn fill(&mut self, law: Companding, block: &mut Block) {
        block.fill_with(|| g711::octet(law, self.next()));
    }
}

/// What is heard.
#[derive(Default)]
pub(crate) struct Ear {
    last: VecDeque<u8>,
    key: Option<char>,
    /// Keys that were heard and not asked for.
    pub(crate) keys: String,
}

impl Ear {
    /// Takes a block; true when a key began.
    pub(crate) fn hear(&mut self, law: Companding, block: &Block) -> bool {
        self.last.extend(block);
        while self.last.len() > LOOK {
            self.last.pop_front();
        }
        // Two blocks tell a key; the older of them may hold the end of the one before.
        let newest: Vec<u8> = self.last.iter().rev().take(320).rev().copied().collect();
        let key = key(&g711::samples(law, &newest));
        let began = key.is_some() && key != self.key;
        self.key = key;
        if let Some(key) = key.filter(|_| began && self.keys.len() < MOST) {
            self.keys.push(key);
        }
        began
    }

    /// These frequencies and hardly anything else are heard now; silence when there are none.
    pub(crate) fn hears(&self, law: Companding, pitches: &[f64]) -> bool {
        let octets: Vec<u8> = self.last.iter().copied().collect();
        if octets.len() < LOOK {
            return false;
        }
        let samples = g711::samples(law, &octets);
        if pitches.is_empty() {
            return level(&samples) < FAINT;
        }
        pure(&samples, pitches)
    }
}

fn pure(samples: &[f64], pitches: &[f64]) -> bool {
    let levels: Vec<f64> = pitches.iter().map(|hz| level_at(samples, *hz)).collect();
    let sum: f64 = levels.iter().map(|dbm0| g711::peak(*dbm0).powi(2) / 2.0).sum();
    levels.iter().all(|dbm0| *dbm0 > FAINT) && g711::dbm0(sum) > g711::dbm0(power(samples)) - PURE
}

fn key(samples: &[f64]) -> Option<char> {
    let strongest = |group: &[f64; 4]| {
        let levels = group.iter().map(|hz| level_at(samples, *hz));
        levels.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(place, _)| place)
    };
    let (low, high) = (strongest(&LOW)?, strongest(&HIGH)?);
    let pitches = [*LOW.get(low)?, *HIGH.get(high)?];
    // A window that is only half full of the key does not count as one.
    let loud = pitches.iter().all(|hz| level_at(samples, *hz) > FAINT + 10.0);
    (loud && pure(samples, &pitches)).then(|| KEYS.chars().nth(low * 4 + high)).flatten()
}

/// How long these keys take to be sent at the pace of a slow gateway.
pub(crate) fn dialling(digits: &str) -> Duration {
    Duration::from_millis(400).saturating_mul(u32::try_from(digits.len()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(mouth: &mut Mouth, ear: &mut Ear, blocks: usize) {
        for _ in 0..blocks {
            let mut block = [0; 160];
            mouth.fill(Companding::ALaw, &mut block);
            ear.hear(Companding::ALaw, &block);
        }
    }

    #[test]
    fn every_key_is_heard_once() {
        let (mut mouth, mut ear) = (Mouth::default(), Ear::default());
        KEYS.chars().chain("1177".chars()).for_each(|key| mouth.press(key));
        pass(&mut mouth, &mut ear, 8 * 21);
        assert_eq!(ear.keys, format!("{KEYS}1177"));
    }

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        for country in Country::ALL {
            let (mut mouth, mut ear) = (Mouth::default(), Ear::default());
            let tone = named(country, "dial").unwrap();
            let part = tone.parts[0];
            mouth.play(tone);
            pass(&mut mouth, &mut ear, 4);
            let pitches: Vec<f64> =
                [part.f1, part.f2].iter().filter(|hz| **hz > 0.0).map(|hz| f64::from(*hz)).collect();
            // A modulated tone has no power at either of its frequencies: its rows are not judged.
            assert!(part.modulated || ear.hears(Companding::ALaw, &pitches), "{country:?}");
            assert!(!ear.hears(Companding::ALaw, &[1004.0]) && !ear.hears(Companding::ALaw, &[]));
            assert_eq!(ear.keys, "", "{country:?}");
            mouth.hush();
            pass(&mut mouth, &mut ear, 4);
            assert!(ear.hears(Companding::ALaw, &[]) && !ear.hears(Companding::ALaw, &pitches));
        }
    }

    #[test]
    fn a_cadence_goes_round() {
        let (mut mouth, mut ear) = (Mouth::default(), Ear::default());
        mouth.play(named(Country::GB, "busy").unwrap());
        let mut heard = Vec::new();
        for _ in 0..75 {
            pass(&mut mouth, &mut ear, 1);
            heard.push(ear.hears(Companding::ALaw, &[400.0]));
        }
        let changes = heard.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((3..=4).contains(&changes), "{heard:?}");
    }
}
