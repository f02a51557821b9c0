//! The installer stick: made by demarc-flash, started in a machine with a second disk, which then starts alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::EFI;
use demarc_image_tests::{Images, Machine, Setup};
use demarc_model::Config;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

const LICENCE: &str = "Licensed to the Example Hotel, 12 lines.\n";
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampl admin@example.com";

fn run(command: &mut Command) {
    let output = command.output().expect("a program");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A stick for the Example Hotel.
fn stick(folder: &Path) -> PathBuf {
    let images = Images::find();
    let flash = images.tree().join("usr/bin/demarc-flash");
    let at = |name: &str| folder.join(name);
    run(Command::new("zstd").args(["-q", "-1"]).arg(images.disk()).arg("-o").arg(at("demarc.raw.zst")));
    run(Command::new(&flash).arg("map").arg(images.disk()).arg("-o").arg(at("demarc.raw.bmap")));
    let mut config = Config::simulated_telco();
    config.system.name = "Example Hotel".into();
    std::fs::create_dir(at("site")).unwrap();
    std::fs::write(at("site/configuration.json"), serde_json::to_vec(&config).unwrap()).unwrap();
    std::fs::write(at("site/licence.txt"), LICENCE).unwrap();
    std::fs::write(at("site/authorized_keys"), format!("{KEY}\n")).unwrap();
    let stick = at("stick.raw");
    run(Command::new(&flash)
        .arg("stick")
        .arg(at("demarc.raw.zst"))
        .arg(&stick)
        .arg("--yes")
        .arg("--site")
        .arg(at("site")));
    let words = EFI.environment(&stick).expect("GRUB's environment")["CMDLINE"].clone();
    assert!(words.split(' ').any(|word| word == "demarc.install"), "{words}");
    // On a busy host an emulated timer may be too late for the kernel's test of it.
    EFI.set(&stick, &[("CMDLINE", &format!("no_timer_check {words}"))]);
    stick
}

#[test]
fn a_stick_installs_on_the_other_disk_which_then_starts_alone() {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let stick = stick(folder.path());
    let disk = folder.path().join("inside.raw");
    std::fs::File::create(&disk).and_then(|file| file.set_len(1200 << 20)).unwrap();
    let drive = format!("driver=raw,node-name=inside,file.driver=file,file.filename={}", disk.display());
    let more = ["-blockdev", &drive, "-device", "virtio-blk-pci,drive=inside"].map(str::to_owned).to_vec();
    let mut machine = Machine::boot_disk(folder.clone(), &stick, &Setup { more, ..Setup::default() });

    // The licence comes first, then the disks: the one inside, and not the stick.
    machine.says("Demarc installer", 1);
    machine.says(LICENCE.trim(), 1);
    machine.says("Enter to agree and go on:", 1);
    assert!(!machine.console().contains("Number of the disk"), "{}", machine.console());
    machine.key("\r");
    machine.says("Number of the disk", 1);
    let shown = machine.console();
    assert!(shown.contains("1  vdb") && !shown.contains("vda "), "{shown}");
    machine.key("1\r");
    machine.says("To erase vdb", 1);
    machine.key("vda\r");
    machine.says("That is not its name. Nothing was written.", 1);
    assert!(is_empty(&disk), "something was written");

    // Whatever one says, the disk that it runs from is not written.
    let mut agent = machine.agent();
    let did = agent.run(
        "demarc-flash write --yes --yes-really --yes-really /run/demarc-install/demarc.raw.zst /dev/vda",
    );
    assert!(did.code != 0 && did.text.contains("the running system is on it"), "{did:?}");
    // Nothing else runs from a stick.
    assert_ne!(agent.run("pidof demarcd").code, 0);

    machine.key("1\r");
    machine.says("To erase vdb", 2);
    machine.key("vdb\r");
    machine.says("Demarc is on vdb. Take the stick out", 1);
    machine.cut();

    let environment = EFI.environment(&disk).expect("GRUB's environment");
    assert!(!environment.get("CMDLINE").is_some_and(|words| words.contains("demarc.install")));
    EFI.set(&disk, &[("CMDLINE", "no_timer_check demarc.cards=simulated")]);
    let machine = Machine::boot_disk(folder, &disk, &Setup::default());
    let mut api = machine.api();
    assert_eq!(api.get("/api/health")["status"], "ok");
    api.set_up(&machine.setup_code());
    assert_eq!(api.get("/api/system")["name"], "Example Hotel");
    assert_eq!(api.get("/api/appliance")["ssh"]["keys"], json!([KEY]));
    let mut agent = machine.agent();
    assert_eq!(agent.ok("cat /data/demarc/site/licence.txt"), LICENCE);
    // Secrets stay on neither partition.
    assert_ne!(agent.run("ls /boot/efi/site || ls /data/demarc/site/configuration.json").code, 0);
    assert!(EFI.file(machine.disk(), "site/configuration.json").is_none(), "the site is still there");
}

/// Is the beginning of this disk, where its table would be, still as it was?
fn is_empty(disk: &Path) -> bool {
    let output = Command::new("cmp").args(["-n", "1048576"]).arg(disk).arg("/dev/zero").output();
    output.expect("cmp").status.success()
}
