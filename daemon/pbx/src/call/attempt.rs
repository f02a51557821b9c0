//! What outgoing legs say before one of them answers.

use super::{Call, Stage, Timer};
use crate::caller_id;
use crate::desk::Desk;
use crate::leg::Leg;
use crate::service::Echo;
use demarc_model::config::{ExtensionId, TrunkId};
use demarc_model::live::LegState;
use demarc_model::media::{Source, Tone};
use demarc_model::{CallerId, Cause, Dial, LegCommand, LegId, Party, Presentation, RingKind, StreamId};

impl Call {
    /// Calls a party.
    pub(super) fn dial(
        &mut self,
        desk: &mut Desk,
        to: Party,
        name: String,
        called: String,
        caller: CallerId,
        extension: Option<ExtensionId>,
    ) -> LegId {
        let leg = desk.mint_leg(self.id);
        let mut redirecting = self.redirecting.clone();
        let inside = self.diverted_by.and_then(|id| self.config.extensions.iter().find(|e| e.id == id));
        if let (Some(redirecting), Some(by), Party::Device(_)) = (&mut redirecting, inside, to) {
            redirecting.from.number = Some(by.number.clone());
        }
        let parties = redirecting.iter_mut().flat_map(|r| [Some(&mut r.from), r.original.as_mut()]).flatten();
        for party in parties {
            match to {
                Party::Device(_) => *party = caller_id::to_device(&self.config, party),
                Party::Trunk(id) if self.is_private(id) => {}
                Party::Trunk(_) => party.name = caller_id::diverted_outside(&self.config, party),
            }
        }
        let complete = !self.is_open();
        let (emergency, bearer) = (self.record.emergency, self.bearer);
        let outside = self.caller.and_then(|id| self.legs.get(&id)).is_some_and(|leg| leg.outside());
        let ring = match self.from {
            Some(Party::Device(_)) if !outside => RingKind::Internal,
            Some(Party::Device(_)) => RingKind::External,
            Some(Party::Trunk(_)) | None => RingKind::External,
        };
        let dial = Dial { leg, to, called, complete, caller, redirecting, bearer, emergency, ring };
        desk.leg(LegCommand::Dial(Box::new(dial)));
        self.legs.insert(leg, Leg { extension, ..Leg::new(leg, to, name) });
        leg
    }

    /// Legs that may still answer.
    pub(super) fn trying(&self) -> impl Iterator<Item = &Leg> {
        self.legs.values().filter(|leg| leg.is_live() && Some(leg.id) != self.caller)
    }

    /// A leg that may still answer, while the call waits for that.
    fn candidate(&mut self, leg: LegId) -> Option<&mut Leg> {
        let waiting = matches!(self.stage, Stage::Inside(_) | Stage::Outside(_));
        self.legs.get_mut(&leg).filter(|l| waiting && l.is_live() && Some(leg) != self.caller)
    }

    pub(super) fn proceeding(&mut self, desk: &mut Desk, leg: LegId, stream: StreamId, place: String) {
        if let Some(leg) = self.legs.get_mut(&leg) {
            leg.stream = Some(stream);
            leg.place = place;
            leg.proceeding = true;
        }
        // It wants no more digits.
        self.is_whole(desk);
        self.join(desk);
    }

    pub(super) fn progress(&mut self, desk: &mut Desk, leg: LegId, in_band: bool, cause: Option<Cause>) {
        let Some(candidate) = self.candidate(leg) else { return };
        candidate.in_band |= in_band;
        candidate.failing = cause.or(candidate.failing);
        if let Some(cause) = cause
            && self.try_elsewhere(desk, leg, cause)
        {
            return;
        }
        if in_band {
            self.restart_ring_timer(desk);
        }
        if let Some(caller) = self.caller
            && self.listen(desk, leg)
        {
            if self.legs.get(&caller).is_some_and(|caller| !caller.answered) {
                desk.leg(LegCommand::Progress { leg: caller, cause });
            }
            self.play_early(desk, leg);
        }
    }

    pub(super) fn alerting(&mut self, desk: &mut Desk, leg: LegId, in_band: bool) {
        let Some(candidate) = self.candidate(leg) else { return };
        candidate.alerted = true;
        candidate.state = LegState::Alerting;
        candidate.in_band |= in_band;
        self.restart_ring_timer(desk);
        let heard_before = self.heard == Some(leg);
        let newly_heard = self.listen(desk, leg) && !heard_before;
        let heard = newly_heard || heard_before;
        let Some(caller) = self.caller.and_then(|id| self.legs.get_mut(&id)) else { return };
        let (id, first) = (caller.id, caller.state != LegState::Alerting && !caller.answered);
        // Once a party before this one was heard, the edge no longer gives ringback: then we do.
        let ours = caller.hears.is_some() && !heard;
        if first {
            caller.state = LegState::Alerting;
            desk.leg(LegCommand::Ring { leg: id, in_band: heard || ours });
        } else if newly_heard && !caller.answered {
            desk.leg(LegCommand::Progress { leg: id, cause: None });
        }
        if newly_heard {
            self.play_early(desk, leg);
        } else if ours {
            let ringback = Tone::from(&self.config.system.country.plan().ringback);
            if let Some(caller) = self.legs.get_mut(&id) {
                caller.state = LegState::Alerting;
            }
            self.hear(desk, id, Source::Tone(ringback));
        }
    }

    pub(super) fn answered(&mut self, desk: &mut Desk, leg: LegId, connected: Option<CallerId>) {
        if self.candidate(leg).is_some() {
            self.won(desk, leg, connected);
        }
    }

