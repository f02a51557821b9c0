//! The disk from outside: its partitions, GRUB's environment, and which slot GRUB would start.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

/// A partition of `image/layout`.
#[derive(Debug, Clone, Copy)]
pub struct Partition {
    /// Its number, from 1.
    pub number: u32,
}

/// GRUB and its environment.
pub const EFI: Partition = Partition { number: 1 };
/// Slot A.
pub const SLOT_A: Partition = Partition { number: 2 };
/// Slot B.
pub const SLOT_B: Partition = Partition { number: 3 };
/// What is kept.
pub const DATA: Partition = Partition { number: 4 };

impl Partition {
    /// Where it begins and how long it is, in octets, by the table on the disk: the first, or the second
    /// when the first is damaged.
    pub fn range(&self, disk: &Path) -> (u64, u64) {
        let file = File::open(disk).expect("a disk");
        let size = file.metadata().expect("a disk").len();
        let mut header = [0; 512];
        let found = [512, size - 512].into_iter().find_map(|at| {
            file.read_exact_at(&mut header, at).ok()?;
            header.starts_with(b"EFI PART").then(|| number(&header, 72) * 512)
        });
        let table = found.expect("a partition table");
        let mut entry = [0; 128];
        file.read_exact_at(&mut entry, table + u64::from(self.number - 1) * 128).expect("an entry");
        let (first, last) = (number(&entry, 32), number(&entry, 40));
        assert!(first > 0 && last > first, "partition {} is not there", self.number);
        (first * 512, (last + 1 - first) * 512)
    }

    /// Its octets.
    pub fn read(&self, disk: &Path) -> Vec<u8> {
        let (start, length) = self.range(disk);
        let mut octets = vec![0; usize::try_from(length).expect("a partition that fits memory")];
        File::open(disk).and_then(|file| file.read_exact_at(&mut octets, start)).expect("a partition");
        octets
    }

    /// Overwrites octets of it.
    pub fn write(&self, disk: &Path, at: u64, octets: &[u8]) {
        let (start, _) = self.range(disk);
        let file = File::options().write(true).open(disk).expect("a disk");
        file.write_all_at(octets, start + at).expect("a disk");
    }

    /// Copies it into a file of its own.
    pub fn copy(&self, disk: &Path, to: &Path) {
        let (start, length) = self.range(disk);
        let copied = Command::new("dd")
            .args([format!("if={}", disk.display()), format!("of={}", to.display())])
            .args([format!("skip={start}"), format!("count={length}"), "bs=1M".into()])
            .args(["iflag=skip_bytes,count_bytes", "conv=sparse", "status=none"])
            .status();
        assert!(copied.expect("dd").success());
    }

    /// Sets variables of GRUB's environment on this EFI partition.
    pub fn set(&self, disk: &Path, variables: &[(&str, &str)]) {
        let mut all = self.environment(disk).unwrap_or_default();
        all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let mut text = "# GRUB Environment Block\n".to_owned();
        all.iter().for_each(|(name, value)| text += &format!("{name}={value}\n"));
        let block = format!("{text:#<1024}");
        self.put(disk, "grubenv", block.as_bytes());
    }

    /// The variables of GRUB's environment on this EFI partition; none when it is unreadable.
    pub fn environment(&self, disk: &Path) -> Option<BTreeMap<String, String>> {
        let text = String::from_utf8(self.file(disk, "grubenv")?).ok()?;
        let lines = text.strip_prefix("# GRUB Environment Block\n")?.lines();
        let pairs = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// A file of this FAT partition.
    pub fn file(&self, disk: &Path, name: &str) -> Option<Vec<u8>> {
        let image = self.as_mtools(disk);
        let output =
            Command::new("mtype").args(["-i", &image, &format!("::/{name}")]).output().expect("mtools");
        output.status.success().then_some(output.stdout)
    }

    /// Writes a file of this FAT partition.
    pub fn put(&self, disk: &Path, name: &str, octets: &[u8]) {
        let from = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(from.path(), octets).expect("a file");
        let image = self.as_mtools(disk);
        let copied = Command::new("mcopy")
            .args(["-o", "-i", &image])
            .arg(from.path())
            .arg(format!("::/{name}"))
            .status();
        assert!(copied.expect("mtools").success());
    }

    fn as_mtools(&self, disk: &Path) -> String {
        format!("{}@@{}", disk.display(), self.range(disk).0)
    }
}

/// The slot that image/grub/grub.cfg starts next, with this environment.
pub fn next_slot(environment: &BTreeMap<String, String>) -> char {
    let of = |name: &str| environment.get(name).map_or("", String::as_str);
    let order = if of("ORDER") == "B A" { ['B', 'A'] } else { ['A', 'B'] };
    let may = |slot: char| of(&format!("{slot}_OK")) != "0" && of(&format!("{slot}_TRY")) != "3";
    order.into_iter().find(|slot| may(*slot)).unwrap_or(order[0])
}

/// Repairs the file system of a data partition as the boot script does, and takes a folder of it out.
/// None: it could not be repaired.
pub fn take_out(partition: &Path, folder: &str, to: &Path) -> Option<()> {
    let check = |arguments: &[&str]| {
        let output = Command::new("e2fsck").args(arguments).arg(partition).output().expect("e2fsck");
        (output.status.code().unwrap_or(8), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (gentle, first) = check(&["-p"]);
    if gentle >= 4 {
        let (thorough, second) = check(&["-fy"]);
        if thorough >= 4 {
            eprintln!("{first}\n{second}");
            return None;
        }
    }
    let command = format!("rdump {folder} {}", to.display());
    let output = Command::new("debugfs").args(["-R", &command]).arg(partition).output().expect("debugfs");
    output.status.success().then_some(())
}

fn number(octets: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(octets.get(at..at + 8).expect("eight octets"));
    u64::from_le_bytes(eight)
}
