//! Small files that survive a power cut: written beside, synced, renamed, and the folder synced.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The largest file that is read, in octets.
const LARGEST: u64 = 1024 * 1024;

/// Writes a file whole or not at all.
///
/// # Errors
/// The disk's.
pub fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Writes something as JSON, whole or not at all, for root only.
///
/// # Errors
/// The disk's.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    write(path, &serde_json::to_vec(value).map_err(io::Error::other)?, 0o600)
}

/// Reads what [`write_json`] wrote; none when there is nothing, or nothing that can be read.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&read(path)?).ok()
}

/// Reads a small text.
pub fn read(path: &Path) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Removes a file for good; it may be gone already.
///
/// # Errors
/// The disk's.
pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    sync_folder(path)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        assert_eq!(read_json::<Vec<u8>>(&path), None);
        write_json(&path, &vec![1u8, 2]).unwrap();
        write_json(&path, &vec![3u8]).unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path), Some(vec![3]));
        write(&path, b"{ half", 0o600).unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path), None, "what cannot be read is as good as none");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
