//! What belongs to a unit's place in its network, and does not move with a backup unless asked for.

use crate::Config;
use std::net::SocketAddr;

/// Puts this unit's own network settings into a configuration that is restored on it, so that two units do
/// not have the same address by accident: all of the appliance, the address behind which it is, and a SIP
/// address that is one of an interface. SIP on all addresses, or on none, is as in the backup.
pub fn keep_network(restored: &mut Config, own: &Config) {
    restored.appliance = own.appliance.clone();
    let (sip, own) = (&mut restored.system.sip, &own.system.sip);
    sip.external_address = own.external_address;
    sip.udp = address(sip.udp, own.udp);
    sip.tcp = address(sip.tcp, own.tcp);
}

fn address(restored: Option<SocketAddr>, own: Option<SocketAddr>) -> Option<SocketAddr> {
    let of_an_interface = |a: &SocketAddr| !a.ip().is_unspecified() && !a.ip().is_loopback();
    if restored.as_ref().is_some_and(of_an_interface) { own } else { restored }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn two_units_do_not_get_the_same_address() {
        let mut own = Config::default_gateway(&mut || Secret::new("a long password"));
        own.appliance.hostname = "new".into();
        own.system.sip.udp = "192.0.2.9:5060".parse().ok();
        own.system.sip.tcp = None;
        let mut old = own.clone();
        old.appliance.hostname = "old".into();
        old.system.name = "Harbour Office".into();
        old.system.sip.udp = "192.0.2.1:5070".parse().ok();
        old.system.sip.tcp = "0.0.0.0:5070".parse().ok();
        old.system.sip.external_address = "198.51.100.1".parse().ok();
        let mut restored = old.clone();
        keep_network(&mut restored, &own);
        assert_eq!(restored.appliance, own.appliance);
        assert_eq!(restored.system.sip.udp, own.system.sip.udp);
        assert_eq!(restored.system.sip.tcp, old.system.sip.tcp, "on all addresses: no address of its own");
        assert_eq!(restored.system.sip.external_address, None);
        assert_eq!(restored.system.name, "Harbour Office");
    }
}
