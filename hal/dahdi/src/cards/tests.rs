//! Trees of files as the kernel shows them, each with one thing to see.

use super::*;
use crate::sysfs;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A system: `sys`, `proc`, `lib` and the rest below one folder.
struct Tree {
    root: tempfile::TempDir,
    paths: Paths,
}

fn write(path: PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

impl Tree {
    fn new(dahdi: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let paths = Paths {
            dev: at("dev"),
            sys: at("sys"),
            proc: at("proc"),
            modules: at("lib/modules"),
            firmware: at("lib/firmware"),
            astribank: at("usr/share/dahdi"),
            wanpipe: at("etc/wanpipe"),
            kmsg: at("kmsg"),
        };
        write(at("sys/module/dahdi/version"), &format!("{dahdi}\n"));
        write(at("proc/sys/kernel/osrelease"), "6.1.0\n");
        let modules = ["wct4xxp", "wcte43x", "wcte12xp", "wctdm", "opvxa1200", "xpp_usb", "wctc4xxp"];
        let list: String = modules.map(|name| format!("extra/{name}.ko.xz: extra/dahdi.ko\n")).concat();
        write(at("lib/modules/6.1.0/modules.dep"), &list);
        Self { root, paths }
    }

    /// Plugs in a PCI card: vendor, device, subvendor, subdevice, class.
    fn pci(&self, place: &str, numbers: [u32; 5]) -> PathBuf {
        let folder = self.paths.sys.join("devices/pci0000:00").join(place);
        let files = ["vendor", "device", "subsystem_vendor", "subsystem_device", "class"];
        for (file, number) in files.iter().zip(numbers) {
            write(folder.join(file), &format!("0x{number:04x}\n"));
        }
        self.on_bus("pci", &folder);
        folder
    }

    /// Plugs in a USB device.
    fn usb(&self, place: &str, (vendor, product, revision): (u16, u16, u16), serial: &str) -> PathBuf {
        let folder = self.paths.sys.join("devices/pci0000:00/0000:00:14.0/usb1").join(place);
        for (file, number) in [("idVendor", vendor), ("idProduct", product), ("bcdDevice", revision)] {
            write(folder.join(file), &format!("{number:04x}\n"));
        }
        write(folder.join("serial"), &format!("{serial}\n"));
        fs::create_dir_all(folder.join(format!("{place}:1.0"))).unwrap();
        self.on_bus("usb", &folder);
        self.on_bus("usb", &folder.join(format!("{place}:1.0")));
        folder
    }

    /// DAHDI is not loaded.
    fn without_dahdi(self) -> Self {
        fs::remove_dir_all(self.paths.sys.join("module/dahdi")).unwrap();
        self
    }

    fn on_bus(&self, bus: &str, folder: &Path) {
        let link = self.paths.sys.join("bus").join(bus).join("devices").join(folder.file_name().unwrap());
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&link);
        symlink(folder, link).unwrap();
    }

    fn pull(&self, bus: &str, place: &str) {
        fs::remove_file(self.paths.sys.join("bus").join(bus).join("devices").join(place)).unwrap();
    }

    fn bind(&self, folder: &Path, driver: &str) {
        let _ = fs::remove_file(folder.join("driver"));
        symlink(self.paths.sys.join("bus/x/drivers").join(driver), folder.join("driver")).unwrap();
        self.load(driver);
    }

    fn load(&self, module: &str) {
        fs::create_dir_all(self.paths.sys.join("module").join(module)).unwrap();
    }

    /// A DAHDI device below a folder.
    fn dahdi(&self, parent: &Path, name: &str, manufacturer: &str, model: &str) {
        let folder = parent.join(name);
        write(folder.join("manufacturer"), manufacturer);
        write(folder.join("type"), model);
        self.on_bus("dahdi_devices", &folder);
    }

    fn say(&self, lines: &str) {
        write(self.paths.kmsg.clone(), lines);
    }

    /// Looks, with these spans on the one DAHDI device.
    fn look(&self, inventory: &mut Inventory, spans: &[u16]) -> bool {
        let spans: Vec<SpanId> = spans.iter().copied().map(SpanId).collect();
        let devices = sysfs::devices(&self.paths.sys).into_iter().map(|device| (device, spans.clone()));
        inventory.look(&self.paths, &devices.collect::<Vec<_>>())
    }

    /// The one card.
    fn card(&self, spans: &[u16]) -> Card {
        let mut inventory = Inventory::default();
        self.look(&mut inventory, spans);
        let mut cards = inventory.cards();
        assert_eq!(cards.len(), 1, "{cards:?}");
        cards.remove(0)
    }

    fn state(&self) -> CardState {
        self.card(&[]).state
    }
}

