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

use demarc_r2::socket::{Received, SendError, Socket};
use demarc_r2::{Command, Event};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use span::Span;
use std::os::fd::AsFd;
use std::process::ExitCode;

/// Events that wait for the gateway; when it has not read that many, it has stopped.
const BACKLOG: usize = 8192;
/// Commands that one turn takes.
const BATCH: usize = 64;

/// Why the process ends, as its exit code.
#[derive(Clone, Copy)]
enum End {
    /// The gateway closed the control socket.
    Done = 0,
    /// It was not started by the gateway, or the first message was not a start.
    NotStarted = 2,
    /// The gateway does not read.
    Stuck = 4,
    /// The library refused to start.
    Refused = 5,
}

fn main() -> ExitCode {
    let (Ok(()), Ok(())) = (nix::sys::prctl::set_no_new_privs(), nix::sys::prctl::set_dumpable(false)) else {
        eprintln!("demarc-r2-helper: cannot give up privileges");
        return ExitCode::from(End::NotStarted as u8);
    };
    let end = match std::io::stdin().as_fd().try_clone_to_owned() {
        Ok(control) => serve(&Socket::from(control)),
        Err(_) => End::NotStarted,
    };
    let sentence = match end {
        End::Done => return ExitCode::SUCCESS,
        End::NotStarted => "it is started by demarcd, with a control socket as standard input",
        End::Stuck => "the gateway does not read its events",
        End::Refused => "openr2 does not take these settings",
    };
    eprintln!("demarc-r2-helper: {sentence}");
    ExitCode::from(end as u8)
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
    loop {
        let mut fds = [PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::NONE) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return Err(End::NotStarted),
        }
        match control.recv() {
            Received::Message(Command::Start(settings), _) => {
                return Span::new(&settings).ok_or(End::Refused);
            }
            Received::Nothing => {}
            _ => return Err(End::NotStarted),
        }
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
