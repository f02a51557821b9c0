//! Power cuts. While the machine works every write to its disk is logged; the log, replayed to random points, gives
//! the disks that a power cut would have left, and each is judged: it boots, and nothing acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{DATA, EFI, SLOT_A, SLOT_B, next_slot, take_out};
use demarc_image_tests::machine::new_disk;
use demarc_image_tests::writelog::{Dice, WriteLog};
use demarc_image_tests::{Images, Machine, Setup, images, wait_for};
use demarc_store::{CallRecordFilter, Store};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};

/// Cuts of each kind.
const CUTS: usize = 120;

/// What the gateway said is kept, and how long the log was when it said so.
struct Acknowledged {
    entries: usize,
    revision: u64,
    name: String,
    call_records: usize,
}

fn pristine(from: &Path) -> PathBuf {
    let to = from.with_extension("pristine");
    let copied = std::process::Command::new("cp").arg("--sparse=always").args([from, &to]).status();
    assert!(copied.unwrap().success());
    to
}

/// Random points, in order; every part of the log has its share.
fn cuts(log: &WriteLog, from: usize, dice: &mut Dice) -> Vec<usize> {
    let mut cuts: Vec<usize> = (0..CUTS).map(|_| from + dice.below(log.len() - from) + 1).collect();
    cuts.sort_unstable();
    cuts
}

