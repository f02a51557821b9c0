//! Power cuts. While the machine works every write to its disk is logged; the log, replayed to random points, gives
//! the disks that a power cut would have left, and each is judged: it boots, and nothing acknowledged is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{DATA, EFI, SLOT_A, SLOT_B, next_slot, take_out};
use demarc_image_tests::http::PASSWORD;
use demarc_image_tests::machine::new_disk;
use demarc_image_tests::writelog::{Dice, WriteLog};
use demarc_image_tests::{Images, Machine, Setup, images, wait_for};
use demarc_model::Config;
use demarc_store::{CallRecordFilter, Change, PasswordHash, Store};
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

/// Goes through cuts in order, and shows each to `judge`: the disk that it leaves. The most writes that were not flushed at one
/// of them; whether those had happened is chance.
fn judge_cuts(
    folder: &Path,
    log: &WriteLog,
    before: &Path,
    dice: &mut Dice,
    cuts: Vec<usize>,
    mut judge: impl FnMut(usize, &Path),
) -> usize {
    let base = File::options().write(true).open(before).unwrap();
    let (mut at, mut worst) = (0, 0);
    for cut in cuts {
        at = log.settle(&base, at, cut);
        let whole = folder.join("cut");
        let copied = std::process::Command::new("cp").arg("--sparse=always").args([before, &whole]).status();
        assert!(copied.unwrap().success());
        worst = worst.max(cut - at);
        log.unsettled(&File::options().write(true).open(&whole).unwrap(), at, cut, || dice.below(2) == 0);
        judge(cut, &whole);
    }
    worst
}

/// The data partition of a disk, repaired as at a start, and a folder of it.
fn data_of(cut: usize, whole: &Path, folder: &str) -> (tempfile::TempDir, PathBuf) {
    let out = tempfile::tempdir_in(whole.parent().unwrap()).unwrap();
    let part = out.path().join("part");
    DATA.copy(whole, &part);
    take_out(&part, folder, out.path())
        .unwrap_or_else(|| panic!("cut {cut}: the file system cannot be repaired"));
    (out, part)
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
    let points = cuts(&log, begin, &mut dice);
    let worst = judge_cuts(folder.path(), &log, &before, &mut dice, points, |cut, whole| {
        let (out, _) = data_of(cut, whole, "/demarc");
        let store = Store::open(out.path().join("demarc/demarc.db"))
            .unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        let kept = store.current().unwrap().unwrap_or_else(|| panic!("cut {cut}: no configuration"));
        let records = store.call_records(&CallRecordFilter::default(), 1000).unwrap().len();
        let Some(last) = acknowledged.iter().rfind(|acknowledged| acknowledged.entries <= cut) else {
            return;
        };
        let revision = kept.summary.revision;
        assert!(revision >= last.revision, "cut {cut}: revision {revision} of {}", last.revision);
        assert!(revision > last.revision || kept.config.system.name == last.name, "cut {cut}");
        assert!(records >= last.call_records, "cut {cut}: {records} records of {}", last.call_records);
    });
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
    let mut started = [0, 0];
    // Half of them in the last writes, where GRUB's environment changes.
    let mut points = cuts(&log, begin, &mut dice);
    let late = log.len() - 200.min(log.len() - begin);
    for point in points.iter_mut().step_by(2) {
        *point = late + dice.below(log.len() - late) + 1;
    }
    points.sort_unstable();
    judge_cuts(folder.path(), &log, &before, &mut dice, points, |cut, whole| {
        let environment = EFI.environment(whole).unwrap_or_default();
        match next_slot(&environment) {
            'A' => {
                let slot = SLOT_A.read(whole);
                assert_eq!(Sha256::digest(&slot[..old_size]), old, "cut {cut}: slot A is not what it was");
                started[0] += 1;
            }
            _ => {
                let slot = SLOT_B.read(whole);
                let digest: String =
                    Sha256::digest(&slot[..new_size]).iter().map(|octet| format!("{octet:02x}")).collect();
                assert_eq!(digest, new, "cut {cut}: slot B would start and is not whole");
                started[1] += 1;
            }
        }
        // The data partition is mountable all the while.
        data_of(cut, whole, "/system");
    });
    assert!(started[0] > 0 && started[1] > 0, "the cuts missed one side of the switch: {started:?}");
    println!(
        "{CUTS} cuts in {} writes: {} start the old version, {} the new, each whole",
        log.len(),
        started[0],
        started[1]
    );
}

