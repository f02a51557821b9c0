//! `demarc-system run` as a whole, in a network namespace of its own; the test plays the gateway.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod namespace;

use demarc_model::Config;
use demarc_model::appliance::{Answer, Beat, Machine, MachineStatus, Order, Request, UpdateSource};
use demarc_model::config::Secret;
use demarc_model::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting};
use demarc_system::paths::Paths;
use demarc_system::server::ask;
use namespace::Wire;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long anything may take on a machine with much to do.
const PATIENCE: u32 = 3000;

struct Unit {
    root: tempfile::TempDir,
    paths: Paths,
    child: Child,
    wire: Wire,
}

impl Unit {
    fn start(name: &str) -> Option<Self> {
        let wire = Wire::new(name)?;
        let root = tempfile::tempdir().unwrap();
        let at = root.path();
        std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(at.join("bin")).unwrap();
        std::fs::create_dir(at.join("out")).unwrap();
        std::fs::set_permissions(at.join("out"), std::fs::Permissions::from_mode(0o777)).unwrap();
        // A gateway that tells who it is, and stays.
        let script = format!(
            "#!/bin/sh\ncat /proc/self/status >{0}/status\necho \"$@\" >{0}/arguments\necho $$ >{0}/pid.new\n\
             mv {0}/pid.new {0}/pid\nexec sleep 1000\n",
            at.join("out").display()
        );
        std::fs::write(at.join("bin/demarcd"), script).unwrap();
        std::fs::set_permissions(at.join("bin/demarcd"), std::fs::Permissions::from_mode(0o755)).unwrap();
        let child = spawn(&wire, at);
        let paths = Paths::below(at);
        let unit = Self { root, paths, child, wire };
        unit.until("it answers", |unit| ask(&unit.paths.socket, &Request::Status).is_ok().then_some(()));
        Some(unit)
    }

    /// Kills it, and starts it again as init does.
    fn kill_and_respawn(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn(&self.wire, self.root.path());
        // The socket of the one before is there and nobody listens.
        self.until("it answers again", |unit| {
            ask(&unit.paths.socket, &Request::Status).is_ok().then_some(())
        });
    }

