//! The cards that are tested.

use crate::args::Cards;
use demarc_hal::{ChannelId, Companding, Driver, PortKind};
use demarc_hal_dahdi::{DahdiDriver, Numbering, Paths};
use demarc_hal_sim::BenchError;
use demarc_hwtest::{CardTime, RealTime, Time};
use demarc_model::hardware_test::{Bench, PairCable, Plug, PortAt, Side, SpanCable};
use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// What was opened.
pub(crate) struct Opened {
    pub(crate) driver: Box<dyn Driver>,
    pub(crate) time: Box<dyn Time>,
    /// What is cabled, where that is known.
    pub(crate) bench: Option<Bench>,
}

pub(crate) fn open(cards: Cards) -> Result<Opened, String> {
    match cards {
        Cards::Dahdi => {
            let mut driver = DahdiDriver::new(Paths::default(), Numbering::default())
                .map_err(|error| format!("{error}. Run it as root or as the gateway's user."))?;
            if !driver.is_loaded() {
                return Err("DAHDI is not loaded. Load it (modprobe dahdi and the cards' modules), or try \
                            --cards simulated."
                    .into());
            }
            let time: Box<dyn Time> = match driver.open_clock() {
                Ok(Some(clock)) => Box::new(CardTime(clock)),
                _ => Box::new(RealTime),
            };
            Ok(Opened { driver: Box::new(driver), time, bench: None })
        }
        Cards::Simulated => simulated().map_err(|error| error.to_string()),
    }
}

fn simulated() -> Result<Opened, BenchError> {
    let mut cards = demarc_hal_sim::Bench::new();
    let unit = cards.driver()?;
    let (a, b, plugged) = (
        cards.e1(unit, "Simulated E1 port 1")?,
        cards.e1(unit, "Simulated E1 port 2")?,
        cards.e1(unit, "Simulated E1 port 3")?,
    );
    cards.cable_spans((unit, a), (unit, b))?;
    cards.plug_loop((unit, plugged))?;
    let group = cards.analog(unit, "Simulated ports", Companding::ALaw, &[PortKind::Fxs, PortKind::Fxo])?;
    let (fxs, fxo) = (ChannelId { span: group, slot: 1 }, ChannelId { span: group, slot: 2 });
    cards.cable_lines((unit, fxs), (unit, fxo))?;
    let bench = Bench {
        unit: "simulated".into(),
        spans: vec![SpanCable { a, b, a_side: Side::Network, b_side: Side::User, relay: None }],
        plugs: vec![Plug { span: plugged, relay: None }],
        pairs: vec![PairCable { fxs: PortAt(fxs), fxo: PortAt(fxo), relay: None }],
        ..Bench::default()
    };
    let driver = cards.build().into_iter().next().ok_or(BenchError::NoSuchSpan)?;
    Ok(Opened { driver: Box::new(driver), time: Box::new(RealTime), bench: Some(bench) })
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_REALTIME).map(Duration::from).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
