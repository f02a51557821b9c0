//! What live traffic says: numbers, digits one by one, channels, RESTART.

use super::SpanPilot;
use crate::notebook::Notebook;
use demarc_isdn::{CallRef, Event, PartyNumber};
use demarc_model::country::Confidence;
use demarc_model::{Grade, Setting};
use std::collections::BTreeMap;

/// Calls of ours that are remembered.
const MANY: usize = 64;
/// Refusals of the channel that count.
const REFUSED: u32 = 3;

/// What calls have shown.
#[derive(Debug, Default)]
pub(super) struct CallNotes {
    /// SETUPs that came without Sending Complete, until their call is over.
    incomplete: BTreeMap<CallRef, ()>,
    /// One of them got digits by INFORMATION.
    overlap: bool,
    /// Calls of ours that got through, and such that failed for the channel, the number, the rest.
    through: u32,
    channel_refused: u32,
    number_refused: u32,
    restarts_ignored: u32,
}

impl CallNotes {
    pub(super) fn hear(&mut self, event: &Event, notes: &mut Notebook) {
        match event {
            Event::Setup(setup) => {
                let called = type_of(&setup.called);
                let calling = setup.calling.as_ref().map_or_else(|| "none".to_owned(), type_of);
                let seen = format!(
                    "A call came with called number {called} and calling number {calling} (type/plan)."
                );
                notes.note(Setting::NumberType, Some(called), (Grade::Learnt, Confidence::Medium), seen);
                if !setup.complete && self.incomplete.len() < MANY {
                    self.incomplete.insert(setup.call, ());
                }
            }
            Event::Information { call, .. } if self.incomplete.contains_key(call) => {
                self.overlap = true;
                let seen = "SETUP without Sending Complete, and more digits by INFORMATION.";
                notes.note(Setting::Overlap, Some("true".into()), (Grade::Learnt, Confidence::High), seen);
            }
            Event::Alerting { .. } | Event::Connect { .. } => self.through = self.through.saturating_add(1),
            Event::Disconnect { call, cause, .. } | Event::Cleared { call, cause } => {
                self.incomplete.remove(call);
                self.failed(*cause, notes);
            }
            Event::RestartAcked { .. } => {
                self.restarts_ignored = 0;
                let how = (Grade::Learnt, Confidence::High);
                notes.note(
                    Setting::Restart,
                    Some("answered".into()),
                    how,
                    "The far end acknowledged a RESTART.",
                );
            }
            Event::RestartTimeout { .. } => {
                self.restarts_ignored = self.restarts_ignored.saturating_add(1);
                if self.restarts_ignored >= 2 {
                    let how = (Grade::Learnt, Confidence::Medium);
                    let seen = "RESTART was not acknowledged twice in a row: leave it alone.";
                    notes.note(Setting::Restart, Some("ignored".into()), how, seen);
                }
            }
            _ => {}
        }
    }

    fn failed(&mut self, cause: u8, notes: &mut Notebook) {
        match cause {
            // Requested channel not available; identified channel does not exist.
            44 | 82 => {
                self.channel_refused = self.channel_refused.saturating_add(1);
                if self.channel_refused >= REFUSED && self.channel_refused * 5 >= self.through {
                    let seen = format!(
                        "{} calls were refused for their channel (causes 44, 82), {} got through.",
                        self.channel_refused, self.through
                    );
                    let how = (Grade::Learnt, Confidence::Medium);
                    notes.note(Setting::Channel, Some("preferred".into()), how, seen);
                }
            }
            // Invalid number format; mandatory element missing, unknown or invalid.
            28 | 96..=100 => {
                self.number_refused = self.number_refused.saturating_add(1);
                if self.number_refused >= REFUSED && self.through == 0 {
                    let seen = format!(
                        "{} calls were refused with causes 28 or 96 to 100, none got through.",
                        self.number_refused
                    );
                    notes.note(Setting::NumberType, None, (Grade::Probed, Confidence::Low), seen);
                }
            }
            _ => {}
        }
    }
}

impl SpanPilot {
    pub(super) fn decide_overlap(&mut self) {
        if self.calls.overlap
            && self.may(Setting::Overlap)
            && let Some(plan) = &mut self.plan
        {
            plan.overlap = true;
        }
    }
}

fn type_of(number: &PartyNumber) -> String {
    format!("{}/{}", number.ton, number.npi)
}
