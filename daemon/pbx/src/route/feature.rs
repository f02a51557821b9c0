//! Feature codes among what a telephone dials.

use super::{Decision, Target, Way, from_device, inside};
use demarc_model::Config;
use demarc_model::config::{Feature, Match};

/// What a telephone dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Dialled {
    /// A number.
    Number(Decision),
    /// A code, and the number or digit in it.
    Feature { feature: Feature, argument: String },
}

/// Looks up what a telephone dials: a code, or a number.
///
/// A number inside and an emergency number come before a code. While a code may still become of
/// it, a number that is complete in itself waits for more digits or for the end of dialling; an
/// emergency number does not.
pub(crate) fn dialled(config: &Config, digits: &str, complete: bool) -> Dialled {
    let mut found = None;
    let mut longer = false;
    for code in &config.system.feature_codes {
        match code.compare(digits) {
            (Match::No, _) => {}
            (Match::Partial, _) => longer = true,
            (Match::Full | Match::Open, argument) => found = Some((code.feature, argument)),
        }
    }
    let number = || with_hash(config, digits, complete);
    let Some((feature, argument)) = found else {
        let decision = number();
        let waits = !complete && longer && !digits.is_empty() && !is_emergency(&decision);
        return Dialled::Number(if waits { Decision::NeedDigits } else { decision });
    };
    let inside = inside::find(config, digits);
    if inside.exact.is_some() || is_emergency(&from_device(config, digits, complete)) {
        return Dialled::Number(number());
    }
    if feature.needs_number() && matches!(feature, Feature::Withhold | Feature::Show) {
        // The number behind the code decides when there are enough digits.
        return match with_hash(config, argument, complete) {
            Decision::NeedDigits => Dialled::Number(Decision::NeedDigits),
            _ => Dialled::Feature { feature, argument: argument.to_owned() },
        };
    }
    if !complete && (longer || inside.longer) {
        return Dialled::Number(Decision::NeedDigits);
    }
    Dialled::Feature { feature, argument: argument.to_owned() }
}

/// A `#` behind what is no code ends the number, as it does behind every other one.
fn with_hash(config: &Config, digits: &str, complete: bool) -> Decision {
    let decision = from_device(config, digits, complete);
    match (&decision, digits.strip_suffix('#')) {
        (Decision::Refuse { .. }, Some(number)) if !number.is_empty() => from_device(config, number, true),
        _ => decision,
    }
}

fn is_emergency(decision: &Decision) -> bool {
    matches!(decision, Decision::Go(Way { target: Target::Outside(outside), .. }) if outside.emergency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::Secret;

    fn config() -> Config {
        Config::default_gateway(&mut || Secret::new("long-enough-secret"))
    }

    fn outcome(digits: &str, complete: bool) -> String {
        match dialled(&config(), digits, complete) {
            Dialled::Feature { feature, argument } => format!("{feature:?} {argument}").trim_end().into(),
            Dialled::Number(Decision::NeedDigits) => "more".into(),
            Dialled::Number(Decision::Go(_)) => "number".into(),
            Dialled::Number(Decision::Refuse { .. }) => "refused".into(),
        }
    }

    #[test]
    fn codes_and_numbers() {
        for (digits, complete, expected) in [
            ("*21*202", false, "more"),
            ("*21*202#", false, "ForwardAlways 202"),
            ("#21#", false, "ForwardAlwaysOff"),
            ("*8", false, "PickUp"),
            ("**0", false, "Redial"),
            ("1471", false, "CallReturn"),
            ("147", false, "more"),
            ("*43", false, "more"),
            ("*43", true, "number"),
            ("*43#", false, "CallWaiting"),
            ("*44#", false, "number"),
            ("201", false, "number"),
            ("1", true, "refused"),
            ("*99", false, "refused"),
        ] {
            assert_eq!(outcome(digits, complete), expected, "{digits} {complete}");
        }
    }

    #[test]
    fn a_withheld_call_is_complete_when_its_number_is() {
        assert_eq!(outcome("141", false), "more");
        assert_eq!(outcome("14120", false), "more");
        assert_eq!(outcome("141201", false), "Withhold 201");
        assert_eq!(outcome("141999", false), "Withhold 999", "and 999 goes out at once");
        assert_eq!(outcome("14102079460100", true), "Withhold 02079460100");
    }

    #[test]
    fn an_emergency_number_never_waits_for_a_code() {
        let mut config = config();
        config.system.feature_codes[0].code = "1121*N#".into();
        config.system.feature_codes[1].code = "112#".into();
        let Dialled::Number(decision) = dialled(&config, "112", false) else { panic!() };
        assert!(is_emergency(&decision));
    }
}
