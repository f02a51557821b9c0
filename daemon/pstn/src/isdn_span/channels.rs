//! The B channels of a span: who has which.

use demarc_isdn::CallRef;
use std::collections::BTreeMap;

/// A B channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// Nobody's.
    Free,
    /// A call's.
    Used(CallRef),
    /// A call on it was never released; it waits for a RESTART.
    Blocked,
}

/// The table of B channels.
#[derive(Debug)]
pub(crate) struct Channels(BTreeMap<u8, Channel>);

impl Channels {
    pub(crate) fn new(slots: impl Iterator<Item = u8>) -> Self {
        Self(slots.map(|slot| (slot, Channel::Free)).collect())
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (u8, Channel)> + '_ {
        self.0.iter().map(|(slot, channel)| (*slot, *channel))
    }

    /// The channel in a timeslot; none when the timeslot carries none.
    pub(crate) fn get(&self, slot: u8) -> Option<Channel> {
        self.0.get(&slot).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// A free channel, far from where the other side hunts: the network side hunts upward from the
    /// first, so the user side takes the last.
    pub(crate) fn any_free(&self, network: bool) -> Option<u8> {
        let mut free = self.iter().filter(|(_, channel)| *channel == Channel::Free);
        let found = if network { free.next() } else { free.next_back() };
        found.map(|(slot, _)| slot)
    }

    /// Gives a channel to a call, whoever had it.
    pub(crate) fn give(&mut self, slot: u8, call: CallRef) {
        self.set(slot, Channel::Used(call));
    }

    /// Frees a channel if it is that call's.
    pub(crate) fn release(&mut self, slot: Option<u8>, call: CallRef) {
        if let Some(slot) = slot
            && self.get(slot) == Some(Channel::Used(call))
        {
            self.set(slot, Channel::Free);
        }
    }

    pub(crate) fn set(&mut self, slot: u8, to: Channel) {
        if let Some(channel) = self.0.get_mut(&slot) {
            *channel = to;
        }
    }
}
