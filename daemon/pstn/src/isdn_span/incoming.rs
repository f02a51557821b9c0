//! The far end calls: which B channel the call gets, and whether it is taken.

use super::IsdnSpan;
use super::call::{IsdnCall, refused_bearer};
use super::channels::BChannel;
use super::numbers::Numbers;
use crate::desk::{Desk, Place};
use crate::trunk_group::Readiness;
use demarc_isdn::Command;
use demarc_isdn::event::IncomingSetup;
use demarc_model::config::{Config, IsdnAccess, IsdnTrunk, Trunk, TrunkId, TrunkKind};
use demarc_model::trace::Protocol;
use demarc_model::{Bearer, Cause, LegEvent, LegId, Offer, Party, SpanId};
use std::sync::Arc;

impl IsdnSpan {
    pub(super) fn incoming(&mut self, desk: &mut Desk, setup: IncomingSetup) {
        let reference = setup.call;
        if reference.0 % 2 == 1 || self.calls.contains_key(&reference) {
            return;
        }
        let leg = self.memory.take_early(reference).unwrap_or_else(|| desk.mint_leg());
        match self.place_for(desk, &setup) {
            Ok((channel, trunk, isdn)) => self.accept(desk, setup, leg, trunk, isdn, channel),
            Err(cause) => {
                desk.isdn(self.id, Command::Clear { call: reference, cause: cause.value() });
            }
        }
    }

    /// Its channel and its trunk; else why it is refused.
    fn place_for(
        &self,
        desk: &Desk,
        setup: &IncomingSetup,
    ) -> Result<(BChannel, TrunkId, Arc<IsdnTrunk>), Cause> {
        let Some(config) = self.wanted.as_ref() else {
            let configured = trunk_of(&desk.config, self.id).is_some();
            let cause = if configured { Cause::SERVICE_UNAVAILABLE } else { Cause::NO_ROUTE_TO_DESTINATION };
            return Err(cause);
        };
        let own = &config.isdn.own_numbers;
        let digits = &setup.called.digits;
        if !own.is_empty() && !own.iter().any(|number| ends_alike(digits, number)) {
            // On a bus it is somebody else's, who takes it all the same (EN 300 403-1 §5.2.5.4); alone,
            // nobody has it.
            return Err(match config.isdn.access {
                IsdnAccess::BasicRatePtmp => Cause::INCOMPATIBLE_DESTINATION,
                _ => Cause::UNALLOCATED_NUMBER,
            });
        }
        if self.calls.len() >= 2 * self.channels.len() {
            return Err(Cause::CONGESTION);
        }
        let channel = self.choose_channel(setup);
        let span = channel.map_or(self.id, |channel| channel.id.span);
        let (trunk, isdn) = trunk_of(&desk.config, span).ok_or(Cause::NO_ROUTE_TO_DESTINATION)?;
        if let Some(cause) = refused_bearer(bearer_in(setup.bearer), isdn, self.wire().network) {
            return Err(cause);
        }
        let none = || match self.channels.named(setup.channel.interface, setup.channel.slot) {
            // Slot 0 leaves the choice to us, and we have none.
            None if setup.channel.slot != 0 => Cause::CHANNEL_DOES_NOT_EXIST,
            None => Cause::NO_CIRCUIT,
            Some(_) => Cause::REQUESTED_CIRCUIT_UNAVAILABLE,
        };
        let channel = channel.ok_or_else(none)?;
        Ok((channel, trunk, Arc::new(isdn.clone())))
    }

    /// Which B channel an incoming call gets. When both sides have taken the same one, the call of
    /// the network side keeps it (Q.931 §5.7).
    fn choose_channel(&self, setup: &IncomingSetup) -> Option<BChannel> {
        let network = self.wire().network;
        let wanted = self.channels.named(setup.channel.interface, setup.channel.slot);
        if let Some(channel) = wanted {
            match self.channels.call_on(channel.id) {
                // The far end knows its own channels: one that is suspect here is not.
                None => return Some(channel),
                Some(call) if !network && self.calls.get(&call).is_some_and(IsdnCall::is_unconfirmed) => {
                    return Some(channel);
                }
                Some(_) => {}
            }
        }
        if setup.channel.exclusive { None } else { self.any_free(network) }
    }

