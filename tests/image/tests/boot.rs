//! The image boots by the firmware, GRUB and the slot, and what it says is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::disk::{EFI, next_slot};
use demarc_image_tests::{Images, Machine, Setup, wait_for};

/// Part of `make test`: the one boot that every change sees.
#[test]
fn it_boots_to_its_api() {
    let setup = Setup { words: "demarc.cards=simulated".into(), disk_mib: 1024, ..Setup::default() };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    let api = machine.api();
    assert_eq!(api.get("/api/health")["status"], "ok");
    machine.says("Demarc: starting slot A", 1);

    let mut agent = machine.agent();
    assert!(agent.ok("cat /proc/cmdline").contains("rauc.slot=A"));
    // The root cannot be written, the data partition fills the disk and has quotas.
    assert_ne!(agent.run("touch /etc/x").code, 0);
    let kib: u64 = agent.ok("df -kP /data | tail -1 | awk '{ print $2 }'").trim().parse().unwrap();
    assert!(kib > 350_000, "the data partition has {kib} KiB");
    assert!(agent.ok("mount").lines().any(|line| line.contains(" /data ") && line.contains("nosuid")));
    assert!(agent.ok("repquota -P /data").contains("#1"), "{}", agent.ok("repquota -P /data"));
    // Nothing of ours that touches the network has root's rights but demarc-system.
    let user = agent.ok("stat -c %u /proc/$(pidof demarcd)");
    assert_eq!(user.trim(), "990");
    // Its media go before all that share the processor by turns: field 40 of proc(5)'s stat is the priority.
    let priorities = "for task in /proc/$(pidof demarcd)/task/*; do \
                      grep -q media $task/comm && cut -d' ' -f40 $task/stat; done";
    assert!(agent.run(priorities).text.lines().any(|line| line == "20"), "{}", agent.run(priorities).text);
    // The slot counts as tried until it is found good; the count is on the disk.
    let environment = wait_for("GRUB's environment", || EFI.environment(machine.disk()));
    assert_eq!(next_slot(&environment), 'A');
    assert_eq!(environment.get("CMDLINE").map(String::as_str), Some("no_timer_check demarc.cards=simulated"));
    println!("{}", agent.ok("dmesg | grep -E 'demarc: boot|Run /init'; cat /proc/uptime"));
}

/// From the first instruction of the kernel to the first call, in the machine's own time: one instruction counts as one
/// nanosecond, however long the host takes for it. Only waiting is real: for the disk, which is quick on a quiet host.
#[test]
fn the_first_call_comes_soon() {
    let setup = Setup {
        words: "demarc.cards=simulated".into(),
        direct: Some(Images::find().kernel()),
        more: ["-smp", "1", "-icount", "shift=0,sleep=on", "-rtc", "clock=vm"].map(str::to_owned).to_vec(),
        disk_mib: 1024,
        ..Setup::default()
    };
    let machine = Machine::boot(&Images::find().disk(), &setup);
    // One command, sent before the machine is up: between two of them its time would fly.
    let mut agent = machine.agent_unasked();
    let call = "until [ -S /data/demarc/control ]; do sleep 0.1; done; \
                until demarc --data /data/demarc phone 1 off-hook >/dev/null 2>&1; do sleep 0.1; done; cat /proc/uptime; \
                demarc --data /data/demarc phone 1 dial 212; \
                until demarc --data /data/demarc phone 2 look | grep -q ringing.*true; do sleep 0.1; done; cat /proc/uptime; \
                dmesg | grep -E 'Run /init|boot: '";
    let said = agent.ok(call);
    let times: Vec<f64> = said.lines().filter_map(|line| line.split_once(' ')?.0.parse().ok()).collect();
    let [ready, rings] = times[..] else { panic!("{said}") };
    println!("{said}");
    println!("ready after {ready} s, the first telephone rings after {rings} s of the machine's time");
    // The goal is 10 on a quiet host: that of `make image-for-tests`, whose programs are optimised, waits for a disk that others
    // may use as well.
    assert!(rings < 15.0, "{said}");
}
