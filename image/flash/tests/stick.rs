//! The installer stick, and what it does on a machine that is a folder.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{MIB, Sample, filled};
use demarc_flash::disks::Roots;
use demarc_flash::gpt;
use demarc_flash::image::Image;
use demarc_flash::installer::{self, Outcome};
use demarc_flash::site::Site;
use demarc_flash::stick::{self, Payload};
use demarc_flash::write::{Options, write};
use std::fs::{self, File};
use std::io::{Cursor, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

fn site() -> Site {
    Site { files: vec![("licence.txt".into(), b"for the example site\n".to_vec())] }
}

#[test]
fn a_stick_starts_as_an_installer_and_carries_everything() {
    let sample = Sample::new();
    let compressed = fs::metadata(&sample.compressed).unwrap().len();
    let size = stick::needed(sample.map.image_size, compressed);
    let mut disk = filled(sample.folder.path(), size, 0x33);
    write(
        &mut Image::open(&sample.compressed).unwrap(),
        &sample.map,
        &mut disk,
        Options::default(),
        &mut |_| {},
    )
    .unwrap();
    let map = sample.map.to_xml();
    let site = site();
    let payload = Payload { image: &sample.compressed, map: &map, site: &site, zero_touch: true };
    stick::make(&mut disk, size, &payload).unwrap();

    let table = gpt::read(&mut disk).unwrap().unwrap();
    let names: Vec<String> = table.partitions().into_iter().map(|partition| partition.name).collect();
    assert_eq!(names, ["EFI", "rootfs-a", "data", "install"]);
    // Nothing on the stick has the GUID of its twin on an installed disk.
    let installed = gpt::read(&mut File::open(&sample.raw).unwrap()).unwrap().unwrap();
    assert_ne!(table.disk(), installed.disk());
    let guids: Vec<[u8; 16]> = installed.partitions().into_iter().map(|partition| partition.guid).collect();
    assert!(table.partitions().iter().all(|partition| !guids.contains(&partition.guid)));
    // The second table is the first one's equal, at the very end.
    let mut sector = vec![0; 512];
    disk.seek(SeekFrom::Start(size / 512 * 512 - 512)).unwrap();
    std::io::Read::read_exact(&mut disk, &mut sector).unwrap();
    assert!(sector.starts_with(b"EFI PART"));
    let environment = stick::read_file(&mut disk, "EFI", "grubenv").unwrap();
    assert_eq!(environment.len(), 1024);
    let environment = String::from_utf8(environment).unwrap();
    assert!(environment.contains("ORDER=A B\n") && environment.contains("CMDLINE=demarc.install\n#"));
    let get = |disk: &mut File, path| stick::read_file(disk, "install", path).unwrap();
    assert_eq!(get(&mut disk, stick::IMAGE), fs::read(&sample.compressed).unwrap());
    assert_eq!(get(&mut disk, stick::MAP), map.as_bytes());
    assert_eq!(get(&mut disk, "site/licence.txt"), b"for the example site\n");
    assert!(get(&mut disk, stick::ZERO_TOUCH).is_empty());
    assert!(stick::make(&mut disk, size, &payload).is_err(), "not twice");
}

#[test]
fn a_stick_that_is_too_small_is_refused() {
    let sample = Sample::new();
    let mut disk = filled(sample.folder.path(), 44 * MIB, 0);
    write(&mut Image::open(&sample.raw).unwrap(), &sample.map, &mut disk, Options::default(), &mut |_| {})
        .unwrap();
    let map = sample.map.to_xml();
    let payload = Payload { image: &sample.compressed, map: &map, site: &site(), zero_touch: false };
    assert!(stick::make(&mut disk, 44 * MIB, &payload).unwrap_err().to_string().contains("too small"));
}

/// A machine with disks, each a file in its `dev`.
struct Machine {
    sample: Sample,
    payload: PathBuf,
    roots: Roots,
}

impl Machine {
    fn new(zero_touch: bool) -> Self {
        let sample = Sample::new();
        let at = |name: &str| sample.folder.path().join(name);
        let roots = Roots { sys: at("sys"), proc: at("proc"), dev: at("dev") };
        let payload = at("payload");
        for folder in
            [&roots.dev, &payload.join(stick::SITE), &roots.proc.join("self"), &roots.sys.join("block")]
        {
            fs::create_dir_all(folder).unwrap();
        }
        fs::copy(&sample.compressed, payload.join(stick::IMAGE)).unwrap();
        fs::write(payload.join(stick::MAP), sample.map.to_xml()).unwrap();
        fs::write(payload.join(stick::SITE).join("licence.txt"), "for the example site\n").unwrap();
        if zero_touch {
            fs::write(payload.join(stick::ZERO_TOUCH), "").unwrap();
        }
        fs::write(roots.proc.join("self/mountinfo"), "1 0 8:16 / / ro - squashfs /dev/sdb ro\n").unwrap();
        let machine = Self { sample, payload, roots };
        // The stick that all this was started from.
        machine.disk("usb1/sdb", "8:16", 64 * MIB, 1);
        machine
    }

    fn disk(&self, at: &str, number: &str, size: u64, octet: u8) {
        let name = Path::new(at).file_name().unwrap().to_str().unwrap();
        let place = self.roots.sys.join("devices").join(at);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join("size"), (size / 512).to_string()).unwrap();
        fs::write(place.join("dev"), number).unwrap();
        std::os::unix::fs::symlink(&place, self.roots.sys.join("block").join(name)).unwrap();
        let mut file = filled(self.sample.folder.path(), size, 0);
        file.write_all(&[octet; 4096]).unwrap();
        fs::rename(self.sample.folder.path().join("target"), self.roots.dev.join(name)).unwrap();
    }

    fn run(&self, input: &str) -> (Outcome, String) {
        let mut output = Vec::new();
        let outcome =
            installer::run(&self.payload, &self.roots, &mut Cursor::new(input), &mut output).unwrap();
        (outcome, String::from_utf8(output).unwrap())
    }

    fn open(&self, name: &str) -> File {
        File::options().read(true).write(true).open(self.roots.dev.join(name)).unwrap()
    }
}

