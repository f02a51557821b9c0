//! Compiles the shim and links libpri statically, so that its clock can be replaced.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=shim");
    println!("cargo:rerun-if-env-changed=LIBPRI_DIR");
    let Some(directory) = archive() else {
        eprintln!(
            "libpri is missing: apt install libpri-dev (or set LIBPRI_DIR to the directory of its libpri.a)"
        );
        return ExitCode::FAILURE;
    };
    let mut shim = cc::Build::new();
    for file in ["shim", "party", "event", "services"] {
        shim.file(format!("shim/{file}.c"));
    }
    shim.warnings(true).extra_warnings(true).std("c11");
    if let Some(include) = directory.parent().map(|parent| parent.join("include"))
        && include.join("libpri.h").exists()
    {
        shim.flag("-isystem").flag(include);
    }
    if shim.try_compile("demarc_pri").is_err() {
        eprintln!("the shim around libpri does not compile: apt install libpri-dev build-essential");
        return ExitCode::FAILURE;
    }
    // After the shim, which needs it.
    println!("cargo:rustc-link-search=native={}", directory.display());
    println!("cargo:rustc-link-lib=static=pri");
    println!("cargo:rustc-link-arg-bins=-Wl,--wrap=gettimeofday");
    ExitCode::SUCCESS
}

/// The directory of libpri.a: where the environment says, or where the C compiler looks.
fn archive() -> Option<PathBuf> {
    let here = |directory: PathBuf| directory.join("libpri.a").exists().then_some(directory);
    if let Some(directory) = std::env::var_os("LIBPRI_DIR") {
        return here(directory.into());
    }
    let compiler = cc::Build::new().try_get_compiler().ok()?;
    let asked = Command::new(compiler.path()).arg("-print-file-name=libpri.a").output().ok()?;
    let file = PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim());
    let found = file.canonicalize().ok()?;
    here(Path::new(&found).parent()?.to_owned())
}
