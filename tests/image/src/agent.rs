//! The shell that images for tests have on a port of their own.

use crate::{PATIENCE, wait_for};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// No two commands have the same end, whoever sends them.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// What a command did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Did {
    /// Its exit code.
    pub code: i32,
    /// What it printed, both ways.
    pub text: String,
}

/// The shell.
pub struct Agent {
    stream: BufReader<UnixStream>,
}

impl Agent {
    /// What is sent waits until the shell is there.
    pub fn connect(port: UnixStream) -> Self {
        Self { stream: BufReader::new(port) }
    }

    /// Waits until it answers.
    pub fn open(port: UnixStream) -> Self {
        let mut agent = Self::connect(port);
        wait_for("the shell of the tests", || {
            let did = agent.attempt("true", Duration::from_secs(3))?;
            (did.code == 0).then_some(())
        });
        agent
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it does not end.
    pub fn run(&mut self, command: &str) -> Did {
        let did = self.attempt(command, PATIENCE);
        did.unwrap_or_else(|| panic!("no end of: {command}"))
    }

    /// What a command printed.
    ///
    /// # Panics
    /// When it failed.
    pub fn ok(&mut self, command: &str) -> String {
        let did = self.run(command);
        assert_eq!(did.code, 0, "{command}: {}", did.text);
        did.text
    }

    /// Waits until RAUC's service answers; what it says of the slots.
    pub fn rauc_status(&mut self) -> String {
        wait_for("RAUC's service", || {
            let did = self.run("rauc status");
            (did.code == 0).then_some(did.text)
        })
    }

    /// Begins a command and does not wait for it.
    pub fn start(&mut self, command: &str) {
        writeln!(self.stream.get_mut(), "{{ {command}\n}} </dev/null >/dev/null 2>&1 &").expect("the port");
    }

    /// What a command printed, of a machine that may not answer at all.
    pub fn last_words(&mut self, command: &str) -> String {
        let end = format!("@end-{}-", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut text = String::new();
        let stream = self.stream.get_mut();
        if stream.set_read_timeout(Some(Duration::from_secs(60))).is_ok()
            && writeln!(stream, "( {command}\n) </dev/null 2>&1\necho \"{end}$?\"").is_ok()
        {
            while self.stream.read_line(&mut text).is_ok_and(|count| count > 0) && !text.contains(&end) {}
        }
        text
    }

    /// None: it did not answer in time.
    fn attempt(&mut self, command: &str, patience: Duration) -> Option<Did> {
        let end = format!("@end-{}-", COUNT.fetch_add(1, Ordering::Relaxed));
        self.stream.get_mut().set_read_timeout(Some(patience)).expect("a timeout");
        writeln!(self.stream.get_mut(), "( {command}\n) </dev/null 2>&1\necho \"{end}$?\"").ok()?;
        let mut text = String::new();
        loop {
            let mut line = String::new();
            match self.stream.read_line(&mut line) {
                Ok(1..) => {}
                Ok(0) => panic!("the machine is gone"),
                Err(_) => return None,
            }
            if let Some((before, code)) = line.split_once(&end) {
                text.push_str(before);
                return Some(Did { code: code.trim().parse().ok()?, text });
            }
            // What an earlier attempt left.
            if line.contains("@end-") {
                text.clear();
            } else {
                text.push_str(&line);
            }
        }
    }
}
