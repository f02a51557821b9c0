//! The disks of this machine, as the kernel shows them in /sys/block, and what they are used for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the kernel's views are; another place in tests.
#[derive(Debug, Clone)]
pub struct Roots {
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
    /// `/dev`.
    pub dev: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { sys: "/sys".into(), proc: "/proc".into(), dev: "/dev".into() }
    }
}

/// How a disk is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// Over USB.
    Usb,
    /// A card in a slot.
    Card,
    /// Inside the machine.
    Internal,
    /// A file that the kernel shows as a disk.
    Loop,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The kernel's name: `sda`, `nvme0n1`.
    pub name: String,
    /// Its device.
    pub path: PathBuf,
    /// Its size in octets.
    pub size: u64,
    /// Maker and model, as the disk says.
    pub model: String,
    /// How it is attached.
    pub attached: Attached,
    /// Its medium can be taken out.
    pub removable: bool,
    /// It cannot be written.
    pub read_only: bool,
    /// Where it or its partitions are mounted, and `swap`, `root` or the name of what lies upon it.
    pub used: Vec<String>,
    /// The running system is on it.
    pub system: bool,
}

impl Disk {
    /// Whether it is a disk that is carried about: a stick or a card.
    pub fn is_portable(&self) -> bool {
        self.removable || matches!(self.attached, Attached::Usb | Attached::Card)
    }
}

/// Every disk that holds something to write to, by name. Empty loop devices, memory disks and optical drives are not
/// listed.
pub fn list(roots: &Roots) -> io::Result<Vec<Disk>> {
    let uses = Uses::read(roots);
    let mut disks = Vec::new();
    for entry in fs::read_dir(roots.sys.join("block"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = ["ram", "zram", "sr", "fd", "dm-", "md", "nbd", "mtdblock"];
        if hidden.iter().any(|prefix| name.starts_with(prefix)) || name.contains("boot") {
            continue;
        }
        if let Some(disk) = read_disk(roots, &entry.path(), name, &uses) {
            disks.push(disk);
        }
    }
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(disks)
}

/// The disk that a path names, as its device, a link to it, or one of its partitions. `None` for what is no block device.
pub fn find(roots: &Roots, path: &Path) -> io::Result<Option<Disk>> {
    let real = fs::canonicalize(path)?;
    let Some(name) = real.file_name().map(|name| name.to_string_lossy().into_owned()) else {
        return Ok(None);
    };
    if real.parent() != Some(&fs::canonicalize(&roots.dev)?) {
        return Ok(None);
    }
    let disks = list(roots)?;
    let of =
        |disk: &&Disk| disk.name == name || roots.sys.join("block").join(&disk.name).join(&name).exists();
    Ok(disks.iter().find(of).cloned())
}

fn read_disk(roots: &Roots, at: &Path, name: String, uses: &Uses) -> Option<Disk> {
    let text =
        |file: &str| fs::read_to_string(at.join(file)).map(|text| text.trim().to_owned()).unwrap_or_default();
    let size = text("size").parse::<u64>().ok()?.checked_mul(512).filter(|size| *size > 0)?;
    let removable = text("removable") == "1";
    let device = fs::canonicalize(at).unwrap_or_else(|_| at.to_owned());
    let through = device.to_string_lossy().into_owned();
    let attached = if name.starts_with("loop") {
        Attached::Loop
    } else if through.contains("/usb") {
        Attached::Usb
    } else if name.starts_with("mmcblk") && text("device/type") == "SD" {
        Attached::Card
    } else {
        Attached::Internal
    };
    let model = [text("device/vendor"), text("device/model"), text("device/name")];
    let model: Vec<&str> =
        model.iter().map(String::as_str).filter(|word| !word.is_empty() && *word != "ATA").collect();
    let mut numbers = BTreeMap::from([(text("dev"), name.clone())]);
    let mut held = holders(at);
    for partition in fs::read_dir(at).ok()?.flatten() {
        if partition.path().join("partition").exists() {
            let number = fs::read_to_string(partition.path().join("dev")).unwrap_or_default();
            numbers.insert(number.trim().to_owned(), partition.file_name().to_string_lossy().into_owned());
            held.extend(holders(&partition.path()));
        }
    }
    let mut used: BTreeSet<String> = held.iter().map(|(holder, _)| holder.clone()).collect();
    let mut system = false;
    // What lies upon it (device mapper, RAID) is used where that is mounted.
    let upper = held.iter().map(|(_, number)| number);
    for number in numbers.keys().chain(upper) {
        for point in uses.mounted.get(number).into_iter().flatten() {
            system |= matches!(point.as_str(), "/" | "/boot" | "/boot/efi" | "/usr" | "/data");
            used.insert(point.clone());
        }
    }
    for name in numbers.values().filter(|name| uses.swaps.contains(*name)) {
        used.insert(format!("swap on {name}"));
        system = true;
    }
    Some(Disk {
        path: roots.dev.join(&name),
        name,
        size,
        model: model.join(" "),
        attached,
        removable,
        read_only: text("ro") == "1",
        used: used.into_iter().collect(),
        system,
    })
}

/// What lies upon a disk or partition: its name and its device number.
fn holders(at: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(at.join("holders")) else { return Vec::new() };
    let number = |path: PathBuf| fs::read_to_string(path.join("dev")).unwrap_or_default().trim().to_owned();
    entries
        .flatten()
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), number(entry.path())))
        .collect()
}

struct Uses {
    /// Mount points by device number.
    mounted: BTreeMap<String, Vec<String>>,
    /// Names of devices that are swapped to.
    swaps: BTreeSet<String>,
}

impl Uses {
    fn read(roots: &Roots) -> Self {
        let mut mounted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        // proc(5), mountinfo: id, parent, major:minor, root, mount point, …
        for line in fs::read_to_string(roots.proc.join("self/mountinfo")).unwrap_or_default().lines() {
            let mut words = line.split(' ').skip(2);
            if let (Some(number), Some(point)) = (words.next(), words.nth(1)) {
                mounted.entry(number.to_owned()).or_default().push(unescaped(point));
            }
        }
        let swaps = fs::read_to_string(roots.proc.join("swaps")).unwrap_or_default();
        let swaps = swaps.lines().skip(1).filter_map(|line| line.split_whitespace().next());
        let swaps = swaps.filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect();
        Self { mounted, swaps }
    }
}

/// Spaces and tabs stand as octal numbers in mountinfo.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
}

#[cfg(test)]
#[path = "disks_tests.rs"]
mod tests;
