//! The configuration as numbered revisions.

use crate::open::sql_error;
use crate::{CommitError, OpenError, PasswordHash, Store, StoreError, from_sql, to_sql};
use demarc_model::Config;
use demarc_model::config::FORMAT;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use serde_json::Value;
use std::path::Path;

/// How many revisions are kept.
pub const KEEP_REVISIONS: u64 = 500;

/// A revision that can be taken into force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Number, time, author and summary.
    pub summary: RevisionSummary,
    /// The whole configuration.
    pub config: Config,
}

/// What a revision was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionSummary {
    /// Its number: 1 is the first.
    pub revision: u64,
    /// When it was made, in milliseconds since 1970 UTC.
    pub at_ms: u64,
    /// Who made it.
    pub author: String,
    /// What changed, in a few words.
    pub summary: String,
}

/// A change to be made.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The revision it is based on; 0 when there is none yet.
    pub expected: u64,
    /// The whole configuration after it.
    pub config: &'a Config,
    /// Who makes it.
    pub author: &'a str,
    /// What changes, in a few words.
    pub summary: &'a str,
}

impl Store {
    /// The revision in force; none before the first.
    ///
    /// # Errors
    /// The database failed.
    pub fn current(&self) -> Result<Option<Revision>, StoreError> {
        let row = self
            .reader()
            .query_row(
                "SELECT revision, at_ms, author, summary, config FROM revision ORDER BY revision DESC LIMIT 1",
                [],
                |row| Ok((summary(row)?, row.get::<_, String>(4)?)),
            )
            .optional()?;
        let Some((summary, config)) = row else { return Ok(None) };
        Ok(Some(Revision { summary, config: serde_json::from_str(&config)? }))
    }

    /// Takes a configuration into force as the next revision, whole or not at all. It must have
    /// been validated.
    ///
    /// # Errors
    /// [`CommitError::Stale`] when `change.expected` is not in force; else the disk.
    pub fn commit(&self, change: Change<'_>, now_ms: u64) -> Result<u64, CommitError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let revision = insert(&transaction, change, now_ms)?;
        transaction.commit()?;
        Ok(revision)
    }

    /// Makes the first administrator and, in the same transaction, the first change.
    ///
    /// # Errors
    /// [`CommitError::AlreadySetUp`] when there is an administrator; else as [`Store::commit`].
    pub fn set_up(
        &self,
        administrator: &str,
        password: &PasswordHash,
        change: Option<Change<'_>>,
        now_ms: u64,
    ) -> Result<Option<u64>, CommitError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let exists: bool =
            transaction.query_row("SELECT EXISTS (SELECT 1 FROM administrator)", [], |row| row.get(0))?;
        if exists {
            return Err(CommitError::AlreadySetUp);
        }
        transaction.execute(
            "INSERT INTO administrator (name, password_hash, changed_ms) VALUES (?1, ?2, ?3)",
            params![administrator, password.as_str(), to_sql(now_ms)],
        )?;
        let revision = change.map(|change| insert(&transaction, change, now_ms)).transpose()?;
        transaction.commit()?;
        Ok(revision)
    }

    /// The newest revisions below `before` (all when none), newest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn revisions(&self, before: Option<u64>, limit: u32) -> Result<Vec<RevisionSummary>, StoreError> {
        let reader = self.reader();
        let mut query = reader.prepare_cached(
            "SELECT revision, at_ms, author, summary FROM revision WHERE revision < ?1 \
             ORDER BY revision DESC LIMIT ?2",
        )?;
        let rows = query.query_map(params![before.map_or(i64::MAX, to_sql), limit], summary)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One revision as it was stored. It stays a JSON value, because an old one may be of a form
    /// that this version no longer reads.
    ///
    /// # Errors
    /// The database failed.
    pub fn revision(&self, revision: u64) -> Result<Option<(RevisionSummary, Value)>, StoreError> {
        let row = self
            .reader()
            .query_row(
                "SELECT revision, at_ms, author, summary, config FROM revision WHERE revision = ?1",
                [to_sql(revision)],
                |row| Ok((summary(row)?, row.get::<_, String>(4)?)),
            )
            .optional()?;
        let Some((summary, config)) = row else { return Ok(None) };
        Ok(Some((summary, serde_json::from_str(&config)?)))
    }
}

