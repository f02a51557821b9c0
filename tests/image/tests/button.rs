//! The buttons of the unit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

use demarc_image_tests::{Images, Machine, Setup, wait_for};

#[test]
fn the_power_button_ends_everything_in_order() {
    let setup = Setup {
        words: "demarc.cards=simulated".into(),
        direct: Some(Images::find().kernel()),
        disk_mib: 1024,
        ..Setup::default()
    };
    let mut machine = Machine::boot(&Images::find().disk(), &setup);
    machine.api();
    machine.press_power();
    wait_for("the power to go", || (!machine.is_on()).then_some(()));
    // It had the time to say why.
    let (folder, disk) = machine.cut();
    let machine = Machine::boot_disk(folder, &disk, &setup);
    let said = machine.agent().ok("cat /data/log/messages*");
    assert!(said.contains("the power button was pressed"), "{said}");
}
