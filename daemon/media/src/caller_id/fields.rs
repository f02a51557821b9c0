//! The fields of the FSK messages.

use crate::sys::Standard;
use demarc_model::media::CallerIdForm;

/// Multiple data message: call setup.
pub(super) const CALL_SETUP: u8 = 0x80;
/// The same in Japan.
pub(super) const CALL_SETUP_JAPAN: u8 = 0x40;

/// Multiple data message: the message lamp.
pub(super) const MESSAGE_WAITING: u8 = 0x82;
/// The same as a single data message: its body is three times [`LIT`] or [`DARK`].
pub(super) const MESSAGE_WAITING_SINGLE: u8 = 0x06;

/// The one field of [`MESSAGE_WAITING`]: 0xFF = lit, 0 = dark.
pub(super) const LAMP: u8 = 0x0B;
/// Messages wait.
pub(super) const LIT: u8 = 0x42;
/// None wait.
pub(super) const DARK: u8 = 0x6F;
/// The field type that puts a body into a single data message.
pub(super) const BARE: u8 = 0;

/// Date and time: MMDDHHMM.
pub(super) const CLOCK: u8 = 0x01;
/// The caller's number.
pub(super) const NUMBER: u8 = 0x02;
/// Why there is no number: [`WITHHELD`] or [`UNAVAILABLE`].
pub(super) const NO_NUMBER: u8 = 0x04;
/// The caller's name.
pub(super) const NAME: u8 = 0x07;
/// Why there is no name.
pub(super) const NO_NAME: u8 = 0x08;
/// ETSI: the type of call, 1 = voice. It comes first.
pub(super) const CALL_TYPE: u8 = 0x11;

/// Private.
pub(super) const WITHHELD: u8 = b'P';
/// Out of area.
pub(super) const UNAVAILABLE: u8 = b'O';

/// The standard behind a form; none for keys.
pub(super) fn standard(form: CallerIdForm) -> Option<Standard> {
    match form {
        CallerIdForm::Bell202 => Some(Standard::Class),
        CallerIdForm::V23 => Some(Standard::Clip),
        CallerIdForm::V23Japan => Some(Standard::Jclip),
        CallerIdForm::Dtmf => None,
    }
}
