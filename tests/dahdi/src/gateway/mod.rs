//! The whole gateway on the guest's cards: `demarcd` as a process of its own, SIPp as its telephones,
//! and audio that is measured.

pub mod analog;
pub mod crowd;
pub mod delay;
mod far_line;
pub mod isdn;
pub mod load;
pub mod outside;
pub mod phone;
pub mod plug_in;
pub mod replay;
pub mod telephone;

pub use phone::Phone;

use demarc_tests::real::{Demarcd, wait_for};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// How long anything may take, in the guest's time.
const PATIENCE: Duration = Duration::from_secs(120);
/// Every setting of a span: the autopilot leaves it alone.
const PINNED: [&str; 7] = ["line_mode", "framing", "line_code", "timing", "signalling", "side", "dialect"];

/// What chooses the cards.
const CARDS: [&str; 2] = ["--cards", "dahdi"];

/// A gateway that has just been plugged in.
pub fn fresh(more: &[&str]) -> Demarcd {
    let data = Arc::new(tempfile::tempdir().expect("a folder"));
    Demarcd::start_with(data, &[&CARDS, more].concat())
}

/// A gateway that was configured before it was started: a span that is off was never open, and
/// somebody else may have it. (The driver of a running gateway keeps what it once opened.)
pub fn prepared(change: impl FnOnce(&mut Value)) -> Demarcd {
    let mut gateway = fresh(&[]);
    configure(&mut gateway, change);
    let (data, status) = gateway.stop();
    assert!(status.success(), "{status}");
    Demarcd::start_with(data, &CARDS)
}

/// Changes the whole configuration.
pub fn configure(gateway: &mut Demarcd, change: impl FnOnce(&mut Value)) {
    let (status, mut config) = gateway.api("GET", "/api/config?secrets=true", None);
    assert_eq!(status, 200, "{config}");
    change(&mut config);
    let (status, answer) = gateway.change("PUT", "/api/config", Some(&config));
    assert_eq!(status, 200, "{answer}");
}

/// The gateway is its own telco: odd spans are the user side and carry what telephones dial, even ones
/// are the network side and bring it back as calls from outside. What is dialled is
/// 020 7946 0902 for the phone 202, …0943 for an echo, …0944 for the milliwatt.
pub fn own_telco(config: &mut Value) {
    let spans = config["spans"].as_array_mut().expect("spans");
    let (mut user, mut network) = (Vec::new(), Vec::new());
    for span in spans {
        let id = span["id"].as_u64().expect("a number");
        let is_user = id % 2 == 1;
        if is_user { &mut user } else { &mut network }.push(id);
        span["side"] = if is_user { "user" } else { "network" }.into();
        // Each way to a clock has a rank of its own; 0 is none.
        span["timing"] = if is_user { id.div_ceil(2) } else { 0 }.into();
        span["pinned"] = PINNED.as_slice().into();
    }
    let trunk = |id: u32, name: &str, spans: Vec<u64>, hunt: &str| {
        json!({ "id": id, "name": name, "enabled": true,
                "kind": { "type": "pri", "spans": spans, "hunt": hunt } })
    };
    config["trunks"] = json!([
        trunk(1, "To the telco", user, "descending"),
        trunk(2, "The telco's side", network, "ascending"),
    ]);
    let route = |id: u32, name: &str, called: &str, destination: Value| json!({ "id": id, "name": name, "trunk": 2, "called": called, "destination": destination });
    config["inbound_routes"] = json!([
        route(1, "Phone 202", "+442079460902", json!({ "type": "extension", "id": 202 })),
        route(2, "Echo", "+442079460943", json!({ "type": "service", "id": 1 })),
        route(3, "Milliwatt", "+442079460944", json!({ "type": "service", "id": 2 })),
    ]);
    config["extensions"][0]["outside_number"] = "+442079460901".into();
}

/// The D channels of so many spans are up.
pub fn up(gateway: &mut Demarcd, spans: usize) {
    wait_for("the D channels", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let spans_up = live["spans"].as_array()?.iter().filter(|span| span["d_channel_up"] == true);
        (spans_up.count() == spans).then_some(())
    });
}

/// Nothing of a call is left.
pub fn quiet(gateway: &mut Demarcd) {
    wait_for("the end of every call", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        live["calls"].as_array()?.is_empty().then_some(())
    });
}

/// Shows the ladders of the last calls, for whoever looks for what went wrong.
pub fn show(gateway: &mut Demarcd) {
    let (_, page) = gateway.api("GET", "/api/call_records", None);
    let records = page["records"].as_array().cloned().unwrap_or_default();
    for record in records.iter().take(3) {
        let (_, ladder) = gateway.api("GET", &format!("/api/calls/{}/ladder", record["call"]), None);
        println!("call {}: {}", record["call"], ladder["parties"]);
        for row in ladder["rows"].as_array().into_iter().flatten() {
            println!("  {:>10} {} {} {}", row["at_us"], row["party"], row["direction"], row["label"]);
        }
    }
}