/// The configuration in force must be one that this gateway can read. When a newer gateway wrote it
/// (an update that was taken back), the newest that can be read comes into force again, as a
/// revision of its own: what the newer one wrote stays in the list.
pub(crate) fn settle_current(path: &Path, connection: &mut Connection) -> Result<(), OpenError> {
    let newest = match current_row(connection).map_err(|e| sql_error(path, &e))? {
        None => return Ok(()),
        Some(row) => row,
    };
    let newer = match read(&newest.config) {
        Ok(_) => return Ok(()),
        Err(ConfigError::Newer(format)) => format,
        Err(ConfigError::Damaged(error)) => {
            let reason = format!("revision {} of the configuration cannot be read: {error}", newest.number);
            return Err(OpenError::Damaged { path: path.into(), reason });
        }
    };
    let refuse = || OpenError::Newer {
        path: path.into(),
        what: "configuration format",
        theirs: u32::try_from(newer).unwrap_or(u32::MAX),
        ours: FORMAT,
    };
    let older = newest_readable(connection, newest.number).map_err(|e| sql_error(path, &e))?;
    let Some((number, config)) = older else { return Err(refuse()) };
    let summary = format!(
        "Revision {number} again: revision {} was written by a newer version of the gateway",
        newest.number
    );
    connection
        .execute(
            "INSERT INTO revision (revision, at_ms, author, summary, config) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![newest.number + 1, newest.at_ms, "demarcd", summary, config],
        )
        .map_err(|e| sql_error(path, &e))?;
    tracing::warn!(revision = newest.number + 1, "{summary}");
    Ok(())
}

struct Newest {
    number: i64,
    at_ms: i64,
    config: String,
}

fn current_row(connection: &Connection) -> rusqlite::Result<Option<Newest>> {
    connection
        .query_row("SELECT revision, at_ms, config FROM revision ORDER BY revision DESC LIMIT 1", [], |row| {
            Ok(Newest { number: row.get(0)?, at_ms: row.get(1)?, config: row.get(2)? })
        })
        .optional()
}

fn newest_readable(connection: &Connection, below: i64) -> rusqlite::Result<Option<(i64, String)>> {
    let mut query = connection
        .prepare("SELECT revision, config FROM revision WHERE revision < ?1 ORDER BY revision DESC")?;
    let mut rows = query.query([below])?;
    while let Some(row) = rows.next()? {
        let (number, config): (i64, String) = (row.get(0)?, row.get(1)?);
        if read(&config).is_ok() {
            return Ok(Some((number, config)));
        }
    }
    Ok(None)
}

/// Why a configuration that was written down cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is of this format, or of ours with words that we do not know.
    #[error("it was written by a newer gateway (configuration format {0})")]
    Newer(u64),
    /// It is no configuration.
    #[error("it is damaged: {0}")]
    Damaged(serde_json::Error),
}

/// Reads a configuration that this gateway or an older one wrote down: what was not there yet is as it is
/// in a new one.
///
/// # Errors
/// [`ConfigError`].
pub fn read_config(value: Value) -> Result<Config, ConfigError> {
    let format = value.get("format").and_then(Value::as_u64).unwrap_or(0);
    if format > u64::from(FORMAT) {
        return Err(ConfigError::Newer(format));
    }
    serde_json::from_value(value).map_err(|error| {
        // Fields and kinds may be added without a new format: whoever knows them can read it.
        let is_newer = error.to_string().starts_with("unknown ");
        if is_newer { ConfigError::Newer(format) } else { ConfigError::Damaged(error) }
    })
}

fn read(config: &str) -> Result<Config, ConfigError> {
    serde_json::from_str(config).map_err(ConfigError::Damaged).and_then(read_config)
}

fn insert(transaction: &Transaction<'_>, change: Change<'_>, now_ms: u64) -> Result<u64, CommitError> {
    let current: i64 =
        transaction.query_row("SELECT coalesce(max(revision), 0) FROM revision", [], |row| row.get(0))?;
    let current = from_sql(current);
    if current != change.expected {
        return Err(CommitError::Stale { expected: change.expected, current });
    }
    let revision = current + 1;
    let config = serde_json::to_string(change.config).map_err(StoreError::from)?;
    transaction.execute(
        "INSERT INTO revision (revision, at_ms, author, summary, config) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![to_sql(revision), to_sql(now_ms), change.author, change.summary, config],
    )?;
    transaction.execute(
        "DELETE FROM revision WHERE revision <= ?1",
        [to_sql(revision.saturating_sub(KEEP_REVISIONS))],
    )?;
    Ok(revision)
}

fn summary(row: &Row<'_>) -> rusqlite::Result<RevisionSummary> {
    Ok(RevisionSummary {
        revision: from_sql(row.get(0)?),
        at_ms: from_sql(row.get(1)?),
        author: row.get(2)?,
        summary: row.get(3)?,
    })
}
