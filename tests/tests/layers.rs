//! The map of ARCHITECTURE.md, kept by `cargo metadata`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which packages of ours each package may use.
const MAP: &[(&str, &[&str])] = &[
    ("demarc-hal", &[]),
    ("demarc-hal-sim", &["demarc-hal"]),
    ("demarc-isdn", &["demarc-hal"]),
    ("demarc-isdn-helper", &["demarc-hal", "demarc-isdn"]),
    ("demarc-model", &["demarc-hal"]),
    ("demarc-sip", &["demarc-hal", "demarc-model"]),
    ("demarc-pstn", &["demarc-hal", "demarc-isdn", "demarc-model"]),
    ("demarc-media", &["demarc-hal", "demarc-model"]),
    ("demarc-pbx", &["demarc-hal", "demarc-model"]),
    (
        "demarc-node",
        &["demarc-hal", "demarc-isdn", "demarc-model", "demarc-sip", "demarc-pstn", "demarc-pbx"],
    ),
    ("demarc-store", &["demarc-hal", "demarc-model"]),
    ("demarc-api", &["demarc-hal", "demarc-model", "demarc-store"]),
    ("demarc-webui", &[]),
];

/// What no package below the daemon, the store and the API may bring in: runtimes, databases,
/// sockets, clocks, randomness.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "async-std",
    "smol",
    "rusqlite",
    "socket2",
    "nix",
    "rustix",
    "libc",
    "rand",
    "getrandom",
    "fastrand",
    "chrono",
    "time",
    "jiff",
];

/// Packages that must be pure, dependencies of their dependencies included.
const PURE: &[&str] =
    &["demarc-hal", "demarc-model", "demarc-sip", "demarc-pstn", "demarc-media", "demarc-pbx", "demarc-node"];

#[test]
fn every_arrow_is_on_the_map() {
    let house = House::read();
    for (package, allowed) in MAP {
        for used in house.uses(package).iter().filter(|name| name.starts_with("demarc")) {
            assert!(allowed.contains(&used.as_str()), "{package} must not use {used}");
        }
    }
}

#[test]
fn the_rooms_are_pure() {
    let house = House::read();
    for package in PURE {
        let all = house.uses_all(package);
        for impure in IMPURE {
            assert!(!all.contains(*impure), "{package} brings in {impure}");
        }
    }
}

#[test]
fn the_daemon_never_links_the_helper() {
    assert!(!House::read().uses_all("demarcd").contains("demarc-isdn-helper"));
}

struct House {
    /// Normal dependencies as resolved, by package name.
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl House {
    fn read() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
        let list = |value: &Value| value.as_array().unwrap().clone();
        let names: BTreeMap<String, String> = list(&metadata["packages"])
            .iter()
            .map(|package| (text(&package["id"]), text(&package["name"])))
            .collect();
        let uses = list(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let normal = |dep: &&Value| list(&dep["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
                let deps = list(&node["deps"]);
                let used = deps.iter().filter(normal).map(|dep| names[&text(&dep["pkg"])].clone());
                (names[&text(&node["id"])].clone(), used.collect())
            })
            .collect();
        Self { uses }
    }

    fn uses(&self, package: &str) -> &BTreeSet<String> {
        self.uses.get(package).unwrap_or_else(|| panic!("there is no package {package}"))
    }

    fn uses_all(&self, package: &str) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut next: Vec<&String> = self.uses(package).iter().collect();
        while let Some(name) = next.pop() {
            if all.insert(name.clone()) {
                next.extend(self.uses(name));
            }
        }
        all
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().into()
}
