//! What busybox's DHCP client says through the environment of the script that it calls.

use crate::command;
use crate::files;
use crate::paths::Paths;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

/// Addresses in one lease.
const MAX: usize = 4;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DhcpEvent {
    /// There is no lease, or no longer.
    Gone,
    /// There is one.
    Bound(Lease),
    /// Nothing to be done.
    Nothing,
}

/// What the server gave us.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lease {
    /// Our address.
    pub address: Option<Ipv4Addr>,
    /// Its prefix length in bits.
    pub prefix: u8,
    /// The router.
    pub router: Option<Ipv4Addr>,
    /// Name servers.
    pub dns: Vec<IpAddr>,
    /// Time servers.
    pub ntp: Vec<Ipv4Addr>,
    /// Domain for short names.
    pub domain: Option<String>,
}

/// Reads the script's argument and environment. What a server says is not believed as text: it must
/// be an address.
pub fn lease_of(event: &str, environment: &BTreeMap<String, String>) -> DhcpEvent {
    match event {
        "deconfig" | "leasefail" | "nak" => DhcpEvent::Gone,
        "bound" | "renew" => {
            let get = |name: &str| environment.get(name).map(String::as_str).unwrap_or_default();
            let Ok(address) = get("ip").parse() else { return DhcpEvent::Nothing };
            let prefix = get("mask").parse().ok().or_else(|| prefix_of(get("subnet"))).unwrap_or(24);
            let v4 = |name: &str| get(name).split_whitespace().filter_map(|a| a.parse().ok()).take(MAX);
            let domain = get("domain").split_whitespace().next().filter(|domain| is_domain(domain));
            DhcpEvent::Bound(Lease {
                address: Some(address),
                prefix,
                router: v4("router").next(),
                dns: v4("dns").map(IpAddr::V4).collect(),
                ntp: v4("ntpsrv").collect(),
                domain: domain.map(str::to_owned),
            })
        }
        _ => DhcpEvent::Nothing,
    }
}

fn prefix_of(mask: &str) -> Option<u8> {
    let mask: Ipv4Addr = mask.parse().ok()?;
    u8::try_from(u32::from(mask).leading_ones()).ok()
}

fn is_domain(domain: &str) -> bool {
    domain.len() <= 253 && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// The script itself: sets the address, and leaves the lease for `demarc-system run`.
///
/// # Errors
/// In words, for the client's log.
pub fn script(paths: &Paths, event: &str, environment: &BTreeMap<String, String>) -> Result<(), String> {
    let name = environment.get("interface").ok_or("the DHCP client names no interface")?;
    let file = paths.runtime("dhcp").join(format!("{name}.json"));
    match lease_of(event, environment) {
        DhcpEvent::Nothing => Ok(()),
        DhcpEvent::Gone => {
            let _ = files::remove(&file);
            let _ = command::run("ip", &["-4", "address", "flush", "dev", name], "");
            Ok(())
        }
        DhcpEvent::Bound(lease) => {
            let Some(address) = lease.address else { return Ok(()) };
            let network = format!("{address}/{}", lease.prefix);
            let known = files::read_json::<Lease>(&file);
            if known.as_ref().is_some_and(|known| known.address != lease.address) {
                let _ = command::run("ip", &["-4", "address", "flush", "dev", name], "");
            }
            command::run("ip", &["-4", "address", "replace", &network, "dev", name], "")?;
            if let Some(router) = lease.router {
                let (router, metric) = (router.to_string(), metric(name));
                let route =
                    ["-4", "route", "replace", "default", "via", &router, "dev", name, "metric", &metric];
                command::run("ip", &route, "")?;
            }
            files::write_json(&file, &lease).map_err(|error| error.to_string())
        }
    }
}

/// Several interfaces with DHCP: the first by name is preferred.
fn metric(name: &str) -> String {
    let digits: String = name.chars().filter(char::is_ascii_digit).take(4).collect();
    (210 + digits.parse::<u32>().unwrap_or(0) % 80).to_string()
}

/// The leases that there are.
pub fn leases(paths: &Paths) -> Vec<Lease> {
    let Ok(entries) = std::fs::read_dir(paths.runtime("dhcp")) else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().take(16).filter_map(|file| files::read_json(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn a_lease_is_read_and_not_believed() {
        let given = environment(&[
            ("ip", "192.0.2.7"),
            ("subnet", "255.255.255.128"),
            ("router", "192.0.2.1 192.0.2.3"),
            ("dns", "192.0.2.53 $(reboot) 192.0.2.54"),
            ("ntpsrv", "192.0.2.123"),
            ("domain", "example.com;reboot"),
        ]);
        let DhcpEvent::Bound(lease) = lease_of("bound", &given) else { panic!() };
        assert_eq!(lease.address, Some(Ipv4Addr::new(192, 0, 2, 7)));
        assert_eq!((lease.prefix, lease.router), (25, Some(Ipv4Addr::new(192, 0, 2, 1))));
        assert_eq!(lease.dns.len(), 2);
        assert_eq!(lease.domain, None);
        assert_eq!(lease_of("deconfig", &given), DhcpEvent::Gone);
        assert_eq!(lease_of("bound", &environment(&[("ip", "x")])), DhcpEvent::Nothing);
    }
}
