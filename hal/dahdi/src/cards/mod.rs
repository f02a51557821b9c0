//! The inventory: every telephony card, driven or not.
//!
//! [`pci`] and [`usb`] say which cards there are, [`bus`] which are plugged in, [`system`] what the
//! system has for them, [`verdict`] and [`astribank`] how they do.

pub mod astribank;
mod bus;
mod known;
mod pci;
mod system;
mod usb;
mod verdict;

#[cfg(test)]
mod tests;

use crate::Paths;
use crate::sysfs::Device;
use bus::Found;
use demarc_hal::{Bus, Card, CardState, SpanId};
use known::Support;
use std::collections::{BTreeMap, BTreeSet};
use system::System;
use verdict::Made;

/// Cards that are remembered when they are gone, at most.
const GONE: usize = 64;

/// The cards as they were looked at last.
#[derive(Debug, Default)]
pub struct Inventory {
    /// By id; with where each is plugged in.
    cards: BTreeMap<String, (String, Card)>,
}

impl Inventory {
    /// Every card, in the order of ids.
    pub fn cards(&self) -> Vec<Card> {
        self.cards.values().map(|(_, card)| card.clone()).collect()
    }

    /// Looks again. `devices` are those of DAHDI, each with those of its spans that can be used. True
    /// when anything has changed.
    pub fn look(&mut self, paths: &Paths, devices: &[(Device, Vec<SpanId>)]) -> bool {
        let mut now = cards(paths, devices);
        let places: BTreeSet<String> = now.values().map(|(place, _)| place.clone()).collect();
        let mut gone = 0;
        for (id, (place, card)) in &self.cards {
            // An Astribank that goes on to its next stage is another device at the same place.
            let stays = now.contains_key(id) || places.contains(place) || card.bus == Bus::Virtual;
            if !stays && gone < GONE {
                gone += 1;
                let card = Card { state: CardState::Gone, driver: None, ..card.clone() };
                now.insert(id.clone(), (place.clone(), card));
            }
        }
        let changed = now != self.cards;
        self.cards = now;
        changed
    }
}

fn cards(paths: &Paths, devices: &[(Device, Vec<SpanId>)]) -> BTreeMap<String, (String, Card)> {
    let system = System::new(paths);
    let found = bus::devices(&paths.sys);
    // Which card a DAHDI device hangs on: the nearest above it.
    let mut below: BTreeMap<usize, Vec<&(Device, Vec<SpanId>)>> = BTreeMap::new();
    let mut cards = BTreeMap::new();
    for entry in devices {
        let path = entry.0.folder();
        let above = found.iter().enumerate().filter(|(_, card)| path.starts_with(&card.path));
        match above.max_by_key(|(_, card)| card.path.as_os_str().len()) {
            Some((index, _)) => below.entry(index).or_default().push(entry),
            None => {
                let card = of_software(entry);
                cards.insert(card.id.clone(), (card.id.clone(), card));
            }
        }
    }
    for (index, found) in found.iter().enumerate() {
        let made = below.remove(&index).unwrap_or_default();
        if found.known.is_some() || found.looks_like.is_some() || !made.is_empty() {
            let card = card(found, &made, &system);
            let mut id = card.id.clone();
            if cards.contains_key(&id) {
                // Two cards with the same serial number: both are shown.
                id = format!("usb-{}", found.place);
            }
            cards.insert(id.clone(), (found.place.clone(), Card { id, ..card }));
        }
    }
    cards
}

fn card(found: &Found, below: &[&(Device, Vec<SpanId>)], system: &System<'_>) -> Card {
    let spans: Vec<SpanId> = below.iter().flat_map(|(_, spans)| spans.iter().copied()).collect();
    let made = match (below.is_empty(), spans.is_empty()) {
        (true, _) => Made::Nothing,
        (false, true) => Made::Device,
        (false, false) => Made::Spans,
    };
    let support = found.known.map(|known| known.support);
    let state = match support {
        Some(Support::Astribank(stage)) => astribank::state(found, stage, made, system),
        _ => verdict::state(found, made, system),
    };
    let wanpipe =
        || (support == Some(Support::Wanpipe) && made != Made::Nothing).then(|| "wanpipe".to_owned());
    Card {
        id: found.id(),
        bus: found.bus,
        vendor: found.vendor,
        device: found.device,
        subvendor: found.subvendor,
        subdevice: found.subdevice,
        model: model(found, below),
        driver: found.driver.clone().or_else(wanpipe),
        state,
        spans,
    }
}

/// What people call it: what the driver read from the card knows best where several are alike.
fn model(found: &Found, below: &[&(Device, Vec<SpanId>)]) -> String {
    let known = found.known.map(|known| known.model.to_owned()).or_else(|| found.looks_like.clone());
    let said = below.first().map(|(device, _)| said(device)).filter(|said| !said.is_empty());
    known.or(said).unwrap_or_else(|| "Telephony card".to_owned())
}

fn said(device: &Device) -> String {
    format!("{} {}", device.manufacturer, device.model).trim().to_owned()
}

/// A DAHDI device that hangs on no card.
fn of_software((device, spans): &(Device, Vec<SpanId>)) -> Card {
    let made = if spans.is_empty() { Made::Device } else { Made::Spans };
    let said = said(device);
    Card {
        id: format!("virtual-{}", device.name),
        bus: Bus::Virtual,
        vendor: 0,
        device: 0,
        subvendor: 0,
        subdevice: 0,
        model: if said.is_empty() { device.name.clone() } else { said },
        driver: None,
        state: verdict::works(made),
        spans: spans.clone(),
    }
}
