//! Calls over FXO lines whose other end is an FXS port of the same gateway: the signalling bits of a
//! channel bank, real tones, digits and caller identity between them, in virtual time.
//!
//! Port *n* of span 1 (FXS) is cabled to port *n* of span 2 (FXO). A call that leaves by line *n* is the
//! telephone at port *n* going off hook, and a call to that telephone rings line *n*.

use super::phone::{Phone, Talked, Time};
use super::{PATIENCE, configure, fresh, quiet};
use crate::check::Checks;
use demarc_tests::real::{Demarcd, wait_for};
use serde_json::{Value, json};

/// Ports of each kind.
const PORTS: u32 = 3;
/// The telephone that takes no battery away when the far end hangs up: it sends the tone alone.
const NO_KEWL: u32 = 2;
/// One with nothing special.
const FIRST: u32 = 1;

/// T1 spans 1 and 2.
pub fn run(checks: &mut Checks) {
    let mut gateway = ready();
    let (near, far) = (Phone::of(&gateway, "201"), Phone::of(&gateway, "202"));
    let mut check = |name: &str, check: &dyn Fn(&mut Demarcd) -> Talked| {
        let fine = checks.run(&format!("gateway: {name}"), || {
            check(&mut gateway).check(Time::Virtual);
            quiet(&mut gateway);
            idle(&mut gateway);
        });
        if !fine {
            super::show(&mut gateway);
        }
    };
    check("a line is seized, dialled by tones, answered, and ended by an open loop", &|_| {
        near.call_to(&out(FIRST), &far)
    });
    check("a line without kewl is ended by the tone that the exchange sends", &|_| {
        near.call_to(&out(NO_KEWL), &far)
    });
    check("ringing brings caller identity after the first ring", &|_| {
        let talked = near.call_to("211", &far);
        let from = talked.from();
        assert!(from.contains("201"), "who called is not in {from}");
        talked
    });
}

/// What reaches extension 202 by a line: the line's own digit, and 202 for the exchange.
fn out(line: u32) -> String {
    format!("8{line}202")
}

/// FXS ports on span 1, FXO ports on span 2.
fn ready() -> Demarcd {
    let mut gateway = fresh(&[]);
    configure(&mut gateway, bank);
    idle(&mut gateway);
    gateway
}

/// Every port is there and free.
fn idle(gateway: &mut Demarcd) {
    wait_for("the ports", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let idle = live["lines"].as_array()?.iter().filter(|line| line["state"] == "idle");
        (idle.count() == 2 * PORTS as usize).then_some(())
    });
}

/// An analog telephone and its extension, 210 and its number.
pub fn add_telephone(config: &mut Value, number: u32, kind: &Value) {
    let (id, extension) = (10 + number, (210 + number).to_string());
    let device = json!({ "id": id, "name": format!("Analog phone {number}"), "kind": kind });
    config["devices"].as_array_mut().expect("devices").push(device);
    let extension = json!({ "id": 210 + number, "number": extension, "name": format!("Extension {extension}"),
                            "devices": [id] });
    config["extensions"].as_array_mut().expect("extensions").push(extension);
}

fn bank(config: &mut Value) {
    config["system"]["country"] = "US".into();
    config["system"]["area_code"] = "".into();
    for (span, kind) in config["spans"].as_array_mut().expect("spans").iter_mut().zip(["fxs", "fxo"]) {
        span["signalling"] = json!({ "type": "channel_bank", "ports": vec![kind; PORTS as usize] });
        span["pinned"] = super::PINNED.as_slice().into();
    }
    let lines = (1..=PORTS).map(|n| {
        json!({ "id": n, "name": format!("Line {n}"), "channel": { "span": 2, "slot": n },
                "answer": "after_dialling", "dial_tone_wait_ms": 3000,
                "guard_ms": 500 })
    });
    config["lines"] = lines.collect();
    let trunks = (1..=PORTS).map(|n| {
        json!({ "id": n, "name": format!("Line {n}"), "enabled": true,
                "kind": { "type": "fxo", "lines": [n], "hunt": "ascending" } })
    });
    config["trunks"] = trunks.collect();
    let kind = |n: u32| json!({ "type": "fxs", "channel": { "span": 1, "slot": n }, "open_loop_on_hangup": n != NO_KEWL });
    (1..=PORTS).for_each(|n| add_telephone(config, n, &kind(n)));
    config["ring_groups"] = json!([]);
    config["inbound_routes"] = json!([{
        "id": 1, "name": "Phone 202", "called": "!", "destination": { "type": "extension", "id": 202 }
    }]);
    let routes = (1..=PORTS).map(|n| {
        json!({ "id": n, "name": format!("Line {n}"), "patterns": [format!("8{n}.")], "strip": 2,
                "format": "as_dialled", "trunks": [n], "retry_causes": [],
                "caller_id": { "type": "extension" } })
    });
    config["outbound_routes"] = routes.collect();
}
