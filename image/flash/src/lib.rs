//! Writing images to disks, as a library: the block map, which disk may be written, the writing and the reading back,
//! and the installer stick. `demarc-flash` is its command. Nothing here uses the network.
#![forbid(unsafe_code)]

pub mod bmap;
pub mod disks;
pub mod gpt;
pub mod image;
pub mod installer;
pub mod map;
pub mod refuse;
pub mod site;
pub mod stick;
pub mod write;

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// SHA-256 as 32 octets.
pub type Digest = [u8; 32];

/// In lower-case hexadecimal digits.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// A size for people: `512 B`, `3.4 MB`, `64.0 GB` (powers of ten, as on the label of a disk).
pub fn size_text(octets: u64) -> String {
    const UNITS: [(&str, u64); 4] =
        [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    match UNITS.iter().find(|(_, unit)| octets >= *unit) {
        Some((name, unit)) => {
            let tenths = octets / (unit / 10);
            format!("{}.{} {name}", tenths / 10, tenths % 10)
        }
        None => format!("{octets} B"),
    }
}

/// Opens a disk, or a file that stands for one, for writing. A disk is opened `alone`: the kernel then refuses one that is
/// mounted or in use, whatever was found out before.
pub fn open_target(path: &Path, alone: bool) -> io::Result<File> {
    let is_disk = path.metadata().is_ok_and(|metadata| metadata.file_type().is_block_device());
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(!is_disk && !path.starts_with("/dev"));
    if is_disk && alone {
        options.custom_flags(nix::fcntl::OFlag::O_EXCL.bits());
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_read_as_on_a_label() {
        assert_eq!(super::size_text(999), "999 B");
        assert_eq!(super::size_text(1_000), "1.0 kB");
        assert_eq!(super::size_text(64_023_257_088), "64.0 GB");
    }
}
