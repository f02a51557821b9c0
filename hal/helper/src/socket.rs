//! The control socket between the gateway and the helper: `AF_UNIX`, `SOCK_SEQPACKET`, one
//! message of [`crate::wire`] a packet, descriptors beside it (`SCM_RIGHTS`).
//!
//! The helper finds its end as its standard input.

use crate::wire::{self, BadPacket, MAX_PACKET};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One end. Neither sending nor receiving blocks.
#[derive(Debug)]
pub struct Socket(OwnedFd);

/// What one packet was.
#[derive(Debug)]
pub enum Received<T> {
    /// A message, with the descriptor that came along.
    Message(T, Option<OwnedFd>),
    /// Something else: say so and go on.
    Bad(BadPacket),
    /// Nothing has arrived.
    Nothing,
    /// The other side is gone.
    Closed,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The other side does not keep up; try again when the socket is writable.
    #[error("the helper's socket is full")]
    Full,
    /// The other side is gone.
    #[error("the other end of the helper's socket is gone")]
    Closed,
    /// The message does not fit one packet.
    #[error("a message of {0} octets does not fit a packet")]
    TooLong(usize),
    /// It cannot be written.
    #[error(transparent)]
    Bad(#[from] BadPacket),
}

impl Socket {
    /// Two ends.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn pair() -> io::Result<(Self, Self)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (a, b) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        Ok((Self(a), Self(b)))
    }

    /// Starts the helper, with its control socket as standard input. Its standard error is ours.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn spawn(program: &Path) -> io::Result<(Child, Self)> {
        let (ours, theirs) = Self::pair()?;
        let child = Command::new(program)
            .stdin(Stdio::from(theirs.0))
            .stdout(Stdio::null())
            .env_clear()
            // A Ctrl-C in the terminal is for the gateway, which then clears the calls.
            .process_group(0)
            .spawn()?;
        Ok((child, ours))
    }

    /// Sends one message, and a descriptor with it.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send<T: Serialize>(
        &self,
        message: &T,
        descriptor: Option<BorrowedFd<'_>>,
    ) -> Result<(), SendError> {
        let packet = wire::encode(message)?;
        if packet.len() > MAX_PACKET {
            return Err(SendError::TooLong(packet.len()));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let descriptors = descriptor.as_slice();
        if !descriptors.is_empty() {
            beside.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        loop {
            let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
            match sendmsg(&self.0, &[IoSlice::new(&packet)], &mut beside, flags) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN | Errno::NOBUFS) => return Err(SendError::Full),
                Err(_) => return Err(SendError::Closed),
            }
        }
    }

    /// Takes one packet.
    pub fn recv<T: DeserializeOwned>(&self) -> Received<T> {
        let mut packet = [0; MAX_PACKET];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let got = loop {
            let mut into = [IoSliceMut::new(&mut packet)];
            let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
            match recvmsg(&self.0, &mut into, &mut beside, flags) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Received::Nothing,
                Err(_) => return Received::Closed,
                Ok(got) => break got,
            }
        };
        // We never send an empty packet: this is the end.
        if got.bytes == 0 {
            return Received::Closed;
        }
        let descriptor = beside
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .next();
        let packet = packet.get(..got.bytes).unwrap_or_default();
        if got.flags.contains(ReturnFlags::TRUNC) {
            return Received::Bad(BadPacket::from(postcard::Error::DeserializeUnexpectedEnd));
        }
        match wire::decode(packet) {
            Ok(message) => Received::Message(message, descriptor),
            Err(bad) => Received::Bad(bad),
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Socket {
    fn from(end: OwnedFd) -> Self {
        Self(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
    enum Event {
        Up,
        Cleared(u32, String),
    }

    #[test]
    fn a_message_and_its_descriptor_arrive_together() {
        let (a, b) = Socket::pair().unwrap();
        let (near, far) = Socket::pair().unwrap();
        let cleared = Event::Cleared(3, "normal".into());
        a.send(&cleared, Some(far.as_fd())).unwrap();
        drop(far);
        let Received::Message(event, Some(descriptor)) = b.recv::<Event>() else { panic!() };
        assert_eq!(event, cleared);
        // It is the very socket: what goes in here comes out there.
        Socket::from(descriptor).send(&Event::Up, None).unwrap();
        assert!(matches!(near.recv::<Event>(), Received::Message(Event::Up, None)));
    }

    #[test]
    fn bad_packets_and_the_end_are_told_apart() {
        let (a, b) = Socket::pair().unwrap();
        rustix::net::send(&a, &[0xFF; 40], SendFlags::empty()).unwrap();
        rustix::net::send(&a, &[0; MAX_PACKET + 1], SendFlags::empty()).unwrap();
        assert!(matches!(b.recv::<Event>(), Received::Bad(_)));
        assert!(matches!(b.recv::<Event>(), Received::Bad(_)));
        assert!(matches!(b.recv::<Event>(), Received::Nothing));
        drop(a);
        assert!(matches!(b.recv::<Event>(), Received::Closed));
        assert!(matches!(b.send(&Event::Up, None), Err(SendError::Closed)));
    }

    #[test]
    fn a_reader_that_sleeps_does_not_hold_the_writer() {
        let (a, _b) = Socket::pair().unwrap();
        let full = (0..100_000).find_map(|_| a.send(&Event::Up, None).err());
        assert!(matches!(full, Some(SendError::Full)));
    }
}
