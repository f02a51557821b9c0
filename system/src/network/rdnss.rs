//! Name servers that IPv6 routers advertise (RDNSS, RFC 8106 §5.1): in a network without IPv4 there are no others. Sans-IO.
//!
//! The kernel follows router advertisements itself (RFC 4862) and checks whether they are of this link; what it has no use for
//! it hands on, in a netlink message an option.

use serde::{Deserialize, Serialize};
use std::net::Ipv6Addr;

/// Servers that are remembered.
const MAX: usize = 8;
/// `RTM_NEWNDUSEROPT` of rtnetlink(7).
const NEW_USER_OPTION: u16 = 68;
/// Octets of `struct nlmsghdr` and of `struct nduseroptmsg`.
const HEADER: usize = 16;
const AF_INET6: u8 = 10;
/// RFC 4861 §4.2.
const ROUTER_ADVERTISEMENT: u8 = 134;
/// RFC 8106 §5.1.
const RDNSS: u8 = 25;
/// The servers may be asked for ever.
const INFINITE: u32 = u32::MAX;

/// One option of one advertisement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertised {
    /// The kernel's number of the interface that it came through.
    pub interface: u32,
    /// How long the servers may be asked, in seconds; 0 = no longer.
    pub lifetime_s: u32,
    /// The servers.
    pub servers: Vec<Ipv6Addr>,
}

