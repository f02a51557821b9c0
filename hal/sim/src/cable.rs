//! The handle of a cable: what a hand at the rack can do to it.

use crate::link::Link;
use crate::pair::Pair;
use demarc_hal::Alarm;
use std::sync::Arc;

/// Which end of a cable: `A` is the one that was named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The first.
    A,
    /// The second.
    B,
}

impl End {
    /// The end across the cable.
    pub const fn other(self) -> Self {
        match self {
            End::A => End::B,
            End::B => End::A,
        }
    }

    /// This end's member of a pair.
    pub(crate) fn of<T>(self, pair: &[T; 2]) -> &T {
        let [a, b] = pair;
        match self {
            End::A => a,
            End::B => b,
        }
    }
}

/// One cable. Cloning gives another hand at the same cable.
#[derive(Debug, Clone)]
pub struct Cable(pub(crate) Kind);

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Digital(Arc<Link>),
    Analog(Arc<Pair>),
}

impl Cable {
    /// Pulls the plug. Digital: both ends see a red alarm and no frame or block crosses. Analog:
    /// the FXO end loses battery, the FXS end sees an open loop.
    pub fn unplug(&self) {
        self.set_plugged(false);
    }

    /// Puts the plug back.
    pub fn plug(&self) {
        self.set_plugged(true);
    }

    /// Whether the plug is in.
    pub fn is_plugged(&self) -> bool {
        match &self.0 {
            Kind::Digital(link) => link.is_plugged(),
            Kind::Analog(pair) => pair.is_plugged(),
        }
    }

    /// Makes one end of a digital cable report `alarm`, as equipment on the way might; frames and
    /// blocks still cross. `None` takes it back. Does nothing to an analog cable.
    pub fn set_alarm(&self, end: End, alarm: Option<Alarm>) {
        if let Kind::Digital(link) = &self.0 {
            link.change(|layer1| layer1.inject(end, alarm));
        }
    }

    /// Breaks the pair of wires that leads to one end of a digital cable (`true`), or mends it: that end
    /// hears nothing, and the other one is told so. Does nothing to an analog cable.
    pub fn break_pair(&self, end: End, broken: bool) {
        if let Kind::Digital(link) = &self.0 {
            link.change(|layer1| layer1.set_deaf(end, broken));
        }
    }

    /// Makes what arrives at one end of a digital cable bad: so many CRC errors a second, and wrong bits
    /// in the audio with them; 0 mends it. Does nothing to an analog cable.
    pub fn set_errors(&self, end: End, a_second: u32) {
        if let Kind::Digital(link) = &self.0 {
            link.fates.set_noisy(end, 50_u32.checked_div(a_second).map_or(0, |blocks| blocks.max(1)));
            link.change(|layer1| layer1.set_noisy(end, a_second.into()));
        }
    }

    /// Lets a timeslot of a digital cable carry no audio (`true`), or carry it again. Does nothing to an
    /// analog cable.
    pub fn set_dead(&self, slot: u8, dead: bool) {
        if let Kind::Digital(link) = &self.0 {
            link.fates.set_dead(slot, dead);
        }
    }

    fn set_plugged(&self, plugged: bool) {
        match &self.0 {
            Kind::Digital(link) => link.set_plugged(plugged),
            Kind::Analog(pair) => pair.set_plugged(plugged),
        }
    }
}
