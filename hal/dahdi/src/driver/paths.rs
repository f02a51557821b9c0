//! Where the kernel shows itself.

use std::path::PathBuf;

/// Where the kernel shows itself.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Device files: `/dev/dahdi`.
    pub dev: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
    /// Modules of every kernel: `/lib/modules`.
    pub modules: PathBuf,
    /// Firmware that the kernel loads: `/lib/firmware`.
    pub firmware: PathBuf,
    /// Firmware of Astribanks: `/usr/share/dahdi`.
    pub astribank: PathBuf,
    /// Settings of Sangoma's driver: `/etc/wanpipe`.
    pub wanpipe: PathBuf,
    /// The kernel's log: `/dev/kmsg`.
    pub kmsg: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            dev: "/dev/dahdi".into(),
            sys: "/sys".into(),
            proc: "/proc".into(),
            modules: "/lib/modules".into(),
            firmware: "/lib/firmware".into(),
            astribank: "/usr/share/dahdi".into(),
            wanpipe: "/etc/wanpipe".into(),
            kmsg: "/dev/kmsg".into(),
        }
    }
}
