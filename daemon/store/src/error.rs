//! What can go wrong, in one line each.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file holds something else.
    #[error("{} is not a database of this gateway; move it away to begin anew", .path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a newer gateway.
    #[error("{} was written by a newer version of the gateway ({what} {theirs}, this one knows {ours}); install that version, or restore an older backup", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What is newer: `schema` or `configuration format`.
        what: &'static str,
        /// The file's.
        theirs: u32,
        /// The highest that this gateway knows.
        ours: u32,
    },
    /// The operating system does not let us.
    #[error("{} cannot be opened: {reason}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No space left.
    #[error("{} cannot be opened: the disk is full", .path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("{} is in use by another process: is the gateway already running?", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is ours, but broken.
    #[error("{} is damaged: {reason}; restore a backup", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is broken.
        reason: String,
    },
}

/// Why the store could not do what it was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No space left.
    #[error("the disk is full; nothing was changed")]
    DiskFull,
    /// Anything else that SQLite says.
    #[error("the database failed: {0}")]
    Failed(String),
}

/// Why a new revision was not made. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The configuration was changed meanwhile.
    #[error("the configuration is at revision {current} by now, not at {expected}")]
    Stale {
        /// What the change was based on.
        expected: u64,
        /// What is in force.
        current: u64,
    },
    /// There is an administrator already ([`crate::Store::set_up`]).
    #[error("the gateway is set up already")]
    AlreadySetUp,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        if is_full(&error) { StoreError::DiskFull } else { StoreError::Failed(error.to_string()) }
    }
}

impl From<rusqlite::Error> for CommitError {
    fn from(error: rusqlite::Error) -> Self {
        CommitError::Store(error.into())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Failed(format!("a stored value cannot be read: {error}"))
    }
}

pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}
