//! Who has something to do, and when.

use demarc_model::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// At most one deadline for each key, with its reason.
#[derive(Debug)]
pub struct Schedule<K> {
    by_time: BTreeSet<(Instant, K)>,
    by_key: BTreeMap<K, (Instant, &'static str)>,
}

impl<K> Default for Schedule<K> {
    fn default() -> Self {
        Self { by_time: BTreeSet::new(), by_key: BTreeMap::new() }
    }
}

impl<K: Ord + Copy> Schedule<K> {
    /// Replaces the deadline of a key.
    pub fn set(&mut self, key: K, deadline: Option<(Instant, &'static str)>) {
        let former = match deadline {
            Some(deadline) => self.by_key.insert(key, deadline),
            None => self.by_key.remove(&key),
        };
        if let Some((at, _)) = former {
            self.by_time.remove(&(at, key));
        }
        if let Some((at, _)) = deadline {
            self.by_time.insert((at, key));
        }
    }

    /// The first deadline.
    pub fn next(&self) -> Option<(Instant, &'static str)> {
        self.by_time.first().and_then(|(_, key)| self.by_key.get(key).copied())
    }

    /// Takes out the first key that is due.
    pub fn pop_due(&mut self, now: Instant) -> Option<K> {
        let key = self.by_time.first().filter(|(at, _)| *at <= now).map(|(_, key)| *key)?;
        self.set(key, None);
        Some(key)
    }
}

/// The earlier of two deadlines.
pub fn earlier(
    a: Option<(Instant, &'static str)>,
    b: Option<(Instant, &'static str)>,
) -> Option<(Instant, &'static str)> {
    a.into_iter().chain(b).min_by_key(|(at, _)| *at)
}
