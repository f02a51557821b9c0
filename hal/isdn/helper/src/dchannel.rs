//! The D channel: frames in and out, each with two octets of FCS behind it that the hardware
//! checks or makes, and a copy of every layer-3 message that passes.

use crate::filter;
use crate::rewrite::{Rewrite, rewrite};
use crate::sys::clock;
use demarc_isdn::q931::Message;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Octets before layer 3 in an I frame: address and control, Q.921 §2.2.
const HEAD: usize = 4;
/// The same in a UI frame.
const UI_HEAD: usize = 3;
/// Octets of the frame check sequence.
const FCS: usize = 2;
/// Copies and log lines that wait; they are fetched after every call of libpri.
const MANY: usize = 256;
/// DAHDI's error when an event of the channel waits to be taken: not an error of the D channel. It
/// is the kernel's 500, which has no name.
const ELAST: i32 = 500;
/// How long a D channel is left alone after ELAST, in microseconds of [`clock`]: the driver takes
/// the event meanwhile.
const EVENT_PAUSE: i64 = 20_000;

/// Where a D channel is, and who is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Interface of the NFAS group.
    pub interface: u8,
    /// We are the network side of a point-to-multipoint BRI: each terminal counts its own call
    /// references.
    pub terminals: bool,
}

/// A call reference as both sides know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// We chose it: the call is ours.
    pub ours: bool,
    /// Its value.
    pub value: u16,
    /// Whose, for a call of a terminal's on a point-to-multipoint BRI; else 0.
    pub tei: u8,
}

/// A layer-3 message that passed.
#[derive(Debug)]
pub struct Passed {
    pub outgoing: bool,
    pub octets: Vec<u8>,
    /// The call that it is about.
    pub reference: Option<Reference>,
}

/// The descriptor and what passed through it.
#[derive(Debug)]
pub struct DChannel {
    fd: File,
    place: Place,
    /// Why the descriptor does not work any more.
    gone: Option<String>,
    /// Not read before then, by [`clock`].
    resting: Option<i64>,
    frames_read: u64,
    refused: u64,
    /// TEI of the last frame that was read.
    tei: u8,
    passed: VecDeque<Passed>,
    lines: VecDeque<String>,
    /// Frames that libpri is to read although nobody sent them.
    injected: VecDeque<Vec<u8>>,
    /// What libpri cannot say by itself, by call.
    pub rewrites: BTreeMap<Reference, Rewrite>,
}

impl DChannel {
    /// Takes the descriptor over and makes it non-blocking.
    pub fn new(fd: OwnedFd, place: Place) -> nix::Result<Self> {
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok(Self {
            fd: File::from(fd),
            place,
            gone: None,
            resting: None,
            frames_read: 0,
            refused: 0,
            tei: 0,
            passed: VecDeque::new(),
            lines: VecDeque::new(),
            injected: VecDeque::new(),
            rewrites: BTreeMap::new(),
        })
    }

    /// Why the descriptor does not work any more.
    pub fn gone(&self) -> Option<&str> {
        self.gone.as_deref()
    }

    /// Where it is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// When it may be read again, when that is not now.
    pub fn resting(&self) -> Option<i64> {
        self.resting
    }

    /// How many frames were read, to see whether the last attempt read one.
    pub fn frames_read(&self) -> u64 {
        self.frames_read
    }

    /// How many frames were kept from libpri since the last time; see [`filter`].
    pub fn take_refused(&mut self) -> u64 {
        std::mem::take(&mut self.refused)
    }

    /// The reference of a call that the frame read last began.
    pub fn reference(&self, value: u16) -> Reference {
        Reference { ours: false, value, tei: if self.place.terminals { self.tei } else { 0 } }
    }

    /// Such messages wait; see [`DChannel::inject`].
    pub fn has_injected(&self) -> bool {
        !self.injected.is_empty()
    }

    /// Lets libpri read a message as if the far end had sent it in a UI frame.
    pub fn inject(&mut self, from_network: bool, message: &[u8]) {
        let address = [if from_network { 0x02 } else { 0x00 }, 0x01, 0x03];
        if self.injected.len() < MANY {
            self.injected.push_back([&address, message, &[0; FCS]].concat());
        }
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
        if let Some(frame) = self.injected.pop_front() {
            self.frames_read += 1;
            let to = buffer.get_mut(..frame.len());
            return to.map_or(0, |to| {
                to.copy_from_slice(&frame);
                frame.len()
            });
        }
        if self.gone.is_some() || self.resting.is_some_and(|until| clock() < until) {
            return 0;
        }
        self.resting = None;
        match (&self.fd).read(buffer) {
            Ok(0) => self.gone = Some("hung up".into()),
            Ok(length) => {
                self.frames_read += 1;
                let whole = length < buffer.len();
                if let Some(frame) = buffer.get_mut(..length).filter(|_| whole) {
                    self.tei = frame.get(1).map_or(0, |octet| octet >> 1);
                    self.tap(false, frame);
                    if filter::tame(frame, self.place.terminals) {
                        return length;
                    }
                }
                self.refused += 1;
            }
            Err(error) => self.failed(&error),
        }
        0
    }

