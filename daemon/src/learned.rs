//! What lines were seen to do, kept beside the configuration: nobody wrote it, and nobody needs it to
//! understand a revision.

use demarc_model::config::LineId;
use demarc_model::learned::{Known, Learned};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const FILE: &str = "learned.json";

/// What is in the file. Copies know the same; nobody holds it while the disk is written.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<Mutex<Known>>);

impl Memory {
    /// As it is now.
    pub fn known(&self) -> Known {
        self.lock().clone()
    }

    /// Something else is known from now on.
    pub fn replace(&self, known: Known) {
        *self.lock() = known;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file.
#[derive(Debug)]
pub struct LearnedFile {
    data: PathBuf,
    memory: Memory,
}

impl LearnedFile {
    /// Reads it. One that is damaged is begun anew: everything in it can be learnt again.
    pub fn open(data: &Path) -> Self {
        let known = match std::fs::read_to_string(data.join(FILE)) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "{FILE} is damaged: lines are learnt anew");
                Known::default()
            }),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    tracing::warn!(%error, "{FILE} cannot be read: lines are learnt anew");
                }
                Known::default()
            }
        };
        Self { data: data.to_owned(), memory: Memory(Arc::new(Mutex::new(known))) }
    }

    /// What is in it.
    pub fn memory(&self) -> Memory {
        self.memory.clone()
    }

    /// Adds what was learnt; it replaces what was known of its kind.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn learn(&self, line: LineId, what: &Learned) -> std::io::Result<()> {
        self.memory.lock().learn(line, what);
        self.write()
    }

    /// Writes what is known.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn write(&self) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(&self.memory.known())?;
        keep(&self.data, FILE, &text)
    }
}

/// Replaces a file of the data directory: whole or not at all.
///
/// # Errors
/// When the disk does not take it.
pub fn keep(data: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let part = data.join(format!("{name}.part"));
    let mut file = std::fs::File::create(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&part, data.join(name))?;
    std::fs::File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learnt_is_known_at_the_next_start() {
        let data = tempfile::tempdir().unwrap();
        let file = LearnedFile::open(data.path());
        file.learn(LineId(1), &Learned::DialTone { after_ms: 200 }).unwrap();
        file.learn(LineId(1), &Learned::DialTone { after_ms: 300 }).unwrap();
        file.learn(LineId(2), &Learned::HangupLoopBreak).unwrap();
        let known = || LearnedFile::open(data.path()).memory().known();
        assert_eq!(known().of(LineId(1)), [Learned::DialTone { after_ms: 300 }]);
        assert_eq!(known().of(LineId(2)), [Learned::HangupLoopBreak]);
        std::fs::write(data.path().join(FILE), "{").unwrap();
        assert_eq!(known(), Known::default());
    }

    #[test]
    fn what_is_known_of_the_lines_of_another_unit_replaces_it() {
        let data = tempfile::tempdir().unwrap();
        let file = LearnedFile::open(data.path());
        file.learn(LineId(1), &Learned::HangupPolarity).unwrap();
        let mut other = Known::default();
        other.learn(LineId(2), &Learned::SharedPair);
        file.memory().replace(other.clone());
        file.write().unwrap();
        assert_eq!(LearnedFile::open(data.path()).memory().known(), other);
    }
}
