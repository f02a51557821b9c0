//! What is cabled to what.
//!
//! ```text
//!  telco 1  E1 ═════════════ E1  span 1 gateway  span 3  FXS ───── FXO phones 1–4
//!  telco 2  FXS 1–4 ──────── FXO span 2
//! ```

use demarc_hal::PortKind::{Fxo, Fxs};
use demarc_hal::{ChannelId, Companding, SpanId};
use demarc_hal_sim::{Bench, BenchError, Cable, DriverKey, SimDriver};

/// How many lines come from the telco, and how many analog telephones there are.
pub const LINES: u8 = 4;

/// Cards and cables.
pub struct World {
    /// The gateway's cards: span 1 E1, span 2 FXO, span 3 FXS.
    pub gateway: SimDriver,
    /// The telco's cards: span 1 E1, span 2 FXS.
    pub telco: SimDriver,
    /// The telephones: FXO ports 1/1 to 1/4, cabled to the gateway's span 3.
    pub phones: SimDriver,
    /// Every cable, by the gateway's end.
    pub cables: Vec<(Place, Cable)>,
}

/// The gateway's end of a cable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A digital span.
    Span(SpanId),
    /// An analog port.
    Port(ChannelId),
}

/// `1` for a span, `2/1` for a port.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Span(span) => span.fmt(f),
            Place::Port(channel) => channel.fmt(f),
        }
    }
}

impl World {
    /// Puts it all together.
    ///
    /// # Errors
    /// When the process has no descriptors left.
    pub fn build() -> Result<Self, BenchError> {
        let mut bench = Bench::new();
        let (gateway, telco, phones) = (bench.driver()?, bench.driver()?, bench.driver()?);
        let law = Companding::ALaw;
        let (pri, exchange) = (bench.e1(gateway, "Simulated E1")?, bench.e1(telco, "Exchange E1")?);
        let lines = bench.analog(gateway, "Simulated FXO", law, &[Fxo; LINES as usize])?;
        let ports = bench.analog(gateway, "Simulated FXS", law, &[Fxs; LINES as usize])?;
        let pairs = bench.analog(telco, "Exchange FXS", law, &[Fxs; LINES as usize])?;
        let telephones = bench.analog(phones, "Telephones", law, &[Fxo; LINES as usize])?;
        let mut cables = vec![(Place::Span(pri), bench.cable_spans((gateway, pri), (telco, exchange))?)];
        let mut wire = |a: (DriverKey, SpanId), b: (DriverKey, SpanId)| -> Result<(), BenchError> {
            for slot in 1..=LINES {
                let near = ChannelId { span: a.1, slot };
                let cable = bench.cable_lines((a.0, near), (b.0, ChannelId { span: b.1, slot }))?;
                cables.push((Place::Port(near), cable));
            }
            Ok(())
        };
        wire((gateway, lines), (telco, pairs))?;
        wire((gateway, ports), (phones, telephones))?;
        let mut drivers = bench.build().into_iter();
        match (drivers.next(), drivers.next(), drivers.next()) {
            (Some(gateway), Some(telco), Some(phones)) => Ok(Self { gateway, telco, phones, cables }),
            _ => Err(BenchError::NoSuchSpan),
        }
    }
}
