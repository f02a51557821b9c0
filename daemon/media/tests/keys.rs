//! Keys: heard, sent, and passed on once, in the form the other side uses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::{BLOCK, Companding};
use demarc_media::codec::g711::decode;
use demarc_media::measure::level_dbm0;
use demarc_media::telephone_event::{Payload, digit_of, event_of};
use demarc_model::media::*;
use lab::*;

const ALL: &str = "0123456789*#ABCD";

/// The telephone-events sent, checked as RFC 4733 has them: (digit, duration) of each.
fn telephone_events(sent: &[&Sent]) -> Vec<(char, u16)> {
    let mut events: Vec<(u32, Vec<Payload>)> = Vec::new();
    for packet in sent {
        let payload = Payload::parse(&packet.payload).unwrap();
        match events.last_mut() {
            Some((timestamp, payloads)) if *timestamp == packet.header.timestamp => {
                assert!(!packet.header.marker);
                payloads.push(payload);
            }
            _ => {
                assert!(packet.header.marker, "the first packet of an event is marked");
                events.push((packet.header.timestamp, vec![payload]));
            }
        }
    }
    let mut done = Vec::new();
    for (_, payloads) in events {
        let ends: Vec<_> = payloads.iter().filter(|p| p.end).collect();
        assert_eq!(ends.len(), 3, "{payloads:?}");
        assert!(ends.iter().all(|p| p.duration == ends[0].duration && p.event == payloads[0].event));
        assert!(payloads.iter().take_while(|p| !p.end).count() == payloads.len() - 3);
        assert!(payloads.windows(2).all(|p| p[0].duration <= p[1].duration));
        done.push((digit_of(payloads[0].event).unwrap(), ends[0].duration));
    }
    done
}

fn order(lab: &mut Lab, n: u64, digits: &str) {
    let digits = digits.to_owned();
    lab.engine.command(MediaCommand::SendDigits { stream: stream(n), digits, on_ms: 90, off_ms: 70 });
}

/// Two lines joined by a cable, each the far end of the other.
fn cable(law: Companding) -> (Line, Line) {
    let a = Line::new(law);
    let b = Line { law, to_line: a.from_line.clone(), from_line: a.to_line.clone() };
    (a, b)
}

#[test]
fn digits_sent_to_a_line_are_heard_at_its_far_end() {
    for law in [Companding::ALaw, Companding::MuLaw] {
        let (a, b) = cable(law);
        let mut lab = Lab::new(&[&a, &b]);
        lab.open_line(stream(1), 1);
        lab.open_line(stream(2), 2);
        lab.detect(stream(2), DTMF);
        order(&mut lab, 1, ALL);
        lab.ticks(150);
        assert_eq!(lab.digits(stream(2)), ALL);
        let sent = lab.events.iter().filter(|e| **e == MediaEvent::DigitsSent { stream: stream(1) });
        assert_eq!(sent.count(), 1);
    }
}

#[test]
fn a_key_tone_has_the_levels_of_a_telephone() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    order(&mut lab, 1, "5");
    lab.ticks(4);
    let samples: Vec<_> = line.heard().iter().flatten().map(|&o| decode(Companding::ALaw, o)).collect();
    let level = level_dbm0(Companding::ALaw, &samples);
    assert!((level + 4.88).abs() < 0.3, "−9 and −7 dBm0 are −4.9 together, not {level}");
}

#[test]
fn digits_sent_to_an_rtp_party_are_telephone_events() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    order(&mut lab, 1, "1,A#");
    lab.ticks(80);
    let events = telephone_events(&lab.of_type(101));
    assert_eq!(events, [('1', 720), ('A', 720), ('#', 720)]);
    assert!(lab.events.contains(&MediaEvent::DigitsSent { stream: stream(1) }));
    for pair in lab.sent.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1), "one sequence");
    }
}

#[test]
fn a_party_without_telephone_event_gets_and_sends_tones() {
    let mut lab = Lab::new(&[]);
    let plain = Rtp { telephone_event: None, ..rtp(4000, Codec::Pcma) };
    lab.open_rtp(stream(1), plain);
    lab.play(stream(1), Source::Silence);
    lab.detect(stream(1), DTMF);
    order(&mut lab, 1, "147");
    lab.ticks(40);
    // What it was sent, it says.
    let mut party = Party::new(4000);
    for sent in std::mem::take(&mut lab.sent) {
        party.say(&mut lab, &sent.payload.try_into().unwrap());
        lab.tick();
    }
    assert_eq!(lab.digits(stream(1)), "147");
}

