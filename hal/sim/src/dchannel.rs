//! The D channel: a pair of packet sockets at each end of the cable, with the cable between.
//!
//! ```text
//! owner ═ socket pair ═ hub A │ cable │ hub B ═ socket pair ═ owner
//! ```
//! The driver of an end carries what its own hub received to the hub across, computing the FCS on
//! the way as HDLC hardware does. So a frame sent into an unplugged cable is lost without a word,
//! and the death of one owner is invisible to the other: layer 2 has to find out by itself.

use crate::cable::End;
use crate::link::Link;
use crate::signal::{lock, os};
use demarc_hal::Error;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// The longest frame, with address, control, information field (N201 = 260) and FCS, is 268
/// octets; anything longer than this is not HDLC of ours and is cut.
const LONGEST: usize = 512;

/// How many frames one call carries, so that a flood cannot hold the caller.
const BATCH: usize = 64;

/// The cable's side of a socket pair.
#[derive(Debug)]
pub(crate) struct Hub(OwnedFd);

impl AsFd for Hub {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A new pair: what the owner gets and what the cable keeps.
pub(crate) fn pair() -> Result<(OwnedFd, Hub), Error> {
    let (owner, hub) = socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC,
    )
    .map_err(os("socketpair"))?;
    fcntl(&owner, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(os("fcntl"))?;
    Ok((owner, Hub(hub)))
}

/// Carries what waits at `end` over the cable. Notices when the owner has closed its descriptor.
pub(crate) fn carry(link: &Link, end: End) {
    let mut buffer = [0; LONGEST];
    for _ in 0..BATCH {
        let mine = end.of(&link.hubs);
        let received = {
            let mut hub = lock(mine);
            let Some(socket) = hub.as_ref().map(|hub| &hub.0) else { return };
            match recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) if !hung_up(socket) => continue,
                Ok(0) | Err(Errno::ECONNRESET) => {
                    *hub = None;
                    return;
                }
                Ok(length) => length,
                Err(_) => return,
            }
        };
        if !link.carries() {
            continue;
        }
        let Some(frame) = buffer.get_mut(..received) else { return };
        if seal(frame).is_none() {
            continue;
        }
        if let Some(hub) = &*lock(end.other().of(&link.hubs)) {
            // A receiver that does not read in time overruns, as hardware does.
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            let _ = send(hub.0.as_raw_fd(), frame, flags);
        }
    }
}

fn hung_up(socket: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::empty())];
    poll(&mut fds, PollTimeout::ZERO).is_ok()
        && fds.iter().any(|fd| fd.revents().is_some_and(|got| got.contains(PollFlags::POLLHUP)))
}

/// Puts the frame check sequence (ITU-T Q.921 §2.7) into the last two octets. `None` when there is
/// nothing to check.
fn seal(frame: &mut [u8]) -> Option<()> {
    let (body, fcs) = frame.split_last_chunk_mut::<2>()?;
    if body.is_empty() {
        return None;
    }
    *fcs = frame_check(body).to_le_bytes();
    Some(())
}

fn frame_check(body: &[u8]) -> u16 {
    let remainder = body.iter().fold(0xFFFF_u16, |crc, octet| {
        (0..8).fold(
            crc ^ u16::from(*octet),
            |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0x8408 } else { crc >> 1 }
            },
        )
    });
    !remainder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sequence_is_that_of_x_25() {
        // The check value of CRC-16/X-25.
        assert_eq!(frame_check(b"123456789"), 0x906E);
    }
}
