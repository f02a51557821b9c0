//! What the kernel tells of router advertisements.

use super::rdnss::{Advertised, advertised};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, socket,
};
use std::os::fd::{AsRawFd, OwnedFd};

/// `RTNLGRP_ND_USEROPT` of rtnetlink(7), as a bit.
const USER_OPTIONS: u32 = 1 << (20 - 1);
/// Datagrams that are read in one go: who sends more loses them.
const AT_ONCE: usize = 64;

/// Hears options of router advertisements that the kernel has no use for.
#[derive(Debug)]
pub struct Routers(OwnedFd);

impl Routers {
    /// Listens from now on.
    ///
    /// # Errors
    /// Of the kernel.
    pub fn listen() -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, USER_OPTIONS))?;
        Ok(Self(fd))
    }

    /// What came since the last time.
    pub fn heard(&self) -> Vec<Advertised> {
        let mut found = Vec::new();
        let mut octets = [0; 8192];
        for _ in 0..AT_ONCE {
            match recvfrom::<NetlinkAddr>(self.0.as_raw_fd(), &mut octets) {
                // Nobody but the kernel is 0.
                Ok((length, Some(from))) if from.pid() == 0 => {
                    found.extend(advertised(octets.get(..length).unwrap_or_default()));
                }
                // Some were lost; routers say everything again.
                Ok(_) | Err(Errno::ENOBUFS | Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        found
    }
}
