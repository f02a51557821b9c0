//! `kill -9` while the store writes: what was acknowledged is there afterwards, and whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{commit, config, open_record, place, record};
use demarc_model::{CallId, Cause};
use demarc_store::{RecorderOptions, Store};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const PATH: &str = "DEMARC_STORE_KILL_TEST";

/// The child: writes for ever, and tells what was acknowledged. Does nothing in a usual run.
#[test]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let store = Store::open(path).unwrap();
    let recorder = store.recorder(RecorderOptions::default()).unwrap();
    let mut out = std::io::stdout();
    for n in 1.. {
        assert_eq!(commit(&store, &format!("r{n}")), n);
        recorder.record(record(2 * n)).unwrap();
        recorder.record(open_record(2 * n + 1)).unwrap();
        recorder.flush().unwrap();
        writeln!(out, "\nacknowledged {n}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    for round in 0..3u64 {
        let (_dir, path) = place();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledged = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse::<u64>().ok())
            .find(|n| *n >= 10 + 7 * round)
            .expect("the child has written");
        child.kill().unwrap();
        child.wait().unwrap();

        let store = Store::open(&path).unwrap();
        let current = store.current().unwrap().unwrap();
        assert!(current.summary.revision >= acknowledged);
        for n in 1..=current.summary.revision {
            let (_, value) = store.revision(n).unwrap().unwrap();
            assert_eq!(value, serde_json::to_value(config(&format!("r{n}"))).unwrap(), "whole");
        }
        for n in 1..=acknowledged {
            assert_eq!(store.call_record(CallId(2 * n)).unwrap(), Some(record(2 * n)));
            let cut_off = store.call_record(CallId(2 * n + 1)).unwrap().unwrap();
            assert_eq!(cut_off.cause, Some(Cause::TEMPORARY_FAILURE));
            assert!(cut_off.ended_ms.is_some());
        }
        assert!(store.interrupted_calls() as u64 >= acknowledged);
    }
}
