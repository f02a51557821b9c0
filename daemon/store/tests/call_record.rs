//! Call records: written, found, closed after a crash, and forgotten in the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{open_record, place, record};
use demarc_model::record::{CallRecord, Charge};
use demarc_model::{CallId, CallerId, Cause};
use demarc_store::{CallRecordFilter, RecorderOptions, Store};

fn filled(records: impl IntoIterator<Item = CallRecord>) -> (tempfile::TempDir, Store) {
    let (dir, path) = place();
    let store = Store::open(path).unwrap();
    let recorder = store.recorder(RecorderOptions::default()).unwrap();
    for record in records {
        recorder.record(record).unwrap();
    }
    drop(recorder);
    (dir, store)
}

fn found(store: &Store, filter: CallRecordFilter) -> Vec<u64> {
    store.call_records(&filter, 100).unwrap().iter().map(|record| record.call.0).collect()
}

#[test]
fn a_record_comes_back_as_it_was() {
    let full = CallRecord {
        caller: CallerId {
            number: Some("+442079460100".into()),
            name: None,
            presentation: demarc_model::Presentation::Restricted,
            screening: demarc_model::number::Screening::Network,
        },
        emergency: true,
        reason: Some("SIP 486 Busy Here".into()),
        cause: Some(Cause::USER_BUSY),
        charge: Some(Charge {
            complete: true,
            units: Some(7),
            amount: Some(1_250),
            currency: Some("EUR".into()),
        }),
        ..record(1)
    };
    let bare = CallRecord { answered_ms: None, ended_ms: None, route: None, cause: None, ..record(2) };
    let (_dir, store) = filled([full.clone(), bare.clone()]);
    assert_eq!(store.call_record(CallId(1)).unwrap(), Some(full));
    assert_eq!(store.call_record(CallId(2)).unwrap(), Some(bare));
    assert_eq!(store.call_record(CallId(3)).unwrap(), None);
}

#[test]
fn the_newest_state_of_a_call_is_kept() {
    let (_dir, store) = filled([open_record(1), record(1)]);
    assert_eq!(store.call_record(CallId(1)).unwrap(), Some(record(1)));
}

#[test]
fn records_are_found_by_number_name_time_and_cause() {
    let busy = CallRecord { answered_ms: None, cause: Some(Cause::USER_BUSY), ..record(3) };
    let odd = CallRecord { called: "100%_x".into(), ..record(4) };
    let (_dir, store) = filled([record(1), record(2), busy, odd]);
    let text = |text: &str| CallRecordFilter { text: Some(text.into()), ..Default::default() };
    assert_eq!(found(&store, Default::default()), [4, 3, 2, 1]);
    assert_eq!(found(&store, text("460002")), [2]);
    assert_eq!(found(&store, text("caller 1")), [1]);
    assert_eq!(found(&store, text("phone 201")), [4, 3, 2, 1]);
    assert_eq!(found(&store, text("0%_")), [4], "wildcards stand for themselves");
    assert_eq!(found(&store, text("nobody")), [0; 0]);
    let from_to = CallRecordFilter { from_ms: Some(1_002_000), to_ms: Some(1_004_000), ..Default::default() };
    assert_eq!(found(&store, from_to), [3, 2]);
    assert_eq!(found(&store, CallRecordFilter { cause: Some(Cause::USER_BUSY), ..Default::default() }), [3]);
    assert_eq!(found(&store, CallRecordFilter { answered: Some(false), ..Default::default() }), [3]);
    assert_eq!(found(&store, CallRecordFilter { answered: Some(true), ..Default::default() }), [4, 2, 1]);
    assert_eq!(found(&store, CallRecordFilter { before: Some(CallId(3)), ..text("phone") }), [2, 1]);
    assert_eq!(store.call_records(&Default::default(), 2).unwrap().len(), 2);
}

#[test]
fn calls_that_a_power_cut_ended_are_closed_at_the_next_start() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    let recorder = store.recorder(RecorderOptions::default()).unwrap();
    recorder.record(record(1)).unwrap();
    recorder.record(open_record(2)).unwrap();
    recorder.record(CallRecord { answered_ms: None, started_ms: 9_000_000, ..open_record(3) }).unwrap();
    recorder.alive(5_000_000);
    recorder.flush().unwrap();
    drop((recorder, store));

    let store = Store::open(&path).unwrap();
    assert_eq!(store.interrupted_calls(), 2);
    assert_eq!(store.call_record(CallId(1)).unwrap(), Some(record(1)));
    let closed = store.call_record(CallId(2)).unwrap().unwrap();
    assert_eq!(closed.cause, Some(Cause::TEMPORARY_FAILURE));
    assert_eq!(closed.reason.as_deref(), Some("the gateway restarted"));
    assert_eq!(closed.ended_ms, Some(5_000_000), "when the gateway was last alive");
    let begun_after = store.call_record(CallId(3)).unwrap().unwrap();
    assert_eq!(begun_after.ended_ms, Some(9_000_000), "never before it began");
    drop(store);
    assert_eq!(Store::open(&path).unwrap().interrupted_calls(), 0);
}

#[test]
fn the_oldest_are_forgotten_but_never_a_call_that_lives() {
    let (_dir, path) = place();
    let store = Store::open(&path).unwrap();
    let recorder = store.recorder(RecorderOptions { keep: 3, ..Default::default() }).unwrap();
    recorder.record(open_record(1)).unwrap();
    recorder.flush().unwrap();
    for n in 2..=10 {
        recorder.record(record(n)).unwrap();
        recorder.flush().unwrap();
    }
    assert_eq!(found(&store, Default::default()), [10, 9, 1]);
    recorder.record(record(1)).unwrap();
    recorder.record(record(11)).unwrap();
    recorder.flush().unwrap();
    assert_eq!(found(&store, Default::default()), [11, 10, 9]);
}
