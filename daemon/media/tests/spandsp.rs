//! What `sys` assumes of spandsp holds for the header that is installed here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

#[test]
fn the_externs_agree_with_the_header() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spandsp.c");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let flags = Command::new("pkg-config").args(["--cflags", "spandsp"]).output().unwrap().stdout;
    let flags = String::from_utf8(flags).unwrap();
    let output = Command::new(compiler)
        .args(["-std=gnu11", "-fsyntax-only", "-Werror=incompatible-pointer-types"])
        .args(flags.split_whitespace())
        .arg(source)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
