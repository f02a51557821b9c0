//! The way of call records to the disk: a bounded queue and one thread, so that call control never
//! waits for a disk. While the disk is full records wait in memory and are tried again.

use crate::{Store, StoreError, call_record, lock};
use demarc_model::CallId;
use demarc_model::record::CallRecord;
use rusqlite::TransactionBehavior;
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use std::{io, mem};

/// How many records are kept unless told otherwise.
pub const KEEP_CALL_RECORDS: u64 = 1_000_000;

/// How the recorder is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecorderOptions {
    /// Records that may wait for the disk. About 300 octets each.
    pub queue: usize,
    /// Records to keep; when there are more the oldest go.
    pub keep: u64,
    /// How long to wait after a failed write.
    pub retry: Duration,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self { queue: 100_000, keep: KEEP_CALL_RECORDS, retry: Duration::from_secs(1) }
    }
}

/// How the recorder does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecorderStatus {
    /// Records that wait for the disk.
    pub pending: usize,
    /// Records that found no place to wait, since the start.
    pub lost: u64,
    /// Why the last write failed; none when it did not.
    pub error: Option<String>,
}

/// The record was not taken: too many wait for the disk already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the call record is lost: the disk takes none, and the queue is full")]
pub struct RecordError;

/// Takes call records. Dropping it writes what waits and ends the thread.
pub struct Recorder {
    store: Store,
    options: RecorderOptions,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    /// Held while a batch is taken and written, so that an older state of a call never overtakes a
    /// newer one. Knows the number of rows, once they were counted.
    writing: Mutex<Option<u64>>,
}

#[derive(Default)]
struct Waiting {
    /// The newest state of each call: its earlier states need no write of their own.
    records: BTreeMap<CallId, CallRecord>,
    /// Taken out of `records` and on the way to the disk.
    in_flight: usize,
    /// The moment at which the gateway was alive.
    beat_ms: Option<u64>,
    lost: u64,
    error: Option<String>,
    closing: bool,
}

impl Store {
    /// Starts the recorder. One per store.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn recorder(&self, options: RecorderOptions) -> io::Result<Recorder> {
        lock(&self.0.queue.waiting).closing = false;
        let store = self.clone();
        let thread =
            thread::Builder::new().name("recorder".into()).spawn(move || store.run_recorder(options))?;
        Ok(Recorder { store: self.clone(), options, thread: Some(thread) })
    }

    /// How the recorder does.
    pub fn recorder_status(&self) -> RecorderStatus {
        let waiting = lock(&self.0.queue.waiting);
        RecorderStatus {
            pending: waiting.records.len() + waiting.in_flight,
            lost: waiting.lost,
            error: waiting.error.clone(),
        }
    }

    fn run_recorder(&self, options: RecorderOptions) {
        let queue = &self.0.queue;
        loop {
            let idle = |w: &mut Waiting| w.records.is_empty() && w.beat_ms.is_none() && !w.closing;
            let waiting = lock(&queue.waiting);
            let waiting = queue.changed.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner);
            let closing = waiting.closing;
            drop(waiting);

            let result = self.write_waiting(options.keep);
            if closing {
                return;
            }
            if result.is_err() {
                let waiting = lock(&queue.waiting);
                // Also when it was poisoned: there is nothing to do but to go on.
                drop(queue.changed.wait_timeout_while(waiting, options.retry, |w| !w.closing));
            }
        }
    }

    /// Writes everything that waits in one transaction, or nothing.
    fn write_waiting(&self, keep: u64) -> Result<(), StoreError> {
        let queue = &self.0.queue;
        let mut rows = lock(&queue.writing);
        let (mut records, beat_ms) = {
            let mut waiting = lock(&queue.waiting);
            let records = mem::take(&mut waiting.records);
            waiting.in_flight = records.len();
            (records, waiting.beat_ms.take())
        };
        if records.is_empty() && beat_ms.is_none() {
            return Ok(());
        }

        let result = self.write_batch(&records, beat_ms, *rows, keep);
        let mut waiting = lock(&queue.waiting);
        waiting.in_flight = 0;
        match result {
            Ok(count) => {
                *rows = Some(count);
                if waiting.error.take().is_some() {
                    tracing::info!(records = records.len(), "call records are being written again");
                }
                Ok(())
            }
            Err(error) => {
                if waiting.error.is_none() {
                    tracing::error!(%error, records = records.len(), "call records wait for the disk");
                }
                waiting.error = Some(error.to_string());
                // What came meanwhile is newer.
                records.append(&mut waiting.records);
                waiting.records = records;
                waiting.beat_ms = waiting.beat_ms.or(beat_ms);
                Err(error)
            }
        }
    }

    /// Returns the number of rows there are now.
    fn write_batch(
        &self,
        records: &BTreeMap<CallId, CallRecord>,
        beat_ms: Option<u64>,
        rows: Option<u64>,
        keep: u64,
    ) -> Result<u64, StoreError> {
        let mut writer = self.writer();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut rows = match rows {
            Some(rows) => rows,
            None => call_record::count(&transaction)?,
        };
        for record in records.values() {
            if call_record::put(&transaction, record)? {
                rows += 1;
            }
        }
        if let Some(beat_ms) = beat_ms {
            call_record::beat(&transaction, beat_ms)?;
        }
        if rows > keep {
            rows = rows.saturating_sub(call_record::forget_oldest(&transaction, rows - keep)? as u64);
        }
        transaction.commit()?;
        Ok(rows)
    }
}

