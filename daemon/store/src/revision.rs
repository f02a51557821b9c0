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

/// Can this gateway read the configuration in force?
pub(crate) fn check_current(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let row: Option<(i64, String)> = connection
        .query_row("SELECT revision, config FROM revision ORDER BY revision DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(|e| sql_error(path, &e))?;
    let Some((revision, config)) = row else { return Ok(()) };
    let damaged = |e: serde_json::Error| OpenError::Damaged {
        path: path.into(),
        reason: format!("revision {revision} of the configuration cannot be read: {e}"),
    };
    let value: Value = serde_json::from_str(&config).map_err(damaged)?;
    let format = value.get("format").and_then(Value::as_u64).unwrap_or(0);
    if format > u64::from(FORMAT) {
        return Err(OpenError::Newer {
            path: path.into(),
            what: "configuration format",
            theirs: u32::try_from(format).unwrap_or(u32::MAX),
            ours: FORMAT,
        });
    }
    serde_json::from_value::<Config>(value).map_err(damaged)?;
    Ok(())
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
