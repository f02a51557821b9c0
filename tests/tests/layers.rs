//! The map of ARCHITECTURE.md, kept by `cargo metadata`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which packages of ours each package may use.
const MAP: &[(&str, &[&str])] = &[
    ("demarc-hal", &[]),
    ("demarc-hal-sim", &["demarc-hal"]),
    ("demarc-hal-dahdi", &["demarc-hal"]),
    ("demarc-helper", &[]),
    ("demarc-isdn", &["demarc-hal", "demarc-helper"]),
    ("demarc-isdn-helper", &["demarc-hal", "demarc-helper", "demarc-isdn"]),
    ("demarc-r2", &["demarc-hal", "demarc-helper"]),
    ("demarc-r2-helper", &["demarc-hal", "demarc-helper", "demarc-r2"]),
    ("demarc-model", &["demarc-hal"]),
    ("demarc-clock", &["demarc-model"]),
    ("demarc-sip", &["demarc-hal", "demarc-model"]),
    ("demarc-pstn", &["demarc-hal", "demarc-isdn", "demarc-r2", "demarc-model"]),
    ("demarc-media", &["demarc-hal", "demarc-model"]),
    ("demarc-pbx", &["demarc-hal", "demarc-model"]),
    (
        "demarc-node",
        &[
            "demarc-hal",
            "demarc-isdn",
            "demarc-r2",
            "demarc-model",
            "demarc-sip",
            "demarc-pstn",
            "demarc-pbx",
        ],
    ),
    ("demarc-autopilot", &["demarc-hal", "demarc-isdn", "demarc-model"]),
    ("demarc-store", &["demarc-hal", "demarc-model"]),
    ("demarc-api", &["demarc-hal", "demarc-model", "demarc-store"]),
    ("demarc-flash", &["demarc-model"]),
    ("demarc-hwtest", &["demarc-hal", "demarc-hal-sim", "demarc-hal-dahdi", "demarc-model"]),
    ("demarc-system", &["demarc-clock", "demarc-hal", "demarc-model"]),
    ("demarc-real-time", &[]),
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
const PURE: &[&str] = &[
    "demarc-hal",
    "demarc-model",
    "demarc-sip",
    "demarc-pstn",
    "demarc-media",
    "demarc-pbx",
    "demarc-node",
    "demarc-autopilot",
];

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
    for package in PURE {
        let all = built_of(package);
        for impure in IMPURE {
            assert!(!all.contains(*impure), "{package} brings in {impure}");
        }
    }
}

#[test]
fn the_daemon_never_links_the_helper() {
    assert!(!built_of("demarcd").contains("demarc-isdn-helper"));
}

struct House {
    /// Normal dependencies as resolved, by package name.
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl House {
    fn read() -> Self {
        let text_of = cargo(&["metadata", "--format-version", "1", "--locked", "--offline"]);
        let metadata: Value = serde_json::from_str(&text_of).unwrap();
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
}

/// Everything that a package is built of when it is built alone: with the features that it asks for
/// and not those that others ask for.
fn built_of(package: &str) -> BTreeSet<String> {
    let arguments =
        ["tree", "--locked", "--offline", "-p", package, "-e", "normal", "--prefix", "none", "-f", "{p}"];
    let text = cargo(&arguments);
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        Command::new(cargo).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().into()
}
