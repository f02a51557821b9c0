//! What the room promises, whatever happens to it.

use crate::{Input, Output, Pstn};
use demarc_model::{ChannelId, LegCommand, LegEvent, LegId, MediaCommand, StreamId};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct Promises {
    /// The stream of a leg whose audio is the PBX's.
    handed_over: BTreeSet<StreamId>,
    /// Living legs, and the stream that each has been given.
    legs: BTreeMap<LegId, Option<StreamId>>,
    ended: BTreeSet<LegId>,
    /// Living legs that were told to be alerted, answered.
    once: BTreeSet<(LegId, &'static str)>,
    streams: BTreeMap<StreamId, ChannelId>,
}

impl Promises {
    pub(super) fn legs(&self) -> Vec<LegId> {
        self.legs.keys().copied().collect()
    }

    pub(super) fn streams(&self) -> Vec<ChannelId> {
        self.streams.values().copied().collect()
    }

    pub(super) fn stream_of(&self, channel: ChannelId) -> Option<StreamId> {
        self.streams.iter().find(|(_, other)| **other == channel).map(|(stream, _)| *stream)
    }

    pub(super) fn input(&mut self, input: &Input) {
        if let Input::Leg(LegCommand::Dial(dial)) = input
            && !self.ended.contains(&dial.leg)
        {
            self.legs.entry(dial.leg).or_insert(None);
        }
        if let Input::Leg(
            LegCommand::Answer { leg, .. }
            | LegCommand::Progress { leg, .. }
            | LegCommand::Ring { leg, in_band: true },
        ) = input
            && let Some(Some(stream)) = self.legs.get(leg)
        {
            self.handed_over.insert(*stream);
        }
        if let Input::Leg(LegCommand::Hangup { leg, .. } | LegCommand::Ring { leg, in_band: false }) = input
            && let Some(Some(stream)) = self.legs.get(leg)
        {
            self.handed_over.remove(stream);
        }
    }

    pub(super) fn output(&mut self, output: &Output) {
        match output {
            Output::Leg(event) => self.leg(event),
            Output::Media(command) => self.media(command),
            _ => {}
        }
    }

    pub(super) fn a_leg_without_room(&self, room: &Pstn) -> Option<LegId> {
        self.legs.keys().next().copied().filter(|_| room.is_quiet())
    }

    fn leg(&mut self, event: &LegEvent) {
        let leg = event.leg();
        if let LegEvent::Offered(offer) = event {
            assert!(!self.ended.contains(&leg), "{leg} is offered after its end");
            assert!(self.streams.contains_key(&offer.stream), "{leg} is offered without audio");
            assert!(self.legs.insert(leg, Some(offer.stream)).is_none(), "{leg} is offered twice");
            return;
        }
        assert!(self.legs.contains_key(&leg), "{leg} speaks but does not live: {event:?}");
        let once = match event {
            LegEvent::Proceeding { stream, .. } => {
                assert!(self.streams.contains_key(stream), "{leg} proceeds without audio");
                self.legs.insert(leg, Some(*stream));
                "Proceeding"
            }
            // On hold, what the party hears is its edge's again.
            LegEvent::Held { .. } => {
                if let Some(Some(stream)) = self.legs.get(&leg) {
                    self.handed_over.remove(stream);
                }
                return;
            }
            LegEvent::Retrieved { .. } => {
                if let Some(Some(stream)) = self.legs.get(&leg) {
                    self.handed_over.insert(*stream);
                }
                return;
            }
            LegEvent::Alerting { .. } => "Alerting",
            LegEvent::Answered { .. } => "Answered",
            LegEvent::Ended { .. } => {
                let stream = self.legs.remove(&leg).flatten();
                // The legs of one telephone share its stream.
                let shared =
                    stream.is_some_and(|own| self.legs.values().flatten().any(|other| *other == own));
                let open = !shared && stream.is_some_and(|stream| self.streams.contains_key(&stream));
                assert!(!open, "{leg} ended but its stream is open");
                self.ended.insert(leg);
                return;
            }
            _ => return,
        };
        assert!(self.once.insert((leg, once)), "{leg}: {once} twice");
        if once != "Proceeding" {
            assert!(self.once.contains(&(leg, "Proceeding")), "{leg}: {once} before Proceeding");
        }
    }

    fn media(&mut self, command: &MediaCommand) {
        match command {
            MediaCommand::OpenBearer { stream, channel } => {
                let twice = self.streams.values().any(|other| other == channel);
                assert!(!twice, "channel {channel} has two owners");
                self.streams.insert(*stream, *channel);
            }
            MediaCommand::Close { stream } => {
                assert!(self.streams.remove(stream).is_some(), "{stream} was closed twice");
            }
            MediaCommand::Play { stream, .. } => {
                assert!(self.streams.contains_key(stream), "{stream} is not open: {command:?}");
                assert!(!self.handed_over.contains(stream), "{stream} is the PBX's: {command:?}");
            }
            MediaCommand::Detect { stream, .. }
            | MediaCommand::SendDigits { stream, .. }
            | MediaCommand::SendCallerId { stream, .. } => {
                assert!(self.streams.contains_key(stream), "{stream} is not open: {command:?}");
            }
            _ => {}
        }
    }
}
