//! Hears keys: DTMF reception (ITU-T Q.23, Q.24).
//!
//! Every 5 ms the last 16 ms are compared with the eight frequencies. What counts is not only that two
//! of them hold nearly all the energy, but how far each is off: the phase of a tone from one window to
//! the next tells its frequency to a few hertz, which is what tells keys from speech.

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

/// The windowed waves that a window is compared with.
struct Waves {
    window: [f32; WINDOW],
    /// Cosine and sine of each frequency under the window.
    waves: [[[f32; 2]; WINDOW]; FREQUENCIES.len()],
}

static WAVES: LazyLock<Box<Waves>> = LazyLock::new(|| {
    let window: [f32; WINDOW] =
        std::array::from_fn(|n| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / WINDOW as f32).cos());
    let waves = FREQUENCIES.map(|f| {
        std::array::from_fn(|n| {
            let (sin, cos) = (TAU * f / 8000.0 * n as f32).sin_cos();
            let weight = window.get(n).copied().unwrap_or(0.0);
            [weight * cos, -weight * sin]
        })
    });
    Box::new(Waves { window, waves })
});

/// A tone as a window has it.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    /// Which of the frequencies.
    at: usize,
    phase: f32,
    /// Square of the amplitude.
    power: f32,
}

/// A receiver of keys.
#[derive(Debug)]
pub struct DtmfReceiver {
    samples: [f32; WINDOW],
    filled: usize,
    /// The two tones of the last window.
    last: [Heard; 2],
    candidate: Option<char>,
    hits: u8,
    down: Option<char>,
    misses: u8,
}

impl Default for DtmfReceiver {
    fn default() -> Self {
        LazyLock::force(&WAVES);
        Self {
            samples: [0.0; WINDOW],
            filled: 0,
            last: [Heard::default(); 2],
            candidate: None,
            hits: 0,
            down: None,
            misses: 0,
        }
    }
}

impl DtmfReceiver {
    /// Listens to `samples`; what happened in them, in order.
    pub fn listen(&mut self, samples: &[i16]) -> impl Iterator<Item = KeyEdge> + use<> {
        let mut edges = [None; EDGES];
        let mut free = edges.iter_mut();
        for &sample in samples {
            // The window's tail is filled hop by hop.
            if let Some(slot) = self.samples.get_mut(WINDOW - HOP + self.filled) {
                *slot = f32::from(sample);
            }
            self.filled += 1;
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

    /// The key that sounds in the window, as far as one window tells.
    fn window(&mut self) -> Option<char> {
        let before = self.last;
        self.last = [Heard::default(); 2];
        let waves = &**WAVES;
        let total: f32 = self.samples.iter().zip(&waves.window).map(|(s, w)| (s * w) * (s * w)).sum();
        let quietest = PEAK_0_DBM0 * 10f32.powf(QUIETEST_DBM0 / 20.0);
        // A Hann window of N samples has a sum of N/2, and a sum of squares of 3N/8.
        let scale = WINDOW as f32 / 4.0;
        if total < quietest * quietest * 3.0 * WINDOW as f32 / 8.0 {
            return None;
        }
        let [low, high] = [0usize..4, 4..8].map(|group| {
            let heard = group.map(|at| tone(&self.samples, at, scale));
            heard.max_by(|a, b| a.power.total_cmp(&b.power)).unwrap_or_default()
        });
        self.last = [low, high];
        let twist = 10.0 * (high.power / low.power.max(1e-6)).log10();
        let pure = (low.power + high.power) / 2.0 * (3.0 * WINDOW as f32 / 8.0) > PURE * total;
        let loud = low.power.min(high.power) > quietest * quietest;
        let (up, down) = TWIST_DB;
        let steady = before.iter().zip(&self.last).all(|(before, now)| {
            let ratio = now.power / before.power.max(1e-6);
            before.at == now.at && (STEADY.recip()..STEADY).contains(&ratio) && is_near(before, now)
        });
        if !(pure && loud && steady && (-down..=up).contains(&twist)) {
            return None;
        }
        KEYS.get(low.at)?.get(high.at - 4).copied()
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

/// What lies at a frequency.
fn tone(samples: &[f32; WINDOW], at: usize, scale: f32) -> Heard {
    let Some(waves) = WAVES.waves.get(at) else { return Heard::default() };
    let (re, im) = samples
        .iter()
        .zip(waves)
        .fold((0.0f32, 0.0f32), |(re, im), (s, [cos, sin])| (re + s * cos, im + s * sin));
    Heard { at, phase: im.atan2(re), power: (re * re + im * im) / (scale * scale) }
}

/// Is the frequency near enough to its nominal value? From window to window the phase of a tone
/// advances by its frequency times 5 ms; what is over is its error.
fn is_near(before: &Heard, now: &Heard) -> bool {
    let Some(f) = FREQUENCIES.get(now.at) else { return false };
    let hop = HOP as f32 / 8000.0;
    let advance = now.phase - before.phase - TAU * f * hop;
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
