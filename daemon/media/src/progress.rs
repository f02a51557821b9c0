//! Recognises call-progress tones of a country (ITU-T E.180): by pitch, then by cadence.
//!
//! Sound is cut into runs of sound and silence in steps of 10 ms. While it sounds, windows of 80 ms
//! are compared with the pitches of the country. Finished runs are compared with its cadences.

use crate::codec::g711::Samples;
use crate::measure::{Goertzel, energy};
use demarc_model::Country;
use demarc_model::country::{Pitch, PlanTone, SPECIAL_INFORMATION};
use demarc_model::media::ProgressTone;

/// Samples in a step: 10 ms.
const STEP: usize = 80;
/// Samples in a window: 80 ms, which tells frequencies 12.5 Hz apart.
const WINDOW: usize = 640;
/// Mean square of a step that sounds: about −41 dBm0.
const LOUD: f64 = 20_000.0;
/// How much of a window's energy must lie at its pitch.
const PURE: f64 = 0.75;
/// A sound has ended when it was not loud for so long.
const FADE_MS: u32 = 40;
/// A continuous tone is dial tone after so many milliseconds, when it is the first tone heard.
const DIAL_MS: u32 = 400;
/// No cadence is silent for longer.
const LONGEST_SILENCE_MS: u32 = 6000;
/// Runs that are remembered: two periods of the longest cadence, and more.
const RUNS: usize = 16;

/// A set of the detector's pitches, one bit each.
type Pitches = u8;

/// A detector for one country.
pub struct ProgressDetector {
    tones: [Candidate; 4],
    special: [Goertzel; 3],
    /// Samples in the window so far, and their energy.
    window: usize,
    window_energy: f64,
    /// The run that is going on, and finished ones, newest first.
    run: Run,
    past: [Run; RUNS],
    /// Milliseconds since it was loud.
    quiet: u32,
    /// A tone has ended since the detector began: a continuous one may now be any long burst.
    tone_ended: bool,
    /// How far a special information tone has come: its step, windows of it, windows since.
    special_at: (usize, u8, u8),
    /// Reported last; a tone that goes on is not reported again.
    reported: Option<ProgressTone>,
}

/// A tone that may be heard.
struct Candidate {
    name: ProgressTone,
    tone: PlanTone,
    bins: [Option<Goertzel>; 3],
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
}

