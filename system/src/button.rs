//! The buttons of the unit itself: power, and the one behind a small hole that resets it.
//!
//! The power button ends everything in order and switches off. The reset button (`KEY_RESTART`, as gpio-keys
//! name it) does nothing until it was held for ten seconds, so that nobody resets a unit by leaning on it.

use crate::paths::Paths;
use demarc_model::Instant;
use nix::libc::O_NONBLOCK;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// How long the reset button has to be held.
pub const HOLD: Duration = Duration::from_secs(10);
/// Devices that are listened to at most.
const MOST: usize = 32;
/// Records that are read from a device in one turn.
const BATCH: usize = 64;

/// `EV_KEY`, `KEY_POWER` and `KEY_RESTART` of the kernel's input-event-codes.h.
const EV_KEY: u16 = 0x01;
const KEY_POWER: u16 = 116;
const KEY_RESTART: u16 = 0x198;

/// What somebody in front of the unit wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Switch off.
    PowerOff,
    /// Forget everything.
    FactoryReset,
}

/// Decides what a press means. Sans-IO.
#[derive(Debug, Default)]
pub struct Buttons {
    /// The reset button is down since then.
    held: Option<Instant>,
}

impl Buttons {
    /// A key of a device went down (`value` 1), up (0), or repeats itself (2).
    pub fn key(&mut self, now: Instant, code: u16, value: i32) -> Option<Wish> {
        match (code, value) {
            (KEY_POWER, 1) => Some(Wish::PowerOff),
            (KEY_RESTART, 1) => {
                self.held.get_or_insert(now);
                None
            }
            (KEY_RESTART, 0) => {
                self.held = None;
                None
            }
            _ => None,
        }
    }

    /// Has the reset button been held long enough? Said once for each time that it is held.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Wish> {
        self.held.take_if(|since| now.since(*since) >= HOLD).map(|_| Wish::FactoryReset)
    }
}

/// The kernel's input devices.
#[derive(Debug, Default)]
pub struct Devices {
    open: BTreeMap<PathBuf, File>,
}

impl Devices {
    /// Opens what is new; devices come and go.
    pub fn look(&mut self, paths: &Paths) {
        let Ok(entries) = std::fs::read_dir(&paths.input) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let is_event = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("event"));
            if is_event && self.open.len() < MOST && !self.open.contains_key(&path) {
                let opened = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path);
                if let Ok(file) = opened {
                    self.open.insert(path, file);
                }
            }
        }
    }

    /// The keys that moved since: code and value.
    pub fn keys(&mut self) -> Vec<(u16, i32)> {
        let mut keys = Vec::new();
        self.open.retain(|_, file| {
            for _ in 0..BATCH {
                let mut record = [0; RECORD];
                match file.read(&mut record) {
                    Ok(RECORD) => keys.extend(key(&record)),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                    // It was pulled out.
                    Ok(_) | Err(_) => return false,
                }
            }
            true
        });
        keys
    }
}

/// Octets of `struct input_event` on machines of 64 bits: the time, type, code, value.
const RECORD: usize = 24;

fn key(record: &[u8; RECORD]) -> Option<(u16, i32)> {
    let (_, rest) = record.split_first_chunk::<16>()?;
    let (kind, rest) = rest.split_first_chunk()?;
    let (code, rest) = rest.split_first_chunk()?;
    let (value, _) = rest.split_first_chunk()?;
    let is_key = u16::from_ne_bytes(*kind) == EV_KEY;
    is_key.then(|| (u16::from_ne_bytes(*code), i32::from_ne_bytes(*value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn at(ms: u64) -> Instant {
        Instant::from_start(Duration::from_millis(ms))
    }

    #[test]
    fn the_power_button_is_pressed() {
        let mut buttons = Buttons::default();
        assert_eq!(buttons.key(at(0), KEY_POWER, 1), Some(Wish::PowerOff));
        assert_eq!(buttons.key(at(1), KEY_POWER, 0), None);
        assert_eq!(buttons.key(at(2), 30, 1), None, "somebody types");
    }

    #[test]
    fn the_reset_button_has_to_be_held() {
        let mut buttons = Buttons::default();
        buttons.key(at(0), KEY_RESTART, 1);
        assert_eq!(buttons.handle_timeout(at(9_999)), None);
        buttons.key(at(9_999), KEY_RESTART, 0);
        assert_eq!(buttons.handle_timeout(at(20_000)), None, "it was let go");
        buttons.key(at(20_000), KEY_RESTART, 1);
        buttons.key(at(25_000), KEY_RESTART, 2);
        assert_eq!(buttons.handle_timeout(at(30_000)), Some(Wish::FactoryReset));
        assert_eq!(buttons.handle_timeout(at(40_000)), None, "once");
    }

    #[test]
    fn records_of_the_kernel_are_read() {
        let root = tempfile::tempdir().unwrap();
        let paths = Paths::below(root.path());
        std::fs::create_dir_all(&paths.input).unwrap();
        let device = paths.input.join("event0");
        nix::unistd::mkfifo(&device, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut devices = Devices::default();
        devices.look(&paths);
        let mut kernel = OpenOptions::new().write(true).open(&device).unwrap();
        for (kind, code, value) in [(EV_KEY, KEY_RESTART, 1), (0, 0, 0), (EV_KEY, KEY_POWER, 0)] {
            let mut record = vec![0; 16];
            record.extend(u16::to_ne_bytes(kind));
            record.extend(u16::to_ne_bytes(code));
            record.extend(i32::to_ne_bytes(value));
            kernel.write_all(&record).unwrap();
        }
        assert_eq!(devices.keys(), [(KEY_RESTART, 1), (KEY_POWER, 0)]);
        assert_eq!(devices.keys(), []);
        drop(kernel);
        devices.keys();
        assert!(devices.open.is_empty(), "it is gone");
    }
}
