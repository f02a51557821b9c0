//! Call-waiting caller identity: alerting signal, the telephone's answer, data (GR-30 §2.3,
//! EN 300 659-2).
//!
//! ```text
//!  2130 + 2750 Hz 80 ms │ up to 300 ms for DTMF A or D │ its end │ 80 ms │ data, without seizure
//! ```

use super::CallerIdSender;
use crate::codec::g711::Samples;
use crate::dtmf::{DtmfReceiver, KeyEdge};
use crate::tone::ToneGenerator;
use demarc_hal::BLOCK;

/// Frequencies of the alerting signal.
pub const ALERTING_SIGNAL: (f32, f32) = (2130.0, 2750.0);
/// Level of each of them in dBm0 (GR-30: −15 ± 1.5 dBm).
const LEVEL_DBM0: f32 = -15.0;
/// Blocks that it lasts: 80 ms (GR-30: 80–85, EN 300 659-2: 75–85).
const SIGNAL: u8 = 4;
/// Blocks in which the answer must be heard. It begins within 160 ms and takes 40 ms to be sure of;
/// the rest is for the way through echo cancellers and buffers.
const PATIENCE: u8 = 15;
/// Blocks from the end of the answer to the data (GR-30: 50–500 ms).
const PAUSE: u8 = 4;

/// One such exchange.
pub struct InCallSender {
    phase: Phase,
    data: CallerIdSender,
    tones: ToneGenerator,
    answer: DtmfReceiver,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Signal(u8),
    Answer { left: u8, down: bool },
    Pause(u8),
    Data,
}

/// How it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It goes on.
    Busy,
    /// This was the last block: the telephone did or did not answer.
    Over { acknowledged: bool },
}

impl InCallSender {
    /// Begins.
    pub fn new(data: CallerIdSender) -> Self {
        let answer = DtmfReceiver::default();
        Self { phase: Phase::Signal(SIGNAL), data, tones: ToneGenerator::default(), answer }
    }

    /// What the telephone sent.
    pub fn listen(&mut self, samples: &Samples) {
        for edge in self.answer.listen(samples) {
            self.phase = match (self.phase, edge) {
                (Phase::Answer { left, .. }, KeyEdge::Down('A' | 'D')) => Phase::Answer { left, down: true },
                (Phase::Answer { down: true, .. }, KeyEdge::Up) => Phase::Pause(PAUSE),
                (phase, _) => phase,
            };
        }
    }

    /// The next block for the telephone.
    pub fn send(&mut self, samples: &mut Samples) -> Step {
        *samples = [0; BLOCK];
        self.phase = match self.phase {
            Phase::Signal(left) => {
                let (low, high) = ALERTING_SIGNAL;
                self.tones.fill_pair((low, LEVEL_DBM0), (high, LEVEL_DBM0), samples);
                if left > 1 { Phase::Signal(left - 1) } else { Phase::Answer { left: PATIENCE, down: false } }
            }
            Phase::Answer { left: 0, .. } => return Step::Over { acknowledged: false },
            Phase::Answer { left, down } => Phase::Answer { left: left - 1, down },
            Phase::Pause(left) if left > 1 => Phase::Pause(left - 1),
            Phase::Pause(_) => Phase::Data,
            Phase::Data => {
                if !self.data.send(samples) {
                    return Step::Over { acknowledged: true };
                }
                Phase::Data
            }
        };
        Step::Busy
    }
}
