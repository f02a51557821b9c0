//! The menu on the serial console, driven key by key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{EFI, SLOT_A};
use demarc_image_tests::http::PASSWORD;
use demarc_image_tests::machine::GUEST;
use demarc_image_tests::{Api, Images, Machine, Setup, wait_for};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

fn simulated() -> Setup {
    Setup {
        words: "demarc.cards=simulated".into(),
        direct: Some(Images::find().kernel()),
        disk_mib: 1024,
        ..Setup::default()
    }
}

/// The menu as it was drawn last, and what came since.
fn screen(machine: &Machine) -> String {
    let said = machine.console();
    let last = said.rfind("Demarc 0.1.0, slot").unwrap_or(0);
    said[last..].to_owned()
}

/// Waits until the screen shows something.
fn shows(machine: &Machine, what: &str) {
    wait_for(&format!("{what:?} on the screen"), || screen(machine).contains(what).then_some(()));
}

/// Types, and waits for what the screen shows then.
fn type_in(machine: &mut Machine, keys: &str, then: &str) {
    machine.key(keys);
    shows(machine, then);
}

#[test]
fn it_shows_how_the_unit_is_reached() {
    let machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    let code = machine.setup_code();
    shows(&machine, "the gateway works");
    let screen = screen(&machine);
    for words in [format!("{GUEST}/24"), format!("Open     https://{GUEST}/")] {
        assert!(screen.contains(&words), "{words}: {screen}");
    }
    let from = screen.find("SHA-256").expect("a fingerprint") + "SHA-256".len();
    let shown: String = screen[from..].split_whitespace().take(2).collect();
    assert_eq!(shown, fingerprint(&machine), "{screen}");
    // The code is the right one, and goes when it has been used.
    api.set_up(&code);
    wait_for("a screen without a code", || (!self::screen(&machine).contains("Code ")).then_some(()));
}

/// Of the certificate that the web server really has.
fn fingerprint(machine: &Machine) -> String {
    let address = machine.https.to_string();
    let mut client = Command::new("openssl");
    client.args(["s_client", "-connect", &address]).stdin(Stdio::null()).stderr(Stdio::null());
    let mut client = client.stdout(Stdio::piped()).spawn().expect("openssl");
    let certificate = client.stdout.take().expect("a pipe");
    let mut print = Command::new("openssl");
    print.args(["x509", "-noout", "-fingerprint", "-sha256"]).stdin(certificate);
    let output = print.output().expect("openssl");
    let _ = client.wait();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().split_once('=').expect("a fingerprint").1.to_owned()
}

#[test]
fn the_network_is_set_from_the_menu() {
    let mut machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    api.set_up(&machine.setup_code());
    let mut agent = machine.agent();
    shows(&machine, "n  network");
    type_in(&mut machine, "n", "1  eth0");
    type_in(&mut machine, "1", "eth0: d");
    type_in(&mut machine, "s", "Address of eth0");
    type_in(&mut machine, "10.0.2.77\r", "is no address with a prefix");
    type_in(&mut machine, "/24\r", "Router");
    type_in(&mut machine, "10.0.2.2\r", "The network is being changed.");
    shows(&machine, "eth0     10.0.2.77/24");
    // Somebody stands in front of the unit: nothing has to be confirmed, and it stays over a restart.
    let status = agent.ok("demarc-system status");
    assert!(status.contains("\"network_reverts_in_s\": null"), "{status}");
    assert!(agent.ok("ip route").contains("default via 10.0.2.2"));
    assert!(agent.ok("cat /data/system/machine.json").contains("10.0.2.77"));
    // What asked for an address ends, and takes nothing along.
    wait_for("the end of udhcpc", || (agent.run("pidof udhcpc").code != 0).then_some(()));
    assert!(agent.ok("ip address show dev eth0").contains("10.0.2.77/24"));

    type_in(&mut machine, "n", "Which interface?");
    type_in(&mut machine, "1", "eth0: d");
    type_in(&mut machine, "d", "The network is being changed.");
    shows(&machine, &format!("eth0     {GUEST}/24"));
    // The configuration followed.
    machine.api();
    let interfaces = api.get("/api/appliance")["interfaces"].clone();
    assert_eq!((&interfaces[0]["device"], &interfaces[0]["ipv4"]["type"]), (&json!("eth0"), &json!("dhcp")));
}

#[test]
fn the_password_is_forgotten_by_whoever_stands_there() {
    let mut machine = Machine::boot(&Images::find().disk(), &simulated());
    let mut api = machine.api();
    let first = machine.setup_code();
    api.set_up(&first);
    assert_eq!(signs_in(&api, PASSWORD), 201);
    shows(&machine, "p  forget password");
    type_in(&mut machine, "p", "Type \"reset\"");
    type_in(&mut machine, "yes\r", "Nothing was done.");
    assert_eq!(signs_in(&api, PASSWORD), 201);
    type_in(&mut machine, "p", "Type \"reset\"");
    type_in(&mut machine, "reset\r", "The password is forgotten");
    let code = wait_for("another setup code", || {
        let screen = screen(&machine);
        let code = screen.lines().find_map(|line| line.trim().strip_prefix("Code "))?.trim().to_owned();
        (code != first).then_some(code)
    });
    // Whoever was signed in is not any more, and the password is nobody's.
    assert_eq!(api.try_get("/api/system").unwrap().0, 401);
    assert_ne!(signs_in(&api, PASSWORD), 201);
    let new = "another long enough password";
    let set_up = |code: &str| {
        let body = json!({ "code": code, "password": new });
        api.send("POST", "/api/setup", Some(&body)).expect("an answer").0
    };
    assert!(!(200..300).contains(&set_up(&first)), "the first code still opens it");
    assert!((200..300).contains(&set_up(&code)));
    assert_eq!(signs_in(&api, new), 201);
    assert_ne!(signs_in(&api, PASSWORD), 201);
}

