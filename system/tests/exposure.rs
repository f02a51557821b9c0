//! A scan from outside finds what the list of exposed services says, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod namespace;

use demarc_model::Config;
use demarc_model::appliance::{Exposed, Machine, Protocol};
use demarc_model::config::Secret;
use demarc_model::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting};
use demarc_system::{command, nftables};
use namespace::{Wire, ip};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const TCP: [u16; 14] = [21, 22, 23, 80, 442, 443, 444, 5059, 5060, 5061, 8080, 16384, 20000, 65535];
const UDP: [u16; 13] = [53, 67, 68, 69, 123, 161, 5059, 5060, 5061, 16383, 16384, 16783, 16784];
const UNIT: [&str; 2] = ["192.0.2.2", "2001:db8::2"];
/// The first two are of networks that may speak SIP, the others are not.
const SOURCES: [&str; 4] = ["192.0.2.9", "2001:db8::9", "192.0.2.209", "2001:db8::2:9"];

type Found = BTreeSet<(Protocol, u16)>;

fn machine(change: impl FnOnce(&mut Config)) -> Machine {
    let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
    config.appliance.sip_sources = vec!["192.0.2.0/25".parse().unwrap(), "2001:db8::/112".parse().unwrap()];
    change(&mut config);
    assert_eq!(config.validate(), Ok(()));
    Machine::new(1, &config, 1000)
}

fn served(config: &mut Config) {
    config.system.sip.udp = "[::]:5060".parse().ok();
    config.system.sip.tcp = "[::]:5060".parse().ok();
}

fn interface(role: InterfaceRole) -> Vec<Interface> {
    let one =
        |device: &str, role, ipv4, ipv6| Interface { device: device.into(), vlan: None, role, ipv4, ipv6 };
    vec![
        one("eth0", role, Ipv4Setting::Dhcp, Ipv6Setting::Auto),
        one("eth9", InterfaceRole::Lan, Ipv4Setting::Dhcp, Ipv6Setting::Auto),
    ]
}

/// Everything listens; the filter is all that keeps anybody out.
fn listen(stop: Arc<AtomicBool>) {
    let tcp: Vec<_> = TCP.iter().map(|port| TcpListener::bind(("::", *port)).unwrap()).collect();
    let udp: Vec<_> = UDP.iter().map(|port| UdpSocket::bind(("::", *port)).unwrap()).collect();
    tcp.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
    udp.iter().for_each(|socket| socket.set_nonblocking(true).unwrap());
    while !stop.load(Ordering::SeqCst) {
        for socket in &tcp {
            if let Ok((mut stream, _)) = socket.accept() {
                let _ = stream.write_all(b"x");
            }
        }
        let mut buffer = [0; 64];
        for socket in &udp {
            if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let _ = socket.send_to(&buffer[..length], from);
            }
        }
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// What answers when it is asked from this address. It waits for as long as a busy machine needs, but
/// only where something is expected: a dropped packet is never answered.
fn scan(source: IpAddr, expected: &Found) -> Found {
    let unit: IpAddr =
        UNIT.iter().map(|a| a.parse().unwrap()).find(|a: &IpAddr| a.is_ipv4() == source.is_ipv4()).unwrap();
    let mut found = Found::new();
    let patience = |expected: bool| Duration::from_millis(if expected { 10_000 } else { 100 });
    for port in TCP {
        let wait = patience(expected.contains(&(Protocol::Tcp, port)));
        if connects(source, SocketAddr::new(unit, port), wait) {
            found.insert((Protocol::Tcp, port));
        }
    }
    for port in UDP {
        // A DHCP server sends from its own port.
        let socket = UdpSocket::bind((source, if port == 68 { 67 } else { 0 })).unwrap();
        socket.set_read_timeout(Some(patience(expected.contains(&(Protocol::Udp, port))))).unwrap();
        socket.send_to(b"?", (unit, port)).unwrap();
        if socket.recv(&mut [0; 8]).is_ok() {
            found.insert((Protocol::Udp, port));
        }
    }
    found
}

fn connects(source: IpAddr, to: SocketAddr, wait: Duration) -> bool {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrStorage, bind, connect, socket};
    use std::os::fd::AsRawFd;
    let family = if source.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_NONBLOCK, None).unwrap();
    bind(fd.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(source, 0))).unwrap();
    let _ = connect(fd.as_raw_fd(), &SockaddrStorage::from(to));
    let mut stream = TcpStream::from(fd);
    let mut fds = [nix::poll::PollFd::new(std::os::fd::AsFd::as_fd(&stream), nix::poll::PollFlags::POLLOUT)];
    let ready = nix::poll::poll(&mut fds, u16::try_from(wait.as_millis()).unwrap()).unwrap();
    if ready == 0 {
        return false;
    }
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.read(&mut [0; 1]).is_ok_and(|length| length == 1)
}

