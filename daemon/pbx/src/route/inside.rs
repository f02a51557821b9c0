//! Numbers inside: extensions, ring groups, services.
//!
//! A number inside can be a public one (a telco's subscribers have no others), so a dialled number
//! is compared as it is, in its national form and as E.164.

use super::{Target, Way};
use demarc_model::Config;
use demarc_model::config::{Extension, RingGroup, Service};

/// What was found.
pub(super) struct Inside<'a> {
    /// Who has the number as it is.
    pub exact: Option<Found<'a>>,
    /// Somebody has a longer number that begins with it.
    pub longer: bool,
}

/// Who has a number.
pub(super) enum Found<'a> {
    Extension(&'a Extension),
    RingGroup(&'a RingGroup),
    Service(&'a Service),
}

impl Found<'_> {
    pub fn name(&self) -> String {
        match self {
            Found::Extension(extension) => format!("extension “{}”", extension.name),
            Found::RingGroup(group) => format!("ring group “{}”", group.name),
            Found::Service(service) => format!("service “{}”", service.name),
        }
    }

    pub fn target(&self, called: &str) -> Target {
        match self {
            Found::Extension(extension) => Target::Extension(extension.id),
            Found::RingGroup(group) => Target::RingGroup(group.id),
            Found::Service(service) => Target::Service { id: service.id, called: called.into() },
        }
    }

    pub fn way(&self, called: &str) -> Way {
        Way { target: self.target(called), route: None, why: format!("{called} is {}", self.name()) }
    }
}

/// Looks up a number, whole or begun.
pub(super) fn find<'a>(config: &'a Config, number: &str) -> Inside<'a> {
    let system = &config.system;
    let numbering = system.country.numbering();
    let forms = |e164: String| [system.country.national(&e164), e164];
    let whole: Vec<String> =
        numbering.to_e164(number, &system.area_code).map(forms).into_iter().flatten().collect();
    let begun: Vec<String> =
        numbering.e164_beginnings(number, &system.area_code).into_iter().flat_map(forms).collect();
    let is = |candidate: &str| number == candidate || whole.iter().any(|n| n == candidate);
    let begins = |candidate: &str| {
        let longer = |n: &str| candidate.len() > n.len() && candidate.starts_with(n);
        longer(number) || begun.iter().any(|n| longer(n))
    };

    let mut exact = None;
    let mut longer = false;
    for group in &config.ring_groups {
        longer |= begins(&group.number);
        if is(&group.number) {
            exact = Some(Found::RingGroup(group));
        }
    }
    for extension in &config.extensions {
        longer |= begins(&extension.number);
        if is(&extension.number) {
            exact = Some(Found::Extension(extension));
        }
    }
    let matching = |s: &&Service| s.number.matches(number) || whole.iter().any(|n| s.number.matches(n));
    longer |= config.services.iter().any(|s| {
        s.number.compare(number).wants_more() || begun.iter().any(|n| s.number.compare(n).wants_more())
    });
    let service = config.services.iter().filter(matching).max_by_key(|s| s.number.specificity());
    Inside { exact: exact.or(service.map(Found::Service)), longer }
}
