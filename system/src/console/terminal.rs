//! The menu on a real terminal.

use super::menu::{Action, Menu};
use super::view::render;
use crate::command;
use crate::files;
use crate::network::{effective, wired};
use crate::paths::Paths;
use crate::server::ask;
use demarc_model::appliance::{Answer, Machine, MachineStatus, Request};
use demarc_model::config::appliance::Interface;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{OutputFlags, SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::Pid;
use std::io::{IsTerminal, Read, Write, stdin, stdout};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, ExitStatus, Stdio};

/// How often the screen is looked at again, in milliseconds.
const REFRESH_MS: u16 = 2000;
/// How often a program that has the screen is looked after, in milliseconds.
const LOOK_MS: u16 = 200;
/// Ctrl-C.
const INTERRUPT: u8 = 3;
/// What can be found out without a cable between two of our own ports.
const TESTS: [&str; 4] = ["inventory", "timing", "alarms", "counters"];

/// Shows the menu until the terminal is gone.
///
/// # Errors
/// In words.
pub fn run(paths: &Paths) -> Result<(), String> {
    let raw = Raw::begin()?;
    let mut menu = Menu::default();
    let mut shown = String::new();
    loop {
        menu.devices = wired(paths);
        menu.interfaces = interfaces(paths, &menu.devices);
        let status = status(paths);
        menu.waiting = status.as_ref().map(|status| status.ssh_waiting.clone()).unwrap_or_default();
        let screen = render(&menu, status.as_ref());
        // A serial line is slow: only what is new is sent.
        if screen != shown {
            let mut out = stdout();
            out.write_all(screen.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
            shown = screen;
        }
        let Some(keys) = keys(REFRESH_MS)? else { continue };
        if keys.is_empty() {
            return Ok(());
        }
        for key in keys {
            // ^L: somebody has just connected.
            if key == 0x0c {
                shown.clear();
            } else if let Some(action) = menu.key(key) {
                shown.clear();
                let said = act(paths, &raw, action);
                menu.say(said);
            }
        }
    }
}

fn status(paths: &Paths) -> Option<MachineStatus> {
    match ask(&paths.socket, &Request::Status) {
        Ok(Answer::Status { status }) => Some(*status),
        _ => None,
    }
}

/// The interfaces as they are set, by what lets the administrator in.
fn interfaces(paths: &Paths, devices: &[String]) -> Vec<Interface> {
    let machine: Option<Machine> = files::read_json(&paths.state("machine.json"));
    effective(&machine.map(|machine| machine.appliance.interfaces).unwrap_or_default(), devices)
}

/// The keys that were pressed; none when there were none in that time, empty when the terminal is gone.
fn keys(patience_ms: u16) -> Result<Option<Vec<u8>>, String> {
    let input = stdin();
    let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PollTimeout::from(patience_ms)) {
        Ok(0) | Err(nix::errno::Errno::EINTR) => return Ok(None),
        Ok(_) => {}
        Err(error) => return Err(error.to_string()),
    }
    let mut buffer = [0; 64];
    let length = input.lock().read(&mut buffer).map_err(|error| error.to_string())?;
    Ok(Some(buffer.get(..length).unwrap_or_default().to_vec()))
}

/// Does it, and says how it went.
fn act(paths: &Paths, raw: &Raw, action: Action) -> String {
    let (request, done) = match action {
        Action::SetInterfaces(interfaces) => {
            (Request::SetInterfaces { interfaces }, "The network is being changed.")
        }
        Action::ResetAdministrator => {
            (Request::ResetAdministrator, "The password is forgotten: the new setup code comes in a moment.")
        }
        Action::FactoryReset => (Request::FactoryReset, "Everything is being erased …"),
        Action::Reboot => (Request::Reboot, "Booting again …"),
        Action::PowerOff => (Request::PowerOff, "Switching off …"),
        Action::TrustKey(key) => {
            (Request::TrustKey { fingerprint: key.fingerprint }, "The key opens the remote shell.")
        }
        Action::LogsToUsb => (Request::LogsToUsb, "The logs are on the stick. It can be taken out."),
        Action::HardwareTest => return hardware_test(paths, raw),
    };
    match ask(&paths.socket, &request) {
        Ok(Answer::Done) => done.into(),
        Ok(Answer::Refused { reason }) => reason,
        Ok(other) => format!("{other:?}"),
        // Without the system a reset is still possible: for that the menu is there.
        Err(_) if request == Request::FactoryReset => match crate::erase::factory_reset(paths) {
            Ok(()) => command::run("reboot", &["-f"], "").map_or_else(|error| error, |_| done.into()),
            Err(error) => error,
        },
        Err(error) => error,
    }
}

/// The tests have the screen to themselves, on spans that the gateway lends; on all of them when there is no gateway.
fn hardware_test(paths: &Paths, raw: &Raw) -> String {
    raw.print_lines();
    let mut out = stdout();
    let _ = out.write_all(b"\x1b[2J\x1b[HHardware tests. Ctrl-C ends them.\n\n").and_then(|()| out.flush());
    let ended = run_hardware_test(paths);
    let _ = out.write_all(b"\nPress a key.").and_then(|()| out.flush());
    raw.resume();
    let _ = keys(u16::MAX);
    match ended {
        Ok(status) if status.success() => "The hardware tests passed.".into(),
        Ok(status) if status.code() == Some(1) => "The hardware tests did not all pass.".into(),
        Ok(status) => format!("The hardware tests ended with {status}."),
        Err(error) => format!("The hardware tests cannot be run: {error}"),
    }
}

fn run_hardware_test(paths: &Paths) -> Result<ExitStatus, String> {
    let words = |error: std::io::Error| error.to_string();
    let own = std::env::current_exe().map_err(words)?;
    let mut program = Command::new(own);
    program.args(["launch", "demarc-hwtest", "run", "--quick", "--files", "/tmp"]).args(TESTS);
    if UnixStream::connect(paths.demarc().join("control")).is_ok() {
        program.arg("--gateway").arg(paths.demarc());
    }
    let mut child = program.stdin(Stdio::null()).spawn().map_err(words)?;
    loop {
        if let Some(status) = child.try_wait().map_err(words)? {
            return Ok(status);
        }
        let pressed = keys(LOOK_MS)?;
        // The terminal is gone: nobody looks any more.
        let over = pressed.is_some_and(|keys| keys.is_empty() || keys.contains(&INTERRUPT));
        if over && let Ok(pid) = i32::try_from(child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        }
    }
}

/// A terminal that gives single keys, and is put back at the end.
struct Raw {
    before: Option<Termios>,
}

impl Raw {
    fn begin() -> Result<Self, String> {
        if !stdin().is_terminal() {
            // A script speaks through a pipe.
            return Ok(Self { before: None });
        }
        let before = tcgetattr(stdin()).map_err(|error| error.to_string())?;
        let raw = Self { before: Some(before) };
        raw.resume();
        Ok(raw)
    }

    fn resume(&self) {
        if let Some(before) = &self.before {
            let mut termios = before.clone();
            cfmakeraw(&mut termios);
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &termios);
        }
    }

    /// What others print begins each line at its left; keys stay single.
    fn print_lines(&self) {
        if let Some(before) = &self.before {
            let mut termios = before.clone();
            cfmakeraw(&mut termios);
            termios.output_flags |= OutputFlags::OPOST | OutputFlags::ONLCR;
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, &termios);
        }
    }

    fn pause(&self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(stdin(), SetArg::TCSANOW, before);
        }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.pause();
    }
}