const TE435: [u32; 5] = [0xD161, 0x800E, 0, 0, 0x02_80_00];

/// Reason and remedy of a card that nothing drives.
fn not_driven(state: CardState) -> (String, String) {
    match state {
        CardState::NotDriven { reason, remedy } => (reason, remedy),
        other => panic!("{other:?}"),
    }
}

fn unsupported(state: CardState) -> (String, String) {
    match state {
        CardState::Unsupported { reason, remedy } => (reason, remedy),
        other => panic!("{other:?}"),
    }
}

fn stage(state: CardState) -> String {
    match state {
        CardState::Starting { stage } => stage,
        other => panic!("{other:?}"),
    }
}

fn missing(state: CardState) -> (String, String) {
    match state {
        CardState::FirmwareMissing { file, remedy } => (file, remedy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_machine_without_cards_has_none() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:00:1f.0", [0x8086, 0x2918, 0x1AF4, 0x1100, 0x06_01_00]);
    tree.usb("1-1", (0x0627, 0x0001, 0), "42");
    let mut inventory = Inventory::default();
    assert!(!tree.look(&mut inventory, &[]));
    assert_eq!(inventory.cards(), []);
}

#[test]
fn a_working_card_has_its_spans() {
    let tree = Tree::new("3.4.0");
    let folder = tree.pci("0000:05:00.0", TE435);
    tree.bind(&folder, "wcte43x");
    assert_eq!(stage(tree.state()), "wcte43x is starting it");
    tree.dahdi(&folder, "pci:0000:05:00.0", "Digium", "Wildcard TE435");
    assert_eq!(stage(tree.state()), "its spans are waiting for their numbers");
    let card = tree.card(&[1, 2, 3, 4]);
    assert_eq!((card.id.as_str(), card.bus), ("pci-0000:05:00.0", Bus::Pci));
    assert_eq!((card.vendor, card.device, card.model.as_str()), (0xD161, 0x800E, "Digium TE435/TE235"));
    assert_eq!((card.driver.as_deref(), card.state), (Some("wcte43x"), CardState::Working));
    assert_eq!(card.spans, [1, 2, 3, 4].map(SpanId));
}

#[test]
fn a_module_is_not_there_not_loaded_or_refuses() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:05:00.0", [0xD161, 0x1420, 5, 0, 0]);
    assert_eq!(
        not_driven(tree.state()),
        ("wct4xxp is not loaded".to_owned(), "Load it: modprobe wct4xxp".to_owned())
    );
    write(tree.paths.modules.join("6.1.0/modules.dep"), "extra/xwct4xxp.ko:\nextra/wct4xxp.korea:\n");
    assert!(not_driven(tree.state()).0.contains("not installed for kernel 6.1.0"));
    tree.load("wct4xxp");
    assert!(not_driven(tree.state()).0.contains("loaded, and has not taken"));
    tree.say(
        "3,1,1,-;wct4xxp 0000:06:00.0: not ours\n3,2,2,-;wct4xxp 0000:05:00.0: Unable to request regions\n",
    );
    assert!(not_driven(tree.state()).0.ends_with("the kernel said: Unable to request regions"));
}

#[test]
fn firmware_is_missing_or_damaged() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:05:00.0", TE435);
    tree.load("wcte43x");
    let (file, remedy) = missing(tree.state());
    assert_eq!(file, "dahdi-fw-te435.bin");
    assert!(remedy.contains("/lib/firmware"), "{remedy}");
    // It is there, packed; something else was wrong.
    write(tree.paths.firmware.join("updates/dahdi-fw-te435.bin.xz"), "x");
    not_driven(tree.state());
    // It came after the card asked for it.
    let asked = "6,8,1,-;wcte43x 0000:05:00.0: Firmware version 12 is running, but we require version 13001e.\n\
                 6,9,2,-;wcte43x 0000:05:00.0: Firmware 'dahdi-fw-te435.bin' not available from userspace.\n";
    tree.say(asked);
    assert!(missing(tree.state()).1.contains("load wcte43x anew"));
    tree.say(
        "6,9,2,-;wcte43x 0000:05:00.0: dahdi-fw-te435.bin is invalid. Please reinstall.\n SUBSYSTEM=pci\n",
    );
    assert!(missing(tree.state()).1.contains("damaged"));
    // Another card's trouble is not ours.
    tree.say("6,9,2,-;wcte43x 0000:06:00.0: Firmware 'dahdi-fw-te435.bin' not available from userspace.\n");
    not_driven(tree.state());
}

