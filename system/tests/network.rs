//! Interfaces of the kernel become what the configuration says, and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod namespace;

use demarc_model::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting, Vlan};
use demarc_system::command;
use demarc_system::network::{addresses, apply, plan};
use demarc_system::paths::Paths;
use namespace::Wire;

fn fixed(vlan: Option<Vlan>, v4: &str, v6: Option<&str>) -> Interface {
    Interface {
        device: "eth0".into(),
        vlan,
        role: InterfaceRole::Lan,
        ipv4: Ipv4Setting::Static {
            address: v4.parse().unwrap(),
            prefix: 24,
            gateway: Some(v4.rsplit_once('.').map(|(net, _)| format!("{net}.1")).unwrap().parse().unwrap()),
        },
        ipv6: v6.map_or(Ipv6Setting::Off, |address| Ipv6Setting::Static {
            address: address.parse().unwrap(),
            prefix: 64,
            gateway: None,
        }),
    }
}

fn state() -> Vec<(String, Vec<String>)> {
    let mut list: Vec<_> = addresses()
        .into_iter()
        .map(|interface| {
            let mut addresses = interface.addresses;
            addresses.retain(|address| !address.starts_with("fe80:"));
            (interface.name, addresses)
        })
        .collect();
    list.sort();
    list
}

#[test]
fn fixed_addresses_routes_and_vlans() {
    let Some(wire) = Wire::new("net") else { return };
    wire.outside_addresses(&["192.0.2.1/24"]);
    Wire::within(&wire.unit, || {
        let paths = Paths::default();
        let set = |from: &[Interface], to: &[Interface]| {
            apply(&paths, &plan(from, to), |name, on| panic!("no DHCP was asked for: {name} {on}"))
        };
        let plain = vec![fixed(None, "192.0.2.2", Some("2001:db8::2"))];
        set(&[], &plain).unwrap();
        let named =
            |name: &str, list: &[&str]| (name.to_owned(), list.iter().map(ToString::to_string).collect());
        assert_eq!(state(), [named("eth0", &["192.0.2.2/24", "2001:db8::2/64"])]);
        let route = command::run("ip", &["-4", "route", "show", "default"], "").unwrap();
        assert!(route.contains("via 192.0.2.1 dev eth0 metric 200"), "{route}");

        // Another address, and a VLAN for voice beside it where this kernel has any.
        let probe = ["link", "add", "link", "eth0", "name", "probe", "type", "vlan", "id", "9"];
        let vlans = command::run("ip", &probe, "").is_ok();
        let mut two = vec![fixed(None, "192.0.2.3", None)];
        let mut expected = vec![named("eth0", &["192.0.2.3/24"])];
        if vlans {
            command::run("ip", &["link", "delete", "probe"], "").unwrap();
            two.push(fixed(Some(Vlan { id: 20, priority: 6 }), "198.51.100.2", None));
            expected.push(named("eth0.20", &["198.51.100.2/24"]));
        } else {
            eprintln!("this kernel has no VLANs");
        }
        set(&plain, &two).unwrap();
        assert_eq!(state(), expected);
        if vlans {
            let link = command::run("ip", &["-d", "link", "show", "eth0.20"], "").unwrap();
            assert!(link.contains("id 20") && link.contains("egress-qos-map { 5:6 }"), "{link}");
        }

        // And back, as a change does that nobody confirms.
        set(&two, &plain).unwrap();
        assert_eq!(state(), [named("eth0", &["192.0.2.2/24", "2001:db8::2/64"])]);

        // What cannot be set is said, and the rest is done.
        let mut wrong = plain.clone();
        wrong.push(Interface { device: "eth7".into(), ..fixed(None, "203.0.113.2", None) });
        let error = set(&plain, &wrong).unwrap_err();
        assert!(error.contains("eth7"), "{error}");
    });
}
