//! The words between `demarcd` and `demarc-system`, the part of the appliance that runs as root:
//! over a Unix socket, one line of JSON each way and request.
//!
//! `demarcd` says every [`BEAT`] how it does, and gets orders in return; nobody ever has to call
//! `demarcd`. What is asked here was allowed before: by the API, which knows the administrator, or by
//! the console, where somebody stands in front of the unit.

mod exposure;

pub use exposure::{Exposed, ExposedService, HTTPS_PORT, Protocol, SSH_PORT, exposure};

use crate::config::appliance::Interface;
use crate::config::{Appliance, TrunkId};
use crate::{Config, SpanId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where `demarc-system` listens.
pub const SOCKET: &str = "/run/demarc/system.sock";
/// The longest line either way, in octets.
pub const MAX_LINE: usize = 256 * 1024;
/// How often `demarcd` tells how it does.
pub const BEAT: Duration = Duration::from_secs(2);

/// What `demarc-system` is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "request", deny_unknown_fields)]
pub enum Request {
    /// `demarcd` lives; answered with [`Answer::Orders`].
    Beat {
        /// How it does.
        beat: Box<Beat>,
    },
    /// What is in force from now on; sent at the start of `demarcd` and after each change.
    Configure {
        /// What the machine is to be.
        machine: Box<Machine>,
    },
    /// How the machine does; answered with [`Answer::Status`].
    Status,
    /// The administrator still gets in: the network stays as it was changed.
    ConfirmNetwork,
    /// Write a new version into the slot that is not in use. Calls go on.
    Install {
        /// Where the bundle is.
        source: UpdateSource,
        /// Also an older version than the running one.
        #[serde(default)]
        force: bool,
    },
    /// Take the installed version into service: a reboot.
    Switch {
        /// When.
        when: SwitchWhen,
    },
    /// Do not take the installed version into service.
    CancelSwitch,
    /// Boot again.
    Reboot,
    /// Switch the unit off.
    PowerOff,
    /// Forget everything: configuration, call records, recordings, keys. Both versions stay.
    FactoryReset,
    /// Forget the administrator's password; only from the console.
    ResetAdministrator,
    /// A key for the remote shell counts from now on; only from the console.
    TrustKey {
        /// As `ssh-keygen -l` shows it: `SHA256:…`.
        fingerprint: String,
    },
    /// Other interfaces; only from the console. The configuration follows, and nothing has to be
    /// confirmed.
    SetInterfaces {
        /// All of them; empty = every wired interface asks for an address.
        interfaces: Vec<Interface>,
    },
    /// Write the logs to a USB stick.
    LogsToUsb,
    /// The last lines of the log.
    Log {
        /// How many, 1–1000.
        lines: u16,
    },
}

/// What `demarc-system` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer", deny_unknown_fields)]
pub enum Answer {
    /// It is done, or begun.
    Done,
    /// It is not.
    Refused {
        /// Why, and what would help.
        reason: String,
    },
    /// What `demarcd` is to do.
    Orders {
        /// In this order.
        orders: Vec<Order>,
    },
    /// How the machine does.
    Status {
        /// The whole of it.
        status: Box<MachineStatus>,
    },
    /// Lines of the log, the oldest first.
    Log {
        /// Without line ends.
        lines: Vec<String>,
    },
}

/// What `demarcd` is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "order", deny_unknown_fields)]
pub enum Order {
    /// Place a call from one RTP stream of its own to another and tell how it went.
    TestCall {
        /// To be told with the outcome.
        id: u64,
    },
    /// The configuration is to name these interfaces: somebody in front of the unit wants it, or a
    /// change was taken back.
    SetInterfaces {
        /// All of them.
        interfaces: Vec<Interface>,
        /// For the list of revisions.
        reason: String,
    },
    /// Forget the administrators, their sessions and tokens, and make a new setup code.
    ResetAdministrator,
}

/// How `demarcd` does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Beat {
    /// Its version.
    pub version: String,
    /// The thread that handles calls has answered within the last seconds.
    pub healthy: bool,
    /// The revision of the configuration in force, which it could read.
    pub revision: u64,
    /// Calls that live.
    pub calls: u32,
    /// Spans that are in order: layer 1 without alarm, layer 2 established where there is one.
    pub spans_up: Vec<SpanId>,
    /// Trunks that can carry a call.
    pub trunks_up: Vec<TrunkId>,
    /// How the last test call went.
    pub test_call: Option<TestCall>,
    /// For the console, while nobody has set the unit up.
    pub setup_code: Option<String>,
    /// SHA-256 of the certificate of the web UI, in pairs of hexadecimal digits with colons.
    pub fingerprint: Option<String>,
}

/// How a test call went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestCall {
    /// The one that was ordered.
    pub id: u64,
    /// What was wrong; none when all that was sent was heard.
    pub fault: Option<String>,
}

/// What the machine is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// Of which revision of the configuration.
    pub revision: u64,
    /// Interfaces, names, time, logs.
    pub appliance: Appliance,
    /// What listens, and for whom.
    pub exposure: Vec<Exposed>,
}

impl Machine {
    /// What a configuration makes of the machine. `now_s` is in seconds since 1970 UTC.
    pub fn new(revision: u64, config: &Config, now_s: u64) -> Self {
        Self { revision, appliance: config.appliance.clone(), exposure: exposure(config, now_s) }
    }
}

