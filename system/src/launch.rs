//! A program without root: the rights are given away, and then the program takes our place.

use caps::{CapSet, Capability, CapsHashSet};
use clap::Args;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Open files of `demarcd`: sockets of RTP and channels of DAHDI.
const FILES: u64 = 16_384;

/// The highest real-time priority that the gateway may give a thread of its own: that of its media.
const PRIORITY: u64 = 20;
/// What the gateway keeps: port 443.
const KEPT: [Capability; 1] = [Capability::CAP_NET_BIND_SERVICE];

/// How a program is started.
#[derive(Debug, Clone, Args)]
pub struct Launch {
    /// The user and group that it becomes.
    #[arg(long, default_value_t = crate::paths::DEMARC)]
    pub id: u32,
    /// It keeps low ports (CAP_NET_BIND_SERVICE).
    #[arg(long)]
    pub ports: bool,
    /// The program and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    pub program: Vec<OsString>,
}

/// Gives the rights away and becomes the program; returns only when that failed.
pub fn launch(launch: &Launch) -> String {
    if let Err(error) = give_away(launch) {
        return error;
    }
    let Some((program, arguments)) = launch.program.split_first() else { return "no program".into() };
    let error = Command::new(program).args(arguments).exec();
    format!("{} cannot be run: {error}", program.display())
}

fn give_away(launch: &Launch) -> Result<(), String> {
    let kept: CapsHashSet = KEPT.into_iter().filter(|_| launch.ports).collect();
    let words = |what: &str, error: String| format!("{what}: {error}");
    let nix = |what: &str, result: nix::Result<()>| result.map_err(|e| words(what, e.to_string()));
    let cap = |what: &str, result: Result<(), caps::errors::CapsError>| {
        result.map_err(|e| words(what, e.to_string()))
    };
    nix("open files", setrlimit(Resource::RLIMIT_NOFILE, FILES, FILES))?;
    let priority = if launch.ports { PRIORITY } else { 0 };
    // Where even root may not, as in a container, the gateway itself says that its audio is not in real time.
    let _ = setrlimit(Resource::RLIMIT_RTPRIO, priority, priority);
    // A core would carry passwords to the disk.
    nix("core size", setrlimit(Resource::RLIMIT_CORE, 0, 0))?;
    let mut others: Vec<Capability> =
        caps::all().into_iter().filter(|capability| !kept.contains(capability)).collect();
    others.sort_by_key(Capability::index);
    for capability in others {
        if caps::has_cap(None, CapSet::Bounding, capability).unwrap_or(false) {
            cap("bounding set", caps::drop(None, CapSet::Bounding, capability))?;
        }
    }
    nix("keep capabilities", nix::sys::prctl::set_keepcaps(true))?;
    nix("groups", setgroups(&[Gid::from_raw(launch.id)]))?;
    nix("group", setgid(Gid::from_raw(launch.id)))?;
    nix("user", setuid(Uid::from_raw(launch.id)))?;
    cap("capabilities", caps::set(None, CapSet::Effective, &CapsHashSet::new()))?;
    cap("capabilities", caps::set(None, CapSet::Inheritable, &kept))?;
    cap("capabilities", caps::set(None, CapSet::Permitted, &kept))?;
    for capability in KEPT.into_iter().filter(|_| launch.ports) {
        cap("ambient capabilities", caps::raise(None, CapSet::Ambient, capability))?;
    }
    nix("no new privileges", nix::sys::prctl::set_no_new_privs())
}
