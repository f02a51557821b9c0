//! Descriptors that become readable: a bell, a timer, and several of them behind one.

use demarc_hal::Error;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// An [`Error`] that says what the operating system refused.
pub(crate) fn os(what: &'static str) -> impl Fn(Errno) -> Error {
    move |errno| Error::Os { what, message: errno.to_string() }
}

/// Readable from [`Bell::ring`] until [`Bell::hush`].
#[derive(Debug)]
pub(crate) struct Bell(EventFd);

impl Bell {
    pub(crate) fn new() -> Result<Self, Error> {
        let flags = EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC;
        EventFd::from_flags(flags).map(Self).map_err(os("eventfd"))
    }

    /// Only fails when the counter is full, and then the bell is ringing already.
    pub(crate) fn ring(&self) {
        let _ = self.0.write(1);
    }

    pub(crate) fn hush(&self) {
        let _ = self.0.read();
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Readable once its time has passed, on the monotonic clock.
#[derive(Debug)]
pub(crate) struct Timer(TimerFd);

impl Timer {
    pub(crate) fn new() -> Result<Self, Error> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map(Self).map_err(os("timerfd"))
    }

    pub(crate) fn arm(&self, after: Duration) {
        // Nothing at all would disarm it.
        let after = after.max(Duration::from_millis(1));
        let _ = self.0.set(Expiration::OneShot(TimeSpec::from_duration(after)), TimerSetTimeFlags::empty());
    }

    pub(crate) fn disarm(&self) {
        let _ = self.0.unset();
    }

    /// Whether it went off since the last look.
    pub(crate) fn fired(&self) -> bool {
        self.0.wait().is_ok()
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Readable while one of its members is.
#[derive(Debug)]
pub(crate) struct Bundle(Epoll);

impl Bundle {
    pub(crate) fn new() -> Result<Self, Error> {
        Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map(Self).map_err(os("epoll"))
    }

    /// Closing the member takes it out again.
    pub(crate) fn add(&self, member: impl AsFd) -> Result<(), Error> {
        self.0.add(member, EpollEvent::new(EpollFlags::EPOLLIN, 0)).map_err(os("epoll"))
    }
}

impl AsFd for Bundle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.0.as_fd()
    }
}

/// Locks, also after a panic elsewhere: what these locks guard is valid after every statement.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
