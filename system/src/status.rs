//! What the machine says of itself.

use crate::files;
use crate::paths::Paths;

/// The version of the system.
pub fn version(paths: &Paths) -> String {
    let text = files::read(&paths.os_release).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VERSION_ID="));
    let version = line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned());
    version.filter(|version| !version.is_empty()).unwrap_or_else(|| env!("CARGO_PKG_VERSION").into())
}

/// The slot that it was booted from.
pub fn slot(paths: &Paths) -> Option<String> {
    let cmdline = files::read(&paths.proc.join("cmdline"))?;
    let slot = cmdline.split_whitespace().find_map(|word| word.strip_prefix("rauc.slot="))?;
    Some(slot.to_owned()).filter(|slot| slot == "A" || slot == "B")
}

/// Seconds since the kernel started.
pub fn uptime_s(paths: &Paths) -> u64 {
    let text = files::read(&paths.proc.join("uptime")).unwrap_or_default();
    text.split('.').next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
}

/// Size and free octets of the data partition.
pub fn disk(paths: &Paths) -> (u64, u64) {
    match nix::sys::statvfs::statvfs(&paths.data) {
        Ok(stat) => {
            let unit = stat.fragment_size();
            (stat.blocks().saturating_mul(unit), stat.blocks_available().saturating_mul(unit))
        }
        Err(_) => (0, 0),
    }
}
