//! The channels of a span.

use crate::channel::Channel;
use crate::convert;
use crate::sys::{Context, ContextSettings};
use demarc_r2::{Command, Event, Settings, Timers};
use nix::poll::{PollFd, PollFlags};
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::collections::{BTreeMap, VecDeque};
use std::ffi::CString;
use std::fmt::Write;
use std::os::fd::{AsRawFd, OwnedFd};

/// See the module's documentation.
pub struct Span {
    context: Context,
    channels: BTreeMap<u8, Channel>,
    /// For the gateway.
    pub events: VecDeque<Event>,
}

impl Span {
    /// A span without channels. `None` when the library refuses the settings.
    pub fn new(settings: &Settings) -> Option<Self> {
        let timers = &settings.timers;
        // The library reads the file before it returns.
        let file = definitions(timers).and_then(|text| written(&text));
        let context = Context::new(&ContextSettings {
            variant: convert::variant(settings.variant),
            max_ani: settings.max_ani.min(79),
            max_dnis: settings.max_dnis.clamp(1, 79),
            // Without a caller's number the library would ask for one digit of the called one alone.
            ani_first: if settings.max_ani == 0 { Some(false) } else { settings.ani_first },
            skip_category: settings.skip_category,
            immediate_accept: settings.immediate_accept,
            mf_back: timers.mf_back,
            metering_pulse: timers.metering_pulse,
            file: file
                .as_ref()
                .and_then(|file| CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()),
        })?;
        Some(Self { context, channels: BTreeMap::new(), events: VecDeque::new() })
    }

    /// An order, and the descriptor that came with it.
    pub fn handle_command(&mut self, command: Command, fd: Option<OwnedFd>) {
        let events = &mut self.events;
        match command {
            Command::Start(_) => {}
            Command::Open { slot, form } => {
                if let Some(mut old) = self.channels.remove(&slot) {
                    old.close();
                }
                let channel = fd.and_then(|fd| Channel::open(&self.context, slot, form, fd, events));
                match channel {
                    Some(channel) => {
                        self.channels.insert(slot, channel);
                    }
                    None => events.push_back(Event::Gone { slot }),
                }
            }
            Command::Close { slot } => {
                if let Some(mut channel) = self.channels.remove(&slot) {
                    channel.close();
                }
            }
            Command::Seize { slot, dnis, ani, category } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.seize(dnis, ani, category, events);
                } else {
                    events.push_back(Event::Trouble { slot, trouble: demarc_r2::Trouble::NotIdle });
                }
            }
            Command::Accept { slot, mode } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.accept(mode, events);
                }
            }
            Command::Answer { slot, double } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.answer(double, events);
                }
            }
            Command::Clear { slot, reason } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.clear(reason, events);
                }
            }
            Command::Block { slot, blocked } => {
                if let Some(channel) = self.channels.get_mut(&slot) {
                    channel.block(blocked, events);
                }
            }
        }
        self.sweep();
    }

    /// Lets every channel look at its line.
    pub fn run(&mut self) {
        for channel in self.channels.values_mut() {
            channel.run(&mut self.events);
        }
        self.sweep();
    }

    /// What to wait for, and for how many milliseconds at most.
    pub fn wait<'a>(&'a mut self, fds: &mut Vec<PollFd<'a>>) -> Option<u32> {
        let mut due: Option<u32> = None;
        for channel in self.channels.values_mut() {
            due = due.into_iter().chain(channel.timer()).min();
            let (fd, flags): (_, PollFlags) = channel.interest();
            fds.push(PollFd::new(fd, flags));
        }
        due
    }

    /// Channels whose descriptors do not work any more are closed.
    fn sweep(&mut self) {
        let gone: Vec<u8> =
            self.channels.iter().filter(|(_, channel)| channel.is_gone()).map(|(slot, _)| *slot).collect();
        for slot in gone {
            self.channels.remove(&slot);
            self.events.push_back(Event::Gone { slot });
        }
    }
}

/// What the library takes from a file alone.
fn definitions(timers: &Timers) -> Option<String> {
    let mut text = String::new();
    let lines = [
        ("timers.r2_seize", timers.seize),
        ("timers.r2_answer", timers.answer),
        ("timers.cas_persistence_check", timers.persistence),
    ];
    for (name, ms) in lines {
        if let Some(ms) = ms.filter(|ms| i32::try_from(*ms).is_ok()) {
            let _ = writeln!(text, "{name}={ms}");
        }
    }
    (!text.is_empty()).then_some(text)
}

/// A file in memory.
fn written(text: &str) -> Option<OwnedFd> {
    let file = memfd_create(c"openr2", MFdFlags::MFD_CLOEXEC).ok()?;
    nix::unistd::write(&file, text.as_bytes()).ok().filter(|length| *length == text.len())?;
    Some(file)
}
