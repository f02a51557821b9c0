//! Numbers: what can be dialled, what is E.164, and who has which inside.

use super::{Config, Faults};
use crate::config::{Pattern, ServiceKind};
use std::collections::BTreeMap;

/// The longest number that can be dialled.
const MAX_DIALLED: usize = 32;

impl Config {
    /// Is this an emergency number, of the country or of this site?
    pub fn is_emergency(&self, number: &str) -> bool {
        self.system.country.is_emergency(number) || self.system.emergency_numbers.iter().any(|n| n == number)
    }

    pub(super) fn check_services(&self, faults: &mut Faults) {
        faults.ids("services", &self.services, |s| s.id);
        for (i, service) in self.services.iter().enumerate() {
            let field = |name: &str| format!("/services/{i}/{name}");
            check_pattern(faults, field("number"), &service.number);
            faults.name(field("name"), &service.name);
            match &service.kind {
                ServiceKind::DelayedAnswer { after_s } => {
                    faults.within(field("kind/after_s"), *after_s, 1, 60, "seconds");
                }
                ServiceKind::RejectByNumber { base } => {
                    faults.within(field("kind/base"), *base, 0, 998, "");
                }
                ServiceKind::CallBack { number, caller } => {
                    if !is_dialable(number) {
                        faults.add(
                            field("kind/number"),
                            "write the number to call, as a telephone here dials it",
                        );
                    }
                    if caller.number.as_deref().is_some_and(|n| !is_dialable(n)) {
                        faults.add(
                            field("kind/caller/number"),
                            "this is not a number: write it as `+442079460110`, or leave it out",
                        );
                    }
                }
                ServiceKind::Echo
                | ServiceKind::Milliwatt
                | ServiceKind::NoAnswer
                | ServiceKind::Announcement
                | ServiceKind::Reject { .. }
                | ServiceKind::DigitReadback => {}
            }
        }
    }

    /// Numbers are unique among extensions, ring groups and services.
    pub(super) fn check_internal_numbers(&self, faults: &mut Faults) {
        let mut seen: BTreeMap<&str, String> = BTreeMap::new();
        for (i, extension) in self.extensions.iter().enumerate() {
            faults.unique(&mut seen, &extension.number, format!("/extensions/{i}/number"), "the number");
        }
        for (i, group) in self.ring_groups.iter().enumerate() {
            faults.unique(&mut seen, &group.number, format!("/ring_groups/{i}/number"), "the number");
        }
        for (i, service) in self.services.iter().enumerate() {
            faults.unique(&mut seen, &service.number.0, format!("/services/{i}/number"), "the number");
        }
    }
}

pub(super) fn check_pattern(faults: &mut Faults, field: String, pattern: &Pattern) {
    if let Err(error) = pattern.check() {
        faults.add(field, error.to_string());
    }
}

/// `+` and 7–15 digits, the first not 0.
pub(super) fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// Digits, `*`, `#`, and a leading `+`.
pub(super) fn is_dialable(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (1..=MAX_DIALLED).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'*' || b == b'#')
}
