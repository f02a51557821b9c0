//! What has to be done so that interfaces become what the configuration says. Sans-IO.

use demarc_model::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting, Vlan};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Run `ip` with these arguments.
    Ip(Vec<String>),
    /// The same, and it may fail: what it removes may be gone already.
    TryIp(Vec<String>),
    /// Write a value into the kernel's settings, `net/ipv4/…`.
    Sysctl(String, String),
    /// Ask for an address through this interface, and keep asking.
    Dhcp(String),
    /// Ask no longer.
    NoDhcp(String),
}

/// The interfaces that are meant: those configured, or all that are wired.
pub fn effective(configured: &[Interface], wired: &[String]) -> Vec<Interface> {
    if !configured.is_empty() {
        return configured.to_vec();
    }
    let usual = |device: &String| Interface {
        device: device.clone(),
        vlan: None,
        role: InterfaceRole::Lan,
        ipv4: Ipv4Setting::Dhcp,
        ipv6: Ipv6Setting::Auto,
    };
    wired.iter().map(usual).collect()
}

/// From the interfaces as they were set to those that are wanted. What does not change is not touched:
/// calls through it go on.
pub fn plan(old: &[Interface], new: &[Interface]) -> Vec<Step> {
    let mut steps = Vec::new();
    for gone in old.iter().filter(|old| !new.contains(old)) {
        take_down(gone, new, &mut steps);
    }
    for added in new.iter().filter(|new| !old.contains(new)) {
        bring_up(added, metric(added, new), &mut steps);
    }
    steps
}

/// The smaller is preferred: the outside, then the office, then administration; within a role in the
/// order of the configuration.
fn metric(interface: &Interface, all: &[Interface]) -> u32 {
    let base = match interface.role {
        InterfaceRole::Wan => 100,
        InterfaceRole::Lan => 200,
        InterfaceRole::Management => 300,
    };
    let place = all.iter().position(|other| other == interface).unwrap_or(0);
    base + u32::try_from(place).unwrap_or(0)
}

fn take_down(interface: &Interface, new: &[Interface], steps: &mut Vec<Step>) {
    let name = interface.name();
    if interface.ipv4 == Ipv4Setting::Dhcp {
        steps.push(Step::NoDhcp(name.clone()));
    }
    match interface.vlan {
        Some(_) => steps.push(Step::TryIp(words(&["link", "delete", &name]))),
        None => {
            steps.push(Step::TryIp(words(&["-4", "address", "flush", "dev", &name])));
            steps.push(Step::TryIp(words(&["-6", "address", "flush", "dev", &name, "scope", "global"])));
            steps.push(Step::TryIp(words(&["-4", "route", "flush", "dev", &name])));
            // A VLAN on it needs the link.
            if !new.iter().any(|other| other.device == interface.device) {
                steps.push(Step::TryIp(words(&["link", "set", &name, "down"])));
            }
        }
    }
}

fn bring_up(interface: &Interface, metric: u32, steps: &mut Vec<Step>) {
    let (name, device) = (interface.name(), interface.device.clone());
    if let Some(vlan) = &interface.vlan {
        steps.push(Step::Ip(words(&["link", "set", &device, "up"])));
        steps.push(Step::Ip(add_vlan(&device, &name, vlan)));
    }
    // Settings of IPv6 are made before the link comes up: then it hears no advertisement too early.
    let ipv6 = |setting: &str, value: &str| {
        Step::Sysctl(format!("net/ipv6/conf/{}/{setting}", name.replace('.', "/")), value.into())
    };
    match &interface.ipv6 {
        Ipv6Setting::Off => steps.push(ipv6("disable_ipv6", "1")),
        Ipv6Setting::Auto => {
            steps.extend([ipv6("disable_ipv6", "0"), ipv6("accept_ra", "1"), ipv6("autoconf", "1")]);
        }
        Ipv6Setting::Static { .. } => {
            steps.extend([ipv6("disable_ipv6", "0"), ipv6("accept_ra", "0"), ipv6("autoconf", "0")]);
        }
    }
    steps.push(Step::Ip(words(&["link", "set", &name, "up"])));
    let metric = metric.to_string();
    match &interface.ipv4 {
        Ipv4Setting::Off => {}
        Ipv4Setting::Dhcp => steps.push(Step::Dhcp(name.clone())),
        Ipv4Setting::Static { address, prefix, gateway } => {
            let address = format!("{address}/{prefix}");
            steps.push(Step::Ip(words(&["-4", "address", "replace", &address, "dev", &name])));
            if let Some(gateway) = gateway {
                steps.push(route("-4", &gateway.to_string(), &name, &metric));
            }
        }
    }
    if let Ipv6Setting::Static { address, prefix, gateway } = &interface.ipv6 {
        let address = format!("{address}/{prefix}");
        // Without waiting for duplicates to answer: the unit is called at once.
        steps.push(Step::Ip(words(&["-6", "address", "replace", &address, "dev", &name, "nodad"])));
        if let Some(gateway) = gateway {
            steps.push(route("-6", &gateway.to_string(), &name, &metric));
        }
    }
}

