//! Calls that we place: on which B channel they begin, and which one they get.

use super::IsdnSpan;
use super::call::{IsdnCall, refused_bearer};
use super::incoming::trunk_of;
use crate::desk::{Desk, Place};
use crate::trunk_group::Attempt;
use demarc_isdn::CallRef;
use demarc_model::config::{IsdnTrunk, TrunkKind};
use demarc_model::{Cause, ChannelId, Party};
use std::sync::Arc;

impl IsdnSpan {
    /// Begins an outgoing call on a channel that said it is free.
    pub(crate) fn dial(&mut self, desk: &mut Desk, id: ChannelId, attempt: Attempt) {
        let wire = self.wire();
        let trunk = self.trunk(desk, id, attempt.dial.to);
        if let Some(cause) = refused_bearer(attempt.dial.bearer, &trunk, true) {
            return desk.ended(attempt.dial.leg, cause, Some("the trunk carries no data calls"));
        }
        let Some(channel) = self.channels.with_interface(id) else {
            return desk.ended(attempt.dial.leg, Cause::NO_CIRCUIT, None);
        };
        let reference = CallRef(self.dialled.wrapping_mul(2).wrapping_add(1));
        self.dialled = self.dialled.wrapping_add(1);
        desk.settle(attempt.dial.leg, Place::Span(self.id));
        self.channels.give(id, reference);
        let call = IsdnCall::dial(desk, wire, reference, channel, trunk, attempt);
        self.calls.insert(reference, call);
        desk.changed();
    }

    /// How calls travel on the trunk that is called.
    fn trunk(&self, desk: &Desk, id: ChannelId, to: Party) -> Arc<IsdnTrunk> {
        let called = desk.config.trunks.iter().find(|trunk| Party::Trunk(trunk.id) == to);
        match called.map(|trunk| &trunk.kind) {
            Some(TrunkKind::Pri { isdn, .. }) => Arc::new((**isdn).clone()),
            _ => Arc::new(trunk_of(&desk.config, id.span).map(|(_, isdn)| isdn.clone()).unwrap_or_default()),
        }
    }

    /// The far end named the channel of our call. False when the call cannot have it.
    pub(super) fn settle_channel(
        &mut self,
        desk: &mut Desk,
        reference: CallRef,
        interface: u8,
        slot: u8,
    ) -> bool {
        let wire = self.wire();
        let Some(call) = self.calls.get_mut(&reference) else { return false };
        let same =
            call.channel.is_some_and(|channel| (channel.interface, channel.id.slot) == (interface, slot));
        if same || call.over || !call.is_unconfirmed() {
            return true;
        }
        let Some(channel) = self.channels.named(interface, slot) else {
            call.unfit(desk, wire, Cause::CHANNEL_DOES_NOT_EXIST);
            return false;
        };
        let loser = self.channels.call_on(channel.id);
        if let Some(other) = loser
            && !self.calls.get(&other).is_some_and(IsdnCall::is_unconfirmed)
        {
            if let Some(call) = self.calls.get_mut(&reference) {
                call.unfit(desk, wire, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
            }
            return false;
        }
        if let Some(other) = loser.and_then(|other| self.calls.get_mut(&other)) {
            other.take_channel(None);
        }
        if let Some(call) = self.calls.get_mut(&reference) {
            self.channels.release(call.channel, reference);
            call.take_channel(Some(channel));
            self.channels.give(channel.id, reference);
        }
        true
    }
}
