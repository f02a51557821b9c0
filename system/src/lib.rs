//! The part of the appliance that runs as root: it brings the network up, filters what comes in,
//! keeps `demarcd` and the other programs running, feeds the watchdog, installs updates and judges
//! them, and shows the console.
//!
//! Machines that decide ([`supervise`], [`watchdog`], [`nftables`], [`network`], [`update`],
//! [`console`]) know no clock, no file and no process: [`run`] is where they meet the machine.
#![forbid(unsafe_code)]

pub mod button;
pub mod chrony;
pub mod command;
pub mod config_files;
pub mod console;
pub mod crash;
pub mod erase;
pub mod files;
pub mod journal;
pub mod launch;
pub mod leftovers;
pub mod network;
pub mod nftables;
pub mod paths;
pub mod run;
pub mod server;
pub mod service;
pub mod ssh_keys;
pub mod status;
pub mod supervise;
pub mod update;
pub mod usb;
pub mod watchdog;