/// How the API answers to this password.
fn signs_in(api: &Api, password: &str) -> u16 {
    let answer = api.send("POST", "/api/session", Some(&json!({ "password": password })));
    answer.expect("an answer").0
}

#[test]
fn hardware_is_tested_on_spans_that_the_gateway_lends() {
    let mut machine = Machine::boot(&Images::find().disk(), &simulated());
    let api = machine.api();
    let mut agent = machine.agent();
    let gateway = agent.ok("pidof demarcd");
    shows(&machine, "h  hardware test");
    // Cut short: everything is put back, and it can be run again.
    type_in(&mut machine, "h", "Hardware tests. Ctrl-C ends them.");
    shows(&machine, "Inventory");
    type_in(&mut machine, "\u{3}", "everything is put back");
    shows(&machine, "NOT COMPLETE:");
    shows(&machine, "Press a key.");
    type_in(&mut machine, " ", "The hardware tests did not all pass.");

    machine.key("h");
    shows(&machine, "Press a key.");
    let shown = screen(&machine);
    println!("{shown}");
    // What a busy host makes of the timing is not judged: the verdict is said, and said again in the menu.
    let passed = shown.contains("PASSED:");
    assert!(passed || shown.contains("FAILED:"), "{shown}");
    assert!(shown.lines().any(|line| line.contains("passed") && line.contains("Inventory")), "{shown}");
    assert!(shown.contains("Alarms") && shown.contains("Span counters"), "{shown}");
    let verdict = if passed { "The hardware tests passed." } else { "The hardware tests did not all pass." };
    type_in(&mut machine, " ", verdict);
    // The gateway worked all the while.
    assert_eq!(agent.ok("pidof demarcd"), gateway);
    assert_eq!(api.get("/api/health")["status"], "ok");
}

#[test]
fn logs_are_written_to_a_stick() {
    let folder = tempfile::tempdir().unwrap();
    let stick = folder.path().join("stick");
    let made = Command::new("mkfs.vfat").args(["-C", "-n", "STICK"]).arg(&stick).arg("65536").output();
    assert!(made.expect("mkfs.vfat").status.success());
    let drive = format!("driver=raw,node-name=usb,file.driver=file,file.filename={}", stick.display());
    // Debian's cloud kernel has no USB: a disk that can be taken out of a SCSI bus is a stick as well.
    let more =
        ["-device", "virtio-scsi-pci", "-blockdev", &drive, "-device", "scsi-hd,drive=usb,removable=on"];
    let setup = Setup { more: more.map(str::to_owned).to_vec(), ..simulated() };
    let mut machine = Machine::boot(&Images::find().disk(), &setup);
    machine.api();
    shows(&machine, "l  logs to a USB stick");
    type_in(&mut machine, "l", "The logs are on the stick. It can be taken out.");
    assert_ne!(machine.agent().run("mount | grep -q /dev/sd").code, 0, "the stick is still mounted");
    let listed = mtools(&stick, "mdir", &["-b", "-/", "::/"]);
    let log = listed.lines().find(|line| line.ends_with("/messages")).unwrap_or_else(|| panic!("{listed}"));
    assert!(log.contains("demarc-logs-"), "{listed}");
    let text = mtools(&stick, "mtype", &[log]);
    assert!(text.contains("boot: gateway"), "{text}");
}

fn mtools(image: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).arg("-i").arg(image).args(arguments).output().expect("mtools");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_factory_reset_from_the_menu_forgets_everything_but_the_slots() {
    let setup = Setup { direct: None, ..simulated() };
    let mut machine = Machine::boot(&Images::find().disk(), &setup);
    let mut api = machine.api();
    let first = machine.setup_code();
    api.set_up(&first);
    let slot = machine.partition(&SLOT_A);
    shows(&machine, "f  factory reset");
    type_in(&mut machine, "f", "EVERYTHING is erased");
    type_in(&mut machine, "no\r", "Nothing was done.");
    type_in(&mut machine, "f", "EVERYTHING is erased");
    machine.key("erase\r");
    machine.says("Demarc: starting slot A", 2);
    assert!(machine.agent().ok("dmesg").contains("demarc: boot: factory reset"));
    wait_for("a unit that nobody has set up", || {
        let (status, _) = api.try_get("/api/system")?;
        (status == 401).then_some(())
    });
    wait_for("another setup code", || {
        let screen = screen(&machine);
        let code = screen.lines().find_map(|line| line.trim().strip_prefix("Code "))?.trim().to_owned();
        (code != first).then_some(())
    });
    assert_ne!(signs_in(&api, PASSWORD), 201);
    assert!(EFI.file(machine.disk(), "factory-reset").is_none(), "the wish is still there");
    assert!(machine.partition(&SLOT_A) == slot, "the slot was touched");
}
