//! Layer-3 messages of a span in the ladders of its calls.

use crate::desk::Desk;
use demarc_isdn::{CallRef, q931};
use demarc_model::LegId;
use demarc_model::trace::{Direction, Protocol};
use std::collections::VecDeque;

/// How many calls are remembered beyond their life, and before it.
const REMEMBERED: usize = 64;

/// Which legs the messages of calls belong to that are not calls yet, or no more.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// SETUP was seen as a frame, not yet as an event.
    early: VecDeque<(CallRef, LegId)>,
    /// The call has ended; its last frames come late.
    late: VecDeque<(CallRef, LegId)>,
}

impl Memory {
    /// A frame crossed the D channel: a line of the ladder. `known`: the leg of a call that lives.
    pub(super) fn frame(
        &mut self,
        desk: &mut Desk,
        known: Option<LegId>,
        reference: CallRef,
        outgoing: bool,
        octets: &[u8],
    ) {
        let leg = known.or_else(|| self.remembered(reference)).or_else(|| {
            if outgoing || reference.0 % 2 == 1 {
                return None;
            }
            let leg = desk.mint_leg();
            push(&mut self.early, reference, leg);
            Some(leg)
        });
        let direction = if outgoing { Direction::Out } else { Direction::In };
        desk.trace(leg, direction, Protocol::Q931, || {
            let description = q931::describe(octets);
            (description.label, description.detail)
        });
    }

    /// The leg that the frames of an incoming call were given.
    pub(super) fn take_early(&mut self, reference: CallRef) -> Option<LegId> {
        let at = self.early.iter().position(|(known, _)| *known == reference)?;
        self.early.remove(at).map(|(_, leg)| leg)
    }

    /// A call has ended.
    pub(super) fn ended(&mut self, reference: CallRef, leg: LegId) {
        push(&mut self.late, reference, leg);
    }

    /// The references of the next helper begin anew.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    fn remembered(&self, reference: CallRef) -> Option<LegId> {
        let mut all = self.early.iter().chain(self.late.iter().rev());
        all.find(|(known, _)| *known == reference).map(|(_, leg)| *leg)
    }
}

fn push(queue: &mut VecDeque<(CallRef, LegId)>, reference: CallRef, leg: LegId) {
    queue.push_back((reference, leg));
    if queue.len() > REMEMBERED {
        queue.pop_front();
    }
}
