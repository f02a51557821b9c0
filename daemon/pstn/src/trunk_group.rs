//! Trunk groups: which channel a call to a trunk tries next.

use demarc_model::config::Hunt;
use demarc_model::leg::Dial;
use demarc_model::{Cause, ChannelId, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How often a call that met one from the far end on its channel is tried again.
pub(crate) const MAX_GLARES: u8 = 3;
/// How often a call that was lost on its way to the far end is sent again.
pub(crate) const MAX_LOST: u8 = 2;

/// A call to a trunk on its way to a channel that takes it. While it exists, the PBX has been told
/// nothing yet.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) dial: Box<Dial>,
    /// Channels that have failed it.
    tried: BTreeSet<ChannelId>,
    /// Why the last one failed.
    pub(crate) failed: Option<Cause>,
    pub(crate) glares: u8,
    /// How often the far end has not heard of it.
    pub(crate) lost: u8,
    /// An emergency call waits for a line on guard until then.
    pub(crate) patience: Option<Instant>,
}

impl Attempt {
    pub(crate) fn new(dial: Box<Dial>) -> Self {
        Self { dial, tried: BTreeSet::new(), failed: None, glares: 0, lost: 0, patience: None }
    }

    /// `channel` did not take it.
    pub(crate) fn failed_on(&mut self, channel: ChannelId, cause: Cause) {
        self.tried.insert(channel);
        self.failed = Some(cause);
    }
}

/// What a channel says to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// Take me.
    Free,
    /// There is a call on it.
    Busy,
    /// It rests until then.
    Guard(Instant),
    /// It cannot be used.
    Down,
}

/// What a trunk is made of, in its own order.
#[derive(Debug, Clone)]
pub(crate) struct Members {
    pub(crate) hunt: Hunt,
    pub(crate) channels: Vec<(ChannelId, Readiness)>,
    /// The cause when not one of them works.
    pub(crate) down: Cause,
}

/// What came of looking for a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Try this one.
    Channel(ChannelId),
    /// None now, but one that rests until then.
    Wait(Instant),
    /// None.
    Nothing(Cause),
}

/// The memory of all trunk groups: which channel was taken when.
#[derive(Debug, Default)]
pub(crate) struct TrunkGroups {
    taken: BTreeMap<ChannelId, u64>,
    count: u64,
}

impl TrunkGroups {
    /// Looks for a channel.
    pub(crate) fn find(&mut self, attempt: &Attempt, members: &Members) -> Found {
        let untried = |(channel, _): &&(ChannelId, Readiness)| !attempt.tried.contains(channel);
        let order = self.order(members);
        if let Some((channel, _)) =
            order.iter().filter(untried).find(|(_, readiness)| *readiness == Readiness::Free)
        {
            self.count += 1;
            self.taken.insert(*channel, self.count);
            return Found::Channel(*channel);
        }
        let rest = members.channels.iter().filter(untried).filter_map(|(_, readiness)| match readiness {
            Readiness::Guard(until) => Some(*until),
            _ => None,
        });
        if let Some(until) = rest.min() {
            return Found::Wait(until);
        }
        let busy = members.channels.iter().any(|(_, readiness)| *readiness == Readiness::Busy);
        Found::Nothing(match attempt.failed {
            _ if busy => Cause::NO_CIRCUIT,
            Some(Cause::REQUESTED_CIRCUIT_UNAVAILABLE) => Cause::NO_CIRCUIT,
            Some(cause) => cause,
            None => members.down,
        })
    }

    /// The members in the order in which they are tried.
    fn order(&self, members: &Members) -> Vec<(ChannelId, Readiness)> {
        let mut order = members.channels.clone();
        let taken = |channel: &ChannelId| self.taken.get(channel).copied().unwrap_or(0);
        match members.hunt {
            Hunt::Ascending => {}
            Hunt::Descending => order.reverse(),
            Hunt::RoundRobin => {
                let last = order.iter().enumerate().max_by_key(|(_, (channel, _))| taken(channel));
                if let Some((i, (channel, _))) = last
                    && taken(channel) > 0
                {
                    order.rotate_left(i + 1);
                }
            }
            Hunt::LeastRecent => order.sort_by_key(|(channel, _)| taken(channel)),
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::TrunkId;
    use demarc_model::{CallerId, LegId, Party, Room};
    use std::time::Duration;

    fn attempt() -> Attempt {
        Attempt::new(Box::new(Dial {
            leg: LegId::new(Room::Pbx, 1),
            to: Party::Trunk(TrunkId(1)),
            called: "112".into(),
            caller: CallerId::default(),
            redirecting: None,
            bearer: demarc_model::Bearer::Speech,
            emergency: true,
            complete: true,
            ring: demarc_model::RingKind::External,
        }))
    }

    fn members(hunt: Hunt, states: &[Readiness]) -> Members {
        let channels = (1..).zip(states).map(|(slot, state)| (ChannelId::new(1, slot), *state)).collect();
        Members { hunt, channels, down: Cause::DESTINATION_OUT_OF_ORDER }
    }

    fn found(slot: u8) -> Found {
        Found::Channel(ChannelId::new(1, slot))
    }

    #[test]
    fn each_policy_has_its_order() {
        let pick = |groups: &mut TrunkGroups, hunt| {
            let free = members(hunt, &[Readiness::Free; 3]);
            (0..4).map(|_| groups.find(&attempt(), &free)).collect::<Vec<_>>()
        };
        let mut groups = TrunkGroups::default();
        assert_eq!(pick(&mut groups, Hunt::Ascending), [found(1); 4]);
        assert_eq!(pick(&mut groups, Hunt::Descending), [found(3); 4]);
        assert_eq!(pick(&mut groups, Hunt::RoundRobin), [found(1), found(2), found(3), found(1)]);
        assert_eq!(pick(&mut groups, Hunt::LeastRecent), [found(2), found(3), found(1), found(2)]);
    }

    #[test]
    fn what_failed_is_not_tried_again() {
        let free = members(Hunt::Ascending, &[Readiness::Free; 2]);
        let mut groups = TrunkGroups::default();
        let mut attempt = attempt();
        attempt.failed_on(ChannelId::new(1, 1), Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        assert_eq!(groups.find(&attempt, &free), found(2));
        attempt.failed_on(ChannelId::new(1, 2), Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        let nothing = groups.find(&attempt, &free);
        assert_eq!(nothing, Found::Nothing(Cause::NO_CIRCUIT));
    }

    #[test]
    fn busy_says_34_down_says_what_is_down() {
        let mut groups = TrunkGroups::default();
        let mut find = |states: &[Readiness]| groups.find(&attempt(), &members(Hunt::Ascending, states));
        assert_eq!(find(&[]), Found::Nothing(Cause::DESTINATION_OUT_OF_ORDER));
        assert_eq!(find(&[Readiness::Down]), Found::Nothing(Cause::DESTINATION_OUT_OF_ORDER));
        assert_eq!(find(&[Readiness::Down, Readiness::Busy]), Found::Nothing(Cause::NO_CIRCUIT));
        let soon = Instant::from_start(Duration::from_secs(1));
        let later = Instant::from_start(Duration::from_secs(2));
        assert_eq!(find(&[Readiness::Guard(later), Readiness::Guard(soon)]), Found::Wait(soon));
    }
}
