//! Compiles the shim and links the system's libopenr2 dynamically.

use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=shim/shim.c");
    println!("cargo:rerun-if-changed=shim/shim.h");
    let mut shim = cc::Build::new();
    shim.file("shim/shim.c").warnings(true).extra_warnings(true).std("c11");
    if shim.try_compile("demarc_openr2").is_err() {
        eprintln!("the shim around openr2 does not compile: apt install libopenr2-dev build-essential");
        return ExitCode::FAILURE;
    }
    // After the shim, which needs it.
    println!("cargo:rustc-link-lib=dylib=openr2");
    ExitCode::SUCCESS
}
