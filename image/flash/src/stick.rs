//! The installer stick: an image that carries itself.
//!
//! The stick holds the system as any disk does, a word in GRUB's environment that makes it an installer, and behind the
//! other partitions one named `install` (FAT) with the compressed image, its block map, and what the site is given.

use crate::gpt::{self, Partition};
use crate::image::Image;
use crate::site::Site;
use fatfs::{FileSystem, FormatVolumeOptions, FsOptions, format_volume};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// The name of the partition with the payload.
pub const PARTITION: &str = "install";
/// The image on it.
pub const IMAGE: &str = "demarc.raw.zst";
/// Its block map.
pub const MAP: &str = "demarc.raw.bmap";
/// The folder with what the site is given, on the stick and on a unit's EFI partition.
pub const SITE: &str = "site";
/// A file that says: install without asking when there is exactly one disk and it is empty.
pub const ZERO_TOUCH: &str = "zero-touch";
/// The word on the kernel's command line that makes a started system an installer.
pub const WORD: &str = "demarc.install";

const GRUBENV: &str = "grubenv";
const GRUBENV_SIZE: usize = 1024;
const GRUBENV_MARK: &str = "# GRUB Environment Block\n";

/// What is put on the stick besides the system.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The compressed image.
    pub image: &'a Path,
    /// Its block map, as text.
    pub map: &'a str,
    /// What the site is given.
    pub site: &'a Site,
    /// Whether to install without asking.
    pub zero_touch: bool,
}

/// How many octets a stick must have for an image of `image_size` octets that is `compressed` long.
pub fn needed(image_size: u64, compressed: u64) -> u64 {
    image_size + payload_room(compressed) + (4 << 20)
}

fn payload_room(compressed: u64) -> u64 {
    // The map, the site, the tables of the file system.
    (compressed + compressed / 50 + (48 << 20)).next_multiple_of(1 << 20)
}

/// Makes an installer of a disk to which the image was written. `size` is that of the disk.
pub fn make(disk: &mut File, size: u64, payload: &Payload<'_>) -> io::Result<()> {
    let compressed = std::fs::metadata(payload.image)?.len();
    let mut table = gpt::read(disk)?.ok_or_else(|| other("the image has no partition table"))?;
    let partition = match table.named(PARTITION) {
        Some(_) => return Err(other("this is an installer already: write the image first")),
        None => table.add_last(PARTITION, gpt::BASIC_DATA, size, payload_room(compressed)),
    };
    let partition = partition.ok_or_else(|| other("the stick is too small"))?;
    // No more of a large stick than is needed is spent on tables of free clusters.
    let room = Partition { length: partition.length.min(4 << 30), ..partition };
    fill(disk, &room, payload)?;
    let efi = efi_of(&table)?;
    edit_environment(disk, &efi, |line| line.map_or(WORD.to_owned(), |words| format!("{words} {WORD}")))?;
    // The machine may have an installed disk with the same image, whose root file system must not be taken for this.
    table.become_another();
    table.write(disk, size)?;
    disk.sync_all()
}

fn fill(disk: &mut File, partition: &Partition, payload: &Payload<'_>) -> io::Result<()> {
    let label = FormatVolumeOptions::new().volume_label(*b"DEMARC-INST");
    format_volume(Slice::of(disk, partition), label)?;
    let volume = FileSystem::new(Slice::of(disk, partition), FsOptions::new())?;
    {
        let root = volume.root_dir();
        let mut copy = root.create_file(IMAGE)?;
        io::copy(&mut File::open(payload.image)?, &mut copy)?;
        root.create_file(MAP)?.write_all(payload.map.as_bytes())?;
        let site = root.create_dir(SITE)?;
        for (name, octets) in &payload.site.files {
            site.create_file(name)?.write_all(octets)?;
        }
        if payload.zero_touch {
            root.create_file(ZERO_TOUCH)?;
        }
    }
    volume.unmount()
}

/// Puts what the site is given on the EFI partition of a disk to which the image was written.
pub fn give_site(disk: &mut File, site: &Site) -> io::Result<()> {
    if site.files.is_empty() {
        return Ok(());
    }
    let table = gpt::read(disk)?.ok_or_else(|| other("the disk has no partition table"))?;
    let efi = efi_of(&table)?;
    let volume = FileSystem::new(Slice::of(disk, &efi), FsOptions::new())?;
    {
        let folder = volume.root_dir().create_dir(SITE)?;
        for (name, octets) in &site.files {
            let mut file = folder.create_file(name)?;
            file.truncate()?;
            file.write_all(octets)?;
        }
    }
    volume.unmount()?;
    disk.sync_all()
}

