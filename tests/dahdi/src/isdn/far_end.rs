//! The program `far-end`: libpri at the other end of the cable.

use super::Wire;
use demarc_isdn::{Dialect, Side};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long anything may take: content is asserted here.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running far end. Dropping it ends it.
pub struct FarEnd {
    child: Child,
    lines: Receiver<String>,
    waiting: VecDeque<Said>,
}

/// One line of it.
#[derive(Debug, Clone)]
pub struct Said {
    /// What happened.
    pub what: String,
    /// Its number of the call, where it is about one.
    pub call: Option<u32>,
    fields: Vec<String>,
}

impl Said {
    fn read(line: &str) -> Self {
        let mut fields = line.split('\t').map(str::to_owned);
        let what = fields.next().unwrap_or_default();
        let fields: Vec<String> = fields.collect();
        let call = fields.first().and_then(|word| word.parse().ok());
        Self { what, call, fields }
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> &str {
        let found =
            self.fields.iter().filter_map(|field| field.split_once('=')).find(|(key, _)| *key == name);
        found.unwrap_or_else(|| panic!("no {name} in {self:?}")).1
    }

    /// A field that has no name.
    pub fn at(&self, index: usize) -> &str {
        &self.fields[index]
    }
}

/// A call of the far end.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Timeslot.
    pub slot: u8,
    /// Called number, type and plan.
    pub called: (&'a str, u8),
    /// Calling number, type and plan.
    pub calling: (&'a str, u8),
    /// Presentation and screening, Q.931 octet 3a without its extension bit.
    pub presentation: u8,
    /// Redirecting number, or none.
    pub redirecting: Option<&'a str>,
    /// Calling name.
    pub name: &'a str,
}

fn switch_type(wire: Wire, dialect: Dialect) -> u8 {
    match dialect {
        Dialect::Ni2 => 1,
        Dialect::Dms100 => 2,
        Dialect::Att5ess => 3,
        Dialect::Att4ess => 4,
        Dialect::EuroIsdn if wire == Wire::E1 => 5,
        Dialect::EuroIsdn => 6,
        Dialect::Ni1 => 7,
        Dialect::Qsig => 10,
    }
}

impl FarEnd {
    /// Starts it on the other span of the pair; `side` is its own.
    pub fn start(wire: Wire, side: Side, dialect: Dialect, overlap: bool, capture: &str) -> Self {
        let side = match side {
            Side::User => "user",
            Side::Network => "network",
        };
        let mut command = Command::new("/lab/far-end");
        command
            .args([(wire.span() + 1).to_string(), (wire.first() + wire.slots()).to_string()])
            .args([wire.name(), side, &switch_type(wire, dialect).to_string(), capture])
            .args(overlap.then_some("overlap"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        let verbose = std::env::var_os("LAB_VERBOSE").is_some();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if verbose {
                    println!("far end: {line}");
                }
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut far = Self { child, lines, waiting: VecDeque::new() };
        far.wait("ready");
        far
    }

    /// Gives an order.
    pub fn order(&mut self, line: &str) {
        if std::env::var_os("LAB_VERBOSE").is_some() {
            println!("to the far end: {line}");
        }
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Begins a call; its number.
    pub fn call(&mut self, call: &Call<'_>) -> u32 {
        let Call { slot, called, calling, presentation, redirecting, name } = call;
        let redirecting = redirecting.unwrap_or("-");
        self.order(&format!(
            "call {slot} {} {} {} {} {presentation} {redirecting} {name}",
            called.0, called.1, calling.0, calling.1
        ));
        self.wait("calling").call.unwrap()
    }

    /// Waits for the next line of that kind; others stay.
    pub fn wait(&mut self, what: &str) -> Said {
        self.find(what, |said| said.what == what)
    }

    /// As [`FarEnd::wait`], for that call.
    pub fn wait_for(&mut self, what: &str, call: u32) -> Said {
        self.find(what, |said| said.what == what && said.call == Some(call))
    }

    fn find(&mut self, what: &str, is: impl Fn(&Said) -> bool) -> Said {
        loop {
            if let Some(at) = self.waiting.iter().position(&is) {
                return self.waiting.remove(at).unwrap();
            }
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("the far end never said {what}; it said {:?}", self.waiting);
            };
            self.waiting.push_back(Said::read(&line));
        }
    }

    /// What it said and nobody waited for.
    pub fn rest(&mut self) -> Vec<Said> {
        self.waiting.extend(self.lines.try_iter().map(|line| Said::read(&line)));
        self.waiting.drain(..).collect()
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
