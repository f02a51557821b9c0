//! The cards of the gateway, and the world around them when both are simulated.

use crate::args::{Args, Cards};
use demarc_hal::Driver;
use demarc_hal_sim::{Cable, SimDriver};
use demarcd::sim::World;
use demarcd::sim::world::Place;
use std::error::Error;

/// What was opened.
pub struct Opened {
    /// The gateway's cards.
    pub driver: Box<dyn Driver>,
    /// What they are cabled to, when it is simulated.
    pub around: Option<Around>,
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
            Ok(Opened { driver: Box::new(gateway), around })
        }
        Cards::Dahdi => Err("DAHDI".into()),
    }
}
