//! What a call is handed to work with for the length of one input.

use crate::Output;
use crate::memory::Memory;
use demarc_model::config::{DeviceId, ExtensionId, ExtensionSetting, TrunkId};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{
    CallId, CallerId, Cause, LegCommand, LegId, MediaCommand, Now, Room, StreamId, Trace, media::Source,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::SystemTime;

/// What a call is handed to work with for the length of one input.
pub(crate) struct Desk<'a> {
    pub now: Now,
    pub out: &'a mut VecDeque<Output>,
    pub legs: &'a mut BTreeMap<LegId, CallId>,
    pub last_leg: &'a mut u64,
    pub asks: &'a mut Vec<Ask>,
    pub memory: &'a mut Memory,
    /// Telephones in a call for help.
    pub call_for_help: BTreeSet<DeviceId>,
    /// There are so many calls that only an emergency call may begin.
    pub crowded: bool,
}

/// What a call wants of all the others.
#[derive(Debug)]
pub(crate) enum Ask {
    /// A new call, a little later.
    CallBack { number: String, caller: CallerId },
    /// A line on one of these trunks, for an emergency call.
    FreeTrunk { call: CallId, trunks: Vec<TrunkId> },
    /// A call that rings at another member of a ring group.
    PickUp { call: CallId, leg: LegId, extension: ExtensionId },
    /// Park what the device has on hold, or take what is parked.
    Park { call: CallId, leg: LegId, device: DeviceId, place: char },
    /// The user of an extension has changed something.
    Set { extension: ExtensionId, setting: ExtensionSetting },
}

impl Desk<'_> {
    pub fn leg(&mut self, command: LegCommand) {
        self.out.push_back(Output::Leg(command));
    }

    pub fn hangup(&mut self, leg: LegId, cause: Cause) {
        self.leg(LegCommand::Hangup { leg, cause });
    }

    pub fn play(&mut self, stream: StreamId, source: Source) {
        self.out.push_back(Output::Media(MediaCommand::Play { stream, source }));
    }

    pub fn send_digits(&mut self, stream: StreamId, digits: String) {
        self.out.push_back(Output::Media(MediaCommand::SendDigits {
            stream,
            digits,
            on_ms: 100,
            off_ms: 100,
        }));
    }

    /// Writes a decision into the ladder of a leg's call.
    pub fn note(&mut self, leg: LegId, label: impl Into<String>, detail: impl Into<String>) {
        self.out.push_back(Output::Trace(Trace {
            leg,
            direction: Direction::Note,
            protocol: Protocol::Pbx,
            label: label.into(),
            detail: detail.into(),
        }));
    }

    pub fn mint_leg(&mut self, call: CallId) -> LegId {
        *self.last_leg += 1;
        let leg = LegId::new(Room::Pbx, *self.last_leg);
        self.legs.insert(leg, call);
        leg
    }

    /// Milliseconds since 1970 UTC.
    pub fn wall_ms(&self) -> u64 {
        let since = self.now.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
