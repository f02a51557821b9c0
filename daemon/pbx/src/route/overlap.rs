//! Overlap sending: numbers that go outside digit by digit, before anybody here knows how long they
//! are (Q.931 §5.1.3).

use super::{Outside, Target, Way, inside, outbound};
use demarc_model::config::{Match, NumberFormat, Span, Trunk, TrunkId, TrunkKind};
use demarc_model::{Config, Party};

/// The way of a number of which more digits may follow, when it can set out all the same: the route is
/// certain whatever follows, and its first trunk takes the rest digit by digit.
pub(crate) fn begun(config: &Config, from: Party, digits: &str) -> Option<Way> {
    let inside = inside::find(config, digits);
    if inside.exact.is_some()
        || inside.longer
        || may_be_for_help(config, digits)
        || is_taken(config, from, digits)
    {
        return None;
    }
    let way = outbound::find(config, digits).filter(Way::has_number)?;
    let Target::Outside(outside) = &way.target else { return None };
    let enabled = |id: &TrunkId| config.trunks.iter().find(|t| t.id == *id && t.enabled);
    let first = outside.trunks.iter().find_map(enabled)?;
    let certain = outbound::is_only_route(config, digits) && !may_be_for_help(config, &outside.number);
    (certain && stays_as_dialled(config, outside) && takes_digits(config, first)).then_some(way)
}

/// The form in which the number is sent is that in which it is dialled: in another form it can only be
/// written when it is whole.
fn stays_as_dialled(config: &Config, outside: &Outside) -> bool {
    let numbering = config.system.country.numbering();
    match outside.format {
        NumberFormat::AsDialled => true,
        NumberFormat::National => [numbering.trunk_prefix, numbering.international_prefix]
            .iter()
            .any(|prefix| !prefix.is_empty() && outside.number.starts_with(prefix)),
        NumberFormat::E164 => false,
    }
}

/// An emergency number begins like this.
fn may_be_for_help(config: &Config, digits: &str) -> bool {
    let country = config.system.country.numbering().emergency.iter().copied();
    let own = config.system.emergency_numbers.iter().map(String::as_str);
    country.chain(own).any(|number| number.starts_with(digits))
}

/// Something else may become of it: a feature code, or a route of the trunk on which it arrives.
fn is_taken(config: &Config, from: Party, digits: &str) -> bool {
    match from {
        Party::Device(_) => {
            config.system.feature_codes.iter().any(|code| code.compare(digits).0 != Match::No)
        }
        Party::Trunk(trunk) => config.inbound_routes.iter().any(|route| {
            route.trunk == Some(trunk) && super::inbound_match(config, route, digits).0 != Match::No
        }),
    }
}

/// Every span of the trunk takes digits one by one.
fn takes_digits(config: &Config, trunk: &Trunk) -> bool {
    let TrunkKind::Pri { spans, .. } = &trunk.kind else { return false };
    let takes = |id| {
        let span = config.spans.iter().find(|span| span.id == id);
        span.is_some_and(Span::takes_digits)
    };
    !spans.is_empty() && spans.iter().copied().all(takes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::{DeviceId, FeatureCode, OutboundRoute, Pattern, Secret};

    fn gateway(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        config.spans[0].overlap = true;
        change(&mut config);
        config
    }

    fn number(config: &Config, digits: &str) -> Option<String> {
        let way = begun(config, Party::Device(DeviceId(1)), digits)?;
        let Target::Outside(outside) = way.target else { panic!("{way:?}") };
        Some(outside.number)
    }

    #[test]
    fn a_number_sets_out_when_its_route_is_certain() {
        let config = gateway(|_| {});
        assert_eq!(number(&config, "0"), None, "no number yet");
        assert_eq!(number(&config, "02").as_deref(), Some("02"));
        assert_eq!(number(&config, "001").as_deref(), Some("001"));
        assert_eq!(number(&config, "00"), None, "National or International");
        assert_eq!(number(&config, "82"), None, "lines dial a whole number");
        assert_eq!(number(&config, "2"), None, "somebody inside");
        assert_eq!(number(&config, "99"), None, "perhaps for help");
    }

    #[test]
    fn it_waits_where_anything_else_may_become_of_it() {
        let none = [
            gateway(|config| config.spans[0].overlap = false),
            gateway(|config| config.trunks[0].enabled = false),
            gateway(|config| config.outbound_routes[3].format = NumberFormat::E164),
            gateway(|config| config.outbound_routes[3].strip = 1),
            gateway(|config| {
                let premium = OutboundRoute {
                    patterns: vec![Pattern::new("0207XXXX")],
                    ..config.outbound_routes[3].clone()
                };
                config.outbound_routes.insert(0, premium);
            }),
            gateway(|config| {
                let feature = config.system.feature_codes[0].feature;
                config.system.feature_codes.push(FeatureCode { code: "02#".into(), feature });
            }),
            gateway(|config| config.system.emergency_numbers.push("0211".into())),
        ];
        for (i, config) in none.iter().enumerate() {
            assert_eq!(number(config, "02"), None, "{i}");
        }
    }
}