fn add_vlan(device: &str, name: &str, vlan: &Vlan) -> Vec<String> {
    let id = vlan.id.to_string();
    let mut all = words(&["link", "add", "link", device, "name", name, "type", "vlan", "id", &id]);
    // The filter gives voice and signalling the priority 5 within the kernel.
    all.extend(["egress-qos-map".to_owned(), format!("5:{}", vlan.priority)]);
    all
}

fn route(family: &str, gateway: &str, name: &str, metric: &str) -> Step {
    Step::Ip(words(&[family, "route", "replace", "default", "via", gateway, "dev", name, "metric", metric]))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wired(device: &str, address: &str) -> Interface {
        Interface {
            device: device.into(),
            vlan: None,
            role: InterfaceRole::Lan,
            ipv4: Ipv4Setting::Static {
                address: address.parse().unwrap(),
                prefix: 24,
                gateway: Some("192.0.2.1".parse().unwrap()),
            },
            ipv6: Ipv6Setting::Off,
        }
    }

    fn text(steps: &[Step]) -> Vec<String> {
        let line = |step: &Step| match step {
            Step::Ip(words) => words.join(" "),
            Step::TryIp(words) => format!("? {}", words.join(" ")),
            Step::Sysctl(name, value) => format!("{name}={value}"),
            Step::Dhcp(name) => format!("dhcp {name}"),
            Step::NoDhcp(name) => format!("no dhcp {name}"),
        };
        steps.iter().map(line).collect()
    }

    #[test]
    fn what_stays_is_not_touched() {
        let one = vec![wired("eth0", "192.0.2.2")];
        assert_eq!(plan(&one, &one), []);
        let two = vec![wired("eth0", "192.0.2.2"), wired("eth1", "198.51.100.2")];
        assert!(text(&plan(&one, &two)).iter().all(|line| !line.contains("eth0")));
    }

    #[test]
    fn from_dhcp_to_a_fixed_address() {
        let usual = effective(&[], &["eth0".into()]);
        assert_eq!(
            text(&plan(&usual, &[wired("eth0", "192.0.2.2")])),
            [
                "no dhcp eth0",
                "? -4 address flush dev eth0",
                "? -6 address flush dev eth0 scope global",
                "? -4 route flush dev eth0",
                "net/ipv6/conf/eth0/disable_ipv6=1",
                "link set eth0 up",
                "-4 address replace 192.0.2.2/24 dev eth0",
                "-4 route replace default via 192.0.2.1 dev eth0 metric 200",
            ]
        );
    }

    #[test]
    fn a_vlan_has_its_priority_and_goes_again() {
        let mut voice = wired("eth0", "192.0.2.2");
        voice.vlan = Some(Vlan { id: 20, priority: 6 });
        let lines = text(&plan(&[], std::slice::from_ref(&voice)));
        assert_eq!(lines[0], "link set eth0 up");
        assert_eq!(lines[1], "link add link eth0 name eth0.20 type vlan id 20 egress-qos-map 5:6");
        assert_eq!(lines[2], "net/ipv6/conf/eth0/20/disable_ipv6=1", "a dot in a name is a slash here");
        assert_eq!(text(&plan(&[voice], &[])), ["? link delete eth0.20"]);
    }
}
