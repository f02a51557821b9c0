//! What the machine is told beside its interfaces: its name, the packet filter, names, time, the
//! remote shell.

use super::System;
use crate::chrony;
use crate::command;
use crate::config_files;
use crate::files;
use crate::network::leases;
use crate::nftables;
use crate::status;
use demarc_clock::unix_s;
use demarc_model::Now;
use demarc_model::appliance::{Answer, ExposedService, Machine};
use demarc_model::config::appliance::{Interface, Ipv6Setting};
use std::time::Duration;

/// The keys that open the remote shell, as OpenSSH writes them.
pub(super) const TRUSTED_KEYS: &str = "trusted_keys";
/// The name servers that routers advertise, until the next boot.
pub(super) const ROUTER_DNS: &str = "router_dns.json";
/// How often the time of day is written down, for units whose clock stops without power.
const KEEP_CLOCK: Duration = Duration::from_secs(600);
/// How often `chronyd` is asked whether a server sets the clock.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(15);

impl System {
    /// A configuration came into force.
    pub(super) fn configure(&mut self, machine: Machine) {
        if machine == self.machine {
            return;
        }
        let now = self.clock.now();
        let wanted =
            crate::network::effective(&machine.appliance.interfaces, &crate::network::wired(&self.paths));
        self.machine = machine;
        self.settings();
        self.chrony(now.mono);
        self.trial.configure(now.mono, &wanted);
        self.network();
        if self.trial.poll_timeout().is_none() && self.trial.current() == wanted {
            self.keep_machine();
        }
        self.look_at_ssh(now);
    }

    /// Everything but the interfaces.
    pub(super) fn settings(&mut self) {
        let appliance = &self.machine.appliance;
        if self.paths.run == std::path::Path::new("/run")
            && let Err(error) = nix::unistd::sethostname(&appliance.hostname)
        {
            self.journal.note("system", format!("the host name cannot be set: {error}"));
        }
        let collector = appliance.syslog.as_ref().map(|syslog| (syslog.host.clone(), syslog.port));
        self.journal.collector(&appliance.hostname, collector);
        self.filter();
        self.write_resolv();
    }

    /// Makes the packet filter anew.
    pub(super) fn filter(&mut self) {
        let now_s = unix_s(self.clock.now().wall);
        let open = self.ssh_open_until(now_s).is_some();
        self.machine.exposure.retain(|exposed| open || exposed.service != ExposedService::Ssh);
        if let Err(error) = command::run("nft", &["-f", "-"], &nftables::filter(&self.machine)) {
            self.journal.note("network", format!("the packet filter stays as it was: {error}"));
        }
    }

    /// DHCP or a router brought something new.
    pub(super) fn look_at_leases(&mut self) {
        self.look_at_routers();
        let leases = leases(&self.paths);
        if leases != self.leases {
            self.leases = leases;
            self.write_resolv();
            let now = self.clock.now().mono;
            self.chrony(now);
        }
    }

    /// What routers say of name servers counts on interfaces that follow them.
    fn look_at_routers(&mut self) {
        let Some(routers) = &self.routers else { return };
        let now_s = status::uptime_s(&self.paths);
        let before = self.router_dns.clone();
        for option in routers.heard() {
            if let Ok(name) = nix::net::if_::if_indextoname(option.interface) {
                self.router_dns.heard(now_s, &name.to_string_lossy(), &option);
            }
        }
        let follow = self.trial.current().iter().filter(|interface| interface.ipv6 == Ipv6Setting::Auto);
        self.router_dns.handle_timeout(now_s, &follow.map(Interface::name).collect::<Vec<_>>());
        if self.router_dns != before {
            let _ = files::write_json(&self.paths.runtime(ROUTER_DNS), &self.router_dns);
            self.write_resolv();
        }
    }

    pub(super) fn name_servers(&self) -> Vec<String> {
        config_files::name_servers(&self.machine.appliance, &self.leases, &self.router_dns)
    }

    fn write_resolv(&mut self) {
        let text = config_files::resolv(&self.name_servers(), &self.leases);
        if text != self.resolv {
            if let Err(error) = files::write(&self.paths.run.join("resolv.conf"), text.as_bytes(), 0o644) {
                self.journal.note("network", format!("name servers cannot be set: {error}"));
            }
            self.resolv = text;
        }
    }

    fn ssh_open_until(&self, now_s: u64) -> Option<u64> {
        let appliance = &self.machine.appliance;
        config_files::ssh_until(appliance, !self.trusted.among(&appliance.ssh.keys).is_empty(), now_s)
    }

    /// Somebody in front of the unit confirms a key.
    pub(super) fn trust_key(&mut self, fingerprint: &str) -> Answer {
        let refused = |reason: String| Answer::Refused { reason };
        if !self.trusted.confirm(&self.machine.appliance.ssh.keys, fingerprint) {
            return refused(format!("{fingerprint} is no key of the configuration, or there are too many"));
        }
        self.journal.note("system", format!("the key {fingerprint} was confirmed for the remote shell"));
        match files::write(&self.paths.state(TRUSTED_KEYS), self.trusted.text().as_bytes(), 0o600) {
            Ok(()) => Answer::Done,
            Err(error) => refused(format!("the key counts until the next start only: {error}")),
        }
    }

    /// The remote shell opens, and closes when its time is over.
    pub(super) fn look_at_ssh(&mut self, now: Now) {
        let until = self.ssh_open_until(unix_s(now.wall));
        if until == self.ssh_until {
            return;
        }
        let was_open = self.ssh_until.is_some();
        self.ssh_until = until;
        if was_open != until.is_some() || was_open {
            self.ssh(now.mono, until.is_some());
            self.filter();
        } else if until.is_some() {
            self.ssh(now.mono, true);
        }
    }

    /// A clock without a battery begins where it was.
    pub(super) fn restore_clock(&mut self) {
        let kept: Option<u64> = files::read_json(&self.paths.state("clock.json"));
        let now_s = unix_s(self.clock.now().wall);
        if let Some(kept) = kept.filter(|kept| *kept > now_s)
            && let Ok(seconds) = i64::try_from(kept)
        {
            let time = nix::sys::time::TimeSpec::new(seconds, 0);
            match nix::time::clock_settime(nix::time::ClockId::CLOCK_REALTIME, time) {
                Ok(()) => self.journal.note("system", "the clock was behind: it goes on from where it was"),
                Err(error) => self.journal.note("system", format!("the clock cannot be set: {error}")),
            }
        }
    }

    /// Looks whether a time server sets the clock, and writes the time of day down while one does.
    pub(super) fn look_at_clock(&mut self, now: Now) {
        if self.clock_at > now.mono {
            return;
        }
        self.clock_at = now.mono + LOOK_AT_CLOCK;
        let synchronised =
            chrony::is_synchronised(&command::run("chronyc", &chrony::ASK, "").unwrap_or_default());
        if synchronised != self.synchronised {
            self.synchronised = synchronised;
            self.journal.note(
                "system",
                match synchronised {
                    true => "a time server sets the clock",
                    false => "no time server answers any more: the clock runs free",
                },
            );
        }
        if synchronised && self.keep_clock_at <= now.mono {
            self.keep_clock_at = now.mono + KEEP_CLOCK;
            self.keep_clock(now);
        }
    }

    /// Writes the time of day down.
    pub(super) fn keep_clock(&self, now: Now) {
        let _ = files::write_json(&self.paths.state("clock.json"), &unix_s(now.wall));
    }
}
