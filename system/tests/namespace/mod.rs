//! Two machines of the network, each a namespace of the kernel: the unit, and somebody outside.
#![allow(dead_code)] // not every test uses everything

use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::process::Command;

/// The unit and the outside, cabled to each other; gone with this value.
pub struct Wire {
    pub unit: String,
    pub outside: String,
}

impl Wire {
    /// Needs root; none without it, and the test says that it did nothing.
    pub fn new(name: &str) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            eprintln!("not run: namespaces need root");
            return None;
        }
        let id = std::process::id();
        let wire = Self { unit: format!("unit-{name}-{id}"), outside: format!("out-{name}-{id}") };
        for namespace in [&wire.unit, &wire.outside] {
            ip(&["netns", "add", namespace]);
            ip(&["-n", namespace, "link", "set", "lo", "up"]);
        }
        let peer = ["name", "eth0", "netns", &wire.outside];
        let mut words = vec!["link", "add", "eth0", "netns", &wire.unit, "type", "veth", "peer"];
        words.extend(peer);
        ip(&words);
        Some(wire)
    }

    /// Addresses of the outside, which is up.
    pub fn outside_addresses(&self, addresses: &[&str]) {
        ip(&["-n", &self.outside, "link", "set", "eth0", "up"]);
        for address in addresses {
            let mut words = vec!["-n", &self.outside, "address", "add", address, "dev", "eth0"];
            if address.contains(':') {
                words.push("nodad");
            }
            ip(&words);
        }
    }

    /// Does something in a namespace, on a thread of its own.
    pub fn within<T: Send + 'static>(namespace: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
        Self::spawn_within(namespace, work).join().unwrap()
    }

    /// As [`Wire::within`], and does not wait.
    pub fn spawn_within<T: Send + 'static>(
        namespace: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::thread::JoinHandle<T> {
        let file = File::open(format!("/run/netns/{namespace}")).unwrap();
        std::thread::spawn(move || {
            setns(file, CloneFlags::CLONE_NEWNET).unwrap();
            work()
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for namespace in [&self.unit, &self.outside] {
            let _ = Command::new("ip").args(["netns", "delete", namespace]).status();
        }
    }
}

pub fn ip(words: &[&str]) {
    let output = Command::new("ip").args(words).output().unwrap();
    assert!(output.status.success(), "ip {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}
