//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Tests cards and lines.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) order: Order,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// What tests there are.
    List,
    /// What the unit has, as a part of bench.toml.
    Inventory {
        /// Which cards.
        #[arg(long, value_enum, default_value_t = Cards::Dahdi)]
        cards: Cards,
    },
    /// Runs tests; the gateway must not run meanwhile. Exit code 0: all passed, 1: not, 2: not begun.
    Run(Run),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Run {
    /// Which; all when none is named.
    pub(crate) tests: Vec<String>,
    /// What is cabled to what: see hw-tests/bench.example.toml.
    #[arg(long)]
    pub(crate) bench: Option<PathBuf>,
    /// Which cards.
    #[arg(long, value_enum, default_value_t = Cards::Dahdi)]
    pub(crate) cards: Cards,
    /// As short as shows a fault that is always there.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The unit's serial number, for the report.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    /// Writes the report for programs.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report as a page.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
    /// Writes the report as PDF.
    #[arg(long)]
    pub(crate) pdf: Option<PathBuf>,
    /// Where recordings are kept.
    #[arg(long, default_value = ".")]
    pub(crate) files: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Cards {
    /// Those of the machine.
    Dahdi,
    /// A bench of software, cabled with itself: shows what the tests look like.
    Simulated,
}
