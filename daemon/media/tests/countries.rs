//! Each country's exchange, as it is off by what standards allow, and what our side of the line
//! makes of it: every tone by its name and never by another's, caller identity in its form.
//!
//! Tones: −10 and −25 dBm0, 1 % high and low, 10 % fast and slow, with a line's noise. ITU-T E.180.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_model::country::PlanTone;
use demarc_model::media::*;
use demarc_model::{CallerId, Country};
use lab::{Lab, Line, signal, stream};

/// Errors of pitch, bursts and pauses.
const ERRORS: [(f32, f32, f32); 6] = [
    (1.0, 1.0, 1.0),
    (0.99, 0.9, 0.9),
    (0.99, 1.1, 1.1),
    (0.99, 1.1, 0.9),
    (1.01, 0.9, 1.1),
    (1.01, 1.1, 1.1),
];

/// What is heard in samples.
fn heard(country: Country, samples: &[i16]) -> Vec<ProgressTone> {
    let line = Line::new(country.plan().companding);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.detect(stream(1), Detect { progress: Some(country), unknown_tones: true, ..Detect::NONE });
    for block in signal::blocks(line.law, samples) {
        line.say(block);
        lab.tick();
    }
    let tones = lab.events.iter().map(|event| match event {
        MediaEvent::ProgressTone { tone, .. } => *tone,
        other => panic!("{country:?}: {other:?}"),
    });
    tones.collect()
}

fn tones(country: Country) {
    let plan = country.plan();
    let tones: [(ProgressTone, PlanTone); 4] = [
        (ProgressTone::Dial, plan.dial),
        (ProgressTone::Busy, plan.busy),
        (ProgressTone::Congestion, plan.congestion),
        (ProgressTone::Ringback, plan.ringback),
    ];
    for (name, tone) in tones {
        // Where two tones of a country are the same, the name is that of the first.
        let name = tones.iter().find(|(_, other)| *other == tone).map_or(name, |(name, _)| *name);
        for level in [-10.0, -25.0] {
            for (pitch, on, off) in ERRORS {
                let mut samples = signal::tone(&tone.tone(), 15_000, pitch, on, off, level);
                let mut expected = vec![name];
                if name == ProgressTone::Ringback {
                    // It is heard after dialling, and so after dial tone.
                    let mut before = signal::tone(&plan.dial.tone(), 3_500, pitch, on, off, level);
                    before.extend([0; 4000]);
                    before.extend(samples);
                    samples = before;
                    expected = vec![ProgressTone::Dial, name];
                }
                signal::Noise::new(7).add(&mut samples, -60.0);
                let heard = heard(country, &samples);
                let what = format!("{country:?} {tone:?} {level} dBm0 ×{pitch} on ×{on} off ×{off}");
                assert_eq!(heard, expected, "{what}");
            }
        }
    }
}

/// Caller identity as the country's exchange sends it, heard by a line that expects any form.
fn caller_identity(country: Country) {
    let plan = country.plan();
    let (law, form) = (plan.companding, plan.caller_id.form);
    let caller = CallerId { number: Some("02079460123".into()), ..CallerId::default() };
    let exchange = Line::new(law);
    let mut lab = Lab::new(&[&exchange]);
    lab.open_line(stream(1), 1);
    let clock = [11, 21, 9, 5];
    lab.engine.command(MediaCommand::SendCallerId { stream: stream(1), caller: caller.clone(), form, clock });
    lab.ticks(150);
    let sent = signal::samples(law, &exchange.heard());
    let own_level = signal::level(law, &sent);
    for level in [-10.0, -25.0] {
        for pace in [0.99, 1.0, 1.01] {
            let mut samples = signal::faster(&sent, pace);
            signal::louder(&mut samples, level - own_level);
            signal::Noise::new(3).add(&mut samples, -55.0);
            let line = Line::new(law);
            let mut lab = Lab::new(&[&line]);
            lab.open_line(stream(1), 1);
            lab.detect(stream(1), Detect { caller_id_any: true, ..Detect::NONE });
            for block in signal::blocks(law, &samples) {
                line.say(block);
                lab.tick();
            }
            let expected = MediaEvent::CallerId { stream: stream(1), caller: caller.clone(), form };
            assert_eq!(lab.events, [expected], "{country:?} {form:?} {level} dBm0 ×{pace}");
        }
    }
}

macro_rules! countries {
    ($($name:ident $country:ident;)*) => {
        mod tones {
            use super::*;
            $(#[test] fn $name() { tones(Country::$country); })*
        }
        mod identity {
            use super::*;
            $(#[test] fn $name() { caller_identity(Country::$country); })*
        }

        #[test]
        fn no_country_is_left_out() {
            let tested = [$(Country::$country),*];
            assert!(Country::ALL.iter().all(|country| tested.contains(country)));
        }
    };
}

countries! {
    united_states US;
    canada CA;
    united_kingdom GB;
    germany DE;
    france FR;
    italy IT;
    spain ES;
    netherlands NL;
    sweden SE;
    switzerland CH;
    brazil BR;
    mexico MX;
    argentina AR;
    australia AU;
    new_zealand NZ;
    japan JP;
    india IN;
    china CN;
    russia RU;
    south_africa ZA;
    turkey TR;
}

#[test]
fn a_busy_tone_of_elsewhere_is_an_unknown_tone_after_six_periods_and_then_known() {
    let country = Country::GB;
    let foreign = Country::DE.plan().busy.tone();
    let run = |hangup_tone| {
        let line = Line::new(country.plan().companding);
        let mut lab = Lab::new(&[&line]);
        lab.open_line(stream(1), 1);
        let detect = Detect { progress: Some(country), unknown_tones: true, hangup_tone, ..Detect::NONE };
        lab.detect(stream(1), detect);
        for (n, block) in
            signal::blocks(line.law, &signal::tone(&foreign, 20_000, 1.0, 1.0, 1.0, -15.0)).enumerate()
        {
            line.say(block);
            lab.tick();
            if !lab.events.is_empty() {
                return (lab.events.remove(0), n * 20);
            }
        }
        panic!("nothing was heard");
    };
    let (event, ms) = run(None);
    let MediaEvent::UnknownTone { tone, .. } = event else { panic!("{event:?}") };
    assert!((420..=430).contains(&tone.f1) && tone.f2 == 0, "{tone:?}");
    assert!((465..=495).contains(&tone.on_ms) && (465..=495).contains(&tone.off_ms), "{tone:?}");
    assert!((5_200..5_600).contains(&ms), "six bursts: {ms} ms");
    let (event, ms) = run(Some(tone));
    assert_eq!(event, MediaEvent::ProgressTone { stream: stream(1), tone: ProgressTone::Busy });
    assert!((2_300..3_100).contains(&ms), "three periods: {ms} ms");
}