impl ProgressDetector {
    /// A detector for the tones of `country`.
    pub fn new(country: Country) -> Self {
        let plan = country.plan();
        // The order decides between tones that a country does not tell apart: busy before congestion.
        let tones = [
            (ProgressTone::Dial, plan.dial),
            (ProgressTone::Busy, plan.busy),
            (ProgressTone::Congestion, plan.congestion),
            (ProgressTone::Ringback, plan.ringback),
        ];
        Self {
            tones: tones.map(|(name, tone)| Candidate { name, tone, bins: bins(tone.pitch) }),
            special: SPECIAL_INFORMATION.map(|f| Goertzel::new(f.into())),
            window: 0,
            window_energy: 0.0,
            run: Run::default(),
            past: [Run::default(); RUNS],
            quiet: 0,
            tone_ended: false,
            special_at: (0, 0, 0),
            reported: None,
        }
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
        }
        self.run.ms += 10;
        // The first step of a sound is rarely whole.
        if sounds && self.run.ms > 10 {
            self.feed(step, energy);
            heard = self.match_dial().or(heard);
        }
        if self.window == WINDOW {
            heard = self.end_window().or(heard);
        }
        if !sounds && self.run.ms > LONGEST_SILENCE_MS {
            self.reported = None; // whatever it was, it has stopped
        }
        heard.filter(|_| heard != self.reported).inspect(|&tone| self.reported = Some(tone))
    }

    fn feed(&mut self, step: &[i16], energy: f64) {
        self.all_bins().for_each(|bin| bin.feed(step));
        self.window += step.len();
        self.window_energy += energy;
    }

    /// Judges the window; a special information tone may be complete.
    fn end_window(&mut self) -> Option<ProgressTone> {
        let energy = std::mem::take(&mut self.window_energy);
        self.window = 0;
        if self.quiet > 10 {
            self.clear_bins(); // it may have ended within the window, which would blur the pitch
            return None;
        }
        let mut pitches = 0;
        for (i, candidate) in self.tones.iter_mut().enumerate() {
            let parts =
                candidate.bins.each_mut().map(|b| b.as_mut().map_or(0.0, |b| b.take(WINDOW) / energy));
            let sum: f64 = parts.iter().sum();
            let is = match candidate.tone.pitch {
                Pitch::Single(_) => sum > PURE,
                Pitch::Sum(..) => sum > PURE && parts[0] > 0.1 && parts[1] > 0.1,
                // The carrier and its two sidebands.
                Pitch::Modulated(..) => sum > PURE && parts[1] > 0.03 && parts[2] > 0.03,
            };
            pitches |= Pitches::from(is) << i;
        }
        let special = self.special.each_mut().map(|b| b.take(WINDOW) / energy > PURE);
        self.run.pitches = if self.run.windows == 0 { pitches } else { self.run.pitches & pitches };
        self.run.windows += 1;
        self.run.level += energy / WINDOW as f64;
        self.match_special(special)
    }

    fn end_run(&mut self, sounds: bool) {
        if self.run.windows > 0 {
            self.run.level /= f64::from(self.run.windows);
        }
        self.tone_ended |= self.run.pitches != 0;
        if self.run.windows > 0 && self.run.pitches == 0 {
            self.reported = None; // something else was heard meanwhile
        }
        self.past.rotate_right(1);
        self.past[0] = std::mem::replace(&mut self.run, Run { sounds, ..Run::default() });
        self.window = 0;
        self.window_energy = 0.0;
        self.clear_bins();
    }

    fn clear_bins(&mut self) {
        self.all_bins().for_each(|bin| _ = bin.take(1));
    }

    fn all_bins(&mut self) -> impl Iterator<Item = &mut Goertzel> {
        self.tones.iter_mut().flat_map(|t| t.bins.iter_mut().flatten()).chain(&mut self.special)
    }

    /// A continuous dial tone, as soon as it cannot be a burst of something else.
    fn match_dial(&self) -> Option<ProgressTone> {
        let has = |i: usize| self.run.pitches & 1 << i != 0;
        if !self.tones[0].tone.cadence.is_empty() || !has(0) {
            return None;
        }
        let bursts = self.tones.iter().enumerate().filter(|&(i, _)| has(i));
        let longest = bursts.flat_map(|(_, t)| t.tone.cadence.iter().step_by(2)).max().copied().unwrap_or(0);
        let enough = if self.tone_ended { DIAL_MS.max(longest + longest / 4) } else { DIAL_MS };
        (self.run.ms >= enough).then_some(ProgressTone::Dial)
    }

    /// A cadence of which enough runs have come. Called when a run has ended.
    fn match_cadences(&self) -> Option<ProgressTone> {
        self.tones.iter().enumerate().find(|&(i, t)| self.has_cadence(t, 1 << i)).map(|(_, t)| t.name)
    }

    fn has_cadence(&self, candidate: &Candidate, bit: Pitches) -> bool {
        let cadence = candidate.tone.cadence;
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
            }) && self.alternates(count) == candidate.tone.alternating
        })
    }

    /// Is every second burst of the last `count` runs much weaker?
    fn alternates(&self, count: usize) -> bool {
        let mut levels = self.past.iter().take(count).filter(|r| r.sounds).map(|r| r.level);
        let Some(mut last) = levels.next() else { return false };
        let mut steps = levels.map(|level| std::mem::replace(&mut last, level) / level).peekable();
        steps.peek().is_some() && steps.all(|ratio| !(0.25..4.0).contains(&ratio))
    }

    /// The special information tone: its three pitches, 330 ms each, in their order.
    fn match_special(&mut self, heard: [bool; 3]) -> Option<ProgressTone> {
        let (at, windows, since) = self.special_at;
        let next = (at + 1) % 3;
        self.special_at = match (heard.get(at), heard.get(next)) {
            (Some(true), _) => (at, windows.saturating_add(1), 0),
            (_, Some(true)) if windows >= 2 && next > at => (next, 1, 0),
            // A window across the border of two pitches is neither.
            _ if windows > 0 && since < 2 => (at, windows, since + 1),
            _ => (0, 0, 0),
        };
        if self.special_at.0 == 2 && self.special_at.1 >= 2 {
            self.special_at = (0, 0, 0);
            return Some(ProgressTone::SpecialInformation);
        }
        None
    }
}

/// The frequencies that make up a pitch.
fn bins(pitch: Pitch) -> [Option<Goertzel>; 3] {
    let bin = |hz: u16| Some(Goertzel::new(hz.into()));
    match pitch {
        Pitch::Single(f) => [bin(f), None, None],
        Pitch::Sum(f, g) => [bin(f), bin(g), None],
        Pitch::Modulated(f, g) => [bin(f), bin(f.saturating_sub(g)), bin(f + g)],
    }
}

/// E.180 allows cadences ±10 %; lines and steps add a little.
fn near(ms: u32, expected: u32) -> bool {
    ms.abs_diff(expected) <= 30.max(expected * 15 / 100)
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
        let (mut player, mut detector) = (Player::new(tone), ProgressDetector::new(country));
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
    fn dial_tone_is_recognised_within_400_ms() {
        for country in Country::ALL.into_iter().filter(|c| c.plan().dial.cadence.is_empty()) {
            let heard = hear(country, country.plan().dial.tone(), 0.0, 2000);
            assert_eq!(heard, [(ProgressTone::Dial, DIAL_MS)], "{country:?}");
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
