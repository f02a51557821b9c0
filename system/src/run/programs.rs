//! The programs that are kept running.

use super::System;
use crate::command;
use crate::config_files;
use crate::files;
use crate::service::{Service, Spec};
use demarc_model::Instant;
use std::path::PathBuf;

/// The gateway.
pub(super) const DEMARCD: &str = "demarcd";
const CHRONY: &str = "chronyd";
const SSH: &str = "ssh";

impl System {
    pub(super) fn start_programs(&mut self, now: Instant) {
        self.chrony(now);
        let spec = self.gateway();
        self.services.push(Service::new(now, spec));
    }

    fn gateway(&self) -> Spec {
        let cmdline = files::read(&self.paths.proc.join("cmdline")).unwrap_or_default();
        let cards = cmdline
            .split_whitespace()
            .find_map(|word| word.strip_prefix("demarc.cards="))
            .filter(|cards| ["simulated", "dahdi"].contains(cards))
            .unwrap_or("dahdi");
        let data = self.paths.demarc();
        let mut arguments: Vec<String> =
            ["launch", "--ports", "--", "demarcd", "--data"].map(Into::into).into();
        arguments.push(data.display().to_string());
        arguments
            .extend(["--cards", cards, "--http", "127.0.0.1:8080", "--https", "[::]:443"].map(Into::into));
        arguments.extend(["--system".into(), self.paths.socket.display().to_string()]);
        Spec {
            name: DEMARCD.into(),
            program: this_program(),
            arguments,
            // Its log is read in files and in the web UI, not on a terminal.
            environment: vec![("HOME".into(), data.display().to_string()), ("NO_COLOR".into(), "1".into())],
            recorded: true,
        }
    }

    pub(super) fn chrony(&mut self, now: Instant) {
        let Some(program) = command::find("chronyd") else { return };
        let text = config_files::chrony(&self.machine.appliance, &self.leases, &self.paths.state(""));
        let file = self.paths.runtime("chrony.conf");
        let known = files::read(&file);
        if known.as_deref() == Some(text.as_str()) && self.program(CHRONY).is_some() {
            return;
        }
        if let Err(error) = files::write(&file, text.as_bytes(), 0o644) {
            return self.journal.note("system", format!("chrony cannot be told anything: {error}"));
        }
        let users = files::read("/etc/passwd".as_ref()).unwrap_or_default();
        let has = |name: &str| users.lines().any(|line| line.split(':').next() == Some(name));
        let user = ["_chrony", "chrony"].into_iter().find(|name| has(name)).unwrap_or("root");
        let spec = Spec {
            name: CHRONY.into(),
            program,
            arguments: vec!["-d".into(), "-u".into(), user.into(), "-f".into(), file.display().to_string()],
            environment: Vec::new(),
            recorded: false,
        };
        self.run_program(now, spec, true);
    }

    /// Asks for an address through an interface, or no longer.
    pub(super) fn dhcp(&mut self, now: Instant, interface: &str, on: bool) {
        let name = format!("dhcp-{interface}");
        if !on {
            let _ = files::remove(&self.paths.runtime("dhcp").join(format!("{interface}.json")));
            if let Some(service) = self.program_mut(&name) {
                service.stop(now);
            }
            return;
        }
        let Some(program) = command::find("udhcpc") else {
            return self.journal.note("network", "there is no udhcpc: no address by DHCP");
        };
        let script = self.paths.runtime("dhcp-script");
        let text = format!("#!/bin/sh\nexec {} dhcp \"$@\"\n", this_program().display());
        if let Err(error) = files::write(&script, text.as_bytes(), 0o755) {
            return self.journal.note("network", format!("DHCP: {error}"));
        }
        let hostname = format!("hostname:{}", self.machine.appliance.hostname);
        let (script, runtime) = (script.display().to_string(), self.paths.runtime("").display().to_string());
        let arguments = [
            "-f", "-R", "-i", interface, "-s", &script, "-x", &hostname, "-O", "ntpsrv", "-t", "4", "-T",
            "2", "-A", "8",
        ];
        let spec = Spec {
            name,
            program,
            arguments: arguments.map(Into::into).into(),
            environment: vec![("DEMARC_RUNTIME".into(), runtime)],
            recorded: false,
        };
        self.run_program(now, spec, false);
    }

    /// Opens or closes the remote shell.
    pub(super) fn ssh(&mut self, now: Instant, open: bool) {
        if !open {
            if let Some(service) = self.program_mut(SSH) {
                service.stop(now);
            }
            end_shells();
            return;
        }
        match self.ssh_spec() {
            Ok(spec) => self.run_program(now, spec, false),
            Err(error) => self.journal.note("system", format!("the remote shell is not opened: {error}")),
        }
    }

    fn ssh_spec(&self) -> Result<Spec, String> {
        let words = |error: std::io::Error| error.to_string();
        let keys = self.paths.run.join("ssh/authorized_keys");
        std::fs::create_dir_all(self.paths.run.join("ssh")).map_err(words)?;
        let lines = self.trusted.among(&self.machine.appliance.ssh.keys);
        files::write(&keys, config_files::authorized_keys(&lines).as_bytes(), 0o600).map_err(words)?;
        let folder = self.paths.state("ssh");
        std::fs::create_dir_all(&folder).map_err(words)?;
        let text = |path: &std::path::Path| path.display().to_string();
        let (program, arguments) = if let Some(sshd) = command::find("sshd") {
            let host_key = folder.join("ssh_host_ed25519_key");
            if !host_key.exists() {
                command::run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &text(&host_key)], "")?;
            }
            let file = self.paths.runtime("sshd_config");
            files::write(&file, config_files::sshd(&keys, &host_key).as_bytes(), 0o600).map_err(words)?;
            (sshd, vec!["-D".into(), "-e".into(), "-f".into(), text(&file)])
        } else {
            let dropbear = command::find("dropbear").ok_or("there is neither sshd nor dropbear")?;
            let host_key = folder.join("dropbear_ed25519_host_key");
            if !host_key.exists() {
                command::run("dropbearkey", &["-t", "ed25519", "-f", &text(&host_key)], "")?;
            }
            // In the foreground, to standard error, no passwords, no forwarding, idle for half an hour.
            let arguments = ["-F", "-E", "-s", "-j", "-k", "-I", "1800", "-p", "22", "-r"];
            (dropbear, arguments.map(Into::into).into_iter().chain([text(&host_key)]).collect())
        };
        Ok(Spec { name: SSH.into(), program, arguments, environment: Vec::new(), recorded: false })
    }

    /// Runs a program with these settings from now on; `again` restarts it even when they are the same.
    fn run_program(&mut self, now: Instant, spec: Spec, again: bool) {
        match self.services.iter_mut().find(|service| service.name() == spec.name) {
            Some(service) => {
                service.respec(now, spec);
                if again {
                    service.restart(now, nix::sys::signal::Signal::SIGTERM);
                }
            }
            None => self.services.push(Service::new(now, spec)),
        }
    }
}

fn this_program() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| "demarc-system".into())
}

/// Shells that are open end with the permission that opened them.
fn end_shells() {
    let Ok(entries) = std::fs::read_dir("/proc") else { return };
    for entry in entries.flatten() {
        let name = files::read(&entry.path().join("comm")).unwrap_or_default();
        if ["dropbear", "sshd", "sshd-session"].contains(&name.trim())
            && let Ok(id) = entry.file_name().to_string_lossy().parse::<i32>()
        {
            let pid = nix::unistd::Pid::from_raw(id);
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        }
    }
}
