use super::*;
use crate::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting};
use crate::config::{Secret, SipPeer, Trunk, TrunkKind};

fn gateway() -> Config {
    Config::default_gateway(&mut || Secret::new("long-enough-secret"))
}

fn interface(device: &str, role: InterfaceRole) -> Interface {
    Interface { device: device.into(), vlan: None, role, ipv4: Ipv4Setting::Dhcp, ipv6: Ipv6Setting::Auto }
}

fn find(list: &[Exposed], service: ExposedService) -> Option<&Exposed> {
    list.iter().find(|exposed| exposed.service == service)
}

#[test]
fn a_unit_fresh_from_the_box_shows_its_web_ui_and_nothing_of_telephony() {
    let services: Vec<_> = exposure(&gateway(), 0).iter().map(|exposed| exposed.service).collect();
    use ExposedService::*;
    assert_eq!(services, [Icmp, DhcpClient, Administration]);
}

#[test]
fn sip_is_for_those_who_may_and_for_trunks_that_are_addresses() {
    let mut config = gateway();
    config.system.sip.udp = "[::]:5060".parse().ok();
    config.system.sip.tcp = None;
    config.appliance.sip_sources = vec!["192.0.2.0/24".parse().unwrap()];
    for (id, host) in [(90, "198.51.100.7"), (91, "192.0.2.9"), (92, "sip.example.com"), (93, "2001:db8::9")]
    {
        let kind = TrunkKind::Sip(SipPeer::new(host));
        config.trunks.push(Trunk { id: TrunkId(id), name: host.into(), enabled: id != 99, kind });
    }
    let list = exposure(&config, 0);
    let sip = find(&list, ExposedService::Sip).unwrap();
    let sources: Vec<_> = sip.sources.iter().map(ToString::to_string).collect();
    assert_eq!(sources, ["192.0.2.0/24", "198.51.100.7/32", "2001:db8::9/128"]);
    let rtp = find(&list, ExposedService::Rtp).unwrap();
    assert_eq!((rtp.first_port, rtp.last_port), (16384, 16783));
    config.trunks.clear();
    config.appliance.sip_sources.clear();
    let list = exposure(&config, 0);
    assert_eq!(find(&list, ExposedService::Sip).unwrap().sources.len(), 1, "nobody is not everybody");
}

#[test]
fn administration_keeps_to_its_own_interface() {
    let mut config = gateway();
    config.system.sip.udp = "0.0.0.0:5060".parse().ok();
    config.appliance.interfaces =
        vec![interface("eth0", InterfaceRole::Wan), interface("eth1", InterfaceRole::Lan)];
    let at = |config: &Config, service| find(&exposure(config, 0), service).map(|e| e.interfaces.clone());
    assert_eq!(at(&config, ExposedService::Administration).unwrap(), ["eth1"]);
    assert_eq!(at(&config, ExposedService::Sip).unwrap(), ["eth0", "eth1"]);
    config.appliance.interfaces.push(interface("eth2", InterfaceRole::Management));
    assert_eq!(at(&config, ExposedService::Administration).unwrap(), ["eth2"]);
    assert_eq!(at(&config, ExposedService::Sip).unwrap(), ["eth0", "eth1"]);
    config.appliance.interfaces.drain(..2);
    assert_eq!(at(&config, ExposedService::Sip), None, "no interface of telephony, no telephony");
}

#[test]
fn a_remote_shell_expires() {
    let mut config = gateway();
    config.appliance.ssh.enabled_until = Some(1000);
    assert!(find(&exposure(&config, 999), ExposedService::Ssh).is_none(), "nobody has a key");
    config.appliance.ssh.keys = vec!["ssh-ed25519 AAAA".into()];
    assert!(find(&exposure(&config, 999), ExposedService::Ssh).is_some());
    assert!(find(&exposure(&config, 1000), ExposedService::Ssh).is_none());
}

#[test]
fn a_line_is_read_as_it_was_written() {
    let machine = Machine::new(3, &gateway(), 0);
    for request in [
        Request::Beat { beat: Box::new(Beat { healthy: true, ..Beat::default() }) },
        Request::Configure { machine: Box::new(machine) },
        Request::Install { source: UpdateSource::Url { url: "https://example.com/a".into() }, force: true },
        Request::Switch { when: SwitchWhen::Hour { hour: 3 } },
        Request::FactoryReset,
    ] {
        let line = serde_json::to_string(&request).unwrap();
        assert!(!line.contains('\n') && line.len() < MAX_LINE);
        assert_eq!(serde_json::from_str::<Request>(&line).unwrap(), request);
    }
}
