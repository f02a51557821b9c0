//! Which countries a line may be in, from its tones.

use demarc_model::Country;
use demarc_model::country::{CallerIdStart, Pitch, PlanTone};
use demarc_model::media::{CallerIdForm, HangupTone};

/// Frequencies of modulation that differ by no more cannot be told apart in the length of a burst, in Hz.
const MODULATION: u16 = 10;
/// Pitches and cadences as measured may be off by so much, in Hz and hundredths.
const PITCH: u16 = 12;
const CADENCE: u32 = 15;

/// Countries whose dial tone cannot be told from that of `country`, itself among them.
pub(super) fn of_dial_tone(country: Country) -> Vec<Country> {
    let own = country.plan().dial;
    Country::ALL.into_iter().filter(|other| sound_alike(&own, &other.plan().dial)).collect()
}

/// One country for each dial tone, that of `first` first, then the others in the order of the table. A
/// dial tone with a cadence follows a continuous one of its pitch: its bursts may pass for that.
pub(super) fn one_of_each(first: Country) -> Vec<Country> {
    let mut list: Vec<Country> = Vec::new();
    for country in std::iter::once(first).chain(Country::ALL) {
        if !list.iter().any(|other| sound_alike(&other.plan().dial, &country.plan().dial)) {
            list.push(country);
        }
    }
    list
}

/// The country whose dial tone has the pitch of that of `country`, and a cadence.
pub(super) fn with_cadence(country: Country) -> Option<Country> {
    let own = country.plan().dial;
    let dial = |other: &Country| other.plan().dial;
    let same = |other: &Country| dial(other).pitch == own.pitch && !dial(other).cadence.is_empty();
    if own.cadence.is_empty() { Country::ALL.into_iter().find(same) } else { None }
}

/// Countries whose busy or congestion tone is this one.
pub(super) fn of_hangup_tone(tone: &HangupTone) -> Vec<Country> {
    let is = |plan: &PlanTone| {
        let cadence: Vec<u32> = vec![tone.on_ms.into(), tone.off_ms.into()];
        let close = |a: u32, b: u32| a.abs_diff(b) <= 30.max(b * CADENCE / 100);
        let near = |f: u16, g: u16| f.abs_diff(g) <= PITCH;
        let pitch = match plan.pitch {
            Pitch::Single(f) => tone.f2 == 0 && near(tone.f1, f),
            Pitch::Sum(f, g) => near(tone.f1, f) && near(tone.f2, g) || near(tone.f1, g) && near(tone.f2, f),
            Pitch::Modulated(f, _) => near(tone.f1, f),
        };
        pitch && plan.cadence.len() == 2 && plan.cadence.iter().zip(cadence).all(|(a, b)| close(b, *a))
    };
    Country::ALL.into_iter().filter(|c| is(&c.plan().busy) || is(&c.plan().congestion)).collect()
}

/// Countries with the busy tone of `country`.
pub(super) fn of_busy_tone(country: Country) -> Vec<Country> {
    let own = country.plan().busy;
    Country::ALL.into_iter().filter(|other| other.plan().busy == own).collect()
}

/// Countries that send caller identity like this.
pub(super) fn of_caller_id(form: CallerIdForm, start: CallerIdStart) -> Vec<Country> {
    let is = |country: &Country| {
        let plan = country.plan().caller_id;
        plan.form == form && plan.start == start
    };
    Country::ALL.into_iter().filter(is).collect()
}

fn sound_alike(a: &PlanTone, b: &PlanTone) -> bool {
    let pitch = match (a.pitch, b.pitch) {
        (Pitch::Modulated(f, m), Pitch::Modulated(g, n)) => f == g && m.abs_diff(n) <= MODULATION,
        (a, b) => a == b,
    };
    pitch && a.cadence == b.cadence
}

/// A tone's pitch for a sentence: `350 + 440 Hz`.
pub(super) fn pitch(tone: &PlanTone) -> String {
    match tone.pitch {
        Pitch::Single(f) => format!("{f} Hz"),
        Pitch::Sum(f, g) => format!("{f} + {g} Hz"),
        Pitch::Modulated(f, m) => format!("{f} × {m} Hz"),
    }
}

/// Codes, at most a dozen: `DE, ES, NL`.
pub(super) fn codes(countries: &[Country]) -> String {
    countries.iter().take(12).map(|country| format!("{country:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_found_by_one_of_each_dial_tone() {
        for first in Country::ALL {
            let list = one_of_each(first);
            assert_eq!(list.first(), Some(&first));
            let found: usize = list.iter().map(|country| of_dial_tone(*country).len()).sum();
            assert_eq!(found, Country::ALL.len(), "{list:?}");
        }
        assert_eq!(of_dial_tone(Country::GB), [Country::US, Country::CA, Country::GB]);
        assert_eq!(of_dial_tone(Country::IN), [Country::IN, Country::ZA], "25 and 33 Hz are too near");
        assert_eq!(with_cadence(Country::DE), Some(Country::IT));
        assert_eq!(with_cadence(Country::GB), None);
    }

    #[test]
    fn a_measured_tone_has_its_countries() {
        let tone = |f1, f2, on_ms, off_ms| HangupTone { f1, f2, on_ms, off_ms };
        assert_eq!(of_hangup_tone(&tone(481, 619, 510, 495)), [Country::US, Country::CA]);
        assert_eq!(
            of_hangup_tone(&tone(424, 0, 480, 480)),
            [Country::DE, Country::IT, Country::NL, Country::CH]
        );
        assert!(of_hangup_tone(&tone(1000, 0, 500, 500)).is_empty());
    }
}
