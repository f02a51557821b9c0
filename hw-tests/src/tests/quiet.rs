//! A line off hook with nobody on it.

use crate::signal::level::Tone;
use crate::stage::Stage;
use crate::subject::Subject;
use crate::talk::{End, Say, talk};
use crate::wire::{Wire, tell};
use crate::words::Stop;
use demarc_hal::{ChannelId, Line, LineCommand};
use std::time::Duration;

/// The line, its audio, and what holds it.
pub(crate) struct Quiet {
    /// That of the FXO port.
    pub(crate) near: End,
    far: Option<End>,
    hold: Hold,
}

enum Hold {
    Ours(Box<Wire>),
    Telco(ChannelId, Box<dyn Line>),
}

/// Makes a quiet line of a pair or of a line of the telco.
pub(crate) fn open(stage: &mut Stage<'_, '_>, subject: &Subject) -> Result<Quiet, Stop> {
    match subject {
        Subject::Pair(pair) => {
            let mut wire = Wire::open(stage, pair)?;
            let (far, near) = wire.call(stage)?;
            Ok(Quiet { near, far: Some(far), hold: Hold::Ours(Box::new(wire)) })
        }
        Subject::Line(port) => {
            let mut line = stage.line(*port)?;
            tell(&mut *line, *port, LineCommand::OffHook)?;
            stage.wait(Duration::from_secs(1))?;
            let mut near = End::open(stage, *port)?;
            // One digit ends the dial tone; for some seconds the exchange waits for the next.
            near.say = Say::Tones(vec![Tone::new(697.0, -9.0), Tone::new(1209.0, -7.0)]);
            talk(stage, &mut [&mut near], Duration::from_millis(150))?;
            near.say = Say::Silence;
            talk(stage, &mut [&mut near], Duration::from_millis(700))?;
            Ok(Quiet { near, far: None, hold: Hold::Telco(*port, line) })
        }
        _ => super::strange(),
    }
}

impl Quiet {
    /// Every end that is ours, that of the FXO port first.
    pub(crate) fn ends(&mut self) -> Vec<&mut End> {
        std::iter::once(&mut self.near).chain(self.far.as_mut()).collect()
    }

    /// Hangs up.
    pub(crate) fn close(self, stage: &mut Stage<'_, '_>) -> Result<(), Stop> {
        let Quiet { near, far, hold } = self;
        drop((near, far));
        match hold {
            Hold::Ours(mut wire) => wire.hang_up(stage),
            Hold::Telco(port, mut line) => tell(&mut *line, port, LineCommand::OnHook),
        }
    }
}
