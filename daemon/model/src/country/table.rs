//! The table of country plans: ITU-T E.180 Supplement 2 for tones, national practice for the rest.
//!
//! Frequencies in Hz, `f*g` = f modulated by g; cadences in ms, on and off in turn. Ringing follows
//! the cadence of ringback in every country of the table.

use super::{
    CallerIdPlan, CallerIdStart::*, Confidence::*, Country, Howler, Pitch, Plan, PlanTone, SpecialDial,
};
use crate::media::CallerIdForm::*;
use demarc_hal::Companding::*;

/// A tone of the table: `350 + 440` or `400 * 25`, then its cadence.
macro_rules! tone {
    ($f:literal $(, $ms:literal)*) => { tone(Pitch::Single($f), &[$($ms),*]) };
    ($f:literal + $g:literal $(, $ms:literal)*) => { tone(Pitch::Sum($f, $g), &[$($ms),*]) };
    ($f:literal * $g:literal $(, $ms:literal)*) => { tone(Pitch::Modulated($f, $g), &[$($ms),*]) };
}

/// One row of the table.
macro_rules! row {
    ($name:literal, dial: [$($dial:tt)+], busy: [$($busy:tt)+], ringback: [$($ringback:tt)+],
     congestion: [$($congestion:tt)+], waiting: [$($waiting:tt)+], special: $special:expr, $form:ident $start:ident $confidence:ident, $law:ident) => {{
        const RINGBACK: PlanTone = tone!($($ringback)+);
        Plan {
            name: $name,
            dial: tone!($($dial)+),
            busy: tone!($($busy)+),
            ringback: RINGBACK,
            congestion: tone!($($congestion)+),
            call_waiting: tone!($($waiting)+),
            special_dial: $special,
            howler: Howler::Sweep,
            ring: RINGBACK.cadence,
            caller_id: CallerIdPlan { form: $form, start: $start, confidence: $confidence },
            companding: $law,
        }
    }};
}

const fn tone(pitch: Pitch, cadence: &'static [u32]) -> PlanTone {
    PlanTone { pitch, cadence, alternating: false }
}

/// A special dial tone of its own.
macro_rules! own {
    ($($tone:tt)+) => { SpecialDial::Own(tone!($($tone)+)) };
}

const fn alternating(tone: PlanTone) -> PlanTone {
    PlanTone { alternating: true, ..tone }
}

/// The plan of `country`.
pub(super) fn plan(country: Country) -> &'static Plan {
    match country {
        Country::US => &US,
        Country::CA => &CA,
        Country::GB => &GB,
        Country::DE => &DE,
        Country::FR => &FR,
        Country::IT => &IT,
        Country::ES => &ES,
        Country::NL => &NL,
        Country::SE => &SE,
        Country::CH => &CH,
        Country::BR => &BR,
        Country::MX => &MX,
        Country::AR => &AR,
        Country::AU => &AU,
        Country::NZ => &NZ,
        Country::JP => &JP,
        Country::IN => &IN,
        Country::CN => &CN,
        Country::RU => &RU,
        Country::ZA => &ZA,
        Country::TR => &TR,
    }
}

