//! A disk that is really full: a small tmpfs. Without the right to mount one, the same is shown
//! with a limited file in `src/recorder.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{commit, config, record};
use demarc_model::CallId;
use demarc_store::{Change, CommitError, OpenError, RecorderOptions, Store, StoreError};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(kib: u32) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let size = format!("size={kib}k");
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        match status {
            Ok(output) if output.status.success() => Some(Self(dir)),
            other => {
                eprintln!("no right to mount a tmpfs, so this test shows nothing here: {other:?}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn fill(&self) {
        let block = vec![0u8; 4096];
        for n in 0.. {
            if fs::write(self.path().join(format!("filler{n}")), &block).is_err() {
                return;
            }
        }
    }

    fn make_room(&self) {
        for entry in fs::read_dir(self.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("filler") {
                fs::remove_file(path).unwrap();
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the store may still be open when an assertion failed.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_configuration_and_keeps_call_records_waiting() {
    let Some(disk) = SmallDisk::mount(2048) else { return };
    let store = Store::open(disk.path().join("demarc.db")).unwrap();
    commit(&store, "before");
    let recorder = store.recorder(RecorderOptions::default()).unwrap();
    recorder.record(record(1)).unwrap();
    recorder.flush().unwrap();
    disk.fill();

    // Space that the journal has already is still good: so write until there is none.
    let mut revision = 1;
    let error = loop {
        assert!(revision < 1000, "the disk never fills");
        let config = config(&format!("r{}", revision + 1));
        match store.commit(Change { expected: revision, config: &config, author: "a", summary: "s" }, 0) {
            Ok(new) => revision = new,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Store(StoreError::DiskFull)), "{error}");
    assert_eq!(error.to_string(), "the disk is full; nothing was changed");
    let current = store.current().unwrap().unwrap();
    assert_eq!(current.summary.revision, revision, "nothing is half-written");

    let mut n = 1;
    let refused = loop {
        n += 1;
        assert!(n < 100_000, "the disk never fills");
        recorder.record(record(n)).unwrap();
        if let Err(error) = recorder.flush() {
            break error;
        }
    };
    assert!(matches!(refused, StoreError::DiskFull), "{refused}");
    for more in n + 1..=n + 100 {
        recorder.record(record(more)).unwrap();
    }
    let status = store.recorder_status();
    assert!(status.pending > 0 && status.lost == 0, "{status:?}");
    assert_eq!(status.error.as_deref(), Some("the disk is full; nothing was changed"));

    disk.make_room();
    recorder.flush().unwrap();
    assert_eq!(store.recorder_status().pending, 0);
    assert_eq!(store.recorder_status().error, None);
    for call in 1..=n + 100 {
        assert_eq!(store.call_record(CallId(call)).unwrap(), Some(record(call)));
    }
    commit(&store, "after");
}

#[test]
fn opening_on_a_full_disk_says_so() {
    let Some(disk) = SmallDisk::mount(256) else { return };
    disk.fill();
    let error = Store::open(disk.path().join("demarc.db")).err().unwrap();
    assert!(matches!(error, OpenError::DiskFull { .. }), "{error}");
    disk.make_room();
    Store::open(disk.path().join("demarc.db")).unwrap();
}
