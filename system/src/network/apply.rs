//! The steps, done.

use super::plan::Step;
use crate::command;
use crate::files;
use crate::paths::Paths;
use demarc_model::appliance::InterfaceStatus;
use serde_json::Value;
use std::path::Path;

/// Does every step that can be done; the first that could not. DHCP is told to `dhcp`: the interface,
/// and whether to ask.
///
/// # Errors
/// In words. The other steps are done all the same: half a network is better than none.
pub fn apply(paths: &Paths, steps: &[Step], mut dhcp: impl FnMut(&str, bool)) -> Result<(), String> {
    let mut fault = None;
    for step in steps {
        let done = match step {
            Step::Ip(words) => ip(words),
            Step::TryIp(words) => ip(words).or(Ok(())),
            Step::Sysctl(name, value) => {
                // Where the kernel has no IPv6 there is nothing to be set.
                let file = sysctl_path(&paths.proc, name);
                let _ = std::fs::write(file, value);
                Ok(())
            }
            Step::Dhcp(name) => {
                dhcp(name, true);
                Ok(())
            }
            Step::NoDhcp(name) => {
                dhcp(name, false);
                Ok(())
            }
        };
        if let Err(error) = done {
            fault.get_or_insert(error);
        }
    }
    fault.map_or(Ok(()), Err)
}

/// The plan writes the dot of `eth0.20` as a slash, as sysctl does; in the file system it is a dot.
fn sysctl_path(proc: &Path, name: &str) -> std::path::PathBuf {
    let parts: Vec<&str> = name.split('/').collect();
    let file = match parts.as_slice() {
        [net, family, conf, device, vlan, setting] => {
            format!("{net}/{family}/{conf}/{device}.{vlan}/{setting}")
        }
        _ => name.to_owned(),
    };
    proc.join("sys").join(file)
}

fn ip(words: &[String]) -> Result<(), String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    command::run("ip", &words, "").map(drop)
}

/// Wired interfaces of this machine, in order: Ethernet that is a device of its own.
pub fn wired(paths: &Paths) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(paths.sys.join("class/net")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| {
            let path = entry.path();
            let is_ethernet = files::read(&path.join("type")).is_some_and(|kind| kind.trim() == "1");
            is_ethernet && path.join("device").exists() && !path.join("wireless").exists()
        })
        .filter_map(|entry| entry.file_name().into_string().ok())
        .take(16)
        .collect();
    names.sort();
    names
}

/// The interfaces as they are, without the loopback.
pub fn addresses() -> Vec<InterfaceStatus> {
    let Ok(text) = command::run("ip", &["-j", "address", "show"], "") else { return plain_addresses() };
    let Ok(Value::Array(list)) = serde_json::from_str::<Value>(&text) else { return plain_addresses() };
    list.iter().filter_map(interface).collect()
}

fn interface(value: &Value) -> Option<InterfaceStatus> {
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let name = text("ifname");
    if name.is_empty() || name == "lo" {
        return None;
    }
    let up = value
        .get("flags")
        .and_then(Value::as_array)
        .is_some_and(|flags| flags.iter().any(|flag| flag == "LOWER_UP"));
    let list = value.get("addr_info").and_then(Value::as_array);
    let addresses = list
        .into_iter()
        .flatten()
        .filter_map(|address| {
            let local = address.get("local")?.as_str()?;
            Some(format!("{local}/{}", address.get("prefixlen")?.as_u64()?))
        })
        .take(16)
        .collect();
    Some(InterfaceStatus { name, mac: text("address"), up, addresses })
}

/// The `ip` of busybox writes no JSON.
fn plain_addresses() -> Vec<InterfaceStatus> {
    let text = command::run("ip", &["address", "show"], "").unwrap_or_default();
    parse_plain(&text)
}

fn parse_plain(text: &str) -> Vec<InterfaceStatus> {
    let mut list: Vec<InterfaceStatus> = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [number, name, flags, ..]
                if number.ends_with(':') && number.trim_end_matches(':').parse::<u32>().is_ok() =>
            {
                let name = name.trim_end_matches(':').split('@').next().unwrap_or_default().to_owned();
                let up = flags.contains("LOWER_UP");
                list.push(InterfaceStatus { name, up, ..InterfaceStatus::default() });
            }
            ["link/ether", mac, ..] => {
                if let Some(last) = list.last_mut() {
                    last.mac = (*mac).to_owned();
                }
            }
            ["inet" | "inet6", address, ..] => {
                if let Some(last) = list.last_mut() {
                    last.addresses.push((*address).to_owned());
                }
            }
            _ => {}
        }
    }
    list.retain(|interface| interface.name != "lo");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_ip_are_read() {
        let plain = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue qlen 1000\n    \
                     inet 127.0.0.1/8 scope host lo\n\
                     2: eth0@if3: <BROADCAST,UP,LOWER_UP> mtu 1500 qdisc noqueue\n    \
                     link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff\n    \
                     inet 192.0.2.2/24 brd 192.0.2.255 scope global eth0\n    \
                     inet6 2001:db8::2/64 scope global \n";
        let expected = InterfaceStatus {
            name: "eth0".into(),
            mac: "02:00:00:00:00:01".into(),
            up: true,
            addresses: vec!["192.0.2.2/24".into(), "2001:db8::2/64".into()],
        };
        assert_eq!(parse_plain(plain), std::slice::from_ref(&expected));
        let json = serde_json::json!({
            "ifname": "eth0", "flags": ["UP", "LOWER_UP"], "address": "02:00:00:00:00:01",
            "addr_info": [{ "local": "192.0.2.2", "prefixlen": 24 }, { "local": "2001:db8::2", "prefixlen": 64 }],
        });
        assert_eq!(interface(&json), Some(expected));
    }

    #[test]
    fn a_vlan_keeps_its_dot() {
        let path = sysctl_path(Path::new("/proc"), "net/ipv6/conf/eth0/20/accept_ra");
        assert_eq!(path, Path::new("/proc/sys/net/ipv6/conf/eth0.20/accept_ra"));
        let path = sysctl_path(Path::new("/proc"), "net/ipv6/conf/eth0/accept_ra");
        assert_eq!(path, Path::new("/proc/sys/net/ipv6/conf/eth0/accept_ra"));
    }
}
