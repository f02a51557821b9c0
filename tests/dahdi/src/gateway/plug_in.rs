//! Plug in and it works: the autopilot on spans that nobody has configured.

use super::phone::{Phone, Time};
use super::{PATIENCE, fresh, prepared, quiet, up};
use crate::check::Checks;
use crate::isdn::far_end::FarEnd;
use crate::isdn::{DIALECTS, Wire};
use demarc_isdn::Side;
use demarc_tests::real::{Demarcd, wait_for};
use serde_json::Value;

/// The first pair of spans.
pub fn run(checks: &mut Checks) {
    checks.run("autopilot: two ends of a cable find out who is the network", both_ends);
    for (far, ours) in [(Side::User, "network"), (Side::Network, "user")] {
        checks.run(&format!("autopilot: libpri at the far end, and we are the {ours}"), || libpri(far, ours));
    }
}

/// What was found out about a setting of a span.
pub fn finding(gateway: &mut Demarcd, span: u16, setting: &str) -> Option<Value> {
    let (_, findings) = gateway.api("GET", "/api/findings", None);
    let of = |finding: &&Value| {
        finding["subject"]["span"] == span && finding["setting"] == setting && finding["value"].is_string()
    };
    findings.as_array()?.iter().find(of).cloned()
}

/// Waits for a finding with evidence; its value.
pub fn found(gateway: &mut Demarcd, span: u16, setting: &str) -> String {
    let what = format!("{setting} of span {span}");
    let finding = wait_for(&what, PATIENCE, || finding(gateway, span, setting));
    println!("        span {span}: {setting} {} from {}", finding["value"], finding["evidence"]);
    assert!(finding["evidence"].as_array().is_some_and(|lines| !lines.is_empty()), "{finding}");
    finding["value"].as_str().expect("a value").into()
}

/// Both spans of the cable begin as the user side.
fn both_ends() {
    let mut gateway = fresh(&[]);
    up(&mut gateway, 2);
    for span in [1, 2] {
        assert_eq!(found(&mut gateway, span, "line_mode"), "e1");
        assert_eq!(found(&mut gateway, span, "framing"), "crc4");
        assert_eq!(found(&mut gateway, span, "dialect"), "euro_isdn");
    }
    let mut sides = [1, 2].map(|span| found(&mut gateway, span, "side"));
    sides.sort();
    assert_eq!(sides, ["network", "user"]);
    // Nobody has told it anything; a call goes out on one span, comes in on the other, and rings.
    let (near, far) = (Phone::of(&gateway, "201"), Phone::of(&gateway, "202"));
    near.call_to("02079460902", &far).check(Time::Virtual);
    quiet(&mut gateway);
}

/// The other span is libpri's alone, and stays as it is.
fn libpri(far: Side, ours: &str) {
    let mut gateway = prepared(|config| config["spans"][1]["enabled"] = false.into());
    let (dialect, _) = DIALECTS[0];
    let _far = FarEnd::start(Wire::E1, far, dialect, false, "/out/plug-in.pcap");
    up(&mut gateway, 1);
    assert_eq!(found(&mut gateway, 1, "side"), ours);
    assert_eq!(found(&mut gateway, 1, "dialect"), "euro_isdn");
}
