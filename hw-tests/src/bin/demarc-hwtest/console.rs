//! What the technician sees: a line for each step, and a question now and then.

use demarc_hwtest::{Continue, report};
use demarc_model::hardware_test::{RunState, StepResult, Verdict};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io::{Read, Write, stdin, stdout};
use std::os::fd::AsFd;

/// As wide as any terminal is.
const COLUMNS: usize = 78;

/// The console.
pub(crate) struct Console {
    shown: usize,
    doing: String,
    question: Option<String>,
    interrupts: SignalFd,
}

impl Console {
    /// Takes Ctrl-C for "end the run, but put everything back".
    pub(crate) fn new() -> Result<Self, String> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGINT);
        signals.add(Signal::SIGTERM);
        let fd = signals.thread_block().and_then(|()| SignalFd::with_flags(&signals, SfdFlags::SFD_NONBLOCK));
        let interrupts = fd.map_err(|error| error.to_string())?;
        Ok(Self { shown: 0, doing: String::new(), question: None, interrupts })
    }

    /// Shows what is new.
    pub(crate) fn show(&mut self, state: &RunState) -> Continue {
        for result in state.results.get(self.shown..).unwrap_or_default() {
            self.shown += 1;
            print_result(self.shown, state.steps, result);
        }
        let now = state.now.as_ref();
        if let Some(now) = now.filter(|now| !now.doing.is_empty() && now.doing != self.doing) {
            // What counts seconds or calls is told by its first word alone.
            let counts =
                now.doing.split(' ').zip(self.doing.split(' ')).any(|(new, old)| new == old && new != "of");
            // Rows of a ladder are all shown.
            let row = now.doing.contains(['→', '←']);
            self.doing.clone_from(&now.doing);
            if !counts || row {
                println!("        {} ...", now.doing);
            }
        }
        let question = now.and_then(|now| now.question.clone());
        if question != self.question {
            if let Some(question) = &question {
                print!("    ? {question} [y/n] ");
                let _ = stdout().flush();
            }
            self.question = question;
        }
        if matches!(self.interrupts.read_signal(), Ok(Some(_))) {
            println!("\nEnding; everything is put back.");
            return Continue::Cancel;
        }
        if self.question.is_some() { answer() } else { Continue::On }
    }

    /// Shows how it went.
    pub(crate) fn end(&mut self, state: &RunState) {
        self.show(state);
        let whole = match report::verdict(state) {
            Verdict::Passed => "PASSED",
            Verdict::Failed => "FAILED",
            Verdict::Skipped => "NOT COMPLETE",
        };
        let number = |verdict| state.results.iter().filter(|result| result.verdict == verdict).count();
        println!(
            "\n{whole}: {} passed, {} failed, {} skipped",
            number(Verdict::Passed),
            number(Verdict::Failed),
            number(Verdict::Skipped)
        );
    }
}

/// A key, if there is one.
fn answer() -> Continue {
    let input = stdin();
    let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    if !matches!(poll(&mut fds, 0_u8), Ok(1)) {
        return Continue::On;
    }
    let mut key = [0; 64];
    let length = input.lock().read(&mut key).unwrap_or(0);
    match key.get(..length).and_then(|keys| keys.iter().find(|key| !key.is_ascii_whitespace())) {
        Some(b'y' | b'Y') => Continue::Yes,
        Some(b'n' | b'N') => Continue::No,
        _ => Continue::On,
    }
}

fn print_result(number: usize, all: u32, result: &StepResult) {
    let word = match result.verdict {
        Verdict::Passed => "passed ",
        Verdict::Failed => "FAILED ",
        Verdict::Skipped => "skipped",
    };
    let subject = if result.subject.is_empty() { String::new() } else { format!(": {}", result.subject) };
    println!("{number:>3}/{all} {word} {}{subject}", result.title);
    wrap(&result.reason, "        ").iter().for_each(|line| println!("{line}"));
    if !result.remedy.is_empty() {
        wrap(&format!("-> {}", result.remedy), "        ").iter().for_each(|line| println!("{line}"));
    }
    for value in &result.values {
        let limit = if value.limit.is_empty() { String::new() } else { format!("  ({})", value.limit) };
        println!("          {:<38} {:>12} {}{limit}", value.name, short(value.value), value.unit);
    }
    for file in &result.files {
        println!("          recorded: {file}");
    }
}

fn short(value: f64) -> String {
    if value.fract() == 0.0 || value.abs() >= 1e9 {
        format!("{value}")
    } else if value.abs() < 0.001 {
        format!("{value:.1e}")
    } else {
        format!("{value:.2}")
    }
}

/// Lines that fit.
pub(crate) fn wrap(text: &str, indent: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = indent.to_owned();
    for word in text.split_whitespace() {
        if line.len() > indent.len() && line.chars().count() + 1 + word.chars().count() > COLUMNS {
            lines.push(std::mem::replace(&mut line, indent.to_owned()));
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.len() > indent.len() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_a_serial_console() {
        let lines = wrap(&"a word and another ".repeat(20), "        ");
        assert!(lines.len() > 4 && lines.iter().all(|line| line.len() <= COLUMNS), "{lines:?}");
    }
}
