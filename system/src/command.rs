//! Programs that are run to their end.

use demarc_clock::Clock;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// How long a program that only sets something may take. It must be well below the watchdog's time.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How much of what it says is kept, in octets.
const KEEP: u64 = 256 * 1024;

/// Runs a program without a shell; what it printed.
///
/// # Errors
/// In words, with what it printed to standard error.
pub fn run(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    run_within(program, arguments, input, PATIENCE)
}

/// As [`run`] with another patience.
///
/// # Errors
/// As [`run`].
pub fn run_within(
    program: &str,
    arguments: &[&str],
    input: &str,
    patience: Duration,
) -> Result<String, String> {
    let what = || format!("{program} {}", arguments.join(" "));
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = spawned.map_err(|error| format!("{program} cannot be run: {error}"))?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    // Threads, so that a full pipe stops nobody.
    let text = input.to_owned();
    let writer = std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(text.as_bytes());
        }
    });
    let read = |pipe: Option<Box<dyn Read + Send>>| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut pipe) = pipe {
                let _ = pipe.by_ref().take(KEEP).read_to_end(&mut bytes);
                let _ = std::io::copy(&mut pipe, &mut std::io::sink());
            }
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = read(stdout.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let err = read(stderr.map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
    let clock = Clock::start();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if clock.now().mono.since_start() < patience => clock.wait(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{} did not end in {} s", what(), patience.as_secs()));
            }
        }
    };
    let _ = writer.join();
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    if status.success() {
        return Ok(out);
    }
    let said = if err.trim().is_empty() { out } else { err };
    Err(format!("{}: {}", what(), last_words(&said)))
}

/// Is there such a program on the path?
pub fn exists(program: &str) -> bool {
    find(program).is_some()
}

/// Where a program is on the path.
pub fn find(program: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let tail = lines.get(lines.len().saturating_sub(3)..).unwrap_or_default().join("; ");
    if tail.is_empty() { "it failed without a word".into() } else { tail.chars().take(500).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_says_and_how_it_fails() {
        assert_eq!(run("cat", &[], "hello").as_deref(), Ok("hello"));
        assert!(run("sh", &["-c", "echo oops >&2; exit 3"], "").unwrap_err().ends_with("oops"));
        assert!(run("no-such-program-here", &[], "").unwrap_err().contains("cannot be run"));
        let slow = run_within("sleep", &["30"], "", Duration::from_millis(50));
        assert!(slow.unwrap_err().contains("did not end"));
    }
}
