//! Hears keys: DTMF reception (ITU-T Q.23, Q.24).
//!
//! Every 5 ms the last 16 ms are compared with the eight frequencies. What counts is not only that two
//! of them hold nearly all the energy, but how far each is off: the phase of a tone from one window to
//! the next tells its frequency to a few hertz, which is what tells keys from speech.
//!
//! Nearly all that is heard is no key. What can be told from the four lower frequencies alone is not looked at
//! any further, and the window before is looked at only when this one may be a key.

use crate::codec::g711::PEAK_0_DBM0;
use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

/// A key went down or came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyEdge {
    /// `0`–`9`, `*`, `#`, `A`–`D` is heard.
    Down(char),
    /// It is heard no more.
    Up,
}

/// Samples of a window: 16 ms.
const WINDOW: usize = 128;
/// Samples from window to window: 5 ms.
const HOP: usize = 40;
/// The four lower and the four higher frequencies, in Hz (Q.23).
const FREQUENCIES: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// Each tone is at least this loud, in dBm0. Q.24 wants −29 to be heard; caller identity comes weaker.
const QUIETEST_DBM0: f32 = -38.0;
/// The higher tone may be this much stronger, and this much weaker, in dB (Q.24: +4 and −8, Australia ±10).
const TWIST_DB: (f32, f32) = (7.0, 10.5);
/// How far a frequency may be off (Q.24: 1.5 % must be heard, NTT 1.8 %; 3 % or 3.5 % must not).
const OFF: f32 = 0.023;
/// How much of the energy must lie in the two tones.
const PURE: f32 = 0.85;
/// How much the tones may change from window to window, as a ratio of powers.
const STEADY: f32 = 2.5;
/// Windows in a row that make a key, each with one before it that has the same tones: 28 to 36 ms of tone or
/// more. Q.24: 40 ms must be heard, 20 to 24 must not.
const HITS: u8 = 4;
/// Windows in a row without it that end it: more than a break of 10 ms makes, fewer than a pause of 40.
const MISSES: u8 = 6;
/// Edges that a block may bring: one for each window of it.
const EDGES: usize = 8;

/// How many numbers are added side by side: with four in a register of every processor, few instructions.
const LANES: usize = 8;
/// Frequencies of a group.
const GROUP: usize = 4;
/// The sum of the squares of a Hann window; its sum is N/2.
const HANN: f32 = 3.0 * WINDOW as f32 / 8.0;
/// Amplitude of the sum that a sine of amplitude 1 gives under the window.
const SCALE: f32 = WINDOW as f32 / 4.0;

/// The windowed waves that a window is compared with.
struct Waves {
    window: [f32; WINDOW],
    /// Of the lower frequencies and of the higher ones: for each sample their cosines under the window,
    /// and their sines.
    groups: [[Wave; WINDOW]; 2],
    /// Square of the amplitude of the quietest tone.
    quietest: f32,
    /// The least that the lower tone's power is of the energy, within the twist and the purity of a key.
    least: f32,
}

/// Cosines, or sums over them, and sines.
type Wave = [[f32; GROUP]; 2];

static WAVES: LazyLock<Box<Waves>> = LazyLock::new(|| {
    let window: [f32; WINDOW] =
        std::array::from_fn(|n| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos());
    let [l0, l1, l2, l3, h0, h1, h2, h3] = FREQUENCIES;
    let groups = [[l0, l1, l2, l3], [h0, h1, h2, h3]].map(|group| {
        std::array::from_fn(|n| {
            let weight = window.get(n).copied().unwrap_or(0.0);
            let angles = group.map(|f| TAU * f / 8000.0 * n as f32);
            [angles.map(|angle| weight * angle.cos()), angles.map(|angle| -weight * angle.sin())]
        })
    });
    let quietest = (PEAK_0_DBM0 * 10f32.powf(QUIETEST_DBM0 / 20.0)).powi(2);
    // A thousandth less, so that rounding decides nothing.
    let least = 0.999 * PURE / (1.0 + 10f32.powf(TWIST_DB.0 / 10.0)) / (HANN / 2.0);
    Box::new(Waves { window, groups, quietest, least })
});

