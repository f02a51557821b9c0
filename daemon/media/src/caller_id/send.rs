//! Sends caller identity, and the state of the message lamp, as an FSK message.

use super::fields::*;
use crate::codec::g711::Samples;
use crate::sys::{AdsiSender, Standard};
use demarc_model::media::CallerIdForm;
use demarc_model::{CallerId, Presentation};

/// Digits that a telephone shows (EN 300 659-3 §5.4.2: at most 20).
const NUMBER_LENGTH: usize = 20;
/// Letters of a name (GR-30: 15; ETSI allows 50, but telephones do not).
const NAME_LENGTH: usize = 15;

/// A message being sent.
pub struct CallerIdSender {
    adsi: AdsiSender,
}

impl CallerIdSender {
    /// A message about `caller`; `clock` is month, day, hour, minute. `None` for [`CallerIdForm::Dtmf`],
    /// which is sent as keys.
    pub fn new(form: CallerIdForm, caller: &CallerId, clock: [u8; 4]) -> Option<Self> {
        let mut adsi = Self::call_setup(standard(form)?, caller, clock)?;
        adsi.start().then_some(Self { adsi })
    }

    /// The same for a telephone that is in a call; `None` where the form knows no such thing.
    pub fn in_call(form: CallerIdForm, caller: &CallerId, clock: [u8; 4]) -> Option<Self> {
        let standard = standard(form).filter(|&standard| standard != Standard::Jclip)?;
        let mut adsi = Self::call_setup(standard, caller, clock)?;
        adsi.shorten_for_call();
        adsi.start().then_some(Self { adsi })
    }

    /// Switches the message lamp; `None` where the form cannot. `single`: in a single data message.
    pub fn message_waiting(form: CallerIdForm, waiting: bool, single: bool) -> Option<Self> {
        let standard = standard(form).filter(|&standard| standard != Standard::Jclip)?;
        let mut adsi = if single {
            let mut adsi = AdsiSender::new(standard, MESSAGE_WAITING_SINGLE)?;
            adsi.field(BARE, &[if waiting { LIT } else { DARK }; 3]);
            adsi
        } else {
            let mut adsi = AdsiSender::new(standard, MESSAGE_WAITING)?;
            adsi.field(LAMP, &[if waiting { 0xFF } else { 0 }]);
            adsi
        };
        adsi.start().then_some(Self { adsi })
    }

    fn call_setup(standard: Standard, caller: &CallerId, clock: [u8; 4]) -> Option<AdsiSender> {
        let kind = if standard == Standard::Jclip { CALL_SETUP_JAPAN } else { CALL_SETUP };
        let mut adsi = AdsiSender::new(standard, kind)?;
        if standard == Standard::Clip {
            adsi.field(CALL_TYPE, &[1]);
        }
        if standard != Standard::Jclip {
            adsi.field(CLOCK, &clock.map(|n| [b'0' + n / 10 % 10, b'0' + n % 10]).concat());
        }
        let reason = if caller.presentation == Presentation::Restricted { WITHHELD } else { UNAVAILABLE };
        match caller.shown_number().map(digits).filter(|d| !d.is_empty()) {
            Some(number) => adsi.field(NUMBER, &number),
            None => adsi.field(NO_NUMBER, &[reason]),
        }
        if standard != Standard::Jclip {
            match caller.shown_name().map(letters).filter(|l| !l.is_empty()) {
                Some(name) => adsi.field(NAME, &name),
                None if reason == WITHHELD => adsi.field(NO_NAME, &[reason]),
                None => {}
            }
        }
        Some(adsi)
    }

    /// The next block; false when this is the last.
    pub fn send(&mut self, samples: &mut Samples) -> bool {
        let sent = self.adsi.send(samples);
        if let Some(rest) = samples.get_mut(sent..) {
            rest.fill(0);
        }
        sent == samples.len()
    }
}

fn digits(number: &str) -> Vec<u8> {
    number.bytes().filter(|b| matches!(b, b'0'..=b'9' | b'*' | b'#')).take(NUMBER_LENGTH).collect()
}

fn letters(name: &str) -> Vec<u8> {
    let printable = |c: char| if matches!(c, ' '..='~') { c as u8 } else { b'?' };
    name.trim().chars().take(NAME_LENGTH).map(printable).collect()
}
