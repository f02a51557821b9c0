//! The far end of one of the gateway's ports.

use super::ears::{Ear, Mouth};
use crate::lane::Lane;
use crate::stage::Stage;
use crate::words::{Stop, failed};
use demarc_hal::{ChannelId, Error, Line, LineCommand, LineEvent, PortKind};
use demarc_model::hardware_test::Bench;
use std::collections::VecDeque;
use std::time::Duration;

/// Events that wait to be asked for, at most; the oldest go first.
const EVENTS: usize = 1024;
/// Ringing, where a ladder does not say when it stops.
const RING: Duration = Duration::from_secs(1);
/// A break of battery that every line notices, and a flash that every exchange does.
const BREAK: Duration = Duration::from_millis(600);
const FLASH: Duration = Duration::from_millis(300);

/// Which port of ours is cabled to a port of the gateway, and what it is.
pub(crate) fn ours(
    bench: &Bench,
    at: &[(ChannelId, ChannelId)],
    port: ChannelId,
) -> Option<(ChannelId, PortKind)> {
    let Some((_, ours)) = at.iter().find(|(theirs, _)| *theirs == port) else {
        return bench.pairs.iter().find_map(|pair| match port {
            port if port == pair.fxs.0 => Some((pair.fxo.0, PortKind::Fxo)),
            port if port == pair.fxo.0 => Some((pair.fxs.0, PortKind::Fxs)),
            _ => None,
        });
    };
    let fxs = bench.pairs.iter().map(|pair| pair.fxs).chain(bench.phones.iter().copied());
    let mut kinds = fxs.map(|port| (port.0, PortKind::Fxs)).chain(
        bench
            .pairs
            .iter()
            .map(|pair| pair.fxo)
            .chain(bench.lines.iter().copied())
            .map(|port| (port.0, PortKind::Fxo)),
    );
    kinds.find(|(port, _)| port == ours)
}

/// Our end.
pub(crate) struct FarEnd {
    pub(crate) at: ChannelId,
    kind: PortKind,
    line: Box<dyn Line>,
    lane: Lane,
    mouth: Mouth,
    pub(crate) ear: Ear,
    reversed: bool,
    /// What was seen and when, and not asked for yet.
    pub(crate) seen: VecDeque<(Duration, LineEvent)>,
}

impl FarEnd {
    pub(crate) fn open(stage: &mut Stage<'_, '_>, at: ChannelId, kind: PortKind) -> Result<Self, Stop> {
        let line = stage.line(at)?;
        let lane = Lane::new(stage.bearer(at)?);
        let (mouth, ear) = (Mouth::default(), Ear::default());
        Ok(Self { at, kind, line, lane, mouth, ear, reversed: false, seen: VecDeque::new() })
    }

    /// What happened, and a block of audio each way.
    pub(crate) fn turn(&mut self, now: Duration) -> Result<(), Stop> {
        let law = self.lane.law();
        let (mouth, ear) = (&mut self.mouth, &mut self.ear);
        let mut keyed = false;
        let turn =
            self.lane.turn(&mut |block| mouth.fill(law, block), &mut |block| keyed |= ear.hear(law, block));
        let mut gone = turn.gone;
        while let Some(event) = self.line.poll_event() {
            gone |= event == LineEvent::Gone;
            // Whoever dials or hangs up is given no tone any more.
            keyed |= matches!(event, LineEvent::PulseDigit(_) | LineEvent::OnHook);
            if self.seen.len() >= EVENTS {
                self.seen.pop_front();
            }
            self.seen.push_back((now, event));
        }
        if keyed {
            self.mouth.hush();
        }
        if gone {
            return failed(format!("The card of {} has vanished.", self.at), "Put the card back.");
        }
        Ok(())
    }

    /// Makes the gateway see an event; false when this port cannot.
    pub(crate) fn make(&mut self, event: LineEvent, lasts: Option<Duration>) -> Result<bool, Stop> {
        let command = match (self.kind, event) {
            (PortKind::Fxo, LineEvent::OffHook) => LineCommand::OffHook,
            (PortKind::Fxo, LineEvent::OnHook) => LineCommand::OnHook,
            (PortKind::Fxo, LineEvent::Flash) => LineCommand::Flash(FLASH),
            (PortKind::Fxo, LineEvent::PulseDigit(digit)) => LineCommand::PulseDigit(digit),
            (PortKind::Fxs, LineEvent::RingStarted) => LineCommand::Ring(lasts.unwrap_or(RING)),
            (PortKind::Fxs, LineEvent::RingStopped) => LineCommand::StopRinging,
            (PortKind::Fxs, LineEvent::LoopBreak) => LineCommand::OpenLoop(BREAK),
            (PortKind::Fxs, LineEvent::PolarityReversed) => {
                self.reversed = !self.reversed;
                LineCommand::ReversePolarity(self.reversed)
            }
            _ => return Ok(false),
        };
        match self.line.command(command) {
            Ok(()) => Ok(true),
            Err(Error::Unsupported(_)) => Ok(false),
            Err(error) => crate::stage::refused(&format!("an order to {}", self.at), &error),
        }
    }

    pub(crate) fn press(&mut self, digit: char) {
        self.mouth.press(digit);
    }

    pub(crate) fn play(&mut self, tone: demarc_model::media::Tone) {
        self.mouth.play(tone);
    }

    pub(crate) fn hears(&self, pitches: &[f64]) -> bool {
        self.ear.hears(self.lane.law(), pitches)
    }

    /// On hook, silent, as it was found.
    pub(crate) fn rest(&mut self) {
        let _ = match self.kind {
            PortKind::Fxo => self.line.command(LineCommand::OnHook),
            _ => self.line.command(LineCommand::StopRinging),
        };
        if self.reversed {
            let _ = self.line.command(LineCommand::ReversePolarity(false));
        }
    }
}
