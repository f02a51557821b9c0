//! The far end of a bearer, without our driver: it knows to the octet when each is on the line.
//!
//! Both ways of a channel advance together, a chunk of a millisecond each. So the octets that came since the line
//! was taken are the line's own clock, and what is written goes out in its order from the first chunk on: nobody's
//! queue has to be believed.

use demarc_hal::{ChannelId, Companding};
use demarc_hal_dahdi::sys::abi::{
    BUFFER_EVENTS, BufferInfo, ELAST, FLUSH, FLUSH_EVENT, FLUSH_READ, FLUSH_WRITE, GETEVENT,
    POLICY_IMMEDIATE, SET_BUFINFO, SPECIFY,
};
use demarc_hal_dahdi::sys::call;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

/// Octets of a piece: two chunks, the smallest that the kernel gives.
const PIECE: usize = 16;
/// Pieces that the kernel holds at most each way: 64 ms.
const PIECES: i32 = 32;
/// What is written before anything came, and so is always on its way: 20 ms.
const AHEAD: usize = 160;
/// One octet.
const OCTET: Duration = Duration::from_micros(125);

/// One channel of the line.
pub struct FarLine {
    file: File,
    /// What is to be said, and how much of it has been.
    says: Vec<u8>,
    said: usize,
    heard: Vec<u8>,
    /// Every look at the line, and how many octets had come by then.
    looks: Vec<(Instant, usize)>,
}

impl FarLine {
    /// Takes a channel of an E1 that has been set up, and begins to say this. The kernel numbers channels through
    /// all spans.
    pub fn take(channel: ChannelId, says: Vec<u8>) -> Self {
        let mut number = (i32::from(channel.span.0) - 1) * 31 + i32::from(channel.slot);
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(nix::libc::O_NONBLOCK);
        let file = options.open("/dev/dahdi/channel").expect("the device");
        call(&file, SPECIFY, &mut number).expect("the channel");
        let mut buffers = BufferInfo {
            txbufpolicy: POLICY_IMMEDIATE,
            rxbufpolicy: POLICY_IMMEDIATE,
            numbufs: PIECES,
            bufsize: PIECE as i32,
            readbufs: 0,
            writebufs: 0,
        };
        call(&file, SET_BUFINFO, &mut buffers).expect("its buffers");
        call(&file, BUFFER_EVENTS, &mut 1).expect("events of its buffers");
        let (heard, looks) = (Vec::with_capacity(2 * says.len()), Vec::with_capacity(says.len() / PIECE));
        let line = Self { file, says, said: 0, heard, looks };
        loop {
            let all = FLUSH_READ | FLUSH_WRITE | FLUSH_EVENT;
            call(&line.file, FLUSH, &mut { all }).expect("an empty line");
            line.write(&[Companding::ALaw.idle(); AHEAD]);
            // Nothing came meanwhile: the first octet goes out with the first that comes.
            if line.read(&mut [0; PIECE]) == 0 {
                return line;
            }
        }
    }

    /// All has been said.
    pub fn is_done(&self) -> bool {
        self.said == self.says.len()
    }

    /// Waits for the line's next octets, and says as many.
    #[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
    pub fn turn(&mut self) {
        poll(&mut [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16)).unwrap();
        let before = self.heard.len();
        let mut piece = [0; PIECE];
        while self.read(&mut piece) == PIECE {
            self.heard.extend(piece);
        }
        self.looks.push((Instant::now(), self.heard.len()));
        let come = self.heard.len() - before;
        assert!(come < AHEAD, "{come} octets at once: the line ran dry");
        let mut octets = vec![Companding::ALaw.idle(); come];
        let rest = &self.says[self.said..];
        let said = rest.len().min(come);
        octets[..said].copy_from_slice(&rest[..said]);
        self.said += said;
        self.write(&octets);
    }

    /// What came so far.
    pub fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// When an octet of what came begins on the line. Without a card the kernel handles the octets of 8 ms at once,
    /// when these are over: the line's time is that of the looks that came soonest.
    pub fn heard_at(&self, place: usize) -> Instant {
        let began = self.looks.iter().map(|(at, come)| *at - OCTET * *come as u32).min().expect("a look");
        began + OCTET * place as u32
    }

    /// When an octet of what is said begins on the line.
    pub fn said_at(&self, place: usize) -> Instant {
        self.heard_at(AHEAD + place)
    }

    fn read(&self, piece: &mut [u8]) -> usize {
        match (&self.file).read(piece) {
            Ok(octets) => octets,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) if error.raw_os_error() == Some(ELAST) => {
                let mut event = 0;
                call(&self.file, GETEVENT, &mut event).expect("an event");
                panic!("event {event} on the far line");
            }
            Err(error) => panic!("the far line: {error}"),
        }
    }

    fn write(&self, octets: &[u8]) {
        for piece in octets.chunks(PIECE) {
            assert_eq!((&self.file).write(piece).expect("room"), piece.len());
        }
    }
}
