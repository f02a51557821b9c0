//! Who calls, as each party is to see it.
//!
//! A telephone is what the configuration says it is, whatever it claims; only its wish to be
//! withheld is taken over. Who withholds the number stays withheld under every policy. A number
//! that may not be shown goes to trunks, which carry it marked, and never to a telephone.

use demarc_model::config::{CallerIdPolicy, DeviceId, Extension};
use demarc_model::{CallerId, Config, Presentation};

/// The extension that a device belongs to: the first that rings it.
pub(crate) fn extension_of(config: &Config, device: DeviceId) -> Option<&Extension> {
    config.extensions.iter().find(|extension| extension.devices.contains(&device))
}

/// A telephone that calls, as others inside see it.
pub(crate) fn from_device(config: &Config, device: DeviceId, claimed: &CallerId) -> CallerId {
    let extension = extension_of(config, device);
    let device = || config.devices.iter().find(|d| d.id == device).map(|d| d.name.clone());
    let presentation = match claimed.presentation {
        Presentation::Restricted => Presentation::Restricted,
        Presentation::Allowed | Presentation::Unavailable => Presentation::Allowed,
    };
    CallerId {
        number: extension.map(|e| e.number.clone()),
        name: extension.map(|e| e.name.clone()).or_else(device),
        presentation,
        ..CallerId::default()
    }
}

/// A caller on a trunk, with the number as E.164 where it can be told.
pub(crate) fn from_trunk(config: &Config, received: &CallerId) -> CallerId {
    let e164 = |n: &String| config.system.country.to_e164(n, &config.system.area_code);
    let number = received.number.as_ref().map(|n| e164(n).unwrap_or_else(|| n.clone()));
    CallerId { number, ..received.clone() }
}

/// A caller as a telephone here is to show it: a number that it can dial, and nothing of who
/// withholds it.
pub(crate) fn to_device(config: &Config, caller: &CallerId) -> CallerId {
    CallerId {
        number: caller.shown_number().map(|n| config.system.country.shown(n)),
        name: caller.shown_name().map(str::to_string),
        ..caller.clone()
    }
}

/// A caller from inside as the outside is to see it. `inside` is who calls, with the wish to be
/// withheld; what it is called inside is told to a `private` exchange only. An emergency call shows
/// its number whatever the policy: help must find the place.
pub(crate) fn to_trunk(
    policy: &CallerIdPolicy,
    inside: &CallerId,
    extension: Option<&Extension>,
    emergency: bool,
    private: bool,
) -> CallerId {
    let own = extension.and_then(|e| e.outside_number.clone());
    let (number, name) = match policy {
        CallerIdPolicy::Fixed { number } if !(emergency && own.is_some()) => (Some(number.clone()), None),
        _ if private => (own, inside.name.clone()),
        _ => (own, extension.and_then(|e| e.outside_name.clone())),
    };
    let withheld = inside.presentation == Presentation::Restricted
        || extension.is_some_and(|e| e.withhold)
        || *policy == CallerIdPolicy::Withhold;
    let presentation = presentation(withheld && !emergency, number.as_ref());
    CallerId { number, name, presentation, ..CallerId::default() }
}

/// A telephone of a private exchange as the outside is to see it: its own number when that is a public
/// one, as the exchange says; whether it may be shown this way is for the network to screen.
pub(crate) fn private_to_trunk(policy: &CallerIdPolicy, inside: &CallerId, emergency: bool) -> CallerId {
    let own = inside.number.clone().filter(|number| number.starts_with('+'));
    let (number, name) = match policy {
        CallerIdPolicy::Fixed { number } if !(emergency && own.is_some()) => (Some(number.clone()), None),
        _ => (own, inside.name.clone()),
    };
    let withheld = inside.presentation == Presentation::Restricted || *policy == CallerIdPolicy::Withhold;
    let presentation = presentation(withheld && !emergency, number.as_ref());
    CallerId { number, name, presentation, ..CallerId::default() }
}

