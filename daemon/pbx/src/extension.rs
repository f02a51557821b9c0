//! What an extension rings.

use demarc_model::Config;
use demarc_model::config::{DeviceId, ExtensionId};
use std::collections::VecDeque;
use std::time::Duration;

/// Telephones that ring at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    pub phones: Vec<Phone>,
    /// How long they ring.
    pub limit: Duration,
}

/// A telephone and the extension it is rung for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phone {
    pub device: DeviceId,
    pub extension: ExtensionId,
}

/// All devices of an extension at once; for less long when it is forwarded afterwards.
pub(crate) fn rounds(config: &Config, id: ExtensionId) -> VecDeque<Round> {
    let features = config.extensions.iter().find(|e| e.id == id).map(|e| &e.features);
    let forwarded = features.filter(|f| f.forward_no_answer.is_some()).map(|f| f.forward_after_s);
    let longest = config.system.ring_timeout_s;
    let limit = Duration::from_secs(forwarded.map_or(longest, |s| s.min(longest)).into());
    VecDeque::from([Round { phones: phones(config, id), limit }])
}

/// The devices of an extension.
pub(crate) fn phones(config: &Config, id: ExtensionId) -> Vec<Phone> {
    let extension = config.extensions.iter().find(|e| e.id == id);
    let devices = extension.map(|e| e.devices.as_slice()).unwrap_or_default();
    devices.iter().map(|&device| Phone { device, extension: id }).collect()
}
