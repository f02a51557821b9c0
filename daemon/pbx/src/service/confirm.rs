//! Says that a feature was set: confirmation tone, and then the call is over.

use super::{Act, Service};
use demarc_model::Cause;
use demarc_model::media::{Source, Tone};
use std::time::Duration;

/// Sounds a tone once.
#[derive(Debug)]
pub(crate) struct Confirm {
    pub tone: Tone,
}

impl Service for Confirm {
    fn start(&mut self) -> Vec<Act> {
        let length = self.tone.parts.iter().map(|part| u64::from(part.ms)).sum::<u64>();
        let wait = Duration::from_millis(length + 400);
        vec![Act::Answer, Act::Play(Source::Tone(self.tone.clone())), Act::Wait(wait)]
    }

    fn timeout(&mut self) -> Vec<Act> {
        vec![Act::End(Cause::NORMAL_CLEARING)]
    }
}
