//! Feature codes, what extensions have switched on, and what FXS ports are to do.

use super::{Config, Faults};
use crate::config::{DeviceKind, FeatureCode};
use std::collections::BTreeMap;

/// The most feature codes.
const MAX_CODES: usize = 100;

impl Config {
    pub(super) fn check_features(&self, faults: &mut Faults) {
        let codes = &self.system.feature_codes;
        if codes.len() > MAX_CODES {
            faults.add("/system/feature_codes", format!("there are more than {MAX_CODES} feature codes"));
        }
        let mut known = BTreeMap::new();
        for (i, code) in codes.iter().enumerate() {
            let field = format!("/system/feature_codes/{i}/code");
            if let Some(fault) = code_fault(code) {
                faults.add(field.clone(), fault);
            } else if self.is_emergency(&code.code) {
                faults.add(field.clone(), format!("{} is an emergency number: choose another", code.code));
            }
            faults.unique(&mut known, code.code.as_str(), field, "the feature code");
        }
        for (i, extension) in self.extensions.iter().enumerate() {
            let features = &extension.features;
            let field = |name: &str| format!("/extensions/{i}/features/{name}");
            let numbers = [
                ("forward_always", &features.forward_always),
                ("forward_busy", &features.forward_busy),
                ("forward_no_answer", &features.forward_no_answer),
            ];
            for (name, number) in numbers {
                if number.as_deref().is_some_and(|n| !can_be_dialled(n)) {
                    faults.add(field(name), "a number has 1–32 digits, `*` and `#`, as it is dialled");
                } else if number.as_deref().is_some_and(|n| self.is_emergency(n)) {
                    faults.add(field(name), "calls cannot be forwarded to an emergency number");
                }
            }
            faults.within(field("forward_after_s"), features.forward_after_s, 5, 120, "seconds");
        }
        for (i, device) in self.devices.iter().enumerate() {
            let DeviceKind::Fxs(port) = &device.kind else { continue };
            let field = |name: &str| format!("/devices/{i}/kind/features/{name}");
            if port.features.hot_line.as_deref().is_some_and(|n| !can_be_dialled(n)) {
                faults.add(field("hot_line"), "a number has 1–32 digits, `*` and `#`, as it is dialled");
            }
            faults.within(field("hot_line_after_s"), port.features.hot_line_after_s, 0, 14, "seconds");
        }
    }
}

fn can_be_dialled(number: &str) -> bool {
    (1..=32).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b))
}

fn code_fault(code: &FeatureCode) -> Option<&'static str> {
    let text = code.code.as_str();
    if !(2..=16).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit() || b"*#XN".contains(&b)) {
        return Some("a feature code has 2–16 of digits, `*`, `#`, `X` (a digit) and `N` (a number)");
    }
    let numbers = text.bytes().filter(|b| *b == b'N').count();
    let after = text.split_once('N').map_or("", |(_, after)| after);
    if text.starts_with(['N', 'X']) {
        return Some("a feature code begins with a digit, `*` or `#`");
    }
    if numbers > 1 || !(after.is_empty() || after.starts_with('#')) {
        return Some("a feature code has one number, at its end or before a `#`: `*21*N#`");
    }
    if code.feature.needs_number() != (numbers == 1) {
        return Some("this feature needs an `N` where the number stands, and no other does");
    }
    let places = text.bytes().filter(|b| *b == b'X').count();
    if places != usize::from(code.feature == crate::config::Feature::Park) {
        return Some("parking needs one `X` for the place, and no other feature does");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Feature, Secret};

    fn faults(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        change(&mut config);
        config.validate().err().unwrap_or_default().into_iter().map(|e| e.field).collect()
    }

    #[test]
    fn the_default_codes_are_sound() {
        assert_eq!(faults(|_| {}), [""; 0]);
    }

    #[test]
    fn each_fault_is_found() {
        let code = |code: &str, feature| FeatureCode { code: code.into(), feature };
        for bad in [
            code("*21*#", Feature::ForwardAlways),
            code("#21N#", Feature::ForwardAlwaysOff),
            code("*2N1*", Feature::ForwardAlways),
            code("N#", Feature::Withhold),
            code("*40", Feature::Park),
            code("*8a", Feature::PickUp),
            code("999", Feature::Redial),
        ] {
            let found = faults(|config| config.system.feature_codes = vec![bad.clone()]);
            assert_eq!(found, ["/system/feature_codes/0/code"], "{bad:?}");
        }
        let twice = faults(|config| {
            let first = config.system.feature_codes[0].clone();
            config.system.feature_codes.push(first);
        });
        assert_eq!(twice.len(), 1);
        for number in ["999", "", "0207 946", "+44"] {
            let found = faults(|config| config.extensions[0].features.forward_busy = Some(number.into()));
            assert_eq!(found, ["/extensions/0/features/forward_busy"], "{number}");
        }
    }
}
