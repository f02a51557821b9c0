//! A change of the network that locks the administrator out takes itself back; one that he confirms stays.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::machine::{GUEST, HOST};
use demarc_image_tests::{Api, Images, Machine, Setup, wait_for};
use serde_json::{Value, json};

fn machine() -> (Machine, Api) {
    let setup = Setup {
        words: "demarc.cards=simulated".into(),
        direct: Some(Images::find().kernel()),
        disk_mib: 1024,
        ..Setup::default()
    };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    (machine, api)
}

/// The appliance with one interface, at this address.
fn with_address(appliance: &Value, address: &str) -> Value {
    let mut changed = appliance.clone();
    let ipv4 = json!({ "type": "static", "address": address, "prefix": 24, "gateway": HOST });
    changed["interfaces"] = json!([{ "device": "eth0", "role": "lan", "ipv4": ipv4 }]);
    changed
}

#[test]
fn a_change_that_locks_out_takes_itself_back() {
    let (machine, mut api) = machine();
    let mut agent = machine.agent();
    let before = api.get("/api/appliance");
    // Nobody is told: the answer may be on its way when the address goes.
    let _ = api.change("PUT", "/api/appliance", &with_address(&before, "10.0.2.99"));
    wait_for("the other address", || {
        (agent.run("ip address show dev eth0 | grep -q 10.0.2.99/24").code == 0).then_some(())
    });
    // What is known to let somebody in is still the old one, on the disk too: a power cut now would not lock out.
    assert!(!agent.run("cat /data/system/machine.json").text.contains("10.0.2.99"));
    machine.says("The network is changed back in", 1);
    wait_for("the old address", || {
        (agent.run(&format!("ip address show dev eth0 | grep -q {GUEST}/24")).code == 0).then_some(())
    });
    machine.api();
    wait_for("the old interfaces in the configuration", || {
        let (200, appliance) = api.try_get("/api/appliance")? else { return None };
        (!appliance.to_string().contains("10.0.2.99")).then_some(())
    });
    let status = api.get("/api/appliance/status");
    assert_eq!(status["network_reverts_in_s"], Value::Null);
    let fault = status["network_fault"].as_str().unwrap_or_default();
    assert!(fault.contains("nobody confirmed"), "{status}");
    machine.says("nobody confirmed", 1);
    // It stays so over a restart.
    agent.start("reboot");
    wait_for("the machine to go", || api.try_get("/api/health").is_none().then_some(()));
    machine.api();
    api.sign_in();
    assert!(!api.get("/api/appliance").to_string().contains("10.0.2.99"));
    assert_eq!(api.get("/api/appliance/status")["network_reverts_in_s"], Value::Null);
}

#[test]
fn a_confirmed_change_stays() {
    let (machine, mut api) = machine();
    let mut agent = machine.agent();
    let before = api.get("/api/appliance");
    let wanted = with_address(&before, GUEST);
    let (status, answer) = api.change("PUT", "/api/appliance", &wanted).expect("an answer");
    assert_eq!(status, 200, "{answer}");
    wait_for("the trial", || {
        let (200, status) = api.try_get("/api/appliance/status")? else { return None };
        status["network_reverts_in_s"].as_u64()
    });
    assert!(agent.ok("ip route").contains(&format!("default via {HOST}")));
    wait_for("the end of udhcpc", || (agent.run("pidof udhcpc").code != 0).then_some(()));
    let (status, answer) = api.send("POST", "/api/appliance/network/confirm", None).expect("an answer");
    assert_eq!(status, 204, "{answer}");
    assert_eq!(api.get("/api/appliance/status")["network_reverts_in_s"], Value::Null);

    agent.start("reboot");
    wait_for("the machine to go", || api.try_get("/api/health").is_none().then_some(()));
    machine.api();
    api.sign_in();
    let interfaces = api.get("/api/appliance")["interfaces"].clone();
    assert_eq!(interfaces[0]["ipv4"], wanted["interfaces"][0]["ipv4"]);
    let status = api.get("/api/appliance/status");
    assert!(status["network_reverts_in_s"].is_null() && status["network_fault"].is_null(), "{status}");
    assert_ne!(machine.agent().run("pidof udhcpc").code, 0, "an address is asked for again");
}