/// What the list says to somebody with this address on eth0.
fn promised(list: &[Exposed], source: IpAddr) -> Found {
    let mut found = Found::new();
    for exposed in list {
        let here = exposed.interfaces.is_empty() || exposed.interfaces.iter().any(|name| name == "eth0");
        let may = exposed.sources.is_empty() || exposed.sources.iter().any(|net| net.contains(source));
        let ports: &[u16] = match exposed.protocol {
            Protocol::Tcp => &TCP,
            Protocol::Udp => &UDP,
            Protocol::Icmp => &[],
        };
        let within = |port: &&u16| (exposed.first_port..=exposed.last_port).contains(port);
        if here && may {
            found.extend(ports.iter().filter(within).map(|port| (exposed.protocol, *port)));
        }
    }
    found
}

#[test]
fn a_scan_from_outside_equals_the_list() {
    let Some(wire) = Wire::new("scan") else { return };
    wire.outside_addresses(&[
        "192.0.2.9/24",
        "192.0.2.77/24",
        "192.0.2.209/24",
        "2001:db8::9/64",
        "2001:db8::2:9/64",
    ]);
    ip(&["-n", &wire.unit, "link", "set", "eth0", "up"]);
    for address in ["192.0.2.2/24", "2001:db8::2/64"] {
        let mut words = vec!["-n", &wire.unit, "address", "add", address, "dev", "eth0"];
        if address.contains(':') {
            words.push("nodad");
        }
        ip(&words);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let listening = Wire::spawn_within(&wire.unit, move || listen(stopping));
    let fresh = machine(|_| {});
    let cases = [
        ("fresh from the box", fresh),
        ("in service", machine(served)),
        (
            "the outside",
            machine(|c| {
                served(c);
                c.appliance.interfaces = interface(InterfaceRole::Wan);
            }),
        ),
        (
            "management",
            machine(|c| {
                served(c);
                c.appliance.interfaces = interface(InterfaceRole::Management);
            }),
        ),
        (
            "with a remote shell",
            machine(|c| {
                c.appliance.ssh.enabled_until = Some(2000);
                c.appliance.ssh.keys = vec![format!("ssh-ed25519 {}", "A".repeat(68))];
            }),
        ),
    ];
    let mut differences = BTreeSet::new();
    for (what, machine) in cases {
        let text = nftables::filter(&machine);
        Wire::within(&wire.unit, move || command::run("nft", &["-f", "-"], &text)).unwrap();
        let scans: Vec<_> = SOURCES
            .iter()
            .map(|source| {
                let source: IpAddr = source.parse().unwrap();
                let promised = promised(&machine.exposure, source);
                let expected = promised.clone();
                let found = Wire::spawn_within(&wire.outside, move || scan(source, &expected));
                (source, promised, found)
            })
            .collect();
        for (source, promised, found) in scans {
            assert_eq!(found.join().unwrap(), promised, "{what}, from {source}");
            differences.insert(promised);
        }
    }
    assert!(differences.len() >= 5, "the cases differ: {differences:?}");
    // And before anything is known, nobody gets in who has not talked to us before.
    Wire::within(&wire.unit, || command::run("nft", &["-f", "-"], &nftables::closed())).unwrap();
    let found = Wire::within(&wire.outside, || scan("192.0.2.77".parse().unwrap(), &Found::new()));
    assert_eq!(found, Found::new());
    stop.store(true, Ordering::SeqCst);
    listening.join().unwrap();
}
