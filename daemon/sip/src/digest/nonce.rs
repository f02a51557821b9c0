//! Nonces that need no memory until somebody with the right password uses them.
//!
//! A nonce is the moment it was made, a serial number and a keyed hash of both: whether it is ours
//! and how old it is can be told from itself. Only the use counts of nonces that proved good are
//! kept, so nobody without a password can fill the table.

use super::hash;
use demarc_model::Instant;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a nonce is good.
pub(super) const LIFETIME: Duration = Duration::from_secs(300);

/// How many nonces in use are remembered; the oldest goes first, and its users get a new one.
const MAX_NONCES: usize = 4096;

/// When it was made (µs of the monotonic clock) and its serial number.
type Id = (u64, u32);

/// How a nonce stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Ours, fresh, not used with this count before.
    Good,
    /// Not ours (any more), too old, or used with this count before.
    Stale,
}

#[derive(Debug)]
pub(super) struct Nonces {
    key: [u8; 32],
    serial: u32,
    used: BTreeMap<Id, Uses>,
    /// Nonces up to here may have been used and forgotten.
    forgotten: Option<Id>,
}

/// The counts a nonce was used with: the highest, and which of the 64 below it. Requests of a phone
/// may overtake one another on UDP, so a count may come late but never twice.
#[derive(Debug, Clone, Copy, Default)]
struct Uses {
    highest: u32,
    below: u64,
}

impl Nonces {
    pub(super) fn new(key: [u8; 32]) -> Self {
        Self { key, serial: 0, used: BTreeMap::new(), forgotten: None }
    }

    pub(super) fn make(&mut self, now: Instant) -> String {
        self.serial = self.serial.wrapping_add(1);
        self.write((micros(now), self.serial))
    }

    fn write(&self, (made, serial): Id) -> String {
        let id = format!("{made:016x}{serial:08x}");
        let mac = hash::hmac(&self.key, id.as_bytes());
        id + &hash::hex(mac.get(..16).unwrap_or_default())
    }

    /// Looks a nonce up and marks it as used `count` times.
    pub(super) fn spend(&mut self, now: Instant, nonce: &str, count: u32) -> Standing {
        self.expire(now);
        let Some(id) = self.read(nonce) else { return Standing::Stale };
        let age = micros(now).checked_sub(id.0);
        let fresh = age.is_some_and(|age| u128::from(age) <= LIFETIME.as_micros());
        if !fresh || self.forgotten.is_some_and(|gone| id <= gone) {
            return Standing::Stale;
        }
        let standing = self.used.entry(id).or_default().spend(count);
        if self.used.len() > MAX_NONCES {
            self.forgotten = self.used.pop_first().map(|(id, _)| id);
        }
        standing
    }

    /// The nonce is ours when writing its parts again gives the same.
    fn read(&self, nonce: &str) -> Option<Id> {
        let made = u64::from_str_radix(nonce.get(..16)?, 16).ok()?;
        let serial = u32::from_str_radix(nonce.get(16..24)?, 16).ok()?;
        hash::same(self.write((made, serial)).as_bytes(), nonce.as_bytes()).then_some((made, serial))
    }

    fn expire(&mut self, now: Instant) {
        let Some(oldest) = micros(now).checked_sub(LIFETIME.as_micros() as u64) else { return };
        while let Some(entry) = self.used.first_entry().filter(|e| e.key().0 < oldest) {
            entry.remove();
        }
    }
}

impl Uses {
    fn spend(&mut self, count: u32) -> Standing {
        if count > self.highest {
            let shift = count - self.highest;
            self.below = self.below.checked_shl(shift).unwrap_or(0);
            if self.highest > 0 && shift <= 64 {
                self.below |= 1u64.checked_shl(shift - 1).unwrap_or(0);
            }
            self.highest = count;
            return Standing::Good;
        }
        let Some(bit) = (self.highest - count).checked_sub(1).and_then(|b| 1u64.checked_shl(b)) else {
            return Standing::Stale; // the highest itself, or too far below to know
        };
        if count == 0 || self.below & bit != 0 {
            return Standing::Stale;
        }
        self.below |= bit;
        Standing::Good
    }
}

fn micros(now: Instant) -> u64 {
    u64::try_from(now.since_start().as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Standing::{Good, Stale};

    fn at(seconds: u64) -> Instant {
        Instant::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn a_count_is_good_once_also_out_of_order() {
        let mut nonces = Nonces::new([1; 32]);
        let nonce = nonces.make(at(10));
        let counts = [1, 3, 2, 2, 3, 1, 70, 69, 6, 7, 69, 5, 70, 0, 1000, 1000, 999, u32::MAX];
        let wanted = [
            Good, Good, Good, Stale, Stale, Stale, Good, Good, Good, Good, Stale, Stale, Stale, Stale, Good,
            Stale, Good, Good,
        ];
        for (count, wanted) in counts.into_iter().zip(wanted) {
            assert_eq!(nonces.spend(at(11), &nonce, count), wanted, "{count}");
        }
    }

    #[test]
    fn only_fresh_nonces_of_ours_are_good() {
        let mut nonces = Nonces::new([1; 32]);
        let nonce = nonces.make(at(10));
        assert_ne!(nonce, nonces.make(at(10)));
        assert_eq!(Nonces::new([2; 32]).spend(at(11), &nonce, 1), Stale);
        assert_eq!(nonces.spend(at(9), &nonce, 1), Stale);
        assert_eq!(nonces.spend(at(311), &nonce, 1), Stale);
        assert_eq!(nonces.spend(at(310), &nonce.to_uppercase(), 1), Stale);
        for forged in ["", "é", &nonce[..55], &format!("{nonce}0"), "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"] {
            assert_eq!(nonces.spend(at(11), forged, 1), Stale);
        }
        assert_eq!(nonces.spend(at(310), &nonce, 1), Good);
    }

    #[test]
    fn the_table_is_bounded_and_what_it_forgets_is_not_good_again() {
        let mut nonces = Nonces::new([1; 32]);
        let all: Vec<_> = (0..MAX_NONCES + 10).map(|_| nonces.make(at(10))).collect();
        for nonce in &all {
            assert_eq!(nonces.spend(at(11), nonce, 1), Good);
        }
        assert_eq!(nonces.used.len(), MAX_NONCES);
        assert!(all.iter().all(|nonce| nonces.spend(at(12), nonce, 1) == Stale));
        nonces.expire(at(1000));
        assert!(nonces.used.is_empty());
    }
}
