//! The image in a machine: boots the twin in QEMU, speaks with it over its consoles and HTTP, takes its power away, and
//! judges what is on its disk.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(clippy::disallowed_methods, reason = "a machine in QEMU lives in real time")]

pub mod agent;
pub mod disk;
pub mod http;
pub mod images;
pub mod machine;
pub mod ntp;
pub mod phone;
pub mod wire;
pub mod writelog;

pub use agent::Agent;
pub use http::Api;
pub use images::Images;
pub use machine::{Machine, Setup};

use std::time::{Duration, Instant};

/// How long anything may take. Machines that test are busy; nothing is said about how long it took.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Waits until something is so, looking again and again.
///
/// # Panics
/// When it is not so after [`PATIENCE`].
#[allow(clippy::disallowed_methods, reason = "a machine in real time is looked at in real time")]
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
