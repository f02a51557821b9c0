//! What the tests of the store share.
#![allow(dead_code)] // not every test uses everything

use demarc_model::config::Secret;
use demarc_model::record::CallRecord;
use demarc_model::{CallId, CallerId, Cause, Config};
use demarc_store::{Change, Store};
use std::path::Path;

/// A configuration that can be told from others by its name.
pub fn config(name: &str) -> Config {
    let mut config = Config::default_gateway(&mut || Secret::new("correct horse battery"));
    config.system.name = name.into();
    config
}

/// Commits on top of whatever is in force.
pub fn commit(store: &Store, name: &str) -> u64 {
    let expected = store.current().unwrap().map_or(0, |revision| revision.summary.revision);
    let config = config(name);
    store.commit(Change { expected, config: &config, author: "admin", summary: name }, 1_000).unwrap()
}

/// A call that was answered and is over.
pub fn record(n: u64) -> CallRecord {
    CallRecord {
        call: CallId(n),
        started_ms: 1_000_000 + n * 1_000,
        answered_ms: Some(1_000_500 + n * 1_000),
        ended_ms: Some(1_000_900 + n * 1_000),
        caller: CallerId {
            number: Some(format!("+44207946{n:04}")),
            name: Some(format!("Caller {n}")),
            ..CallerId::default()
        },
        from: "Telco".into(),
        called: "201".into(),
        to: "Phone 201".into(),
        route: Some("Main number".into()),
        emergency: false,
        cause: Some(Cause::NORMAL_CLEARING),
        reason: None,
        charge: None,
    }
}

/// The same call while it lives.
pub fn open_record(n: u64) -> CallRecord {
    CallRecord { ended_ms: None, cause: None, ..record(n) }
}

/// A directory and the path of a store in it.
pub fn place() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("demarc.db");
    (dir, path)
}

/// Does something to the file behind the store's back.
pub fn sql(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}
