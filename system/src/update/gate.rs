//! The health gate: a new version is good when the gateway is up with the configuration migrated,
//! the spans and trunks that were up are up again, and a test call was heard. Sans-IO.

use super::boot::Baseline;
use demarc_model::Instant;
use demarc_model::appliance::Beat;
use std::time::Duration;

/// How long a new version has to show that it works. A PRI needs some seconds, a registration with a
/// provider that limits them some minutes.
pub const TRIAL: Duration = Duration::from_secs(300);
/// Crashes of the gateway after which nothing is waited for.
const CRASHES: u32 = 3;
/// How long the gateway must have been healthy in a row.
const STEADY: Duration = Duration::from_secs(10);

/// What is to be done with the new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Wait.
    Pending {
        /// For what.
        missing: Vec<String>,
        /// How much longer.
        left: Duration,
    },
    /// Keep it.
    Good,
    /// Go back.
    Bad {
        /// Why.
        reason: String,
    },
}

/// A new version on trial.
#[derive(Debug)]
pub struct Gate {
    baseline: Baseline,
    deadline: Instant,
    beat: Option<Beat>,
    healthy_since: Option<Instant>,
    crashes: u32,
    /// The number of the last test call.
    last: u64,
    /// The test call that has not ended yet.
    ordered: Option<u64>,
    passed: bool,
    call_fault: Option<String>,
    fault: Option<String>,
}

impl Gate {
    /// From the boot of the new version. `seed` makes the number of a test call unlike those before.
    pub fn new(now: Instant, baseline: Baseline, seed: u64) -> Self {
        Self {
            baseline,
            deadline: now + TRIAL,
            beat: None,
            healthy_since: None,
            crashes: 0,
            last: seed,
            ordered: None,
            passed: false,
            call_fault: None,
            fault: None,
        }
    }

    /// The gateway said how it does. A number when a test call is to be ordered.
    pub fn beat(&mut self, now: Instant, beat: &Beat) -> Option<u64> {
        self.healthy_since = if beat.healthy { self.healthy_since.or(Some(now)) } else { None };
        if let Some(call) = beat.test_call.as_ref().filter(|call| self.ordered == Some(call.id)) {
            self.ordered = None;
            self.passed = call.fault.is_none();
            self.call_fault.clone_from(&call.fault);
        }
        self.beat = Some(beat.clone());
        if !beat.healthy || self.passed || self.ordered.is_some() {
            return None;
        }
        self.last = self.last.wrapping_add(1);
        self.ordered = Some(self.last);
        self.ordered
    }

    /// The gateway ended by itself.
    pub fn crashed(&mut self, how: &str) {
        self.crashes += 1;
        (self.healthy_since, self.beat, self.ordered) = (None, None, None);
        if self.crashes >= CRASHES {
            self.fault =
                Some(format!("the gateway ended by itself {CRASHES} times, the last time with {how}"));
        }
    }

    /// What is to be done.
    pub fn verdict(&self, now: Instant) -> Verdict {
        if let Some(reason) = &self.fault {
            return Verdict::Bad { reason: reason.clone() };
        }
        let missing = self.missing(now);
        if missing.is_empty() {
            return Verdict::Good;
        }
        if now >= self.deadline {
            let reason = format!("within {} s {}", TRIAL.as_secs(), missing.join("; "));
            return Verdict::Bad { reason };
        }
        Verdict::Pending { missing, left: self.deadline.since(now) }
    }

