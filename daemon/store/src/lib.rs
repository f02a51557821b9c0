//! What the gateway remembers: its configuration as numbered revisions, call records, and who may
//! administer it. SQLite in one file, one writer, and readers of their own.
//!
//! Methods block on the disk: call them from a thread that may wait. Time comes in as an argument,
//! in milliseconds since 1970 UTC.
#![forbid(unsafe_code)]

mod account;
mod call_record;
mod credential;
mod error;
mod open;
mod recorder;
mod revision;

pub use account::{ApiToken, NewSession};
pub use call_record::CallRecordFilter;
pub use credential::{PasswordHash, Token, TokenHash, random_text};
pub use error::{CommitError, OpenError, StoreError};
pub use recorder::{KEEP_CALL_RECORDS, RecordError, Recorder, RecorderOptions, RecorderStatus};
pub use revision::{Change, ConfigError, KEEP_REVISIONS, Revision, RevisionSummary, read_config};

use rusqlite::Connection;
use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The store. Clones share it; the file is free again when the last one is gone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    /// Reads configuration and accounts: short.
    reader: Mutex<Connection>,
    /// Reads call records: a search may take long, and must not keep anybody from signing in.
    records: Mutex<Connection>,
    /// The only connection that writes. Dropped after the readers: the last one to close moves the
    /// journal into the database, which readers may not.
    writer: Mutex<Connection>,
    /// Call records on their way to the disk.
    queue: recorder::Queue,
    /// Calls that the last run left open.
    interrupted: usize,
    /// Held while the store is open. Declared last: dropped after the connections.
    _lock: File,
}

impl Store {
    /// How many calls were open when the gateway last stopped without warning. [`Store::open`]
    /// has closed their records with cause 41.
    pub fn interrupted_calls(&self) -> usize {
        self.0.interrupted
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        lock(&self.0.writer)
    }

    fn reader(&self) -> MutexGuard<'_, Connection> {
        lock(&self.0.reader)
    }

    fn records(&self) -> MutexGuard<'_, Connection> {
        lock(&self.0.records)
    }
}

/// A thread that panicked cannot leave the data half-changed: SQLite has rolled its transaction
/// back. So poison is of no concern.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite has no unsigned integers. What does not fit is as good as for ever.
fn to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn from_sql(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
