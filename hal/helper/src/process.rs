//! How a helper process begins and ends, whatever it speaks.

use crate::socket::{Received, Socket};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::set_no_new_privs;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;

/// Events that wait for the gateway; when it has not read that many, it has stopped.
pub const BACKLOG: usize = 8192;
/// Commands that one turn takes.
pub const BATCH: usize = 64;

/// Why a helper ends, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The gateway closed the control socket.
    Done = 0,
    /// It was not started by the gateway, or the first message was not a start.
    NotStarted = 2,
    /// The descriptor that it was handed does not work; why was said.
    NoChannel = 3,
    /// The gateway does not read.
    Stuck = 4,
    /// The library refused to start.
    Refused = 5,
}

/// The body of `main`: gives up privileges, takes the control socket from standard input and serves it.
/// `name` is the program's, `library` that of what it is made around.
pub fn run(name: &str, library: &str, serve: impl FnOnce(&Socket) -> End) -> ExitCode {
    let end = if let Err(error) = give_up_privileges() {
        eprintln!("{name}: cannot give up privileges: {error}");
        return ExitCode::from(End::NotStarted as u8);
    } else {
        match std::io::stdin().as_fd().try_clone_to_owned() {
            Ok(control) => serve(&Socket::from(control)),
            Err(_) => End::NotStarted,
        }
    };
    match end {
        End::Done | End::NoChannel => {}
        End::NotStarted => {
            eprintln!("{name}: it is started by demarcd, with a control socket as standard input");
        }
        End::Stuck => eprintln!("{name}: the gateway does not read its events"),
        End::Refused => eprintln!("{name}: {library} does not take these settings"),
    }
    ExitCode::from(end as u8)
}

/// Nothing that it starts has more rights than itself, and nobody reads numbers out of its memory.
fn give_up_privileges() -> rustix::io::Result<()> {
    set_no_new_privs(true)?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

/// Waits for the first message, and for the descriptor that came with it.
///
/// # Errors
/// [`End::NotStarted`] when something else came, or the gateway is gone.
pub fn first<T: DeserializeOwned>(control: &Socket) -> Result<(T, Option<OwnedFd>), End> {
    loop {
        match poll(&mut [PollFd::new(control, PollFlags::IN)], None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return Err(End::NotStarted),
        }
        match control.recv() {
            Received::Message(message, descriptor) => return Ok((message, descriptor)),
            Received::Nothing => {}
            Received::Bad(_) | Received::Closed => return Err(End::NotStarted),
        }
    }
}
