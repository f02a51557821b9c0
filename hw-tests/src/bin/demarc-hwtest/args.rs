//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use demarc_hal::ChannelId;
use demarc_model::hardware_test::PortAt;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Runs tests; the gateway must not run meanwhile, or lend its spans. Exit code 0: all passed, 1: not, 2: not
    /// begun.
    Run(Run),
    /// Replays ladders as the far end of the gateway's ports, in real time. The gateway runs meanwhile.
    Replay(Replay),
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
    /// On spans that the running gateway with this data directory lends.
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "cards")]
    pub(crate) gateway: Option<PathBuf>,
    /// As short as shows a fault that is always there.
    #[arg(long)]
    pub(crate) quick: bool,
    /// The unit's serial number, for the report.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    #[command(flatten)]
    pub(crate) reports: Reports,
    /// Where recordings are kept; those of a gateway's run are to be had from its web interface.
    #[arg(long, default_value = ".")]
    pub(crate) files: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Replay {
    /// Files as those in tests/ladders.
    #[arg(required = true)]
    pub(crate) ladders: Vec<PathBuf>,
    /// What is cabled to what: the gateway has one end of each pair, we have the other.
    #[arg(long)]
    pub(crate) bench: PathBuf,
    /// A port of the gateway and the port of ours at the other end of its cable, as in 3/1=4/1, where no
    /// pair of the bench says it.
    #[arg(long, value_name = "THEIRS=OURS", value_parser = cabled)]
    pub(crate) at: Vec<(ChannelId, ChannelId)>,
    /// How many seconds earlier or later than in the ladder something may happen.
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = seconds)]
    pub(crate) tolerance: Duration,
    /// How many seconds others may take for what a ladder has them do: phones, somebody who stands there.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    pub(crate) others: Duration,
    /// The unit's serial number, for the report.
    #[arg(long)]
    pub(crate) serial: Option<String>,
    #[command(flatten)]
    pub(crate) reports: Reports,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Reports {
    /// Writes the report for programs.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
    /// Writes the report as a page.
    #[arg(long)]
    pub(crate) html: Option<PathBuf>,
    /// Writes the report as PDF.
    #[arg(long)]
    pub(crate) pdf: Option<PathBuf>,
}

fn cabled(text: &str) -> Result<(ChannelId, ChannelId), String> {
    let (theirs, ours) = text.split_once('=').ok_or("write it as 3/1=4/1")?;
    Ok((PortAt::try_from(theirs.to_owned())?.0, PortAt::try_from(ours.to_owned())?.0))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number")?;
    let most = Duration::from_secs(3600);
    let time = Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= most);
    time.ok_or_else(|| "0 to 3600".into())
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Cards {
    /// Those of the machine.
    Dahdi,
    /// A bench of software, cabled with itself: shows what the tests look like.
    Simulated,
}
