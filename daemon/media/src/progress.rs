//! Recognises call-progress tones of a country (ITU-T E.180): by pitch, then by cadence.
//!
//! Sound is cut into runs of sound and silence in steps of 10 ms. While it sounds, windows of 80 ms
//! are compared with the pitches of the country. Finished runs are compared with its cadences, and
//! with each other: six equal periods of one pitch that the country does not know are an unknown
//! tone.

use crate::codec::g711::Samples;
use crate::measure::{Goertzel, energy};
use demarc_model::Country;
use demarc_model::country::Pitch;
use demarc_model::media::{HangupTone, ProgressTone};
use special::SpecialInformation;
use unknown::{Heard, Spectrum};

mod special;
mod unknown;

/// Samples in a step: 10 ms.
const STEP: usize = 80;
/// Samples in a window: 80 ms, which tells frequencies 12.5 Hz apart.
const WINDOW: usize = 640;
/// What those 80 ms tell apart, in Hz. A pitch is listened to half as far below and above, so that one
/// that is off by 1.2 % counts in full.
const RESOLUTION: f32 = 12.5;
/// Mean square of a step that sounds: about −41 dBm0.
const LOUD: f64 = 20_000.0;
/// How much of a window's energy must lie at its pitch.
const PURE: f64 = 0.75;
/// Each of two pitches has this much of it at least.
const EACH: f64 = 0.2;
/// How much the loudest 10 ms of a window outweigh the quietest when a tone swells and fades.
const SWELLS: f64 = 3.0;
/// Two pitches so near each other, in Hz, are heard to swell and fade.
const BEATS: u16 = 40;
/// A sound has ended when it was not loud for so long.
const FADE_MS: u32 = 40;
/// A continuous tone is dial tone after so many milliseconds at least.
const DIAL_MS: u32 = 400;
/// A line that has been silent so far does not ring back: only bursts of ringback that are no longer
/// than this are waited for, in milliseconds.
const FIRST_RINGBACK_MS: u32 = 700;
/// No cadence is silent for longer.
const LONGEST_SILENCE_MS: u32 = 6000;
/// Runs that are remembered: two periods of the longest cadence, and more.
const RUNS: usize = 16;

/// A set of the detector's pitches, one bit each.
type Pitches = u8;

/// A detector for one country.
pub struct ProgressDetector {
    /// Dial tone is the first.
    tones: Vec<Candidate>,
    special: SpecialInformation,
    /// What sounds, whatever it is; only when unknown tones are asked for.
    spectrum: Option<Box<Spectrum>>,
    unknown: Option<HangupTone>,
    /// It goes on: it is not reported again.
    unknown_told: bool,
    /// Samples in the window so far, and their energy.
    window: usize,
    window_energy: f64,
    /// The energies of its quietest and its loudest step, but for the last: a tone may end in that.
    steps: (f64, f64),
    /// The run that is going on, and finished ones, newest first.
    run: Run,
    past: [Run; RUNS],
    /// Milliseconds since it was loud.
    quiet: u32,
    /// A tone has ended since the detector began: a continuous one may now be any long burst.
    tone_ended: bool,
    /// Reported last; a tone that goes on is not reported again.
    reported: Option<ProgressTone>,
}

/// A tone that may be heard.
struct Candidate {
    name: ProgressTone,
    pitch: Pitch,
    cadence: Vec<u32>,
    alternating: bool,
    /// For each of its pitches; a modulated one is one with everything around it.
    bins: [Vec<Goertzel>; 2],
}

/// A stretch of sound or silence.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    sounds: bool,
    ms: u32,
    /// The pitches that all its windows had.
    pitches: Pitches,
    windows: u32,
    /// Mean square of its windows' sum.
    level: f64,
    /// What its windows were, whatever it was.
    heard: Heard,
}

