//! A channel that is a socket of packets, in the manner in which the library knows channels: as one
//! of DAHDI (`dahdi/user.h`).

use demarc_hal::bearer::{BLOCK, Block};
use demarc_hal::cas::{CasPacket, CasTime, LONGEST};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// Blocks that wait to be read; older ones are lost, as in a card.
const QUEUE: usize = 8;
/// Blocks that may be written before time passes.
const CREDIT: u8 = 2;

/// The numbers of DAHDI's requests that the library makes.
mod number {
    pub const FLUSH: i32 = 3;
    pub const PARAMETERS: i32 = 5;
    pub const EVENT: i32 = 8;
    pub const WAIT: i32 = 9;
    pub const GAINS: i32 = 16;
    pub const BUFFERS: i32 = 27;
    pub const ECHO: i32 = 33;
    pub const CHANNEL: i32 = 34;
    pub const LAW: i32 = 39;
    pub const BITS: i32 = 43;
}

/// `DAHDI_IOMUX_READ`, `_WRITE`, `_SIGEVENT`.
const WAIT_READ: i32 = 1;
const WAIT_WRITE: i32 = 2;
const WAIT_EVENT: i32 = 8;
/// `DAHDI_EVENT_ALARM`, `_NOALARM`, `_BITSCHANGED`.
const EVENT_ALARM: i32 = 4;
const EVENT_NO_ALARM: i32 = 5;
const EVENT_BITS: i32 = 13;
/// `DAHDI_SIG_CAS`, and where in `struct dahdi_params` it stands.
const SIGNALLING_CAS: i32 = 1 << 15;
const SIGNALLING_AT: usize = 12;
/// `DAHDI_FLUSH_READ`.
const FLUSH_READ: i32 = 1;

/// What one packet was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// The library should look.
    Something,
    /// 20 ms have passed; the library should look.
    Time,
    /// No packet.
    Nothing,
    /// The driver is gone.
    Closed,
}

/// See the module's documentation.
pub struct Packets {
    fd: OwnedFd,
    slot: u8,
    heard: VecDeque<Block>,
    events: VecDeque<i32>,
    bits: u8,
    credit: u8,
    wanted: CasTime,
    /// How much time has passed, in microseconds.
    pub time: i64,
}

impl Packets {
    /// Takes the socket over. The line is blocked until the driver says otherwise.
    pub fn new(fd: OwnedFd, slot: u8) -> Self {
        Self {
            fd,
            slot,
            heard: VecDeque::new(),
            events: VecDeque::new(),
            bits: 0b1101,
            credit: CREDIT,
            wanted: CasTime::Off,
            time: 0,
        }
    }

    /// Takes one packet.
    pub fn receive(&mut self) -> Arrived {
        // One octet more than the longest, so that a longer one is none of ours.
        let mut packet = [0; LONGEST + 1];
        let length = match recv(self.fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => return Arrived::Closed,
            Ok(length) => length,
            Err(Errno::EAGAIN | Errno::EINTR) => return Arrived::Nothing,
            Err(_) => return Arrived::Closed,
        };
        match CasPacket::read(packet.get(..length).unwrap_or_default()) {
            Some(CasPacket::Bits(bits)) if bits != self.bits => {
                self.bits = bits;
                self.tell(EVENT_BITS);
                Arrived::Something
            }
            Some(CasPacket::Alarm(alarm)) => {
                self.tell(if alarm { EVENT_ALARM } else { EVENT_NO_ALARM });
                Arrived::Something
            }
            Some(CasPacket::Octets(block)) => {
                if self.heard.len() == QUEUE {
                    self.heard.pop_front();
                }
                self.heard.push_back(block);
                self.pass()
            }
            Some(CasPacket::Tick) => self.pass(),
            _ => Arrived::Something,
        }
    }

    /// Tells the driver what is wanted of the time.
    pub fn want(&mut self, wanted: CasTime) {
        if wanted != self.wanted {
            self.wanted = wanted;
            self.send(&CasPacket::Time(wanted));
        }
    }

    /// Tells the driver that the last 20 ms are dealt with.
    pub fn done(&self) {
        self.send(&CasPacket::Tick);
    }

    /// An ioctl. The numbers are those of DAHDI; negative: an errno.
    pub fn control(&mut self, request: i32, reads: bool, argument: &mut [u8]) -> i32 {
        match (request, reads) {
            (number::CHANNEL, _) => put(argument, 0, self.slot.into()),
            (number::PARAMETERS, true) => {
                argument.fill(0);
                put(argument, SIGNALLING_AT, SIGNALLING_CAS)
            }
            (number::BUFFERS, true) => {
                argument.fill(0);
                0
            }
            (number::BUFFERS | number::GAINS | number::LAW | number::ECHO, false) => 0,
            (number::BITS, true) => put(argument, 0, self.bits.into()),
            (number::BITS, false) => {
                let bits = u8::try_from(get(argument) & 0x0F).unwrap_or(0);
                self.send(&CasPacket::Bits(bits));
                0
            }
            (number::EVENT, _) => put(argument, 0, self.events.pop_front().unwrap_or(0)),
            (number::WAIT, _) => {
                let asked = get(argument);
                put(argument, 0, self.ready(asked))
            }
            (number::FLUSH, _) => {
                if get(argument) & FLUSH_READ != 0 {
                    self.heard.clear();
                }
                0
            }
            _ => -(Errno::ENOTTY as i32),
        }
    }

