//! The clock is set by a time server, and the unit says so only while one is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::ntp::NtpServer;
use demarc_image_tests::wire::{OUTSIDE, Wire};
use demarc_image_tests::{Agent, Api, Images, Machine, Setup, wait_for};
use serde_json::json;
use std::process::Command;
use std::time::SystemTime;

/// What the API says comes to be this.
fn synchronised(api: &Api, wanted: bool) {
    wait_for(&format!("clock_synchronised to be {wanted}"), || {
        let (200, status) = api.try_get("/api/appliance/status")? else { return None };
        (status["clock_synchronised"] == wanted).then_some(())
    });
}

/// By how many seconds its clock differs from ours.
fn off_by(agent: &mut Agent) -> u64 {
    let its: u64 = agent.ok("date +%s").trim().parse().unwrap();
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().abs_diff(its)
}

#[test]
fn a_time_server_sets_the_clock_and_is_missed() {
    let wire = Wire::new();
    // The battery of its clock is weak: it begins three hours late.
    let late = Command::new("date").args(["-u", "-d", "3 hours ago", "+base=%FT%T"]).output().unwrap();
    let late = String::from_utf8(late.stdout).unwrap().trim().to_owned();
    let setup = Setup {
        words: "demarc.cards=simulated".into(),
        disk_mib: 1024,
        wire: Some(wire.ports()),
        direct: Some(Images::find().kernel()),
        more: vec!["-rtc".into(), late],
        ..Setup::default()
    };
    let mut server = NtpServer::new(wire);
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let mut agent = machine.agent();
    assert!(off_by(&mut agent) > 3600, "it was set before it had been told by whom");
    assert_eq!(api.get("/api/appliance/status")["clock_synchronised"], false);

    let mut appliance = api.get("/api/appliance");
    appliance["ntp"] = json!([OUTSIDE]);
    let (status, answer) = api.change("PUT", "/api/appliance", &appliance).unwrap();
    assert_eq!(status, 200, "{answer}");
    synchronised(&api, true);
    assert!(off_by(&mut agent) < 60, "{}", agent.ok("chronyc -n tracking; chronyc -n sources"));
    // It is written down, for a unit whose clock has no battery at all.
    agent.ok("until [ -s /data/system/clock.json ]; do sleep 0.2; done");

    // The server goes. It is missed after eight questions without an answer; between them there would be a minute and more.
    agent.ok(&format!("chronyc minpoll {OUTSIDE} 0 && chronyc maxpoll {OUTSIDE} 0"));
    server.stop();
    synchronised(&api, false);
    let log = agent.ok("demarc-system log 100");
    assert!(log.contains("the clock runs free"), "{log}");
    // What it was set to stays.
    assert!(off_by(&mut agent) < 60);
    server.start();
    synchronised(&api, true);
}