impl ProgressDetector {
    /// A detector for the tones of `country`; `hangup` is a tone of the line itself, reported as busy
    /// tone. `unknown`: look for regular tones that are neither.
    pub fn new(country: Country, hangup: Option<HangupTone>, unknown: bool) -> Self {
        let plan = country.plan();
        // The order decides between tones that a country does not tell apart: busy before congestion.
        let tones = [
            (ProgressTone::Dial, plan.dial),
            (ProgressTone::Busy, plan.busy),
            (ProgressTone::Congestion, plan.congestion),
            (ProgressTone::Ringback, plan.ringback),
        ];
        let country = tones.map(|(name, tone)| Candidate {
            name,
            pitch: tone.pitch,
            cadence: tone.cadence.to_vec(),
            alternating: tone.alternating,
            bins: bins(tone.pitch),
        });
        let own = hangup.map(|tone| {
            let pitch = if tone.f2 == 0 { Pitch::Single(tone.f1) } else { Pitch::Sum(tone.f1, tone.f2) };
            let cadence = vec![tone.on_ms.into(), tone.off_ms.into()];
            Candidate { name: ProgressTone::Busy, pitch, cadence, alternating: false, bins: bins(pitch) }
        });
        Self {
            tones: country.into_iter().chain(own).collect(),
            special: SpecialInformation::default(),
            spectrum: unknown.then(Box::default),
            unknown: None,
            unknown_told: false,
            window: 0,
            window_energy: 0.0,
            steps: (f64::MAX, 0.0),
            run: Run::default(),
            past: [Run::default(); RUNS],
            quiet: 0,
            tone_ended: false,
            reported: None,
        }
    }

    /// A tone has ended since the detector, or the one before it, began.
    pub fn has_heard_a_tone(&self) -> bool {
        self.tone_ended || self.run.pitches != 0
    }

    /// It takes over from another detector, which had heard a tone or not.
    pub fn goes_on(&mut self, tone_ended: bool) {
        self.tone_ended |= tone_ended;
    }

    /// The unknown tone that was recognised since the last time.
    pub fn take_unknown(&mut self) -> Option<HangupTone> {
        self.unknown.take()
    }

    /// Listens to a block; the tone that was recognised in it.
    pub fn listen(&mut self, samples: &Samples) -> Option<ProgressTone> {
        let mut heard = None;
        for step in samples.chunks(STEP) {
            heard = self.step(step).or(heard);
        }
        heard
    }

    fn step(&mut self, step: &[i16]) -> Option<ProgressTone> {
        let energy = energy(step);
        let loud = energy > LOUD * STEP as f64;
        self.quiet = if loud { 0 } else { self.quiet + 10 };
        // A deeply modulated tone fades within its period, which is no silence yet.
        let sounds = loud || (self.run.sounds && self.quiet < FADE_MS);
        let mut heard = None;
        if sounds != self.run.sounds {
            self.run.ms -= if sounds { 0 } else { self.quiet - 10 };
            self.end_run(sounds);
            self.run.ms = if sounds { 0 } else { self.quiet - 10 };
            heard = self.match_cadences();
            if heard.is_none() && !sounds {
                self.match_unknown();
            }
        }
        self.run.ms += 10;
        heard = self.special.listen(step, energy, sounds).or(heard);
        // The first step of a sound is rarely whole.
        if sounds && self.run.ms > 10 {
            self.feed(step, energy);
            heard = self.match_dial().or(heard);
        }
        if self.window == WINDOW {
            self.end_window();
        }
        if !sounds && self.run.ms > LONGEST_SILENCE_MS {
            self.reported = None; // whatever it was, it has stopped
            self.unknown_told = false;
        }
        heard.filter(|_| heard != self.reported).inspect(|&tone| self.reported = Some(tone))
    }

    fn feed(&mut self, step: &[i16], energy: f64) {
        self.all_bins().for_each(|bin| bin.feed(step));
        if let Some(spectrum) = &mut self.spectrum {
            spectrum.feed(step);
        }
        self.window += step.len();
        self.window_energy += energy;
        if self.window < WINDOW {
            self.steps = (self.steps.0.min(energy), self.steps.1.max(energy));
        }
    }