    /// A read; negative: an errno.
    pub fn read(&mut self, buffer: &mut [u8]) -> i32 {
        let Some(block) = self.heard.pop_front() else { return -(Errno::EAGAIN as i32) };
        let Some((into, _)) = buffer.split_at_mut_checked(BLOCK) else { return -(Errno::EINVAL as i32) };
        into.copy_from_slice(&block);
        i32::try_from(BLOCK).unwrap_or(0)
    }

    /// A write; negative: an errno.
    pub fn write(&mut self, octets: &[u8]) -> i32 {
        let Ok(block) = Block::try_from(octets) else { return -(Errno::EINVAL as i32) };
        let Some(credit) = self.credit.checked_sub(1) else { return -(Errno::EAGAIN as i32) };
        self.credit = credit;
        self.send(&CasPacket::Octets(block));
        i32::try_from(BLOCK).unwrap_or(0)
    }

    fn pass(&mut self) -> Arrived {
        self.time += 20_000;
        self.credit = (self.credit + 1).min(CREDIT);
        Arrived::Time
    }

    /// What of that which was asked for there is.
    fn ready(&self, asked: i32) -> i32 {
        let mut ready = 0;
        if !self.events.is_empty() {
            ready |= WAIT_EVENT;
        }
        if !self.heard.is_empty() {
            ready |= WAIT_READ;
        }
        if self.credit > 0 {
            ready |= WAIT_WRITE;
        }
        ready & asked
    }

    fn tell(&mut self, event: i32) {
        if self.events.len() < QUEUE && self.events.back() != Some(&event) {
            self.events.push_back(event);
        }
    }

    /// A driver that does not read loses what is said, as a wire would.
    fn send(&self, packet: &CasPacket) {
        let mut buffer = [0; LONGEST];
        let length = packet.write(&mut buffer);
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let _ = send(self.fd.as_raw_fd(), buffer.get(..length).unwrap_or_default(), flags);
    }
}

impl AsFd for Packets {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn get(argument: &[u8]) -> i32 {
    argument.first_chunk().map_or(0, |number| i32::from_ne_bytes(*number))
}

/// Writes a number at an offset; 0, or a negative errno when there is no room.
fn put(argument: &mut [u8], at: usize, number: i32) -> i32 {
    match argument.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        Some(place) => {
            *place = number.to_ne_bytes();
            0
        }
        None => -(Errno::EINVAL as i32),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    fn pair() -> (Packets, OwnedFd) {
        let flags = SockFlag::SOCK_NONBLOCK;
        let (ours, driver) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags).unwrap();
        (Packets::new(ours, 9), driver)
    }

    fn say(driver: &OwnedFd, packet: CasPacket) {
        let mut buffer = [0; LONGEST];
        let length = packet.write(&mut buffer);
        send(driver.as_raw_fd(), &buffer[..length], MsgFlags::empty()).unwrap();
    }

    #[test]
    fn a_block_is_read_once_and_gives_room_for_one() {
        let (mut packets, driver) = pair();
        let mut buffer = [0; BLOCK];
        assert_eq!(packets.read(&mut buffer), -(Errno::EAGAIN as i32));
        assert_eq!(packets.write(&[0x55; BLOCK]), 160);
        assert_eq!(packets.write(&[0x55; BLOCK]), 160);
        assert_eq!(packets.write(&[0x55; BLOCK]), -(Errno::EAGAIN as i32));
        say(&driver, CasPacket::Octets([7; BLOCK]));
        assert_eq!(packets.receive(), Arrived::Time);
        assert_eq!(packets.time, 20_000);
        assert_eq!((packets.read(&mut buffer), buffer), (160, [7; BLOCK]));
        assert_eq!(packets.write(&[0x55; BLOCK]), 160);
        assert_eq!(packets.receive(), Arrived::Nothing);
        drop(driver);
        assert_eq!(packets.receive(), Arrived::Closed);
    }

    #[test]
    fn bits_that_stay_are_no_event() {
        let (mut packets, driver) = pair();
        let mut event = [0; 4];
        for (bits, wanted) in [(0b1101, 0), (0b1001, EVENT_BITS), (0b1001, 0)] {
            say(&driver, CasPacket::Bits(bits));
            packets.receive();
            assert_eq!(packets.control(number::EVENT, true, &mut event), 0);
            assert_eq!(i32::from_ne_bytes(event), wanted);
        }
        assert_eq!(packets.control(number::BITS, true, &mut event), 0);
        assert_eq!(i32::from_ne_bytes(event), 0b1001);
        assert_eq!(packets.control(99, true, &mut event), -(Errno::ENOTTY as i32));
    }
}
