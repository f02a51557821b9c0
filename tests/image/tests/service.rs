//! What the appliance does for itself: guards its doors, its disk and its life.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{EFI, SLOT_A};
use demarc_image_tests::machine::GUEST;
use demarc_image_tests::phone::Call;
use demarc_image_tests::wire::Wire;
use demarc_image_tests::{Agent, Images, Machine, Setup, wait_for};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

fn simulated() -> Setup {
    Setup { words: "demarc.cards=simulated".into(), disk_mib: 1024, ..Setup::default() }
}

/// TCP ports that the exposure page shows.
fn exposed(page: &Value) -> BTreeSet<u16> {
    let list =
        page.as_array().or_else(|| page.as_object()?.values().find_map(Value::as_array)).expect("a list");
    let tcp = list.iter().filter(|door| door["protocol"] == "tcp");
    tcp.flat_map(|door| {
        let port = |name: &str| u16::try_from(door[name].as_u64().expect("a port")).unwrap();
        port("first_port")..=port("last_port")
    })
    .collect()
}

#[test]
fn a_scan_from_outside_finds_what_the_exposure_page_shows() {
    let wire = Wire::new();
    let setup = Setup { wire: Some(wire.ports()), direct: Some(Images::find().kernel()), ..simulated() };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let page = exposed(&api.get("/api/appliance/exposure"));
    let found = wire.scan(1..=1024);
    assert_eq!(found.open, page, "{found:?}");
    assert!(found.closed.is_empty(), "ports that say that nobody is there: {:?}", found.closed);
    // Another door is opened, and both know it.
    let mut system = api.get("/api/system");
    system["sip"]["tcp"] = "0.0.0.0:5060".into();
    system["sip"]["udp"] = "0.0.0.0:5060".into();
    let (status, answer) = api.change("PUT", "/api/system", &system).unwrap();
    assert_eq!(status, 200, "{answer}");
    let page = wait_for("the new door on the page", || {
        let (200, page) = api.try_get("/api/appliance/exposure")? else { return None };
        Some(exposed(&page)).filter(|page| page.contains(&5060))
    });
    // SIP moves to its new address while the gateway runs.
    let mut agent = machine.agent();
    wait_for("SIP", || (agent.run("netstat -ltn | grep -q 0.0.0.0:5060").code == 0).then_some(()));
    let found = wire.scan(1..=u16::MAX);
    assert_eq!(found.open, page, "{found:?}");
    assert!(found.closed.is_empty(), "ports that say that nobody is there: {:?}", found.closed);
}

#[test]
fn a_phone_outside_calls_through_it() {
    let mut machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let mut agent = machine.agent();
    machine.serve_sip(&api, &mut agent);
    let password = machine.account_password(&mut agent, "201");
    let went = Call::start(&mut machine, "201", &password, "02079460100", Duration::from_secs(8)).finish();
    assert!(went.well && went.packets > 100 && went.loud, "{GUEST}: {went:?}");
    let records = api.get("/api/call_records");
    assert!(records.to_string().contains("02079460100"), "{records}");
}

#[test]
fn a_hung_gateway_is_started_again_or_bitten_by_the_watchdog() {
    // As Buildroot's kernel is from its start: what hangs in it is a panic.
    let words = "demarc.cards=simulated hung_task_panic=1 softlockup_panic=1".into();
    let machine = Machine::boot(&Images::find().disk(), &Setup { words, ..simulated() });
    machine.api();
    let mut agent = machine.agent();
    assert_eq!(agent.run("test -c /dev/watchdog").code, 0);
    // A watchdog is fed: a disk that hangs cuts no calls any more.
    assert_eq!(agent.ok("cat /proc/sys/kernel/hung_task_panic /proc/sys/kernel/softlockup_panic"), "0\n0\n");
    // demarc-system hangs as well: nobody feeds the watchdog.
    agent.start("kill -STOP $(pidof demarcd) $(pidof demarc-system)");
    machine.says("Demarc: starting slot A", 2);
    machine.api();
}

