//! The cards of the gateway, and the world around them when both are simulated.

use crate::args::{Args, Cards};
use crate::learned::keep;
use demarc_hal::{Driver, SpanInfo};
use demarc_hal_dahdi::{DahdiDriver, Numbering, Paths};
use demarc_hal_sim::{Cable, SimDriver};
use demarcd::sim::World;
use demarcd::sim::world::Place;
use std::error::Error;
use std::io::ErrorKind;
use std::path::Path;

/// The file in the data directory that says which hardware has which number.
pub const MEMORY: &str = "cards.json";

/// What was opened.
pub struct Opened {
    /// The gateway's cards.
    pub driver: Box<dyn Driver>,
    /// What they are cabled to, when it is simulated.
    pub around: Option<Around>,
    /// Spans that were not there at any earlier start.
    pub new: Vec<SpanInfo>,
}

/// The simulated world around simulated cards.
pub struct Around {
    /// The telco's cards.
    pub telco: SimDriver,
    /// The telephones' ports.
    pub phones: SimDriver,
    /// Every cable, by the gateway's end.
    pub cables: Vec<(Place, Cable)>,
}

/// Opens the cards that the command line asks for.
///
/// # Errors
/// Why they cannot be used, and what to do.
pub fn open(args: &Args) -> Result<Opened, Box<dyn Error>> {
    match args.cards {
        Cards::Simulated => {
            let World { gateway, telco, phones, cables } = World::build()?;
            let around = Some(Around { telco, phones, cables });
            Ok(Opened { driver: Box::new(gateway), around, new: Vec::new() })
        }
        Cards::Dahdi => open_dahdi(&args.data),
    }
}

fn open_dahdi(data: &Path) -> Result<Opened, Box<dyn Error>> {
    let former = remembered(data)?;
    let mut driver = DahdiDriver::new(Paths::default(), former.clone())
        .map_err(|error| format!("{error}. Start it as a user who may, or with --cards simulated."))?;
    if !driver.is_loaded() {
        tracing::warn!(
            "DAHDI is not loaded: no card can be used, and media are paced by the system's clock until the \
             gateway is started again after it was loaded"
        );
    }
    let new = driver.spans().into_iter().filter(|span| !former.knows(span.id)).collect();
    // Before anything hangs on a number.
    if let Some(text) = driver.memory() {
        keep(data, MEMORY, &text)?;
    }
    Ok(Opened { driver: Box::new(driver), around: None, new })
}

/// Which hardware had which number at the last start.
fn remembered(data: &Path) -> Result<Numbering, Box<dyn Error>> {
    let path = data.join(MEMORY);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Numbering::default()),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display()).into()),
    };
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        format!(
            "{path} is damaged: {error}. Put a backup in its place, or delete it: spans are numbered anew."
        )
        .into()
    })
}
