//! A program that is kept running.

use crate::crash;
use crate::journal::Journal;
use crate::paths::Paths;
use crate::supervise::Backoff;
use demarc_clock::{rfc3339, unix_s};
use demarc_model::appliance::ServiceStatus;
use demarc_model::{Instant, Now};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a program has to end when it is asked to.
pub const FAREWELL: Duration = Duration::from_secs(8);
/// How many lines of the log go into the record of a crash.
const LAST_WORDS: usize = 150;

/// How a program is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Its name in the log.
    pub name: String,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// More environment.
    pub environment: Vec<(String, String)>,
    /// Its end is recorded as a crash.
    pub recorded: bool,
}

/// A program that is kept running.
#[derive(Debug)]
pub struct Service {
    spec: Spec,
    wanted: bool,
    child: Option<Child>,
    backoff: Backoff,
    /// It was asked to end: killed when it has not by then.
    kill_at: Option<Instant>,
    asked: bool,
    last_exit: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was started.
    Started,
    /// It ended by itself.
    Crashed,
}

impl Service {
    /// A program to be started at the next [`Service::turn`].
    pub fn new(now: Instant, spec: Spec) -> Self {
        let backoff = Backoff::new(now);
        Self { spec, wanted: true, child: None, backoff, kill_at: None, asked: false, last_exit: None }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Runs it otherwise: again from the beginning when something is different.
    pub fn respec(&mut self, now: Instant, spec: Spec) {
        if self.spec != spec {
            self.spec = spec;
            self.restart(now, Signal::SIGTERM);
        }
        self.wanted = true;
    }

    /// Ends it for good.
    pub fn stop(&mut self, now: Instant) {
        self.wanted = false;
        self.restart(now, Signal::SIGTERM);
    }

    /// Ends it; it is started again if it is wanted.
    pub fn restart(&mut self, now: Instant, signal: Signal) {
        if self.child.is_some() && !self.asked {
            self.signal(signal);
            self.asked = true;
            self.kill_at = Some(now + FAREWELL);
        }
    }

    /// Ends it as something that went wrong: it counts as a crash.
    pub fn abort(&mut self, now: Instant) {
        self.signal(Signal::SIGABRT);
        self.kill_at = Some(now + Duration::from_secs(1));
    }

    /// Tells it something.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill(pid, signal);
        }
    }

    /// Its process.
    pub fn pid(&self) -> Option<Pid> {
        let id = self.child.as_ref()?.id();
        i32::try_from(id).ok().map(Pid::from_raw)
    }

    /// Does it run?
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Since when it runs.
    pub fn since(&self) -> Option<Instant> {
        self.backoff.since()
    }

    /// How often it ended by itself.
    pub fn crashes(&self) -> u32 {
        self.backoff.crashes()
    }

    /// How it ended the last time.
    pub fn last_exit(&self) -> Option<&str> {
        self.last_exit.as_deref()
    }

    /// As the world sees it.
    pub fn status(&self) -> ServiceStatus {
        ServiceStatus {
            name: self.spec.name.clone(),
            running: self.is_running(),
            crashes: self.crashes(),
            last_exit: self.last_exit.clone(),
        }
    }

    /// Looks whether it ended, and starts it when it is time to.
    pub fn turn(&mut self, now: Now, journal: &Journal, paths: &Paths) -> Option<Turn> {
        let mut turn = None;
        if let Some(child) = &mut self.child
            && let Ok(Some(status)) = child.try_wait()
        {
            turn = self.bury(now, status, journal, paths);
        }
        if self.kill_at.is_some_and(|at| at <= now.mono) {
            self.kill_at = None;
            self.signal(Signal::SIGKILL);
        }
        if self.wanted && self.child.is_none() && self.backoff.is_due(now.mono) {
            match self.start(journal) {
                Ok(child) => {
                    self.child = Some(child);
                    self.backoff.started(now.mono);
                    turn = turn.or(Some(Turn::Started));
                }
                Err(error) => {
                    journal.note("system", format!("{} cannot be started: {error}", self.spec.name));
                    self.last_exit = Some(error.to_string());
                    self.backoff.ended(now.mono, false);
                }
            }
        }
        turn
    }

    fn start(&self, journal: &Journal) -> std::io::Result<Child> {
        let mut child = Command::new(&self.spec.program)
            .args(&self.spec.arguments)
            .envs(self.spec.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A key pressed at the console is none of its business.
            .process_group(0)
            .spawn()?;
        if let Some(pipe) = child.stdout.take() {
            journal.follow(&self.spec.name, pipe);
        }
        if let Some(pipe) = child.stderr.take() {
            journal.follow(&self.spec.name, pipe);
        }
        Ok(child)
    }

    fn bury(&mut self, now: Now, status: ExitStatus, journal: &Journal, paths: &Paths) -> Option<Turn> {
        let asked = std::mem::take(&mut self.asked);
        (self.child, self.kill_at) = (None, None);
        self.backoff.ended(now.mono, asked);
        if asked {
            return None;
        }
        let words = exit_words(status);
        journal.note("system", format!("{} ended by itself: {words}", self.spec.name));
        if self.spec.recorded {
            let at = rfc3339(unix_s(now.wall));
            let folder = paths.log().join("crashes");
            let log = journal.recent(LAST_WORDS);
            if let Err(error) = crash::record(&folder, &self.spec.name, &at, &words, &log) {
                journal.note("system", format!("the crash cannot be recorded: {error}"));
            }
        }
        self.last_exit = Some(words);
        Some(Turn::Crashed)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn exit_words(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit status {code}"),
        (None, Some(signal)) => {
            Signal::try_from(signal).map_or(format!("signal {signal}"), |name| name.as_str().to_owned())
        }
        _ => "it is gone".into(),
    }
}
