//! The process that speaks MFC/R2 on the channels of one span, around libopenr2.
//!
//! Started by the gateway with the control socket as standard input; the first message there is
//! [`Command::Start`], and one [`Command::Open`] with a descriptor follows for each channel. One
//! thread waits for the gateway, the channels and the library's timers. It holds no state that
//! outlives it: when it dies, its calls are gone, and the gateway starts another.
#![deny(unsafe_code)]

mod channel;
mod convert;
mod packets;
mod span;
#[allow(unsafe_code)]
mod sys;

use demarc_helper::process::{BACKLOG, BATCH, End, first, run};
use demarc_helper::socket::{Received, SendError, Socket};
use demarc_r2::{Command, Event};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use span::Span;
use std::os::fd::AsFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    run("demarc-r2-helper", "openr2", serve)
}

fn serve(control: &Socket) -> End {
    let mut span = match start(control) {
        Ok(span) => span,
        Err(end) => return end,
    };
    loop {
        span.run();
        if let Err(end) = tell(&mut span, control) {
            return end;
        }
        if wait(control, &mut span).is_err() {
            return End::Done;
        }
        for _ in 0..BATCH {
            match control.recv() {
                Received::Message(command, fd) => span.handle_command(command, fd),
                Received::Bad(bad) => span.events.push_back(Event::Warning(bad.to_string())),
                Received::Nothing => break,
                Received::Closed => return End::Done,
            }
        }
    }
}

/// Waits for the first message and does what it says.
fn start(control: &Socket) -> Result<Span, End> {
    match first(control)? {
        (Command::Start(settings), _) => Span::new(&settings).ok_or(End::Refused),
        _ => Err(End::NotStarted),
    }
}

/// Waits until there is something to do.
fn wait(control: &Socket, span: &mut Span) -> nix::Result<()> {
    let writing = if span.events.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
    let mut fds = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN | writing)];
    let due = span.wait(&mut fds);
    // One more, so as not to wake a moment too early again and again.
    let timeout = due.map(|due| u16::try_from(due.saturating_add(1)).unwrap_or(u16::MAX));
    match poll(&mut fds, timeout.map_or(PollTimeout::NONE, PollTimeout::from)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Gives the gateway its events.
fn tell(span: &mut Span, control: &Socket) -> Result<(), End> {
    while let Some(event) = span.events.front() {
        match control.send(event, None) {
            Ok(()) | Err(SendError::TooLong(_) | SendError::Bad(_)) => {
                span.events.pop_front();
            }
            // What is only shown gives way to what counts.
            Err(SendError::Full) if span.events.len() > BACKLOG / 2 => {
                span.events.retain(|event| !matches!(event, Event::Signal { .. } | Event::Warning(_)));
                return if span.events.len() > BACKLOG { Err(End::Stuck) } else { Ok(()) };
            }
            Err(SendError::Full) => return Ok(()),
            Err(SendError::Closed) => return Err(End::Done),
        }
    }
    Ok(())
}
