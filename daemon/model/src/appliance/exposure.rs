//! What the unit answers to, as it follows from the configuration: the packet filter is made from
//! this list and from nothing else, and the list is what the administrator is shown.

use crate::Config;
use crate::config::appliance::InterfaceRole;
use crate::config::{IpNetwork, TrunkKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Where the web UI and the API are served.
pub const HTTPS_PORT: u16 = 443;
/// Where the remote shell is served.
pub const SSH_PORT: u16 = 22;

/// One thing that the unit answers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Exposed {
    /// What.
    pub service: ExposedService,
    /// Over what.
    pub protocol: Protocol,
    /// The first port; 0 for ICMP.
    pub first_port: u16,
    /// The last port.
    pub last_port: u16,
    /// Through these interfaces; empty = through all.
    pub interfaces: Vec<String>,
    /// From these networks; empty = from anywhere.
    pub sources: Vec<IpNetwork>,
}

/// What listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExposedService {
    /// Web UI and API over HTTPS.
    Administration,
    /// Remote shell.
    Ssh,
    /// SIP.
    Sip,
    /// RTP and RTCP.
    Rtp,
    /// Echo requests, and what IPv6 cannot do without (neighbours, routers).
    Icmp,
    /// Answers of DHCP servers.
    DhcpClient,
}

/// Over what it is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = ExposedProtocol))]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// ICMP and ICMPv6.
    Icmp,
}

/// The whole list, `now_s` being the time in seconds since 1970 UTC: a remote shell that has expired
/// is not on it.
pub fn exposure(config: &Config, now_s: u64) -> Vec<Exposed> {
    let appliance = &config.appliance;
    let with = |roles: &[InterfaceRole]| -> Option<Vec<String>> {
        if appliance.interfaces.is_empty() {
            return Some(Vec::new());
        }
        let names = appliance.interfaces.iter().filter(|i| roles.contains(&i.role)).map(|i| i.name());
        Some(names.collect::<Vec<_>>()).filter(|names| !names.is_empty())
    };
    let administration = with(&[InterfaceRole::Management])
        .filter(|names| !names.is_empty())
        .or_else(|| with(&[InterfaceRole::Lan]));
    let telephony = with(&[InterfaceRole::Lan, InterfaceRole::Wan]);
    let mut list = Vec::new();
    let mut add = |service, protocol, ports: (u16, u16), interfaces: &Option<Vec<String>>, sources| {
        if let Some(interfaces) = interfaces.clone() {
            let (first_port, last_port) = ports;
            list.push(Exposed { service, protocol, first_port, last_port, interfaces, sources });
        }
    };
    use ExposedService::*;
    let everywhere = Some(Vec::new());
    add(Icmp, Protocol::Icmp, (0, 0), &everywhere, Vec::new());
    add(DhcpClient, Protocol::Udp, (68, 68), &everywhere, Vec::new());
    add(Administration, Protocol::Tcp, (HTTPS_PORT, HTTPS_PORT), &administration, Vec::new());
    if appliance.ssh.enabled_until.is_some_and(|until| until > now_s) && !appliance.ssh.keys.is_empty() {
        add(Ssh, Protocol::Tcp, (SSH_PORT, SSH_PORT), &administration, Vec::new());
    }
    let sip = &config.system.sip;
    let sources = sip_sources(config);
    for (protocol, address) in [(Protocol::Udp, sip.udp), (Protocol::Tcp, sip.tcp)] {
        if let Some(address) = address.filter(is_reachable) {
            add(Sip, protocol, (address.port(), address.port()), &telephony, sources.clone());
        }
    }
    if [sip.udp, sip.tcp].into_iter().flatten().any(|address| is_reachable(&address)) {
        let rtp = &config.system.rtp;
        let last = rtp.first_port.saturating_add(rtp.ports.saturating_mul(2).saturating_sub(1));
        add(Rtp, Protocol::Udp, (rtp.first_port, last), &telephony, Vec::new());
    }
    list
}

/// Only this machine reaches a loopback address, whatever a packet filter says.
fn is_reachable(address: &SocketAddr) -> bool {
    !address.ip().is_loopback()
}

/// Who may speak SIP: the networks that are allowed, and trunks that are named by their address. A
/// trunk that is named otherwise answers what we have sent, and more only when its network is listed.
fn sip_sources(config: &Config) -> Vec<IpNetwork> {
    let listed = &config.appliance.sip_sources;
    let trunks = config.trunks.iter().filter(|trunk| trunk.enabled).filter_map(|trunk| match &trunk.kind {
        TrunkKind::Sip(peer) => peer.host.trim_matches(['[', ']']).parse::<IpAddr>().ok(),
        _ => None,
    });
    let covered = |address: &IpAddr| listed.iter().any(|network| network.contains(*address));
    let hosts: BTreeSet<_> = trunks.filter(|address| !covered(address)).map(IpNetwork::host).collect();
    let mut sources: Vec<_> = listed.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    sources.extend(hosts);
    if sources.is_empty() {
        // An empty list of the filter means anybody; nobody may is said by an address that no one has.
        sources.push(IpNetwork::host(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED)));
    }
    sources
}
