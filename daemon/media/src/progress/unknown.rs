//! What sounds, when it is no tone of the country: one or two pitches between 300 and 700 Hz, as
//! exchanges and private branch exchanges all over the world have them, again and again at one pace.

use super::WINDOW;
use crate::measure::Goertzel;
use demarc_model::media::HangupTone;

/// Runs that must be equal: six bursts and the pauses between them.
pub const RUNS: usize = 11;

/// The lowest bin, and the distance from bin to bin: the windows' own resolution.
const LOWEST_HZ: f32 = 287.5;
const BIN_HZ: f32 = 12.5;
const BINS: usize = 35;
/// How much of the energy must lie in the pitches that were found.
const PURE: f64 = 0.8;
/// A second pitch has this much of it at least.
const SECOND: f64 = 0.15;
/// Bins between two pitches at least.
const APART: usize = 3;
/// How far a pitch may wander, in Hz.
const WANDERS: f32 = 10.0;
/// How long a burst and a pause may be, in milliseconds.
const LENGTHS: std::ops::RangeInclusive<u32> = 120..=1000;

/// The pitches of a window; 0 = none.
pub type Pitches = (f32, f32);

/// What a run was: nothing yet, always the same pitches, or anything else.
#[derive(Debug, Clone, Copy, Default)]
pub enum Heard {
    /// No window yet.
    #[default]
    Nothing,
    /// Always the same.
    Tone(Pitches),
    /// No tone.
    Noise,
}

impl Heard {
    /// One more window; `before` is how many there were.
    pub fn window(&mut self, pitches: Option<Pitches>, before: u32) {
        *self = match (*self, pitches) {
            (_, None) | (Heard::Noise, _) => Heard::Noise,
            (Heard::Nothing, Some(new)) if before == 0 => Heard::Tone(new),
            (Heard::Tone(old), Some(new)) if same(old, new) => Heard::Tone(old),
            _ => Heard::Noise,
        };
    }
}

/// The spectrum of a window.
#[derive(Debug)]
pub struct Spectrum {
    bins: [Goertzel; BINS],
}

impl Default for Spectrum {
    fn default() -> Self {
        Self { bins: std::array::from_fn(|i| Goertzel::new(LOWEST_HZ + BIN_HZ * i as f32)) }
    }
}

impl Spectrum {
    /// Takes samples of the window in.
    pub fn feed(&mut self, samples: &[i16]) {
        self.bins.iter_mut().for_each(|bin| bin.feed(samples));
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.bins.iter_mut().for_each(|bin| _ = bin.take(1));
    }

    /// The pitches of the window, whose energy is `energy`; none when it was no tone. Begins anew.
    pub fn take(&mut self, energy: f64) -> Option<Pitches> {
        let mut parts = self.bins.each_mut().map(|bin| bin.take(WINDOW) / energy.max(1.0));
        let (f1, first) = peak(&mut parts)?;
        let (f2, second) = peak(&mut parts).unwrap_or((0.0, 0.0));
        match second >= SECOND && (f1 - f2).abs() >= BIN_HZ * APART as f32 {
            true if first + second > PURE => Some((f1.min(f2), f1.max(f2))),
            false if first > PURE => Some((f1, 0.0)),
            _ => None,
        }
    }
}

/// The strongest pitch, and its share with what leaked into the bins beside it; takes it out.
fn peak(parts: &mut [f64; BINS]) -> Option<(f32, f64)> {
    let at = (1..BINS - 1).max_by(|a, b| {
        let [a, b] = [a, b].map(|i| parts.get(*i).copied().unwrap_or(0.0));
        a.total_cmp(&b)
    })?;
    let around = parts.get_mut(at - 1..=at + 1)?;
    let share: f64 = around.iter().sum();
    let weighted: f64 = around.iter().zip(-1i8..=1).map(|(part, off)| part * f64::from(off)).sum();
    let off = (weighted / share.max(1e-9)) as f32;
    around.fill(0.0);
    Some((LOWEST_HZ + BIN_HZ * (at as f32 + off), share))
}

fn same(a: Pitches, b: Pitches) -> bool {
    (a.0 - b.0).abs() <= WANDERS && (a.1 - b.1).abs() <= WANDERS
}

/// The tone that the newest runs are, newest first, when they are the periods of one.
pub fn regular(runs: &[(bool, u32, Heard); RUNS]) -> Option<HangupTone> {
    let Heard::Tone(pitches) = runs.first()?.2 else { return None };
    let tone = |sounds: bool| {
        let of_kind = runs.iter().filter(move |run| run.0 == sounds);
        let (count, sum) = of_kind.clone().fold((0, 0), |(n, sum), run| (n + 1, sum + run.1));
        let mean = sum / count.max(1);
        let near = |ms: u32| ms.abs_diff(mean) <= 20.max(mean / 10);
        let pitch = |heard: Heard| !sounds || matches!(heard, Heard::Tone(other) if same(pitches, other));
        let regular = count as usize == (RUNS + usize::from(sounds)) / 2 && LENGTHS.contains(&mean);
        (regular && of_kind.clone().all(|run| near(run.1) && pitch(run.2))).then_some(mean)
    };
    let round = |hz: f32| hz.round() as u16;
    let ms = |mean: u32| u16::try_from(mean).ok();
    Some(HangupTone {
        f1: round(pitches.0),
        f2: round(pitches.1),
        on_ms: ms(tone(true)?)?,
        off_ms: ms(tone(false)?)?,
    })
}
