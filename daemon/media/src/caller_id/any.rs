//! Receives caller identity in whatever form it comes: all receivers at once, and the winner is told.
//!
//! Bell 202 and V.23 are so near each other that a receiver of one understands the other. What tells
//! them apart is the mark that precedes the data, 1200 or 1300 Hz for 150 ms.

use super::receive::{CallerIdReceiver, Message};
use crate::codec::g711::Samples;
use crate::measure::{Goertzel, energy};
use demarc_model::media::CallerIdForm;

/// Every form.
const FORMS: [CallerIdForm; 4] =
    [CallerIdForm::Bell202, CallerIdForm::V23, CallerIdForm::V23Japan, CallerIdForm::Dtmf];
/// Marks of Bell 202 and V.23, in Hz.
const MARKS: [f32; 2] = [1200.0, 1300.0];
/// How much of a block's energy lies at a mark.
const PURE: f64 = 0.7;
/// Blocks after a message in which the same message is expected of another receiver.
const SAME: u8 = 25;

/// A receiver of every form.
pub struct AnyReceiver {
    receivers: Vec<(CallerIdForm, CallerIdReceiver)>,
    marks: [Goertzel; 2],
    /// The mark that was heard last.
    mark: Option<CallerIdForm>,
    deaf: u8,
}

impl AnyReceiver {
    /// A receiver; `None` when there is no memory.
    pub fn new() -> Option<Self> {
        let receivers = FORMS.into_iter().map(|form| Some((form, CallerIdReceiver::new(form)?)));
        Some(Self {
            receivers: receivers.collect::<Option<_>>()?,
            marks: MARKS.map(Goertzel::new),
            mark: None,
            deaf: 0,
        })
    }

    /// Listens to a block; the message that was completed in it, and its form.
    pub fn listen(&mut self, samples: &Samples) -> Option<(CallerIdForm, Message)> {
        let energy = energy(samples).max(1.0);
        let parts = self.marks.each_mut().map(|mark| {
            mark.feed(samples);
            mark.take(samples.len()) / energy
        });
        let [bell, v23] = parts.map(|part| part > PURE);
        self.mark = match (bell, v23) {
            (true, false) => Some(CallerIdForm::Bell202),
            (false, true) => Some(CallerIdForm::V23),
            _ => self.mark,
        };
        self.deaf = self.deaf.saturating_sub(1);
        let mut heard = None;
        for (form, receiver) in &mut self.receivers {
            if let Some(message) = receiver.listen(samples) {
                let near = matches!(form, CallerIdForm::Bell202 | CallerIdForm::V23);
                let form = if near { self.mark.unwrap_or(*form) } else { *form };
                heard = heard.or(Some((form, message)));
            }
        }
        let heard = heard.filter(|_| self.deaf == 0)?;
        self.deaf = SAME;
        Some(heard)
    }
}
