//! What holds for the appliance as a machine in a network: its interfaces, names, time, logs, and
//! who may reach it. A gateway that runs as a program on somebody else's system ignores it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The appliance as a machine in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Appliance {
    /// Its name in the network, one label of letters, digits and hyphens (RFC 1123).
    pub hostname: String,
    /// Its interfaces. Empty: every wired interface asks for an address (DHCP, IPv6 router
    /// advertisements) and belongs to the LAN.
    pub interfaces: Vec<Interface>,
    /// Name servers, 3 at most; empty = those that DHCP and IPv6 routers name.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<String>))]
    pub dns: Vec<IpAddr>,
    /// Time servers, 8 at most; those that DHCP names are asked as well.
    pub ntp: Vec<String>,
    /// Where logs are sent beside the unit's own; none = nowhere.
    pub syslog: Option<RemoteSyslog>,
    /// Remote shell.
    pub ssh: Ssh,
    /// Networks that may speak SIP to us, beside the trunks whose host is an address.
    pub sip_sources: Vec<IpNetwork>,
    /// Where new versions come from.
    pub update: UpdateSettings,
}

impl Default for Appliance {
    fn default() -> Self {
        Self {
            hostname: "demarc".into(),
            interfaces: Vec::new(),
            dns: Vec::new(),
            ntp: vec!["pool.ntp.org".into()],
            syslog: None,
            ssh: Ssh::default(),
            sip_sources: IpNetwork::private(),
            update: UpdateSettings::default(),
        }
    }
}

/// A network interface, or a VLAN on one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// The device: `eth0`.
    pub device: String,
    /// The VLAN on it; none = untagged frames.
    #[serde(default)]
    pub vlan: Option<Vlan>,
    /// What may be reached through it.
    pub role: InterfaceRole,
    /// Its IPv4 address.
    #[serde(default)]
    pub ipv4: Ipv4Setting,
    /// Its IPv6 address.
    #[serde(default)]
    pub ipv6: Ipv6Setting,
}

impl Interface {
    /// The name of the device in the kernel: `eth0`, `eth0.20` for a VLAN.
    pub fn name(&self) -> String {
        match &self.vlan {
            Some(vlan) => format!("{}.{}", self.device, vlan.id),
            None => self.device.clone(),
        }
    }
}

/// A VLAN (IEEE 802.1Q).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Vlan {
    /// VLAN identifier, 1–4094.
    pub id: u16,
    /// Priority of voice and signalling (PCP of IEEE 802.1p), 0–7; other frames have 0.
    #[serde(default = "voice_priority")]
    pub priority: u8,
}

/// 5: voice, as IEEE 802.1Q recommends.
const fn voice_priority() -> u8 {
    5
}

/// What may be reached through an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum InterfaceRole {
    /// The office's network: SIP, RTP, and administration unless an interface is for that alone.
    #[default]
    Lan,
    /// The outside: SIP and RTP only.
    Wan,
    /// Administration only.
    Management,
}

/// How an interface gets its IPv4 address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Ipv4Setting {
    /// It has none.
    Off,
    /// By DHCP.
    #[default]
    Dhcp,
    /// Fixed.
    Static {
        /// The address.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        address: std::net::Ipv4Addr,
        /// Length of the network's prefix in bits, 1–32.
        prefix: u8,
        /// The router; none = only this network is reached.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        gateway: Option<std::net::Ipv4Addr>,
    },
}

/// How an interface gets its IPv6 address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Ipv6Setting {
    /// It has none, not even a link-local one.
    Off,
    /// From router advertisements (RFC 4862).
    #[default]
    Auto,
    /// Fixed.
    Static {
        /// The address.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        address: std::net::Ipv6Addr,
        /// Length of the network's prefix in bits, 1–128.
        prefix: u8,
        /// The router, which may be link-local; none = only this network is reached.
        #[serde(default)]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
        gateway: Option<std::net::Ipv6Addr>,
    },
}

/// A collector of logs (RFC 5424).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoteSyslog {
    /// Host name or address.
    pub host: String,
    /// UDP port, 1–65535.
    #[serde(default = "syslog_port")]
    pub port: u16,
}