// Where operators mix forms (AR, RU, NZ, TR) the row has the likelier one, at low confidence.
// Japan's ringback is 400 × 15–20 in E.180, not a sum: 15 Hz of its own would not pass a voice channel.
#[rustfmt::skip]
mod rows {
use super::*;
const TURNS_GB: SpecialDial = SpecialDial::Turns(Pitch::Sum(350, 440), Pitch::Single(440), 750);
const TURNS_IT: SpecialDial = SpecialDial::Turns(Pitch::Single(470), Pitch::Single(425), 400);
pub(super) static US: Plan = Plan { howler: Howler::ReceiverOffHook, ..row!("United States",  dial: [350+440], busy: [480+620, 500,500], ringback: [440+480, 2000,4000],        congestion: [480+620, 250,250],                 waiting: [440, 300,10000], special: SpecialDial::Stutter, Bell202  AfterFirstRing High,   MuLaw) };
pub(super) static CA: Plan = Plan { name: "Canada", ..US };
pub(super) static GB: Plan = row!("United Kingdom", dial: [350+440], busy: [400, 375,375],     ringback: [400+450, 400,200,400,2000], congestion: [400, 400,350,225,525],             waiting: [400, 100,4000], special: TURNS_GB, V23      AfterPolarity  High,   ALaw);
pub(super) static DE: Plan = row!("Germany",        dial: [425],     busy: [425, 480,480],     ringback: [425, 1000,4000],            congestion: [425, 240,240],                     waiting: [425, 200,200,200,5000], special: own!(425+400), V23      AfterFirstRing Medium, ALaw);
pub(super) static FR: Plan = row!("France",         dial: [440],     busy: [440, 500,500],     ringback: [440, 1500,3500],            congestion: [440, 250,250],                     waiting: [440, 300,10000], special: SpecialDial::Stutter, V23      AfterFirstRing Medium, ALaw);
pub(super) static IT: Plan = row!("Italy",          dial: [425, 200,200,600,1000], busy: [425, 500,500], ringback: [425, 1000,4000],  congestion: [425, 200,200],                     waiting: [425, 400,100,250,100,150,14000], special: TURNS_IT, V23      AfterFirstRing Low,    ALaw);
pub(super) static ES: Plan = row!("Spain",          dial: [425],     busy: [425, 200,200],     ringback: [425, 1500,3000],            congestion: [425, 200,200,200,200,200,600],     waiting: [425, 175,175,175,3500], special: own!(425, 1000,50), V23      AfterFirstRing Medium, ALaw);
pub(super) static NL: Plan = row!("Netherlands",    dial: [425],     busy: [425, 500,500],     ringback: [425, 1000,4000],            congestion: [425, 250,250],                     waiting: [425, 500,9500], special: own!(425, 500,50), Dtmf     AfterPolarity  High,   ALaw);
pub(super) static SE: Plan = row!("Sweden",         dial: [425],     busy: [425, 250,250],     ringback: [425, 1000,5000],            congestion: [425, 250,750],                     waiting: [425, 200,500,200,9100], special: SpecialDial::Stutter, Dtmf     AfterPolarity  High,   ALaw);
pub(super) static CH: Plan = row!("Switzerland",    dial: [425],     busy: [425, 500,500],     ringback: [425, 1000,4000],            congestion: [425, 200,200],                     waiting: [425, 200,200,200,4000], special: own!(425+340, 1100,1100), V23      AfterFirstRing Medium, ALaw);
pub(super) static BR: Plan = row!("Brazil",         dial: [425],     busy: [425, 250,250],     ringback: [425, 1000,4000],            congestion: [425, 250,250,750,250],             waiting: [425, 50,1000], special: SpecialDial::Stutter, Dtmf     BeforeRing     High,   ALaw);
pub(super) static MX: Plan = row!("Mexico",         dial: [425],     busy: [425, 250,250],     ringback: [425, 1000,4000],            congestion: [425, 250,250],                     waiting: [425, 200,600,200,10000], special: SpecialDial::Stutter, Bell202  AfterFirstRing Medium, ALaw);
pub(super) static AR: Plan = row!("Argentina",      dial: [425],     busy: [425, 300,300],     ringback: [425, 1000,4500],            congestion: [425, 200,300],                     waiting: [425, 200,9000], special: own!(425, 450,50), Bell202  AfterFirstRing Low,    ALaw);
pub(super) static AU: Plan = Plan { congestion: alternating(tone!(425, 375,375)), ..
                             row!("Australia",      dial: [415+440], busy: [425, 375,375],     ringback: [413+438, 400,200,400,2000], congestion: [425, 375,375],                     waiting: [425, 100,200,200,4400], special: own!(413+438, 100,40), Bell202  AfterFirstRing Medium, ALaw) };
pub(super) static NZ: Plan = row!("New Zealand",    dial: [400],     busy: [400, 500,500],     ringback: [400+450, 400,200,400,2000], congestion: [400, 250,250],                     waiting: [400, 250,250,250,3250], special: SpecialDial::Stutter, Bell202  AfterFirstRing Low,    ALaw);
pub(super) static JP: Plan = row!("Japan",          dial: [400],     busy: [400, 500,500],     ringback: [400*15, 1000,2000],         congestion: [400, 500,500],                     waiting: [400*16, 500,8000], special: SpecialDial::Stutter, V23Japan AfterPolarity  High,   MuLaw);
pub(super) static IN: Plan = row!("India",          dial: [400*25],  busy: [400, 750,750],     ringback: [400*25, 400,200,400,2000],  congestion: [400, 250,250],                     waiting: [400, 200,100,200,7500], special: SpecialDial::Stutter, Dtmf     AfterPolarity  High,   ALaw);
pub(super) static CN: Plan = row!("China",          dial: [450],     busy: [450, 350,350],     ringback: [450, 1000,4000],            congestion: [450, 700,700],                     waiting: [450, 400,4000], special: own!(450+425), Bell202  AfterFirstRing Medium, ALaw);
pub(super) static RU: Plan = row!("Russia",         dial: [425],     busy: [425, 350,350],     ringback: [425, 1000,4000],            congestion: [425, 175,175],                     waiting: [425, 200,5000], special: SpecialDial::Stutter, V23      AfterFirstRing Low,    ALaw);
pub(super) static ZA: Plan = row!("South Africa",   dial: [400*33],  busy: [400, 500,500],     ringback: [400*33, 400,200,400,2000],  congestion: [400, 250,250],                     waiting: [400*33, 250,250,250,4000], special: SpecialDial::Stutter, V23      AfterFirstRing Low,    ALaw);
pub(super) static TR: Plan = row!("Turkey",         dial: [450],     busy: [450, 500,500],     ringback: [450, 2000,4000],            congestion: [450, 200,200,200,200,200,200,600,200], waiting: [450, 200,600,200,8000], special: SpecialDial::Stutter, Dtmf AfterPolarity  Low,    ALaw);
}
use rows::*;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_country_has_a_plan_of_its_own_name() {
        let names: BTreeSet<_> = Country::ALL.iter().map(|c| c.plan().name).collect();
        assert_eq!(names.len(), Country::ALL.len());
    }

    #[test]
    fn cadences_come_in_pairs_and_end() {
        for country in Country::ALL {
            let plan = country.plan();
            for tone in [plan.dial, plan.busy, plan.ringback, plan.congestion] {
                assert_eq!(tone.cadence.len() % 2, 0, "{country:?} {tone:?}");
                assert!(tone.cadence.iter().all(|ms| (100..=6000).contains(ms)), "{country:?} {tone:?}");
            }
            for tone in [plan.busy, plan.ringback, plan.congestion] {
                assert!(!tone.cadence.is_empty(), "{country:?}: only dial tone may be continuous");
            }
        }
    }

    #[test]
    fn ringing_leaves_room_for_caller_identity() {
        for country in Country::ALL {
            let ring = country.plan().ring;
            assert!(!ring.is_empty() && ring.len().is_multiple_of(2), "{country:?}");
            assert!(ring.iter().skip(1).step_by(2).any(|&off| off >= 2000), "{country:?}");
        }
    }

    #[test]
    fn the_table_reads_as_written() {
        assert_eq!(Country::CA.plan().busy, Country::US.plan().busy);
        assert_eq!(Country::IN.plan().dial.pitch, Pitch::Modulated(400, 25));
        assert_eq!(Country::FR.plan().congestion.pitch, Pitch::Single(440));
        assert_eq!(Country::TR.plan().congestion.cadence, [200, 200, 200, 200, 200, 200, 600, 200]);
        assert!(Country::AU.plan().congestion.alternating && !Country::AU.plan().busy.alternating);
        let mu: Vec<_> = Country::ALL.into_iter().filter(|c| c.plan().companding == MuLaw).collect();
        assert_eq!(mu, [Country::US, Country::CA, Country::JP]);
    }
}
