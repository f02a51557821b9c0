//! Opening: what is refused, with which words, and that nothing is harmed by it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{commit, config, place, record, sql};
use demarc_store::{OpenError, RecorderOptions, Store};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_new_file_is_private_and_empty() {
    let (dir, path) = place();
    let store = Store::open(&path).unwrap();
    assert_eq!(store.current().unwrap(), None);
    assert!(!store.is_set_up().unwrap());
    commit(&store, "first");
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn a_file_that_others_may_read_is_made_private() {
    let (_dir, path) = place();
    drop(Store::open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let _store = Store::open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_committed_is_there_at_the_next_start() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    assert_eq!(commit(&store, "first"), 1);
    assert_eq!(commit(&store, "second"), 2);
    drop(store);
    let store = Store::open(&path).unwrap();
    let current = store.current().unwrap().unwrap();
    assert_eq!((current.summary.revision, current.summary.summary.as_str()), (2, "second"));
    assert_eq!(current.config, common::config("second"));
}

#[test]
fn two_gateways_never_share_a_file() {
    let (_dir, path) = place();
    let first = Store::open(&path).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("already running"), "{error}");
    drop(first);
    Store::open(&path).unwrap();
}

#[test]
fn garbage_is_refused_and_left_alone() {
    let (_dir, path) = place();
    let garbage = b"This is not SQLite at all. ".repeat(200);
    fs::write(&path, &garbage).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert_one_line(&error);
    assert_eq!(fs::read(&path).unwrap(), garbage);
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let (_dir, path) = place();
    sql(&path, "CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('https://example.org');");
    let before = fs::read(&path).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::NotOurs { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_schema_of_a_newer_gateway_is_refused() {
    let (_dir, path) = place();
    drop(Store::open(&path).unwrap());
    sql(
        &path,
        "INSERT INTO refinery_schema_history VALUES (999, 'from_the_future', '2099-01-01T00:00:00Z', '1');
         PRAGMA user_version = 999;",
    );
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::Newer { what: "schema", theirs: 999, .. }), "{error}");
    assert_one_line(&error);
}

#[test]
fn a_schema_that_a_newer_gateway_has_only_added_to_is_taken() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "first");
    drop(store);
    sql(
        &path,
        "INSERT INTO refinery_schema_history VALUES (999, 'from_the_future', '2099-01-01T00:00:00Z', '1');
         CREATE TABLE warp (factor INTEGER);
         ALTER TABLE call_record ADD COLUMN warp INTEGER NOT NULL DEFAULT 1;",
    );
    let store = Store::open(&path).unwrap();
    assert_eq!(commit(&store, "second"), 2);
    let recorder = store.recorder(RecorderOptions::default()).unwrap();
    recorder.record(record(1)).unwrap();
    recorder.flush().unwrap();
    drop(recorder);
    drop(store);
    drop(Store::open(&path).unwrap());
}

#[test]
fn a_configuration_of_a_newer_gateway_alone_is_refused_before_its_words_are_read() {
    let (_dir, path) = place();
    drop(Store::open(&path).unwrap());
    sql(
        &path,
        "INSERT INTO revision VALUES (2, 0, 'admin', 'future', '{\"format\": 7, \"warp_drive\": true}')",
    );
    let error = Store::open(&path).err().unwrap();
    assert!(
        matches!(error, OpenError::Newer { what: "configuration format", theirs: 7, ours: 1, .. }),
        "{error}"
    );
}

#[test]
fn after_an_update_that_was_taken_back_the_configuration_from_before_it_is_in_force() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "before");
    drop(store);
    // One of a new format, and one of ours with a field that only a newer gateway knows.
    let mut value = serde_json::to_value(config("newer")).unwrap();
    value["warp_drive"] = true.into();
    let insert = "INSERT INTO revision VALUES (2, 5, 'admin', 'future', '{\"format\": 7}')";
    sql(&path, insert);
    sql(&path, &format!("INSERT INTO revision VALUES (3, 6, 'admin', 'future', '{value}')"));
    let store = Store::open(&path).unwrap();
    let current = store.current().unwrap().unwrap();
    assert_eq!(current.config.system.name, "before");
    assert_eq!((current.summary.revision, current.summary.at_ms), (4, 6));
    assert!(current.summary.summary.contains("newer version"), "{}", current.summary.summary);
    assert_eq!(store.revision(3).unwrap().unwrap().1["warp_drive"], true, "nothing is lost");
    drop(store);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.current().unwrap().unwrap().summary.revision, 4, "once is enough");
    assert_eq!(commit(&store, "and on"), 5);
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "first");
    drop(store);
    sql(&path, "UPDATE revision SET config = '{\"format\": 1, \"system\": 5}'");
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("revision 1"), "{error}");
    assert_one_line(&error);
}

#[test]
fn a_truncated_database_is_refused() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    commit(&store, "first");
    drop(store);
    let content = fs::read(&path).unwrap();
    fs::write(&path, &content[..content.len() / 2]).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert_one_line(&error);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open(dir.path().join("nowhere/demarc.db")).err().unwrap();
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("No such file"), "{error}");

    // A directory in its place: unlike file modes this holds for root too.
    let path = dir.path().join("demarc.db");
    fs::create_dir(&path).unwrap();
    let error = Store::open(&path).err().unwrap();
    assert!(matches!(error, OpenError::Unreadable { .. }), "{error}");
    assert_one_line(&error);
}

fn assert_one_line(error: &OpenError) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 300, "{text}");
}
