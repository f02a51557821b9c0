//! The real DAHDI driver in the booted image: the gateway has no root, a filter of system calls, and no devices but the
//! cards', and a call from outside goes out over one E1 and comes back over another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::phone::Call;
use demarc_image_tests::{Agent, Api, Images, Machine, Setup, wait_for};
use serde_json::{Value, json};
use std::time::Duration;

/// Two E1 on one cable, as dahdi_cfg makes them: driver, key and end, channels, timing.
const SPANS: &str = "dynamic=loc,1:0,31,0\ndynamic=loc,1:1,31,0\n";
/// What everybody may open in /dev, and the gateway needs nothing more of.
const HARMLESS: [&str; 8] = ["null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts/ptmx"];

/// A machine with two E1, and a gateway that found them at its first start.
fn machine() -> (Machine, Api) {
    let setup = Setup { direct: Some(Images::find().kernel()), disk_mib: 1024, ..Setup::default() };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    machine.api();
    let mut agent = machine.agent();
    agent.ok("modprobe dahdi_dynamic && modprobe dahdi_dynamic_loc");
    agent.ok(&format!("printf '{SPANS}' >/tmp/system.conf && dahdi_cfg -c /tmp/system.conf"));
    wait_for("the channels' devices", || {
        (agent.run("test -c /dev/dahdi/chan/002/031").code == 0).then_some(())
    });
    // It had begun without cards.
    agent.ok("kill -STOP $(pidof demarcd); rm -rf /data/demarc/*; kill -KILL $(pidof demarcd)");
    wait_for("a gateway that begins anew", || {
        (agent.run("test -S /data/demarc/control").code == 0).then_some(())
    });
    let mut api = machine.api();
    let code = wait_for("its setup code", || {
        let status: Value = serde_json::from_str(&agent.ok("demarc-system status")).ok()?;
        let code = status["setup_code"].as_str()?.to_owned();
        (api.send("GET", "/api/setup", None)?.0 == 200).then_some(code)
    });
    api.set_up(&code);
    (machine, api)
}

/// The gateway is its own telco: span 1 is the user side and carries what telephones dial, span 2 is the network side
/// and brings it back as a call from outside, to an echo.
fn own_telco(api: &Api) {
    let mut config = api.get("/api/config?secrets=true");
    let spans = config["spans"].as_array_mut().expect("spans");
    assert_eq!(spans.len(), 2, "{spans:?}");
    for (span, side) in spans.iter_mut().zip(["user", "network"]) {
        span["side"] = side.into();
        span["timing"] = u8::from(side == "user").into();
        // The autopilot leaves them alone.
        span["pinned"] =
            json!(["line_mode", "framing", "line_code", "timing", "signalling", "side", "dialect"]);
    }
    let trunk = |id: u32, name: &str, hunt: &str| json!({ "id": id, "name": name, "enabled": true, "kind": { "type": "pri", "spans": [id], "hunt": hunt } });
    config["trunks"] =
        json!([trunk(1, "To the telco", "descending"), trunk(2, "The telco's side", "ascending")]);
    config["inbound_routes"] = json!([{
        "id": 1, "name": "Echo", "trunk": 2, "called": "+442079460943",
        "destination": { "type": "service", "id": 1 },
    }]);
    let (status, answer) = api.change("PUT", "/api/config", &config).expect("an answer");
    assert_eq!(status, 200, "{answer}");
}

/// What a process is allowed to do, from /proc.
fn rights(agent: &mut Agent, program: &str) {
    let status = agent.ok(&format!("cat /proc/$(pidof {program} | cut -d' ' -f1)/status"));
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("no {name}: {status}")).trim().to_owned()
    };
    assert_eq!(field("Uid").split_whitespace().collect::<Vec<_>>(), ["990"; 4], "{program}");
    assert_eq!((field("Seccomp"), field("NoNewPrivs")), ("2".into(), "1".into()), "{program}");
    // CAP_NET_BIND_SERVICE is the tenth; its helpers have not even that.
    let most = if program == "demarcd" { 1_u64 << 10 } else { 0 };
    for set in ["CapEff", "CapAmb"] {
        let has = u64::from_str_radix(&field(set), 16).expect("a number");
        assert_eq!(has & !most, 0, "{program}: {set} {has:x}");
    }
    // The devices that it has open.
    let open = agent.ok(&format!(
        "for file in /proc/$(pidof {program} | cut -d' ' -f1)/fd/*; do readlink $file; done | grep ^/dev/ | sort -u"
    ));
    println!("{program} has open: {}", open.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(
        open.lines().all(|device| device.starts_with("/dev/dahdi/") || device == "/dev/null"),
        "{program}: {open}"
    );
}

#[test]
fn a_call_crosses_the_real_driver_without_root() {
    let (mut machine, api) = machine();
    let mut agent = machine.agent();
    own_telco(&api);
    // Spans that change their side are opened anew.
    machine.serve_sip(&api, &mut agent);
    wait_for("both D channels", || {
        let (200, live) = api.try_get("/api/live")? else { return None };
        let up = live["spans"].as_array()?.iter().filter(|span| span["d_channel_up"] == true);
        (up.count() == 2).then_some(())
    });

    let password = machine.account_password(&mut agent, "201");
    let call = Call::start(&mut machine, "201", &password, "02079460943", Duration::from_secs(10));
    wait_for("audio", || (call.packets() > 50).then_some(()));
    for program in ["demarcd", "demarc-isdn-helper"] {
        rights(&mut agent, program);
    }
    let went = call.finish();
    assert!(went.well && went.packets > 100 && went.loud, "{went:?}");
    // It went out over one trunk, and came in over the other as a call from outside.
    wait_for("its two records", || {
        let records = api.get("/api/call_records")["records"].clone();
        let by = |end: &str, trunk: &str| {
            let mut all = records.as_array().into_iter().flatten();
            all.any(|record| {
                record[end] == trunk && record["called"] == "02079460943" && record["cause"] == 16
            })
        };
        (by("to", "To the telco") && by("from", "The telco's side")).then_some(())
    });
    let spans = agent.ok("cat /proc/dahdi/1 /proc/dahdi/2");
    assert!(spans.contains("DYN/loc/1:0") && spans.contains("DYN/loc/1:1"), "{spans}");
}

/// The gateway's user opens the cards' devices and what everybody may open, nothing else in /dev.
#[test]
fn the_gateway_may_open_the_cards_and_no_other_device() {
    let (machine, _api) = machine();
    let mut agent = machine.agent();
    let look = "for device in $(find /dev -type c -o -type b); do [ -r $device ] || [ -w $device ] && echo $device; done";
    // Each device gets its owner when the kernel has told of it, one after another.
    let may = wait_for("the devices of both spans", || {
        let look = format!("/usr/bin/setpriv --reuid 990 --regid 990 --clear-groups sh -c '{look}; true'");
        let may = agent.ok(&look);
        (may.lines().filter(|device| device.starts_with("/dev/dahdi/chan/")).count() == 62).then_some(may)
    });
    let others: Vec<&str> = may
        .lines()
        .filter_map(|device| device.strip_prefix("/dev/"))
        .filter(|device| !device.starts_with("dahdi/") && !HARMLESS.contains(device))
        // Its mode lets everybody read it, and then the kernel does not.
        .filter(|device| *device != "kmsg")
        .collect();
    assert!(others.is_empty(), "{others:?}");
    let read = "/usr/bin/setpriv --reuid 990 --regid 990 --clear-groups sh -c ': </dev/kmsg'";
    assert_ne!(agent.run(read).code, 0, "the gateway reads the kernel's log");
}
