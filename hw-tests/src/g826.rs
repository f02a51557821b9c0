//! Error performance (ITU-T G.826), gathered second by second in buckets of 15 minutes and 24 hours
//! (G.784 §5).

use demarc_hal::{Alarm, SpanStatus};
use std::collections::VecDeque;

/// Seconds of a short bucket.
pub const QUARTER: u32 = 900;
/// Seconds of a long bucket.
pub const DAY: u32 = 86_400;
/// Short buckets that are kept: a day of them.
const KEPT: usize = 96;
/// Blocks of an E1 or T1 in a second, about: CRC-4 sub-multiframes, which G.826 Annex B takes for blocks.
const BLOCKS: u64 = 1000;
/// Seconds in a row after which a span counts as unavailable, and as available again (G.826 Annex A).
const TURN: u32 = 10;

/// What was counted over a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Seconds that were watched.
    pub seconds: u32,
    /// Seconds with an error or a defect, while available.
    pub errored: u32,
    /// Seconds with 30 % of errored blocks, or a defect.
    pub severe: u32,
    /// Seconds of unavailability.
    pub unavailable: u32,
    /// Errored blocks outside severe seconds.
    pub background: u64,
}

/// A span, watched.
#[derive(Debug, Clone, Default)]
pub struct Performance {
    /// Running.
    quarter: Bucket,
    day: Bucket,
    quarters: VecDeque<Bucket>,
    last: Option<SpanStatus>,
    unavailable: bool,
    /// Seconds in a row that speak for the other state.
    turning: u32,
    /// How those seconds were counted, to count them otherwise when the state turns.
    provisional: Bucket,
}

/// What one second was like.
#[derive(Debug, Clone, Copy, Default)]
struct Second {
    blocks: u64,
    defect: bool,
}

impl Second {
    const fn severe(self) -> bool {
        self.defect || self.blocks * 10 >= BLOCKS * 3
    }

    fn bucket(self) -> Bucket {
        let severe = self.severe();
        Bucket {
            seconds: 0,
            errored: u32::from(severe || self.blocks > 0),
            severe: u32::from(severe),
            unavailable: 0,
            background: if severe { 0 } else { self.blocks },
        }
    }
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        self.errored += other.errored;
        self.severe += other.severe;
        self.unavailable += other.unavailable;
        self.background += other.background;
    }

    fn take(&mut self, other: Self) {
        self.errored = self.errored.saturating_sub(other.errored);
        self.severe = self.severe.saturating_sub(other.severe);
        self.unavailable = self.unavailable.saturating_sub(other.unavailable);
        self.background = self.background.saturating_sub(other.background);
    }
}

impl Performance {
    /// Takes the state of a span; once a second. The first one is where counting begins.
    pub fn second(&mut self, status: &SpanStatus) {
        let Some(last) = self.last.replace(status.clone()) else { return };
        let grown = |now: u64, before: u64| now.saturating_sub(before);
        let blocks = grown(status.crc_errors, last.crc_errors)
            .max(grown(status.frame_errors, last.frame_errors))
            .max(grown(status.code_violations, last.code_violations))
            .max(grown(status.bipolar_violations, last.bipolar_violations))
            .max(grown(status.slips, last.slips))
            .min(BLOCKS);
        let defect = |alarm: &Alarm| {
            matches!(alarm, Alarm::Red | Alarm::Blue | Alarm::LossOfSignal | Alarm::LossOfFrame)
        };
        let second = Second { blocks, defect: status.alarms.iter().any(defect) };
        self.count(second);
    }

    fn count(&mut self, second: Second) {
        let counted =
            if self.unavailable { Bucket { unavailable: 1, ..Bucket::default() } } else { second.bucket() };
        let turns = second.severe() != self.unavailable;
        self.quarter.seconds += 1;
        self.day.seconds += 1;
        for bucket in [&mut self.quarter, &mut self.day] {
            bucket.add(counted);
        }
        if turns {
            self.turning += 1;
            // Had it turned already, this second would count so.
            let other = if self.unavailable {
                second.bucket()
            } else {
                Bucket { unavailable: 1, ..Bucket::default() }
            };
            let provisional = &mut self.provisional;
            provisional.add(other);
            if self.turning >= TURN {
                let right = std::mem::take(provisional);
                let wrong = if self.unavailable {
                    Bucket { unavailable: TURN, ..Bucket::default() }
                } else {
                    Bucket { errored: TURN, severe: TURN, ..Bucket::default() }
                };
                for bucket in [&mut self.quarter, &mut self.day] {
                    bucket.take(wrong);
                    bucket.add(right);
                }
                (self.unavailable, self.turning) = (!self.unavailable, 0);
            }
        } else {
            (self.turning, self.provisional) = (0, Bucket::default());
        }
        if self.quarter.seconds >= QUARTER {
            if self.quarters.len() >= KEPT {
                self.quarters.pop_front();
            }
            self.quarters.push_back(std::mem::take(&mut self.quarter));
        }
        if self.day.seconds >= DAY {
            self.day = Bucket::default();
        }
    }

    /// The bucket of 15 minutes that runs now.
    pub const fn quarter(&self) -> Bucket {
        self.quarter
    }

    /// The last full buckets of 15 minutes, the oldest first.
    pub const fn quarters(&self) -> &VecDeque<Bucket> {
        &self.quarters
    }

    /// The bucket of 24 hours that runs now.
    pub const fn day(&self) -> Bucket {
        self.day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(performance: &mut Performance, seconds: u32, each: impl Fn(&mut SpanStatus)) {
        let mut status = performance.last.clone().unwrap_or_default();
        if performance.last.is_none() {
            performance.second(&status);
        }
        for _ in 0..seconds {
            each(&mut status);
            performance.second(&status);
        }
        status.alarms.clear();
        performance.last = Some(status);
    }

    #[test]
    fn errored_and_severe_seconds() {
        let mut performance = Performance::default();
        watch(&mut performance, 100, |_| {});
        watch(&mut performance, 3, |status| status.crc_errors += 2);
        watch(&mut performance, 4, |status| status.crc_errors += 400);
        let day = performance.day();
        assert_eq!(
            (day.seconds, day.errored, day.severe, day.unavailable, day.background),
            (107, 7, 4, 0, 6)
        );
    }

    #[test]
    fn ten_severe_seconds_were_unavailable_from_the_first_on() {
        let mut performance = Performance::default();
        watch(&mut performance, 5, |_| {});
        watch(&mut performance, 30, |status| status.alarms = vec![Alarm::Red]);
        let day = performance.day();
        assert_eq!((day.errored, day.severe, day.unavailable), (0, 0, 30));
        // Ten good seconds make it available again, from the first of them on.
        watch(&mut performance, 9, |_| {});
        assert_eq!(performance.day().unavailable, 39);
        watch(&mut performance, 20, |_| {});
        assert_eq!(performance.day().unavailable, 30);
    }

    #[test]
    fn buckets_are_of_15_minutes_and_a_day_of_them_is_kept() {
        let mut performance = Performance::default();
        watch(&mut performance, QUARTER, |status| status.slips += 1);
        watch(&mut performance, 10, |_| {});
        assert_eq!(performance.quarters().len(), 1);
        assert_eq!((performance.quarters()[0].errored, performance.quarter().errored), (900, 0));
        watch(&mut performance, DAY, |_| {});
        assert_eq!((performance.quarters().len(), performance.day().seconds), (96, 910));
    }
}
