//! Which disk may be written, and how often one must say that it may.

use crate::disks::{Attached, Disk};
use crate::size_text;

/// A reason not to write to a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Danger {
    /// The running system is on it.
    System,
    /// It is mounted or otherwise in use.
    Used(Vec<String>),
    /// It is inside the machine.
    Internal,
    /// It cannot be written at all.
    ReadOnly,
    /// The image does not fit: the sizes of disk and image, in octets.
    Small(u64, u64),
    /// It is a partition, not a disk.
    Partition(String),
}

impl Danger {
    /// Nothing that is said helps: it would destroy what is running, or cannot work.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::System | Self::ReadOnly | Self::Small(..) | Self::Partition(_))
    }
}

impl std::fmt::Display for Danger {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => out.write_str("the running system is on it"),
            Self::Used(uses) => write!(out, "it is in use: {}", uses.join(", ")),
            Self::Internal => out.write_str("it is inside this machine, not a stick or a card"),
            Self::ReadOnly => out.write_str("it is write-protected"),
            Self::Small(disk, image) => {
                write!(out, "it is too small: {} for an image of {}", size_text(*disk), size_text(*image))
            }
            Self::Partition(disk) => write!(out, "it is a partition: an image goes on the whole disk {disk}"),
        }
    }
}

/// Every reason not to write an image of `size` octets to a disk.
pub fn dangers(disk: &Disk, path_name: &str, size: u64) -> Vec<Danger> {
    let mut found = Vec::new();
    if path_name != disk.name {
        found.push(Danger::Partition(disk.name.clone()));
    }
    if disk.system {
        found.push(Danger::System);
    }
    if !disk.used.is_empty() {
        found.push(Danger::Used(disk.used.clone()));
    }
    if !disk.is_portable() && disk.attached != Attached::Loop {
        found.push(Danger::Internal);
    }
    if disk.read_only {
        found.push(Danger::ReadOnly);
    }
    if disk.size < size {
        found.push(Danger::Small(disk.size, size));
    }
    found
}

/// Whether it may be done when `--yes-really` was said so many times: a danger needs it twice, some nothing outweighs.
pub fn allowed(dangers: &[Danger], said: u8) -> bool {
    dangers.is_empty() || (said >= 2 && !dangers.iter().any(Danger::is_final))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Disk {
        Disk {
            name: "sdb".into(),
            path: "/dev/sdb".into(),
            size: 1_000_000,
            model: "Stick".into(),
            attached: Attached::Usb,
            removable: true,
            read_only: false,
            used: Vec::new(),
            system: false,
        }
    }

    #[test]
    fn a_stick_is_written_without_a_word() {
        assert!(allowed(&dangers(&disk(), "sdb", 1_000_000), 0));
    }

    #[test]
    fn an_internal_or_mounted_disk_wants_it_said_twice() {
        let internal = Disk { attached: Attached::Internal, removable: false, ..disk() };
        let mounted = Disk { used: vec!["/media".into()], ..disk() };
        for disk in [internal, mounted] {
            let dangers = dangers(&disk, "sdb", 10);
            assert_eq!(dangers.len(), 1);
            assert_eq!([0, 1, 2, 3].map(|said| allowed(&dangers, said)), [false, false, true, true]);
        }
    }

    #[test]
    fn some_things_are_never_done() {
        let system = Disk { system: true, used: vec!["/".into()], ..disk() };
        let locked = Disk { read_only: true, ..disk() };
        assert!(!allowed(&dangers(&system, "sdb", 10), 9));
        assert!(!allowed(&dangers(&locked, "sdb", 10), 9));
        assert!(!allowed(&dangers(&disk(), "sdb", 1_000_001), 9));
        assert!(!allowed(&dangers(&disk(), "sdb1", 10), 9));
    }
}