    /// A party has the call.
    pub(super) fn won(&mut self, desk: &mut Desk, leg: LegId, connected: Option<CallerId>) {
        let Some(winner) = self.legs.get_mut(&leg) else { return };
        winner.answered = true;
        winner.state = LegState::Active;
        winner.failing = None;
        let name = winner.name.clone();
        let connected = self.connected(leg, connected);
        for other in self.legs.values_mut() {
            if other.id != leg && other.is_live() && Some(other.id) != self.caller {
                other.state = LegState::Clearing;
                desk.hangup(other.id, Cause::NON_SELECTED_USER);
            }
        }
        self.mark_answered(desk, &name);
        match self.caller {
            Some(caller) => {
                self.stage = Stage::Talking { peer: leg };
                self.recall = None;
                let mut waits = false;
                if let Some(caller) = self.legs.get_mut(&caller) {
                    caller.state = LegState::Active;
                    waits = !std::mem::replace(&mut caller.answered, true);
                    if self.heard != Some(leg) {
                        // Whatever its edge let it hear while it waited is over.
                        caller.hears = None;
                    }
                }
                if waits {
                    desk.leg(LegCommand::Answer { leg: caller, connected });
                }
                self.join(desk);
                if !waits {
                    // Somebody was transferred to this party.
                    self.offer_to_network(desk);
                }
            }
            None => {
                self.stage = Stage::Served { leg, service: Box::new(Echo), name: "Echo".into() };
                self.serve(desk, |service| service.start());
            }
        }
    }

    /// Is a private exchange of ours behind the trunk?
    pub(super) fn is_private(&self, trunk: TrunkId) -> bool {
        self.config.trunks.iter().any(|other| other.id == trunk && other.is_private())
    }

    /// Who answered, as the caller is to see it.
    fn connected(&self, leg: LegId, told: Option<CallerId>) -> Option<CallerId> {
        let extension = self.legs.get(&leg)?.extension;
        let extension = extension.and_then(|id| self.config.extensions.iter().find(|e| e.id == id));
        let to_device = matches!(self.from, Some(Party::Device(_)));
        let from_exchange = matches!(self.from, Some(Party::Trunk(id)) if self.is_private(id));
        match extension {
            Some(extension) if to_device => Some(CallerId {
                number: Some(extension.number.clone()),
                name: Some(extension.name.clone()),
                ..CallerId::default()
            }),
            Some(extension) => Some(CallerId {
                number: Some(extension.outside_number.clone()?),
                name: if from_exchange {
                    Some(extension.name.clone())
                } else {
                    extension.outside_name.clone()
                },
                presentation: if extension.withhold {
                    Presentation::Restricted
                } else {
                    Presentation::Allowed
                },
                ..CallerId::default()
            }),
            None if to_device => told.map(|party| caller_id::to_device(&self.config, &party)),
            None => told,
        }
    }

    /// Is `leg` to be heard by the caller before the answer? When several parties are tried at once
    /// none of them is: the caller then gets ringback from its own edge.
    fn listen(&mut self, desk: &mut Desk, leg: LegId) -> bool {
        let alone = self.trying().count() == 1;
        let heard = self.legs.get(&leg).is_some_and(|l| l.in_band && l.stream.is_some());
        if alone && heard && self.caller.is_some() && self.heard != Some(leg) {
            self.heard = Some(leg);
            desk.note(leg, "Early media", "the caller hears the far end before the answer");
        }
        self.heard == Some(leg)
    }

    /// Why the call has failed, when the far end is explaining that to the caller.
    pub(super) fn explained(&self) -> Option<Cause> {
        self.legs.get(&self.heard?)?.failing
    }

    /// Joins the caller to the leg it hears. The outside hears the caller, too, because there may
    /// be a machine that wants digits before it answers; a telephone that rings does not.
    pub(super) fn play_early(&mut self, desk: &mut Desk, leg: LegId) {
        let Some(caller) = self.caller else { return };
        let stream_of = |id: LegId| self.legs.get(&id).and_then(|leg| leg.stream);
        let (Some(near), Some(far)) = (stream_of(caller), stream_of(leg)) else { return };
        self.hear(desk, caller, Source::Stream(far));
        if self.legs.get(&leg).is_some_and(|leg| matches!(leg.party, Party::Trunk(_))) {
            self.hear(desk, leg, Source::Stream(near));
        }
    }

    /// The leg that was heard is gone, and another is tried.
    pub(super) fn stop_listening(&mut self, desk: &mut Desk) {
        if let (Some(_), Some(caller)) = (self.heard.take(), self.caller) {
            self.hear(desk, caller, Source::Silence);
        }
    }

    pub(super) fn rung_long_enough(&mut self, desk: &mut Desk) {
        match self.stage {
            Stage::Inside(_) => self.next_round_after(desk),
            Stage::Parked { .. } => self.give_up(desk, Cause::NO_ANSWER, None),
            Stage::Outside(_) => {
                if let Some(cause) = self.explained() {
                    return self.give_up(desk, cause, None);
                }
                let alerted = self.trying().any(|leg| leg.alerted);
                let cause = if alerted { Cause::NO_ANSWER } else { Cause::RECOVERY_ON_TIMER };
                self.give_up(desk, cause, Some("nobody answered in time".into()));
            }
            Stage::Collecting | Stage::Talking { .. } | Stage::Served { .. } | Stage::Over => {}
        }
    }

    /// A trunk says that the party is being found, or lets us hear it: it has the ringing time anew.
    fn restart_ring_timer(&mut self, desk: &Desk) {
        if matches!(self.stage, Stage::Outside(_)) && self.timers.contains_key(&Timer::Ring) {
            self.set_timer(desk, Timer::Ring, self.ring_timeout());
        }
    }
}
