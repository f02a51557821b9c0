//! The laboratory from outside: boots it, and judges what it left.

use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The programs under test: those that `make build` made, or those beside what `DEMARCD_BIN` names.
pub fn program(name: &str) -> PathBuf {
    let folder = match std::env::var_os("DEMARCD_BIN") {
        Some(daemon) => Path::new(&daemon).parent().expect("a folder").to_owned(),
        None => root().join("target/release"),
    };
    let program = folder.join(name);
    assert!(program.is_file(), "{} is not there: run `make build` first", program.display());
    program
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// One boot in virtual time.
#[derive(Debug)]
pub struct Boot {
    command: Command,
    out: TempDir,
}

/// What a boot left.
#[derive(Debug)]
pub struct Left {
    /// The program's exit code.
    pub code: Option<i32>,
    /// What the console said.
    pub console: String,
    /// What the program wrote to `/out`.
    pub out: TempDir,
}

impl Boot {
    /// With these pairs of spans.
    pub fn new(spans: &str) -> Self {
        let out = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(root().join("tools/dahdi-lab"));
        command.args(["run", "--spans", spans, "--out"]).arg(out.path());
        Self { command, out }
    }

    /// Takes a program or a file along.
    #[must_use]
    pub fn with(mut self, file: &Path) -> Self {
        self.command.arg("--file").arg(file);
        self
    }

    /// Runs a program in the guest.
    pub fn run(mut self, program: &str, arguments: &[&str]) -> Left {
        let done = self.command.arg("--").arg(program).args(arguments).output().expect("tools/dahdi-lab");
        let console =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        Left { code: done.status.code(), console, out: self.out }
    }
}

/// Compiles the far end, a program of its own under libpri's licence.
pub fn far_end(folder: &Path) -> PathBuf {
    let program = folder.join("far-end");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("far-end/far-end.c");
    let mut compiler = Command::new("cc");
    compiler
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&program)
        .arg(source)
        .arg("-lpri");
    assert!(compiler.status().expect("cc").success(), "far-end does not compile: tools/install-deps test");
    program
}