    /// Judges the window.
    fn end_window(&mut self) {
        let energy = std::mem::take(&mut self.window_energy);
        let (quietest, loudest) = std::mem::replace(&mut self.steps, (f64::MAX, 0.0));
        let swells = loudest > quietest * SWELLS;
        self.window = 0;
        if self.quiet > 10 {
            return self.clear_bins(); // it may have ended within the window, which would blur the pitch
        }
        let mut pitches = 0;
        for (i, candidate) in self.tones.iter_mut().enumerate() {
            let [first, second] = candidate
                .bins
                .each_mut()
                .map(|around| around.iter_mut().map(|bin| bin.take(WINDOW) / energy).sum::<f64>());
            let is = match candidate.pitch {
                Pitch::Single(_) => first > PURE && !swells,
                Pitch::Sum(f, g) => {
                    let each = first > EACH && second > EACH && (swells || f.abs_diff(g) > BEATS);
                    first + second > PURE && each
                }
                Pitch::Modulated(..) => first > PURE && swells,
            };
            pitches |= Pitches::from(is) << i;
        }
        if let Some(spectrum) = &mut self.spectrum {
            self.run.heard.window(spectrum.take(energy), self.run.windows);
        }
        self.run.pitches = if self.run.windows == 0 { pitches } else { self.run.pitches & pitches };
        self.run.windows += 1;
        self.run.level += energy / WINDOW as f64;
    }

    fn end_run(&mut self, sounds: bool) {
        if self.run.windows > 0 {
            self.run.level /= f64::from(self.run.windows);
        }
        self.tone_ended |= self.run.pitches != 0;
        if self.run.windows > 0 && self.run.pitches == 0 {
            self.reported = None; // something else was heard meanwhile
        }
        self.unknown_told &= !matches!(self.run.heard, Heard::Noise);
        self.past.rotate_right(1);
        self.past[0] = std::mem::replace(&mut self.run, Run { sounds, ..Run::default() });
        self.window = 0;
        self.window_energy = 0.0;
        self.steps = (f64::MAX, 0.0);
        self.clear_bins();
    }

    fn clear_bins(&mut self) {
        self.all_bins().for_each(|bin| _ = bin.take(1));
        if let Some(spectrum) = &mut self.spectrum {
            spectrum.clear();
        }
    }

    fn all_bins(&mut self) -> impl Iterator<Item = &mut Goertzel> {
        self.tones.iter_mut().flat_map(|t| t.bins.iter_mut().flatten())
    }

    /// A continuous dial tone, as soon as it cannot be a burst of something else.
    fn match_dial(&self) -> Option<ProgressTone> {
        let has = |i: usize| self.run.pitches & 1 << i != 0;
        if !self.tones.first()?.cadence.is_empty() || !has(0) {
            return None;
        }
        let others = self.tones.iter().enumerate().filter(|&(i, _)| has(i));
        let bursts = others.flat_map(|(_, tone)| {
            let possible = |ms: &&u32| {
                tone.name != ProgressTone::Ringback || self.tone_ended || **ms <= FIRST_RINGBACK_MS
            };
            tone.cadence.iter().step_by(2).filter(possible)
        });
        let longest = bursts.max().copied().unwrap_or(0);
        let enough = if longest == 0 { DIAL_MS } else { DIAL_MS.max(longest + longest * 15 / 100 + 30) };
        (self.run.ms >= enough).then_some(ProgressTone::Dial)
    }

    /// A cadence of which enough runs have come. Called when a run has ended.
    fn match_cadences(&self) -> Option<ProgressTone> {
        self.tones.iter().enumerate().find(|&(i, t)| self.has_cadence(t, 1 << i)).map(|(_, t)| t.name)
    }

