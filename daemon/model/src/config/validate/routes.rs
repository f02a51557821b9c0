//! Routes.

use super::numbers::{check_pattern, is_dialable, is_e164};
use super::{Config, Faults};
use crate::config::{CallerIdPolicy, Destination};

impl Config {
    pub(super) fn check_inbound_routes(&self, faults: &mut Faults) {
        faults.ids("inbound_routes", &self.inbound_routes, |r| r.id);
        for (i, route) in self.inbound_routes.iter().enumerate() {
            let field = |name: &str| format!("/inbound_routes/{i}/{name}");
            faults.name(field("name"), &route.name);
            if let Some(trunk) = route.trunk {
                faults.reference(
                    &field("trunk"),
                    trunk,
                    |id| self.trunks.iter().any(|t| t.id == id),
                    "trunk",
                );
            }
            check_pattern(faults, field("called"), &route.called);
            if let Some(caller) = &route.caller {
                check_pattern(faults, field("caller"), caller);
            }
            let id = field("destination/id");
            match &route.destination {
                Destination::Extension { id: extension } => {
                    let exists = |id| self.extensions.iter().any(|e| e.id == id);
                    faults.reference(&id, *extension, exists, "extension");
                }
                Destination::RingGroup { id: group } => {
                    let exists = |id| self.ring_groups.iter().any(|g| g.id == id);
                    faults.reference(&id, *group, exists, "ring group");
                }
                Destination::Service { id: service } => {
                    let exists = |id| self.services.iter().any(|s| s.id == id);
                    faults.reference(&id, *service, exists, "service");
                }
                Destination::Internal { strip } => {
                    faults.within(field("destination/strip"), *strip, 0, 20, "digits");
                }
                Destination::Trunk { id: trunk, strip } => {
                    faults.reference(&id, *trunk, |id| self.trunks.iter().any(|t| t.id == id), "trunk");
                    if self.trunks.iter().any(|t| t.id == *trunk && !t.is_private()) {
                        faults.add(
                            id,
                            "nobody outside is connected to the outside: name the trunk of a private \
                             exchange, and mark that trunk as private",
                        );
                    }
                    faults.within(field("destination/strip"), *strip, 0, 20, "digits");
                }
                Destination::Reject { .. } => {}
            }
        }
    }

    pub(super) fn check_outbound_routes(&self, faults: &mut Faults) {
        faults.ids("outbound_routes", &self.outbound_routes, |r| r.id);
        for (i, route) in self.outbound_routes.iter().enumerate() {
            let field = |name: &str| format!("/outbound_routes/{i}/{name}");
            faults.name(field("name"), &route.name);
            if route.patterns.is_empty() {
                faults.add(field("patterns"), "no number takes this route: add a pattern, such as `0.`");
            }
            for (n, pattern) in route.patterns.iter().enumerate() {
                check_pattern(faults, format!("{}/{n}", field("patterns")), pattern);
            }
            faults.within(field("strip"), route.strip, 0, 20, "digits");
            if !route.prepend.is_empty() && !is_dialable(&route.prepend) {
                faults.add(
                    field("prepend"),
                    "only digits, `*`, `#` and a leading `+` can be put in front: remove the rest",
                );
            }
            if route.trunks.is_empty() {
                faults.add(field("trunks"), "the route leads nowhere: add a trunk");
            }
            let exists = |id| self.trunks.iter().any(|t| t.id == id);
            faults.references(&field("trunks"), &route.trunks, exists, "trunk");
            if let CallerIdPolicy::Fixed { number } = &route.caller_id
                && !is_e164(number)
            {
                faults.add(field("caller_id/number"), "the number is not E.164: write it as `+442079460900`");
            }
        }
    }
}
