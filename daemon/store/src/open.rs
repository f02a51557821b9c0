//! Opening: the lock, the checks, the migrations.

use crate::error::is_full;
use crate::{Inner, OpenError, Store, call_record, recorder, revision};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

mod migrations {
    refinery::embed_migrations!("migrations");
}

/// `DMRC`, in the file's header: ours and nobody else's.
const APPLICATION_ID: i32 = 0x444D_5243;

/// The oldest schema whose gateway can work with ours: kept in the file (`user_version`), so that the
/// version before an update finds its way after the update was taken back. A migration adds tables, and
/// columns with a default; it removes and renames nothing that the version before still uses. Whoever
/// must break that raises this number, in a release after the one that stopped using it.
const READABLE_SINCE: i64 = 2;

impl Store {
    /// Opens the store, making it when there is none (mode 0600), brings its schema up to date and
    /// closes the records of calls that the last run left open.
    ///
    /// # Errors
    /// One line for people; the file is left as it was.
    pub fn open(path: impl AsRef<Path>) -> Result<Store, OpenError> {
        let path = path.as_ref();
        let lock = take_lock(path)?;
        create(path).map_err(|e| io_error(path, &e))?;

        let open = || -> Result<(Connection, Connection, Connection, usize), OpenError> {
            let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            check_ours(path, &writer)?;
            migrate(path, &mut writer)?;
            check_whole(path, &writer)?;
            revision::settle_current(path, &mut writer)?;
            let interrupted = call_record::close_open(&mut writer).map_err(|e| sql_error(path, &e))?;
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let records = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            Ok((writer, reader, records, interrupted))
        };
        let (writer, reader, records, interrupted) = open()?;
        if interrupted > 0 {
            tracing::warn!(calls = interrupted, "the gateway stopped in mid-call; their records are closed");
        }
        Ok(Store(Arc::new(Inner {
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            records: Mutex::new(records),
            queue: recorder::Queue::default(),
            interrupted,
            _lock: lock,
        })))
    }
}

/// An advisory lock on a file beside the database: never on the database itself, because closing
/// any descriptor of it would drop SQLite's own POSIX locks.
fn take_lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(PathBuf::from(name))
        .map_err(|e| io_error(path, &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.into() }),
        Err(TryLockError::Error(e)) => Err(io_error(path, &e)),
    }
}

/// A new file is made by us, not by SQLite, so that it is never readable for others.
fn create(path: &Path) -> io::Result<()> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map(|_| ())
}

/// SQLite gives its journal the mode of the database.
fn make_private(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
    }
    Ok(())
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, OpenError> {
    let prepare = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        // Somebody may look at the file with the sqlite3 shell: wait for them.
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        // With NORMAL a power cut may take back what was acknowledged; FULL syncs each commit.
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    };
    prepare().map_err(|e| sql_error(path, &e))
}

/// Ours, or empty and to become ours. Only then is anything written to it.
fn check_ours(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let look = || -> rusqlite::Result<(i32, i64)> {
        let id = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let objects = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((id, objects))
    };
    let (id, objects) = look().map_err(|e| sql_error(path, &e))?;
    if id != APPLICATION_ID && objects > 0 {
        return Err(OpenError::NotOurs { path: path.into() });
    }
    make_private(path).map_err(|e| io_error(path, &e))?;
    let prepare = || -> rusqlite::Result<()> {
        if id != APPLICATION_ID {
            connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
    };
    prepare().map_err(|e| sql_error(path, &e))
}

fn migrate(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    // In one transaction: an update that loses power half-way has not begun.
    let runner = migrations::migrations::runner().set_grouped(true);
    let ours = runner.get_migrations().iter().map(refinery::Migration::version).max().unwrap_or(0);
    let theirs = schema_version(connection).map_err(|e| sql_error(path, &e))?;
    let readable_since: i64 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| sql_error(path, &e))?;
    if theirs > i64::from(ours) && (1..=i64::from(ours)).contains(&readable_since) {
        // An update that was taken back: what the newer version added is in nobody's way.
        tracing::warn!(theirs, ours, "the database was last used by a newer version of the gateway");
        return Ok(());
    }
    if theirs > i64::from(ours) {
        let theirs = u32::try_from(theirs).unwrap_or(u32::MAX);
        let ours = u32::try_from(ours).unwrap_or(0);
        return Err(OpenError::Newer { path: path.into(), what: "schema", theirs, ours });
    }
    let marked = |connection: &Connection| {
        connection.pragma_update(None, "user_version", READABLE_SINCE).map_err(|e| sql_error(path, &e))
    };
    let migrated = runner.run(connection).map(|_| ()).map_err(|error| match error.kind() {
        refinery::error::Kind::Connection(_, cause) => match cause.downcast_ref::<rusqlite::Error>() {
            Some(e) => sql_error(path, e),
            None => OpenError::Damaged { path: path.into(), reason: error.to_string() },
        },
        _ => OpenError::Damaged { path: path.into(), reason: error.to_string() },
    });
    migrated.and_then(|()| if readable_since == READABLE_SINCE { Ok(()) } else { marked(connection) })
}

/// Is what cannot be done without in order? Not so the call records: looking through a million of
/// them would delay each start by seconds, and a gateway that lost some must still place calls.
fn check_whole(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    for table in ["revision", "administrator", "session", "api_token", "heartbeat"] {
        let verdict: String = connection
            .query_row(&format!("PRAGMA quick_check('{table}')"), [], |row| row.get(0))
            .map_err(|e| sql_error(path, &e))?;
        if verdict != "ok" {
            let reason = format!("table {table}: {}", verdict.replace('\n', ", "));
            return Err(OpenError::Damaged { path: path.into(), reason });
        }
    }
    Ok(())
}

/// The newest migration that was applied; 0 in a new file.
fn schema_version(connection: &Connection) -> rusqlite::Result<i64> {
    if !connection.table_exists(None, "refinery_schema_history")? {
        return Ok(0);
    }
    connection
        .query_row("SELECT coalesce(max(version), 0) FROM refinery_schema_history", [], |row| row.get(0))
}

fn io_error(path: &Path, error: &io::Error) -> OpenError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            OpenError::DiskFull { path: path.into() }
        }
        _ => OpenError::Unreadable { path: path.into(), reason: error.to_string() },
    }
}

pub(crate) fn sql_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    let path = path.to_path_buf();
    match error.sqlite_error_code() {
        _ if is_full(error) => OpenError::DiskFull { path },
        Some(ErrorCode::NotADatabase) => OpenError::NotOurs { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse { path },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            OpenError::Unreadable { path, reason: error.to_string() }
        }
        _ => OpenError::Damaged { path, reason: error.to_string() },
    }
}
