//! Call records and ladders over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{CALL, Lab};
use serde_json::{Value, json};

fn lab(count: u64) -> Lab {
    let lab = Lab::new();
    let recorder = lab.store.recorder(Default::default()).unwrap();
    for n in 1..=count {
        let record = json!({"call": n, "started_ms": n * 1000, "answered_ms": n * 1000 + 100,
            "ended_ms": n * 1000 + 2100, "from": "Telco", "called": "201", "to": "Phone 201",
            "caller": {"number": format!("+44207946{n:04}"), "name": "=1+1, \"Bob\""},
            "route": "Main number", "emergency": false, "cause": if n % 2 == 0 { 16 } else { 17 },
            "reason": null, "charge": null});
        recorder.record(serde_json::from_value(record).unwrap()).unwrap();
    }
    drop(recorder);
    lab
}

fn calls(page: &Value) -> Vec<u64> {
    page["records"].as_array().unwrap().iter().map(|record| record["call"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn pages_follow_one_another() {
    let lab = lab(7);
    let first = lab.get("/api/call_records?limit=3").await;
    assert_eq!((calls(&first), &first["next"]), (vec![7, 6, 5], &json!(5)));
    let second = lab.get("/api/call_records?limit=3&before=5").await;
    assert_eq!((calls(&second), &second["next"]), (vec![4, 3, 2], &json!(2)));
    let last = lab.get("/api/call_records?limit=3&before=2").await;
    assert_eq!((calls(&last), &last["next"]), (vec![1], &json!(null)));
    let whole = lab.get("/api/call_records?limit=7").await;
    assert_eq!(whole["next"], json!(null));
}

#[tokio::test]
async fn what_is_looked_for_is_found() {
    let lab = lab(7);
    assert_eq!(calls(&lab.get("/api/call_records?text=%2B44%2020%207946%200003").await), [3]);
    assert_eq!(calls(&lab.get("/api/call_records?text=%20bob%20&cause=17&from_ms=3000").await), [7, 5, 3]);
    assert_eq!(calls(&lab.get("/api/call_records?answered=false").await), [0; 0]);
    for (query, field) in [("cause=0", "cause"), ("limit=0", "limit"), ("limit=501", "limit")] {
        let answer = lab.call("GET", &format!("/api/call_records?{query}")).send().await.expect(422);
        assert_eq!(answer.fields(), [format!("query {field}")]);
    }
    for query in ["cause=x", "colour=red", "from_ms=-1"] {
        lab.call("GET", &format!("/api/call_records?{query}")).send().await.expect(400);
    }
}

#[tokio::test]
async fn the_export_has_every_row_and_no_formula() {
    let lab = lab(2005);
    let answer = lab.call("GET", "/api/call_records.csv?limit=1").send().await.expect(200);
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    let text = answer.text();
    let lines: Vec<&str> = text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 2006);
    assert_eq!(lines[0].split(',').count(), 19);
    assert_eq!(
        lines[2005],
        "1,1970-01-01T00:00:01.000Z,1970-01-01T00:00:01.100Z,1970-01-01T00:00:03.100Z,2,Telco,+442079460001,\
         \"'=1+1, \"\"Bob\"\"\",allowed,201,Phone 201,Main number,false,17,User busy,,,,"
    );
    let filtered = lab.call("GET", "/api/call_records.csv?cause=16&to_ms=5000").send().await.text();
    assert_eq!(filtered.lines().count(), 3);
}

#[tokio::test]
async fn a_ladder_is_also_text() {
    let lab = Lab::new();
    let path = format!("/api/calls/{CALL}/ladder");
    let answer = lab.call("GET", &path).header("accept", "text/plain").send().await.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain"));
    assert_eq!(
        answer.text(),
        format!(
            "Call {CALL}\n    0.000000 → Phone 201  INVITE\n                INVITE sip:90100@gateway.example SIP/2.0\n\
             \u{20}               Max-Forwards: 70\n    1.500000 ← Telco      SETUP\n    1.500001 ·            no such party\n\
             2 more rows did not fit\n"
        )
    );
}
