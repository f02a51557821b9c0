//! A pair of wires between an FXO and an FXS port.

use super::{Failure, Outcome, Rig, fail};
use crate::{Error, Line, LineCommand, LineEvent};
use std::time::Duration;

/// One burst of ringing.
const BURST: Duration = Duration::from_millis(1000);
/// A flash of the hook.
const FLASH: Duration = Duration::from_millis(300);
/// The kewl-start disconnect signal.
const BREAK: Duration = Duration::from_millis(600);

/// Both ends, opened and at rest.
struct Ends {
    fxo: Box<dyn Line>,
    fxs: Box<dyn Line>,
}

/// Opens the rig's pair and lets it come to rest.
fn ends(rig: &mut Rig<'_>) -> Result<Option<Ends>, Failure> {
    let Some((fxo, fxs)) = rig.pair else { return Ok(None) };
    // What the last check closed crosses the cable first.
    rig.step();
    rig.step();
    let mut ends = Ends { fxo: rig.line(fxo)?, fxs: rig.line(fxs)? };
    rig.expect_quiet(&mut *ends.fxo)?;
    rig.expect_quiet(&mut *ends.fxs)?;
    Ok(Some(ends))
}

impl Ends {
    fn fxo(&mut self, command: LineCommand) -> Result<(), Failure> {
        tell(&mut *self.fxo, command)
    }

    fn fxs(&mut self, command: LineCommand) -> Result<(), Failure> {
        tell(&mut *self.fxs, command)
    }

    fn off_hook(&mut self, rig: &mut Rig<'_>) -> Result<(), Failure> {
        self.fxo(LineCommand::OffHook)?;
        rig.expect(&mut *self.fxs, LineEvent::OffHook)
    }

    /// Lets a closed loop settle: real ports take no notice of it for 600 ms, while contacts may bounce.
    fn settle(&mut self, rig: &mut Rig<'_>) -> Result<(), Failure> {
        for _ in 0..4 {
            rig.expect_quiet(&mut *self.fxo)?;
        }
        rig.expect_quiet(&mut *self.fxs)
    }

    /// Nothing more happens at either end.
    fn quiet(mut self, rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
        rig.expect_quiet(&mut *self.fxo)?;
        rig.expect_quiet(&mut *self.fxs)?;
        Ok(Outcome::Passed)
    }
}

fn tell(line: &mut dyn Line, command: LineCommand) -> Result<(), Failure> {
    let shown = format!("{command:?}");
    line.command(command).or_else(|error| fail(format!("{shown}: {error}")))
}

/// Rings until it is heard: for 2 s after it was opened or hung up a real FXO port takes ringing for the
/// echo of its own relay.
fn wake(rig: &mut Rig<'_>, fxs: &mut dyn Line, fxo: &mut dyn Line) -> Result<(), Failure> {
    for _ in 0..5 {
        tell(fxs, LineCommand::Ring(BURST))?;
        for _ in 0..2 * BURST.as_millis() / super::STEP.as_millis() {
            rig.step();
            // Whoever rings looks after the end of the burst.
            if let Some(event) = fxs.poll_event() {
                return fail(format!("{event:?} at the port that rings"));
            }
            match fxo.poll_event() {
                Some(LineEvent::RingStarted) => return rig.expect(fxo, LineEvent::RingStopped),
                Some(event) => return fail(format!("{event:?} instead of ringing")),
                None => {}
            }
        }
    }
    fail("ringing is never seen")
}

/// Whether a feed can be reversed; a channel bank has no bit for it.
fn reverse(fxs: &mut dyn Line, reversed: bool) -> Result<bool, Failure> {
    match fxs.command(LineCommand::ReversePolarity(reversed)) {
        Ok(()) => Ok(true),
        Err(Error::Unsupported(_)) => Ok(false),
        Err(error) => fail(format!("ReversePolarity: {error}")),
    }
}

pub(super) fn ringing(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    for _ in 0..2 {
        wake(rig, &mut *ends.fxs, &mut *ends.fxo)?;
    }
    ends.fxs(LineCommand::Ring(BURST * 60))?;
    rig.expect(&mut *ends.fxo, LineEvent::RingStarted)?;
    ends.fxs(LineCommand::StopRinging)?;
    rig.expect(&mut *ends.fxo, LineEvent::RingStopped)?;
    ends.quiet(rig)
}

pub(super) fn ring_trip(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    wake(rig, &mut *ends.fxs, &mut *ends.fxo)?;
    ends.fxs(LineCommand::Ring(BURST * 60))?;
    rig.expect(&mut *ends.fxo, LineEvent::RingStarted)?;
    ends.off_hook(rig)?;
    rig.expect(&mut *ends.fxo, LineEvent::RingStopped)?;
    // A loop that is closed is not rung.
    ends.fxs(LineCommand::Ring(BURST))?;
    ends.quiet(rig)
}

pub(super) fn hook(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    for _ in 0..2 {
        ends.off_hook(rig)?;
        ends.fxo(LineCommand::OffHook)?;
        rig.expect_quiet(&mut *ends.fxs)?;
        ends.fxo(LineCommand::OnHook)?;
        rig.expect(&mut *ends.fxs, LineEvent::OnHook)?;
    }
    ends.quiet(rig)
}

pub(super) fn flash(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    ends.off_hook(rig)?;
    ends.settle(rig)?;
    ends.fxo(LineCommand::Flash(FLASH))?;
    rig.expect(&mut *ends.fxs, LineEvent::Flash)?;
    rig.expect_quiet(&mut *ends.fxs)?;
    ends.fxo(LineCommand::OnHook)?;
    rig.expect(&mut *ends.fxs, LineEvent::OnHook)?;
    ends.quiet(rig)
}

