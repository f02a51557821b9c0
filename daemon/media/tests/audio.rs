//! Audio through the engine: octets, levels, joins, losses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::{BLOCK, Companding};
use demarc_media::codec::g711::decode;
use demarc_media::measure::{frequency, level_dbm0};
use demarc_model::media::*;
use lab::*;

#[test]
fn octets_cross_untouched_where_the_law_is_equal() {
    for (law, codec, payload_type) in
        [(Companding::ALaw, Codec::Pcma, 8), (Companding::MuLaw, Codec::Pcmu, 0)]
    {
        let line = Line::new(law);
        let mut lab = Lab::new(&[&line]);
        lab.open_line(stream(1), 1);
        lab.open_rtp(stream(2), rtp(4000, codec));
        lab.join(stream(1), stream(2));
        let mut party = Party { payload_type, ..Party::new(4000) };
        for n in 0..100 {
            line.say(piece(n));
            party.say(&mut lab, &piece(n));
            lab.tick();
        }
        let packets: Vec<_> = lab.of_type(payload_type).iter().flat_map(|s| s.payload.clone()).collect();
        let said: Vec<_> = (0..100).flat_map(piece).collect();
        assert_eq!(packets, said, "{law:?}: from the line");
        let heard: Vec<_> = line.heard().into_iter().flatten().collect();
        let start = heard.iter().position(|&o| o != law.idle()).unwrap();
        assert!(start <= 3 * BLOCK, "a delay of {start} samples");
        assert_eq!(heard[start..], said[..heard.len() - start], "{law:?}: to the line");
    }
}

#[test]
fn unequal_laws_are_transcoded() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.open_rtp(stream(2), rtp(4000, Codec::Pcmu));
    lab.join(stream(1), stream(2));
    line.say(piece(0));
    lab.tick();
    for (a, mu) in piece(0).iter().zip(&lab.sent[0].payload) {
        let (a, mu) = (i32::from(decode(Companding::ALaw, *a)), i32::from(decode(Companding::MuLaw, *mu)));
        assert!((a - mu).abs() <= 8 + a.abs() / 24, "{a} became {mu}");
    }
}

#[test]
fn the_milliwatt_is_sent_at_its_level_and_frequency_without_a_gap() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    let part = TonePart { f1: 1004.0, f2: 0.0, modulated: false, level_dbm0: 0.0, ms: 0 };
    lab.play(stream(1), Source::Tone(Tone { parts: vec![part], repeat: false }));
    lab.ticks(50);
    let samples: Vec<_> =
        lab.sent.iter().flat_map(|s| s.payload.iter().map(|&o| decode(Companding::ALaw, o))).collect();
    assert_eq!(samples.len(), 8000);
    assert!(level_dbm0(Companding::ALaw, &samples).abs() < 0.1);
    assert!((frequency(&samples) - 1004.0).abs() < 0.5);
    for pair in lab.sent.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp.wrapping_add(160));
        assert!(!pair[1].header.marker);
    }
    assert!(lab.sent[0].header.marker && lab.sent[0].to == address(1) && lab.sent[0].port == 4000);
}

#[test]
fn silence_is_sent_too_and_a_held_party_gets_nothing() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    lab.ticks(10);
    assert_eq!(lab.sent.len(), 10);
    assert!(lab.sent.iter().all(|s| s.payload == [0xD5; BLOCK]));
    let held = Rtp { send: false, ..rtp(4000, Codec::Pcma) };
    lab.engine.command(MediaCommand::UpdateRtp { stream: stream(1), rtp: held });
    lab.ticks(10);
    assert_eq!(lab.sent.len(), 10);
    lab.engine.command(MediaCommand::UpdateRtp { stream: stream(1), rtp: rtp(4000, Codec::Pcma) });
    lab.ticks(1);
    let [.., before, after] = &lab.sent[..] else { panic!() };
    assert!(after.header.marker);
    assert_eq!(after.header.timestamp.wrapping_sub(before.header.timestamp), 11 * 160, "time went on");
    assert_eq!(after.header.sequence, before.header.sequence.wrapping_add(1));
}

#[test]
fn an_echo_returns_what_was_said_and_a_played_tone_is_reported() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.play(stream(1), Source::Echo);
    line.say(piece(3));
    lab.tick();
    assert_eq!(line.heard(), [piece(3)]);
    let part = TonePart { f1: 425.0, f2: 0.0, modulated: false, level_dbm0: -10.0, ms: 100 };
    lab.play(stream(1), Source::Tone(Tone { parts: vec![part], repeat: false }));
    lab.ticks(20);
    assert_eq!(lab.events, [MediaEvent::Played { stream: stream(1) }]);
    let heard = line.heard();
    assert!(heard[4] != [0xD5; BLOCK] && heard[5] == [0xD5; BLOCK], "100 ms");
}

#[test]
fn a_card_that_is_late_is_covered_by_silence_and_counted() {
    let line = Line::new(Companding::MuLaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.play(stream(1), Source::Echo);
    lab.ticks(3); // the card has not begun yet: nothing is lost
    line.say(piece(0));
    lab.tick();
    lab.ticks(2);
    lab.engine.command(MediaCommand::Close { stream: stream(1) });
    lab.ticks(1);
    let [MediaEvent::Closed { stats, .. }] = lab.events[..] else { panic!("{:?}", lab.events) };
    assert_eq!((stats.received, stats.lost, stats.sent), (1, 2, 6));
    assert_eq!(line.heard()[4..], [[0xFF; BLOCK]; 2]);
}

#[test]
fn a_closed_stream_falls_silent_and_frees_its_channel() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.open_rtp(stream(2), rtp(4000, Codec::Pcma));
    lab.join(stream(1), stream(2));
    line.say(piece(0));
    lab.tick();
    lab.engine.command(MediaCommand::Close { stream: stream(1) });
    lab.tick();
    assert_eq!(lab.sent[1].payload, [0xD5; BLOCK]);
    lab.open_line(stream(3), 1);
    line.heard();
    lab.tick();
    assert_eq!(line.heard().len(), 1, "the next call has the channel");
    for id in [2, 3] {
        lab.engine.command(MediaCommand::Close { stream: stream(id) });
    }
    assert!(!lab.engine.is_idle(), "events wait");
    lab.tick();
    assert!(lab.engine.is_idle());
}
