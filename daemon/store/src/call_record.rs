//! Call records: written by the [`crate::Recorder`], searched by people.

use crate::{Store, StoreError, from_sql, to_sql};
use demarc_model::record::{CallRecord, Charge};
use demarc_model::{CallId, CallerId, Cause};
use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What to look for; everything that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallRecordFilter {
    /// Part of a number or name, of the caller or the called; case does not matter (ASCII).
    pub text: Option<String>,
    /// Began at or after, in milliseconds since 1970 UTC.
    pub from_ms: Option<u64>,
    /// Began before, in milliseconds since 1970 UTC.
    pub to_ms: Option<u64>,
    /// Ended with this cause.
    pub cause: Option<Cause>,
    /// Was answered, or was not.
    pub answered: Option<bool>,
    /// Only calls older than this one: the last of the page before.
    pub before: Option<CallId>,
}

impl Store {
    /// At most `limit` records, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub fn call_records(&self, filter: &CallRecordFilter, limit: u32) -> Result<Vec<CallRecord>, StoreError> {
        let mut conditions = vec!["TRUE"];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        let mut bind = |condition: &'static str, value: Box<dyn ToSql>| {
            conditions.push(condition);
            values.push(value);
        };
        if let Some(text) = &filter.text {
            bind(
                "(caller_number LIKE ? ESCAPE '\\' OR caller_name LIKE ? ESCAPE '\\' OR called LIKE ? ESCAPE '\\' \
                 OR from_name LIKE ? ESCAPE '\\' OR to_name LIKE ? ESCAPE '\\')",
                Box::new(like(text)),
            );
            for _ in 1..5 {
                bind("TRUE", Box::new(like(text)));
            }
        }
        if let Some(from_ms) = filter.from_ms {
            bind("started_ms >= ?", Box::new(to_sql(from_ms)));
        }
        if let Some(to_ms) = filter.to_ms {
            bind("started_ms < ?", Box::new(to_sql(to_ms)));
        }
        if let Some(cause) = filter.cause {
            bind("cause = ?", Box::new(cause.value()));
        }
        if let Some(before) = filter.before {
            bind("call < ?", Box::new(to_sql(before.0)));
        }
        match filter.answered {
            Some(true) => conditions.push("answered_ms IS NOT NULL"),
            Some(false) => conditions.push("answered_ms IS NULL"),
            None => {}
        }
        values.push(Box::new(limit));

        let sql = format!(
            "SELECT {COLUMNS} FROM call_record WHERE {} ORDER BY call DESC LIMIT ?",
            conditions.join(" AND ")
        );
        let records = self.records();
        let mut query = records.prepare_cached(&sql)?;
        let rows = query.query_map(rusqlite::params_from_iter(values), from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The record of one call.
    ///
    /// # Errors
    /// The database failed.
    pub fn call_record(&self, call: CallId) -> Result<Option<CallRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM call_record WHERE call = ?1");
        Ok(self.records().prepare_cached(&sql)?.query_row([to_sql(call.0)], from_row).optional()?)
    }
}

const COLUMNS: &str = "call, started_ms, answered_ms, ended_ms, caller_number, caller_name, presentation, \
                       screening, from_name, called, to_name, route, emergency, cause, reason, \
                       charge_complete, charge_units, charge_amount, charge_currency";

/// Writes one record; true when its call is new.
pub(crate) fn put(transaction: &Transaction<'_>, record: &CallRecord) -> rusqlite::Result<bool> {
    // Not an upsert: it would not tell new from changed.
    let known: bool = transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM call_record WHERE call = ?1)")?
        .query_row([to_sql(record.call.0)], |row| row.get(0))?;
    let sql = format!("REPLACE INTO call_record ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    transaction.prepare_cached(&sql)?.execute(params![
        to_sql(record.call.0),
        to_sql(record.started_ms),
        record.answered_ms.map(to_sql),
        record.ended_ms.map(to_sql),
        record.caller.number,
        record.caller.name,
        word(&record.caller.presentation),
        word(&record.caller.screening),
        record.from,
        record.called,
        record.to,
        record.route,
        record.emergency,
        record.cause.map(Cause::value),
        record.reason,
        record.charge.as_ref().map(|charge| charge.complete),
        record.charge.as_ref().and_then(|charge| charge.units),
        record.charge.as_ref().and_then(|charge| charge.amount).map(to_sql),
        record.charge.as_ref().and_then(|charge| charge.currency.as_deref()),
    ])?;
    Ok(!known)
}

/// Deletes the `count` oldest records of calls that are over.
pub(crate) fn forget_oldest(transaction: &Transaction<'_>, count: u64) -> rusqlite::Result<usize> {
    transaction.execute(
        "DELETE FROM call_record WHERE call IN \
         (SELECT call FROM call_record WHERE ended_ms IS NOT NULL ORDER BY call LIMIT ?1)",
        [to_sql(count)],
    )
}

pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT count(*) FROM call_record", [], |row| row.get(0)).map(from_sql)
}

pub(crate) fn beat(transaction: &Transaction<'_>, now_ms: u64) -> rusqlite::Result<()> {
    transaction.execute("REPLACE INTO heartbeat (only, at_ms) VALUES (1, ?1)", [to_sql(now_ms)]).map(|_| ())
}

/// Closes the records that the last run left open. Their calls ended when the gateway did: nobody
/// knows better than the last heartbeat, and a weekend without power must not become a call of two
/// days.
pub(crate) fn close_open(connection: &mut Connection) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE call_record SET cause = ?1, reason = 'the gateway restarted', ended_ms = \
         max(started_ms, coalesce(answered_ms, 0), coalesce((SELECT at_ms FROM heartbeat), 0)) \
         WHERE ended_ms IS NULL",
        [Cause::TEMPORARY_FAILURE.value()],
    )
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    Ok(CallRecord {
        call: CallId(from_sql(row.get(0)?)),
        started_ms: from_sql(row.get(1)?),
        answered_ms: row.get::<_, Option<i64>>(2)?.map(from_sql),
        ended_ms: row.get::<_, Option<i64>>(3)?.map(from_sql),
        caller: CallerId {
            number: row.get(4)?,
            name: row.get(5)?,
            presentation: from_word(row.get(6)?),
            screening: from_word(row.get(7)?),
        },
        from: row.get(8)?,
        called: row.get(9)?,
        to: row.get(10)?,
        route: row.get(11)?,
        emergency: row.get(12)?,
        cause: row.get::<_, Option<u8>>(13)?.and_then(Cause::new),
        reason: row.get(14)?,
        charge: charge_from_row(row)?,
    })
}

fn charge_from_row(row: &Row<'_>) -> rusqlite::Result<Option<Charge>> {
    let Some(complete) = row.get(15)? else { return Ok(None) };
    let amount = row.get::<_, Option<i64>>(17)?.map(from_sql);
    Ok(Some(Charge { complete, units: row.get(16)?, amount, currency: row.get(18)? }))
}

/// The name that serde gives a variant: the same word as in the API.
fn word<T: Serialize + Default>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn from_word<T: DeserializeOwned + Default>(word: String) -> T {
    serde_json::from_value(serde_json::Value::String(word)).unwrap_or_default()
}

/// `%part%`, in which the part stands for itself.
fn like(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
