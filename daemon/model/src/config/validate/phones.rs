//! Devices, extensions and ring groups.

use super::numbers::is_e164;
use super::{Config, Faults};
use crate::config::{DeviceKind, SipAccount};
use std::collections::BTreeMap;

/// The shortest password of a SIP phone: it is open to guessing from the network.
const MIN_PASSWORD: usize = 12;

impl Config {
    pub(super) fn check_devices(&self, faults: &mut Faults) {
        faults.ids("devices", &self.devices, |d| d.id);
        let mut usernames = BTreeMap::new();
        for (i, device) in self.devices.iter().enumerate() {
            faults.name(format!("/devices/{i}/name"), &device.name);
            if let DeviceKind::Sip(account) = &device.kind {
                let field = |name: &str| format!("/devices/{i}/kind/{name}");
                check_account(faults, &field, account);
                faults.unique(&mut usernames, account.username.as_str(), field("username"), "the user name");
            }
        }
    }

    pub(super) fn check_extensions(&self, faults: &mut Faults) {
        faults.ids("extensions", &self.extensions, |e| e.id);
        for (i, extension) in self.extensions.iter().enumerate() {
            let field = |name: &str| format!("/extensions/{i}/{name}");
            self.check_extension_number(faults, field("number"), &extension.number);
            faults.name(field("name"), &extension.name);
            let exists = |id| self.devices.iter().any(|d| d.id == id);
            faults.references(&field("devices"), &extension.devices, exists, "device");
            if let Some(name) = &extension.outside_name {
                faults.name(field("outside_name"), name);
            }
            if extension.outside_number.as_deref().is_some_and(|n| !is_e164(n)) {
                faults.add(
                    field("outside_number"),
                    "the number is not E.164: write it as `+442079460901`, or leave it out",
                );
            }
        }
    }

    pub(super) fn check_ring_groups(&self, faults: &mut Faults) {
        faults.ids("ring_groups", &self.ring_groups, |g| g.id);
        for (i, group) in self.ring_groups.iter().enumerate() {
            let field = |name: &str| format!("/ring_groups/{i}/{name}");
            self.check_extension_number(faults, field("number"), &group.number);
            faults.name(field("name"), &group.name);
            if group.extensions.is_empty() {
                faults.add(field("extensions"), "the group rings nobody: add an extension");
            }
            let exists = |id| self.extensions.iter().any(|e| e.id == id);
            faults.references(&field("extensions"), &group.extensions, exists, "extension");
            faults.within(field("each_s"), group.each_s, 5, 120, "seconds");
        }
    }

    fn check_extension_number(&self, faults: &mut Faults, field: String, number: &str) {
        if !(2..=15).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
            faults.add(field, "an internal number has 2–15 digits, without spaces: `201`");
        } else if self.is_emergency(number) {
            faults.add(field, format!("{number} is an emergency number: choose another"));
        }
    }
}

fn check_account(faults: &mut Faults, field: &impl Fn(&str) -> String, account: &SipAccount) {
    let name = &account.username;
    let fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if name.is_empty() || name.len() > 64 || !fits {
        faults.add(field("username"), "a user name has 1–64 letters, digits, dots, underscores and hyphens");
    }
    let password = account.password.reveal();
    let length = password.chars().count();
    let first = password.chars().next();
    if length < MIN_PASSWORD {
        faults.add(
            field("password"),
            format!("a password of {length} characters is easily guessed: use {MIN_PASSWORD} or more"),
        );
    } else if length > 128 {
        faults.add(field("password"), "a password has at most 128 characters: shorten it");
    } else if password.chars().all(|c| Some(c) == first) {
        faults.add(field("password"), "a password of one repeated character is easily guessed: mix several");
    } else if password.contains(name.as_str()) && length < MIN_PASSWORD + name.len() {
        faults.add(field("password"), "the password is mostly the user name: choose one without it");
    }
    faults.within(field("max_contacts"), account.max_contacts, 1, 10, "phones");
}
