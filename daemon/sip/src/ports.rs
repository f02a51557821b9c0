//! The RTP ports that the node has bound for us.

use demarc_model::config::RtpSettings;
use std::collections::{BTreeSet, VecDeque};

/// Even ports; the one that has rested longest is used next, so that packets of the former call
/// find nobody.
#[derive(Debug)]
pub struct PortPool {
    range: BTreeSet<u16>,
    free: VecDeque<u16>,
}

impl PortPool {
    /// Every second port from the first.
    pub fn new(settings: &RtpSettings) -> Self {
        let range = range(settings);
        Self { free: range.iter().copied().collect(), range }
    }

    /// A port for a new stream; none when all are in use.
    pub fn take(&mut self) -> Option<u16> {
        self.free.pop_front()
    }

    /// Takes a port back. One that is configured no longer is not used again.
    pub fn give_back(&mut self, port: u16) {
        if self.range.contains(&port) && !self.free.contains(&port) {
            self.free.push_back(port);
        }
    }

    /// The settings changed. Ports in use stay with their streams; `in_use` names them.
    pub fn configure(&mut self, settings: &RtpSettings, in_use: &BTreeSet<u16>) {
        let wanted = range(settings);
        if wanted != self.range {
            self.free.retain(|port| wanted.contains(port));
            let known: BTreeSet<_> = self.free.iter().chain(in_use).copied().collect();
            self.free.extend(wanted.difference(&known));
            self.range = wanted;
        }
    }
}

fn range(settings: &RtpSettings) -> BTreeSet<u16> {
    let first = settings.first_port.saturating_add(settings.first_port % 2);
    (first..=u16::MAX).step_by(2).take(settings.ports.into()).collect()
}
