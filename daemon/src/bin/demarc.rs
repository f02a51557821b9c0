//! `demarc`: asks the daemon on the same machine, and plays the people of the simulated world.
#![forbid(unsafe_code)]

use clap::{Parser, Subcommand};
use demarcd::control::{Answer, Request, socket_path};
use demarcd::sim::PhoneOrder;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;

/// Asks the gateway on this machine.
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
    match ask(&args) {
        Ok(answer) if answer.is_null() => ExitCode::SUCCESS,
        Ok(answer) => {
            // Whoever reads only the first lines of it (`| head`) has what they want.
            let _ = writeln!(std::io::stdout(), "{answer:#}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("demarc: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(args: &Args) -> Result<serde_json::Value, String> {
    let path = socket_path(&args.data);
    let mut socket = UnixStream::connect(&path).map_err(|error| {
        format!("no daemon answers at {}: {error}. Is demarcd running with this --data?", path.display())
    })?;
    let mut line = serde_json::to_string(&request(&args.command)).map_err(|error| error.to_string())?;
    line.push('\n');
    socket.write_all(line.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    BufReader::new(socket).read_line(&mut answer).map_err(|error| error.to_string())?;
    serde_json::from_str::<Answer>(&answer).map_err(|error| format!("the daemon's answer: {error}"))?
}

fn request(command: &Command) -> Request {
    match command {
        Command::Phone { number, action } => {
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
            Request::Phone { number: *number, order }
        }
        Command::Unplug { at } => Request::Cable { at: at.clone(), plugged: false },
        Command::Plug { at } => Request::Cable { at: at.clone(), plugged: true },
        Command::Directory => Request::Directory,
    }
}