pub(super) fn pulse_digits(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    ends.off_hook(rig)?;
    ends.settle(rig)?;
    for digit in ['1', '0', '5'] {
        ends.fxo(LineCommand::PulseDigit(digit))?;
    }
    for digit in ['1', '0', '5'] {
        rig.expect(&mut *ends.fxs, LineEvent::PulseDigit(digit))?;
    }
    ends.fxo(LineCommand::OnHook)?;
    rig.expect(&mut *ends.fxs, LineEvent::OnHook)?;
    ends.quiet(rig)
}

pub(super) fn polarity(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    for reversed in [true, false] {
        if !reverse(&mut *ends.fxs, reversed)? {
            return Ok(Outcome::Skipped);
        }
        rig.expect(&mut *ends.fxo, LineEvent::PolarityReversed)?;
        ends.fxs(LineCommand::ReversePolarity(reversed))?;
        rig.expect_quiet(&mut *ends.fxo)?;
    }
    ends.quiet(rig)
}

pub(super) fn loop_break(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    ends.off_hook(rig)?;
    ends.settle(rig)?;
    ends.fxs(LineCommand::OpenLoop(BREAK))?;
    rig.expect(&mut *ends.fxo, LineEvent::LoopBreak)?;
    ends.fxo(LineCommand::OnHook)?;
    rig.expect(&mut *ends.fxs, LineEvent::OnHook)?;
    ends.quiet(rig)
}

pub(super) fn orders_of_its_kind(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    let for_fxo =
        [LineCommand::OffHook, LineCommand::OnHook, LineCommand::Flash(FLASH), LineCommand::PulseDigit('1')];
    let for_fxs = [
        LineCommand::Ring(BURST),
        LineCommand::StopRinging,
        LineCommand::ReversePolarity(true),
        LineCommand::OpenLoop(BREAK),
    ];
    let refused = |result| matches!(result, Err(Error::Unsupported(_)));
    for order in for_fxo {
        if !refused(ends.fxs.command(order.clone())) {
            return fail(format!("an FXS port took {order:?}"));
        }
    }
    for order in for_fxs {
        if !refused(ends.fxo.command(order.clone())) {
            return fail(format!("an FXO port took {order:?}"));
        }
    }
    if !refused(ends.fxo.command(LineCommand::PulseDigit('#'))) {
        return fail("an FXO port dialled # by pulses");
    }
    ends.quiet(rig)
}

pub(super) fn rest_after_close(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some((fxo, fxs)) = rig.pair else { return Ok(Outcome::Skipped) };
    let Some(Ends { fxo: mut line, fxs: mut feed }) = ends(rig)? else {
        return Ok(Outcome::Skipped);
    };
    tell(&mut *line, LineCommand::OffHook)?;
    rig.expect(&mut *feed, LineEvent::OffHook)?;
    drop(line);
    rig.expect(&mut *feed, LineEvent::OnHook)?;
    let mut line = rig.line(fxo)?;
    let reversed = reverse(&mut *feed, true)?;
    if reversed {
        rig.expect(&mut *line, LineEvent::PolarityReversed)?;
    }
    wake(rig, &mut *feed, &mut *line)?;
    tell(&mut *feed, LineCommand::Ring(BURST * 60))?;
    rig.expect(&mut *line, LineEvent::RingStarted)?;
    drop(feed);
    rig.expect(&mut *line, LineEvent::RingStopped)?;
    if reversed {
        rig.expect(&mut *line, LineEvent::PolarityReversed)?;
    }
    // Whoever opens the feed finds the telephone as it is.
    tell(&mut *line, LineCommand::OffHook)?;
    let mut feed = rig.line(fxs)?;
    rig.expect(&mut *feed, LineEvent::OffHook)?;
    tell(&mut *line, LineCommand::OnHook)?;
    rig.expect(&mut *feed, LineEvent::OnHook)?;
    Ends { fxo: line, fxs: feed }.quiet(rig)
}

pub(super) fn unplug(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut plug) = rig.pair_plug.take() else { return Ok(Outcome::Skipped) };
    let result = unplug_with(rig, &mut plug);
    plug(true);
    rig.pair_plug = Some(plug);
    result
}

fn unplug_with(rig: &mut Rig<'_>, plug: &mut dyn FnMut(bool)) -> Result<Outcome, Failure> {
    let Some(mut ends) = ends(rig)? else { return Ok(Outcome::Skipped) };
    plug(false);
    rig.expect(&mut *ends.fxo, LineEvent::BatteryLost)?;
    // Nothing crosses.
    ends.fxs(LineCommand::Ring(BURST))?;
    ends.fxo(LineCommand::OffHook)?;
    rig.expect_quiet(&mut *ends.fxo)?;
    rig.expect_quiet(&mut *ends.fxs)?;
    plug(true);
    rig.expect(&mut *ends.fxo, LineEvent::BatteryRestored)?;
    rig.expect(&mut *ends.fxs, LineEvent::OffHook)?;
    plug(false);
    rig.expect(&mut *ends.fxs, LineEvent::OnHook)?;
    rig.expect(&mut *ends.fxo, LineEvent::BatteryLost)?;
    ends.fxo(LineCommand::OnHook)?;
    plug(true);
    rig.expect(&mut *ends.fxo, LineEvent::BatteryRestored)?;
    ends.quiet(rig)
}