/// Reads a file of a partition of a disk or image; for what is small.
pub fn read_file(disk: &mut File, partition: &str, path: &str) -> io::Result<Vec<u8>> {
    let table = gpt::read(disk)?.ok_or_else(|| other("the disk has no partition table"))?;
    let partition = table.named(partition).ok_or_else(|| other("there is no such partition"))?;
    let volume = FileSystem::new(Slice::of(disk, &partition), FsOptions::new())?;
    let mut octets = Vec::new();
    volume.root_dir().open_file(path)?.take(64 << 20).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Whether nothing was ever written to a disk: its first MiB is zeros.
pub fn is_empty(disk: &mut File) -> io::Result<bool> {
    let mut octets = Vec::new();
    disk.seek(SeekFrom::Start(0))?;
    Read::by_ref(disk).take(1 << 20).read_to_end(&mut octets)?;
    Ok(octets.iter().all(|octet| *octet == 0))
}

/// Whether the image is whole, by reading all of it: what a stick must know before it is given away.
pub fn check_image(path: &Path, size: u64) -> io::Result<()> {
    let mut image = Image::open(path)?;
    image.skip_to(size)
}

fn efi_of(table: &gpt::Table) -> io::Result<Partition> {
    let found = table.partitions().into_iter().find(|partition| partition.kind == gpt::EFI_SYSTEM);
    found.ok_or_else(|| other("the image has no EFI partition"))
}

/// Changes the line CMDLINE of GRUB's environment.
fn edit_environment(
    disk: &mut File,
    efi: &Partition,
    change: impl Fn(Option<&str>) -> String,
) -> io::Result<()> {
    let volume = FileSystem::new(Slice::of(disk, efi), FsOptions::new())?;
    {
        let mut file = volume.root_dir().open_file(GRUBENV)?;
        let mut text = String::new();
        Read::by_ref(&mut file).take(GRUBENV_SIZE as u64).read_to_string(&mut text)?;
        let text = with_words(&text, change).ok_or_else(|| other("GRUB's environment is damaged or full"))?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())?;
    }
    volume.unmount()
}

/// An environment block with another line CMDLINE, or `None` when it is none or has no room.
fn with_words(text: &str, change: impl Fn(Option<&str>) -> String) -> Option<String> {
    let body = text.strip_prefix(GRUBENV_MARK)?;
    let lines: Vec<&str> = body.lines().filter(|line| line.contains('=') && !line.starts_with('#')).collect();
    let words = lines.iter().find_map(|line| line.strip_prefix("CMDLINE="));
    let mut block = String::from(GRUBENV_MARK);
    for line in lines.iter().filter(|line| !line.starts_with("CMDLINE=")) {
        block.push_str(line);
        block.push('\n');
    }
    block.push_str(&format!("CMDLINE={}\n", change(words)));
    let free = GRUBENV_SIZE.checked_sub(block.len())?;
    block.push_str(&"#".repeat(free));
    Some(block)
}

fn other(text: &str) -> io::Error {
    io::Error::other(text)
}

/// A partition as a thing of its own.
struct Slice<'a> {
    disk: &'a mut File,
    start: u64,
    length: u64,
    at: u64,
}

impl<'a> Slice<'a> {
    fn of(disk: &'a mut File, partition: &Partition) -> Self {
        Self { disk, start: partition.start, length: partition.length, at: 0 }
    }

    fn rest(&self, wanted: usize) -> usize {
        usize::try_from(self.length.saturating_sub(self.at)).unwrap_or(usize::MAX).min(wanted)
    }
}

impl Read for Slice<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = self.rest(buffer.len());
        self.disk.seek(SeekFrom::Start(self.start + self.at))?;
        let got = self.disk.read(buffer.get_mut(..wanted).unwrap_or_default())?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Write for Slice<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let wanted = self.rest(octets.len());
        self.disk.seek(SeekFrom::Start(self.start + self.at))?;
        let put = self.disk.write(octets.get(..wanted).unwrap_or_default())?;
        self.at += put as u64;
        Ok(put)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.flush()
    }
}

impl Seek for Slice<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_added_to_the_environment() {
        let mut block = format!("{GRUBENV_MARK}ORDER=A B\nA_OK=1\n");
        block.push_str(&"#".repeat(GRUBENV_SIZE - block.len()));
        let add = |words: Option<&str>| words.map_or("x".to_owned(), |words| format!("{words} y"));
        let once = with_words(&block, add).unwrap();
        assert_eq!(once.len(), GRUBENV_SIZE);
        assert!(once.starts_with(&format!("{GRUBENV_MARK}ORDER=A B\nA_OK=1\nCMDLINE=x\n#")));
        assert!(with_words(&once, add).unwrap().contains("\nCMDLINE=x y\n#"));
        assert_eq!(with_words("nonsense", add), None);
        assert_eq!(with_words(&block, |_| "z".repeat(1024)), None);
    }
}
