//! Ladders on the guest's cards: `demarc-hwtest replay` is the telephone and the exchange of a gateway that
//! runs beside it.

use super::{PATIENCE, prepared};
use crate::check::Checks;
use demarc_tests::real::{Demarcd, wait_for};
use serde_json::{Value, json};
use std::process::Command;

/// The gateway's spans, as ladders number them, and how many ports they have: lines, and telephones.
const LINES: u64 = 2;
const TELEPHONES: u64 = 3;
const PORTS: u32 = 2;

/// Two pairs of T1 spans: 2 and 3 are the gateway's, 1 and 4 their far ends.
pub fn run(checks: &mut Checks) {
    let mut gateway = prepared(set_up);
    let replay = |report: &str, ladders: &[&str]| {
        let mut command = Command::new("/lab/demarc-hwtest");
        command.args(["replay", "--bench", "/lab/replay.toml", "--json", report]);
        command.args(ladders.iter().map(|name| format!("/lab/{name}.ladder")));
        command.status().expect("demarc-hwtest").code()
    };
    let fine =
        checks.run("replay: ladders of telephones and lines, from the far ends of their ports", || {
            let ladders = [
                "lifted-and-put-down",
                "wrong-number",
                "analog-to-analog",
                "hold-of-a-service",
                "out-by-a-line",
            ];
            assert_eq!(replay("/out/replay.json", &ladders), Some(0));
            idle(&mut gateway);
        });
    if !fine {
        super::show(&mut gateway);
    }
    checks.run("replay: a gateway that does something else fails", || {
        assert_eq!(replay("/out/not-so.json", &["not-so"]), Some(1));
    });
}

/// Every port is there and free.
fn idle(gateway: &mut Demarcd) {
    wait_for("the ports", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let idle = live["lines"].as_array()?.iter().filter(|line| line["state"] == "idle");
        (idle.count() == 2 * PORTS as usize).then_some(())
    });
}

/// As much of the gateway of the ladders as two spans are.
fn set_up(config: &mut Value) {
    config["system"]["country"] = "GB".into();
    for span in config["spans"].as_array_mut().expect("spans") {
        let kind = match span["id"].as_u64() {
            Some(LINES) => Some("fxo"),
            Some(TELEPHONES) => Some("fxs"),
            _ => None,
        };
        span["pinned"] = super::PINNED.as_slice().into();
        span["enabled"] = kind.is_some().into();
        if let Some(kind) = kind {
            span["signalling"] = json!({ "type": "channel_bank", "ports": vec![kind; PORTS as usize] });
        }
    }
    for n in 1..=PORTS {
        let channel = json!({ "span": TELEPHONES, "slot": n });
        let kind = json!({ "type": "fxs", "channel": channel, "open_loop_on_hangup": true });
        super::analog::add_telephone(config, n, &kind);
    }
    let lines = (1..=PORTS).map(|n| {
        json!({ "id": n, "name": format!("Line {n}"), "channel": { "span": LINES, "slot": n },
                "answer": "after_dialling", "dial_tone_wait_ms": 3000, "guard_ms": 500 })
    });
    config["lines"] = lines.collect();
    config["trunks"] = json!([{ "id": 1, "name": "Lines", "enabled": true,
                                "kind": { "type": "fxo", "lines": [1, 2], "hunt": "ascending" } }]);
    config["ring_groups"] = json!([]);
    config["inbound_routes"] = json!([]);
    // One number has twelve digits and is complete with them.
    config["outbound_routes"] = json!([{
        "id": 1, "name": "Lines", "patterns": ["80XXXXXXXXXX"], "strip": 1, "format": "as_dialled",
        "trunks": [1], "retry_causes": [], "caller_id": { "type": "extension" }
    }]);
}
