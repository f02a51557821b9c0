//! `demarcd`: threads, sockets, clock and wiring around the node.
#![forbid(unsafe_code)]

mod amend;
mod args;
mod arrivals;
mod assemble;
mod banner;
mod cards;
mod daemon;
mod gate;
mod gateway;
mod hardware_test;
mod helper;
mod inbox;
mod learned;
mod media;
mod metrics;
mod pace;
mod resolve;
mod route;
mod rtp_ports;
mod sandbox;
mod shared;
mod sip_tcp;
mod sip_udp;
mod site;
mod switch;
mod system;
mod wake;

use clap::Parser;
use demarcd::{certificate, control, https, sim};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = args::Args::parse();
    daemon::log(args.log_json);
    // Before any thread: they all inherit it.
    if let Err(error) = sandbox::close() {
        tracing::warn!(error, "the daemon runs without a filter of system calls");
    }
    match daemon::run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line that says what is wrong and what to do.
            eprintln!("demarcd: {error}");
            ExitCode::FAILURE
        }
    }
}