    fn gateway(&self) -> i32 {
        self.out("pid").unwrap().trim().parse().unwrap()
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        for _ in 0..PATIENCE {
            if let Some(found) = look(self) {
                return found;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        panic!("it never came that {what}; the log: {:?}", self.ask(Request::Log { lines: 50 }));
    }

    fn ask(&self, request: Request) -> Answer {
        ask(&self.paths.socket, &request).unwrap()
    }

    fn status(&self) -> MachineStatus {
        match self.ask(Request::Status) {
            Answer::Status { status } => *status,
            other => panic!("{other:?}"),
        }
    }

    fn beat(&self, healthy: bool) -> Vec<Order> {
        let beat = Beat { healthy, revision: 1, setup_code: Some("7K2M-9Q0A".into()), ..Beat::default() };
        match self.ask(Request::Beat { beat: Box::new(beat) }) {
            Answer::Orders { orders } => orders,
            other => panic!("{other:?}"),
        }
    }

    fn out(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.root.path().join("out").join(name)).ok()
    }

    fn filter(&self) -> String {
        let output =
            Command::new("ip").args(["netns", "exec", &self.wire.unit, "nft", "list", "ruleset"]).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    }
}

fn spawn(wire: &Wire, at: &std::path::Path) -> Child {
    let path = format!("{}:{}", at.join("bin").display(), std::env::var("PATH").unwrap());
    Command::new("ip")
        .args(["netns", "exec", &wire.unit, env!("CARGO_BIN_EXE_demarc-system"), "--root"])
        .arg(at)
        .arg("run")
        .env("PATH", path)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// One that is dead and waits for its parent does not live.
fn lives(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn configured(change: impl FnOnce(&mut Config)) -> Request {
    let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
    change(&mut config);
    assert_eq!(config.validate(), Ok(()));
    Request::Configure { machine: Box::new(Machine::new(2, &config, 0)) }
}

fn fixed(address: &str) -> Vec<Interface> {
    let ipv4 = Ipv4Setting::Static { address: address.parse().unwrap(), prefix: 24, gateway: None };
    vec![Interface {
        device: "eth0".into(),
        vlan: None,
        role: InterfaceRole::Lan,
        ipv4,
        ipv6: Ipv6Setting::Off,
    }]
}

#[test]
fn the_gateway_runs_without_root_and_is_started_again() {
    let Some(unit) = Unit::start("run") else { return };
    let pid = unit.until("the gateway runs", |unit| unit.out("pid"));
    let status = unit.out("status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(field("Uid:"), ["990"; 4]);
    assert_eq!(field("Gid:"), ["990"; 4]);
    assert_eq!(field("Groups:"), ["990"]);
    assert_eq!(field("NoNewPrivs:"), ["1"]);
    // Bit 10 is CAP_NET_BIND_SERVICE.
    for set in ["CapEff:", "CapPrm:", "CapBnd:", "CapAmb:"] {
        assert_eq!(u64::from_str_radix(&field(set)[0], 16).unwrap(), 1 << 10, "{set}");
    }
    let arguments = unit.out("arguments").unwrap();
    assert!(arguments.contains("--https [::]:443") && arguments.contains("--cards dahdi"), "{arguments}");

    assert!(!unit.status().healthy);
    unit.beat(true);
    let status = unit.status();
    assert!(status.healthy);
    assert_eq!(status.setup_code.as_deref(), Some("7K2M-9Q0A"));

    // It crashes: that is recorded, and it is there again.
    kill(Pid::from_raw(pid.trim().parse().unwrap()), Signal::SIGSEGV).unwrap();
    unit.until("another gateway runs", |unit| unit.out("pid").filter(|other| *other != pid));
    let status = unit.until("the crash is counted", |unit| {
        let status = unit.status();
        status.services.iter().any(|s| s.name == "demarcd" && s.crashes == 1 && s.running).then_some(status)
    });
    assert!(!status.healthy, "the new one has said nothing yet");
    let crashes: Vec<_> =
        std::fs::read_dir(unit.paths.log().join("crashes")).unwrap().flatten().map(|e| e.path()).collect();
    assert_eq!(crashes.len(), 1);
    assert!(std::fs::read_to_string(&crashes[0]).unwrap().contains("SIGSEGV"));
}

#[test]
fn when_it_is_killed_the_next_one_starts_the_gateway_anew() {
    let Some(mut unit) = Unit::start("respawn") else { return };
    unit.until("the gateway runs", |unit| unit.out("pid"));
    // One that works, and one that hangs.
    for hangs in [false, true] {
        let before = unit.gateway();
        unit.beat(true);
        if hangs {
            kill(Pid::from_raw(before), Signal::SIGSTOP).unwrap();
        }
        unit.kill_and_respawn();
        assert!(!lives(before), "two gateways: the store has one lock");
        let Answer::Log { lines } = unit.ask(Request::Log { lines: 50 }) else { panic!() };
        // What was stopped when its parent was killed is ended by the kernel already (setpgid(2): orphaned groups).
        assert!(hangs || lines.iter().any(|line| line.contains("demarc-system was killed")), "{lines:?}");
        unit.until("another gateway runs", |unit| (unit.gateway() != before).then_some(()));
        let status = unit.status();
        assert!(!status.healthy, "the new one has said nothing yet");
        assert!(
            status.services.iter().any(|service| service.name == "demarcd" && service.crashes == 0),
            "{:?}",
            status.services
        );
    }
    // A machine that stops in order leaves nothing behind.
    let last = unit.gateway();
    kill(Pid::from_raw(unit.child.id() as i32), Signal::SIGTERM).unwrap();
    unit.child.wait().unwrap();
    assert!(!lives(last));
}

#[test]
fn a_configuration_opens_the_filter_and_is_kept() {
    let Some(unit) = Unit::start("conf") else { return };
    let filter = unit.filter();
    assert!(filter.contains("policy drop") && filter.contains("tcp dport 443 accept"), "{filter}");
    assert!(!filter.contains("5060"), "{filter}");
    let request = configured(|config| config.system.sip.udp = "[::]:5060".parse().ok());
    assert_eq!(unit.ask(request), Answer::Done);
    assert!(unit.filter().contains("udp dport 5060 accept"));
    assert!(unit.status().exposure.iter().any(|exposed| exposed.first_port == 5060));
    let kept = std::fs::read_to_string(unit.paths.state("machine.json")).unwrap();
    assert!(kept.contains("5060"), "it is there after the next boot, before the gateway is");
    // Without a slot there is no update, and it is said why.
    let Answer::Refused { reason } = unit.ask(Request::Install { source: UpdateSource::Usb, force: false })
    else {
        panic!()
    };
    assert!(reason.contains("slot"), "{reason}");
}

#[test]
fn a_changed_network_is_in_force_and_waits_for_the_administrator() {
    let Some(unit) = Unit::start("trial") else { return };
    let address = |unit: &Unit| {
        let status = unit.status();
        status.interfaces.iter().flat_map(|interface| interface.addresses.clone()).collect::<Vec<_>>()
    };
    unit.ask(configured(|config| config.appliance.interfaces = fixed("192.0.2.2")));
    assert_eq!(address(&unit), ["192.0.2.2/24"]);
    assert!(unit.status().network_reverts_in_s.is_some_and(|left| left <= 120));
    unit.ask(Request::ConfirmNetwork);
    assert_eq!(unit.status().network_reverts_in_s, None);

    // What cannot be set is taken back at once, and the configuration is asked to follow.
    let mut wrong = fixed("192.0.2.3");
    wrong[0].device = "eth7".into();
    unit.ask(configured(|config| config.appliance.interfaces = wrong));
    assert_eq!(address(&unit), ["192.0.2.2/24"]);
    assert!(unit.status().network_fault.unwrap().contains("eth7"));
    let orders = unit.beat(true);
    assert!(
        matches!(&orders[..], [Order::SetInterfaces { interfaces, .. }] if *interfaces == fixed("192.0.2.2")),
        "{orders:?}"
    );

    // Somebody at the console needs no confirmation; the gateway writes the configuration.
    assert_eq!(unit.ask(Request::SetInterfaces { interfaces: fixed("192.0.2.4") }), Answer::Done);
    assert!(matches!(&unit.beat(true)[..], [Order::SetInterfaces { .. }]));
    unit.ask(configured(|config| config.appliance.interfaces = fixed("192.0.2.4")));
    assert_eq!(address(&unit), ["192.0.2.4/24"]);
    assert_eq!(unit.status().network_reverts_in_s, None);
    assert_eq!(unit.ask(Request::ResetAdministrator), Answer::Done);
    assert_eq!(unit.beat(true), [Order::ResetAdministrator]);
}

/// A router outside tells all of the link (RFC 4861 §4.2) of its prefix and of name servers (RFC 8106 §5.1).
fn advertise(unit: &Unit, hop_limit: i32, lifetime_s: u32, servers: &[&str]) {
    use nix::sys::socket::{
        AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn6, bind, sendto, setsockopt,
        socket, sockopt::Ipv6MulticastHops,
    };
    use std::net::{Ipv6Addr, SocketAddrV6};
    use std::os::fd::AsRawFd;
    let octets = |address: &str| address.parse::<Ipv6Addr>().unwrap().octets();
    // Its checksum is the kernel's; it is a router for half an hour.
    let mut message = vec![134, 0, 0, 0, 64, 0];
    message.extend(1800_u16.to_be_bytes());
    message.extend([0; 8]);
    message.extend([3, 4, 64, 0xc0]);
    message.extend([3600_u32, 3600, 0].map(u32::to_be_bytes).concat());
    message.extend(octets("2001:db8:0:5::"));
    message.extend([25, 1 + 2 * u8::try_from(servers.len()).unwrap(), 0, 0]);
    message.extend(lifetime_s.to_be_bytes());
    servers.iter().for_each(|server| message.extend(octets(server)));
    Wire::within(&unit.wire.outside, move || {
        let scope = nix::net::if_::if_nametoindex("eth0").unwrap();
        let at = |address: &str| SockaddrIn6::from(SocketAddrV6::new(address.parse().unwrap(), 0, 0, scope));
        let fd =
            socket(AddressFamily::Inet6, SockType::Raw, SockFlag::empty(), SockProtocol::IcmpV6).unwrap();
        setsockopt(&fd, Ipv6MulticastHops, &hop_limit).unwrap();
        bind(fd.as_raw_fd(), &at("fe80::1")).unwrap();
        sendto(fd.as_raw_fd(), &message, &at("ff02::1"), MsgFlags::empty()).unwrap();
    });
}

#[test]
fn name_servers_that_a_router_advertises_are_asked_for_as_long_as_it_says() {
    let Some(mut unit) = Unit::start("rdnss") else { return };
    unit.wire.outside_addresses(&["fe80::1/64"]);
    let mut only_ipv6 = fixed("192.0.2.2");
    (only_ipv6[0].ipv4, only_ipv6[0].ipv6) = (Ipv4Setting::Off, Ipv6Setting::Auto);
    unit.ask(configured(|config| config.appliance.interfaces = only_ipv6));
    unit.ask(Request::ConfirmNetwork);
    assert!(unit.status().name_servers.is_empty());
    let asked = |unit: &Unit, servers: &[&str]| (unit.status().name_servers == servers).then_some(());
    unit.until("a router's name servers are asked", |unit| {
        // Somebody far away pretends to be a router, and does it first.
        advertise(unit, 64, 600, &["2001:db8:bad::53"]);
        advertise(unit, 255, 600, &["2001:db8::53", "fe80::1"]);
        asked(unit, &["2001:db8::53", "fe80::1%eth0"])
    });
    let resolv = std::fs::read_to_string(unit.paths.run.join("resolv.conf")).unwrap();
    assert!(resolv.contains("nameserver 2001:db8::53\nnameserver fe80::1%eth0\n"), "{resolv}");
    let addresses = |unit: &Unit| unit.status().interfaces.into_iter().flat_map(|one| one.addresses);
    unit.until("it has an address of the router's network", |unit| {
        addresses(unit).any(|address| address.starts_with("2001:db8:0:5:")).then_some(())
    });
    // Killed and started again it does not wait for the next advertisement.
    unit.kill_and_respawn();
    assert_eq!(unit.status().name_servers, ["2001:db8::53", "fe80::1%eth0"]);
    // One is withdrawn, the other one's time is short and over.
    unit.until("one is withdrawn", |unit| {
        advertise(unit, 255, 0, &["fe80::1"]);
        asked(unit, &["2001:db8::53"])
    });
    advertise(&unit, 255, 1, &["2001:db8::53"]);
    unit.until("its time is over", |unit| asked(unit, &[]));
    let resolv = std::fs::read_to_string(unit.paths.run.join("resolv.conf")).unwrap();
    assert!(!resolv.contains("nameserver"), "{resolv}");
}

#[test]
fn the_console_is_driven_by_keys() {
    use std::io::{Read, Write};
    let Some(unit) = Unit::start("console") else { return };
    unit.beat(true);
    let mut console = Command::new(env!("CARGO_BIN_EXE_demarc-system"))
        .arg("--root")
        .arg(unit.root.path())
        .arg("console")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = console.stdin.take().unwrap();
    // An arrow key, a wrong word, and then the right one.
    keys.write_all(b"\x1b[Apwrong\rpreset\r").unwrap();
    let orders =
        unit.until("the order arrives", |unit| Some(unit.beat(true)).filter(|orders| !orders.is_empty()));
    assert_eq!(orders, [Order::ResetAdministrator]);
    drop(keys);
    let mut screen = String::new();
    console.stdout.take().unwrap().read_to_string(&mut screen).unwrap();
    assert!(console.wait().unwrap().success(), "it ends with its terminal");
    assert!(screen.contains("7K2M-9Q0A") && screen.contains("the gateway works"), "{screen}");
    assert!(screen.contains("The password is forgotten"), "{screen}");
}

#[test]
fn a_key_opens_the_remote_shell_only_when_it_was_confirmed_at_the_console() {
    use std::io::Write;
    const KEY: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBq8CSOTSVkQcYm0nSnUfs1GlLHmPCvLmKT0sqFSuVOj the office";
    let Some(mut unit) = Unit::start("ssh") else { return };
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let open = configured(|config| {
        config.appliance.ssh.keys = vec![KEY.into()];
        config.appliance.ssh.enabled_until = Some(now + 3600);
    });
    unit.ask(open);
    let status = unit.status();
    assert_eq!(status.ssh_until, None, "nobody may enter");
    assert_eq!(status.ssh_waiting.len(), 1);
    assert!(!unit.filter().contains("dport 22"), "{}", unit.filter());

    let mut console = Command::new(env!("CARGO_BIN_EXE_demarc-system"))
        .arg("--root")
        .arg(unit.root.path())
        .arg("console")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut keys = console.stdin.take().unwrap();
    keys.write_all(b"ktrust\r").unwrap();
    unit.until("the shell opens", |unit| unit.status().ssh_until);
    drop(keys);
    assert!(console.wait().unwrap().success());
    assert!(unit.status().ssh_waiting.is_empty());
    let entered = std::fs::read_to_string(unit.paths.run.join("ssh/authorized_keys")).unwrap();
    assert!(entered.ends_with("the office\n"), "{entered}");

    // It is remembered, and nobody else is let in by it.
    unit.kill_and_respawn();
    unit.ask(configured(|config| {
        config.appliance.ssh.keys = vec![KEY.into(), KEY.replace("FSuVOj the office", "FSuVOk b")]
    }));
    let waiting = unit.status().ssh_waiting;
    assert_eq!(waiting.iter().map(|key| key.comment.as_str()).collect::<Vec<_>>(), ["b"]);
}
