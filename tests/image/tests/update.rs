//! Updates that cannot brick.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{EFI, SLOT_A, SLOT_B, next_slot};
use demarc_image_tests::machine::new_disk;
use demarc_image_tests::phone::Call;
use demarc_image_tests::{Agent, Images, Machine, Setup, images, wait_for};
use std::path::Path;
use std::time::Duration;

/// A machine with a stick on which these files are, mounted at /mnt.
fn with_stick(files: &[(&Path, &str)]) -> (Machine, Agent) {
    let stick = tempfile::NamedTempFile::new().unwrap().into_temp_path().keep().unwrap();
    images::stick(files, &stick);
    let setup = Setup {
        words: "demarc.cards=simulated".into(),
        stick: Some(stick.clone()),
        disk_mib: 1024,
        ..Setup::default()
    };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut agent = machine.agent();
    // It is open in QEMU: nobody needs its name any more.
    std::fs::remove_file(stick).unwrap();
    agent.ok("mount -o ro /dev/vdb /mnt");
    agent.rauc_status();
    (machine, agent)
}

/// What the slot was found to be, by demarc-system or by the test.
fn environment(machine: &Machine) -> std::collections::BTreeMap<String, String> {
    wait_for("GRUB's environment", || EFI.environment(machine.disk()))
}

#[test]
fn an_update_goes_on_beside_a_call() {
    let images = Images::find();
    let (mut machine, mut agent) = with_stick(&[(&images.bundle("good"), "good.raucb")]);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    machine.serve_sip(&api, &mut agent);
    let password = machine.account_password(&mut agent, "201");
    let call = Call::start(&mut machine, "201", &password, "02079460100", Duration::from_secs(120));
    wait_for("audio", || (call.packets() > 50).then_some(()));
    let before = call.packets();
    agent.ok("rauc install /mnt/good.raucb");
    assert!(call.packets() > before, "the call stood still while the update was written");
    let went = call.finish();
    assert!(went.well && went.packets > 500 && went.loud, "{went:?}");

    agent.ok("sync");
    assert_eq!(next_slot(&environment(&machine)), 'B');
    agent.start("reboot");
    machine.says("Demarc: starting slot B", 1);
    let mut agent = machine.agent();
    agent.rauc_status();
    assert!(agent.ok("cat /etc/os-release").contains("VERSION_ID=0.1.1"));
    assert!(agent.ok("cat /proc/cmdline").contains("rauc.slot=B"));
    // The configuration came along.
    machine.api();
    api.sign_in();
    agent.ok("rauc status mark-good");
    let environment = environment(&machine);
    assert_eq!(environment.get("B_TRY").map(String::as_str), Some("0"));
    assert_eq!(environment.get("ORDER").map(String::as_str), Some("B A"));
    // Both slots can be booted: and back again.
    agent.ok("rauc status mark-active other");
    agent.start("reboot");
    machine.says("Demarc: starting slot A", 2);
    assert!(machine.agent().ok("cat /etc/os-release").contains("VERSION_ID=0.1.0"));
}

#[test]
fn a_kernel_that_panics_returns_to_the_old_version() {
    let images = Images::find();
    let (machine, mut agent) = with_stick(&[(&images.bundle("panic"), "panic.raucb")]);
    agent.ok("rauc status mark-good");
    agent.ok("rauc install /mnt/panic.raucb");
    agent.start("reboot");
    machine.says("Demarc: starting slot B", 3);
    machine.says("Demarc: starting slot A", 2);
    assert!(machine.agent().ok("cat /proc/cmdline").contains("rauc.slot=A"));
    assert_eq!(environment(&machine).get("B_TRY").map(String::as_str), Some("3"));
    assert_eq!(machine.console().matches("Demarc: starting slot B").count(), 3);
}

#[test]
fn bundles_that_are_not_ours_are_refused() {
    let images = Images::find();
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read(images.bundle("panic")).unwrap();
    let cut = folder.path().join("cut");
    std::fs::write(&cut, &good[..good.len() / 2]).unwrap();
    // One octet of what would be written.
    let mut changed = good.clone();
    changed[good.len() / 2] ^= 1;
    let payload = folder.path().join("payload");
    std::fs::write(&payload, &changed).unwrap();
    // One octet of the signature.
    let mut changed = good.clone();
    let at = good.len() - 600;
    changed[at] ^= 1;
    let signature = folder.path().join("signature");
    std::fs::write(&signature, &changed).unwrap();
    let (machine, mut agent) = with_stick(&[
        (&images.bundle("otherkey"), "otherkey.raucb"),
        (&images.bundle("otherboard"), "otherboard.raucb"),
        (&cut, "cut.raucb"),
        (&payload, "payload.raucb"),
        (&signature, "signature.raucb"),
    ]);
    agent.ok("rauc status mark-good");
    for name in ["otherkey", "otherboard", "cut", "signature", "payload"] {
        let did = agent.run(&format!("rauc install /mnt/{name}.raucb"));
        println!("{name}: {}", did.text.lines().rev().take(3).collect::<Vec<_>>().join(" | "));
        assert_ne!(did.code, 0, "{name} was installed: {}", did.text);
        let environment = environment(&machine);
        assert_eq!(next_slot(&environment), 'A', "after {name}");
        assert_ne!(environment.get("B_OK").map(String::as_str), Some("1"), "after {name}");
        // All but the last are refused before anything is written.
        if name != "payload" {
            assert!(
                machine.partition(&SLOT_B)[..1 << 20].iter().all(|octet| *octet == 0),
                "{name} was written"
            );
        }
    }
}