#[test]
fn no_acknowledged_setting_or_call_record_is_lost() {
    let images = Images::find();
    let mut setup = Setup {
        words: "demarc.cards=simulated".into(),
        direct: Some(images.kernel()),
        disk_mib: 1024,
        ..Setup::default()
    };
    let (folder, disk) = new_disk(&images.disk(), &setup);
    let before = pristine(&disk);
    let log = folder.path().join("writes");
    setup.log_writes = Some(log.clone());
    let machine = Machine::boot_disk(folder.clone(), &disk, &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let begin = WriteLog::count(&log);
    let mut acknowledged = Vec::new();
    let mut agent = machine.agent();
    for round in 0..40 {
        let mut system = api.get("/api/system");
        let name = format!("Site {round}");
        system["name"] = json!(name);
        let (status, answer) = api.change("PUT", "/api/system", &system).expect("an answer");
        assert_eq!(status, 200, "{answer}");
        let revision = api.get("/api/status")["revision"].as_u64().expect("a revision");
        // Somebody lifts a handset, dials the next room, and hangs up.
        if round % 4 == 0 {
            agent.ok("demarc --data /data/demarc phone 1 off-hook");
            agent.ok("demarc --data /data/demarc phone 1 dial 212");
            agent.ok("demarc --data /data/demarc phone 1 hang-up");
        }
        let call_records = api.get("/api/call_records")["records"].as_array().map_or(0, Vec::len);
        acknowledged.push(Acknowledged { entries: WriteLog::count(&log), revision, name, call_records });
    }
    assert!(acknowledged.last().unwrap().call_records > 0, "no call left a record");
    drop(machine);

    let log = WriteLog::open(&log);
    let mut dice = Dice::new(2026);
    let base = File::options().write(true).open(&before).unwrap();
    let (mut at, mut worst) = (0, 0);
    for (number, cut) in cuts(&log, begin, &mut dice).into_iter().enumerate() {
        at = log.settle(&base, at, cut);
        let part = folder.path().join("part");
        let whole = folder.path().join("cut");
        // What had not been flushed happened or did not.
        let copied = std::process::Command::new("cp").arg("--sparse=always").args([&before, &whole]).status();
        assert!(copied.unwrap().success());
        worst = worst.max(cut - at);
        log.unsettled(&File::options().write(true).open(&whole).unwrap(), at, cut, || dice.below(2) == 0);
        DATA.copy(&whole, &part);
        let out = folder.path().join(format!("out-{number}"));
        std::fs::create_dir(&out).unwrap();
        take_out(&part, "/demarc", &out)
            .unwrap_or_else(|| panic!("cut {cut}: the file system cannot be repaired"));
        let store =
            Store::open(out.join("demarc/demarc.db")).unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        let kept = store.current().unwrap().unwrap_or_else(|| panic!("cut {cut}: no configuration"));
        let records = store.call_records(&CallRecordFilter::default(), 1000).unwrap().len();
        if let Some(last) = acknowledged.iter().rfind(|acknowledged| acknowledged.entries <= cut) {
            assert!(
                kept.summary.revision >= last.revision,
                "cut {cut}: revision {} of {}",
                kept.summary.revision,
                last.revision
            );
            assert!(
                kept.summary.revision > last.revision || kept.config.system.name == last.name,
                "cut {cut}"
            );
            assert!(records >= last.call_records, "cut {cut}: {records} records of {}", last.call_records);
        }
        drop(store);
        std::fs::remove_dir_all(&out).unwrap();
    }
    println!(
        "{CUTS} cuts in {} writes, up to {worst} of them not flushed: nothing acknowledged was lost",
        log.len()
    );
}

#[test]
fn an_update_cut_anywhere_leaves_a_slot_that_starts() {
    let images = Images::find();
    let stick = tempfile::NamedTempFile::new().unwrap();
    images::stick(&[(&images.bundle("good"), "good.raucb")], stick.path());
    let mut setup = Setup {
        direct: Some(images.kernel()),
        stick: Some(stick.path().to_owned()),
        disk_mib: 1024,
        ..Setup::default()
    };
    let (folder, disk) = new_disk(&images.disk(), &setup);
    let before = pristine(&disk);
    let log = folder.path().join("writes");
    setup.log_writes = Some(log.clone());
    let machine = Machine::boot_disk(folder.clone(), &disk, &setup);
    let mut agent = machine.agent();
    agent.ok("mount -o ro /dev/vdb /mnt");
    agent.rauc_status();
    let begin = WriteLog::count(&log);
    agent.ok("rauc status mark-good");
    agent.ok("rauc install /mnt/good.raucb && sync");
    drop(machine);

    let old = Sha256::digest(std::fs::read(images.rootfs()).unwrap());
    let old_size = usize::try_from(std::fs::metadata(images.rootfs()).unwrap().len()).unwrap();
    let (new, new_size) = images.contents("good");
    let log = WriteLog::open(&log);
    let mut dice = Dice::new(11);
    let base = File::options().write(true).open(&before).unwrap();
    let mut at = 0;
    let mut started = [0, 0];
    // Half of them in the last writes, where GRUB's environment changes.
    let mut points = cuts(&log, begin, &mut dice);
    let late = log.len() - 200.min(log.len() - begin);
    for point in points.iter_mut().step_by(2) {
        *point = late + dice.below(log.len() - late) + 1;
    }
    points.sort_unstable();
    for cut in points {
        at = log.settle(&base, at, cut);
        let whole = folder.path().join("cut");
        let copied = std::process::Command::new("cp").arg("--sparse=always").args([&before, &whole]).status();
        assert!(copied.unwrap().success());
        log.unsettled(&File::options().write(true).open(&whole).unwrap(), at, cut, || dice.below(2) == 0);
        let environment = EFI.environment(&whole).unwrap_or_default();
        match next_slot(&environment) {
            'A' => {
                let slot = SLOT_A.read(&whole);
                assert_eq!(Sha256::digest(&slot[..old_size]), old, "cut {cut}: slot A is not what it was");
                started[0] += 1;
            }
            _ => {
                let slot = SLOT_B.read(&whole);
                let digest: String =
                    Sha256::digest(&slot[..new_size]).iter().map(|octet| format!("{octet:02x}")).collect();
                assert_eq!(digest, new, "cut {cut}: slot B would start and is not whole");
                started[1] += 1;
            }
        }
        // The data partition is mountable all the while.
        let part = folder.path().join("part");
        DATA.copy(&whole, &part);
        let out = folder.path().join(format!("out-{cut}"));
        std::fs::create_dir_all(&out).unwrap();
        take_out(&part, "/system", &out)
            .unwrap_or_else(|| panic!("cut {cut}: the file system cannot be repaired"));
        std::fs::remove_dir_all(&out).unwrap();
    }
    assert!(started[0] > 0 && started[1] > 0, "the cuts missed one side of the switch: {started:?}");
    println!(
        "{CUTS} cuts in {} writes: {} start the old version, {} the new, each whole",
        log.len(),
        started[0],
        started[1]
    );
}

/// The machine itself, killed at random moments while it starts and works, and started again.
#[test]
fn killed_again_and_again_it_starts() {
    let images = Images::find();
    let setup = Setup { words: "demarc.cards=simulated".into(), disk_mib: 1024, ..Setup::default() };
    let (folder, disk) = new_disk(&images.disk(), &setup);
    let kills: usize = std::env::var("DEMARC_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let mut dice = Dice::new(7);
    for _ in 0..kills {
        let machine = Machine::boot_disk(folder.clone(), &disk, &setup);
        machine.says("Demarc: starting slot", 1);
        // Somewhere in the start, or in the first work of the gateway.
        let lines = dice.below(12);
        let from = machine.console().lines().count();
        let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
        wait_for("more on the console", || {
            (machine.console().lines().count() >= from + lines || std::time::Instant::now() > end)
                .then_some(())
        });
        drop(machine);
    }
    let machine = Machine::boot_disk(folder, &disk, &setup);
    assert_eq!(machine.api().get("/api/health")["status"], "ok");
}
