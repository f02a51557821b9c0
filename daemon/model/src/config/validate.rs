//! The configuration is checked as a whole.
//!
//! Reading is lenient, checking is not: every fault is reported at once, each with its place and
//! its remedy. What the types say already (ranges of integers, known words) is not repeated here.

mod appliance;
mod features;
mod isdn;
mod lines;
mod numbers;
mod phones;
mod routes;
mod system;

pub use appliance::is_web_address;

use super::{Config, FORMAT};
use std::collections::BTreeMap;
use std::fmt::Display;

/// One thing that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Where: a JSON pointer into the configuration, `/devices/3/kind/username` (positions in the
    /// list count from 0).
    pub field: String,
    /// What is wrong and what would be right.
    pub message: String,
}

/// The most things of one noun.
const MAX_ITEMS: usize = 1000;

impl Config {
    /// Checks the whole.
    ///
    /// # Errors
    /// Everything that is wrong. A configuration of a newer gateway is not looked at any further.
    pub fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut faults = Faults(Vec::new());
        if self.format != FORMAT {
            let remedy = if self.format > FORMAT {
                "written by a newer gateway: update this one, or restore a configuration of its own version"
            } else {
                "there is no such format: restore a configuration that a gateway wrote"
            };
            faults.add("/format", format!("format {} is not {FORMAT}: {remedy}", self.format));
            return Err(faults.0);
        }
        self.check_counts(&mut faults);
        self.check_system(&mut faults);
        self.check_spans(&mut faults);
        self.check_isdn(&mut faults);
        self.check_lines(&mut faults);
        self.check_trunks(&mut faults);
        self.check_devices(&mut faults);
        self.check_channels(&mut faults);
        self.check_extensions(&mut faults);
        self.check_ring_groups(&mut faults);
        self.check_features(&mut faults);
        self.check_services(&mut faults);
        self.check_internal_numbers(&mut faults);
        self.check_inbound_routes(&mut faults);
        self.check_outbound_routes(&mut faults);
        self.check_appliance(&mut faults);
        if faults.0.is_empty() { Ok(()) } else { Err(faults.0) }
    }

    fn check_counts(&self, faults: &mut Faults) {
        for (noun, count) in [
            ("spans", self.spans.len()),
            ("lines", self.lines.len()),
            ("trunks", self.trunks.len()),
            ("devices", self.devices.len()),
            ("extensions", self.extensions.len()),
            ("ring_groups", self.ring_groups.len()),
            ("services", self.services.len()),
            ("inbound_routes", self.inbound_routes.len()),
            ("outbound_routes", self.outbound_routes.len()),
        ] {
            if count > MAX_ITEMS {
                faults.add(format!("/{noun}"), format!("{count} are too many: keep {MAX_ITEMS} at most"));
            }
        }
    }
}

/// Collects what is wrong.
struct Faults(Vec<FieldError>);

impl Faults {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// A name for people: 1–64 characters, none of them a control character.
    fn name(&mut self, field: String, name: &str) {
        let count = name.chars().count();
        if name.trim().is_empty() {
            self.add(field, "a name is missing: write 1–64 characters");
        } else if count > 64 {
            self.add(field, format!("a name of {count} characters is too long: write 1–64"));
        } else if name.chars().any(char::is_control) {
            self.add(field, "a name has no line breaks or control characters: remove them");
        }
    }

    /// A number within bounds.
    fn within<T: PartialOrd + Display>(
        &mut self,
        field: impl Into<String>,
        value: T,
        least: T,
        most: T,
        unit: &str,
    ) {
        if value < least || value > most {
            let space = if unit.is_empty() { "" } else { " " };
            self.add(field, format!("{value} is outside {least}–{most}{space}{unit}: choose a value within"));
        }
    }

    /// `key` must be the only one of its kind in `seen`; `what` names the kind.
    fn unique<K: Ord + Display>(
        &mut self,
        seen: &mut BTreeMap<K, String>,
        key: K,
        field: String,
        what: &str,
    ) {
        match seen.get(&key) {
            Some(first) => {
                self.add(field, format!("{what} {key} is taken already by {first}: choose another"));
            }
            None => {
                seen.insert(key, field);
            }
        }
    }

    /// Ids of a list, `field` being that of the list.
    fn ids<T, K: Ord + Display>(&mut self, noun: &str, list: &[T], id: impl Fn(&T) -> K) {
        let mut seen = BTreeMap::new();
        for (i, item) in list.iter().enumerate() {
            self.unique(&mut seen, id(item), format!("/{noun}/{i}/id"), "the id");
        }
    }

    /// References: each must exist, and only once in its list.
    fn references<K: Ord + Copy + Display>(
        &mut self,
        field: &str,
        list: &[K],
        exists: impl Fn(K) -> bool,
        what: &str,
    ) {
        let mut seen = BTreeMap::new();
        for (i, key) in list.iter().enumerate() {
            let field = format!("{field}/{i}");
            self.reference(&field, *key, &exists, what);
            self.unique(&mut seen, *key, field, what);
        }
    }

    fn reference<K: Copy + Display>(&mut self, field: &str, key: K, exists: impl Fn(K) -> bool, what: &str) {
        if !exists(key) {
            self.add(field, format!("there is no {what} {key}: choose one that exists, or create it first"));
        }
    }
}

#[cfg(test)]
mod tests;
