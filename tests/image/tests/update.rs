//! Updates that cannot brick.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{EFI, SLOT_A, SLOT_B, next_slot};
use demarc_image_tests::machine::new_disk;
use demarc_image_tests::phone::Call;
use demarc_image_tests::{Agent, Api, Images, Machine, Setup, images, wait_for};
use serde_json::{Value, json};
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

/// A machine that an administrator has set up, and what it looks like to them before an update.
fn in_service() -> (Machine, Api, Value) {
    let setup = Setup { words: "demarc.cards=simulated".into(), disk_mib: 1536, ..Setup::default() };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let mut system = api.get("/api/system");
    system["name"] = "Before the update".into();
    let (status, answer) = api.change("PUT", "/api/system", &system).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    (machine, api, system)
}

/// Uploads a bundle as an administrator does, and orders what the switch may wait for: how that ended.
fn install(api: &Api, bundle: &str, force: bool) -> Value {
    let (status, answer) = api.upload("/api/appliance/update/bundle", &Images::find().bundle(bundle));
    assert!((200..300).contains(&status), "{status}: {answer}");
    let order = json!({ "source": { "from": "upload" }, "force": force });
    let (status, answer) = api.send("POST", "/api/appliance/update", Some(&order)).expect("an answer");
    assert!((200..300).contains(&status), "{status}: {answer}");
    wait_for("the new version in its slot, or a reason", || {
        let update = api.get("/api/appliance/status")["update"].clone();
        let text = update.to_string();
        (text.contains("\"installed\"") || text.contains("\"failed\"")).then_some(update)
    })
}

/// An update by the API, until the new version is started.
fn update(machine: &Machine, api: &Api, bundle: &str) {
    let update = install(api, bundle, false);
    assert!(update.to_string().contains("0.1.1"), "{update}");
    let now = json!({ "at": "now" });
    let (status, answer) = api.send("POST", "/api/appliance/update/switch", Some(&now)).expect("an answer");
    assert!((200..300).contains(&status), "{answer}");
    machine.says("Demarc: starting slot B", 1);
}

/// How the update went, once that is decided.
fn outcome(machine: &Machine, api: &Api) -> Value {
    machine.api();
    wait_for("the outcome", || {
        let (200, status) = api.try_get("/api/appliance/status")? else { return None };
        let found = status.get("last_update")?.clone();
        (!found.is_null()).then_some(found)
    })
}

/// The old version is back by itself, with its configuration and its administrator, and says why.
fn returned(machine: &Machine, api: &mut Api, system: &Value) -> String {
    machine.says("Demarc: starting slot A", 2);
    let outcome = outcome(machine, api);
    assert!(machine.agent().ok("cat /proc/cmdline").contains("rauc.slot=A"));
    assert_eq!(outcome["to"], "0.1.1", "{outcome}");
    assert_eq!(api.get("/api/appliance/status")["version"], "0.1.0");
    api.sign_in();
    assert_eq!(&api.get("/api/system"), system);
    assert_eq!(next_slot(&environment(machine)), 'A');
    let fault = outcome["fault"].as_str().expect("a reason").to_owned();
    println!("it says: {fault}");
    fault
}

#[test]
fn an_update_that_works_is_kept() {
    let (machine, api, system) = in_service();
    update(&machine, &api, "good");
    let outcome = outcome(&machine, &api);
    assert!(outcome["fault"].is_null() && outcome["to"] == "0.1.1", "{outcome}");
    wait_for("a good slot B", || {
        let environment = environment(&machine);
        (environment.get("B_TRY").map(String::as_str) == Some("0")).then_some(())
    });
    assert_eq!(next_slot(&environment(&machine)), 'B');
    assert_eq!(api.get("/api/system"), system);
}

#[test]
fn a_gateway_that_crashes_returns_to_the_old_version() {
    let (machine, mut api, system) = in_service();
    update(&machine, &api, "crash");
    let fault = returned(&machine, &mut api, &system);
    assert!(fault.contains("ended by itself"), "{fault}");
}

/// Its first step is in the database, as is a configuration that only the new version can read; its second one failed.
#[test]
fn a_migration_that_fails_returns_to_the_old_configuration() {
    let (machine, mut api, system) = in_service();
    update(&machine, &api, "migration");
    let fault = returned(&machine, &mut api, &system);
    assert!(fault.contains("the migration failed"), "{fault}");
    // The new version did write: the old one went back to what it can read, and said so.
    let revisions = api.get("/api/revisions").to_string();
    assert!(revisions.contains("Migrated") && revisions.contains("by a newer version"), "{revisions}");
}

#[test]
fn a_span_that_does_not_return_brings_the_old_version_back() {
    let (machine, mut api, system) = in_service();
    wait_for("a span that is up", || {
        let (200, live) = api.try_get("/api/live")? else { return None };
        let text = live["spans"].to_string();
        text.contains("\"d_channel_up\":true").then_some(())
    });
    update(&machine, &api, "cards");
    // While it is on trial it says what it waits for.
    machine.api();
    wait_for("the trial", || {
        let (200, status) = api.try_get("/api/appliance/status")? else { return None };
        status["update"].to_string().contains("span 1 did not come up again").then_some(())
    });
    let fault = returned(&machine, &mut api, &system);
    assert!(fault.contains("span 1 did not come up again"), "{fault}");
}

/// Nothing runs in it that could say what is wrong: the watchdog bites, and the boot loader counts.
#[test]
fn a_version_that_says_nothing_returns_by_the_watchdog() {
    let (machine, mut api, system) = in_service();
    update(&machine, &api, "silent");
    for times in [2, 3] {
        machine.says("Demarc: starting slot B", times);
    }
    let fault = returned(&machine, &mut api, &system);
    assert!(fault.contains("did not start"), "{fault}");
}

#[test]
fn an_older_version_is_refused_unless_forced() {
    let (machine, api, _) = in_service();
    let update = install(&api, "older", false);
    let text = update.to_string();
    assert!(text.contains("0.0.9 is older than 0.1.0"), "{text}");
    assert!(machine.partition(&SLOT_B)[..1 << 20].iter().all(|octet| *octet == 0), "it was written");
    let update = install(&api, "older", true);
    let text = update.to_string();
    assert!(text.contains("\"installed\"") && text.contains("0.0.9"), "{text}");
    // It is written, and waits for an order.
    machine.agent().ok("sync");
    assert_eq!(next_slot(&environment(&machine)), 'A');
}
