//! What a line was seen to do, and what follows from it.

use demarc_model::country::CallerIdStart;
use demarc_model::media::{CallerIdForm, HangupTone};
use demarc_model::{Instant, Learned};

/// So many calls in a row with caller identity of one kind, and only that is listened for.
const SURE: u8 = 2;
/// So many calls in a row without it, and everything is listened for again.
const LOST: u8 = 3;
/// Things told of one line: each kind once, and some cadences of ringing.
const TOLD: usize = 24;

/// How caller identity comes.
pub(super) type Identity = (CallerIdForm, CallerIdStart);

/// The memory of a line.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// Caller identity comes like this.
    pub(super) identity: Option<Identity>,
    /// It came like this the last so many times.
    candidate: Option<(Identity, u8)>,
    /// Calls in a row without it.
    missed: u8,
    /// Calls end with this tone.
    pub(super) hangup_tone: Option<HangupTone>,
    /// When the line was last put on hook.
    pub(super) released: Option<Instant>,
    told: Vec<Learned>,
}

impl Habits {
    /// A call brought caller identity.
    pub(super) fn identified(&mut self, seen: Identity) -> Option<Learned> {
        self.missed = 0;
        let times = match self.candidate {
            Some((known, times)) if known == seen => times.saturating_add(1),
            _ => 1,
        };
        self.candidate = Some((seen, times));
        if times < SURE || self.identity == Some(seen) {
            return None;
        }
        self.identity = Some(seen);
        let (form, start) = seen;
        Some(Learned::CallerId { form, start })
    }

    /// A call brought none.
    pub(super) fn unidentified(&mut self) -> Option<Learned> {
        self.missed = self.missed.saturating_add(1);
        if self.missed < LOST {
            return None;
        }
        self.missed = 0;
        self.candidate = None;
        self.identity.take().map(|_| Learned::CallerIdLost)
    }

    /// A tone ended a call.
    pub(super) fn ended_by(&mut self, tone: HangupTone) -> Option<Learned> {
        self.hangup_tone = Some(tone);
        self.once(Learned::HangupTone(tone))
    }

    /// Something that is told once, when it is seen first.
    pub(super) fn once(&mut self, what: Learned) -> Option<Learned> {
        let same = |known: &Learned| match (known, &what) {
            (Learned::Ring { cadence: known }, Learned::Ring { cadence: new }) => fits(known, new).is_some(),
            (known, new) => std::mem::discriminant(known) == std::mem::discriminant(new),
        };
        if self.told.len() >= TOLD || self.told.iter().any(same) {
            return None;
        }
        self.told.push(what.clone());
        Some(what)
    }

    /// What was seen before the gateway was started.
    pub(super) fn known(&mut self, what: &Learned) {
        match what {
            Learned::CallerId { form, start } => {
                self.identity = Some((*form, *start));
                self.candidate = Some(((*form, *start), SURE));
            }
            Learned::HangupTone(tone) => self.hangup_tone = Some(*tone),
            _ => {}
        }
        _ = self.once(what.clone());
    }
}

/// How far a cadence that was heard is from one that is known, in milliseconds; none when it is another one.
/// Cards see the edges of ringing late, each in its own way.
pub(super) fn fits(known: &[u16], heard: &[u16]) -> Option<u32> {
    let near = |(known, heard): (&u16, &u16)| {
        let off = known.abs_diff(*heard);
        (off <= (*known / 4).max(120)).then(|| u32::from(off))
    };
    (known.len() == heard.len()).then(|| known.iter().zip(heard).map(near).sum::<Option<u32>>())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use CallerIdForm::*;
    use CallerIdStart::*;

    #[test]
    fn two_calls_make_sure_and_three_without_unmake_it() {
        let mut habits = Habits::default();
        assert_eq!(habits.identified((V23, AfterFirstRing)), None);
        assert_eq!(habits.identified((Bell202, AfterFirstRing)), None);
        let learned = Learned::CallerId { form: Bell202, start: AfterFirstRing };
        assert_eq!(habits.identified((Bell202, AfterFirstRing)), Some(learned));
        assert_eq!(habits.identified((Bell202, AfterFirstRing)), None, "told once");
        assert_eq!(habits.unidentified(), None);
        assert_eq!(habits.unidentified(), None);
        assert_eq!(habits.identified((Bell202, AfterFirstRing)), None);
        let lost: Vec<_> = (0..3).map(|_| habits.unidentified()).collect();
        assert_eq!(lost, [None, None, Some(Learned::CallerIdLost)]);
        assert_eq!(habits.identity, None);
    }

    #[test]
    fn what_is_told_is_told_once_and_is_bounded() {
        let mut habits = Habits::default();
        assert!(habits.once(Learned::HangupLoopBreak).is_some());
        assert!(habits.once(Learned::HangupLoopBreak).is_none());
        assert!(habits.once(Learned::Ring { cadence: vec![800, 400, 800] }).is_some());
        assert!(habits.once(Learned::Ring { cadence: vec![850, 380, 790] }).is_none());
        let cadences = (1..200u16).map(|n| Learned::Ring { cadence: vec![n * 300; usize::from(n % 9)] });
        cadences.for_each(|ring| _ = habits.once(ring));
        assert!(habits.told.len() <= TOLD);
    }

    #[test]
    fn a_cadence_fits_the_nearest() {
        assert_eq!(fits(&[800, 400, 800], &[820, 400, 760]), Some(60));
        assert_eq!(fits(&[800, 400, 800], &[2000]), None);
        assert_eq!(fits(&[800, 400, 800], &[800, 600, 800]), None);
    }
}