/// What a datagram of the kernel says; what is not understood is passed over.
pub fn advertised(datagram: &[u8]) -> Vec<Advertised> {
    let mut found = Vec::new();
    let mut rest = datagram;
    while let Some(length) = field(rest, 0).map(|octets| u32::from_ne_bytes(octets) as usize)
        && let Some(message) = rest.get(..length)
        && length >= HEADER
    {
        if field(message, 4).map(u16::from_ne_bytes) == Some(NEW_USER_OPTION) {
            found.extend(options(message.get(HEADER..).unwrap_or_default()));
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// What follows the header of a message: `struct nduseroptmsg`, and options of RFC 4861 §4.6.
fn options(message: &[u8]) -> Vec<Advertised> {
    let mut found = Vec::new();
    let (Some(length), Some(interface)) = (field(message, 2), field(message, 4)) else { return found };
    let length = usize::from(u16::from_ne_bytes(length));
    let interface = u32::from_ne_bytes(interface);
    if message.first() != Some(&AF_INET6) || message.get(8) != Some(&ROUTER_ADVERTISEMENT) {
        return found;
    }
    let mut rest = message.get(HEADER..).and_then(|rest| rest.get(..length)).unwrap_or_default();
    while let [kind, eights, ..] = *rest
        && eights > 0
        && let Some((option, after)) = rest.split_at_checked(usize::from(eights) * 8)
    {
        if kind == RDNSS
            && let Some(lifetime) = field(option, 4)
        {
            let servers = option.get(8..).unwrap_or_default().chunks_exact(16);
            let servers = servers.filter_map(|octets| Some(Ipv6Addr::from(field::<16>(octets, 0)?)));
            let servers: Vec<_> = servers.filter(may_be_asked).take(MAX).collect();
            found.push(Advertised { interface, lifetime_s: u32::from_be_bytes(lifetime), servers });
        }
        rest = after;
    }
    found
}

fn field<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn may_be_asked(address: &Ipv6Addr) -> bool {
    !address.is_unspecified() && !address.is_loopback() && !address.is_multicast()
}

/// Where a server is, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Server {
    address: Ipv6Addr,
    interface: String,
    /// In seconds since the kernel started; none = for ever.
    until_s: Option<u64>,
}

/// The servers that may be asked now. Its time is in seconds since the kernel started: it is kept beside us, for another
/// `demarc-system` that goes on where this one was killed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RouterDns {
    servers: Vec<Server>,
}

impl RouterDns {
    /// A router said this.
    pub fn heard(&mut self, now_s: u64, interface: &str, option: &Advertised) {
        let until_s = (option.lifetime_s != INFINITE).then(|| now_s.saturating_add(option.lifetime_s.into()));
        for address in &option.servers {
            let known =
                self.servers.iter().position(|own| own.address == *address && own.interface == interface);
            match (known, option.lifetime_s) {
                (Some(at), 0) => drop(self.servers.remove(at)),
                (None, 0) => {}
                (Some(at), _) => {
                    if let Some(own) = self.servers.get_mut(at) {
                        own.until_s = until_s;
                    }
                }
                (None, _) => self.add(Server { address: *address, interface: interface.to_owned(), until_s }),
            }
        }
    }

    /// When there are too many, the one goes that would go first (RFC 8106 §6.2).
    fn add(&mut self, server: Server) {
        let ends = |server: &Server| server.until_s.unwrap_or(u64::MAX);
        if self.servers.len() >= MAX {
            let first = self.servers.iter().enumerate().min_by_key(|(_, own)| ends(own));
            match first.map(|(at, own)| (at, ends(own))) {
                Some((at, end)) if end < ends(&server) => drop(self.servers.remove(at)),
                _ => return,
            }
        }
        self.servers.push(server);
    }

    /// Time has passed, and only these interfaces listen to routers.
    pub fn handle_timeout(&mut self, now_s: u64, interfaces: &[String]) {
        self.servers.retain(|server| {
            server.until_s.is_none_or(|until_s| until_s > now_s) && interfaces.contains(&server.interface)
        });
    }

    /// The servers as the resolver wants them, the oldest first: `2001:db8::53`, `fe80::1%eth0`.
    pub fn servers(&self) -> Vec<String> {
        let one = |server: &Server| match server.address.is_unicast_link_local() {
            true => format!("{}%{}", server.address, server.interface),
            false => server.address.to_string(),
        };
        self.servers.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Linux 6.12 sends it: the option, and the router's address as an attribute that we have no use for.
    fn message(kind: u8, lifetime_s: u32, servers: &[&str]) -> Vec<u8> {
        let mut option = vec![kind, (1 + 2 * servers.len()) as u8, 0, 0];
        option.extend(lifetime_s.to_be_bytes());
        servers.iter().for_each(|server| option.extend(server.parse::<Ipv6Addr>().unwrap().octets()));
        let mut body = vec![AF_INET6, 0];
        body.extend((option.len() as u16).to_ne_bytes());
        body.extend(3_u32.to_ne_bytes());
        body.extend([ROUTER_ADVERTISEMENT, 0, 0, 0, 0, 0, 0, 0]);
        body.extend(option);
        body.extend(20_u16.to_ne_bytes());
        body.extend(1_u16.to_ne_bytes());
        body.extend("fe80::1".parse::<Ipv6Addr>().unwrap().octets());
        let mut whole = (HEADER as u32 + body.len() as u32).to_ne_bytes().to_vec();
        whole.extend(NEW_USER_OPTION.to_ne_bytes());
        whole.extend([0; 10]);
        whole.extend(body);
        whole
    }

    fn option(lifetime_s: u32, servers: &[&str]) -> Advertised {
        let servers = servers.iter().map(|server| server.parse().unwrap()).collect();
        Advertised { interface: 3, lifetime_s, servers }
    }

    #[test]
    fn messages_of_the_kernel_are_read_and_cut_ones_are_not() {
        let one = message(RDNSS, 600, &["2001:db8::53", "fe80::1"]);
        assert_eq!(advertised(&one), [option(600, &["2001:db8::53", "fe80::1"])]);
        // Two in one datagram, a search list (RFC 8106 §5.2) between them.
        let many = [one.clone(), message(31, 600, &["::"]), message(RDNSS, 0, &["2001:db8::54"])].concat();
        assert_eq!(
            advertised(&many),
            [option(600, &["2001:db8::53", "fe80::1"]), option(0, &["2001:db8::54"])]
        );
        assert_eq!(advertised(&message(RDNSS, 600, &["::", "::1", "ff02::1"])), [option(600, &[])]);
        for length in 0..one.len() {
            assert_eq!(advertised(&one[..length]), [], "{length} octets");
        }
        // Lengths that lie: of the message, of the options, of the option.
        for (at, lie) in [(0, 0), (0, 15), (0, 255), (18, 255), (33, 0), (33, 255)] {
            let mut lies = one.clone();
            lies[at] = lie;
            assert_eq!(advertised(&lies), [], "octet {at} is {lie}");
        }
    }

    #[test]
    fn lifetimes_hold() {
        let mut dns = RouterDns::default();
        let here = ["eth0".to_owned()];
        dns.heard(100, "eth0", &option(600, &["2001:db8::53", "fe80::1"]));
        dns.heard(100, "eth0", &option(INFINITE, &["2001:db8::54"]));
        assert_eq!(dns.servers(), ["2001:db8::53", "fe80::1%eth0", "2001:db8::54"]);
        // It is renewed, and another is withdrawn.
        dns.heard(650, "eth0", &option(600, &["2001:db8::53"]));
        dns.heard(650, "eth0", &option(0, &["fe80::1", "2001:db8::99"]));
        dns.handle_timeout(1249, &here);
        assert_eq!(dns.servers(), ["2001:db8::53", "2001:db8::54"]);
        let kept = serde_json::to_string(&dns).unwrap();
        assert_eq!(serde_json::from_str::<RouterDns>(&kept).unwrap(), dns);
        dns.handle_timeout(1250, &here);
        assert_eq!(dns.servers(), ["2001:db8::54"]);
        // The interface listens to routers no longer.
        dns.handle_timeout(1251, &["eth1".to_owned()]);
        assert_eq!(dns, RouterDns::default());
    }

    #[test]
    fn a_router_that_names_servers_without_end_fills_nothing() {
        let mut dns = RouterDns::default();
        dns.heard(0, "eth0", &option(10, &["2001:db8::1"]));
        for n in 0..1000 {
            dns.heard(0, "eth0", &option(600, &[&format!("2001:db8::{n:x}:53")]));
        }
        assert_eq!(dns.servers.len(), MAX);
        assert!(!dns.servers().contains(&"2001:db8::1".to_owned()), "the one that ends first made room");
        assert!(
            dns.servers().contains(&"2001:db8::53".to_owned()),
            "what lives as long as the new one stays"
        );
    }
}
