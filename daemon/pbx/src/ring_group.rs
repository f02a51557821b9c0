//! What a ring group rings.

use crate::extension::{self, Round};
use demarc_model::Config;
use demarc_model::config::{ExtensionId, RingGroupId, RingStrategy};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

/// All extensions of a group at once, or one after the other. A device that belongs to several of
/// them is rung once in a round; who does not want to be disturbed is left out.
pub(crate) fn rounds(config: &Config, id: RingGroupId) -> VecDeque<Round> {
    let Some(group) = config.ring_groups.iter().find(|g| g.id == id) else { return VecDeque::new() };
    let disturbed =
        |id: &ExtensionId| config.extensions.iter().any(|e| e.id == *id && !e.features.do_not_disturb);
    let members = group.extensions.iter().copied().filter(disturbed);
    let phones = members.map(|id| extension::phones(config, id));
    match group.strategy {
        RingStrategy::All => {
            let mut seen = BTreeSet::new();
            let phones = phones.flatten().filter(|phone| seen.insert(phone.device)).collect();
            let limit = Duration::from_secs(config.system.ring_timeout_s.into());
            VecDeque::from([Round { phones, limit }])
        }
        RingStrategy::InOrder => {
            let limit = Duration::from_secs(group.each_s.into());
            phones.map(|phones| Round { phones, limit }).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::{DeviceId, Secret};

    fn devices(round: &Round) -> Vec<u32> {
        round.phones.iter().map(|p| p.device.0).collect()
    }

    #[test]
    fn all_at_once_rings_each_device_once() {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        config.extensions[1].devices.push(DeviceId(1));
        let rounds = rounds(&config, RingGroupId(1));
        assert_eq!(rounds.len(), 1);
        assert_eq!(devices(&rounds[0]), [1, 2, 11]);
        assert_eq!(rounds[0].limit, Duration::from_secs(60));
    }

    #[test]
    fn in_order_rings_one_extension_after_the_other() {
        let mut config = Config::default_gateway(&mut || Secret::new("long-enough-secret"));
        config.ring_groups[0].strategy = RingStrategy::InOrder;
        let rounds = rounds(&config, RingGroupId(1));
        assert_eq!(rounds.iter().map(devices).collect::<Vec<_>>(), [vec![1], vec![2], vec![11]]);
        assert!(rounds.iter().all(|r| r.limit == Duration::from_secs(20)));
    }
}