/// What `demarc-system` says when the gateway is healthy again and is another process than before.
fn another_gateway(agent: &mut Agent, before: &str) -> Value {
    wait_for("another gateway", || {
        let now = agent.run("pidof demarcd");
        let status: Value = serde_json::from_str(&agent.run("demarc-system status").text).ok()?;
        (now.code == 0 && now.text != before && status["healthy"] == true).then_some(status)
    })
}

#[test]
fn a_hung_gateway_alone_is_started_again_by_its_supervisor() {
    let machine = Machine::boot(&Images::find().disk(), &simulated());
    machine.api();
    let mut agent = machine.agent();
    let before = agent.ok("pidof demarcd");
    agent.ok("until demarc-system status | grep -q 'healthy.*true'; do sleep 0.2; done");
    agent.ok("kill -STOP $(pidof demarcd)");
    let status = another_gateway(&mut agent, &before);
    machine.api();
    let crashed = status["services"].to_string();
    assert!(crashed.contains("SIGKILL"), "{crashed}");
    assert!(agent.ok("cat /data/log/crashes/*demarcd*").contains("says nothing any more"));
    // The machine went on, and does not count as one that fails.
    assert_eq!(machine.console().matches("Demarc: starting slot A").count(), 1);
    assert_ne!(agent.run("test -e /data/system/unhealthy.json").code, 0);
}

#[test]
fn a_supervisor_that_is_killed_comes_back_with_its_gateway() {
    let machine = Machine::boot(&Images::find().disk(), &simulated());
    machine.api();
    let mut agent = machine.agent();
    let before = agent.ok("pidof demarcd");
    // The console is the same program: the one that started the gateway is meant.
    agent.ok("kill -9 $(awk '/^PPid:/ { print $2 }' /proc/$(pidof demarcd)/status)");
    let status = another_gateway(&mut agent, &before);
    machine.api();
    assert_eq!(agent.ok("pidof demarcd chronyd udhcpc").split_whitespace().count(), 3, "one of each");
    assert_eq!(status["watchdog"], true, "{status}");
    let crashes = status["services"].as_array().expect("services").iter();
    assert!(crashes.clone().all(|service| service["crashes"] == 0), "{status}");
    assert_eq!(machine.console().matches("Demarc: starting slot A").count(), 1);
}

#[test]
fn a_factory_reset_forgets_everything_but_the_slots() {
    let machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    let code = machine.setup_code();
    api.set_up(&code);
    let slot = machine.partition(&SLOT_A);
    let (status, answer) = api
        .send(
            "POST",
            "/api/appliance/factory_reset",
            Some(&serde_json::json!({ "password": demarc_image_tests::http::PASSWORD })),
        )
        .unwrap();
    assert!((200..300).contains(&status), "{answer}");
    machine.says("Demarc: starting slot A", 2);
    wait_for("a unit that nobody has set up", || {
        let (200, setup) = api.try_get("/api/setup")? else { return None };
        (setup["done"] == false).then_some(())
    });
    assert_eq!(
        api.try_get("/api/system").map(|(status, _)| status),
        Some(401),
        "the old session is forgotten"
    );
    assert!(EFI.file(machine.disk(), "factory-reset").is_none(), "the wish is still there");
    assert!(machine.partition(&SLOT_A) == slot, "the slot was touched");
}

#[test]
fn a_full_data_partition_keeps_nobody_from_starting() {
    let machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let mut agent = machine.agent();
    // Recordings end at their quota, and settings still have room.
    let did = agent.run("cd /data/recordings && /usr/bin/setpriv --reuid 990 --regid 990 --clear-groups dd if=/dev/zero of=all bs=1M");
    assert_ne!(did.code, 0, "recordings have no end");
    let left: u64 = agent.ok("df -kP /data | tail -1 | awk '{ print $4 }'").trim().parse().unwrap();
    assert!(left > 50_000, "recordings left {left} KiB");
    // Somebody else fills it to the last block.
    agent.run("dd if=/dev/zero of=/data/log/all bs=1M; dd if=/dev/zero of=/data/log/more bs=512; sync");
    agent.start("reboot");
    machine.says("Demarc: starting slot A", 2);
    api = machine.api();
    api.sign_in();
    assert_eq!(api.get("/api/health")["status"], "ok");
}
