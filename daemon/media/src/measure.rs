//! Measures audio: level, frequency, and how much of a signal lies at one frequency.

use demarc_hal::Companding;

/// The level of a signal in dBm0; −96 for silence.
#[expect(clippy::approx_constant, reason = "3.14 dBm0 is not pi")]
pub fn level_dbm0(law: Companding, samples: &[i16]) -> f64 {
    // G.711 §5: a sine that just reaches the overload point has this level.
    let (overload, full_scale) = match law {
        Companding::ALaw => (3.14, 32_768.0),
        Companding::MuLaw => (3.17, 32_636.0),
    };
    let mean = energy(samples) / samples.len().max(1) as f64;
    (10.0 * (2.0 * mean / (full_scale * full_scale)).log10() + overload).max(-96.0)
}

/// The frequency of a single tone in Hz, from its zero crossings; 0 when there is none.
pub fn frequency(samples: &[i16]) -> f64 {
    let mut rises = samples.windows(2).enumerate().filter_map(|(i, w)| match *w {
        [a, b] if a < 0 && b >= 0 => {
            Some(i as f64 + f64::from(-i32::from(a)) / f64::from(i32::from(b) - i32::from(a)))
        }
        _ => None,
    });
    let Some(first) = rises.next() else { return 0.0 };
    let (periods, last) = rises.fold((0, first), |(n, _), at| (n + 1, at));
    if periods == 0 { 0.0 } else { f64::from(periods) * 8000.0 / (last - first) }
}

/// The sum of squares.
pub fn energy(samples: &[i16]) -> f64 {
    // In whole numbers, which can be added in any order, several at a time.
    samples.iter().map(|&s| i64::from(i32::from(s) * i32::from(s))).sum::<i64>() as f64
}

/// One bin of a spectrum, computed sample by sample (Goertzel's algorithm).
#[derive(Debug, Clone)]
pub struct Goertzel {
    coefficient: f32,
    last: [f32; 2],
}

impl Goertzel {
    /// The bin at `hz`.
    pub fn new(hz: f32) -> Self {
        Self { coefficient: 2.0 * (std::f32::consts::TAU * hz / 8000.0).cos(), last: [0.0; 2] }
    }

    /// Takes samples in.
    pub fn feed(&mut self, samples: &[i16]) {
        let [mut a, mut b] = self.last;
        for &sample in samples {
            (a, b) = (f32::from(sample) + self.coefficient * a - b, a);
        }
        self.last = [a, b];
    }

    /// The energy of the component at this frequency over the `count` samples taken in, on the scale
    /// of [`energy`]; then begins anew.
    pub fn take(&mut self, count: usize) -> f64 {
        let [a, b] = std::mem::take(&mut self.last).map(f64::from);
        let power = a * a + b * b - f64::from(self.coefficient) * a * b;
        2.0 * power / count.max(1) as f64
    }
}