/// A tone as a window has it.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    /// Which of the frequencies.
    at: usize,
    /// Of its phase.
    re: f32,
    im: f32,
    /// Square of the amplitude.
    power: f32,
}

/// A receiver of keys.
#[derive(Debug)]
pub struct DtmfReceiver {
    /// The last window and the hop before it, which begins the window before.
    samples: [f32; HOP + WINDOW],
    filled: usize,
    candidate: Option<char>,
    hits: u8,
    down: Option<char>,
    misses: u8,
}

impl Default for DtmfReceiver {
    fn default() -> Self {
        LazyLock::force(&WAVES);
        Self { samples: [0.0; HOP + WINDOW], filled: 0, candidate: None, hits: 0, down: None, misses: 0 }
    }
}

impl DtmfReceiver {
    /// Listens to `samples`; what happened in them, in order.
    pub fn listen(&mut self, samples: &[i16]) -> impl Iterator<Item = KeyEdge> + use<> {
        let mut edges = [None; EDGES];
        let mut free = edges.iter_mut();
        let mut rest = samples;
        while !rest.is_empty() {
            // The window's tail is filled hop by hop.
            let (now, later) = rest.split_at(rest.len().min(HOP - self.filled));
            rest = later;
            let tail = self.samples.iter_mut().skip(WINDOW + self.filled);
            tail.zip(now).for_each(|(slot, &sample)| *slot = f32::from(sample));
            self.filled += now.len();
            if self.filled == HOP {
                self.filled = 0;
                let key = self.window();
                self.samples.copy_within(HOP.., 0);
                for edge in self.judge(key).into_iter().flatten() {
                    if let Some(slot) = free.next() {
                        *slot = Some(edge);
                    }
                }
            }
        }
        edges.into_iter().flatten()
    }

    /// The key that sounds in the window, as far as one window and the one before tell.
    fn window(&self) -> Option<char> {
        let waves = &**WAVES;
        let window = self.samples.last_chunk()?;
        let total = loud(window, waves)?;
        let low = strongest(window, waves, 0);
        if low.power < waves.least * total {
            return None;
        }
        let high = strongest(window, waves, 1);
        let twist = 10.0 * (high.power / low.power.max(1e-6)).log10();
        let pure = (low.power + high.power) / 2.0 * HANN > PURE * total;
        let (up, down) = TWIST_DB;
        if !(pure && low.power.min(high.power) > waves.quietest && (-down..=up).contains(&twist)) {
            return None;
        }
        let before = self.samples.first_chunk()?;
        loud(before, waves)?;
        let steady = [low, high].iter().enumerate().all(|(group, now)| {
            let before = strongest(before, waves, group);
            let ratio = now.power / before.power.max(1e-6);
            before.at == now.at && (STEADY.recip()..STEADY).contains(&ratio) && is_near(&before, now)
        });
        KEYS.get(low.at)?.get(high.at - GROUP).copied().filter(|_| steady)
    }

    /// What windows say together.
    fn judge(&mut self, key: Option<char>) -> [Option<KeyEdge>; 2] {
        self.hits = if key.is_some() && key == self.candidate { self.hits.saturating_add(1) } else { 1 };
        self.candidate = key;
        self.misses = if self.down.is_some() && key != self.down { self.misses.saturating_add(1) } else { 0 };
        let new = key.filter(|_| self.hits >= HITS && key != self.down);
        let ended = self.down.is_some() && (self.misses >= MISSES || new.is_some());
        if ended {
            self.down = None;
            self.misses = 0;
        }
        if new.is_some() {
            self.down = new;
        }
        [ended.then_some(KeyEdge::Up), new.map(KeyEdge::Down)]
    }
}

