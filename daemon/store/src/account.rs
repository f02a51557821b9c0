//! Who may administer the gateway: administrators, their sessions, and API tokens.

use crate::{PasswordHash, Store, StoreError, TokenHash, from_sql, to_sql};
use rusqlite::{OptionalExtension, params};

/// Sessions kept at once; the oldest goes when there are more.
const MAX_SESSIONS: i64 = 64;

/// A token is marked as used at most this often: a script that polls must not wear out the flash.
const LAST_USED_EVERY_MS: i64 = 60_000;

/// A session to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// Hash of what the browser will show.
    pub hash: TokenHash,
    /// Whose.
    pub administrator: &'a str,
    /// When it ends, in milliseconds since 1970 UTC.
    pub expires_ms: u64,
}

/// A token of a script or another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Names it for the gateway.
    pub id: i64,
    /// Names it for people.
    pub name: String,
    /// When it was made, in milliseconds since 1970 UTC.
    pub created_ms: u64,
    /// When it was last used, to the minute; none = never.
    pub last_used_ms: Option<u64>,
}

/// # Errors
/// Each method fails when the database does.
impl Store {
    /// Is there an administrator?
    pub fn is_set_up(&self) -> Result<bool, StoreError> {
        Ok(self.reader().query_row("SELECT EXISTS (SELECT 1 FROM administrator)", [], |row| row.get(0))?)
    }

    /// The password of an administrator; none when there is no such one.
    pub fn password(&self, administrator: &str) -> Result<Option<PasswordHash>, StoreError> {
        let hash: Option<String> = self
            .reader()
            .query_row("SELECT password_hash FROM administrator WHERE name = ?1", [administrator], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(hash.map(PasswordHash::from_stored))
    }

    /// Changes a password and ends every session of that administrator but `keep`.
    pub fn set_password(
        &self,
        administrator: &str,
        password: &PasswordHash,
        keep: Option<TokenHash>,
        now_ms: u64,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction.execute(
            "UPDATE administrator SET password_hash = ?2, changed_ms = ?3 WHERE name = ?1",
            params![administrator, password.as_str(), to_sql(now_ms)],
        )?;
        transaction.execute(
            "DELETE FROM session WHERE administrator = ?1 AND hash IS NOT ?2",
            params![administrator, keep.map(|hash| hash.0)],
        )?;
        Ok(transaction.commit()?)
    }

    /// Forgets every administrator, session and token. The gateway can be set up again.
    pub fn forget_administrators(&self) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        for table in ["session", "api_token", "administrator"] {
            transaction.execute(&format!("DELETE FROM {table}"), [])?;
        }
        Ok(transaction.commit()?)
    }

    /// Begins a session; expired ones and those beyond the limit go.
    pub fn begin_session(&self, session: NewSession<'_>, now_ms: u64) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        transaction.execute("DELETE FROM session WHERE expires_ms <= ?1", [to_sql(now_ms)])?;
        transaction.execute(
            "INSERT INTO session (hash, administrator, created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4)",
            params![session.hash.0, session.administrator, to_sql(now_ms), to_sql(session.expires_ms)],
        )?;
        transaction.execute(
            "DELETE FROM session WHERE hash NOT IN \
             (SELECT hash FROM session ORDER BY expires_ms DESC LIMIT ?1)",
            [MAX_SESSIONS],
        )?;
        Ok(transaction.commit()?)
    }

    /// Whose session it is, and when it ends.
    pub fn session(&self, hash: TokenHash, now_ms: u64) -> Result<Option<(String, u64)>, StoreError> {
        let reader = self.reader();
        let mut query = reader.prepare_cached(
            "SELECT administrator, expires_ms FROM session WHERE hash = ?1 AND expires_ms > ?2",
        )?;
        Ok(query
            .query_row(params![hash.0, to_sql(now_ms)], |row| Ok((row.get(0)?, from_sql(row.get(1)?))))
            .optional()?)
    }

    /// Ends a session.
    pub fn end_session(&self, hash: TokenHash) -> Result<(), StoreError> {
        self.writer().execute("DELETE FROM session WHERE hash = ?1", [hash.0])?;
        Ok(())
    }

    /// Makes a token.
    pub fn add_api_token(&self, name: &str, hash: TokenHash, now_ms: u64) -> Result<ApiToken, StoreError> {
        let writer = self.writer();
        writer.execute(
            "INSERT INTO api_token (hash, name, created_ms) VALUES (?1, ?2, ?3)",
            params![hash.0, name, to_sql(now_ms)],
        )?;
        let id = writer.last_insert_rowid();
        Ok(ApiToken { id, name: name.to_owned(), created_ms: now_ms, last_used_ms: None })
    }

    /// All tokens, oldest first.
    pub fn api_tokens(&self) -> Result<Vec<ApiToken>, StoreError> {
        let reader = self.reader();
        let mut query =
            reader.prepare_cached("SELECT id, name, created_ms, last_used_ms FROM api_token ORDER BY id")?;
        let rows = query.query_map([], |row| {
            Ok(ApiToken {
                id: row.get(0)?,
                name: row.get(1)?,
                created_ms: from_sql(row.get(2)?),
                last_used_ms: row.get::<_, Option<i64>>(3)?.map(from_sql),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The name of a token that a client shows, which is thereby used.
    pub fn use_api_token(&self, hash: TokenHash, now_ms: u64) -> Result<Option<String>, StoreError> {
        let found: Option<(i64, String, Option<i64>)> = self
            .reader()
            .prepare_cached("SELECT id, name, last_used_ms FROM api_token WHERE hash = ?1")?
            .query_row([hash.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((id, name, last_used_ms)) = found else { return Ok(None) };
        let now = to_sql(now_ms);
        if last_used_ms.is_none_or(|last| now.saturating_sub(last) >= LAST_USED_EVERY_MS) {
            let marked = self
                .writer()
                .execute("UPDATE api_token SET last_used_ms = ?2 WHERE id = ?1", params![id, now]);
            // A full disk must not lock anybody out.
            if let Err(error) = marked {
                tracing::warn!(%error, "the use of an API token was not noted");
            }
        }
        Ok(Some(name))
    }

    /// Revokes a token; false when there is none.
    pub fn remove_api_token(&self, id: i64) -> Result<bool, StoreError> {
        Ok(self.writer().execute("DELETE FROM api_token WHERE id = ?1", [id])? > 0)
    }
}
