//! Just enough of the data link layer (ITU-T Q.921) to see whether a D channel carries: multiple-frame
//! operation is established and information frames are acknowledged; nothing is sent again, since a
//! frame that is lost on a bench is what is looked for.

use demarc_hal::DChannel;
use demarc_model::hardware_test::Side;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};

/// What a D channel of DAHDI answers as long as an event waits for its driver.
const ELAST: i32 = 500;
/// Information frames on their way at most (Q.921 §5.9.5: 7 on a primary rate interface).
const WINDOW: u8 = 7;
/// The longest frame: address, control, 260 octets and the check sequence.
const LONGEST: usize = 268;
/// Frames that are taken in one go.
const BATCH: u32 = 64;

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The data link is up.
    Up,
    /// It is down, or never was up.
    Down,
    /// An information frame, in order.
    Information(Vec<u8>),
    /// One is missing before this.
    Gap,
    /// The far end takes the same side as we do.
    SameSide,
    /// The descriptor is dead.
    Gone,
}

/// One end of a data link.
pub(crate) struct Lapd {
    fd: File,
    side: Side,
    up: bool,
    sent: u8,
    heard: u8,
    acknowledged: u8,
    waiting: VecDeque<Vec<u8>>,
    /// Frames of any kind that came.
    pub(crate) frames: u64,
}

impl Lapd {
    pub(crate) fn new(channel: DChannel, side: Side) -> Self {
        let fd = File::from(channel.fd);
        let waiting = VecDeque::new();
        Self { fd, side, up: false, sent: 0, heard: 0, acknowledged: 0, waiting, frames: 0 }
    }

    /// Address of what we say: C/R is 1 in commands of the network and responses of the user (§3.3.2).
    fn address(&self, command: bool) -> [u8; 2] {
        let set = command == (self.side == Side::Network);
        [u8::from(set) << 1, 1]
    }

    /// Asks for the data link (SABME).
    pub(crate) fn establish(&mut self) {
        self.send(true, &[0x7F]);
    }

    /// Ends it (DISC).
    pub(crate) fn release(&mut self) {
        self.send(true, &[0x53]);
        self.up = false;
    }

    /// Queues an information field.
    pub(crate) fn tell(&mut self, information: &[u8]) {
        self.waiting.push_back(information.to_vec());
        self.flow();
    }

    /// Everything that was told has been acknowledged.
    pub(crate) fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.sent == self.acknowledged
    }

    fn flow(&mut self) {
        while self.up && self.sent.wrapping_sub(self.acknowledged) & 0x7F < WINDOW {
            let Some(information) = self.waiting.pop_front() else { return };
            let control = [self.sent << 1, self.heard << 1];
            if !self.send(true, &[&control[..], &information].concat()) {
                self.waiting.push_front(information);
                return;
            }
            self.sent = (self.sent + 1) & 0x7F;
        }
    }

    fn send(&mut self, command: bool, rest: &[u8]) -> bool {
        // The check sequence is the hardware's to fill in.
        let frame = [&self.address(command)[..], rest, &[0, 0]].concat();
        self.fd.write(&frame).is_ok()
    }

    /// What came since; call it often.
    pub(crate) fn poll(&mut self) -> Vec<Heard> {
        let mut all = Vec::new();
        let mut frame = [0; LONGEST * 2];
        for _ in 0..BATCH {
            match self.fd.read(&mut frame) {
                Ok(0) => {
                    all.push(Heard::Gone);
                    break;
                }
                Ok(length) => {
                    let body = length.checked_sub(2).and_then(|length| frame.get(..length));
                    let heard = body.map(<[u8]>::to_vec).and_then(|body| self.hear(&body));
                    all.extend(heard);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.raw_os_error() == Some(ELAST) => break,
                Err(_) => {
                    all.push(Heard::Gone);
                    break;
                }
            }
        }
        self.flow();
        all
    }

    fn hear(&mut self, body: &[u8]) -> Option<Heard> {
        self.frames += 1;
        let [first, _, control, rest @ ..] = body else { return None };
        let set = first & 2 != 0;
        // With the poll bit taken away.
        let unnumbered = control & 0xEF;
        if control & 3 == 3 {
            // A command of the far end has C/R 1 when that is the network.
            let same_side = set == (self.side == Side::Network);
            return match unnumbered {
                0x6F if same_side => Some(Heard::SameSide),
                0x6F => {
                    self.send(false, &[0x63 | control & 0x10]);
                    self.reset(true);
                    Some(Heard::Up)
                }
                0x63 if !self.up => {
                    self.reset(true);
                    Some(Heard::Up)
                }
                0x43 => {
                    self.send(false, &[0x63 | control & 0x10]);
                    self.reset(false);
                    Some(Heard::Down)
                }
                0x0F => Some(Heard::Down),
                _ => None,
            };
        }
        let [numbers, rest @ ..] = rest else { return None };
        self.acknowledged = numbers >> 1;
        if control & 1 == 1 {
            // A supervisory command that polls wants an answer.
            if numbers & 1 == 1 && set != (self.side == Side::Network) {
                let mine = self.heard << 1 | 1;
                self.send(false, &[0x01, mine]);
            }
            return None;
        }
        let heard = if control >> 1 == self.heard {
            self.heard = (self.heard + 1) & 0x7F;
            Heard::Information(rest.to_vec())
        } else {
            self.heard = (control >> 1).wrapping_add(1) & 0x7F;
            Heard::Gap
        };
        let mine = self.heard << 1 | numbers & 1;
        self.send(false, &[0x01, mine]);
        Some(heard)
    }

    fn reset(&mut self, up: bool) {
        (self.up, self.sent, self.heard, self.acknowledged) = (up, 0, 0, 0);
    }

    pub(crate) const fn is_up(&self) -> bool {
        self.up
    }
}
