//! A small image like ours, and disks to write it to.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_flash::bmap::BlockMap;
use demarc_flash::gpt::{self, Table};
use demarc_flash::map;
use fatfs::{FileSystem, FormatVolumeOptions, FsOptions, format_volume};
use std::fs::{self, File, OpenOptions};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

pub const MIB: u64 = 1 << 20;
const SIZE: u64 = 40 * MIB;
const LINUX: [u8; 16] =
    gpt::guid(0x0FC6_3DAF, 0x8483, 0x4772, [0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4]);

/// 40 MiB: an EFI partition with GRUB's environment, one with noise and holes, and an empty one.
pub struct Sample {
    pub folder: tempfile::TempDir,
    pub raw: PathBuf,
    pub compressed: PathBuf,
    pub octets: Vec<u8>,
    pub map: BlockMap,
}

pub fn table(size: u64) -> Table {
    let mut table = Table::new([7; 16]);
    table.add("EFI", gpt::EFI_SYSTEM, size, 0, 8 * MIB).unwrap();
    table.add("rootfs-a", LINUX, size, 0, 23 * MIB).unwrap();
    table.add("data", LINUX, size, 0, 4 * MIB).unwrap();
    table
}

impl Sample {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut disk = Cursor::new(vec![0u8; SIZE as usize]);
        let table = table(SIZE);
        table.write(&mut disk, SIZE).unwrap();
        let mut octets = disk.into_inner();
        let efi = table.named("EFI").unwrap();
        octets[efi.start as usize..][..efi.length as usize].copy_from_slice(&efi_system(efi.length));
        let root = table.named("rootfs-a").unwrap();
        // Noise that any generator gives: x → 6364136223846793005x + 1442695040888963407, upper octet.
        let mut state = 1u64;
        for (index, octet) in octets[root.start as usize..][..root.length as usize].iter_mut().enumerate() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // 300 kB of noise in each MiB, so that ranges begin and end within blocks.
            if index % MIB as usize <= 300_000 {
                *octet = (state >> 56) as u8;
            }
        }
        let raw = folder.path().join("demarc.raw");
        fs::write(&raw, &octets).unwrap();
        let compressed = folder.path().join("demarc.raw.zst");
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        fs::write(&compressed, ruzstd::encoding::compress_to_vec(octets.as_slice(), level)).unwrap();
        let map = map::make(&mut File::open(&raw).unwrap()).unwrap();
        Self { folder, raw, compressed, octets, map }
    }

    /// The image is on it, octet by octet.
    pub fn assert_on(&self, target: &mut File) {
        let found = read(target);
        let wrong = self.octets.iter().zip(&found).position(|(a, b)| a != b);
        assert_eq!(wrong, None);
        assert!(found.len() >= self.octets.len());
    }
}

fn efi_system(length: u64) -> Vec<u8> {
    let mut volume = Cursor::new(vec![0u8; length as usize]);
    format_volume(&mut volume, FormatVolumeOptions::new()).unwrap();
    let system = FileSystem::new(&mut volume, FsOptions::new()).unwrap();
    let mut block = "# GRUB Environment Block\nORDER=A B\nA_OK=1\nA_TRY=0\nB_OK=0\nB_TRY=0\n".to_owned();
    block.push_str(&"#".repeat(1024 - block.len()));
    system.root_dir().create_file("grubenv").unwrap().write_all(block.as_bytes()).unwrap();
    system.root_dir().create_dir("EFI").unwrap();
    system.unmount().unwrap();
    volume.into_inner()
}

/// A file `target` of that size, every octet the same.
pub fn filled(folder: &Path, size: u64, octet: u8) -> File {
    let path = folder.join("target");
    fs::write(&path, vec![octet; size as usize]).unwrap();
    OpenOptions::new().read(true).write(true).open(path).unwrap()
}

pub fn read(file: &mut File) -> Vec<u8> {
    let mut octets = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut octets).unwrap();
    octets
}

pub fn flip(file: &mut File, at: u64) {
    let mut octet = [0];
    file.seek(SeekFrom::Start(at)).unwrap();
    file.read_exact(&mut octet).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(&[octet[0] ^ 1]).unwrap();
}

/// A file as a block device, while this lives.
pub struct Loop {
    pub path: String,
}

impl Loop {
    pub fn new(backing: &Path) -> Option<Self> {
        let output = Command::new("losetup").args(["--find", "--show"]).arg(backing).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        output.status.success().then_some(Self { path })
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["--detach", &self.path]).status();
    }
}