    fn missing(&self, now: Instant) -> Vec<String> {
        let Some(beat) = &self.beat else { return vec!["the gateway was not up".into()] };
        let mut missing = Vec::new();
        if self.healthy_since.is_none_or(|since| now.since(since) < STEADY) {
            missing.push("the gateway was not healthy for long enough".into());
        }
        if beat.revision == 0 {
            missing.push("the configuration was not in force".into());
        }
        let spans = self.baseline.spans.iter().filter(|span| !beat.spans_up.contains(span));
        missing.extend(spans.map(|span| format!("span {span} did not come up again")));
        let trunks = self.baseline.trunks.iter().filter(|trunk| !beat.trunks_up.contains(trunk));
        missing.extend(trunks.map(|trunk| format!("trunk {trunk} did not come up again")));
        if !self.passed {
            missing.push(match &self.call_fault {
                Some(fault) => format!("the test call failed: {fault}"),
                None => "the test call was not heard".into(),
            });
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::SpanId;
    use demarc_model::appliance::TestCall;
    use demarc_model::config::TrunkId;

    fn at(s: u64) -> Instant {
        Instant::from_start(Duration::from_secs(s))
    }

    fn up() -> Beat {
        Beat {
            healthy: true,
            revision: 7,
            spans_up: vec![SpanId(1)],
            trunks_up: vec![TrunkId(1), TrunkId(2)],
            ..Beat::default()
        }
    }

    fn gate() -> Gate {
        let baseline = Baseline { spans: vec![SpanId(1)], trunks: vec![TrunkId(2)] };
        Gate::new(at(0), baseline, 40)
    }

    fn tell(gate: &mut Gate, beat: Beat, call: Option<(u64, Option<&str>)>) -> Option<u64> {
        let test_call = call.map(|(id, fault)| TestCall { id, fault: fault.map(Into::into) });
        gate.beat(at(5), &Beat { test_call, ..beat })
    }

    #[test]
    fn all_that_was_up_and_a_call_that_was_heard() {
        let mut gate = gate();
        assert!(matches!(gate.verdict(at(1)), Verdict::Pending { .. }));
        assert_eq!(tell(&mut gate, Beat::default(), None), None, "not before it is healthy");
        assert_eq!(tell(&mut gate, up(), None), Some(41));
        assert_eq!(tell(&mut gate, up(), None), None, "once");
        assert_eq!(tell(&mut gate, up(), Some((3, None))), None, "another call does not count");
        assert!(matches!(gate.verdict(at(20)), Verdict::Pending { missing, .. } if missing.len() == 1));
        assert_eq!(tell(&mut gate, up(), Some((41, None))), None);
        assert!(matches!(gate.verdict(at(14)), Verdict::Pending { .. }), "not healthy for ten seconds");
        assert_eq!(gate.verdict(at(15)), Verdict::Good);
    }

    #[test]
    fn a_span_that_stays_down_brings_the_old_version_back() {
        let mut gate = gate();
        let down = Beat { spans_up: vec![], ..up() };
        let id = tell(&mut gate, down.clone(), None).unwrap();
        tell(&mut gate, down, Some((id, None)));
        assert!(matches!(gate.verdict(at(299)), Verdict::Pending { .. }));
        let Verdict::Bad { reason } = gate.verdict(at(300)) else { panic!() };
        assert_eq!(reason, "within 300 s span 1 did not come up again");
    }

    #[test]
    fn a_test_call_that_fails_is_tried_again() {
        let mut gate = gate();
        let id = tell(&mut gate, up(), None).unwrap();
        let again = tell(&mut gate, up(), Some((id, Some("nothing was heard")))).unwrap();
        assert_ne!(id, again);
        let Verdict::Bad { reason } = gate.verdict(at(300)) else { panic!() };
        assert!(reason.contains("the test call failed: nothing was heard"));
        tell(&mut gate, up(), Some((again, None)));
        assert_eq!(gate.verdict(at(299)), Verdict::Good);
    }

    #[test]
    fn a_gateway_that_crashes_again_and_again_is_not_waited_for() {
        let mut gate = gate();
        tell(&mut gate, up(), None);
        gate.crashed("SIGSEGV");
        assert!(matches!(gate.verdict(at(1)), Verdict::Pending { .. }));
        assert_eq!(tell(&mut gate, up(), None), Some(42), "the call died with it");
        gate.crashed("SIGSEGV");
        gate.crashed("SIGSEGV");
        assert!(matches!(gate.verdict(at(1)), Verdict::Bad { reason } if reason.contains("SIGSEGV")));
    }

    #[test]
    fn a_gateway_that_never_comes_up() {
        let Verdict::Bad { reason } = gate().verdict(at(300)) else { panic!() };
        assert!(reason.contains("not up"));
    }
}
