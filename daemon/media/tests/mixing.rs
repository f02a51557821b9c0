//! Several parties at once, and tones put in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::{BLOCK, Companding};
use demarc_media::codec::g711::{decode_block, encode_block};
use demarc_media::measure::{frequency, level_dbm0};
use demarc_model::StreamId;
use demarc_model::id::Room;
use demarc_model::media::*;
use lab::{Lab, Line};

const LAW: Companding = Companding::ALaw;

fn id(n: u64) -> StreamId {
    StreamId::new(Room::Pstn, n)
}

/// Block `i` of a sine of −13 dBm0.
fn sine(hz: f64, i: usize) -> [u8; BLOCK] {
    let samples = std::array::from_fn(|k| {
        let t = (i * BLOCK + k) as f64 / 8000.0;
        (5110.0 * (std::f64::consts::TAU * hz * t).sin()) as i16
    });
    encode_block(LAW, &samples)
}

/// How strong a frequency is in what a line heard, in dBm0.
fn strength(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = std::f64::consts::TAU * hz * n as f64 / 8000.0;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    let amplitude = 2.0 * (re * re + im * im).sqrt() / samples.len() as f64;
    20.0 * (amplitude.max(1e-3) / 22_827.0).log10()
}

fn samples(line: &Line) -> Vec<i16> {
    line.heard().iter().flat_map(|block| decode_block(LAW, block)).collect()
}

#[test]
fn three_in_conference_hear_the_two_others_and_not_themselves() {
    let lines = [Line::new(LAW), Line::new(LAW), Line::new(LAW)];
    let mut lab = Lab::new(&[&lines[0], &lines[1], &lines[2]]);
    let pitches = [400.0, 700.0, 1100.0];
    for n in 0..3u64 {
        lab.open_line(id(n + 1), n as u8 + 1);
    }
    for n in 0..3u64 {
        let others = (1..=3).filter(|other| *other != n + 1).map(id).collect();
        lab.play(id(n + 1), Source::Mix(others));
    }
    for i in 0..60 {
        for (line, hz) in lines.iter().zip(pitches) {
            line.say(sine(hz, i));
        }
        lab.tick();
    }
    for (n, line) in lines.iter().enumerate() {
        let heard = samples(line);
        let steady = &heard[10 * BLOCK..50 * BLOCK];
        for (m, hz) in pitches.into_iter().enumerate() {
            let level = strength(steady, hz);
            if m == n {
                assert!(level < -50.0, "{n} hears itself at {level} dBm0");
            } else {
                assert!((level + 13.0).abs() < 0.5, "{n} hears {m} at {level} dBm0");
            }
        }
    }
}

#[test]
fn a_party_that_leaves_is_no_longer_in_the_sum() {
    let lines = [Line::new(LAW), Line::new(LAW), Line::new(LAW)];
    let mut lab = Lab::new(&[&lines[0], &lines[1], &lines[2]]);
    for n in 1..=3 {
        lab.open_line(id(n), n as u8);
    }
    lab.play(id(1), Source::Mix(vec![id(2), id(3)]));
    lab.engine.command(MediaCommand::Close { stream: id(3) });
    for i in 0..40 {
        lines[1].say(sine(700.0, i));
        lines[2].say(sine(1100.0, i));
        lab.tick();
    }
    let heard = samples(&lines[0]);
    let steady = &heard[10 * BLOCK..30 * BLOCK];
    assert!((frequency(steady) - 700.0).abs() < 5.0);
}

#[test]
fn a_tone_in_between_is_heard_by_one_party_and_the_call_goes_on() {
    let lines = [Line::new(LAW), Line::new(LAW)];
    let mut lab = Lab::new(&[&lines[0], &lines[1]]);
    lab.open_line(id(1), 1);
    lab.open_line(id(2), 2);
    lab.join(id(1), id(2));
    let part = TonePart { f1: 400.0, f2: 0.0, modulated: false, level_dbm0: -10.0, ms: 200 };
    let speak = |lab: &mut Lab, from: usize, ticks: usize| {
        for i in from..from + ticks {
            lines[0].say(sine(700.0, i));
            lines[1].say(sine(1100.0, i));
            lab.tick();
        }
    };
    speak(&mut lab, 0, 10);
    let _ = (samples(&lines[0]), samples(&lines[1]));
    lab.engine
        .command(MediaCommand::Interject { stream: id(1), tone: Tone { parts: vec![part], repeat: true } });
    speak(&mut lab, 10, 10);
    let (near, far) = (samples(&lines[0]), samples(&lines[1]));
    assert!((strength(&near, 400.0) + 10.0).abs() < 0.5 && strength(&near, 1100.0) < -40.0);
    assert!((strength(&far[BLOCK..], 700.0) + 13.0).abs() < 0.5, "the other party hears no gap");
    assert!(strength(&far[BLOCK..], 400.0) < -40.0, "and no tone");
    speak(&mut lab, 20, 10);
    let near = samples(&lines[0]);
    assert!((strength(&near[BLOCK..], 1100.0) + 13.0).abs() < 0.5, "it is not repeated");
    assert!(level_dbm0(LAW, &near) > -14.0);
}