/// Where an update bundle is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "from", deny_unknown_fields)]
pub enum UpdateSource {
    /// It was uploaded, and lies in the data directory of `demarcd` as `update/upload.raucb`.
    Upload,
    /// It is fetched: `https://…`. Its signature is checked, not the server's certificate.
    Url {
        /// Where.
        url: String,
    },
    /// The newest `*.raucb` in the root of a USB stick.
    Usb,
}

/// When an installed version is taken into service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "at", deny_unknown_fields)]
pub enum SwitchWhen {
    /// At once: calls are cut.
    Now,
    /// As soon as no call lives.
    Idle,
    /// In this hour of the day (UTC, 0–23), as soon as no call lives in it; at its end in any case.
    Hour {
        /// Which.
        hour: u8,
    },
}

/// How the machine does.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct MachineStatus {
    /// The version of the system that runs.
    pub version: String,
    /// The slot that it runs from, `A` or `B`; none when it was not booted from one.
    pub slot: Option<String>,
    /// Both slots.
    pub slots: Vec<SlotStatus>,
    /// What goes on with an update.
    pub update: UpdateState,
    /// How the last one went; kept over restarts.
    pub last_update: Option<UpdateOutcome>,
    /// Interfaces as they are.
    pub interfaces: Vec<InterfaceStatus>,
    /// Name servers that are asked, in this order: those of the configuration, else those that DHCP and IPv6
    /// routers name. A link-local one says through which interface: `fe80::1%eth0`.
    pub name_servers: Vec<String>,
    /// A changed network is taken back in so many seconds unless it is confirmed.
    pub network_reverts_in_s: Option<u32>,
    /// Why the last change of the network was taken back or not made.
    pub network_fault: Option<String>,
    /// Remote shell is open until then, in seconds since 1970 UTC.
    pub ssh_until: Option<u64>,
    /// Keys of the configuration for the remote shell that nobody in front of the unit has confirmed: they
    /// do not open it.
    pub ssh_waiting: Vec<WaitingKey>,
    /// Programs that are kept running.
    pub services: Vec<ServiceStatus>,
    /// What the unit answers to, as the packet filter has it.
    pub exposure: Vec<Exposed>,
    /// A watchdog is fed.
    pub watchdog: bool,
    /// Octets of the data partition.
    pub data_size: u64,
    /// Octets of it that are free.
    pub data_free: u64,
    /// Seconds since the kernel started.
    pub uptime_s: u64,
    /// The clock is set by a time server.
    pub clock_synchronised: bool,
    /// The gateway answers.
    pub healthy: bool,
    /// For the console only: what to type into the web UI of a unit that is not set up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setup_code: Option<String>,
    /// SHA-256 of the certificate of the web UI.
    pub fingerprint: Option<String>,
}

/// A key for the remote shell that is to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WaitingKey {
    /// As `ssh-keygen -l` shows it: `SHA256:…`.
    pub fingerprint: String,
    /// What stands behind the key: often whose it is.
    pub comment: String,
}

/// A slot for a version of the system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SlotStatus {
    /// `A` or `B`.
    pub name: String,
    /// The version in it, where that is known.
    pub version: Option<String>,
    /// The system runs from it.
    pub booted: bool,
    /// It was found to work.
    pub good: bool,
    /// It is the one that boots next.
    pub next: bool,
}

/// What goes on with an update.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum UpdateState {
    /// Nothing.
    #[default]
    Idle,
    /// It is being fetched.
    Fetching {
        /// Octets so far.
        octets: u64,
    },
    /// It is being verified and written.
    Installing {
        /// 0–100.
        percent: u8,
        /// What is being done, in words.
        step: String,
    },
    /// It is written and waits to be taken into service.
    Installed {
        /// Its version.
        version: String,
        /// When it is taken into service; none = when somebody says so.
        when: Option<SwitchWhen>,
    },
    /// The new version runs, and has to show that it works.
    OnTrial {
        /// What is still missing.
        missing: Vec<String>,
        /// Seconds until the old version comes back.
        left_s: u32,
    },
    /// It was not installed.
    Failed {
        /// At what it failed.
        fault: UpdateFault,
        /// Why, in words, and what would help.
        reason: String,
    },
}

/// At what an update failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UpdateFault {
    /// It could not be brought here.
    NotBrought,
    /// It is no update for this unit, or its signature is not good.
    NotOurs,
    /// It is older than the version that runs, and [`Request::Install`] did not say `force`.
    Older,
    /// It could not be written.
    NotWritten,
}

/// How an update went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpdateOutcome {
    /// The version before it.
    pub from: String,
    /// The version that it brought.
    pub to: String,
    /// Why it was taken back; none when the new version was found good.
    pub fault: Option<String>,
    /// When that was decided, in seconds since 1970 UTC.
    pub at_s: u64,
}

/// A network interface as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct InterfaceStatus {
    /// Its name: `eth0`, `eth0.20`.
    pub name: String,
    /// Its hardware address.
    pub mac: String,
    /// It has a link.
    pub up: bool,
    /// Its addresses with prefix lengths.
    pub addresses: Vec<String>,
}

/// A program that is kept running.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ServiceStatus {
    /// Its name.
    pub name: String,
    /// It runs.
    pub running: bool,
    /// How often it ended by itself since the unit was started.
    pub crashes: u32,
    /// How it ended the last time.
    pub last_exit: Option<String>,
}

#[cfg(test)]
mod tests;
