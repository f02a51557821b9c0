//! Ends of bearers that say something and keep what they hear.

use crate::lane::Lane;
use crate::signal::{g711, level::Tone};
use crate::stage::Stage;
use crate::words::{Stop, failed};
use demarc_hal::ChannelId;
use std::collections::VecDeque;
use std::time::Duration;

/// Octets that an end keeps: 60 s.
const KEPT: usize = 480_000;
/// How often it is said until this machine was in time.
const LOOKS: u32 = 3;
/// How long it may take until blocks come at our pace.
const BEGINNING: Duration = Duration::from_secs(5);
/// What is heard while everything settles: 200 ms.
const SETTLING: usize = 1600;

/// What an end says.
pub(crate) enum Say {
    Silence,
    Tones(Vec<Tone>),
    /// Samples, then silence.
    Samples(VecDeque<f64>),
    /// What it hears.
    Back(VecDeque<u8>),
}

impl Say {
    pub(crate) fn tone(frequency: f64, dbm0: f64) -> Self {
        Say::Tones(vec![Tone::new(frequency, dbm0)])
    }
}

/// An open bearer that talks.
pub(crate) struct End {
    pub(crate) at: ChannelId,
    lane: Lane,
    pub(crate) say: Say,
    heard: Vec<u8>,
}

impl End {
    pub(crate) fn open(stage: &mut Stage<'_, '_>, at: ChannelId) -> Result<Self, Stop> {
        let lane = Lane::new(stage.bearer(at)?);
        Ok(Self { at, lane, say: Say::Silence, heard: Vec::new() })
    }

    pub(crate) fn cancel_echo(&mut self, on: bool) {
        self.lane.cancel_echo(on);
    }

    /// Octets as they were heard.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.heard
    }

    /// Everything it heard, as samples.
    pub(crate) fn all(&self) -> Vec<f64> {
        g711::samples(self.lane.law(), &self.heard)
    }

    /// What it heard once everything had settled, as samples.
    pub(crate) fn samples(&self) -> Vec<f64> {
        g711::samples(self.lane.law(), self.heard.get(SETTLING..).unwrap_or_default())
    }

    /// A turn, in silence until blocks come at our pace; false when the card has vanished.
    fn turn(&mut self, settling: bool) -> bool {
        let law = self.lane.law();
        let (say, heard) = (&mut self.say, &mut self.heard);
        let mut came = VecDeque::new();
        let turn = self.lane.turn(
            &mut |block| match say {
                _ if settling => {}
                Say::Silence => {}
                Say::Tones(tones) => {
                    block.fill_with(|| g711::octet(law, tones.iter_mut().map(Tone::sample).sum()))
                }
                Say::Samples(samples) => {
                    for octet in block {
                        let Some(sample) = samples.pop_front() else { break };
                        *octet = g711::octet(law, sample);
                    }
                }
                Say::Back(waiting) => {
                    for octet in block {
                        let Some(next) = waiting.pop_front() else { break };
                        *octet = next;
                    }
                }
            },
            &mut |block| {
                if settling {
                    return;
                }
                came.extend(block);
                if heard.len() < KEPT {
                    heard.extend(block);
                }
            },
        );
        if let Say::Back(waiting) = &mut self.say {
            waiting.append(&mut came);
            while waiting.len() > 8000 {
                waiting.pop_front();
            }
        }
        !turn.gone
    }
}

/// Lets ends talk; what they heard before is forgotten.
pub(crate) fn talk(stage: &mut Stage<'_, '_>, ends: &mut [&mut End], time: Duration) -> Result<(), Stop> {
    for _ in 0..LOOKS {
        ends.iter_mut().for_each(|end| end.heard.clear());
        let patience = stage.now() + BEGINNING;
        while ends.iter().any(|end| !end.lane.is_settled()) && stage.now() < patience {
            turn(stage, ends, true)?;
        }
        ends.iter_mut().for_each(|end| {
            end.lane.was_late();
        });
        let began = stage.now();
        while stage.now() < began + time {
            turn(stage, ends, false)?;
        }
        let late = ends.iter_mut().fold(false, |late, end| end.lane.was_late() | late);
        // Once this machine was late something is missing; what can be said again is.
        let again = ends.iter().all(|end| matches!(end.say, Say::Silence | Say::Tones(_)));
        if !again || !late {
            break;
        }
    }
    Ok(())
}

fn turn(stage: &mut Stage<'_, '_>, ends: &mut [&mut End], settling: bool) -> Result<(), Stop> {
    for end in ends {
        if !end.turn(settling) {
            return failed(
                format!("The card of channel {} has vanished.", end.at),
                "Look whether the card sits firmly in its socket.",
            );
        }
    }
    stage.tick()
}
