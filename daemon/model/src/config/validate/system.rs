//! What holds for the whole gateway.

use super::{Config, Faults};
use crate::config::RtpSettings;

impl Config {
    pub(super) fn check_system(&self, faults: &mut Faults) {
        let system = &self.system;
        faults.name("/system/name".into(), &system.name);
        if system.area_code.len() > 6 || !system.area_code.bytes().all(|b| b.is_ascii_digit()) {
            faults
                .add("/system/area_code", "an area code has up to 6 digits, without spaces: `20` for London");
        }
        let trunk_prefix = system.country.numbering().trunk_prefix;
        if !trunk_prefix.is_empty() && system.area_code.starts_with(trunk_prefix) {
            faults.add(
                "/system/area_code",
                format!(
                    "the area code is written without the trunk prefix: leave the first {trunk_prefix} out"
                ),
            );
        }
        for (i, number) in system.emergency_numbers.iter().enumerate() {
            if !(2..=8).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
                faults.add(
                    format!("/system/emergency_numbers/{i}"),
                    "an emergency number has 2–8 digits, without spaces",
                );
            }
        }
        faults.within("/system/ring_timeout_s", system.ring_timeout_s, 5, 300, "seconds");
        faults.within("/system/max_call_minutes", system.max_call_minutes, 1, 1440, "minutes");
        self.check_sip(faults);
        self.check_rtp(faults, &system.rtp);
    }

    fn check_sip(&self, faults: &mut Faults) {
        let sip = &self.system.sip;
        for (name, address) in [("udp", sip.udp), ("tcp", sip.tcp)] {
            if address.is_some_and(|a| a.port() == 0) {
                faults.add(
                    format!("/system/sip/{name}"),
                    "port 0 cannot be reached: choose 1–65535, usually 5060",
                );
            }
        }
        let count = sip.realm.chars().count();
        if !(1..=64).contains(&count) || sip.realm.chars().any(|c| c.is_control() || c == '"' || c == '\\') {
            faults.add(
                "/system/sip/realm",
                "a realm has 1–64 characters, without quotation marks and backslashes",
            );
        }
        if sip.external_address.is_some_and(|a| a.is_unspecified() || a.is_multicast()) {
            faults.add(
                "/system/sip/external_address",
                "others cannot reach this address: write the router's public address",
            );
        }
        faults.within("/system/sip/registration_max_s", sip.registration_max_s, 60, 86400, "seconds");
    }

    fn check_rtp(&self, faults: &mut Faults, rtp: &RtpSettings) {
        if rtp.first_port < 1024 || !rtp.first_port.is_multiple_of(2) {
            faults.add(
                "/system/rtp/first_port",
                "the first RTP port is an even number, 1024 or more: try 16384",
            );
        }
        faults.within("/system/rtp/ports", rtp.ports, 2, 2000, "ports");
        let end = u32::from(rtp.first_port) + 2 * u32::from(rtp.ports);
        if end > 65536 {
            faults.add(
                "/system/rtp/ports",
                format!("the ports would end at {}: lower the first port or their number", end - 1),
            );
        }
        if rtp.lost_after_s != 0 {
            faults.within("/system/rtp/lost_after_s", rtp.lost_after_s, 5, 3600, "seconds (or 0 for never)");
        }
        if let Some(udp) = self.system.sip.udp
            && u32::from(udp.port()) >= u32::from(rtp.first_port)
            && u32::from(udp.port()) < end
        {
            faults.add(
                "/system/sip/udp",
                format!(
                    "port {} is one of the RTP ports: choose one outside {}–{}",
                    udp.port(),
                    rtp.first_port,
                    end - 1
                ),
            );
        }
    }
}
