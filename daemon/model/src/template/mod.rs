//! Templates of SIP trunks: gateways of other makers, and what each needs set on both sides.
//!
//! A template is data: a trunk that is filled in but for the address, and steps for whoever sets up
//! the box. They follow the makers' public manuals; none of these boxes stood on our bench, and
//! firmware differs, so a page may be called a little otherwise. What the gateway does with what the
//! boxes are known to send is shown by `tests/ladders/sip_template`.

mod audiocodes;
mod dinstar;
mod generic;
mod grandstream;
mod khomp;
mod patton;

use crate::config::SipPeer;
use serde::Serialize;

/// A SIP gateway that is known, and how to connect it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrunkTemplate {
    /// Names it; never changes: `audiocodes`.
    pub id: &'static str,
    /// Who makes it.
    pub maker: &'static str,
    /// For which models.
    pub models: &'static str,
    /// The trunk on our side. Its host is empty: the address of the box goes there.
    pub peer: SipPeer,
    /// What to set on the box, in order.
    pub steps: Vec<TemplateStep>,
    /// What to know of it beside.
    pub notes: Vec<&'static str>,
}

/// One thing to set on the box.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplateStep {
    /// Where: a page of its web interface, or a mode of its command line.
    pub page: &'static str,
    /// What to set there. `GATEWAY` is our address, `PORT` the port of our SIP.
    pub set: &'static str,
    /// What goes wrong otherwise.
    pub why: &'static str,
}

impl TrunkTemplate {
    /// Every template, makers in the order of the alphabet, and the one for any other gateway last.
    pub fn all() -> Vec<Self> {
        vec![
            audiocodes::template(),
            dinstar::template(),
            grandstream::analog(),
            grandstream::digital(),
            khomp::template(),
            patton::template(),
            generic::template(),
        ]
    }

    /// The template of this name.
    pub fn named(id: &str) -> Option<Self> {
        Self::all().into_iter().find(|template| template.id == id)
    }
}

/// The codecs are the same for all: the gateway speaks G.711 in packets of 20 ms and nothing else.
const fn codecs(page: &'static str, set: &'static str) -> TemplateStep {
    TemplateStep { page, set, why: "the gateway speaks G.711 only: with another codec calls fail with 488" }
}

/// Digits travel as RFC 4733 events.
const fn digits(page: &'static str, set: &'static str) -> TemplateStep {
    TemplateStep {
        page,
        set,
        why: "digits in the audio are heard too, but may be heard twice when events come as well",
    }
}

const fn step(page: &'static str, set: &'static str, why: &'static str) -> TemplateStep {
    TemplateStep { page, set, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Secret, Trunk, TrunkId, TrunkKind};
    use crate::{Config, config::CauseProfile};
    use std::collections::BTreeSet;

    #[test]
    fn every_template_is_a_trunk_that_may_be_saved() {
        for template in TrunkTemplate::all() {
            assert_eq!(template.peer.host, "", "{}: the address is the site's", template.id);
            assert!(template.peer.password.is_empty(), "{}", template.id);
            let mut config = Config::default_gateway(&mut || Secret::new("a long password"));
            let peer = SipPeer { host: "192.0.2.20".into(), ..template.peer };
            let kind = TrunkKind::Sip(peer);
            config.trunks.push(Trunk { id: TrunkId(9), name: template.maker.into(), enabled: true, kind });
            assert_eq!(config.validate(), Ok(()), "{}", template.id);
        }
    }

    #[test]
    fn every_template_says_what_to_do_and_why() {
        let ids: BTreeSet<_> = TrunkTemplate::all().iter().map(|template| template.id).collect();
        assert_eq!(ids.len(), TrunkTemplate::all().len(), "a name stands for one");
        for maker in ["AudioCodes", "Dinstar", "Grandstream", "Khomp", "Patton"] {
            assert!(TrunkTemplate::all().iter().any(|template| template.maker == maker), "{maker}");
        }
        for template in TrunkTemplate::all() {
            let all = || template.steps.iter();
            assert!(all().all(|s| !s.page.is_empty() && !s.set.is_empty() && !s.why.is_empty()));
            for word in ["GATEWAY", "G.711", "RFC"] {
                assert!(all().any(|s| s.set.contains(word)), "{} says nothing of {word}", template.id);
            }
        }
    }

    #[test]
    fn they_are_found_by_name() {
        let audiocodes = TrunkTemplate::named("audiocodes").unwrap();
        assert_eq!(audiocodes.peer.cause_profile, Some(CauseProfile::Audiocodes));
        assert_eq!(TrunkTemplate::named("none of them"), None);
    }
}
