//! What telephones dialled last, and who called them last. It is forgotten at a restart.

use demarc_model::CallerId;
use demarc_model::config::{DeviceId, ExtensionId};
use std::collections::BTreeMap;

/// As many devices and extensions as are remembered; the configuration allows no more.
const MOST: usize = 1000;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    dialled: BTreeMap<DeviceId, String>,
    callers: BTreeMap<ExtensionId, CallerId>,
}

impl Memory {
    /// A telephone dialled a number.
    pub fn dialled(&mut self, device: DeviceId, number: &str) {
        if self.dialled.len() < MOST || self.dialled.contains_key(&device) {
            self.dialled.insert(device, number.to_owned());
        }
    }

    /// An extension was called.
    pub fn called(&mut self, extension: ExtensionId, caller: &CallerId) {
        if self.callers.len() < MOST || self.callers.contains_key(&extension) {
            self.callers.insert(extension, caller.clone());
        }
    }

    /// The number that a telephone dialled last.
    pub fn last_dialled(&self, device: DeviceId) -> Option<&str> {
        self.dialled.get(&device).map(String::as_str)
    }

    /// Who called an extension last; none when that was withheld, because a call back would tell.
    pub fn last_caller(&self, extension: ExtensionId) -> Option<&str> {
        self.callers.get(&extension)?.shown_number()
    }
}
