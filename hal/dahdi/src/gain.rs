//! Gains of a port: the card's own where it has them, else tables over the octets of ITU-T G.711.

use crate::channel::Channel;
use crate::device::{is, os};
use crate::sys::abi::{self, Gains, HwGain};
use demarc_hal::{Companding, Error, LineSettings};
use nix::errno::Errno;

/// What can be set, in decibels.
const RANGE: std::ops::RangeInclusive<f32> = -24.0..=12.0;

/// Whether gains are within what can be set.
///
/// # Errors
/// [`Error::Unsupported`].
pub fn check(settings: &LineSettings) -> Result<(), Error> {
    let fits = |gain| RANGE.contains(&gain);
    if fits(settings.receive_gain_db) && fits(settings.transmit_gain_db) {
        Ok(())
    } else {
        Err(Error::Unsupported("a gain outside −24 to +12 dB"))
    }
}

/// Sets the gains of an open channel, which opening has put back to none.
///
/// # Errors
/// [`Error::Unsupported`], [`Error::Gone`], [`Error::Os`].
pub fn apply(channel: &Channel, law: Companding, settings: &LineSettings) -> Result<(), Error> {
    check(settings)?;
    let hardware = [(settings.receive_gain_db, 0), (settings.transmit_gain_db, 1)].into_iter().try_for_each(
        |(gain, tx)| {
            let newgain = (gain * 10.0).round() as i32;
            channel.request(abi::SET_HWGAIN, &mut HwGain { newgain, tx })
        },
    );
    let tables = match hardware {
        Ok(()) => return Ok(()),
        Err(error)
            if [Errno::ENOTTY, Errno::ENOSYS, Errno::EINVAL].into_iter().any(|number| is(&error, number)) =>
        {
            Gains {
                chan: 0,
                rxgain: table(law, settings.receive_gain_db),
                txgain: table(law, settings.transmit_gain_db),
            }
        }
        Err(error) => return Err(os("setting the gain of a card")(error)),
    };
    channel.request(abi::SETGAINS, &mut { tables }).map_err(os("setting the gains of a channel"))
}

/// What each octet becomes.
fn table(law: Companding, gain: f32) -> [u8; 256] {
    let mut table = [0; 256];
    let factor = 10_f32.powf(gain / 20.0);
    for (octet, to) in (0..=u8::MAX).zip(&mut table) {
        *to = if gain == 0.0 { octet } else { encode(law, (decode(law, octet) as f32 * factor) as i32) };
    }
    table
}

/// The octet's value, of 14 bits and a sign in steps of a 16-bit sample.
fn decode(law: Companding, octet: u8) -> i32 {
    let (octet, flip) = match law {
        Companding::MuLaw => (!octet, 0x80),
        Companding::ALaw => (octet ^ 0x55, 0),
    };
    let (exponent, mantissa) = (i32::from(octet >> 4 & 7), i32::from(octet & 0xF));
    let size = match (law, exponent) {
        (Companding::MuLaw, _) => (((mantissa << 3) + 0x84) << exponent) - 0x84,
        (Companding::ALaw, 0) => (mantissa << 4) + 8,
        (Companding::ALaw, _) => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    // The sign bit is 1 for positive values, in mu-law before its bits are turned over.
    if (octet ^ flip) & 0x80 != 0 { size } else { -size }
}

/// The octet nearest to a value: the one whose value differs least.
fn encode(law: Companding, value: i32) -> u8 {
    (0..=u8::MAX).min_by_key(|octet| decode(law, *octet).abs_diff(value)).unwrap_or_else(|| law.idle())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_those_of_the_recommendation() {
        // Idle, the largest, and a sign.
        assert_eq!(decode(Companding::MuLaw, 0xFF), 0);
        assert_eq!(decode(Companding::MuLaw, 0x80), 32124);
        assert_eq!(decode(Companding::MuLaw, 0x00), -32124);
        assert_eq!(decode(Companding::ALaw, 0xD5), 8);
        assert_eq!(decode(Companding::ALaw, 0x55), -8);
        assert_eq!(decode(Companding::ALaw, 0xAA), 32256);
        assert_eq!(decode(Companding::ALaw, 0x2A), -32256);
    }

    #[test]
    fn no_gain_changes_nothing() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            let table = table(law, 0.0);
            assert!(table.iter().zip(0..=u8::MAX).all(|(to, from)| *to == from));
            assert!(
                (0..=u8::MAX).all(|octet| decode(law, encode(law, decode(law, octet))) == decode(law, octet))
            );
        }
    }

    #[test]
    fn six_decibels_double() {
        let gain = 20.0 * 2_f32.log10();
        for law in [Companding::ALaw, Companding::MuLaw] {
            let louder = table(law, gain);
            let softer = table(law, -gain);
            for octet in [0x91_u8, 0xA3, 0x12, 0xB8] {
                let value = decode(law, octet);
                let near =
                    |to: u8, wanted: i32| decode(law, to).abs_diff(wanted) <= wanted.unsigned_abs() / 16 + 8;
                assert!(near(louder[usize::from(octet)], (2 * value).clamp(-32256, 32256)), "{octet:#x}");
                assert!(near(softer[usize::from(octet)], value / 2), "{octet:#x}");
            }
        }
    }

    #[test]
    fn what_is_no_gain_is_refused() {
        for gain in [f32::NAN, f32::INFINITY, 12.5, -25.0] {
            assert!(check(&LineSettings { receive_gain_db: gain, ..LineSettings::default() }).is_err());
        }
    }
}