/// The name of somebody who diverted a call, as the outside is to see it: of an extension that which it has
/// outside.
pub(crate) fn diverted_outside(config: &Config, party: &CallerId) -> Option<String> {
    let number = |e: &Extension| e.outside_number.clone().or_else(|| Some(e.number.clone()));
    let ours = |e: &&Extension| number(e) == party.number && Some(&e.name) == party.name.as_ref();
    match config.extensions.iter().find(ours) {
        Some(extension) => extension.outside_name.clone(),
        None => party.name.clone(),
    }
}

/// How a number may be shown; without one the trunk shows its own.
fn presentation(withheld: bool, number: Option<&String>) -> Presentation {
    match (withheld, number) {
        (true, _) => Presentation::Restricted,
        (false, None) => Presentation::Unavailable,
        (false, Some(_)) => Presentation::Allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::{ExtensionId, Secret};

    fn config() -> Config {
        Config::default_gateway(&mut || Secret::new("long-enough-secret"))
    }

    fn claimed(presentation: Presentation) -> CallerId {
        CallerId {
            number: Some("+442079460999".into()),
            name: Some("The Queen".into()),
            presentation,
            ..CallerId::default()
        }
    }

    fn outside(policy: &CallerIdPolicy, wish: Presentation, withhold: bool, emergency: bool) -> CallerId {
        let mut config = config();
        config.extensions[0].withhold = withhold;
        let inside = from_device(&config, DeviceId(1), &claimed(wish));
        to_trunk(policy, &inside, extension_of(&config, DeviceId(1)), emergency, false)
    }

    #[test]
    fn a_telephone_is_what_the_configuration_says() {
        let caller = from_device(&config(), DeviceId(1), &claimed(Presentation::Allowed));
        assert_eq!(caller.number.as_deref(), Some("201"));
        assert_eq!(caller.name.as_deref(), Some("Extension 201"));
        let mut config = config();
        config.extensions.retain(|e| e.id != ExtensionId(201));
        let caller = from_device(&config, DeviceId(1), &claimed(Presentation::Allowed));
        assert_eq!((caller.number, caller.name.as_deref()), (None, Some("Phone 201")));
    }

    #[test]
    fn withheld_stays_withheld_under_every_policy() {
        let fixed = CallerIdPolicy::Fixed { number: "+442079460900".into() };
        for policy in [CallerIdPolicy::Extension, fixed, CallerIdPolicy::Withhold] {
            for (wish, withhold) in [
                (Presentation::Restricted, false),
                (Presentation::Allowed, true),
                (Presentation::Restricted, true),
            ] {
                let caller = outside(&policy, wish, withhold, false);
                assert_eq!(caller.presentation, Presentation::Restricted, "{policy:?}");
                assert!(caller.number.is_some(), "trunks get it, marked");
            }
        }
        let caller = outside(&CallerIdPolicy::Withhold, Presentation::Allowed, false, false);
        assert_eq!(caller.presentation, Presentation::Restricted);
    }

    #[test]
    fn an_emergency_call_shows_the_number_of_its_place() {
        let fixed = CallerIdPolicy::Fixed { number: "+442079460900".into() };
        for policy in [CallerIdPolicy::Extension, fixed, CallerIdPolicy::Withhold] {
            let caller = outside(&policy, Presentation::Restricted, true, true);
            assert_eq!(caller.shown_number(), Some("+442079460901"), "{policy:?}");
        }
    }

    #[test]
    fn policies() {
        let fixed = CallerIdPolicy::Fixed { number: "+442079460900".into() };
        assert_eq!(
            outside(&fixed, Presentation::Allowed, false, false).shown_number(),
            Some("+442079460900")
        );
        let own = outside(&CallerIdPolicy::Extension, Presentation::Allowed, false, false);
        assert_eq!(own.shown_number(), Some("+442079460901"));
        assert_eq!(own.shown_name(), None, "what it is called inside stays there");
        let mut config = config();
        config.extensions[0].outside_name = Some("Harbour Office".into());
        let inside = from_device(&config, DeviceId(1), &claimed(Presentation::Allowed));
        let shown = |policy: &CallerIdPolicy, private| {
            let extension = extension_of(&config, DeviceId(1));
            to_trunk(policy, &inside, extension, false, private).shown_name().map(str::to_owned)
        };
        assert_eq!(shown(&CallerIdPolicy::Extension, false).as_deref(), Some("Harbour Office"));
        assert_eq!(shown(&CallerIdPolicy::Extension, true).as_deref(), Some("Extension 201"));
        assert_eq!(shown(&fixed, false), None, "another number, another name");
        assert_eq!(shown(&CallerIdPolicy::Withhold, false), None);
    }

    #[test]
    fn who_diverts_a_call_outside_has_the_name_of_outside() {
        let mut config = config();
        let party = |number: &str, name: &str| CallerId {
            number: Some(number.into()),
            name: Some(name.into()),
            ..CallerId::default()
        };
        let shown = |config: &Config, party: &CallerId| diverted_outside(config, party);
        let ours = party("+442079460901", "Extension 201");
        assert_eq!(shown(&config, &ours), None);
        config.extensions[0].outside_name = Some("Harbour Office".into());
        assert_eq!(shown(&config, &ours).as_deref(), Some("Harbour Office"));
        config.extensions[0].outside_number = None;
        assert_eq!(shown(&config, &party("201", "Extension 201")).as_deref(), Some("Harbour Office"));
        let somebody = party("+442079460100", "Lighthouse");
        assert_eq!(shown(&config, &somebody).as_deref(), Some("Lighthouse"), "as it came");
    }

    #[test]
    fn a_private_exchange_shows_its_public_numbers() {
        let shown = |number: &str, presentation, policy: &CallerIdPolicy, emergency| {
            let inside = CallerId { number: Some(number.into()), presentation, ..CallerId::default() };
            let seen = private_to_trunk(policy, &inside, emergency);
            (seen.number, seen.presentation)
        };
        let (allowed, restricted) = (Presentation::Allowed, Presentation::Restricted);
        let own = Some("+442079460912".to_owned());
        let fixed = CallerIdPolicy::Fixed { number: "+442079460900".into() };
        let by = CallerIdPolicy::Extension;
        assert_eq!(shown("+442079460912", allowed, &by, false), (own.clone(), allowed));
        assert_eq!(shown("+442079460912", restricted, &by, false), (own.clone(), restricted));
        assert_eq!(shown("+442079460912", restricted, &by, true), (own.clone(), allowed), "help finds it");
        assert_eq!(shown("+442079460912", allowed, &fixed, true), (own, allowed), "and the very telephone");
        assert_eq!(shown("12", allowed, &by, false), (None, Presentation::Unavailable), "nobody else's 12");
        assert_eq!(shown("12", allowed, &fixed, false), (Some("+442079460900".into()), allowed));
    }

    #[test]
    fn a_telephone_never_gets_a_withheld_number() {
        let config = config();
        let restricted =
            CallerId { presentation: Presentation::Restricted, ..claimed(Presentation::Allowed) };
        let shown = to_device(&config, &restricted);
        assert_eq!((shown.number, shown.name), (None, None));
        assert_eq!(shown.presentation, Presentation::Restricted);
        let shown = to_device(&config, &claimed(Presentation::Allowed));
        assert_eq!(shown.number.as_deref(), Some("02079460999"), "as it is dialled here");
    }

    #[test]
    fn a_trunk_number_becomes_e164() {
        let caller = CallerId { number: Some("02079460110".into()), ..CallerId::default() };
        assert_eq!(from_trunk(&config(), &caller).number.as_deref(), Some("+442079460110"));
    }
}
