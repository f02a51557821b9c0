//! Our span of a pair: configured and opened.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;

/// What a pair of spans is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// Spans 1 and 2 of `--spans e1x2,t1x2`.
    E1,
    /// Spans 3 and 4.
    T1,
}

impl Wire {
    /// Its name on command lines.
    pub fn name(self) -> &'static str {
        match self {
            Wire::E1 => "e1",
            Wire::T1 => "t1",
        }
    }

    /// Our span; the far end's is the next one.
    pub fn span(self) -> u16 {
        match self {
            Wire::E1 => 1,
            Wire::T1 => 3,
        }
    }

    /// Timeslots of a span.
    pub fn slots(self) -> u16 {
        match self {
            Wire::E1 => 31,
            Wire::T1 => 24,
        }
    }

    /// The first channel of our span, as DAHDI counts.
    pub fn first(self) -> u16 {
        match self {
            Wire::E1 => 1,
            Wire::T1 => 2 * Wire::E1.slots() + 1,
        }
    }
}

/// Configures our span and opens its D channel.
pub fn open_dchannel(wire: Wire) -> OwnedFd {
    let (span, first) = (wire.span(), wire.first());
    let (format, d) = match wire {
        Wire::E1 => ("ccs,hdb3,crc4", first + 15),
        Wire::T1 => ("esf,b8zs", first + 23),
    };
    let last = first + wire.slots() - 1;
    let bearers =
        if d < last { format!("{first}-{},{}-{last}", d - 1, d + 1) } else { format!("{first}-{}", d - 1) };
    let text = format!("span={span},0,0,{format}\nbchan={bearers}\ndchan={d}\n");
    std::fs::write("/tmp/system.conf", text).unwrap();
    let done = Command::new("dahdi_cfg").args(["-c", "/tmp/system.conf"]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let path = format!("/dev/dahdi/chan/{span:03}/{:03}", d - first + 1);
    let file =
        OpenOptions::new().read(true).write(true).custom_flags(nix::libc::O_NONBLOCK).open(path).unwrap();
    file.into()
}
