//! Receives caller identity in any form.

use super::fields::*;
use super::keys::KeyReader;
use crate::codec::g711::Samples;
use crate::dtmf::{DtmfReceiver, KeyEdge};
use crate::sys::{AdsiReceiver, Standard};
use demarc_model::media::CallerIdForm;
use demarc_model::{CallerId, Presentation};

/// 14 dB.
const GAIN: i16 = 5;

/// What the exchange said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Who calls.
    Caller(CallerId),
    /// Whether messages wait.
    Waiting(bool),
}

/// A receiver of one form.
pub enum CallerIdReceiver {
    /// Of FSK messages.
    Fsk(AdsiReceiver),
    /// Of FSK messages in the form of Japan, for which spandsp wants a louder signal.
    Louder(AdsiReceiver),
    /// Of keys.
    Keys(Box<DtmfReceiver>, KeyReader),
}

impl CallerIdReceiver {
    /// A receiver; `None` when there is no memory.
    pub fn new(form: CallerIdForm) -> Option<Self> {
        match standard(form) {
            Some(Standard::Jclip) => AdsiReceiver::new(Standard::Jclip).map(Self::Louder),
            Some(standard) => AdsiReceiver::new(standard).map(Self::Fsk),
            None => Some(Self::Keys(Box::default(), KeyReader::default())),
        }
    }

    /// Listens to a block; the message that was completed in it.
    pub fn listen(&mut self, samples: &Samples) -> Option<Message> {
        match self {
            Self::Fsk(adsi) => adsi.listen(samples).then(|| message(adsi)).flatten(),
            Self::Louder(adsi) => {
                // A clipped FSK signal is as good as any.
                let louder = samples.map(|sample| sample.saturating_mul(GAIN));
                adsi.listen(&louder).then(|| message(adsi)).flatten()
            }
            Self::Keys(dtmf, reader) => {
                let mut caller = None;
                for edge in dtmf.listen(samples) {
                    if let KeyEdge::Down(key) = edge {
                        caller = reader.key(key).or(caller);
                    }
                }
                caller.map(Message::Caller)
            }
        }
    }
}

/// What the fields of a message say; none when it is about something else.
fn message(adsi: &mut AdsiReceiver) -> Option<Message> {
    let mut fields = adsi.fields();
    match fields.next()? {
        (CALL_SETUP | CALL_SETUP_JAPAN, _) => Some(Message::Caller(call_setup(fields))),
        (MESSAGE_WAITING, _) => fields.find_map(|(kind, body)| match (kind, body) {
            (LAMP, [lamp, ..]) => Some(Message::Waiting(*lamp != 0)),
            _ => None,
        }),
        (MESSAGE_WAITING_SINGLE, _) => fields.find_map(|(_, body)| match body.first() {
            Some(&LIT) => Some(Message::Waiting(true)),
            Some(&DARK) => Some(Message::Waiting(false)),
            _ => None,
        }),
        _ => None,
    }
}

fn call_setup<'a>(fields: impl Iterator<Item = (u8, &'a [u8])>) -> CallerId {
    let mut caller = CallerId { presentation: Presentation::Unavailable, ..CallerId::default() };
    for (kind, body) in fields {
        match (kind, body) {
            (NUMBER, body) if !body.is_empty() => {
                let digits = body.iter().filter(|b| matches!(b, b'0'..=b'9' | b'*' | b'#' | b'+'));
                caller.number = Some(digits.map(|&b| char::from(b)).collect());
                caller.presentation = Presentation::Allowed;
            }
            (NO_NUMBER, [WITHHELD]) => caller.presentation = Presentation::Restricted,
            (NAME, body) if !body.is_empty() => {
                let letters = body.iter().filter(|b| matches!(b, b' '..=b'~'));
                caller.name = Some(letters.map(|&b| char::from(b)).collect());
            }
            _ => {}
        }
    }
    caller
}
