//! A pair of wires between an FXS and an FXO port of ours.

use crate::stage::Stage;
use crate::talk::{End, talk};
use crate::words::{Stop, failed};
use demarc_hal::{ChannelId, Error, Line, LineCommand, LineEvent};
use demarc_model::hardware_test::PairCable;
use std::time::Duration;

/// One burst of ringing.
const BURST: Duration = Duration::from_secs(1);
/// Bursts until it must be seen: for 2 s after it was opened or hung up a real FXO port takes ringing for
/// the echo of its own relay.
const BURSTS: u32 = 5;
/// How soon a change of the loop is seen at the other end.
const PATIENCE: Duration = Duration::from_secs(3);
/// Real ports take no notice of a loop that was closed just now: its contacts may bounce.
const SETTLE: Duration = Duration::from_millis(700);

/// Both ports, open.
pub(crate) struct Wire {
    pub(crate) pair: PairCable,
    pub(crate) fxs: Box<dyn Line>,
    pub(crate) fxo: Box<dyn Line>,
}

/// Gives an order.
pub(crate) fn tell(line: &mut dyn Line, at: ChannelId, command: LineCommand) -> Result<(), Stop> {
    line.command(command).or_else(|error| crate::stage::refused(&format!("an order to {at}"), &error))
}

impl Wire {
    /// Opens both and looks whether there is battery.
    pub(crate) fn open(stage: &mut Stage<'_, '_>, pair: &PairCable) -> Result<Self, Stop> {
        // Whatever was closed last comes to rest first.
        stage.wait(Duration::from_millis(100))?;
        let fxs = stage.line(pair.fxs.0)?;
        let mut fxo = stage.line(pair.fxo.0)?;
        if stage.heard(&mut *fxo, LineEvent::BatteryLost, Duration::from_millis(500))? {
            return no_battery(pair.fxo.0, Some(pair.fxs.0));
        }
        Ok(Self { pair: pair.clone(), fxs, fxo })
    }

    pub(crate) fn fxs(&mut self, command: LineCommand) -> Result<(), Stop> {
        tell(&mut *self.fxs, self.pair.fxs.0, command)
    }

    pub(crate) fn fxo(&mut self, command: LineCommand) -> Result<(), Stop> {
        tell(&mut *self.fxo, self.pair.fxo.0, command)
    }

    /// Rings the FXO port until it sees it; true when it did. `others` watch, too: the first that
    /// rings instead is told.
    pub(crate) fn ring(
        &mut self,
        stage: &mut Stage<'_, '_>,
        others: &mut [(ChannelId, Box<dyn Line>)],
    ) -> Result<Result<(), Option<ChannelId>>, Stop> {
        for _ in 0..BURSTS {
            self.fxs(LineCommand::Ring(BURST))?;
            let end = stage.now() + 2 * BURST;
            while stage.now() < end {
                while let Some(event) = self.fxo.poll_event() {
                    if event == LineEvent::RingStarted {
                        return Ok(Ok(()));
                    }
                }
                for (at, line) in &mut *others {
                    while let Some(event) = line.poll_event() {
                        if event == LineEvent::RingStarted {
                            return Ok(Err(Some(*at)));
                        }
                    }
                }
                while self.fxs.poll_event().is_some() {}
                stage.tick()?;
            }
        }
        Ok(Err(None))
    }

    /// Rings, or says what is wrong with the wires.
    pub(crate) fn must_ring(&mut self, stage: &mut Stage<'_, '_>) -> Result<(), Stop> {
        let (fxs, fxo) = (self.pair.fxs.0, self.pair.fxo.0);
        let mut others = Vec::new();
        for other in stage.bench.pairs.clone() {
            if other.fxo.0 != fxo
                && let Ok(line) = stage.rig.driver.open_line(other.fxo.0)
            {
                others.push((other.fxo.0, line));
            }
        }
        match self.ring(stage, &mut others)? {
            Ok(()) => Ok(()),
            Err(Some(other)) => failed(
                format!("FXS {fxs} rings FXO {other} instead of FXO {fxo}: the pairs are swapped."),
                format!("Swap the pairs at the block, or write {other} for FXS {fxs} into the bench."),
            ),
            Err(None) => failed(
                format!("FXS {fxs} rings, and FXO {fxo} does not see it."),
                "Wrong pair: look which socket the wires lead to, whether the module is powered (ring voltage) and the cable has both wires.",
            ),
        }
    }

    /// The FXO port goes off hook and the FXS port sees it.
    pub(crate) fn answer(&mut self, stage: &mut Stage<'_, '_>) -> Result<(), Stop> {
        self.fxo(LineCommand::OffHook)?;
        if !stage.heard(&mut *self.fxs, LineEvent::OffHook, PATIENCE)? {
            return failed(
                format!(
                    "FXO {} goes off hook, and FXS {} does not see it.",
                    self.pair.fxo.0, self.pair.fxs.0
                ),
                "Look whether both wires of the pair are connected, and swap the module that does not see the loop.",
            );
        }
        stage.wait(SETTLE)
    }

    /// The FXO port hangs up and the FXS port sees it.
    pub(crate) fn hang_up(&mut self, stage: &mut Stage<'_, '_>) -> Result<(), Stop> {
        self.fxo(LineCommand::OnHook)?;
        if !stage.heard(&mut *self.fxs, LineEvent::OnHook, PATIENCE)? {
            return failed(
                format!("FXO {} hangs up, and FXS {} does not see it.", self.pair.fxo.0, self.pair.fxs.0),
                "Look for a leak or a telephone on the same pair, and swap the FXO module.",
            );
        }
        Ok(())
    }

    /// Reverses the feed there and back; false where the port cannot.
    pub(crate) fn reverses(&mut self, stage: &mut Stage<'_, '_>) -> Result<bool, Stop> {
        for reversed in [true, false] {
            match self.fxs.command(LineCommand::ReversePolarity(reversed)) {
                Ok(()) => {}
                Err(Error::Unsupported(_)) => return Ok(false),
                Err(error) => return crate::stage::refused("a reversal", &error),
            }
            if !stage.heard(&mut *self.fxo, LineEvent::PolarityReversed, PATIENCE)? {
                return failed(
                    format!(
                        "FXS {} reverses its feed, and FXO {} does not see it.",
                        self.pair.fxs.0, self.pair.fxo.0
                    ),
                    "Swap the FXO module: its line sensor does not work. On lines without reversals it does not matter.",
                );
            }
        }
        Ok(true)
    }

    /// A call with silence on it: both ends of its audio.
    pub(crate) fn call(&mut self, stage: &mut Stage<'_, '_>) -> Result<(End, End), Stop> {
        self.answer(stage)?;
        Ok((End::open(stage, self.pair.fxs.0)?, End::open(stage, self.pair.fxo.0)?))
    }
}

/// Nothing feeds an FXO port.
pub(crate) fn no_battery<T>(fxo: ChannelId, fxs: Option<ChannelId>) -> Result<T, Stop> {
    let from = fxs.map_or_else(|| "the telco's socket".into(), |fxs| format!("FXS {fxs}"));
    failed(
        format!("FXO {fxo} has no battery: the line is unplugged, or it is the wrong pair."),
        format!("Look whether its wires lead to {from}: with a meter there are 20 to 60 V on an idle pair."),
    )
}

/// Says what ends say and waits until it is heard steadily.
pub(crate) fn measure(
    stage: &mut Stage<'_, '_>,
    ends: &mut [&mut End],
    thorough: Duration,
) -> Result<(), Stop> {
    let time = stage.lasts(thorough, Duration::from_millis(1200));
    talk(stage, ends, time)
}
