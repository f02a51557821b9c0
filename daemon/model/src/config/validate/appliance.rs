//! The appliance as a machine in a network.

use super::{Config, Faults};
use crate::config::appliance::{Interface, InterfaceRole, IpNetwork, Ipv4Setting, Ipv6Setting};
use std::collections::BTreeMap;
use std::net::IpAddr;

const MAX_INTERFACES: usize = 16;
const MAX_DNS: usize = 3;
const MAX_NTP: usize = 8;
const MAX_KEYS: usize = 16;
const MAX_SOURCES: usize = 64;
/// Longest line of a public key: RSA of 8192 bits with a comment.
const MAX_KEY: usize = 2048;
const MAX_URL: usize = 512;

impl Config {
    pub(super) fn check_appliance(&self, faults: &mut Faults) {
        let appliance = &self.appliance;
        if !is_label(&appliance.hostname) {
            faults.add(
                "/appliance/hostname",
                "a host name has 1–63 letters, digits and hyphens, and no hyphen at its ends",
            );
        }
        let lists = [
            ("interfaces", appliance.interfaces.len(), MAX_INTERFACES),
            ("dns", appliance.dns.len(), MAX_DNS),
            ("ntp", appliance.ntp.len(), MAX_NTP),
            ("ssh/keys", appliance.ssh.keys.len(), MAX_KEYS),
            ("sip_sources", appliance.sip_sources.len(), MAX_SOURCES),
        ];
        for (name, count, most) in lists {
            if count > most {
                faults
                    .add(format!("/appliance/{name}"), format!("{count} are too many: keep {most} at most"));
            }
        }
        self.check_interfaces(faults);
        for (i, address) in appliance.dns.iter().enumerate() {
            if address.is_unspecified() || address.is_multicast() {
                faults.add(format!("/appliance/dns/{i}"), "no name server has this address");
            }
        }
        for (i, host) in appliance.ntp.iter().enumerate() {
            check_host(faults, format!("/appliance/ntp/{i}"), host);
        }
        if let Some(syslog) = &appliance.syslog {
            check_host(faults, "/appliance/syslog/host".into(), &syslog.host);
            faults.within("/appliance/syslog/port", syslog.port, 1, 65535, "");
        }
        self.check_ssh(faults);
        self.check_update(faults);
    }

    fn check_interfaces(&self, faults: &mut Faults) {
        let interfaces = &self.appliance.interfaces;
        let mut seen = BTreeMap::new();
        let mut networks: BTreeMap<String, String> = BTreeMap::new();
        for (i, interface) in interfaces.iter().enumerate() {
            let field = format!("/appliance/interfaces/{i}");
            let device = &interface.device;
            let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            // 15 octets are the kernel's limit, and a VLAN needs up to five of them.
            if device.is_empty() || device.len() > 10 || !device.bytes().all(plain) || device == "lo" {
                faults.add(
                    format!("{field}/device"),
                    "an interface is named with 1–10 letters, digits, `-` and `_`, as in eth0",
                );
            }
            if let Some(vlan) = &interface.vlan {
                faults.within(format!("{field}/vlan/id"), vlan.id, 1, 4094, "");
                faults.within(format!("{field}/vlan/priority"), vlan.priority, 0, 7, "");
            }
            faults.unique(&mut seen, interface.name(), format!("{field}/device"), "the interface");
            check_ipv4(faults, &field, interface, &mut networks);
            check_ipv6(faults, &field, interface, &mut networks);
        }
        let administered = |interface: &&Interface| {
            let reached = interface.ipv4 != Ipv4Setting::Off || interface.ipv6 != Ipv6Setting::Off;
            interface.role != InterfaceRole::Wan && reached
        };
        if !interfaces.is_empty() && interfaces.iter().find(administered).is_none() {
            faults.add(
                "/appliance/interfaces",
                "nobody could administer the unit: give an interface of the LAN or for management an address",
            );
        }
    }

