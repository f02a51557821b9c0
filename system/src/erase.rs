//! Factory reset: secrets are overwritten, and the next boot makes the data partition anew. No slot
//! is touched.

use crate::command;
use crate::paths::Paths;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What early init looks for on the EFI partition.
pub const WISH: &str = "factory-reset";
/// How deep folders are searched for secrets.
const DEPTH: u32 = 4;

/// Asks early init for a factory reset, durably, and overwrites what is secret.
///
/// # Errors
/// In words, when the wish cannot be written: then nothing was erased.
pub fn factory_reset(paths: &Paths) -> Result<(), String> {
    let efi = paths.efi.display().to_string();
    let mounted = crate::files::read(&paths.proc.join("mounts"))
        .is_some_and(|text| text.lines().any(|line| line.split(' ').nth(1) == Some(efi.as_str())));
    if mounted {
        command::run("mount", &["-o", "remount,rw", &efi], "")?;
    }
    let wish = paths.efi.join(WISH);
    let written = File::create(&wish).and_then(|file| file.sync_all());
    nix::unistd::sync();
    if mounted {
        let _ = command::run("mount", &["-o", "remount,ro", &efi], "");
    }
    written.map_err(|error| format!("the reset cannot be asked for: {error}"))?;
    // From here on a power cut only finishes what has begun. Early init discards the whole partition;
    // overwriting first serves disks that do not discard.
    for folder in [paths.demarc(), paths.state("")] {
        for file in files_below(&folder, DEPTH) {
            let _ = overwrite(&file);
        }
    }
    nix::unistd::sync();
    Ok(())
}

/// Overwrites a file in its place and removes it.
///
/// # Errors
/// The disk's.
pub fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = file.metadata()?.len();
    let mut noise = vec![0; 64 * 1024];
    getrandom::fill(&mut noise).map_err(|error| io::Error::other(error.to_string()))?;
    file.seek(SeekFrom::Start(0))?;
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(usize::MAX).min(noise.len());
        file.write_all(noise.get(..part).unwrap_or_default())?;
        left -= part as u64;
    }
    file.sync_all()?;
    std::fs::remove_file(path)
}

fn files_below(folder: &Path, depth: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            Ok(kind) if kind.is_dir() && depth > 0 => found.extend(files_below(&entry.path(), depth - 1)),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn secrets_are_overwritten_in_their_place() {
        let root = tempfile::tempdir().unwrap();
        let paths =
            Paths { data: root.path().join("data"), efi: root.path().join("efi"), ..Paths::default() };
        for folder in [paths.demarc().join("tls"), paths.state("ssh"), paths.efi.clone()] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let secret = b"a secret that nobody may find ".repeat(5000);
        let key = paths.demarc().join("tls/key.pem");
        for file in [&key, &paths.demarc().join("demarc.db"), &paths.state("ssh/host_key")] {
            std::fs::write(file, &secret).unwrap();
        }
        // The file is gone by its name; who still has it open sees what is on the disk.
        let mut open = File::open(&key).unwrap();
        factory_reset(&paths).unwrap();
        assert!(paths.efi.join(WISH).exists());
        assert_eq!(files_below(&paths.data, 5), Vec::<PathBuf>::new());
        let mut left = Vec::new();
        open.read_to_end(&mut left).unwrap();
        assert_eq!(left.len(), secret.len());
        assert!(!left.windows(8).any(|part| part == b"a secret"));
    }

    #[test]
    fn without_the_wish_nothing_is_erased() {
        let root = tempfile::tempdir().unwrap();
        let paths =
            Paths { data: root.path().join("data"), efi: root.path().join("none"), ..Paths::default() };
        std::fs::create_dir_all(paths.demarc()).unwrap();
        std::fs::write(paths.demarc().join("demarc.db"), "x").unwrap();
        assert!(factory_reset(&paths).is_err());
        assert!(paths.demarc().join("demarc.db").exists());
    }
}
