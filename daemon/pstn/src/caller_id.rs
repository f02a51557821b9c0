//! How caller identity and ringing follow one another on an analog line.
//!
//! ```text
//!   after polarity   reversal · 300 ms · data · 300 ms · ring … ring …     (ETSI EN 300 659-1)
//!   before ring      data · 300 ms · ring … ring …
//!   after first ring ring · 500 ms · data · rest of the gap · ring …       (GR-30)
//! ```
//!
//! Japan's exchanges want the telephone to answer a short ring before they send the data. Our lines
//! answer it (`fxo_line`); our own ports do not ask for it and send the data "after polarity", which
//! our lines understand too.

use demarc_model::country::CallerIdStart;
use demarc_model::media::CallerIdForm;
use demarc_model::{CallerId, Country, Now};
use std::time::{Duration, UNIX_EPOCH};

/// From the reversal to the data, and from the data to the ring (EN 300 659-1: at least 200 ms,
/// and 200 to 500 ms).
const AROUND_DATA: Duration = Duration::from_millis(300);
/// From the end of the first ring to the data (GR-30: at least 500 ms).
const AFTER_RING: Duration = Duration::from_millis(500);
/// What the data take, about: number, name and time in FSK.
const DATA: Duration = Duration::from_millis(1100);
/// A silence this long ends a ring: shorter ones are inside a double ring.
pub(crate) const RING_GAP: Duration = Duration::from_millis(1000);

/// One thing an exchange does to ring a telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reverse the polarity of the feed.
    Reverse,
    /// Send caller identity and wait until it is sent.
    Identify(CallerIdForm),
    /// Ringing voltage.
    Ring(Duration),
    /// Nothing.
    Pause(Duration),
}

/// What is done once, before a cadence of ringing repeats.
pub(crate) fn prelude(country: Country, cadence: Vec<Step>) -> Vec<Step> {
    let plan = country.plan();
    let identify = Step::Identify(plan.caller_id.form);
    let around = Step::Pause(AROUND_DATA);
    match plan.caller_id.start {
        CallerIdStart::AfterPolarity => vec![Step::Reverse, around, identify, around],
        CallerIdStart::BeforeRing => vec![identify, around],
        CallerIdStart::AfterFirstRing => {
            let mut steps = cadence;
            // The long gap is the last one of every cadence.
            let gap = match steps.pop() {
                Some(Step::Pause(gap)) => gap,
                _ => Duration::ZERO,
            };
            let rest = gap.saturating_sub(AFTER_RING + DATA).max(AROUND_DATA);
            steps.extend([Step::Pause(AFTER_RING), identify, Step::Pause(rest)]);
            steps
        }
    }
}

/// The cadence of ringing, once.
pub(crate) fn cadence(country: Country) -> Vec<Step> {
    let step = |(i, ms): (usize, &u32)| {
        let length = Duration::from_millis(u64::from(*ms));
        if i % 2 == 0 { Step::Ring(length) } else { Step::Pause(length) }
    };
    country.plan().ring.iter().enumerate().map(step).collect()
}

/// The cadence for calls from inside, where a telephone is to ring otherwise for them: a double ring
/// where the country has a single one, and the other way round; the period stays the same.
pub(crate) fn inside_cadence(country: Country) -> Vec<Step> {
    let ring = country.plan().ring;
    let rest = ring.iter().sum::<u32>().saturating_sub(1000);
    let ms = |ms: u32| Duration::from_millis(ms.into());
    match ring.len() {
        2 => vec![Step::Ring(ms(400)), Step::Pause(ms(200)), Step::Ring(ms(400)), Step::Pause(ms(rest))],
        _ => vec![Step::Ring(ms(1000)), Step::Pause(ms(rest))],
    }
}

/// What to expect on a line of the telco: the form, and when. A form that is not the country's own
/// brings its usual moment along.
pub(crate) fn expected(country: Country, form: Option<CallerIdForm>) -> (CallerIdForm, CallerIdStart) {
    let plan = country.plan().caller_id;
    match form {
        Some(CallerIdForm::Bell202) if plan.form != CallerIdForm::Bell202 => {
            (CallerIdForm::Bell202, CallerIdStart::AfterFirstRing)
        }
        Some(form) if plan.form != form => (form, CallerIdStart::AfterPolarity),
        _ => (plan.form, plan.start),
    }
}

/// The caller as a telephone of the country shows it.
pub(crate) fn shown(caller: &CallerId, country: Country) -> CallerId {
    let number = caller.number.as_deref().map(|number| country.shown(number));
    CallerId { number, ..caller.clone() }
}

/// Month, day, hour and minute (UTC) for the telephone's clock.
pub(crate) fn clock(now: Now) -> [u8; 4] {
    let minutes = now.wall.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() / 60);
    let (month, day) = month_and_day(minutes / 1440);
    let small = |n: u64| u8::try_from(n).unwrap_or(0);
    [small(month), small(day), small(minutes / 60 % 24), small(minutes % 60)]
}

/// Month and day of the `days`-th day after 1970-01-01, in the Gregorian calendar. Counts from
/// 1 March 0000, so that the leap day is the last of its year.
fn month_and_day(days: u64) -> (u64, u64) {
    let day_of_era = (days + 719_468) % 146_097;
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::Instant;

    #[test]
    fn every_country_identifies_once_and_rings() {
        for country in Country::ALL {
            let prelude = prelude(country, cadence(country));
            let identifies = prelude.iter().filter(|step| matches!(step, Step::Identify(_))).count();
            assert_eq!(identifies, 1, "{country:?}");
            let rang = prelude.iter().any(|step| matches!(step, Step::Ring(_)));
            let reversed = prelude.contains(&Step::Reverse);
            let start = country.plan().caller_id.start;
            assert_eq!(rang, start == CallerIdStart::AfterFirstRing, "{country:?}");
            assert_eq!(reversed, start == CallerIdStart::AfterPolarity, "{country:?}");
            assert!(matches!(cadence(country).first(), Some(Step::Ring(_))), "{country:?}");
        }
    }

    #[test]
    fn a_double_ring_is_one_ring() {
        // New Zealand: 400,200,400,2000 with the data in the long gap.
        let ring = Step::Ring(Duration::from_millis(400));
        let steps = prelude(Country::NZ, cadence(Country::NZ));
        assert_eq!(steps.first(), Some(&ring));
        assert_eq!(steps.get(2), Some(&ring));
        assert_eq!(steps.get(4), Some(&Step::Identify(CallerIdForm::Bell202)));
    }

    #[test]
    fn a_foreign_form_brings_its_moment() {
        use CallerIdForm::*;
        use CallerIdStart::*;
        assert_eq!(expected(Country::GB, None), (V23, AfterPolarity));
        assert_eq!(expected(Country::GB, Some(Bell202)), (Bell202, AfterFirstRing));
        assert_eq!(expected(Country::DE, Some(V23)), (V23, AfterFirstRing));
        assert_eq!(expected(Country::US, Some(Dtmf)), (Dtmf, AfterPolarity));
    }

    #[test]
    fn the_clock_knows_leap_years() {
        let at = |secs| Now { mono: Instant::default(), wall: UNIX_EPOCH + Duration::from_secs(secs) };
        assert_eq!(clock(at(0)), [1, 1, 0, 0]);
        assert_eq!(clock(at(1_709_210_096)), [2, 29, 12, 34], "2024-02-29 12:34:56");
        assert_eq!(clock(at(1_735_689_540)), [12, 31, 23, 59], "2024-12-31 23:59");
        assert_eq!(clock(at(4_107_542_400)), [3, 1, 0, 0], "2100-03-01: no leap day");
    }
}
