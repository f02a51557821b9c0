//! `demarc-system`: the part of the appliance that runs as root.
#![forbid(unsafe_code)]

use clap::{Parser, Subcommand};
use demarc_model::appliance::{Answer, Request};
use demarc_system::launch::Launch;
use demarc_system::paths::Paths;
use demarc_system::{console, launch, network, run, server};
use std::process::ExitCode;

/// The part of the appliance that runs as root.
#[derive(Debug, Parser)]
#[command(name = "demarc-system", version)]
struct Args {
    /// Everything that is written goes below this folder, for tests.
    #[arg(long, hide = true, global = true)]
    root: Option<std::path::PathBuf>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Bring the machine up and look after it; started by init.
    Run,
    /// Show the menu on this terminal.
    Console,
    /// How the machine does, as JSON.
    Status,
    /// The last lines of the log.
    Log {
        /// How many.
        #[arg(default_value_t = 100)]
        lines: u16,
    },
    /// Become another program without root.
    #[command(hide = true)]
    Launch(Launch),
    /// What the DHCP client calls.
    #[command(hide = true)]
    Dhcp {
        /// What happened.
        event: String,
        /// More of it.
        more: Vec<String>,
    },
}

fn main() -> ExitCode {
    let args = Args::parse();
    let paths = args.root.as_deref().map_or_else(Paths::default, Paths::below);
    match obey(args.what, paths) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demarc-system: {error}");
            ExitCode::FAILURE
        }
    }
}

fn obey(what: What, paths: Paths) -> Result<(), String> {
    match what {
        What::Run => run::run(paths),
        What::Console => console::run(&paths),
        What::Launch(order) => Err(launch::launch(&order)),
        What::Dhcp { event, .. } => network::script(&paths, &event, &std::env::vars().collect()),
        What::Status => match server::ask(&paths.socket, &Request::Status)? {
            Answer::Status { status } => {
                println!("{}", serde_json::to_string_pretty(&status).map_err(|error| error.to_string())?);
                Ok(())
            }
            other => Err(format!("{other:?}")),
        },
        What::Log { lines } => match server::ask(&paths.socket, &Request::Log { lines })? {
            Answer::Log { lines } => {
                lines.iter().for_each(|line| println!("{line}"));
                Ok(())
            }
            other => Err(format!("{other:?}")),
        },
    }
}
