//! Where a number leads. Pure functions of the configuration: nothing here changes anything.
//!
//! A telephone's number is looked up inside first, then among the emergency numbers, then in the
//! outbound routes. A trunk's number is looked up in the inbound routes only, and these lead inside
//! only, or to a private exchange: nobody outside can be connected to the outside (toll fraud). What a
//! private exchange calls is looked up in the inbound routes of its own trunk first, and then as if one
//! of our telephones had dialled it.

mod feature;
mod inside;
mod outbound;
mod overlap;

pub(crate) use feature::{Dialled, dialled};
pub(crate) use outbound::{Outside, number_for};
pub(crate) use overlap::begun;

use demarc_model::config::{Destination, ExtensionId, InboundRoute, Match, RingGroupId, ServiceId};
use demarc_model::{CallerId, Cause, Config, config::TrunkId};

/// The longest number that is looked at.
const MAX_DIGITS: usize = 40;

/// What a number means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It may become several things: more digits are needed.
    NeedDigits,
    /// It leads somewhere.
    Go(Way),
    /// It leads nowhere.
    Refuse {
        cause: Cause,
        /// For the ladder.
        why: String,
    },
}

/// Where a number leads, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    pub target: Target,
    /// The route by name, when one was taken.
    pub route: Option<String>,
    /// For the ladder.
    pub why: String,
}

impl Way {
    /// After a prefix was taken away, is anything left to dial?
    fn has_number(&self) -> bool {
        !matches!(&self.target, Target::Outside(outside) if outside.number.is_empty())
    }
}

/// Who or what is to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Extension(ExtensionId),
    RingGroup(RingGroupId),
    Service {
        id: ServiceId,
        /// The number that reached it.
        called: String,
    },
    Outside(Outside),
}

/// Looks up what a telephone dials.
pub(crate) fn from_device(config: &Config, digits: &str, complete: bool) -> Decision {
    if let Some(decision) = unusable(digits, complete) {
        return decision;
    }
    let inside = inside::find(config, digits);
    // Outside numbers that begin like this one; a route for any number at all is no prefix.
    let prefix = outbound::wants_more(config, digits, true);
    if let Some(found) = &inside.exact
        && (complete || !(inside.longer || prefix))
    {
        return Decision::Go(found.way(digits));
    }
    if let Some(outside) = outbound::emergency(config, digits)
        && inside.exact.is_none()
        && (complete || !inside.longer)
    {
        return Decision::Go(outside);
    }
    match outbound::find(config, digits).filter(Way::has_number) {
        Some(way) if complete => Decision::Go(way),
        Some(way) if !inside.longer && outbound::is_finished(config, digits, &way) => Decision::Go(way),
        _ if inside.longer || outbound::wants_more(config, digits, false) => incomplete(digits, complete),
        _ => refuse(Cause::UNALLOCATED_NUMBER, format!("no number and no outbound route fits {digits}")),
    }
}

/// Looks up what arrives on a trunk.
pub(crate) fn from_trunk(
    config: &Config,
    trunk: TrunkId,
    caller: &CallerId,
    digits: &str,
    complete: bool,
) -> Decision {
    if digits.len() > MAX_DIGITS {
        return refuse(Cause::INVALID_NUMBER_FORMAT, "the number is too long".into());
    }
    let private = config.trunks.iter().any(|t| t.id == trunk && t.is_private());
    let counts = |route: &&InboundRoute| match route.trunk {
        Some(only) => only == trunk,
        None => !private,
    };
    let mut partial = false;
    for route in config.inbound_routes.iter().filter(counts) {
        if !caller_fits(config, route, caller) {
            continue;
        }
        match inbound_match(config, route, digits) {
            (Match::No, _) => {}
            (Match::Partial, _) if complete => partial = true,
            (Match::Partial, _) => return Decision::NeedDigits,
            (found @ (Match::Full | Match::Open), form) => {
                let open = !complete && found == Match::Open;
                return destination(config, route, caller, &form, complete, open);
            }
        }
    }
    if private {
        return from_device(config, digits, complete);
    }
    if partial {
        return refuse(Cause::INVALID_NUMBER_FORMAT, format!("{digits} is incomplete"));
    }
    refuse(Cause::UNALLOCATED_NUMBER, format!("no inbound route fits “{digits}”"))
}

