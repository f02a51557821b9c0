//! An open channel: one descriptor, shared by whoever uses a side of it.

use crate::device::{self, os};
use crate::sys::abi::{self, event};
use crate::sys::{Request, call, duplicate};
use demarc_hal::{ChannelId, Error};
use nix::errno::Errno;
use nix::sys::eventfd::EventFd;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Events that wait for their reader at most: as many as the kernel keeps.
const WAITING: usize = 64;

/// A channel, open once in the kernel.
#[derive(Debug)]
pub struct Channel {
    /// Where it is.
    pub at: ChannelId,
    number: i32,
    file: File,
    /// Its signalling is in use.
    pub line: AtomicBool,
    /// Its audio is in use.
    pub audio: AtomicBool,
    /// Somebody outside reads its events.
    pub lent: AtomicBool,
    /// The kernel dials by pulses: anything written would end it.
    pub dialling: AtomicBool,
    /// The number of the last duplicate that was handed out, in this process; -1 before.
    handed: AtomicI32,
    /// Events that audio had to take out of the way, for the line.
    passed: Mutex<VecDeque<i32>>,
    bell: EventFd,
}

impl Channel {
    /// Opens the kernel's channel `number`.
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Gone`], [`Error::Os`].
    pub fn open(dev: &Path, at: ChannelId, number: i32) -> Result<Self, Error> {
        let file = device::open(&dev.join("channel")).map_err(os("opening /dev/dahdi/channel"))?;
        device::set(&file, abi::SPECIFY, number).map_err(|error| match error {
            error if device::is(&error, Errno::EBUSY) => Error::Busy(at),
            error if device::is(&error, Errno::EINVAL) => Error::Gone,
            // Said of a channel without signalling.
            error if device::is(&error, Errno::ENXIO) => {
                Error::Os { what: "opening a channel", message: "its span has not been configured".into() }
            }
            error => os("opening a channel")(error),
        })?;
        Ok(Self {
            at,
            number,
            file,
            line: AtomicBool::new(false),
            audio: AtomicBool::new(false),
            lent: AtomicBool::new(false),
            dialling: AtomicBool::new(false),
            handed: AtomicI32::new(-1),
            passed: Mutex::new(VecDeque::with_capacity(WAITING)),
            bell: EventFd::from_flags(flags()).map_err(|error| os("eventfd")(error.into()))?,
        })
    }

    pub fn set(&self, request: Request<i32>, value: i32) -> io::Result<()> {
        device::set(&self.file, request, value)
    }

    pub fn request<T: crate::sys::Plain>(&self, request: Request<T>, argument: &mut T) -> io::Result<()> {
        call(&self.file, request, argument)
    }

    /// Sets the kernel's buffers: so many of so many octets, each way.
    pub fn buffers(&self, count: i32, size: i32) -> io::Result<()> {
        let mut info = abi::BufferInfo {
            txbufpolicy: abi::POLICY_IMMEDIATE,
            rxbufpolicy: abi::POLICY_IMMEDIATE,
            numbufs: count,
            bufsize: size,
            readbufs: 0,
            writebufs: 0,
        };
        self.request(abi::SET_BUFINFO, &mut info)
    }

    pub fn read(&self, into: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.file).read_vectored(into)
    }

    pub fn write(&self, from: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.file).write_vectored(from)
    }

    /// The kernel's next event, if any.
    pub fn kernel_event(&self) -> io::Result<Option<i32>> {
        device::get(&self.file, abi::GETEVENT).map(|event| (event != event::NONE).then_some(event))
    }

    /// The line's next event: what audio put aside, then what the kernel has.
    pub fn event(&self) -> io::Result<Option<i32>> {
        let mut passed = self.passed();
        if let Some(event) = passed.pop_front() {
            if passed.is_empty() {
                let _ = self.bell.read();
            }
            return Ok(Some(event));
        }
        // Under the lock, so that audio cannot take a later event before this one was seen.
        self.kernel_event()
    }

    /// Takes events out of the way of audio. `own` sees each first, and says whether it was its own.
    /// What is the line's is kept for it, in order. Never waits: false when somebody else is at it.
    pub fn clear_events(&self, mut own: impl FnMut(i32) -> bool) -> io::Result<bool> {
        if self.lent.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let Ok(mut passed) = self.passed.try_lock() else { return Ok(false) };
        let has_line = self.line.load(Ordering::Relaxed);
        while let Some(event) = self.kernel_event()? {
            if !own(event) && has_line && passed.len() < WAITING {
                passed.push_back(event);
                let _ = self.bell.write(1);
            }
        }
        Ok(true)
    }

    /// Readable when [`Channel::event`] has what audio put aside.
    pub fn bell(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    /// A second descriptor of the same open channel.
    pub fn duplicate(&self) -> Result<OwnedFd, Error> {
        let copy = self.file.try_clone().map(OwnedFd::from).map_err(os("dup"))?;
        self.handed.store(copy.as_raw_fd(), Ordering::Relaxed);
        Ok(copy)
    }

    /// True when another descriptor of this process is this channel: whoever was handed a duplicate
    /// still has it.
    pub fn has_duplicate(&self) -> bool {
        // Mostly it is where it was; the process has a descriptor for every port.
        self.is_at(self.handed.load(Ordering::Relaxed)) || {
            let entries = fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
            let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
            numbers.into_iter().any(|number| self.is_at(number))
        }
    }

    /// Another descriptor of this process, with this number, is this channel.
    fn is_at(&self, number: RawFd) -> bool {
        let is_channel = || {
            let path = fs::read_link(format!("/proc/self/fd/{number}"));
            path.is_ok_and(|path| path.ends_with("dahdi/channel"))
        };
        let is_this = || {
            let Ok(copy) = duplicate(number) else { return false };
            device::get(&File::from(copy), abi::CHANNO).is_ok_and(|channel| channel == self.number)
        };
        number >= 0 && number != self.file.as_raw_fd() && is_channel() && is_this()
    }

    fn passed(&self) -> MutexGuard<'_, VecDeque<i32>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

fn flags() -> nix::sys::eventfd::EfdFlags {
    nix::sys::eventfd::EfdFlags::EFD_NONBLOCK | nix::sys::eventfd::EfdFlags::EFD_CLOEXEC
}
