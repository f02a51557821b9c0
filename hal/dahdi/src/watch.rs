//! What wakes the driver: D channels' events, hardware that comes and goes, and a slow tick for
//! what the kernel does not tell by itself.

use crate::device::os;
use demarc_hal::Error;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// How often alarms are looked at: not every span has a D channel that would tell.
const TICK_MS: i64 = 250;
/// Ticks between two looks at the hardware: 5 s, for kernels that do not tell.
const LOOK: u32 = 20;
/// Messages of the kernel that are read at once at most.
const BATCH: usize = 256;

/// The sources.
pub struct Watch {
    epoll: Epoll,
    bell: EventFd,
    timer: TimerFd,
    /// The kernel's news of devices; none where we may not hear them.
    devices: Option<OwnedFd>,
    ticks: u32,
}

/// What the sources had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    /// Look at the alarms.
    pub tick: bool,
    /// Look at the hardware.
    pub hardware: bool,
}

impl Watch {
    pub fn new() -> Result<Self, Error> {
        let os = |what| move |error: nix::errno::Errno| os(what)(error.into());
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).map_err(os("epoll"))?;
        let bell =
            EventFd::from_flags(EfdFlags::EFD_NONBLOCK | EfdFlags::EFD_CLOEXEC).map_err(os("eventfd"))?;
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).map_err(os("timerfd"))?;
        let period = Expiration::Interval(TimeSpec::milliseconds(TICK_MS));
        timer.set(period, TimerSetTimeFlags::empty()).map_err(os("timerfd"))?;
        let devices = devices().ok();
        let readable = || EpollEvent::new(EpollFlags::EPOLLIN, 0);
        epoll.add(&bell, readable()).map_err(os("epoll"))?;
        epoll.add(&timer, readable()).map_err(os("epoll"))?;
        if let Some(devices) = &devices {
            epoll.add(devices, readable()).map_err(os("epoll"))?;
        }
        Ok(Self { epoll, bell, timer, devices, ticks: 0 })
    }

    pub fn wake_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// Wakes when a channel has an event.
    pub fn events_of(&self, channel: impl AsFd) -> Result<(), Error> {
        let event = EpollEvent::new(EpollFlags::EPOLLPRI, 0);
        self.epoll.add(channel, event).map_err(|error| os("epoll")(error.into()))
    }

    /// No longer. To be called before the descriptor is closed: its owner's duplicate would keep the
    /// kernel telling.
    pub fn forget(&self, channel: impl AsFd) {
        let _ = self.epoll.delete(channel);
    }

    /// Something waits to be fetched, and then no longer.
    pub fn ring(&self) {
        let _ = self.bell.write(1);
    }

    pub fn silence(&self) {
        let _ = self.bell.read();
    }

    /// Empties the sources. Never waits.
    pub fn take(&mut self) -> News {
        // The timer does not block: without a tick it answers `EAGAIN`.
        let mut news = News { tick: self.timer.wait().is_ok(), hardware: false };
        if news.tick {
            self.ticks = (self.ticks + 1) % LOOK;
            news.hardware = self.ticks == 0;
        }
        if let Some(devices) = &self.devices {
            let mut message = [0; 2048];
            for _ in 0..BATCH {
                match recv(devices.as_raw_fd(), &mut message, MsgFlags::MSG_DONTWAIT) {
                    Ok(length) => news.hardware |= is_ours(message.get(..length).unwrap_or_default()),
                    // More came than there was room for: ours may be among them.
                    Err(nix::errno::Errno::ENOBUFS) => news.hardware = true,
                    Err(_) => break,
                }
            }
        }
        news
    }
}

/// Hears of devices that come and go (`NETLINK_KOBJECT_UEVENT`).
fn devices() -> nix::Result<OwnedFd> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
        SockProtocol::NetlinkKObjectUEvent,
    )?;
    // Group 1: the kernel itself.
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 1))?;
    Ok(socket)
}

/// `add@/devices/…` with a DAHDI device or span in it, or something that a card or its driver can be.
/// Every channel of a span tells, too; the span and its device are enough.
fn is_ours(message: &[u8]) -> bool {
    const OURS: [&[u8]; 6] = [b"dahdi_devices", b"dahdi_spans", b"astribanks", b"usb", b"pci", b"module"];
    let mut fields = message.split(|octet| *octet == 0);
    fields.any(|field| field.strip_prefix(b"SUBSYSTEM=").is_some_and(|name| OURS.contains(&name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_devices_are_told_from_others() {
        assert!(is_ours(b"add@/devices/x/span-1\0ACTION=add\0SUBSYSTEM=dahdi_spans\0"));
        assert!(is_ours(b"bind@/devices/x/1-4:1.0\0ACTION=bind\0SUBSYSTEM=usb\0"));
        assert!(is_ours(b"add@/module/wct4xxp\0SUBSYSTEM=module\0"));
        assert!(!is_ours(b"add@/devices/x/net/eth0\0SUBSYSTEM=net\0"));
        assert!(!is_ours(b"add@/devices/x/dahdi!channels!001!1\0ACTION=add\0SUBSYSTEM=dahdi\0"));
        assert!(!is_ours(b""));
    }
}
