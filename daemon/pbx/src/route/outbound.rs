//! Numbers outside: emergency numbers and outbound routes.

use super::{Target, Way, strip_front};
use demarc_model::Config;
use demarc_model::config::{CallerIdPolicy, Match, NumberFormat, OutboundRoute, Pattern, TrunkId, TrunkKind};
use demarc_model::{CallerId, Cause};

/// A way to the outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outside {
    /// The number after strip and prepend.
    pub number: String,
    pub format: NumberFormat,
    /// In order.
    pub trunks: Vec<TrunkId>,
    pub retry_causes: Vec<Cause>,
    pub caller_id: CallerIdPolicy,
    /// Set instead of what the policy gives.
    pub caller: Option<CallerId>,
    pub emergency: bool,
}

impl Outside {
    /// The way to the private exchange behind a trunk, for a caller from outside.
    pub(super) fn private(trunk: TrunkId, number: &str, caller: &CallerId) -> Self {
        Self {
            number: number.to_owned(),
            format: NumberFormat::AsDialled,
            trunks: vec![trunk],
            retry_causes: Vec::new(),
            caller_id: CallerIdPolicy::Extension,
            caller: Some(caller.clone()),
            emergency: false,
        }
    }
}

/// The way of an emergency number, dialled as it is or behind the prefix of a route.
///
/// It goes by the first route for that number, and by all trunks when there is no route with a
/// trunk that is in use: an emergency call never fails for want of a route.
pub(super) fn emergency(config: &Config, digits: &str) -> Option<Way> {
    let number = if config.is_emergency(digits) {
        digits.to_string()
    } else {
        let (route, form) = first_match(config, digits)?;
        let number = changed(route, &form);
        if route.strip == 0 || !config.is_emergency(&number) {
            return None;
        }
        number
    };
    let enabled = |id: &TrunkId| config.trunks.iter().any(|t| t.id == *id && t.enabled);
    let route = first_match(config, &number).map(|(route, _)| route);
    let usable = route.filter(|route| route.trunks.iter().any(enabled));
    let way = match usable {
        Some(route) => {
            let outside = Outside { emergency: true, ..outside(route, &number) };
            let why = format!("{number} is an emergency number and takes outbound route “{}”", route.name);
            Way { target: Target::Outside(outside), route: Some(route.name.clone()), why }
        }
        None => {
            let outside = Outside {
                number: number.clone(),
                format: NumberFormat::AsDialled,
                trunks: config.trunks.iter().map(|t| t.id).filter(enabled).collect(),
                retry_causes: Vec::new(),
                caller_id: CallerIdPolicy::Extension,
                caller: None,
                emergency: true,
            };
            let why = format!("{number} is an emergency number without a usable route: every trunk is tried");
            Way { target: Target::Outside(outside), route: None, why }
        }
    };
    Some(way)
}

/// The first route that takes a number as it is.
pub(super) fn find(config: &Config, digits: &str) -> Option<Way> {
    let (route, form) = first_match(config, digits)?;
    let outside = outside(route, &form);
    let why = format!("{digits} takes outbound route “{}” as {}", route.name, outside.number);
    Some(Way { target: Target::Outside(outside), route: Some(route.name.clone()), why })
}

/// Could a longer number take a route? With `prefixes_only`, routes whose pattern begins with any
/// digit at all do not count.
pub(super) fn wants_more(config: &Config, digits: &str, prefixes_only: bool) -> bool {
    let counts = |p: &&Pattern| !prefixes_only || !p.0.starts_with(['.', '!', 'X', 'x', 'Z', 'z', 'N', 'n']);
    let mut patterns = config.outbound_routes.iter().flat_map(|r| &r.patterns).filter(counts);
    patterns.any(|pattern| pattern.compare(digits).wants_more())
}

/// Whatever digits follow, does the number take the route that it takes now?
pub(super) fn is_only_route(config: &Config, digits: &str) -> bool {
    let takes = |route: &OutboundRoute| route.patterns.iter().any(|p| p.compare(digits) == Match::Open);
    let may = |route: &&OutboundRoute| route.patterns.iter().any(|p| p.compare(digits).wants_more());
    // What stands behind a route that takes every longer number as well is never reached.
    config.outbound_routes.iter().find(may).is_some_and(takes)
}

/// Does nothing more belong to a number that takes this way? Either no route wants more digits, or
/// the numbering plan says that the number is whole.
pub(super) fn is_finished(config: &Config, digits: &str, way: &Way) -> bool {
    let Target::Outside(outside) = &way.target else { return true };
    let system = &config.system;
    !wants_more(config, digits, false)
        || system.country.numbering().is_complete(&outside.number, &system.area_code)
}

/// The number as a trunk is to send it. Analog lines can dial no `+`.
pub(crate) fn number_for(config: &Config, outside: &Outside, trunk: &TrunkKind) -> String {
    let system = &config.system;
    let e164 = || system.country.to_e164(&outside.number, &system.area_code);
    let analog = matches!(trunk, TrunkKind::Fxo { .. });
    match (outside.format, e164()) {
        (NumberFormat::E164, Some(number)) if !analog => number,
        (NumberFormat::National | NumberFormat::E164, Some(number)) => system.country.national(&number),
        _ if analog => system.country.national(&outside.number),
        _ => outside.number.clone(),
    }
}

/// The first route that matches, and the form in which the number matched: as dialled, or, for
/// `+…`, as it would be dialled here.
fn first_match<'a>(config: &'a Config, digits: &str) -> Option<(&'a OutboundRoute, String)> {
    let by = |form: &str| {
        let takes = |r: &&OutboundRoute| r.patterns.iter().any(|p| p.matches(form));
        config.outbound_routes.iter().find(takes)
    };
    if let Some(route) = by(digits) {
        return Some((route, digits.to_string()));
    }
    let form = digits.starts_with('+').then(|| config.system.country.national(digits))?;
    by(&form).map(|route| (route, form))
}

fn outside(route: &OutboundRoute, digits: &str) -> Outside {
    Outside {
        number: changed(route, digits),
        format: route.format,
        trunks: route.trunks.clone(),
        retry_causes: route.retry_causes.clone(),
        caller_id: route.caller_id.clone(),
        caller: None,
        emergency: false,
    }
}

fn changed(route: &OutboundRoute, digits: &str) -> String {
    format!("{}{}", route.prepend, strip_front(digits, route.strip))
}