#[test]
fn a_card_that_a_release_left_out_names_the_release_that_has_it() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:05:00.0", [0xD161, 0x8005, 0, 0, 0]);
    tree.load("wctdm24xxp");
    let (reason, remedy) = unsupported(tree.state());
    assert_eq!(reason, "d161:8005 (0000:0000): dahdi-linux 3.4.0 no longer serves it");
    assert_eq!(remedy, "Use dahdi-linux 2.11: its wctdm24xxp serves this card.");

    let tree = Tree::new("3.2.0");
    tree.pci("0000:05:00.0", [0xD161, 0x8001, 0, 0, 0]);
    assert!(unsupported(tree.state()).1.contains("3.4.0 or newer: its wcte12xp"));

    let tree = Tree::new("2.11.1.0.20170917");
    tree.pci("0000:05:00.0", [0xD161, 0x8001, 0, 0, 0]);
    assert!(not_driven(tree.state()).0.contains("not loaded"));
}

#[test]
fn the_wrong_driver_has_taken_a_clone() {
    let tree = Tree::new("3.4.0");
    let folder = tree.pci("0000:05:00.0", [0xE159, 0x0001, 0x9532, 3, 0x07_80_00]);
    tree.bind(&folder, "wctdm");
    tree.dahdi(&folder, "pci:0000:05:00.0", "Digium", "Wildcard TDM400P REV H");
    let (reason, remedy) = not_driven(tree.card(&[1]).state);
    assert_eq!(reason, "wctdm has taken the card, and opvxa1200 is the one for it");
    assert!(remedy.contains("blacklist"), "{remedy}");
    tree.bind(&folder, "opvxa1200");
    assert_eq!(tree.card(&[1]).state, CardState::Working);
}

#[test]
fn a_clone_that_no_row_names_works_as_what_its_driver_takes_it_for() {
    let tree = Tree::new("3.4.0");
    let folder = tree.pci("0000:05:00.0", [0xE159, 0x0001, 0x1234, 0, 0x07_80_00]);
    tree.bind(&folder, "wctdm");
    tree.dahdi(&folder, "pci:0000:05:00.0", "Digium", "Wildcard TDM400P REV H");
    let card = tree.card(&[1]);
    assert_eq!((card.model.as_str(), card.state), ("TDM400P clone", CardState::Working));
}

#[test]
fn a_card_that_nobody_knows_works_once_it_has_spans() {
    let tree = Tree::new("3.4.0");
    // Nothing says that this is a telephony card, but that DAHDI has a device on it.
    let folder = tree.pci("0000:05:00.0", [0x1CAD, 0x1234, 0, 0, 0x02_80_00]);
    let mut inventory = Inventory::default();
    tree.look(&mut inventory, &[]);
    assert_eq!(inventory.cards(), []);
    tree.bind(&folder, "newcard");
    tree.dahdi(&folder, "pci:0000:05:00.0", "Somebody", "Quad");
    let card = tree.card(&[1]);
    assert_eq!((card.model.as_str(), card.state), ("Somebody Quad", CardState::Working));
}

#[test]
fn what_has_no_module_says_so() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:05:00.0", [0x0B0B, 0x0605, 0, 0, 0]);
    let (reason, remedy) = unsupported(tree.state());
    assert!(
        reason.starts_with("0b0b:0605 (0000:0000)") && reason.contains("Rhino has one, rxt1"),
        "{reason}"
    );
    assert!(remedy.contains("dahdi-linux 3.4.0 and kernel 6.1.0"), "{remedy}");
    tree.pull("pci", "0000:05:00.0");
    tree.pci("0000:06:00.0", [0xE159, 0x0001, 0x0059, 1, 0x02_80_00]);
    assert!(unsupported(tree.state()).0.contains("passive ISDN"));
    tree.pull("pci", "0000:06:00.0");
    // A card of Digium's that came after this table.
    tree.pci("0000:07:00.0", [0xD161, 0x9999, 0, 0, 0]);
    assert!(unsupported(tree.state()).0.starts_with("d161:9999"));
}

#[test]
fn a_transcoder_works_without_spans() {
    let tree = Tree::new("3.4.0");
    let folder = tree.pci("0000:05:00.0", [0xD161, 0x8004, 0, 0, 0]);
    tree.load("wctc4xxp");
    assert_eq!(missing(tree.state()).0, "dahdi-fw-tc400m.bin");
    tree.bind(&folder, "wctc4xxp");
    assert_eq!(tree.state(), CardState::Working);
}

