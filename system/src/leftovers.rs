//! What an earlier `demarc-system run` of this boot left running when it was killed.
//!
//! It is ended, and started anew. Taking it over would keep calls, but only half of it could be had: nobody but its parent
//! learns how a program ends, its log leads into a pipe that is gone, and a change of the network that waited for its
//! administrator is not known to us. And two of a kind are worse than a call that is lost: the store has one lock, an address
//! one lease, a port one listener. So the gateway is asked to end, which ends its calls in order and writes their records.

use crate::files;
use crate::paths::Paths;
use crate::service::FAREWELL;
use demarc_clock::Clock;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpid, getsid, setsid};
use std::time::Duration;

const RECORD: &str = "session";
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the kernel may take to bury what was killed.
const BURIAL: Duration = Duration::from_secs(2);

/// Ends what an earlier one left, and how many programs that were; notes for the next one how to know ours.
///
/// All that we start, and what these start, is in our session, and the kernel gives no process the number of a session that
/// still has members. So one number, written before anything is started, is enough to find all of them.
pub fn end(paths: &Paths, clock: Clock) -> usize {
    // Init gives each program a session; who starts us by hand may not.
    let _ = setsid();
    let ours = getsid(None).ok().filter(|session| *session == getpid());
    let earlier =
        files::read(&paths.runtime(RECORD)).and_then(|text| text.trim().parse().ok()).map(Pid::from_raw);
    let ended = match earlier {
        Some(session) if Some(session) != ours && session.as_raw() > 1 => end_session(paths, clock, session),
        _ => 0,
    };
    let text = ours.map_or_else(String::new, |session| session.to_string());
    let _ = files::write(&paths.runtime(RECORD), text.as_bytes(), 0o600);
    ended
}

fn end_session(paths: &Paths, clock: Clock, session: Pid) -> usize {
    let found = members(paths, session);
    let tell = |members: &[Process], signal: Signal| {
        for process in members {
            let _ = kill(process.id, signal);
        }
    };
    // Those that were started from here; what they started themselves is theirs to end.
    let is_orphan = |process: &&Process| !found.iter().any(|other| other.id == process.parent);
    let orphans: Vec<Process> = found.iter().filter(is_orphan).copied().collect();
    tell(&orphans, Signal::SIGTERM);
    // One that was stopped hears nothing.
    tell(&orphans, Signal::SIGCONT);
    wait_for_end(paths, clock, session, FAREWELL);
    tell(&members(paths, session), Signal::SIGKILL);
    wait_for_end(paths, clock, session, BURIAL);
    found.len()
}

fn wait_for_end(paths: &Paths, clock: Clock, session: Pid, patience: Duration) {
    let end = clock.now().mono + patience;
    while clock.now().mono < end && !members(paths, session).is_empty() {
        clock.wait(PAUSE);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Process {
    id: Pid,
    parent: Pid,
}

/// The processes of a session. Those that are dead count until they are buried: chronyd does not start while the number of the
/// one before it is taken.
fn members(paths: &Paths, session: Pid) -> Vec<Process> {
    let entries = std::fs::read_dir(&paths.proc).into_iter().flatten().flatten();
    let texts = entries.filter_map(|entry| files::read(&entry.path().join("stat")));
    texts
        .filter_map(|text| parse(&text))
        .filter(|(_, of)| *of == session)
        .map(|(process, _)| process)
        .collect()
}

/// Reads `/proc/PID/stat` (proc_pid_stat(5)): number, parent and session.
fn parse(text: &str) -> Option<(Process, Pid)> {
    // The name is in parentheses and may hold anything, also parentheses.
    let (head, tail) = (text.get(..text.find(' ')?)?, text.get(text.rfind(')')? + 1..)?);
    let mut fields = tail.split_whitespace();
    let parent = Pid::from_raw(fields.nth(1)?.parse().ok()?);
    let session = fields.nth(1)?.parse().ok()?;
    let id = Pid::from_raw(head.parse().ok()?);
    Some((Process { id, parent }, Pid::from_raw(session)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_its_session() {
        let process = Process { id: Pid::from_raw(812), parent: Pid::from_raw(1) };
        let text = "812 (a) b (c) S 1 812 640 0 -1 4194304 178 0";
        assert_eq!(parse(text), Some((process, Pid::from_raw(640))));
        assert_eq!(parse("812 (dead) Z 1 812 640 0"), parse(text));
        for text in ["", "812", "812 (x", "812 (x) S", "812 (x) S 1 812", "x (x) S 1 1 1"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let own = files::read("/proc/self/stat".as_ref()).unwrap();
        let (process, session) = parse(&own).unwrap();
        assert_eq!((process.id, session), (getpid(), getsid(None).unwrap()));
    }
}
