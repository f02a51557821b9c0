//! A USB stick: found, mounted, written to.

use crate::command;
use crate::files;
use crate::paths::Paths;
use std::path::{Path, PathBuf};

/// Mounts the first file system of a removable disk.
///
/// # Errors
/// In words: there is none, or it cannot be mounted.
pub fn mount(paths: &Paths, folder: &Path, writable: bool) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let folder = folder.display().to_string();
    let _ = command::run("umount", &[&folder], "");
    let options = if writable { "rw,nosuid,nodev,noexec" } else { "ro,nosuid,nodev,noexec" };
    let mut fault = "there is no USB stick: put one in".to_owned();
    for device in candidates(&paths.sys) {
        for kind in ["vfat", "exfat", "ext4"] {
            let device = device.display().to_string();
            match command::run("mount", &["-t", kind, "-o", options, &device, &folder], "") {
                Ok(_) => return Ok(()),
                Err(error) => fault = format!("the USB stick cannot be read: {error}"),
            }
        }
    }
    Err(fault)
}

/// Partitions of disks that are removable or on USB, and disks without partitions; never the disk that
/// the system runs from, whatever it is.
fn candidates(sys: &Path) -> Vec<PathBuf> {
    let list = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    };
    let own = files::read(Path::new("/proc/mounts")).unwrap_or_default();
    let mut found = Vec::new();
    for disk in list(&sys.join("block")) {
        let folder = sys.join("block").join(&disk);
        let removable = files::read(&folder.join("removable")).is_some_and(|text| text.trim() == "1");
        let target = std::fs::canonicalize(&folder).unwrap_or_default();
        let usb = target.to_string_lossy().contains("/usb");
        let virtual_disk = target.to_string_lossy().contains("/virtual/");
        let in_use = own.lines().any(|line| line.starts_with(&format!("/dev/{disk}")));
        if !(removable || usb) || virtual_disk || in_use {
            continue;
        }
        let parts: Vec<String> =
            list(&folder).into_iter().filter(|name| folder.join(name).join("partition").exists()).collect();
        let names = if parts.is_empty() { vec![disk] } else { parts };
        found.extend(names.into_iter().map(|name| Path::new("/dev").join(name)));
    }
    found
}

/// Writes the logs into a folder of the stick.
///
/// # Errors
/// In words.
pub fn save_logs(paths: &Paths, name: &str) -> Result<(), String> {
    let folder = paths.runtime("usb");
    mount(paths, &folder, true)?;
    let to = folder.join(name);
    let done = copy(&paths.log(), &to, 2);
    nix::unistd::sync();
    let unmounted = command::run("umount", &[&folder.display().to_string()], "");
    done.map_err(|error| format!("the logs cannot be written: {error}"))?;
    unmounted.map(drop)
}

/// Copies files and folders, so deep and no deeper. Links are passed over.
fn copy(from: &Path, to: &Path, depth: u32) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)?.flatten() {
        let kind = entry.file_type()?;
        let target = to.join(entry.file_name());
        if kind.is_file() {
            std::fs::copy(entry.path(), target)?;
        } else if kind.is_dir() && depth > 0 {
            copy(&entry.path(), &target, depth - 1)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_removable_disks_are_sticks() {
        let sys = tempfile::tempdir().unwrap();
        let disk = |name: &str, removable: &str, parts: &[&str]| {
            let folder = sys.path().join("block").join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("removable"), removable).unwrap();
            for part in parts {
                std::fs::create_dir_all(folder.join(part)).unwrap();
                std::fs::write(folder.join(part).join("partition"), "1").unwrap();
            }
        };
        disk("testdiska", "0\n", &["testdiska1"]);
        disk("testdiskb", "1\n", &["testdiskb1", "testdiskb2"]);
        disk("testdiskc", "1\n", &[]);
        let found = candidates(sys.path());
        let names: Vec<_> = found.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(names, ["/dev/testdiskb1", "/dev/testdiskb2", "/dev/testdiskc"]);
    }

    #[test]
    fn logs_are_copied_with_their_folders() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::fs::create_dir(from.path().join("crashes")).unwrap();
        std::fs::write(from.path().join("messages"), "a").unwrap();
        std::fs::write(from.path().join("crashes/1.txt"), "b").unwrap();
        copy(from.path(), &to.path().join("logs"), 2).unwrap();
        assert_eq!(std::fs::read_to_string(to.path().join("logs/crashes/1.txt")).unwrap(), "b");
    }
}
