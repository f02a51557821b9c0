//! The tests every driver passes: run on the simulator, on DAHDI, and on a technician's bench.
//!
//! A [`Rig`] says which ports are cabled to which; [`CHECKS`] is what must hold then. No clock is
//! used: time passes in the rig's `wait`, which sleeps on real hardware and may do so for less
//! elsewhere.

mod analog;
mod digital;
mod inventory;

use crate::{ChannelId, Driver, Line, LineEvent, SpanId};
use std::fmt;
use std::time::Duration;

/// How long one step of waiting is: a block of audio.
pub const STEP: Duration = Duration::from_millis(20);
/// Steps after which something that should have happened will not: 8 s.
const PATIENCE: u32 = 400;
/// Steps in which something that should not happen would have: 200 ms.
const QUIET: u32 = 10;

/// A channel of one of the rig's drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Index in [`Rig::drivers`].
    pub driver: usize,
    /// The channel.
    pub channel: ChannelId,
}

/// A digital span of one of the rig's drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanAt {
    /// Index in [`Rig::drivers`].
    pub driver: usize,
    /// The span.
    pub span: SpanId,
}

/// What pulls (`false`) and puts back (`true`) a plug.
pub type Plug<'a> = Box<dyn FnMut(bool) + 'a>;

/// Drivers whose ports are cabled to one another. What is absent is not checked.
pub struct Rig<'a> {
    /// The drivers; one is enough when it has both ends of a cable.
    pub drivers: Vec<&'a mut dyn Driver>,
    /// An FXO port and the FXS port that feeds it.
    pub pair: Option<(At, At)>,
    /// Two digital spans on a crossover cable.
    pub spans: Option<(SpanAt, SpanAt)>,
    /// The plug of the pair, where it can be pulled without a hand.
    pub pair_plug: Option<Plug<'a>>,
    /// The plug of the spans.
    pub span_plug: Option<Plug<'a>>,
    /// Lets time pass.
    pub wait: Box<dyn FnMut(Duration) + 'a>,
}

/// Why a check did not pass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// The rig has not what it needs.
    Skipped,
}

/// One check.
pub type Check = fn(&mut Rig<'_>) -> Result<Outcome, Failure>;

/// Every check by its name.
pub const CHECKS: &[(&str, Check)] = &[
    ("spans and ports are listed in order", inventory::listed_in_order),
    ("a port opens once, and again after it was closed", inventory::opens_once),
    ("a port opens only as what it is", inventory::opens_as_what_it_is),
    ("ringing is seen, and its end", analog::ringing),
    ("a ringing line that is answered stops ringing", analog::ring_trip),
    ("off hook and on hook are seen", analog::hook),
    ("a flash is no hang-up", analog::flash),
    ("dial pulses are digits", analog::pulse_digits),
    ("a polarity reversal is seen each time", analog::polarity),
    ("a loop break is seen off hook", analog::loop_break),
    ("a port takes only the orders of its kind", analog::orders_of_its_kind),
    ("a closed port is at rest", analog::rest_after_close),
    ("an unplugged line has no battery", analog::unplug),
    ("spans in order have no alarm", digital::in_order),
    ("bearers carry every octet both ways", digital::transparent),
    ("a flushed bearer has nothing to read", digital::flushed),
    ("D-channel frames cross whole", digital::frames),
    ("an unplugged span has a red alarm and carries nothing", digital::unplug),
];

/// Runs every check, in order, whatever the others say.
pub fn run(rig: &mut Rig<'_>) -> Vec<(&'static str, Result<Outcome, Failure>)> {
    CHECKS.iter().map(|(name, check)| (*name, check(rig))).collect()
}

impl Rig<'_> {
    fn driver(&mut self, index: usize) -> Result<&mut dyn Driver, Failure> {
        match self.drivers.get_mut(index) {
            Some(driver) => Ok(&mut **driver),
            None => fail(format!("the rig has no driver {index}")),
        }
    }

    fn line(&mut self, at: At) -> Result<Box<dyn Line>, Failure> {
        open(self.driver(at.driver)?.open_line(at.channel), "open_line")
    }

    /// Lets one step pass, in which drivers do what they do when polled.
    fn step(&mut self) {
        for driver in &mut self.drivers {
            while driver.poll_event().is_some() {}
        }
        (self.wait)(STEP);
    }

    /// Waits until `seen` gives something.
    fn until<T>(&mut self, what: &str, mut seen: impl FnMut() -> Option<T>) -> Result<T, Failure> {
        for _ in 0..PATIENCE {
            if let Some(it) = seen() {
                return Ok(it);
            }
            self.step();
        }
        fail(format!("never seen: {what}"))
    }

    /// The next event of a line must be this one.
    fn expect(&mut self, line: &mut dyn Line, event: LineEvent) -> Result<(), Failure> {
        let got = self.until(&format!("{event:?}"), || line.poll_event())?;
        if got == event { Ok(()) } else { fail(format!("{got:?} instead of {event:?}")) }
    }

    /// Nothing happens on a line for a while.
    fn expect_quiet(&mut self, line: &mut dyn Line) -> Result<(), Failure> {
        for _ in 0..QUIET {
            self.step();
            if let Some(event) = line.poll_event() {
                return fail(format!("{event:?} out of nothing"));
            }
        }
        Ok(())
    }
}

fn open<T>(result: Result<T, crate::Error>, what: &str) -> Result<T, Failure> {
    result.or_else(|error| fail(format!("{what}: {error}")))
}

fn fail<T>(what: impl Into<String>) -> Result<T, Failure> {
    Err(Failure(what.into()))
}

fn equal<T: PartialEq + fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), Failure> {
    if got == wanted { Ok(()) } else { fail(format!("{what}: {got:?} instead of {wanted:?}")) }
}