#[test]
fn the_installer_asks_twice_and_installs() {
    let machine = Machine::new(false);
    machine.disk("ata1/sda", "8:0", 48 * MIB, 9);
    machine.disk("ata2/sdc", "8:32", 8 * MIB, 0);
    let (outcome, said) = machine.run("\n7\n1\nwrong\n1\nsda\n");
    assert_eq!(outcome, Outcome::Installed("sda".into()), "{said}");
    assert!(said.contains("That is not its name") && said.contains("  1  sda"), "{said}");
    let licence = said.find("for the example site\n\nEnter to agree").expect("the licence");
    assert!(licence < said.find("  1  sda").expect("the disk"), "{said}");
    assert!(
        !said.contains("sdb") && !said.contains("sdc"),
        "the stick and what is too small are not offered: {said}"
    );
    let mut disk = machine.open("sda");
    assert_eq!(stick::read_file(&mut disk, "EFI", "site/licence.txt").unwrap(), b"for the example site\n");
    let environment = String::from_utf8(stick::read_file(&mut disk, "EFI", "grubenv").unwrap()).unwrap();
    assert!(!environment.contains("demarc.install"), "what is installed is no installer");
}

#[test]
fn a_long_licence_is_shown_in_pages_and_draws_nothing() {
    let machine = Machine::new(false);
    machine.disk("ata1/sda", "8:0", 48 * MIB, 9);
    let text: String = (0..50).map(|line| format!("line {line}\u{1b}[2J\n")).collect();
    fs::write(machine.payload.join(stick::SITE).join("licence.txt"), text).unwrap();
    let (_, said) = machine.run("\n");
    assert!(said.contains("line 39[2J\n") && !said.contains("line 40") && !said.contains('\u{1b}'), "{said}");
    let (_, said) = machine.run("\n\n\n");
    assert_eq!(said.matches("next page").count(), 2, "{said}");
    assert!(said.contains("line 49") && said.contains("  1  sda"), "{said}");
}

#[test]
fn without_the_name_nothing_is_written() {
    let machine = Machine::new(false);
    machine.disk("ata1/sda", "8:0", 48 * MIB, 9);
    let before = common::read(&mut machine.open("sda"));
    for input in ["", "\n", "\n1\n", "\n1\nsd\n", "\n1\n\n", "\nsda\n"] {
        assert_eq!(machine.run(input).0, Outcome::Left);
    }
    assert!(common::read(&mut machine.open("sda")) == before);
}

#[test]
fn zero_touch_takes_the_only_empty_disk_and_no_other() {
    let machine = Machine::new(true);
    machine.disk("ata1/sda", "8:0", 48 * MIB, 0);
    let (outcome, said) = machine.run("");
    assert_eq!(outcome, Outcome::Installed("sda".into()), "{said}");
    assert!(said.contains("for the example site\n") && !said.contains("Enter"), "{said}");

    // The same machine again: the disk is no longer empty, so it asks.
    assert_eq!(machine.run("").0, Outcome::Left);

    let two = Machine::new(true);
    two.disk("ata1/sda", "8:0", 48 * MIB, 0);
    two.disk("ata2/sdc", "8:32", 48 * MIB, 0);
    assert_eq!(two.run("").0, Outcome::Left);
    assert!(stick::is_empty(&mut two.open("sda")).unwrap() && stick::is_empty(&mut two.open("sdc")).unwrap());
}

#[test]
fn a_payload_that_is_not_whole_installs_nothing() {
    let machine = Machine::new(true);
    machine.disk("ata1/sda", "8:0", 48 * MIB, 0);
    let map = machine.payload.join(stick::MAP);
    fs::write(&map, fs::read_to_string(&map).unwrap().replacen("chksum=\"", "chksum=\"0", 1)).unwrap();
    let mut output = Vec::new();
    assert!(installer::run(&machine.payload, &machine.roots, &mut Cursor::new(""), &mut output).is_err());
    assert!(stick::is_empty(&mut machine.open("sda")).unwrap());
}