    fn check_ssh(&self, faults: &mut Faults) {
        let ssh = &self.appliance.ssh;
        if ssh.enabled_until.is_some() && ssh.keys.is_empty() {
            faults.add("/appliance/ssh/keys", "there is no password to enter with: add a public key first");
        }
        for (i, key) in ssh.keys.iter().enumerate() {
            if !is_public_key(key) {
                faults.add(
                    format!("/appliance/ssh/keys/{i}"),
                    "this is no public key: paste one line that begins with ssh-ed25519, ecdsa-sha2-nistp256 \
                     or ssh-rsa",
                );
            }
        }
    }

    fn check_update(&self, faults: &mut Faults) {
        let update = &self.appliance.update;
        if update.url.as_deref().is_some_and(|url| !is_web_address(url)) {
            faults.add(
                "/appliance/update/url",
                format!("an address begins with https:// or http:// and has up to {MAX_URL} characters"),
            );
        }
        if let Some(hour) = update.hour {
            faults.within("/appliance/update/hour", hour, 0, 23, "");
        }
    }
}

/// Can it be handed to a program that fetches it? No spaces, quotation marks or control characters.
pub fn is_web_address(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'`\\<>{}|^$;".contains(&b);
    url.len() <= MAX_URL && rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

fn check_ipv4(
    faults: &mut Faults,
    field: &str,
    interface: &Interface,
    networks: &mut BTreeMap<String, String>,
) {
    let Ipv4Setting::Static { address, prefix, gateway } = interface.ipv4 else { return };
    let field = format!("{field}/ipv4");
    if address.is_unspecified() || address.is_multicast() || address.is_loopback() || address.is_broadcast() {
        faults.add(format!("{field}/address"), "no interface can have this address");
    }
    faults.within(format!("{field}/prefix"), prefix, 1, 32, "bits");
    check_network(faults, &field, address.into(), prefix, gateway.map(IpAddr::from), networks);
}

fn check_ipv6(
    faults: &mut Faults,
    field: &str,
    interface: &Interface,
    networks: &mut BTreeMap<String, String>,
) {
    let Ipv6Setting::Static { address, prefix, gateway } = interface.ipv6 else { return };
    let field = format!("{field}/ipv6");
    if address.is_unspecified() || address.is_multicast() || address.is_loopback() {
        faults.add(format!("{field}/address"), "no interface can have this address");
    }
    faults.within(format!("{field}/prefix"), prefix, 1, 128, "bits");
    let outside = gateway.filter(|gateway| !gateway.is_unicast_link_local());
    check_network(faults, &field, address.into(), prefix, outside.map(IpAddr::from), networks);
}

fn check_network(
    faults: &mut Faults,
    field: &str,
    address: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
    networks: &mut BTreeMap<String, String>,
) {
    let Ok(network) = IpNetwork::new(address, prefix) else { return };
    faults.unique(networks, network.to_string(), field.into(), "the network");
    if let Some(gateway) = gateway
        && (!network.contains(gateway) || gateway == address)
    {
        faults.add(
            format!("{field}/gateway"),
            format!("the router must be another address of {network}: correct one of the two"),
        );
    }
}

fn check_host(faults: &mut Faults, field: String, host: &str) {
    let is_name = host.len() <= 253 && host.split('.').all(is_label);
    if host.parse::<IpAddr>().is_err() && !is_name {
        faults.add(field, "this is neither a host name nor an address: write time.example.com or 192.0.2.1");
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A kind, a key in base64 and perhaps a comment; no options, which could run a program.
fn is_public_key(line: &str) -> bool {
    let mut words = line.split(' ');
    let known = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
    ];
    let kind = words.next().is_some_and(|kind| known.contains(&kind));
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
    let key = words.next().is_some_and(|key| key.len() >= 40 && key.bytes().all(base64));
    kind && key && line.len() <= MAX_KEY && !line.chars().any(char::is_control)
}