    /// A free channel, far from where the other side hunts: the network side hunts upward from the
    /// first, so the user side takes the last.
    fn any_free(&self, network: bool) -> Option<BChannel> {
        let mut free = self
            .channels
            .iter()
            .filter(|(channel, state)| self.readiness(*channel, *state) == Readiness::Free);
        let found = if network { free.next() } else { free.next_back() };
        found.map(|(channel, _)| channel)
    }

    fn accept(
        &mut self,
        desk: &mut Desk,
        setup: IncomingSetup,
        leg: LegId,
        trunk: TrunkId,
        isdn: Arc<IsdnTrunk>,
        channel: BChannel,
    ) {
        let reference = setup.call;
        let BChannel { id, interface } = channel;
        if let Some(loser) = self.channels.call_on(id)
            && let Some(call) = self.calls.get_mut(&loser)
        {
            // Our call lives on without a channel until the network moves or clears it.
            desk.note(call.leg, Protocol::Q931, format!("glare: the network takes channel {}", id.slot));
            call.take_channel(None);
        }
        if (interface, id.slot) != (setup.channel.interface, setup.channel.slot) {
            desk.isdn(self.id, Command::UseChannel { call: reference, interface, slot: id.slot });
        }
        self.restarts.agreed(desk, id);
        self.mirror.hear(&setup.called, setup.calling.as_ref(), &desk.config.system);
        self.channels.give(id, reference);
        desk.settle(leg, Place::Span(self.id));
        let bearer = bearer_in(setup.bearer);
        let call = IsdnCall::present(desk, reference, leg, channel, isdn.clone(), bearer);
        let stream = call.stream();
        self.calls.insert(reference, call);
        let Some(stream) = stream else { return };
        let numbers = Numbers { system: &desk.config.system, trunk: &isdn, mirror: self.mirror };
        let overlap = self.config.as_ref().is_some_and(|config| config.overlap);
        let mut called = setup.called;
        let mut complete = setup.complete || !overlap;
        // `#` ends dialling, but in a code it is a digit.
        if overlap && !called.digits.starts_with(['*', '#']) && called.digits.ends_with('#') {
            called.digits.pop();
            complete = true;
        }
        let offer = Offer {
            leg,
            from: Party::Trunk(trunk),
            called: numbers.number_in(&called),
            complete,
            caller: numbers.party_in(setup.calling.as_ref(), setup.name),
            redirecting: numbers.redirecting_in(setup.redirecting.as_ref(), setup.redirection.as_deref()),
            bearer,
            stream,
            place: id.to_string(),
        };
        desk.leg(LegEvent::Offered(Box::new(offer)));
        desk.changed();
    }
}

/// The first trunk in use that has the span, and how calls travel on it.
pub(super) fn trunk_of(config: &Config, id: SpanId) -> Option<(TrunkId, &IsdnTrunk)> {
    let found = |trunk: &'_ Trunk| match &trunk.kind {
        TrunkKind::Pri { spans, .. } => trunk.enabled && spans.contains(&id),
        _ => false,
    };
    let trunk = config.trunks.iter().find(|trunk| found(trunk))?;
    match &trunk.kind {
        TrunkKind::Pri { isdn, .. } => Some((trunk.id, isdn)),
        _ => None,
    }
}

/// Do both numbers end with the shorter of them? Networks send as many digits as they like.
fn ends_alike(called: &str, own: &str) -> bool {
    !called.is_empty() && (called.ends_with(own) || own.ends_with(called))
}

fn bearer_in(bearer: demarc_isdn::Bearer) -> Bearer {
    match bearer {
        demarc_isdn::Bearer::Speech => Bearer::Speech,
        demarc_isdn::Bearer::Audio31k => Bearer::Audio31k,
        demarc_isdn::Bearer::Unrestricted => Bearer::Unrestricted,
    }
}