/// Where a route leads. `open`: more digits may follow, and the pattern takes them.
fn destination(
    config: &Config,
    route: &InboundRoute,
    caller: &CallerId,
    digits: &str,
    complete: bool,
    open: bool,
) -> Decision {
    let why = || format!("“{digits}” takes inbound route “{}” ({})", route.name, route.called);
    let way = |target| Decision::Go(Way { target, route: Some(route.name.clone()), why: why() });
    match &route.destination {
        Destination::Extension { id } => way(Target::Extension(*id)),
        Destination::RingGroup { id } => way(Target::RingGroup(*id)),
        Destination::Service { id } => way(Target::Service { id: *id, called: digits.into() }),
        Destination::Trunk { id, strip } => {
            let system = &config.system;
            if open && !system.country.numbering().is_complete(digits, &system.area_code) {
                return Decision::NeedDigits;
            }
            let number = strip_front(digits, *strip);
            if number.is_empty() {
                return refuse(Cause::INVALID_NUMBER_FORMAT, format!("{}: no digit is left", why()));
            }
            way(Target::Outside(Outside::private(*id, number, caller)))
        }
        Destination::Reject { cause } => refuse(*cause, why()),
        Destination::Internal { strip } => {
            let number = strip_front(digits, *strip);
            let inside = inside::find(config, number);
            match inside.exact {
                Some(found) if complete || !inside.longer => {
                    let target = found.target(number);
                    let why = format!("{}: {number} is {}", why(), found.name());
                    Decision::Go(Way { target, route: Some(route.name.clone()), why })
                }
                _ if inside.longer => incomplete(digits, complete),
                _ => refuse(Cause::UNALLOCATED_NUMBER, format!("{}: nobody has {number}", why())),
            }
        }
    }
}

/// How a called number stands to an inbound route, as received or as E.164; and in which form.
fn inbound_match(config: &Config, route: &InboundRoute, digits: &str) -> (Match, String) {
    let system = &config.system;
    let received = route.called.compare(digits);
    if received.is_match() {
        return (received, digits.to_string());
    }
    if let Some(number) = system.country.to_e164(digits, &system.area_code) {
        let found = route.called.compare(&number);
        if found.is_match() {
            return (found, number);
        }
    }
    let beginnings = system.country.numbering().e164_beginnings(digits, &system.area_code);
    let begun = beginnings.iter().any(|number| route.called.compare(number).wants_more());
    let found = if begun { Match::Partial } else { received };
    (found, String::new())
}

fn caller_fits(config: &Config, route: &InboundRoute, caller: &CallerId) -> bool {
    let Some(pattern) = &route.caller else { return true };
    let number = caller.number.as_deref().unwrap_or_default();
    let system = &config.system;
    pattern.matches(number)
        || system.country.to_e164(number, &system.area_code).is_some_and(|n| pattern.matches(&n))
}

/// Numbers that cannot be looked up (yet).
fn unusable(digits: &str, complete: bool) -> Option<Decision> {
    if digits.is_empty() {
        return Some(incomplete(digits, complete));
    }
    if digits.len() > MAX_DIGITS {
        return Some(refuse(Cause::INVALID_NUMBER_FORMAT, "the number is too long".into()));
    }
    None
}

fn incomplete(digits: &str, complete: bool) -> Decision {
    if complete {
        refuse(Cause::INVALID_NUMBER_FORMAT, format!("“{digits}” is incomplete"))
    } else {
        Decision::NeedDigits
    }
}

fn refuse(cause: Cause, why: String) -> Decision {
    Decision::Refuse { cause, why }
}

/// Takes `strip` digits from the front; a `+` goes with the first of them and is not counted.
fn strip_front(number: &str, strip: u8) -> &str {
    if strip == 0 {
        return number;
    }
    let digits = number.strip_prefix('+').unwrap_or(number);
    digits.get(usize::from(strip)..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
