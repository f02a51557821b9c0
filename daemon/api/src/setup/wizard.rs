//! What the first start says about the site, put into the configuration.

use crate::problem::Problem;
use crate::secrets;
use demarc_model::config::{
    Destination, Device, DeviceId, DeviceKind, Extension, ExtensionFeatures, ExtensionId, InboundRoute,
    InboundRouteId, Pattern, RingGroup, RingGroupId, RingStrategy, SipAccount,
};
use demarc_model::{Config, Country};
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Numbers for the ring groups that the wizard makes: the first that is free.
const GROUP_NUMBERS: std::ops::Range<u32> = 600..700;
const MAX_PHONES: usize = 200;
const MAX_ANSWERS: usize = 50;

/// Where the gateway is, which phones there are, and who answers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wizard {
    /// The site's name; none leaves it.
    #[serde(default)]
    name: Option<String>,
    /// Tones, caller identity and number plan.
    country: Country,
    /// The area code without trunk prefix; none leaves it.
    #[serde(default)]
    area_code: Option<String>,
    /// SIP phones. An extension that is there already gets the name, and the phone if it has none.
    #[serde(default)]
    phones: Vec<WizardPhone>,
    /// Who answers calls from outside, in order. These go before the routes that are there.
    #[serde(default)]
    answers: Vec<WizardAnswer>,
}

/// A SIP phone and its number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WizardPhone {
    /// Internal number, 2–15 digits.
    number: String,
    /// Whose it is, 1–64 characters.
    name: String,
}

/// Who answers a number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WizardAnswer {
    /// The called number or a pattern of numbers: `+442079460900`; `!` is any.
    called: Pattern,
    /// Internal numbers of extensions; several ring all at once.
    numbers: Vec<String>,
}

impl Wizard {
    /// Changes the configuration. Tells the devices of the phones, in order.
    pub(crate) fn apply(&self, config: &mut Config) -> Result<Vec<DeviceId>, Problem> {
        if self.phones.len() > MAX_PHONES {
            return Err(Problem::field("/wizard/phones", format!("at most {MAX_PHONES} at once")));
        }
        if self.answers.len() > MAX_ANSWERS {
            return Err(Problem::field("/wizard/answers", format!("at most {MAX_ANSWERS} at once")));
        }
        config.system.country = self.country;
        if let Some(name) = &self.name {
            config.system.name.clone_from(name);
        }
        if let Some(area_code) = &self.area_code {
            config.system.area_code.clone_from(area_code);
        }
        let mut seen = BTreeSet::new();
        let mut devices = Vec::new();
        for (index, phone) in self.phones.iter().enumerate() {
            if !seen.insert(&phone.number) {
                return Err(Problem::field(format!("/wizard/phones/{index}/number"), "is there twice"));
            }
            devices.push(phone.apply(config)?);
        }
        let mut routes = Vec::new();
        for (index, answer) in self.answers.iter().enumerate() {
            let destination = answer.destination(index, config)?;
            // The same number without conditions: the old answer would never be heard again.
            config.inbound_routes.retain(|r| r.called != answer.called || r.caller.is_some());
            let taken = config.inbound_routes.iter().chain(&routes).map(|route| route.id.0).max();
            routes.push(InboundRoute {
                id: InboundRouteId(after(taken)),
                name: if index == 0 { "Main number".into() } else { format!("Number {}", index + 1) },
                trunk: None,
                called: answer.called.clone(),
                caller: None,
                destination,
            });
        }
        config.inbound_routes.splice(0..0, routes);
        Ok(devices)
    }
}

impl WizardPhone {
    fn apply(&self, config: &mut Config) -> Result<DeviceId, Problem> {
        let place = config.extensions.iter().position(|extension| extension.number == self.number);
        let present = place.and_then(|place| config.extensions.get(place)).and_then(|extension| {
            config.devices.iter().find(|device| {
                matches!(device.kind, DeviceKind::Sip(_)) && extension.devices.contains(&device.id)
            })
        });
        let device = match present.map(|device| device.id) {
            Some(device) => device,
            None => self.add_device(config)?,
        };
        if let Some(device) = config.devices.iter_mut().find(|other| other.id == device) {
            device.name.clone_from(&self.name);
        }
        match place.and_then(|place| config.extensions.get_mut(place)) {
            Some(extension) => {
                extension.name.clone_from(&self.name);
                if !extension.devices.contains(&device) {
                    extension.devices.push(device);
                }
            }
            None => {
                let id = ExtensionId(after(config.extensions.iter().map(|extension| extension.id.0).max()));
                config.extensions.push(Extension {
                    id,
                    number: self.number.clone(),
                    name: self.name.clone(),
                    devices: vec![device],
                    outside_number: None,
                    outside_name: None,
                    withhold: false,
                    features: ExtensionFeatures::default(),
                });
            }
        }
        Ok(device)
    }

    fn add_device(&self, config: &mut Config) -> Result<DeviceId, Problem> {
        let id = DeviceId(after(config.devices.iter().map(|device| device.id.0).max()));
        let taken = |username: &str| {
            config.devices.iter().any(
                |device| matches!(&device.kind, DeviceKind::Sip(account) if account.username == username),
            )
        };
        let username =
            if taken(&self.number) { format!("{}-{id}", self.number) } else { self.number.clone() };
        let account = SipAccount { username, password: secrets::generate()?, max_contacts: 3 };
        config.devices.push(Device { id, name: self.name.clone(), kind: DeviceKind::Sip(account) });
        Ok(id)
    }
}

impl WizardAnswer {
    fn destination(&self, index: usize, config: &mut Config) -> Result<Destination, Problem> {
        let mut extensions = Vec::new();
        for (nth, number) in self.numbers.iter().enumerate() {
            let Some(found) = config.extensions.iter().find(|extension| &extension.number == number) else {
                let field = format!("/wizard/answers/{index}/numbers/{nth}");
                return Err(Problem::field(field, format!("there is no extension {number}")));
            };
            if !extensions.contains(&found.id) {
                extensions.push(found.id);
            }
        }
        match extensions.as_slice() {
            [] => Err(Problem::field(format!("/wizard/answers/{index}/numbers"), "somebody has to answer")),
            [one] => Ok(Destination::Extension { id: *one }),
            _ => Ok(Destination::RingGroup { id: group(index, extensions, config)? }),
        }
    }
}

/// A ring group of just these: the one that is there, or a new one.
fn group(index: usize, extensions: Vec<ExtensionId>, config: &mut Config) -> Result<RingGroupId, Problem> {
    let same = |group: &&RingGroup| group.extensions == extensions && group.strategy == RingStrategy::All;
    if let Some(group) = config.ring_groups.iter().find(same) {
        return Ok(group.id);
    }
    let taken = |number: &str| {
        config.extensions.iter().any(|extension| extension.number == number)
            || config.ring_groups.iter().any(|group| group.number == number)
            || config.services.iter().any(|service| service.number.matches(number))
    };
    let Some(number) = GROUP_NUMBERS.map(|number| number.to_string()).find(|number| !taken(number)) else {
        let field = format!("/wizard/answers/{index}/numbers");
        return Err(Problem::field(field, "no number from 600 to 699 is free for a ring group"));
    };
    let id = RingGroupId(after(config.ring_groups.iter().map(|group| group.id.0).max()));
    let name = format!("Group {number}");
    let strategy = RingStrategy::All;
    config.ring_groups.push(RingGroup { id, number, name, extensions, strategy, each_s: 20 });
    Ok(id)
}

fn after(last: Option<u32>) -> u32 {
    last.unwrap_or(0).saturating_add(1)
}
