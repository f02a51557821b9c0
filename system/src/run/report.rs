//! How the machine does.

use super::System;
use crate::network::addresses;
use crate::service::Service;
use crate::status;
use demarc_model::appliance::MachineStatus;

impl System {
    pub(super) fn status(&self) -> MachineStatus {
        let now = self.clock.now();
        let (data_size, data_free) = status::disk(&self.paths);
        let beat = self.beat.as_ref().map(|(_, beat)| beat);
        let left = self.trial.poll_timeout().map(|(at, _)| at.since(now.mono).as_secs());
        MachineStatus {
            version: status::version(&self.paths),
            slot: status::slot(&self.paths),
            slots: self.update.slots.clone(),
            update: self.update.state(now.mono),
            last_update: self.update.last.clone(),
            interfaces: addresses(),
            name_servers: self.name_servers(),
            network_reverts_in_s: left.and_then(|left| u32::try_from(left).ok()),
            network_fault: self.trial.fault().map(str::to_owned),
            ssh_until: self.ssh_until,
            ssh_waiting: self.trusted.waiting(&self.machine.appliance.ssh.keys),
            services: self.services.iter().map(Service::status).collect(),
            exposure: self.machine.exposure.clone(),
            watchdog: self.watchdog.is_some(),
            data_size,
            data_free,
            uptime_s: status::uptime_s(&self.paths),
            clock_synchronised: self.synchronised,
            healthy: self.is_healthy(now.mono),
            setup_code: beat.and_then(|beat| beat.setup_code.clone()),
            fingerprint: beat.and_then(|beat| beat.fingerprint.clone()),
        }
    }
}
