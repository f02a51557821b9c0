//! What lines were seen to do, kept beside the configuration: nobody wrote it, and nobody needs it to
//! understand a revision.

use demarc_model::config::LineId;
use demarc_model::learned::Learned;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "learned.json";

/// The file.
#[derive(Debug)]
pub struct LearnedFile {
    data: PathBuf,
    lines: BTreeMap<LineId, Vec<Learned>>,
}

impl LearnedFile {
    /// Reads it. One that is damaged is begun anew: everything in it can be learnt again.
    pub fn open(data: &Path) -> Self {
        let lines = match std::fs::read_to_string(data.join(FILE)) {
            Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| {
                tracing::warn!(%error, "{FILE} is damaged: lines are learnt anew");
                BTreeMap::new()
            }),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    tracing::warn!(%error, "{FILE} cannot be read: lines are learnt anew");
                }
                BTreeMap::new()
            }
        };
        Self { data: data.to_owned(), lines }
    }

    /// Everything in it.
    pub fn all(&self) -> impl Iterator<Item = (LineId, &Learned)> {
        self.lines.iter().flat_map(|(line, known)| known.iter().map(|what| (*line, what)))
    }

    /// Adds what was learnt; it replaces what was known of its kind.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn learn(&mut self, line: LineId, what: &Learned) -> std::io::Result<()> {
        let known = self.lines.entry(line).or_default();
        let kind = std::mem::discriminant(what);
        known.retain(|other| {
            let lost = matches!((what, other), (Learned::CallerIdLost, Learned::CallerId { .. }));
            std::mem::discriminant(other) != kind && !lost
        });
        known.push(what.clone());
        let text = serde_json::to_string_pretty(&self.lines)?;
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
        let mut file = LearnedFile::open(data.path());
        file.learn(LineId(1), &Learned::DialTone { after_ms: 200 }).unwrap();
        file.learn(LineId(1), &Learned::DialTone { after_ms: 300 }).unwrap();
        file.learn(LineId(2), &Learned::HangupLoopBreak).unwrap();
        let again = LearnedFile::open(data.path());
        let all: Vec<_> = again.all().collect();
        assert_eq!(
            all,
            [(LineId(1), &Learned::DialTone { after_ms: 300 }), (LineId(2), &Learned::HangupLoopBreak)]
        );
        std::fs::write(data.path().join(FILE), "{").unwrap();
        assert_eq!(LearnedFile::open(data.path()).all().count(), 0);
    }
}
