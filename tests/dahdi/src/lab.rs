//! The laboratory from outside: boots it, and judges what it left.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
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

/// One boot, in virtual time unless it is told otherwise.
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

impl Left {
    /// The program was content.
    ///
    /// # Panics
    /// When it was not; the console has been shown in any case.
    pub fn check(&self) {
        println!("{}", self.console);
        assert_eq!(self.code, Some(0));
    }
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

    /// One more option of `tools/dahdi-lab`.
    #[must_use]
    pub fn option(mut self, words: &[&str]) -> Self {
        self.command.args(words);
        self
    }

    /// Takes the gateway along, and SIPp for its telephones.
    #[must_use]
    pub fn with_gateway(self) -> Self {
        let programs = ["demarcd", "demarc", "demarc-isdn-helper", "demarc-r2-helper"].map(program);
        let boot = programs.iter().fold(self, |boot, file| boot.with(file));
        let boot = boot.option(&["--memory", "1024", "--timeout", "900"]);
        boot.option(&["--env", "DEMARCD_BIN=/lab/demarcd"]).with(Path::new("/usr/bin/sipp"))
    }

    /// Runs a program in the guest.
    pub fn run(mut self, program: &str, arguments: &[&str]) -> Left {
        let done = self.command.arg("--").arg(program).args(arguments).output().expect("tools/dahdi-lab");
        let console =
            String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
        Left { code: done.status.code(), console, out: self.out }
    }

    /// Starts a program in the guest, to talk with it from outside.
    pub fn start(mut self, program: &str, arguments: &[&str]) -> Guest {
        self.command.arg("--").arg(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = self.command.spawn().expect("tools/dahdi-lab");
        let console = BufReader::new(child.stdout.take().expect("its console"));
        Guest { child, console, said: String::new(), _out: self.out }
    }
}

/// A guest that runs.
pub struct Guest {
    child: Child,
    console: BufReader<std::process::ChildStdout>,
    said: String,
    _out: TempDir,
}

impl Guest {
    /// Waits for a line that begins so; the rest of it. The guest ends by itself when it hangs.
    pub fn wait(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.console.read_line(&mut line).expect("a line");
            assert!(read > 0, "the guest never said {beginning}:\n{}", self.said);
            self.said += &line;
            if let Some(rest) = line.trim_end().strip_prefix(beginning) {
                return rest.into();
            }
        }
    }

    /// Waits for its end.
    pub fn finish(mut self) {
        self.console.by_ref().read_to_string(&mut self.said).expect("its console");
        println!("{}", self.said);
        assert!(self.child.wait().expect("its end").success(), "the guest failed");
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the guest said:\n{}", self.said);
        }
        // The lab ends its QEMU when it is asked to end.
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
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
