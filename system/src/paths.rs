//! Where everything is. Tests put it all elsewhere.

use std::path::PathBuf;

/// The user and group of `demarcd`.
pub const DEMARC: u32 = 990;

/// Where everything is.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The data partition.
    pub data: PathBuf,
    /// What lives until the next boot.
    pub run: PathBuf,
    /// The socket for `demarcd` and the console.
    pub socket: PathBuf,
    /// Where the kernel shows itself.
    pub sys: PathBuf,
    /// As above.
    pub proc: PathBuf,
    /// The EFI partition, mounted read-only.
    pub efi: PathBuf,
    /// The devices of keys and buttons.
    pub input: PathBuf,
    /// The watchdog's device.
    pub watchdog: PathBuf,
    /// What the system says of itself.
    pub os_release: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            data: "/data".into(),
            run: "/run".into(),
            socket: demarc_model::appliance::SOCKET.into(),
            sys: "/sys".into(),
            proc: "/proc".into(),
            efi: "/boot/efi".into(),
            input: "/dev/input".into(),
            watchdog: "/dev/watchdog".into(),
            os_release: "/etc/os-release".into(),
        }
    }
}

impl Paths {
    /// Everything that is written goes below a folder; the kernel is the real one. For tests.
    pub fn below(root: &std::path::Path) -> Self {
        Self {
            data: root.join("data"),
            run: root.join("run"),
            socket: root.join("run/demarc/system.sock"),
            efi: root.join("efi"),
            input: root.join("input"),
            watchdog: root.join("watchdog"),
            os_release: root.join("os-release"),
            ..Self::default()
        }
    }

    /// `demarcd`'s own.
    pub fn demarc(&self) -> PathBuf {
        self.data.join("demarc")
    }

    /// Root's own, kept over restarts.
    pub fn state(&self, name: &str) -> PathBuf {
        self.data.join("system").join(name)
    }

    /// Root's own, until the next boot.
    pub fn runtime(&self, name: &str) -> PathBuf {
        self.run.join("demarc-system").join(name)
    }

    /// Logs.
    pub fn log(&self) -> PathBuf {
        self.data.join("log")
    }
}
