//! The real thing: `demarcd` as a process, SIPp as its phones, and audio that is measured.

pub mod audio;
pub mod daemon;
pub mod sipp;

pub use audio::{Audio, Heard};
pub use daemon::Demarcd;
pub use sipp::Sipp;

use std::time::{Duration, Instant};

/// Waits until something is so, looking again and again; what takes longer than `patience` never
/// comes. Nothing is said about how long it took.
///
/// # Panics
/// When it never comes.
#[allow(clippy::disallowed_methods, reason = "the real world is looked at in real time")]
pub fn wait_for<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
