//! `demarc`: asks the daemon on the same machine, and plays the people of the simulated world.
#![forbid(unsafe_code)]

mod backup;
mod passphrase;
mod preview;
mod restore;
mod terminal;

use clap::{Parser, Subcommand};
use demarcd::control::{Answer, Request, socket_path};
use demarcd::sim::PhoneOrder;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What ends with it when somebody did not confirm: nothing was changed.
const NOT_CONFIRMED: u8 = 3;

/// Asks the gateway on this machine.
///
/// It ends with 0 when it is done, 1 when it failed, 2 when the command line is wrong, 3 when it was not confirmed.
#[derive(Parser)]
#[command(name = "demarc", version)]
struct Args {
    /// The data directory of the daemon.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/lib/demarc")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays the person at a simulated analog telephone.
    Phone {
        /// Which telephone, from 1.
        number: usize,
        #[command(subcommand)]
        action: Action,
    },
    /// Pulls the plug of a simulated cable: `1` is span 1, `2/1` a line, `3/1` a telephone's wire.
    Unplug {
        /// The gateway's end.
        at: String,
    },
    /// Puts the plug back.
    Plug {
        /// The gateway's end.
        at: String,
    },
    /// What can be dialled, and the accounts of the SIP phones.
    Directory,
    /// Writes the whole configuration, with its passwords, into one file under a passphrase.
    Backup(backup::BackupOptions),
    /// Restores a backup of this unit or of another one; shows first what goes where.
    Restore(restore::RestoreOptions),
}

#[derive(Subcommand)]
enum Action {
    /// Lift the receiver.
    OffHook,
    /// Put it down.
    HangUp,
    /// Press keys.
    Dial {
        /// `0`-`9`, `*`, `#`; a comma waits half a second.
        digits: String,
    },
    /// Turn a rotary dial.
    Pulse {
        /// `0`-`9`.
        digits: String,
    },
    /// Press the recall key.
    Flash,
    /// Listen, and say what was heard.
    Listen {
        /// For how many seconds.
        #[arg(default_value_t = 3.0)]
        seconds: f32,
    },
    /// Whistle 1004 Hz.
    Whistle {
        /// For how many seconds.
        #[arg(default_value_t = 3.0)]
        seconds: f32,
    },
    /// Look at the telephone: does it ring, and who calls?
    Look,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.command {
        Command::Backup(options) => backup::run(&args.data, options),
        Command::Restore(options) => restore::run(&args.data, options),
        Command::Phone { number, action } => show(&args.data, &phone(*number, action)),
        Command::Unplug { at } => show(&args.data, &Request::Cable { at: at.clone(), plugged: false }),
        Command::Plug { at } => show(&args.data, &Request::Cable { at: at.clone(), plugged: true }),
        Command::Directory => show(&args.data, &Request::Directory),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("demarc: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints what the daemon answers.
fn show(data: &Path, request: &Request) -> Result<ExitCode, String> {
    let answer = ask(data, request, "")?;
    if !answer.is_null() {
        // Whoever reads only the first lines of it (`| head`) has what they want.
        let _ = writeln!(std::io::stdout(), "{answer:#}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks the daemon; `text` follows the line of the request.
fn ask(data: &Path, request: &Request, text: &str) -> Result<serde_json::Value, String> {
    let path = socket_path(data);
    let mut socket = UnixStream::connect(&path).map_err(|error| {
        format!("no daemon answers at {}: {error}. Is demarcd running with this --data?", path.display())
    })?;
    let mut line = serde_json::to_string(request).map_err(|error| error.to_string())?;
    line.push('\n');
    let sent = socket.write_all(line.as_bytes()).and_then(|()| socket.write_all(text.as_bytes()));
    let mut answer = String::new();
    // One that is refused before it was read to its end is answered all the same.
    match (BufReader::new(socket).read_line(&mut answer), sent) {
        (Ok(1..), _) => {}
        (Ok(0), Ok(())) => return Err("the daemon ended without an answer".into()),
        (Err(error), Ok(())) | (_, Err(error)) => return Err(error.to_string()),
    }
    serde_json::from_str::<Answer>(&answer).map_err(|error| format!("the daemon's answer: {error}"))?
}

fn phone(number: usize, action: &Action) -> Request {
    let ms = |seconds: &f32| (seconds.clamp(0.0, 30.0) * 1000.0) as u32;
    let order = match action {
        Action::OffHook => PhoneOrder::OffHook,
        Action::HangUp => PhoneOrder::HangUp,
        Action::Dial { digits } => PhoneOrder::Dial(digits.clone()),
        Action::Pulse { digits } => PhoneOrder::Pulse(digits.clone()),
        Action::Flash => PhoneOrder::Flash,
        Action::Listen { seconds } => PhoneOrder::Listen(ms(seconds)),
        Action::Whistle { seconds } => PhoneOrder::Whistle(ms(seconds)),
        Action::Look => PhoneOrder::Look,
    };
    Request::Phone { number, order }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Args::command().debug_assert();
    }
}
