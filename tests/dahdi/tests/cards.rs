//! The inventory of cards in a real sysfs: one boot, with a PCI bus whose cards are their numbers alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_dahdi_tests::lab::Boot;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the modules of `foreign-cards` for the guest's kernel.
fn modules(folder: &Path) -> [PathBuf; 2] {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign-cards");
    for file in ["Makefile", "foreign_cards.c", "wcte43x.c"] {
        fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    // The same kernel that `tools/dahdi-lab` takes: the newest whose headers are installed.
    let headers = "find /usr/src -maxdepth 1 -name 'linux-headers-*-cloud-amd64' | sort -V | tail -1";
    let found = Command::new("sh").args(["-c", headers]).output().unwrap();
    let headers = String::from_utf8(found.stdout).unwrap();
    assert!(!headers.trim().is_empty(), "kernel headers are missing: tools/install-deps test");
    let made = Command::new("make")
        .args(["-s", "-C", headers.trim(), &format!("M={}", folder.display()), "modules"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ["foreign_cards.ko", "wcte43x.ko"].map(|name| folder.join(name))
}

#[test]
fn cards_are_seen_with_what_they_lack() {
    let folder = tempfile::tempdir().unwrap();
    let [bus, driver] = modules(folder.path());
    let left = Boot::new("e1x2").with(&bus).with(&driver).run(env!("CARGO_BIN_EXE_cards-in-guest"), &[]);
    println!("{}", left.console);
    assert_eq!(left.code, Some(0));
}