/// A recording as it was when it was finished: its name and sum, and how long the log was then.
struct Finished {
    entries: usize,
    name: String,
    sum: String,
}

/// Recordings are written beside their name, made to last, and renamed: from then on they are finished. Another is in the
/// making all the while, and in the end the quota is full.
#[test]
fn no_finished_recording_is_lost() {
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
    machine.api();
    let mut agent = machine.agent();
    // No more than 24 MiB, so that the end is soon reached.
    agent.ok("setquota -P 1 0 24576 0 0 /data");
    let begin = WriteLog::count(&log);
    let mut finished = Vec::new();
    let full = (0..).find(|number| {
        let name = format!("call-{number}.wav");
        // Sizes from 4 KiB to 1 MiB, and one that nobody ends.
        let blocks = 1 + number * 37 % 256;
        let write = format!(
            "cd /data/recordings && dd if=/dev/urandom of=next.part bs=4k count={blocks} conv=fsync && \
             mv next.part {name} && sync && sha256sum {name} | cut -d\" \" -f1 && \
             dd if=/dev/urandom of=endless.part bs=4k count={} seek={} conv=notrunc",
            number % 9 + 1,
            number * 5
        );
        let did = agent.run(&format!(
            "/usr/bin/setpriv --reuid 990 --regid 990 --clear-groups sh -c '{write}' 2>/dev/null"
        ));
        let sum = did.text.trim().to_owned();
        if sum.len() == 64 {
            finished.push(Finished { entries: WriteLog::count(&log), name, sum });
        }
        did.code != 0
    });
    agent.ok("sync");
    drop(machine);
    assert!(full.is_some() && finished.len() > 20, "{} recordings until the quota was full", finished.len());

    let log = WriteLog::open(&log);
    let mut dice = Dice::new(42);
    let points = cuts(&log, begin, &mut dice);
    let worst = judge_cuts(folder.path(), &log, &before, &mut dice, points, |cut, whole| {
        let (out, part) = data_of(cut, whole, "/recordings");
        for recording in finished.iter().take_while(|recording| recording.entries <= cut) {
            let octets = std::fs::read(out.path().join("recordings").join(&recording.name))
                .unwrap_or_else(|error| panic!("cut {cut}: {}: {error}", recording.name));
            let sum: String = Sha256::digest(&octets).iter().map(|octet| format!("{octet:02x}")).collect();
            assert_eq!(sum, recording.sum, "cut {cut}: {} is not what it was", recording.name);
        }
        // What is written there next still counts for the quota.
        let folder =
            std::process::Command::new("debugfs").args(["-R", "stat /recordings"]).arg(part).output();
        let text = String::from_utf8_lossy(&folder.unwrap().stdout).into_owned();
        let project = text.split("Project:").nth(1).and_then(|rest| rest.split_whitespace().next());
        assert_eq!(project, Some("1"), "cut {cut}: {text}");
    });
    println!(
        "{CUTS} cuts in {} writes, up to {worst} of them not flushed: {} recordings, none lost",
        log.len(),
        finished.len()
    );
}

/// Records of calls in the old database.
const OLD_RECORDS: u64 = 400;

