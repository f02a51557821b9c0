//! The D channel: frames in and out, each with two octets of FCS behind it that the hardware
//! checks or makes, and a copy of every layer-3 message that passes.

use crate::rewrite::{Rewrite, rewrite};
use demarc_isdn::q931::Message;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Octets before layer 3 in an I frame: address and control, Q.921 §2.2.
const HEAD: usize = 4;
/// Octets of the frame check sequence.
const FCS: usize = 2;
/// Copies and log lines that wait; they are fetched after every call of libpri.
const MANY: usize = 256;

/// A call reference as both sides know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// We chose it: the call is ours.
    pub ours: bool,
    /// Its value.
    pub value: u16,
}

/// A layer-3 message that passed.
#[derive(Debug)]
pub struct Passed {
    pub outgoing: bool,
    pub octets: Vec<u8>,
}

impl Passed {
    /// The call that it is about.
    pub fn reference(&self) -> Option<Reference> {
        Message::parse(&self.octets).and_then(|message| reference(&message, self.outgoing))
    }
}

/// The descriptor and what passed through it.
#[derive(Debug)]
pub struct DChannel {
    fd: OwnedFd,
    gone: bool,
    frames_read: u64,
    passed: VecDeque<Passed>,
    lines: VecDeque<String>,
    /// What libpri cannot say by itself, by call.
    pub rewrites: BTreeMap<Reference, Rewrite>,
}

impl DChannel {
    /// Takes the descriptor over and makes it non-blocking.
    pub fn new(fd: OwnedFd) -> nix::Result<Self> {
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        let (passed, lines) = (VecDeque::new(), VecDeque::new());
        Ok(Self { fd, gone: false, frames_read: 0, passed, lines, rewrites: BTreeMap::new() })
    }

    /// The descriptor does not work any more.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// How many frames were read, to see whether the last attempt read one.
    pub fn frames_read(&self) -> u64 {
        self.frames_read
    }

    /// The next message that passed, oldest first.
    pub fn take_passed(&mut self) -> Option<Passed> {
        self.passed.pop_front()
    }

    /// The next line that libpri logged.
    pub fn take_line(&mut self) -> Option<String> {
        self.lines.pop_front()
    }

    /// Reads one frame; its length with FCS, or 0 when there is none that libpri should see.
    pub fn read(&mut self, buffer: &mut [u8]) -> usize {
        match nix::unistd::read(&self.fd, buffer) {
            Ok(0) => self.gone = true,
            Ok(length) => {
                self.frames_read += 1;
                // libpri trusts that a frame has an address, a control octet and FCS.
                if length > HEAD && length < buffer.len() {
                    self.tap(buffer.get(..length).unwrap_or_default(), false);
                    return length;
                }
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => self.gone = true,
        }
        0
    }

    /// Writes one frame. What does not fit is lost, and Q.921 sends it again.
    pub fn write(&mut self, frame: &[u8]) {
        let rewritten = self.rewritten(frame);
        let frame = rewritten.as_deref().unwrap_or(frame);
        self.tap(frame, true);
        match nix::unistd::write(&self.fd, frame) {
            Ok(_) | Err(Errno::EAGAIN | Errno::EINTR | Errno::ENOBUFS) => {}
            Err(_) => self.gone = true,
        }
    }

    /// Keeps a line of libpri's log.
    pub fn log(&mut self, line: &str) {
        if self.lines.len() < MANY {
            self.lines.push_back(line.trim_end().chars().take(240).collect());
        }
    }

    fn rewritten(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let layer_3 = layer_3(frame)?;
        let message = Message::parse(layer_3)?;
        let wish = self.rewrites.get(&reference(&message, true)?)?;
        let message = rewrite(layer_3, &message, wish)?;
        let head = frame.get(..HEAD)?;
        Some([head, &message, &[0; FCS]].concat())
    }

    fn tap(&mut self, frame: &[u8], outgoing: bool) {
        if let Some(octets) = layer_3(frame).filter(|_| self.passed.len() < MANY) {
            self.passed.push_back(Passed { outgoing, octets: octets.to_vec() });
        }
    }
}

impl AsFd for DChannel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for DChannel {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// The message in an I frame for call control (SAPI 0, Q.921 §3.3.3); `None` for other frames.
fn layer_3(frame: &[u8]) -> Option<&[u8]> {
    let [address, _, control, _, rest @ ..] = frame else { return None };
    let message = rest.get(..rest.len().checked_sub(FCS)?)?;
    let is_information = control & 1 == 0 && address >> 2 == 0;
    (is_information && !message.is_empty()).then_some(message)
}

/// Which call a message is about. The flag tells the originator's messages from the others.
fn reference(message: &Message<'_>, outgoing: bool) -> Option<Reference> {
    let value = message.reference.filter(|value| *value != 0)?;
    Some(Reference { ours: message.to_originator != outgoing, value })
}
