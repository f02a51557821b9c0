//! The image boots by the firmware, GRUB and the slot, and what it says is true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

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
    // The slot counts as tried until it is found good; the count is on the disk.
    let environment = wait_for("GRUB's environment", || EFI.environment(machine.disk()));
    assert_eq!(next_slot(&environment), 'A');
    assert_eq!(environment.get("CMDLINE").map(String::as_str), Some("no_timer_check demarc.cards=simulated"));
    println!("{}", agent.ok("dmesg | grep -E 'demarc: boot|Run /init'; cat /proc/uptime"));
}
