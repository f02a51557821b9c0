use super::*;

/// A machine in a folder: an internal disk with the system, a stick, a card, an encrypted disk, an empty loop device.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        machine.disk(
            "devices/pci0000:00/nvme/nvme0n1",
            "259:0",
            500_000_000,
            &[("device/model", "Fast One")],
        );
        machine.part("devices/pci0000:00/nvme/nvme0n1", "nvme0n1p1", "259:1");
        machine.part("devices/pci0000:00/nvme/nvme0n1", "nvme0n1p2", "259:2");
        let stick = [("removable", "1"), ("device/vendor", "Acme"), ("device/model", "Stick")];
        machine.disk("devices/pci0000:00/usb1/1-2/sdb", "8:16", 60_000_000, &stick);
        machine.part("devices/pci0000:00/usb1/1-2/sdb", "sdb1", "8:17");
        machine.disk("devices/platform/mmc/mmcblk0", "179:0", 30_000_000, &[("device/type", "SD")]);
        machine.disk("devices/platform/mmc/mmcblk1", "179:32", 30_000_000, &[("device/type", "MMC")]);
        machine.disk(
            "devices/pci0000:00/ata1/sda",
            "8:0",
            1_000_000,
            &[("device/vendor", "ATA"), ("device/model", "Old")],
        );
        machine.part("devices/pci0000:00/ata1/sda", "sda1", "8:1");
        machine.put("sys/devices/pci0000:00/ata1/sda/sda1/holders/dm-0/dev", "254:0");
        machine.disk("devices/virtual/block/loop0", "7:0", 0, &[]);
        machine.disk("devices/virtual/block/ram0", "1:0", 4096, &[]);
        machine.mounts(&[("259:1", "/boot/efi"), ("259:2", "/")]);
        machine.put("proc/swaps", "Filename Type Size Used Priority\n");
        fs::create_dir_all(machine.0.path().join("dev")).unwrap();
        machine
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{text}\n")).unwrap();
    }

    fn disk(&self, at: &str, number: &str, sectors: u64, more: &[(&str, &str)]) {
        self.put(&format!("sys/{at}/dev"), number);
        self.put(&format!("sys/{at}/size"), &sectors.to_string());
        for (file, text) in more {
            self.put(&format!("sys/{at}/{file}"), text);
        }
        let block = self.0.path().join("sys/block");
        fs::create_dir_all(&block).unwrap();
        let name = at.rsplit('/').next().unwrap();
        std::os::unix::fs::symlink(self.0.path().join("sys").join(at), block.join(name)).unwrap();
        self.put(&format!("dev/{name}"), "");
    }

    fn part(&self, at: &str, name: &str, number: &str) {
        self.put(&format!("sys/{at}/{name}/dev"), number);
        self.put(&format!("sys/{at}/{name}/partition"), "1");
        self.put(&format!("dev/{name}"), "");
    }

    fn mounts(&self, mounts: &[(&str, &str)]) {
        let line =
            |(number, point): &(&str, &str)| format!("30 1 {number} / {point} rw shared:1 - ext4 /dev/x rw");
        self.put("proc/self/mountinfo", &mounts.iter().map(line).collect::<Vec<_>>().join("\n"));
    }

    fn roots(&self) -> Roots {
        let at = |name| self.0.path().join(name);
        Roots { sys: at("sys"), proc: at("proc"), dev: at("dev") }
    }

    fn get(&self, name: &str) -> Disk {
        list(&self.roots()).unwrap().into_iter().find(|disk| disk.name == name).unwrap()
    }
}

#[test]
fn disks_are_told_apart() {
    let machine = Machine::new();
    let names: Vec<String> = list(&machine.roots()).unwrap().into_iter().map(|disk| disk.name).collect();
    assert_eq!(names, ["mmcblk0", "mmcblk1", "nvme0n1", "sda", "sdb"]);
    let stick = machine.get("sdb");
    assert_eq!(
        (stick.attached, stick.model.as_str(), stick.size),
        (Attached::Usb, "Acme Stick", 60_000_000 * 512)
    );
    assert!(stick.is_portable() && !stick.system && stick.used.is_empty());
    assert!(machine.get("mmcblk0").is_portable());
    assert!(!machine.get("mmcblk1").is_portable());
    assert_eq!(machine.get("sda").model, "Old");
}

#[test]
fn the_disk_of_the_system_is_known_by_its_partitions() {
    let disk = Machine::new().get("nvme0n1");
    assert!(disk.system);
    assert_eq!(disk.used, ["/", "/boot/efi"]);
}

#[test]
fn what_lies_upon_a_partition_uses_it() {
    let machine = Machine::new();
    assert_eq!(machine.get("sda").used, ["dm-0"]);
    machine.mounts(&[("254:0", "/")]);
    assert!(machine.get("sda").system);
    assert!(!machine.get("nvme0n1").system);
}

#[test]
fn swap_and_a_mount_point_with_a_space_are_uses() {
    let machine = Machine::new();
    machine.put("proc/swaps", "Filename Type Size Used Priority\n/dev/sdb1 partition 100 0 -2");
    machine.mounts(&[("8:17", "/media/my\\040stick")]);
    let disk = machine.get("sdb");
    assert_eq!(disk.used, ["/media/my stick", "swap on sdb1"]);
    assert!(disk.system);
}

#[test]
fn a_path_leads_to_its_disk() {
    let machine = Machine::new();
    let roots = machine.roots();
    let name = |path: &str| find(&roots, &roots.dev.join(path)).unwrap().map(|disk| disk.name);
    assert_eq!(name("sdb").as_deref(), Some("sdb"));
    assert_eq!(name("nvme0n1p2").as_deref(), Some("nvme0n1"));
    std::os::unix::fs::symlink(roots.dev.join("sdb"), roots.dev.join("stick")).unwrap();
    assert_eq!(name("stick").as_deref(), Some("sdb"));
    let file = machine.0.path().join("file.raw");
    fs::write(&file, "").unwrap();
    assert_eq!(find(&roots, &file).unwrap(), None);
    assert!(find(&roots, &roots.dev.join("sdz")).is_err());
}