const fn syslog_port() -> u16 {
    514
}

/// Remote shell: with keys only, and only for a time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Ssh {
    /// When it is switched off again, in seconds since 1970 UTC; none = it is off. It never stays on
    /// for longer than seven days.
    pub enabled_until: Option<u64>,
    /// Public keys of those who may enter, one line each as OpenSSH writes them, 16 at most.
    pub keys: Vec<String>,
}

/// Where new versions come from, and when they are taken into service.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UpdateSettings {
    /// Address of the newest update bundle, `https://…`; none = only what an administrator brings.
    pub url: Option<String>,
    /// The hour of the day (UTC, 0–23) in which a version that was installed is taken into service;
    /// none = when an administrator says so.
    pub hour: Option<u8>,
}

/// A network in CIDR notation: `192.0.2.0/24`, `2001:db8::/32`. Bits of the host are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IpNetwork {
    address: IpAddr,
    prefix: u8,
}

impl IpNetwork {
    /// The network that an address is in, with its prefix length in bits.
    ///
    /// # Errors
    /// The prefix is longer than the address.
    pub fn new(address: IpAddr, prefix: u8) -> Result<Self, String> {
        let masked = match address {
            IpAddr::V4(v4) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4((u32::from(v4) & mask).into())
            }
            IpAddr::V6(v6) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6((u128::from(v6) & mask).into())
            }
            _ => return Err(format!("a prefix of {prefix} bits is too long: write 192.0.2.0/24")),
        };
        Ok(Self { address: masked, prefix })
    }

    /// One address.
    pub fn host(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Networks that are nobody's in the Internet (RFC 1918, RFC 4193) and link-local ones.
    pub fn private() -> Vec<Self> {
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"]
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect()
    }

    /// Its first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// Is this address in it?
    pub fn contains(&self, address: IpAddr) -> bool {
        Self::new(address, self.prefix).is_ok_and(|network| network.address == self.address)
    }

    /// Is it of IPv4?
    pub fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for IpNetwork {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        // As it is written: the struct is only how we hold it.
        <String as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for IpNetwork {}

impl fmt::Display for IpNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl FromStr for IpNetwork {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("“{text}” is no network: write 192.0.2.0/24, or one address");
        match text.split_once('/') {
            Some((address, prefix)) => Self::new(
                address.parse().map_err(|_| wrong())?,
                prefix
                    .parse()
                    .ok()
                    .filter(|_| prefix.bytes().all(|b| b.is_ascii_digit()))
                    .ok_or_else(wrong)?,
            ),
            None => Ok(Self::host(text.parse().map_err(|_| wrong())?)),
        }
    }
}

impl TryFrom<String> for IpNetwork {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<IpNetwork> for String {
    fn from(network: IpNetwork) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let parse = |text: &str| text.parse::<IpNetwork>().map(|network| network.to_string());
        assert_eq!(parse("192.0.2.77/24").as_deref(), Ok("192.0.2.0/24"));
        assert_eq!(parse("0.0.0.0/0").as_deref(), Ok("0.0.0.0/0"));
        assert_eq!(parse("::/0").as_deref(), Ok("::/0"));
        assert_eq!(parse("2001:db8:ffff::1/32").as_deref(), Ok("2001:db8::/32"));
        assert_eq!(parse("192.0.2.1").as_deref(), Ok("192.0.2.1/32"));
        for wrong in ["", "/", "192.0.2.0/", "192.0.2.0/33", "::/129", "192.0.2/24", "x/8", "192.0.2.0/+8"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        let net: IpNetwork = "192.0.2.0/25".parse().unwrap();
        assert!(net.contains("192.0.2.127".parse().unwrap()));
        assert!(!net.contains("192.0.2.128".parse().unwrap()));
        assert!(!net.contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn an_old_configuration_has_none_and_gets_the_usual() {
        let appliance: Appliance = serde_json::from_str("{}").unwrap();
        assert_eq!(appliance, Appliance::default());
        assert_eq!(appliance.ssh.enabled_until, None, "nobody enters a unit that nobody opened");
    }
}
