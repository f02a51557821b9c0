//! The packet filter, as text for `nft -f`. Sans-IO.
//!
//! It is made from the list of what the unit answers to and from nothing else: what is not listed is
//! dropped. The whole is replaced in one transaction, so that there is never a moment without it.

use demarc_model::appliance::{Exposed, ExposedService, Machine, Protocol};
use std::fmt::Write;

/// The filter when nothing is known yet: only this machine talks, and only it is answered.
pub fn closed() -> String {
    ruleset("", "")
}

/// The filter of a machine.
pub fn filter(machine: &Machine) -> String {
    let mut input = String::new();
    for exposed in &machine.exposure {
        rules(exposed, &mut input);
    }
    ruleset(&input, &marking(&machine.exposure))
}

fn ruleset(input: &str, marking: &str) -> String {
    // The first line makes the table, so that deleting it cannot fail.
    format!(
        "table inet demarc\n\
         delete table inet demarc\n\
         table inet demarc {{\n\
         \tchain input {{\n\
         \t\ttype filter hook input priority filter; policy drop;\n\
         \t\tiif lo accept\n\
         \t\tct state invalid drop\n\
         \t\tct state established,related accept\n\
         \t\ttcp flags syn limit rate over 200/second burst 400 packets drop\n\
         {input}\
         \t}}\n\
         \tchain forward {{\n\
         \t\ttype filter hook forward priority filter; policy drop;\n\
         \t}}\n\
         \tchain output {{\n\
         \t\ttype route hook output priority mangle; policy accept;\n\
         {marking}\
         \t}}\n\
         }}\n"
    )
}

fn rules(exposed: &Exposed, text: &mut String) {
    let mut rule = |matches: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\t\t{}{matches} accept", interfaces(exposed));
    };
    match exposed.protocol {
        Protocol::Icmp => {
            rule("icmp type echo-request limit rate 20/second burst 40 packets");
            rule("icmpv6 type echo-request limit rate 20/second burst 40 packets");
            // Only from the same link: nobody has passed them on (RFC 4861 §6.1).
            rule(
                "icmpv6 type { nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255",
            );
            rule("icmpv6 type { mld-listener-query }");
        }
        Protocol::Udp | Protocol::Tcp => {
            let protocol = if exposed.protocol == Protocol::Udp { "udp" } else { "tcp" };
            let limit = match exposed.service {
                ExposedService::Ssh => " ct state new limit rate 10/minute burst 10 packets",
                _ => "",
            };
            let from = if exposed.service == ExposedService::DhcpClient { "udp sport 67 " } else { "" };
            let ports = format!("{from}{protocol} dport {}{limit}", ports(exposed));
            for source in sources(exposed) {
                rule(&format!("{source}{ports}"));
            }
        }
    }
}

fn ports(exposed: &Exposed) -> String {
    if exposed.first_port == exposed.last_port {
        exposed.first_port.to_string()
    } else {
        format!("{}-{}", exposed.first_port, exposed.last_port)
    }
}

fn interfaces(exposed: &Exposed) -> String {
    if exposed.interfaces.is_empty() {
        return String::new();
    }
    let names: Vec<_> = exposed.interfaces.iter().map(|name| format!("\"{name}\"")).collect();
    format!("iifname {{ {} }} ", names.join(", "))
}

/// What to match for the sources: one rule for each family that is listed.
fn sources(exposed: &Exposed) -> Vec<String> {
    if exposed.sources.is_empty() {
        return vec![String::new()];
    }
    let of = |is_ipv4: bool, word: &str| {
        let nets: Vec<_> =
            exposed.sources.iter().filter(|n| n.is_ipv4() == is_ipv4).map(ToString::to_string).collect();
        (!nets.is_empty()).then(|| format!("{word} saddr {{ {} }} ", nets.join(", ")))
    };
    [of(true, "ip"), of(false, "ip6")].into_iter().flatten().collect()
}

/// Voice and signalling get a priority of their own, which a VLAN maps to its PCP (IEEE 802.1p), and
/// the code points of RFC 4594: EF for voice, CS5 for signalling.
fn marking(list: &[Exposed]) -> String {
    let mut text = String::new();
    for exposed in list {
        let class = match exposed.service {
            ExposedService::Rtp => "ef",
            ExposedService::Sip => "cs5",
            _ => continue,
        };
        let protocol = if exposed.protocol == Protocol::Udp { "udp" } else { "tcp" };
        let ports = ports(exposed);
        for family in ["ip", "ip6"] {
            let _ = writeln!(
                text,
                "\t\tmeta nfproto {} {protocol} sport {ports} {family} dscp set {class}",
                if family == "ip" { "ipv4" } else { "ipv6" }
            );
        }
        let _ = writeln!(text, "\t\t{protocol} sport {ports} meta priority set 0:5");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::Config;
    use demarc_model::config::Secret;

    fn machine(change: impl FnOnce(&mut Config)) -> Machine {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        change(&mut config);
        Machine::new(1, &config, 0)
    }

    #[test]
    fn what_is_listed_is_let_in_and_nothing_else() {
        let text = filter(&machine(|config| {
            config.system.sip.udp = "[::]:5060".parse().ok();
            config.system.sip.tcp = None;
            config.appliance.sip_sources =
                vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        }));
        assert!(text.contains("policy drop"));
        assert!(text.contains("\t\tip saddr { 192.0.2.0/24 } udp dport 5060 accept\n"), "{text}");
        assert!(text.contains("\t\tip6 saddr { 2001:db8::/32 } udp dport 5060 accept\n"), "{text}");
        assert!(text.contains("\t\tudp dport 16384-16783 accept\n"), "{text}");
        assert!(text.contains("\t\ttcp dport 443 accept\n"), "{text}");
        assert!(text.contains("udp sport 16384-16783 meta priority set 0:5"), "{text}");
        assert!(!text.contains("dport 22 ") && !text.contains("tcp dport 5060"), "{text}");
    }

    #[test]
    fn a_closed_filter_lets_nobody_in() {
        assert!(!closed().contains("dport"));
    }

    #[test]
    fn roles_become_names_of_interfaces() {
        use demarc_model::config::appliance::*;
        let text = filter(&machine(|config| {
            let interface = |device: &str, role| Interface {
                device: device.into(),
                vlan: None,
                role,
                ipv4: Ipv4Setting::Dhcp,
                ipv6: Ipv6Setting::Auto,
            };
            config.appliance.interfaces =
                vec![interface("eth0", InterfaceRole::Wan), interface("eth1", InterfaceRole::Management)];
        }));
        assert!(text.contains("\t\tiifname { \"eth1\" } tcp dport 443 accept\n"), "{text}");
    }
}