#[test]
fn a_sangoma_card_needs_wanpipe_its_configuration_and_its_start() {
    let tree = Tree::new("3.4.0");
    let folder = tree.pci("0000:05:00.0", [0x1923, 0x0100, 0xA113, 0x4753, 0x02_80_00]);
    let (reason, remedy) = not_driven(tree.state());
    assert!(reason.contains("not installed") && remedy.contains("against dahdi-linux 3.4.0"), "{remedy}");
    write(tree.paths.modules.join("6.1.0/modules.dep"), "extra/wanpipe.ko: extra/sdladrv.ko\n");
    assert!(not_driven(tree.state()).0.contains("not loaded"));
    tree.load("wanpipe");
    assert!(not_driven(tree.state()).1.contains("wancfg_dahdi"));
    write(tree.paths.wanpipe.join("wanpipe.rc"), "");
    assert!(not_driven(tree.state()).1.contains("wancfg_dahdi"));
    write(tree.paths.wanpipe.join("wanpipe1.conf"), "");
    assert_eq!(not_driven(tree.state()).1, "Start them: wanrouter start");
    // Each port is a DAHDI device of its own, below a device of wanpipe's.
    tree.dahdi(&folder.join("wanpipe1"), "wanpipe_devices:wanpipe1", "Sangoma Technologies", "A104");
    let card = tree.card(&[1]);
    assert_eq!((card.model.as_str(), card.driver.as_deref()), ("Sangoma A104D", Some("wanpipe")));
    assert_eq!((card.state, card.spans), (CardState::Working, vec![SpanId(1)]));
}

#[test]
fn a_data_card_of_sangomas_is_no_telephony() {
    let tree = Tree::new("3.4.0");
    tree.pci("0000:05:00.0", [0x1923, 0x0030, 0xA032, 0x4753, 0]);
    assert!(unsupported(tree.state()).0.contains("carries data"));
}

#[test]
fn an_astribank_comes_up_stage_by_stage() {
    let tree = Tree::new("3.4.0");
    let mut inventory = Inventory::default();
    let mut only = |spans: &[u16]| {
        tree.look(&mut inventory, spans);
        let mut cards = inventory.cards();
        assert_eq!(cards.len(), 1, "{cards:?}");
        cards.remove(0)
    };
    tree.usb("1-4", (0xE4E4, 0x1160, 0x0201), "");
    let card = only(&[]);
    assert_eq!((card.id.as_str(), card.bus), ("usb-1-4", Bus::Usb));
    assert_eq!(missing(card.state).0, "USB_FW.201.hex");
    write(tree.paths.astribank.join("USB_FW.201.hex"), "");
    assert!(stage(only(&[]).state).contains("firmware of its USB controller"));

    tree.usb("1-4", (0xE4E4, 0x1161, 0x0201), "X1040120");
    let card = only(&[]);
    assert_eq!(card.id, "usb-X1040120");
    assert_eq!(missing(card.state).0, "FPGA_1161.201.hex");
    write(tree.paths.astribank.join("FPGA_1161.201.hex"), "");
    assert!(stage(only(&[]).state).contains("FPGA is being loaded"));

    let folder = tree.usb("1-4", (0xE4E4, 0x1162, 0x0201), "X1040120");
    assert_eq!(not_driven(only(&[]).state).1, "Load it: modprobe xpp_usb");
    tree.load("xpp_usb");
    assert!(not_driven(only(&[]).state).0.contains("has not taken it"));
    tree.bind(&folder.join("1-4:1.0"), "xpp_usb");
    assert!(stage(only(&[]).state).contains("being started"));
    let xbus = folder.join("xbus-00");
    write(xbus.join("xbus_state"), "SENT_REQUEST (3)\n");
    write(xbus.join("dahdi_registration"), "0\n");
    tree.on_bus("astribanks", &xbus);
    assert!(stage(only(&[]).state).contains("being started"));
    assert!(!astribank::register(&tree.paths.sys), "not yet");
    write(xbus.join("xbus_state"), "READY (5)\n");
    assert!(stage(only(&[]).state).contains("registered with DAHDI"));
    assert!(astribank::register(&tree.paths.sys));
    assert_eq!(fs::read_to_string(xbus.join("dahdi_registration")).unwrap(), "1");
    assert!(!astribank::register(&tree.paths.sys), "once");

    tree.dahdi(&xbus, "astribanks:xbus-00", "Xorcom Inc.", "Astribank2");
    let card = only(&[1, 2]);
    assert_eq!((card.driver.as_deref(), card.state), (Some("xpp_usb"), CardState::Working));
    assert_eq!(card.spans, [1, 2].map(SpanId));
}

