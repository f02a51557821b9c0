//! One call's ringing: its cadence, and what must be known before the call is offered.

use super::habits::fits;
use crate::caller_id::RING_GAP;
use demarc_model::Instant;
use demarc_model::config::{DISTINCTIVE_RINGS, DistinctiveRing};

/// Bursts and pauses of one period that are looked at.
const RUNS: usize = 9;

/// A call that comes in.
#[derive(Debug)]
pub(super) struct Ringing {
    pub(super) offered: bool,
    /// The exchange has connected us already: the ring met our seizure.
    pub(super) connected: bool,
    /// Caller identity is awaited until then.
    pub(super) identity_at: Option<Instant>,
    /// The end of the period is awaited until then, because its cadence says who is called.
    pub(super) cadence_at: Option<Instant>,
    /// Who is called is not known before the cadence is.
    pub(super) wants_cadence: bool,
    /// When the last burst or pause began, and whether it rings.
    since: Instant,
    rings: bool,
    runs: Vec<u16>,
    complete: bool,
}

impl Ringing {
    /// It has just begun to ring.
    pub(super) fn new(now: Instant, connected: bool) -> Self {
        Self {
            offered: false,
            connected,
            identity_at: None,
            cadence_at: None,
            wants_cadence: false,
            since: now,
            rings: true,
            runs: Vec::new(),
            complete: false,
        }
    }

    /// A burst begins; true when it begins another period.
    pub(super) fn started(&mut self, now: Instant) -> bool {
        let again = !self.rings && now.since(self.since) >= RING_GAP;
        if again {
            self.complete = true;
        }
        if !self.rings {
            self.run(now);
        }
        self.cadence_at = None;
        self.rings = true;
        again
    }

    /// A burst ends.
    pub(super) fn stopped(&mut self, now: Instant) {
        if self.rings {
            self.run(now);
        }
        self.rings = false;
        if self.wants_cadence && !self.complete {
            self.cadence_at = Some(now + RING_GAP);
        }
    }

    /// Nothing more is to be awaited before the call is offered.
    pub(super) fn is_ready(&self) -> bool {
        self.identity_at.is_none() && (!self.wants_cadence || self.complete)
    }

    /// When it need not wait any longer, for one thing or the other.
    pub(super) fn deadline(&self) -> Option<(Instant, &'static str)> {
        let identity = self.identity_at.map(|at| (at, "caller identity"));
        identity.into_iter().chain(self.cadence_at.map(|at| (at, "ringing cadence"))).min()
    }

    /// Gives up what was awaited until `now`.
    pub(super) fn expire(&mut self, now: Instant) {
        self.identity_at = self.identity_at.filter(|at| *at > now);
        if self.cadence_at.is_some_and(|at| at <= now) {
            self.cadence_at = None;
            self.complete = true;
        }
    }

    /// Everything is known that ever will be.
    pub(super) fn give_up(&mut self) {
        self.identity_at = None;
        self.cadence_at = None;
        self.complete = true;
    }

    /// The cadence of the first period, once it is over.
    pub(super) fn cadence(&self) -> Option<&[u16]> {
        Some(self.runs.as_slice()).filter(|runs| self.complete && !runs.is_empty())
    }

    fn run(&mut self, now: Instant) {
        if !self.complete && self.runs.len() < RUNS {
            let ms = now.since(self.since).as_millis();
            self.runs.push(u16::try_from(ms).unwrap_or(u16::MAX));
        }
        self.since = now;
    }
}

/// The number that rings like this; none when it is none of them.
pub(super) fn number_of<'a>(rings: &'a [DistinctiveRing], cadence: &[u16]) -> Option<&'a str> {
    let known = rings.iter().filter_map(|ring| Some((fits(&ring.cadence, cadence)?, ring.number.as_str())));
    known.min_by_key(|(off, _)| *off).map(|(_, number)| number)
}

/// The name of a cadence (`DR2`), or the cadence itself.
pub(super) fn label(cadence: &[u16]) -> String {
    let known = DISTINCTIVE_RINGS.iter().filter_map(|(name, known)| Some((fits(known, cadence)?, *name)));
    let written = || cadence.iter().map(u16::to_string).collect::<Vec<_>>().join(",");
    known.min_by_key(|(off, _)| *off).map_or_else(written, |(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn rung(runs: &[u64]) -> Ringing {
        let mut now = Instant::default();
        let mut ringing = Ringing::new(now, false);
        for (i, ms) in runs.iter().enumerate() {
            now = now + Duration::from_millis(*ms);
            if i % 2 == 0 { ringing.stopped(now) } else { _ = ringing.started(now) }
        }
        ringing
    }

    #[test]
    fn each_distinctive_ring_has_its_name_even_when_edges_come_late() {
        for (name, cadence) in DISTINCTIVE_RINGS {
            for late in [-40i64, 0, 60] {
                let mut runs: Vec<u64> = cadence.iter().map(|ms| u64::from(*ms)).collect();
                runs.iter_mut().enumerate().for_each(|(i, ms)| {
                    *ms = ms.saturating_add_signed(if i % 2 == 0 { late } else { -late });
                });
                runs.push(4000);
                let ringing = rung(&runs);
                assert_eq!(label(ringing.cadence().unwrap()), name, "{late} ms");
            }
        }
        assert_eq!(label(&[400, 200, 400]), "400,200,400", "a country's own double ring");
    }

    #[test]
    fn a_period_is_over_with_its_long_pause() {
        let mut ringing = Ringing::new(Instant::default(), false);
        ringing.wants_cadence = true;
        let at = |ms| Instant::default() + Duration::from_millis(ms);
        ringing.stopped(at(800));
        assert!(!ringing.started(at(1200)) && ringing.cadence().is_none());
        ringing.stopped(at(2000));
        assert_eq!(ringing.deadline(), Some((at(3000), "ringing cadence")));
        ringing.expire(at(3000));
        assert!(ringing.is_ready());
        assert_eq!(ringing.cadence(), Some([800, 400, 800].as_slice()));
        let numbers = [(vec![2000], "+1"), (vec![800, 400, 800], "+2")]
            .map(|(cadence, number)| DistinctiveRing { cadence, number: number.into() });
        assert_eq!(number_of(&numbers, &[790, 420, 830]), Some("+2"));
        assert_eq!(number_of(&numbers, &[300, 200, 1000, 200, 300]), None);
    }

    #[test]
    fn endless_ringing_is_bounded() {
        let ringing = rung(&[100; 1000]);
        assert!(ringing.runs.len() <= RUNS);
    }
}
