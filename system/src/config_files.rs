//! What other programs are told, as text. Sans-IO.

use crate::network::{Lease, RouterDns};
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

/// The name servers that are asked, 3 at most as in resolv.conf(5): what is configured, else what DHCP says, then what IPv6
/// routers say.
pub fn name_servers(appliance: &Appliance, leases: &[Lease], routers: &RouterDns) -> Vec<String> {
    let text = |list: &[IpAddr]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut servers = text(&appliance.dns);
    if servers.is_empty() {
        servers = leases.iter().flat_map(|lease| text(&lease.dns)).chain(routers.servers()).collect();
    }
    servers.truncate(3);
    servers
}

/// What the resolver is told.
pub fn resolv(servers: &[String], leases: &[Lease]) -> String {
    let mut text = String::from("# Made by demarc-system.\n");
    if let Some(domain) = leases.iter().find_map(|lease| lease.domain.as_ref()) {
        let _ = writeln!(text, "search {domain}");
    }
    for server in servers {
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
    use crate::network::Advertised;

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
        let routers = RouterDns::default();
        let servers = name_servers(&appliance, std::slice::from_ref(&lease), &routers);
        assert!(resolv(&servers, std::slice::from_ref(&lease)).contains("nameserver 192.0.2.53\n"));
        appliance.dns = vec!["2001:db8::53".parse().unwrap()];
        assert_eq!(name_servers(&appliance, &[lease], &routers), ["2001:db8::53"]);
    }

    #[test]
    fn what_routers_name_comes_after_what_dhcp_names() {
        let mut routers = RouterDns::default();
        let servers = ["2001:db8::53", "fe80::1", "2001:db8::54"].map(|server| server.parse().unwrap());
        routers.heard(0, "eth0", &Advertised { interface: 2, lifetime_s: 600, servers: servers.into() });
        let lease = Lease { dns: vec!["192.0.2.53".parse().unwrap()], ..Lease::default() };
        let servers = name_servers(&Appliance::default(), &[lease], &routers);
        assert_eq!(servers, ["192.0.2.53", "2001:db8::53", "fe80::1%eth0"]);
        assert!(resolv(&servers, &[]).contains("nameserver fe80::1%eth0\n"));
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
