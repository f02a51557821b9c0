//! What other programs are told, as text. Sans-IO.

use crate::network::Lease;
use demarc_model::config::Appliance;
use std::fmt::Write;
use std::net::IpAddr;
use std::path::Path;

/// The longest that a remote shell may stay open, in seconds: seven days, and an hour for clocks.
pub const SSH_LONGEST_S: u64 = 7 * 86_400 + 3600;

/// What `chronyd` is told. Servers that DHCP names are asked as well.
pub fn chrony(appliance: &Appliance, leases: &[Lease], state: &Path) -> String {
    let mut text = String::from("# Made by demarc-system.\n");
    for server in &appliance.ntp {
        // A name may stand for many servers; an address is one.
        let kind = if server.parse::<IpAddr>().is_ok() { "server" } else { "pool" };
        let _ = writeln!(text, "{kind} {server} iburst");
    }
    for server in leases.iter().flat_map(|lease| &lease.ntp) {
        let _ = writeln!(text, "server {server} iburst");
    }
    // It serves nobody, and takes orders through its socket only.
    let _ = writeln!(text, "driftfile {}", state.join("chrony.drift").display());
    let _ =
        writeln!(text, "makestep 1 3\nrtcsync\nport 0\ncmdport 0\nbindcmdaddress {}", crate::chrony::SOCKET);
    text
}

/// What the resolver is told: what is configured, else what DHCP says.
pub fn resolv(appliance: &Appliance, leases: &[Lease]) -> String {
    let mut text = String::from("# Made by demarc-system.\n");
    if let Some(domain) = leases.iter().find_map(|lease| lease.domain.as_ref()) {
        let _ = writeln!(text, "search {domain}");
    }
    let learned: Vec<IpAddr> = leases.iter().flat_map(|lease| lease.dns.iter().copied()).collect();
    let servers = if appliance.dns.is_empty() { &learned } else { &appliance.dns };
    for server in servers.iter().take(3) {
        let _ = writeln!(text, "nameserver {server}");
    }
    text.push_str("options timeout:2 attempts:2\n");
    text
}

/// Who may enter by a remote shell.
pub fn authorized_keys(keys: &[&str]) -> String {
    keys.iter().map(|key| format!("no-agent-forwarding,no-X11-forwarding {key}\n")).collect()
}

/// What OpenSSH's server is told, where it is what the image has.
pub fn sshd(keys: &Path, host_key: &Path) -> String {
    format!(
        "# Made by demarc-system.\n\
         Port {}\n\
         HostKey {}\n\
         AuthorizedKeysFile {}\n\
         AuthenticationMethods publickey\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\n\
         AllowAgentForwarding no\n\
         AllowTcpForwarding no\n\
         X11Forwarding no\n\
         MaxAuthTries 3\n\
         LoginGraceTime 30\n\
         PidFile none\n",
        demarc_model::appliance::SSH_PORT,
        host_key.display(),
        keys.display()
    )
}

/// Until when the remote shell is open; none when it is not. `keys` says whether anybody may enter. A time that is too far away is a clock
/// that is wrong, or an administrator who wants it always: neither opens it.
pub fn ssh_until(appliance: &Appliance, keys: bool, now_s: u64) -> Option<u64> {
    let until = appliance.ssh.enabled_until?;
    let left = until.checked_sub(now_s)?;
    (left > 0 && left <= SSH_LONGEST_S && keys).then_some(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_time_and_names() {
        let mut appliance =
            Appliance { ntp: vec!["time.example.com".into(), "192.0.2.1".into()], ..Appliance::default() };
        let lease = Lease {
            dns: vec!["192.0.2.53".parse().unwrap()],
            ntp: vec!["192.0.2.123".parse().unwrap()],
            ..Lease::default()
        };
        let text = chrony(&appliance, std::slice::from_ref(&lease), Path::new("/data/system"));
        assert!(
            text.contains(
                "pool time.example.com iburst\nserver 192.0.2.1 iburst\nserver 192.0.2.123 iburst\n"
            )
        );
        assert!(text.contains("port 0\ncmdport 0\n"), "it serves nobody");
        assert!(resolv(&appliance, std::slice::from_ref(&lease)).contains("nameserver 192.0.2.53\n"));
        appliance.dns = vec!["2001:db8::53".parse().unwrap()];
        let text = resolv(&appliance, &[lease]);
        assert!(text.contains("nameserver 2001:db8::53\n") && !text.contains("192.0.2.53"));
    }

    #[test]
    fn a_remote_shell_is_open_for_a_week_at_most_and_never_without_a_key() {
        let mut appliance = Appliance::default();
        appliance.ssh.enabled_until = Some(1_000_000);
        assert_eq!(ssh_until(&appliance, false, 999_999), None);
        assert_eq!(ssh_until(&appliance, true, 999_999), Some(1_000_000));
        assert_eq!(ssh_until(&appliance, true, 1_000_000), None);
        assert_eq!(ssh_until(&appliance, true, 1), None, "a clock that was never set");
        assert!(authorized_keys(&["ssh-ed25519 AAAA"]).ends_with(" ssh-ed25519 AAAA\n"));
    }
}