/// A database as the first release left it, with a configuration that knows nothing of the appliance.
fn old_database(path: &Path) {
    let store = Store::open(path).unwrap();
    let mut config = Config::simulated_telco();
    config.system.name = "Before the update".into();
    let change = Change { expected: 0, config: &config, author: "admin", summary: "set up" };
    store.set_up("admin", &PasswordHash::new(PASSWORD).unwrap(), Some(change), 1000).unwrap();
    drop(store);
    let database = rusqlite::Connection::open(path).unwrap();
    let undo = "ALTER TABLE call_record DROP COLUMN charge_complete;
        ALTER TABLE call_record DROP COLUMN charge_units;
        ALTER TABLE call_record DROP COLUMN charge_amount;
        ALTER TABLE call_record DROP COLUMN charge_currency;
        DELETE FROM refinery_schema_history WHERE version > 1;
        PRAGMA user_version = 0;
        UPDATE revision SET config = json_remove(config, '$.appliance');
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 400)
        INSERT INTO call_record (call, started_ms, answered_ms, ended_ms, presentation, screening, from_name, called, to_name,
            emergency, cause)
        SELECT n, n * 1000, n * 1000 + 10, n * 1000 + 20, 'allowed', 'network_provided', 'Telco', '201', 'Phone 201', 0, 16
        FROM number;";
    database.execute_batch(undo).unwrap();
    assert_eq!(schema(path), 1);
}

/// The schema of a database, as it is.
fn schema(path: &Path) -> u32 {
    let database = rusqlite::Connection::open(path).unwrap();
    let newest = "SELECT max(version) FROM refinery_schema_history";
    database.query_row(newest, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_migration_cut_anywhere_has_happened_or_not_begun() {
    let images = Images::find();
    let old = tempfile::tempdir().unwrap();
    let old = old.path().join("demarc.db");
    old_database(&old);
    let stick = tempfile::NamedTempFile::new().unwrap();
    images::stick(&[(&old, "demarc.db")], stick.path());
    let mut setup = Setup {
        words: "demarc.cards=simulated".into(),
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
    let mut api = machine.api();
    let mut agent = machine.agent();
    agent.ok("mount -o ro /dev/vdb /mnt && kill -STOP $(pidof demarcd)");
    agent.ok("cd /data/demarc && rm -f demarc.db* && cp /mnt/demarc.db . && chown 990:990 demarc.db && sync");
    let begin = WriteLog::count(&log);
    agent.ok("rm /data/demarc/control; kill -KILL $(pidof demarcd)");
    wait_for("the new gateway", || (agent.run("test -S /data/demarc/control").code == 0).then_some(()));
    machine.api();
    api.sign_in();
    assert_eq!(api.get("/api/system")["name"], "Before the update");
    assert_eq!(api.get("/api/appliance")["hostname"], "demarc");
    agent.ok("sync");
    drop(machine);

    let log = WriteLog::open(&log);
    let mut dice = Dice::new(3);
    let points = cuts(&log, begin, &mut dice);
    let mut found = [0, 0];
    judge_cuts(folder.path(), &log, &before, &mut dice, points, |cut, whole| {
        let (out, _) = data_of(cut, whole, "/demarc");
        let path = out.path().join("demarc/demarc.db");
        match schema(&path) {
            1 => found[0] += 1,
            _ => found[1] += 1,
        }
        // The new gateway goes on from here, with everything that the old one knew.
        let store = Store::open(&path).unwrap_or_else(|error| panic!("cut {cut}: {error}"));
        let kept = store.current().unwrap().unwrap_or_else(|| panic!("cut {cut}: no configuration"));
        assert_eq!(kept.config.system.name, "Before the update", "cut {cut}");
        assert!(store.is_set_up().unwrap(), "cut {cut}: nobody may administer it");
        let records = store.call_records(&CallRecordFilter::default(), 1000).unwrap().len();
        assert_eq!(u64::try_from(records).unwrap(), OLD_RECORDS, "cut {cut}");
    });
    assert!(found[0] > 0 && found[1] > 0, "the cuts missed one side of the migration: {found:?}");
    println!(
        "{CUTS} cuts in {} writes: {} before the migration, {} after it, nothing lost",
        log.len() - begin,
        found[0],
        found[1]
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
