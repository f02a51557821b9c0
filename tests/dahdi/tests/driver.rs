//! The DAHDI driver on the real kernel: one boot for what it does, one for how much of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_dahdi_tests::lab::Boot;

#[test]
fn spans_change_live_and_cards_come_and_go() {
    let left = Boot::new("e1x2,t1x2").run(env!("CARGO_BIN_EXE_driver-in-guest"), &[]);
    println!("{}", left.console);
    assert_eq!(left.code, Some(0));
}

#[test]
fn every_bearer_of_eight_spans_at_once() {
    let left = Boot::new("e1x2,e1x2,e1x2,e1x2").run(env!("CARGO_BIN_EXE_driver-in-guest"), &["load"]);
    println!("{}", left.console);
    assert_eq!(left.code, Some(0));
}
