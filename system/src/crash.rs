//! What is kept of a crash: when, how, and the last words. Bounded.

use crate::files;
use std::path::Path;

/// Records that are kept.
const KEEP: usize = 20;

/// Keeps a record of a program that ended by itself.
///
/// # Errors
/// The disk's.
pub fn record(folder: &Path, program: &str, at: &str, exit: &str, log: &[String]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let text = format!("{program} ended by itself at {at}: {exit}\n\n{}\n", log.join("\n"));
    let name = format!("{}-{program}.txt", at.replace(':', ""));
    files::write(&folder.join(name), text.as_bytes(), 0o600)?;
    let mut names: Vec<_> = std::fs::read_dir(folder)?.flatten().map(|entry| entry.path()).collect();
    names.sort();
    for old in names.iter().take(names.len().saturating_sub(KEEP)) {
        std::fs::remove_file(old)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..KEEP + 7 {
            let at = format!("2026-11-21T16:05:{n:02}Z");
            record(folder.path(), "demarcd", &at, "signal 11", &["last words".into()]).unwrap();
        }
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
        names.sort();
        assert_eq!(names.len(), KEEP);
        assert_eq!(names[0], "2026-11-21T160507Z-demarcd.txt");
        let text = files::read(&folder.path().join(&names[0])).unwrap();
        assert!(text.contains("signal 11") && text.contains("last words"));
    }
}