#[test]
fn telephone_events_become_tones_on_a_line_once_each() {
    let (near, far) = cable(Companding::ALaw);
    let mut lab = Lab::new(&[&near, &far]);
    lab.open_line(stream(1), 1);
    lab.open_line(stream(2), 2);
    lab.open_rtp(stream(3), rtp(4000, Codec::Pcma));
    lab.join(stream(1), stream(3));
    lab.detect(stream(2), DTMF);
    lab.detect(stream(3), DTMF);
    let mut party = Party::new(4000);
    for key in ALL.chars() {
        party.press(&mut lab, 101, event_of(key).unwrap(), 5);
        for _ in 0..5 {
            party.say(&mut lab, &[0xD5; BLOCK]);
            lab.tick();
        }
    }
    lab.ticks(20);
    assert_eq!(lab.digits(stream(3)), ALL, "reported");
    assert_eq!(lab.digits(stream(2)), ALL, "heard on the line");
}

#[test]
fn tones_on_a_line_become_telephone_events_and_are_muted() {
    let (near, far) = cable(Companding::ALaw);
    let mut lab = Lab::new(&[&near, &far]);
    lab.open_line(stream(1), 1);
    lab.open_line(stream(2), 2);
    lab.open_rtp(stream(3), rtp(4000, Codec::Pcma));
    lab.join(stream(1), stream(3));
    lab.detect(stream(1), DTMF);
    order(&mut lab, 2, ALL);
    lab.ticks(180);
    assert_eq!(lab.digits(stream(1)), ALL, "reported");
    let events = telephone_events(&lab.of_type(101));
    assert_eq!(events.iter().map(|(digit, _)| *digit).collect::<String>(), ALL);
    assert!(events.iter().all(|(_, duration)| (480..1200).contains(duration)), "{events:?}");
    // What leaks before detection is too short to be heard as a key (Q.24: under 40 ms).
    let audio = lab.of_type(8).into_iter();
    let loud = audio.map(|s| s.payload.iter().filter(|&&o| decode(Companding::ALaw, o).abs() > 1000).count());
    let mut run = 0;
    for octets in loud {
        run = if octets > 20 { run + 1 } else { 0 };
        assert!(run < 3, "60 ms of tone passed");
    }
}

#[test]
fn telephone_events_pass_between_rtp_parties_in_their_own_types() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    let other = Rtp { telephone_event: Some(96), remote: Some(address(2)), ..rtp(4002, Codec::Pcmu) };
    lab.open_rtp(stream(2), other);
    lab.join(stream(1), stream(2));
    let mut party = Party::new(4000);
    for key in ALL.chars() {
        party.press(&mut lab, 101, event_of(key).unwrap(), 6);
        for _ in 0..4 {
            party.say(&mut lab, &[0xD5; BLOCK]);
            lab.tick();
        }
    }
    lab.ticks(20);
    let events = telephone_events(&lab.of_type(96));
    assert_eq!(events.iter().map(|(digit, _)| *digit).collect::<String>(), ALL);
    assert!(events.iter().all(|(_, d)| (800..=960).contains(d)), "about 120 ms: {events:?}");
    assert!(lab.of_type(101).is_empty(), "nothing comes back");
}

#[test]
fn the_echo_of_our_own_tones_is_no_key_of_the_party() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.detect(stream(1), DTMF);
    order(&mut lab, 1, "0123");
    for _ in 0..60 {
        lab.tick();
        line.heard().into_iter().for_each(|block| line.say(block));
    }
    assert_eq!(lab.digits(stream(1)), "");
}

#[test]
fn a_key_with_a_hole_in_it_is_one_key() {
    let (a, b) = cable(Companding::ALaw);
    let mut lab = Lab::new(&[&a]);
    lab.open_line(stream(1), 1);
    order(&mut lab, 1, "1234");
    lab.ticks(60);
    let blocks = a.heard();
    drop(b);
    let idle = [Companding::ALaw.idle(); BLOCK];
    let sounds: Vec<usize> = (0..blocks.len()).filter(|n| blocks[*n] != idle).collect();
    // The machine is busy for a moment: any one block of a tone does not arrive in time.
    for hole in &sounds[1..sounds.len() - 1] {
        let line = Line::new(Companding::ALaw);
        let mut far = Lab::new(&[&line]);
        far.open_line(stream(1), 1);
        far.detect(stream(1), Detect { dtmf: true, ..Detect::default() });
        for (n, block) in blocks.iter().enumerate() {
            if n != *hole {
                line.say(*block);
            }
            far.tick();
        }
        assert_eq!(far.digits(stream(1)), "1234", "without block {hole}");
    }
}
