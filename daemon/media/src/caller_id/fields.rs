//! The fields of the FSK messages.

use crate::sys::Standard;
use demarc_model::media::CallerIdForm;

/// Multiple data message: call setup.
pub(super) const CALL_SETUP: u8 = 0x80;
/// The same in Japan.
pub(super) const CALL_SETUP_JAPAN: u8 = 0x40;

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
