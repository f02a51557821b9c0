//! The B channels of a span, or of a group of spans with one D channel: who has which.

use crate::trunk_group::Readiness;
use demarc_isdn::{CallRef, Service};
use demarc_model::{ChannelId, SpanId};
use std::collections::BTreeMap;

/// A B channel by both its names: ours, and the one on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BChannel {
    pub(crate) id: ChannelId,
    /// Interface identifier of its span; 0 without NFAS.
    pub(crate) interface: u8,
}

/// What is known of a B channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Channel {
    pub(crate) interface: u8,
    pub(crate) call: Option<CallRef>,
    /// What the far end says of it (SERVICE messages).
    pub(crate) service: Service,
}

/// The table of B channels.
#[derive(Debug, Default)]
pub(crate) struct Channels(BTreeMap<ChannelId, Channel>);

impl Channels {
    /// The table for these channels; what is known of one that stays is kept.
    pub(crate) fn arrange(&mut self, channels: impl Iterator<Item = BChannel>) {
        let before = std::mem::take(&mut self.0);
        for BChannel { id, interface } in channels {
            let fresh = Channel { interface, call: None, service: Service::In };
            let known = before.get(&id).filter(|channel| channel.interface == interface);
            self.0.insert(id, known.copied().unwrap_or(fresh));
        }
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (BChannel, Channel)> + '_ {
        self.0.iter().map(|(id, channel)| (BChannel { id: *id, interface: channel.interface }, *channel))
    }

    /// The channels of one span.
    pub(crate) fn of(&self, span: SpanId) -> impl DoubleEndedIterator<Item = (BChannel, Channel)> + '_ {
        self.iter().filter(move |(channel, _)| channel.id.span == span)
    }

    /// The channel that the wire names so; none when there is none.
    pub(crate) fn named(&self, interface: u8, slot: u8) -> Option<BChannel> {
        self.iter().map(|(channel, _)| channel).find(|c| (c.interface, c.id.slot) == (interface, slot))
    }

    pub(crate) fn get(&self, id: ChannelId) -> Option<Channel> {
        self.0.get(&id).copied()
    }

    /// With its name on the wire.
    pub(crate) fn with_interface(&self, id: ChannelId) -> Option<BChannel> {
        self.get(id).map(|channel| BChannel { id, interface: channel.interface })
    }

    /// The call on a channel.
    pub(crate) fn call_on(&self, id: ChannelId) -> Option<CallRef> {
        self.get(id)?.call
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Gives a channel to a call, whoever had it.
    pub(crate) fn give(&mut self, id: ChannelId, call: CallRef) {
        if let Some(channel) = self.0.get_mut(&id) {
            channel.call = Some(call);
        }
    }

    /// Frees a channel if it is that call's.
    pub(crate) fn release(&mut self, channel: Option<BChannel>, call: CallRef) {
        if let Some(channel) = channel.and_then(|channel| self.0.get_mut(&channel.id))
            && channel.call == Some(call)
        {
            channel.call = None;
        }
    }

    /// The far end says what a channel is good for.
    pub(crate) fn serve(&mut self, id: ChannelId, service: Service) {
        if let Some(channel) = self.0.get_mut(&id) {
            channel.service = service;
        }
    }

    /// The far end has begun anew: what it said of its channels is forgotten.
    pub(crate) fn all_in_service(&mut self) {
        for channel in self.0.values_mut() {
            channel.service = Service::In;
        }
    }
}

impl Channel {
    pub(crate) fn readiness(&self) -> Readiness {
        match (self.call, self.service) {
            (Some(_), _) => Readiness::Busy,
            (None, Service::In) => Readiness::Free,
            (None, Service::Out | Service::Maintenance) => Readiness::Down,
        }
    }
}
