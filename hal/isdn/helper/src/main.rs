//! The process that speaks Q.921 and Q.931 on one D channel, around libpri.
//!
//! Started by the gateway with the control socket as standard input; the first message there is
//! [`Command::Start`], with the D channel's descriptor. One thread waits for the gateway, the D
//! channel and libpri's timers. It holds no state that outlives it: when it dies, its calls are
//! gone, and the gateway starts another.
#![deny(unsafe_code)]

mod call;
mod convert;
mod dchannel;
mod filter;
mod mwi;
mod rewrite;
mod span;
#[allow(unsafe_code)]
mod sys;

use demarc_helper::process::{BACKLOG, BATCH, End, first, run};
use demarc_helper::socket::{Received, SendError, Socket};
use demarc_isdn::{Command, Event};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use span::Span;
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Warnings in one [`WINDOW`]; a broken peer makes libpri complain about every frame.
const WARNINGS: u32 = 20;
/// Microseconds.
const WINDOW: i64 = 10_000_000;

fn main() -> ExitCode {
    run("demarc-isdn-helper", "libpri", serve)
}

fn serve(control: &Socket) -> End {
    let (mut span, mut queue) = match start(control) {
        Ok(span) => (span, Queue::default()),
        Err(end) => return end,
    };
    loop {
        span.run();
        queue.fill(&mut span);
        if let Err(end) = queue.send(control) {
            return end;
        }
        if let Some(why) = span.gone() {
            eprintln!("demarc-isdn-helper: the D channel is gone: {why}");
            return End::NoChannel;
        }
        if wait(control, &mut span, !queue.events.is_empty()).is_err() {
            return End::Done;
        }
        for _ in 0..BATCH {
            match control.recv() {
                Received::Message(command, descriptor) => span.handle_command(command, descriptor),
                Received::Bad(bad) => queue.warn(bad.to_string()),
                Received::Nothing => break,
                Received::Closed => return End::Done,
            }
        }
    }
}

/// Waits for the first message and does what it says.
fn start(control: &Socket) -> Result<Span, End> {
    match first(control)? {
        (Command::Start(settings), Some(fd)) => Span::new(fd, settings).ok_or(End::Refused),
        _ => Err(End::NotStarted),
    }
}

/// Waits until there is something to do.
fn wait(control: &Socket, span: &mut Span, writing: bool) -> nix::Result<()> {
    let due = span.deadline().map(|at| (at - sys::clock()).max(0));
    // Whole milliseconds, rounded up, so as not to wake a moment too early again and again.
    let timeout = due.map(|due| u16::try_from(due / 1000 + 1).unwrap_or(u16::MAX));
    let timeout = timeout.map_or(PollTimeout::NONE, PollTimeout::from);
    let out = if writing { PollFlags::POLLOUT } else { PollFlags::empty() };
    let result = span.with_fds(|dchannels| {
        let mut fds = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN | out)];
        fds.extend(dchannels.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)));
        poll(&mut fds, timeout)
    });
    match result {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Events on their way to the gateway.
#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    /// When the window of the warnings began, and how many came in it.
    window: i64,
    warnings: u32,
}

impl Queue {
    fn fill(&mut self, span: &mut Span) {
        while let Some(event) = span.poll_event() {
            match event {
                Event::Warning(line) => self.warn(line),
                // What is only shown gives way to what counts.
                Event::Frame { .. } if self.events.len() > BACKLOG / 2 => {}
                event => self.events.push_back(event),
            }
        }
    }

    fn warn(&mut self, line: String) {
        let now = sys::clock();
        if now - self.window > WINDOW {
            (self.window, self.warnings) = (now, 0);
        }
        self.warnings += 1;
        if self.warnings <= WARNINGS {
            self.events.push_back(Event::Warning(line));
        } else if self.warnings == WARNINGS + 1 {
            let line = "more such lines are not shown".to_owned();
            self.events.push_back(Event::Warning(line));
        }
    }

    fn send(&mut self, control: &Socket) -> Result<(), End> {
        while let Some(event) = self.events.front() {
            match control.send(event, None) {
                Ok(()) | Err(SendError::TooLong(_) | SendError::Bad(_)) => {
                    self.events.pop_front();
                }
                Err(SendError::Full) if self.events.len() > BACKLOG => return Err(End::Stuck),
                Err(SendError::Full) => return Ok(()),
                Err(SendError::Closed) => return Err(End::Done),
            }
        }
        Ok(())
    }
}