#[test]
fn a_destroyed_slot_and_a_lost_environment_keep_nobody_from_starting() {
    let images = Images::find();
    let setup = Setup { disk_mib: 1024, ..Setup::default() };
    let (folder, disk) = new_disk(&images.disk(), &setup);
    // Slot B as after an update, slot A destroyed, and no environment.
    SLOT_B.write(&disk, 0, &std::fs::read(images.rootfs()).unwrap());
    SLOT_A.write(&disk, 0, &vec![0xa5; 4 << 20]);
    EFI.put(&disk, "grubenv", &[0xff; 1024]);
    let machine = Machine::boot_disk(folder, &disk, &setup);
    machine.says("Demarc: slot A cannot be loaded", 1);
    machine.says("Demarc: starting slot B", 1);
    let mut agent = machine.agent();
    assert!(agent.ok("cat /proc/cmdline").contains("rauc.slot=B"));
    // The environment is mended, and prefers the slot that works.
    let environment = environment(&machine);
    assert_eq!(next_slot(&environment), 'B');
    // The destroyed slot is what an update writes next.
    let status = agent.rauc_status();
    assert!(status.contains("Activated: rootfs.1"), "{status}");
}

#[test]
fn with_no_slot_left_all_are_tried_again() {
    let images = Images::find();
    let setup = Setup { disk_mib: 1024, ..Setup::default() };
    let (folder, disk) = new_disk(&images.disk(), &setup);
    EFI.set(&disk, &[("A_OK", "0"), ("A_TRY", "3"), ("B_OK", "0"), ("B_TRY", "0")]);
    let machine = Machine::boot_disk(folder, &disk, &setup);
    machine.says("Demarc: no slot is left", 1);
    let mut agent = machine.agent();
    assert!(agent.ok("cat /proc/cmdline").contains("rauc.slot=A"));
}

/// Uploads a bundle as an administrator does, and takes it into service.
fn update_by_the_api(bundle: &str) -> (Machine, demarc_image_tests::Api) {
    let setup = Setup { words: "demarc.cards=simulated".into(), disk_mib: 1536, ..Setup::default() };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let (status, answer) = api.upload("/api/appliance/update/bundle", &Images::find().bundle(bundle));
    assert!((200..300).contains(&status), "{status}: {answer}");
    let install = serde_json::json!({ "source": { "from": "upload" } });
    let (status, answer) = api.send("POST", "/api/appliance/update", Some(&install)).expect("an answer");
    assert!((200..300).contains(&status), "{status}: {answer}");
    wait_for("the new version in its slot", || {
        let status = api.get("/api/appliance/status")["update"].to_string();
        assert!(!status.contains("failed"), "{status}");
        status.contains("\"installed\"").then_some(())
    });
    let now = serde_json::json!({ "at": "now" });
    let (status, answer) = api.send("POST", "/api/appliance/update/switch", Some(&now)).expect("an answer");
    assert!((200..300).contains(&status), "{answer}");
    machine.says("Demarc: starting slot B", 1);
    (machine, api)
}

/// How the update went, once that is decided.
fn outcome(machine: &Machine, api: &mut demarc_image_tests::Api) -> serde_json::Value {
    machine.api();
    wait_for("the outcome", || {
        let (200, status) = api.try_get("/api/appliance/status")? else { return None };
        let found = status.get("last_update")?.clone();
        (!found.is_null()).then_some(found)
    })
}

#[test]
fn an_update_that_works_is_kept() {
    let (machine, mut api) = update_by_the_api("good");
    let outcome = outcome(&machine, &mut api);
    assert!(outcome["fault"].is_null() && outcome["to"] == "0.1.1", "{outcome}");
    wait_for("a good slot B", || {
        let environment = environment(&machine);
        (environment.get("B_TRY").map(String::as_str) == Some("0")).then_some(())
    });
    assert_eq!(next_slot(&environment(&machine)), 'B');
}

#[test]
fn a_gateway_that_crashes_returns_to_the_old_version() {
    let (machine, mut api) = update_by_the_api("crash");
    machine.says("Demarc: starting slot A", 2);
    let outcome = outcome(&machine, &mut api);
    assert!(outcome["fault"].is_string(), "{outcome}");
    assert!(machine.agent().ok("cat /proc/cmdline").contains("rauc.slot=A"));
    println!("it says: {}", outcome["fault"]);
}