    fn has_cadence(&self, candidate: &Candidate, bit: Pitches) -> bool {
        let cadence = &candidate.cadence;
        let periods = match (candidate.name, cadence.len()) {
            (_, 0) => return false,
            // What ends calls must be certain: three periods, or two of a long one.
            (ProgressTone::Busy | ProgressTone::Congestion, 2) => 3,
            (ProgressTone::Busy | ProgressTone::Congestion, 4) => 2,
            _ => 1,
        };
        let count = (periods * cadence.len()).min(RUNS);
        // Newest first, so the cadence is compared backwards, from each place where it may be.
        (0..cadence.len()).any(|end| {
            let expected = cadence.iter().enumerate().rev().cycle().skip(cadence.len() - 1 - end);
            let runs = self.past.iter().take(count);
            runs.clone().zip(expected).all(|(run, (i, &ms))| {
                let sounds = i % 2 == 0;
                run.sounds == sounds && near(run.ms, ms) && (!sounds || run.pitches & bit != 0)
            }) && self.alternates(count) == candidate.alternating
        })
    }

    /// Is every second burst of the last `count` runs much weaker?
    fn alternates(&self, count: usize) -> bool {
        let mut levels = self.past.iter().take(count).filter(|r| r.sounds).map(|r| r.level);
        let Some(mut last) = levels.next() else { return false };
        let mut steps = levels.map(|level| std::mem::replace(&mut last, level) / level).peekable();
        steps.peek().is_some() && steps.all(|ratio| !(0.25..4.0).contains(&ratio))
    }

    /// Six equal periods of one pitch. Called when a silence has begun.
    fn match_unknown(&mut self) {
        if self.spectrum.is_none() || self.unknown_told {
            return;
        }
        let past: [(bool, u32, Heard); unknown::RUNS] = std::array::from_fn(|i| {
            self.past.get(i).map_or_else(Default::default, |run| (run.sounds, run.ms, run.heard))
        });
        let Some(tone) = unknown::regular(&past) else { return };
        // Tones of the country take their own number of periods.
        let (on, off) = (u32::from(tone.on_ms), u32::from(tone.off_ms));
        let is_known = |i: usize, candidate: &Candidate| {
            let pitch = self.past.first().is_some_and(|run| run.pitches & 1 << i != 0);
            matches!(candidate.cadence.as_slice(), [a, b] if near(on, *a) && near(off, *b)) && pitch
        };
        if !self.tones.iter().enumerate().any(|(i, candidate)| is_known(i, candidate)) {
            self.unknown_told = true;
            self.unknown = Some(tone);
        }
    }
}

/// What is listened to for a pitch.
fn bins(pitch: Pitch) -> [Vec<Goertzel>; 2] {
    let around = |hz: u16, bins: &[f32]| -> Vec<Goertzel> {
        bins.iter().map(|off| Goertzel::new(f32::from(hz) + off * RESOLUTION)).collect()
    };
    let one = |hz: u16| around(hz, &[-0.5, 0.5]);
    match pitch {
        Pitch::Single(f) => [one(f), Vec::new()],
        Pitch::Sum(f, g) => [one(f), one(g)],
        // The carrier and its two sidebands, which are 15 to 33 Hz away.
        Pitch::Modulated(f, _) => [around(f, &[-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]), Vec::new()],
    }
}

