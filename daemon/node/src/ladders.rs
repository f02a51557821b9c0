//! The ladders of recent calls: every message of every leg on one timeline.
//!
//! Rooms report a [`Trace`] with the leg it belongs to. The first messages of a leg come before the
//! PBX has made a call of it; they wait here until it has. All of it is bounded: the oldest ladder
//! goes when there are too many, and a ladder that is full counts what it leaves out.

use demarc_model::live::{Ladder, LadderRow};
use demarc_model::{CallId, Instant, LegId, Now, Trace};
use std::collections::{BTreeMap, VecDeque};

/// How many calls are kept.
const MAX_LADDERS: usize = 500;
/// How many rows of a call are kept.
const MAX_ROWS: usize = 400;
/// How many legs may wait for their call, and how many rows each.
const MAX_WAITING: usize = 256;
const MAX_WAITING_ROWS: usize = 64;
/// How much of a message is kept, in octets.
const MAX_DETAIL: usize = 4096;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Ladders {
    calls: BTreeMap<CallId, Recording>,
    order: VecDeque<CallId>,
    legs: BTreeMap<LegId, (CallId, usize)>,
    waiting: BTreeMap<LegId, Vec<(Instant, Trace)>>,
    waiting_order: VecDeque<LegId>,
}

#[derive(Debug)]
struct Recording {
    began: Instant,
    legs: Vec<LegId>,
    parties: Vec<String>,
    rows: Vec<(Instant, LadderRow)>,
    dropped: u32,
}

impl Ladders {
    /// A leg belongs to a call from now on; `party` is its column heading.
    pub fn join(&mut self, now: Now, leg: LegId, call: CallId, party: String) {
        if self.legs.contains_key(&leg) {
            return;
        }
        let waiting = self.waiting.remove(&leg).unwrap_or_default();
        self.waiting_order.retain(|waiter| *waiter != leg);
        let began = waiting.first().map_or(now.mono, |(at, _)| *at);
        if !self.calls.contains_key(&call) {
            self.make_room();
            self.order.push_back(call);
        }
        let recording = self.calls.entry(call).or_insert_with(|| Recording {
            began,
            legs: Vec::new(),
            parties: Vec::new(),
            rows: Vec::new(),
            dropped: 0,
        });
        let column = recording.parties.len();
        recording.parties.push(party);
        recording.legs.push(leg);
        self.legs.insert(leg, (call, column));
        for (at, trace) in waiting {
            recording.push(at, column, trace);
        }
    }

    /// Something was said on a leg.
    pub fn record(&mut self, now: Now, trace: Trace) {
        if let Some((call, column)) = self.legs.get(&trace.leg) {
            if let Some(recording) = self.calls.get_mut(call) {
                recording.push(now.mono, *column, trace);
            }
            return;
        }
        if !self.waiting.contains_key(&trace.leg) {
            if self.waiting_order.len() >= MAX_WAITING
                && let Some(oldest) = self.waiting_order.pop_front()
            {
                self.waiting.remove(&oldest);
            }
            self.waiting_order.push_back(trace.leg);
        }
        let rows = self.waiting.entry(trace.leg).or_default();
        if rows.len() < MAX_WAITING_ROWS {
            rows.push((now.mono, trace));
        }
    }

    /// The ladder of a call, when it is still kept.
    pub fn get(&self, call: CallId) -> Option<Ladder> {
        let recording = self.calls.get(&call)?;
        let mut rows = recording.rows.clone();
        rows.sort_by_key(|(at, _)| *at);
        Some(Ladder {
            call,
            parties: recording.parties.clone(),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            dropped: recording.dropped,
        })
    }

    /// The calls whose ladders are kept, the newest first.
    pub fn calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.order.iter().rev().copied()
    }

    fn make_room(&mut self) {
        while self.order.len() >= MAX_LADDERS {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(recording) = self.calls.remove(&oldest) {
                for leg in recording.legs {
                    self.legs.remove(&leg);
                }
            }
        }
    }
}

impl Recording {
    fn push(&mut self, at: Instant, party: usize, trace: Trace) {
        if self.rows.len() >= MAX_ROWS {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let at_us = u64::try_from(at.since(self.began).as_micros()).unwrap_or(u64::MAX);
        let Trace { direction, protocol, label, mut detail, .. } = trace;
        if detail.len() > MAX_DETAIL {
            detail.truncate(detail.floor_char_boundary(MAX_DETAIL));
        }
        self.rows.push((at, LadderRow { at_us, party, direction, protocol, label, detail }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::Room;
    use demarc_model::trace::{Direction, Protocol};
    use std::time::{Duration, SystemTime};

    fn at(ms: u64) -> Now {
        Now { mono: Instant::from_start(Duration::from_millis(ms)), wall: SystemTime::UNIX_EPOCH }
    }

    fn trace(leg: LegId, label: &str) -> Trace {
        Trace {
            leg,
            direction: Direction::In,
            protocol: Protocol::Sip,
            label: label.into(),
            detail: "é".repeat(3000),
        }
    }

    #[test]
    fn what_was_said_before_the_call_is_in_its_ladder() {
        let (leg, call) = (LegId::new(Room::Sip, 1), CallId(7));
        let mut ladders = Ladders::default();
        ladders.record(at(10), trace(leg, "INVITE"));
        assert!(ladders.get(call).is_none());
        ladders.join(at(12), leg, call, "Reception".into());
        ladders.record(at(15), trace(leg, "ACK"));
        let ladder = ladders.get(call).unwrap();
        let rows: Vec<_> = ladder.rows.iter().map(|row| (row.at_us, row.label.as_str())).collect();
        assert_eq!(rows, [(0, "INVITE"), (5000, "ACK")]);
        assert!(ladder.rows[0].detail.len() <= MAX_DETAIL);
    }

    #[test]
    fn everything_is_bounded() {
        let mut ladders = Ladders::default();
        for n in 1..=1000 {
            ladders.record(at(n), trace(LegId::new(Room::Pstn, n), "RingStarted"));
        }
        assert_eq!(ladders.waiting.len(), MAX_WAITING);
        for n in 1..=1000 {
            let leg = LegId::new(Room::Sip, n);
            ladders.join(at(n), leg, CallId(n), "x".into());
            for _ in 0..2 * MAX_ROWS {
                ladders.record(at(n), trace(leg, "INFO"));
            }
        }
        assert_eq!(ladders.calls.len(), MAX_LADDERS);
        assert_eq!(ladders.legs.len(), MAX_LADDERS);
        assert_eq!(ladders.calls().next(), Some(CallId(1000)));
        let newest = ladders.get(CallId(1000)).unwrap();
        assert_eq!((newest.rows.len(), newest.dropped as usize), (MAX_ROWS, MAX_ROWS));
    }
}