    /// Writes one frame. What does not fit is lost, and Q.921 sends it again.
    pub fn write(&mut self, frame: &[u8]) {
        let rewritten = self.rewritten(frame);
        let frame = rewritten.as_deref().unwrap_or(frame);
        self.tap(true, frame);
        if self.gone.is_none()
            && let Err(error) = (&self.fd).write(frame)
        {
            self.failed(&error);
        }
    }

    fn failed(&mut self, error: &io::Error) {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::Interrupted => {}
            _ if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {}
            _ if error.raw_os_error() == Some(ELAST) => self.resting = Some(clock() + EVENT_PAUSE),
            _ => self.gone = Some(error.to_string()),
        }
    }

    /// Keeps a line of libpri's log.
    pub fn log(&mut self, line: &str) {
        if self.lines.len() < MANY {
            self.lines.push_back(line.trim_end().chars().take(240).collect());
        }
    }

    fn rewritten(&self, frame: &[u8]) -> Option<Vec<u8>> {
        let (head, layer_3) = layer_3(frame)?;
        let message = Message::parse(layer_3)?;
        let wish = self.rewrites.get(&self.reference_of(frame, true)?)?;
        let message = rewrite(layer_3, &message, wish)?;
        Some([head, &message, &[0; FCS]].concat())
    }

    fn tap(&mut self, outgoing: bool, frame: &[u8]) {
        if let Some((_, octets)) = layer_3(frame).filter(|_| self.passed.len() < MANY) {
            let reference = self.reference_of(frame, outgoing);
            self.passed.push_back(Passed { outgoing, octets: octets.to_vec(), reference });
        }
    }

    /// Which call a frame is about. The flag tells the originator's messages from the others.
    fn reference_of(&self, frame: &[u8], outgoing: bool) -> Option<Reference> {
        let (_, layer_3) = layer_3(frame)?;
        let message = Message::parse(layer_3)?;
        let value = message.reference.filter(|value| *value != 0)?;
        let ours = message.to_originator != outgoing;
        let tei = frame.get(1).filter(|_| self.place.terminals && !ours).map_or(0, |octet| octet >> 1);
        Some(Reference { ours, value, tei })
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

/// Head and message of an I or UI frame for call control (SAPI 0, Q.921 §3.3.3); `None` for other
/// frames.
fn layer_3(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let [address, _, control, ..] = frame else { return None };
    let head = match control {
        control if control & 1 == 0 => HEAD,
        0x03 | 0x13 => UI_HEAD,
        _ => return None,
    };
    let (head, rest) = frame.split_at_checked(head)?;
    let message = rest.get(..rest.len().checked_sub(FCS)?)?;
    (address >> 2 == 0 && !message.is_empty()).then_some((head, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dchannel() -> (DChannel, OwnedFd) {
        let (mine, far) = nix::unistd::pipe().unwrap();
        (DChannel::new(mine, Place::default()).unwrap(), far)
    }

    #[test]
    fn an_event_of_the_driver_is_no_end() {
        let (mut dchannel, far) = dchannel();
        dchannel.failed(&io::Error::from_raw_os_error(ELAST));
        assert_eq!(dchannel.gone(), None);
        assert!(dchannel.resting().is_some_and(|until| until > clock()));
        // What has arrived meanwhile waits.
        nix::unistd::write(&far, &[0x02, 0x01, 0x7F, 0, 0]).unwrap();
        assert_eq!(dchannel.read(&mut [0; 64]), 0);
        dchannel.resting = Some(clock());
        assert_eq!(dchannel.read(&mut [0; 64]), 5);
        assert_eq!(dchannel.resting(), None);
    }

    #[test]
    fn a_descriptor_that_fails_is_the_end_and_says_why() {
        for (errno, word) in [(Errno::EBADF, "descriptor"), (Errno::ENODEV, "device"), (Errno::EIO, "input")]
        {
            let (mut dchannel, _far) = dchannel();
            dchannel.failed(&io::Error::from_raw_os_error(errno as i32));
            let why = dchannel.gone().unwrap().to_lowercase();
            assert!(why.contains(&word.to_lowercase()), "{why}");
        }
        let (mut dchannel, far) = dchannel();
        drop(far);
        assert_eq!(dchannel.read(&mut [0; 64]), 0);
        assert_eq!(dchannel.gone(), Some("hung up"));
    }

    #[test]
    fn a_message_is_found_in_both_kinds_of_frame() {
        let setup = [0x08, 0x01, 0x05, 0x05];
        let numbered = [&[0x02, 0xFF, 0x00, 0x00][..], &setup, &[0, 0]].concat();
        let broadcast = [&[0x02, 0xFF, 0x03][..], &setup, &[0, 0]].concat();
        assert_eq!(layer_3(&numbered).map(|(_, message)| message), Some(&setup[..]));
        assert_eq!(layer_3(&broadcast).map(|(_, message)| message), Some(&setup[..]));
        assert_eq!(layer_3(&[0xFC, 0xFF, 0x03, 0x0F, 0, 0, 1, 0xFF, 0, 0]), None, "layer 2 management");
        assert_eq!(layer_3(&[0x02, 0x01, 0x01, 0x02, 0, 0]), None, "receive ready");
        assert_eq!(layer_3(&[0x02]), None);
    }
}