/// E.180 allows cadences ±10 %; lines and steps add a little.
fn near(ms: u32, expected: u32) -> bool {
    ms.abs_diff(expected) <= 20 + expected * 12 / 100
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::g711;
    use crate::player::Player;
    use demarc_hal::BLOCK;
    use demarc_model::country::special_information;
    use demarc_model::media::{Tone, TonePart};

    /// What is heard in `ms` of a tone through G.711, `gain_db` weaker, and when (ms).
    fn hear(country: Country, mut tone: Tone, gain_db: f32, ms: u32) -> Vec<(ProgressTone, u32)> {
        tone.parts.iter_mut().for_each(|p| p.level_dbm0 += gain_db);
        let law = country.plan().companding;
        let (mut player, mut detector) = (Player::new(tone), ProgressDetector::new(country, None, true));
        let mut heard = Vec::new();
        for block in 0..ms / 20 {
            let mut samples = [0; BLOCK];
            player.fill(&mut samples);
            let line = g711::decode_block(law, &g711::encode_block(law, &samples));
            heard.extend(detector.listen(&line).map(|tone| (tone, (block + 1) * 20)));
        }
        heard
    }

    #[test]
    fn every_tone_of_every_country_is_named() {
        for country in Country::ALL {
            let plan = country.plan();
            let tones = [
                (ProgressTone::Dial, plan.dial),
                (ProgressTone::Busy, plan.busy),
                (ProgressTone::Congestion, plan.congestion),
                (ProgressTone::Ringback, plan.ringback),
            ];
            for (name, tone) in tones {
                // Where two tones of a country are the same, the name is that of the first.
                let name = tones.iter().find(|(_, t)| *t == tone).map_or(name, |(n, _)| *n);
                for gain_db in [0.0, -15.0] {
                    let mut heard = hear(country, tone.tone(), gain_db, 15_000);
                    // The first burst ever may be taken for dial tone, where it has the same pitch.
                    heard.retain(|(t, _)| *t == name || *t != ProgressTone::Dial);
                    let names: Vec<_> = heard.iter().map(|(t, _)| *t).collect();
                    assert_eq!(names, [name], "{country:?} {tone:?} {gain_db} dB: {heard:?}");
                }
            }
        }
    }

    #[test]
    fn dial_tone_is_recognised_as_soon_as_it_cannot_be_a_burst_of_busy_tone() {
        for country in Country::ALL.into_iter().filter(|c| c.plan().dial.cadence.is_empty()) {
            let heard = hear(country, country.plan().dial.tone(), 0.0, 2000);
            assert_eq!(heard.len(), 1, "{country:?}: {heard:?}");
            let plan = country.plan();
            let bursts =
                [plan.busy, plan.congestion].into_iter().filter(|tone| tone.pitch == plan.dial.pitch);
            let longest = bursts.flat_map(|tone| tone.cadence.iter().step_by(2)).max().copied().unwrap_or(0);
            let allowed = DIAL_MS.max(longest + longest / 5 + 50);
            assert!((longest..=allowed.max(510)).contains(&heard[0].1), "{country:?}: {heard:?}");
        }
    }

    #[test]
    fn after_a_tone_a_long_burst_is_not_dial_tone() {
        let country = Country::DE;
        let mut tone = country.plan().ringback.tone();
        tone.parts.insert(0, TonePart { ms: 300, ..tone.parts[0] });
        tone.parts.insert(1, TonePart { f1: 0.0, ms: 300, ..tone.parts[0] });
        assert_eq!(hear(country, tone, 0.0, 20_000)[0].0, ProgressTone::Ringback);
    }

    #[test]
    fn busy_takes_three_periods() {
        let heard = hear(Country::GB, Country::GB.plan().busy.tone(), 0.0, 10_000);
        assert_eq!(heard.len(), 1, "once: {heard:?}");
        assert!((2250..2350).contains(&heard[0].1), "{heard:?}");
    }

    #[test]
    fn special_information_is_recognised_with_and_without_gaps() {
        let mut gaps = special_information();
        for i in [1, 3] {
            gaps.parts.insert(i, TonePart { f1: 0.0, ms: 30, ..gaps.parts[0] });
        }
        for tone in [special_information(), gaps] {
            let heard = hear(Country::DE, tone, -10.0, 1500);
            assert_eq!(heard.iter().map(|(t, _)| *t).collect::<Vec<_>>(), [ProgressTone::SpecialInformation]);
        }
    }

    #[test]
    fn tones_of_elsewhere_and_of_keys_are_not_named() {
        let keys = Tone {
            parts: vec![
                TonePart { f1: 697.0, f2: 1209.0, modulated: false, level_dbm0: -9.0, ms: 500 },
                TonePart { f1: 0.0, f2: 0.0, modulated: false, level_dbm0: -9.0, ms: 500 },
            ],
            repeat: true,
        };
        assert_eq!(hear(Country::US, keys, 0.0, 10_000), []);
        assert_eq!(hear(Country::US, Country::DE.plan().busy.tone(), 0.0, 10_000), []);
    }
}
