//! What a run needs from whoever runs it.

use demarc_hal::{Driver, SpanId, SpanSettings};
use demarc_model::hardware_test::Inventory;
use std::collections::BTreeMap;
use std::time::Duration;

/// How time passes.
pub trait Time {
    /// Since an arbitrary start.
    fn now(&self) -> Duration;

    /// Lets a block's time pass, or less: whoever moves audio looks again.
    fn tick(&mut self);
}

/// What the one who is told about a run wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    On,
    /// End the run; everything is put back first.
    Cancel,
    /// The question is answered with yes.
    Yes,
    /// The question is answered with no.
    No,
}

/// What plugs cables and pulls them.
pub trait Plugs {
    /// Closes (`true`) or opens a relay.
    ///
    /// # Errors
    /// Why it did not, for people.
    fn set(&mut self, relay: u8, closed: bool) -> Result<(), String>;
}

/// Where a run keeps a file that it made, by its name.
pub type Keep<'r> = &'r mut dyn FnMut(&str, &[u8]) -> Result<(), String>;

/// What a run needs.
pub struct Rig<'r> {
    /// The cards.
    pub driver: &'r mut dyn Driver,
    /// Nobody else uses the cards: the run polls the driver's events, and sets up every span of the bench.
    pub alone: bool,
    /// Time.
    pub time: &'r mut dyn Time,
    /// How spans are to be run; what is absent follows from the bench.
    pub settings: BTreeMap<SpanId, SpanSettings>,
    /// What the unit had when it was started last, where that is known.
    pub former: Option<Inventory>,
    /// The relays, if there are any.
    pub plugs: Option<&'r mut dyn Plugs>,
    /// Keeps recordings.
    pub keep: Keep<'r>,
    /// When the run begins, in milliseconds since 1970.
    pub began_at: u64,
}