impl Recorder {
    /// Takes a record; it replaces the earlier state of its call. Never waits for the disk.
    ///
    /// # Errors
    /// The queue is full; the loss is counted.
    pub fn record(&self, record: CallRecord) -> Result<(), RecordError> {
        let queue = &self.store.0.queue;
        let mut waiting = lock(&queue.waiting);
        let full = waiting.records.len() + waiting.in_flight >= self.options.queue;
        if full && !waiting.records.contains_key(&record.call) {
            waiting.lost += 1;
            return Err(RecordError);
        }
        waiting.records.insert(record.call, record);
        drop(waiting);
        queue.changed.notify_all();
        Ok(())
    }

    /// Notes that the gateway is alive, so that calls cut off by a power failure get an honest end.
    /// Once a minute is enough.
    pub fn alive(&self, now_ms: u64) {
        let queue = &self.store.0.queue;
        lock(&queue.waiting).beat_ms = Some(now_ms);
        queue.changed.notify_all();
    }

    /// Writes what waits, now, on this thread.
    ///
    /// # Errors
    /// The disk; the records go on waiting.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.store.write_waiting(self.options.keep)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let queue = &self.store.0.queue;
        lock(&queue.waiting).closing = true;
        queue.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic; and if it did, there is nothing to save.
            drop(thread.join());
        }
        let left = self.store.recorder_status().pending;
        if left > 0 {
            tracing::error!(records = left, "the gateway stops with call records that the disk did not take");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::CallerId;

    fn record(n: u64) -> CallRecord {
        CallRecord {
            call: CallId(n),
            started_ms: n,
            answered_ms: None,
            ended_ms: Some(n),
            caller: CallerId::default(),
            from: "x".repeat(4000),
            called: String::new(),
            to: String::new(),
            route: None,
            emergency: false,
            cause: None,
            reason: None,
            charge: None,
        }
    }

    fn limit_pages(store: &Store, pages: i64) {
        store.writer().pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    }

    #[test]
    fn records_wait_for_a_full_disk_and_are_counted_when_they_cannot() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("demarc.db")).unwrap();
        limit_pages(&store, 1); // SQLite takes the present size when that is more
        let recorder = store.recorder(RecorderOptions { queue: 10, ..Default::default() }).unwrap();
        for n in 1..=10 {
            recorder.record(record(n)).unwrap();
        }
        assert!(matches!(recorder.flush(), Err(StoreError::DiskFull)));
        assert_eq!(recorder.record(record(11)), Err(RecordError));
        recorder.record(CallRecord { called: "201".into(), ..record(10) }).unwrap();
        let status = store.recorder_status();
        assert_eq!((status.pending, status.lost), (10, 1));
        assert!(status.error.unwrap().contains("full"));

        limit_pages(&store, 1_000_000);
        recorder.flush().unwrap();
        assert_eq!(store.recorder_status(), RecorderStatus { pending: 0, lost: 1, error: None });
        assert_eq!(store.call_records(&Default::default(), 100).unwrap().len(), 10);
        assert_eq!(store.call_record(CallId(10)).unwrap().unwrap().called, "201", "the newer state");
    }
}
