//! Keys as the world sends them, and what is taken for keys that is none.
#![allow(dead_code)] // each test file uses a part

use super::{Lab, Line, signal, stream};
use demarc_hal::Companding;
use demarc_media::tone::ToneGenerator;
use demarc_model::media::{Detect, MediaEvent};

const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];

/// A way in which keys may be sent.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    pub name: &'static str,
    /// Levels of the lower and the higher tone, in dBm0.
    pub levels: (f32, f32),
    /// Error of the frequencies.
    pub error: f32,
    /// How long keys and pauses are, in ms.
    pub on_ms: usize,
    pub off_ms: usize,
    /// White noise, in dBm0.
    pub noise: f64,
    /// Must they be heard, must they not, or either?
    pub heard: bool,
}

const USUAL: Way = Way {
    name: "as a telephone sends them",
    levels: (-9.0, -7.0),
    error: 1.0,
    on_ms: 70,
    off_ms: 70,
    noise: -60.0,
    heard: true,
};

/// What Q.24 Table A-1 asks of administrations' receivers, and a telephone's own.
pub const WAYS: [Way; 17] = [
    USUAL,
    Way { name: "loud, −3 dBm0 each", levels: (-3.0, -3.0), ..USUAL },
    Way { name: "quiet, −25 dBm0 each", levels: (-25.0, -25.0), ..USUAL },
    Way { name: "quiet, −29 dBm0 each", levels: (-29.0, -29.0), ..USUAL },
    Way { name: "twist +4 dB", levels: (-14.0, -10.0), ..USUAL },
    Way { name: "twist −8 dB", levels: (-10.0, -18.0), ..USUAL },
    Way { name: "frequency +1.5 %", error: 1.015, ..USUAL },
    Way { name: "frequency −1.5 %", error: 0.985, ..USUAL },
    Way { name: "keys and pauses of 40 ms", on_ms: 40, off_ms: 40, ..USUAL },
    Way { name: "keys and pauses of 50 ms", on_ms: 50, off_ms: 50, ..USUAL },
    Way { name: "keys and pauses of 100 ms", on_ms: 100, off_ms: 100, ..USUAL },
    Way { name: "noise 15 dB below", levels: (-20.0, -20.0), noise: -32.0, ..USUAL },
    Way {
        name: "50 ms, −25 dBm0, +1.5 %",
        levels: (-25.0, -25.0),
        error: 1.015,
        on_ms: 50,
        off_ms: 50,
        ..USUAL
    },
    Way {
        name: "50 ms, twist −6 dB, −1.5 %",
        levels: (-10.0, -16.0),
        error: 0.985,
        on_ms: 50,
        off_ms: 50,
        ..USUAL
    },
    Way { name: "too short, 20 ms", on_ms: 20, off_ms: 80, heard: false, ..USUAL },
    Way { name: "off by 3.5 %", error: 1.035, heard: false, ..USUAL },
    Way { name: "too quiet, −45 dBm0 each", levels: (-45.0, -45.0), noise: -70.0, heard: false, ..USUAL },
];

/// 200 keys in their order, every one of the sixteen.
fn order() -> impl Iterator<Item = (usize, usize)> {
    (0..200usize).map(|n| ((n * 7 + n / 16) % 4, (n / 4 + n * 3) % 4))
}

/// Sends 200 keys in a way; how many were heard, and how many that were not sent.
pub fn heard(way: &Way, law: Companding) -> (usize, usize) {
    let mut samples = vec![0; 800];
    let mut generator = ToneGenerator::default();
    let mut sent = String::new();
    for (row, column) in order() {
        sent.push(KEYS[row].as_bytes()[column].into());
        let at = samples.len();
        samples.resize(at + way.on_ms * 8, 0);
        let (low, high) =
            ((ROWS[row] * way.error, way.levels.0), (COLUMNS[column] * way.error, way.levels.1));
        generator.fill_pair(low, high, &mut samples[at..]);
        samples.resize(samples.len() + way.off_ms * 8, 0);
    }
    samples.resize(samples.len() + 1600, 0);
    signal::Noise::new(11).add(&mut samples, way.noise);
    let heard = listen(law, &samples);
    let mut rest = heard.chars();
    // Keys heard in their order: what lies between two of them was not sent.
    let right = sent.chars().filter(|key| rest.clone().next() == Some(*key) && rest.next().is_some()).count();
    (right, heard.len() - right)
}

/// The figures of every way.
pub fn q24() -> Vec<String> {
    let figure = |way: &Way| {
        let [a, mu] = [Companding::ALaw, Companding::MuLaw].map(|law| heard(way, law));
        let wanted = if way.heard { "all are wanted" } else { "none is wanted" };
        format!(
            "{:<30} A-law {:>3} of 200, mu-law {:>3} of 200, wrong {} ({wanted})",
            way.name,
            a.0,
            mu.0,
            a.1 + mu.1
        )
    };
    WAYS.iter().map(figure).collect()
}

/// The keys that are heard in speech.
pub fn talk_off(speech: &[i16], gain_db: f64) -> String {
    let mut speech = speech.to_vec();
    signal::louder(&mut speech, gain_db);
    listen(Companding::ALaw, &speech)
}

fn listen(law: Companding, samples: &[i16]) -> String {
    let line = Line::new(law);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.detect(stream(1), Detect { dtmf: true, ..Detect::NONE });
    let mut keys = String::new();
    for block in signal::blocks(law, samples) {
        line.say(block);
        lab.tick();
        line.heard();
        keys.extend(lab.events.drain(..).filter_map(|event| match event {
            MediaEvent::Digit { digit, .. } => Some(digit),
            _ => None,
        }));
    }
    keys
}
