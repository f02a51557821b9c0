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
    machine.says("switching off", 1);
    wait_for("the power to go", || (!machine.is_on()).then_some(()));
}