/// The energy under the window, when it is loud enough for a key.
fn loud(samples: &[f32; WINDOW], waves: &Waves) -> Option<f32> {
    let mut sums = [0.0f32; LANES];
    for (samples, weights) in samples.chunks_exact(LANES).zip(waves.window.chunks_exact(LANES)) {
        for (sum, (sample, weight)) in sums.iter_mut().zip(samples.iter().zip(weights)) {
            let weighted = sample * weight;
            *sum += weighted * weighted;
        }
    }
    let total = sums.iter().sum();
    (total >= waves.quietest * HANN).then_some(total)
}

/// The strongest tone of the lower frequencies (group 0) or the higher ones (1), in one pass over the samples.
fn strongest(samples: &[f32; WINDOW], waves: &Waves, group: usize) -> Heard {
    let Some(waves) = waves.groups.get(group) else { return Heard::default() };
    let [mut re, mut im] = Wave::default();
    for (sample, [cos, sin]) in samples.iter().zip(waves) {
        re.iter_mut().zip(cos).for_each(|(sum, cos)| *sum += sample * cos);
        im.iter_mut().zip(sin).for_each(|(sum, sin)| *sum += sample * sin);
    }
    let tones = re.iter().zip(&im).enumerate().map(|(at, (re, im))| Heard {
        at: group * GROUP + at,
        re: *re,
        im: *im,
        power: (re * re + im * im) / (SCALE * SCALE),
    });
    tones.max_by(|a, b| a.power.total_cmp(&b.power)).unwrap_or_default()
}

/// Is the frequency near enough to its nominal value? From window to window the phase of a tone
/// advances by its frequency times 5 ms; what is over is its error.
fn is_near(before: &Heard, now: &Heard) -> bool {
    let Some(f) = FREQUENCIES.get(now.at) else { return false };
    let hop = HOP as f32 / 8000.0;
    let phase = |heard: &Heard| heard.im.atan2(heard.re);
    let advance = phase(now) - phase(before) - TAU * f * hop;
    let over = advance - TAU * ((advance + PI) / TAU).floor();
    (over / (TAU * hop)).abs() <= f * OFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::ToneGenerator;

    /// What is heard of a key in pieces of so many ms: sounding, silent, sounding …
    fn pieces(ms: &[usize]) -> Vec<KeyEdge> {
        let mut samples = vec![0; 400];
        let mut generator = ToneGenerator::default();
        for (i, ms) in ms.iter().enumerate() {
            let at = samples.len();
            samples.resize(at + ms * 8, 0);
            if i % 2 == 0 {
                generator.fill_pair((770.0, -9.0), (1336.0, -7.0), &mut samples[at..]);
            }
        }
        samples.resize(samples.len() + 800, 0);
        let mut receiver = DtmfReceiver::default();
        samples.chunks(160).flat_map(|block| receiver.listen(block).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn a_break_of_10_ms_is_within_a_key_and_a_pause_of_40_ms_ends_it() {
        let one = [KeyEdge::Down('5'), KeyEdge::Up];
        assert_eq!(pieces(&[60, 10, 60]), one);
        assert_eq!(pieces(&[60, 40, 60]), one.repeat(2));
    }

    #[test]
    fn a_key_begins_and_ends_wherever_blocks_do() {
        for ms in 40..200 {
            assert_eq!(pieces(&[ms]), [KeyEdge::Down('5'), KeyEdge::Up], "{ms} ms");
        }
        for ms in 1..=23 {
            assert_eq!(pieces(&[ms]), [], "{ms} ms");
        }
    }

    #[test]
    fn one_key_after_the_other_without_a_pause_is_two_keys() {
        let mut samples = [0; 1600];
        let mut generator = ToneGenerator::default();
        generator.fill_pair((770.0, -9.0), (1336.0, -7.0), &mut samples[..800]);
        generator.fill_pair((697.0, -9.0), (1336.0, -7.0), &mut samples[800..]);
        let heard: Vec<_> = DtmfReceiver::default().listen(&samples).collect();
        assert_eq!(heard, [KeyEdge::Down('5'), KeyEdge::Up, KeyEdge::Down('2')]);
    }
}
