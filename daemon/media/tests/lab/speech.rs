//! Recorded speech: the announcements of Debian's asterisk-core-sounds packages, which
//! `tools/install-deps test` installs.
#![allow(dead_code)] // each test file uses a part

use super::signal;
use std::path::{Path, PathBuf};

const FOLDER: &str = "/usr/share/asterisk/sounds";
/// Samples in a minute.
const MINUTE: usize = 60 * 8000;

/// So many minutes of speech. What there is, in the order of the names, and then the same again at
/// other speeds and pitches.
pub fn minutes(count: usize) -> Vec<i16> {
    let mut files = Vec::new();
    list(Path::new(FOLDER), &mut files);
    files.sort();
    // Not everything there is spoken.
    let spoken = |file: &&PathBuf| {
        let name = file.file_stem().and_then(|n| n.to_str()).unwrap_or_default();
        !["beep", "silence", "tone", "dtmf"].iter().any(|word| name.contains(word))
            && !file.components().any(|part| part.as_os_str() == "silence")
    };
    let natural: Vec<i16> = files.iter().filter(spoken).flat_map(|file| wav(file)).collect();
    assert!(
        natural.len() > 10 * MINUTE,
        "there are {} s of speech in {FOLDER}: run `tools/install-deps test`",
        natural.len() / 8000
    );
    let mut speech = natural.clone();
    let mut speeds = [0.93, 1.07, 0.87, 1.14, 0.97, 1.03].into_iter().cycle();
    while speech.len() < count * MINUTE {
        speech.extend(signal::faster(&natural, speeds.next().unwrap_or(1.0)));
    }
    speech.truncate(count * MINUTE);
    speech
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "wav") {
            files.push(path);
        }
    }
}

/// The samples of a WAV file of 16 bits and 8000 samples a second; none of any other.
fn wav(path: &Path) -> Vec<i16> {
    let octets = std::fs::read(path).unwrap_or_default();
    let field = |at: usize, n: usize| {
        octets.get(at..at + n).map(|b| b.iter().rev().fold(0usize, |v, b| v << 8 | usize::from(*b)))
    };
    if octets.get(..4) != Some(b"RIFF") || field(22, 2) != Some(1) || field(24, 4) != Some(8000) {
        return Vec::new();
    }
    let Some(at) = octets.windows(4).position(|four| four == b"data") else { return Vec::new() };
    let data = octets.get(at + 8..).unwrap_or_default();
    data.chunks_exact(2).map(|two| i16::from_le_bytes([two[0], two[1]])).collect()
}
