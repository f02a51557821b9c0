//! An analog line: the loop of two wires, seen from either end.

use crate::driver::Error;
use serde::{Deserialize, Serialize};
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// One analog port. Nothing in it blocks.
pub trait Line: Send {
    /// Gives the port an order.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the port's kind does not know the order; [`Error::Gone`] when
    /// the card has vanished.
    fn command(&mut self, command: LineCommand) -> Result<(), Error>;

    /// The next thing that happened on the loop, if any.
    fn poll_event(&mut self) -> Option<LineEvent>;

    /// Readable when [`Line::poll_event`] has something.
    fn wake_fd(&self) -> BorrowedFd<'_>;
}

/// What a port is told to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineCommand {
    /// FXO: close the loop (seize or answer).
    OffHook,
    /// FXO: open the loop (release).
    OnHook,
    /// FXO: open the loop for about `Duration` and close it again (register recall).
    Flash(Duration),
    /// FXO: dial one digit (`0`–`9`) by interrupting the loop.
    PulseDigit(char),
    /// FXS: apply ringing voltage once, for `Duration`. A cadence is a sequence of these.
    Ring(Duration),
    /// FXS: take ringing voltage away.
    StopRinging,
    /// FXS: feed the line with normal (`false`) or reversed (`true`) polarity.
    ReversePolarity(bool),
    /// FXS: take battery away for `Duration` (the kewl-start disconnect signal).
    OpenLoop(Duration),
    /// FXS: pass audio to the telephone on hook for `Duration` (caller identity).
    OnHookTransmission(Duration),
    /// FXS: light the message lamp of the telephone, where the card can (neon or reversal).
    MessageLamp(bool),
    /// E&M: off hook for a moment (wink start).
    Wink,
}

/// How an analog port is run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineSettings {
    /// How a line is seized and released.
    pub start: StartMode,
    /// Gain from the line towards us, in dB, −24 to +12.
    pub receive_gain_db: f32,
    /// Gain towards the line, in dB, −24 to +12.
    pub transmit_gain_db: f32,
    /// FXO: how long a dialled pulse opens and closes the loop, in milliseconds; none = as the card
    /// does it.
    pub pulse: Option<PulseTiming>,
}

/// The pulses of loop dialling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PulseTiming {
    /// The loop is open this long, in milliseconds (20–100).
    pub break_ms: u16,
    /// And closed this long before the next, in milliseconds (20–100).
    pub make_ms: u16,
}

/// How an analog line is seized and released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum StartMode {
    /// By closing the loop; the far end's release is a break in the battery.
    #[default]
    Kewl,
    /// By closing the loop; the far end's release is not signalled.
    Loop,
    /// By grounding the ring wire.
    Ground,
}

/// What happened on a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEvent {
    /// FXO: ringing voltage appeared.
    RingStarted,
    /// FXO: ringing voltage went.
    RingStopped,
    /// FXO: the polarity of the feed changed.
    PolarityReversed,
    /// FXO: battery went for a moment while off hook (kewl-start disconnect).
    LoopBreak,
    /// FXO: no battery: the line is unplugged.
    BatteryLost,
    /// FXO: battery is back.
    BatteryRestored,
    /// FXS: the telephone went off hook.
    OffHook,
    /// FXS: the telephone went on hook.
    OnHook,
    /// FXS: the telephone flashed (register recall).
    Flash,
    /// FXS: one digit (`0`–`9`) dialled by pulses.
    PulseDigit(char),
    /// FXO: another telephone on the same pair went off hook.
    LineInUse,
    /// FXO: the other telephone is on hook again.
    LineFree,
    /// E&M: the far end went off hook for a moment (wink start).
    Wink,
    /// The card has vanished.
    Gone,
}