#[test]
fn an_astribank_stops_or_fails() {
    let tree = Tree::new("3.4.0");
    let folder = tree.usb("1-4", (0xE4E4, 0x1162, 0x0201), "X1040120");
    tree.bind(&folder.join("1-4:1.0"), "xpp_usb");
    let xbus = folder.join("xbus-00");
    tree.on_bus("astribanks", &xbus);
    for (word, remedy) in [("FAIL (9)", "init_card"), ("DEACTIVATED (8)", "Plug it out")] {
        write(xbus.join("xbus_state"), word);
        assert!(not_driven(tree.state()).1.contains(remedy));
    }
    tree.usb("1-4", (0xE4E4, 0x1164, 0x0201), "X1040120");
    assert!(not_driven(tree.state()).0.contains("service mode"));
    tree.usb("1-4", (0xE4E4, 0x2000, 0x0201), "X1040120");
    assert!(unsupported(tree.state()).0.starts_with("e4e4:2000"));
}

#[test]
fn a_card_that_is_pulled_is_gone_and_comes_back() {
    let tree = Tree::new("3.4.0");
    let folder = tree.usb("1-4", (0xE4E4, 0x1162, 0x0201), "X1040120");
    tree.bind(&folder.join("1-4:1.0"), "xpp_usb");
    tree.dahdi(&folder.join("xbus-00"), "astribanks:xbus-00", "Xorcom Inc.", "Astribank2");
    let mut inventory = Inventory::default();
    assert!(tree.look(&mut inventory, &[1]));
    assert!(!tree.look(&mut inventory, &[1]), "nothing new");
    for (bus, name) in [("usb", "1-4"), ("usb", "1-4:1.0"), ("dahdi_devices", "astribanks:xbus-00")] {
        tree.pull(bus, name);
    }
    assert!(tree.look(&mut inventory, &[]));
    let [card] = &inventory.cards()[..] else { panic!("{inventory:?}") };
    assert_eq!((card.id.as_str(), &card.state), ("usb-X1040120", &CardState::Gone));
    assert_eq!((card.driver.as_deref(), &card.spans[..]), (None, &[SpanId(1)][..]));
    assert!(!tree.look(&mut inventory, &[]), "it stays gone");
    // At another port it is the same one.
    tree.usb("1-2", (0xE4E4, 0x1162, 0x0201), "X1040120");
    assert!(tree.look(&mut inventory, &[]));
    let [card] = &inventory.cards()[..] else { panic!("{inventory:?}") };
    assert!(matches!(card.state, CardState::NotDriven { .. }), "{card:?}");
}

#[test]
fn spans_of_software_are_a_virtual_card() {
    let tree = Tree::new("3.4.0");
    tree.dahdi(&tree.paths.sys.join("devices"), "dynamic:loc:0", "", "");
    let card = tree.card(&[1]);
    assert_eq!((card.id.as_str(), card.bus), ("virtual-dynamic:loc:0", Bus::Virtual));
    assert_eq!((card.model.as_str(), card.state), ("dynamic:loc:0", CardState::Working));
    assert!(tree.root.path().exists());
}

#[test]
fn two_with_one_serial_number_are_both_shown() {
    let tree = Tree::new("3.4.0");
    tree.usb("1-3", (0xE4E4, 0x1162, 0x0201), "X1");
    tree.usb("1-4", (0xE4E4, 0x1162, 0x0201), "X1");
    let mut inventory = Inventory::default();
    tree.look(&mut inventory, &[]);
    let ids: Vec<String> = inventory.cards().into_iter().map(|card| card.id).collect();
    assert_eq!(ids, ["usb-1-4", "usb-X1"]);
}

#[test]
fn without_dahdi_the_driver_names_the_cards_that_wait_for_it() {
    use crate::DahdiDriver;
    use demarc_hal::Driver;

    let tree = Tree::new("3.4.0").without_dahdi();
    tree.pci("0000:05:00.0", TE435);
    let mut driver = DahdiDriver::new(tree.paths.clone(), crate::Numbering::default()).unwrap();
    assert!(driver.spans().is_empty());
    let cards = driver.cards();
    let [card] = &cards[..] else { panic!("{cards:?}") };
    assert!(not_driven(card.state.clone()).0.contains("not loaded"));
    assert!(driver.open_clock().unwrap().is_none(), "nothing keeps time");

    // What is there and may not be opened is another matter.
    fs::create_dir_all(tree.paths.dev.join("ctl")).unwrap();
    assert!(DahdiDriver::new(tree.paths.clone(), crate::Numbering::default()).is_err());
}
