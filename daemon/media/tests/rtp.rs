//! RTP parties: who is listened to, who has fallen silent, and what they may send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::{BLOCK, Companding};
use demarc_media::codec::g711::decode;
use demarc_model::media::*;
use lab::*;
use proptest::prelude::*;

fn closed(lab: &mut Lab) -> StreamStats {
    lab.engine.command(MediaCommand::Close { stream: stream(1) });
    lab.tick();
    match lab.events.last() {
        Some(MediaEvent::Closed { stats, .. }) => *stats,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_party_behind_a_nat_is_found_and_nobody_else_is_heard() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    lab.play(stream(1), Source::Echo);
    let mut party = Party { from: address(7), ..Party::new(4000) };
    let mut intruder = Party { from: address(66), ssrc: 666, ..Party::new(4000) };
    for _ in 0..50 {
        party.say(&mut lab, &[0x11; BLOCK]);
        intruder.say(&mut lab, &[0x66; BLOCK]);
        lab.tick();
    }
    assert!(lab.sent.iter().all(|s| s.to == address(7)));
    assert!(lab.sent.iter().all(|s| s.payload[0] != 0x66));
    assert!(lab.sent.iter().filter(|s| s.payload == [0x11; BLOCK]).count() > 45);
    let stats = closed(&mut lab);
    assert_eq!((stats.received, stats.rejected, stats.lost), (50, 50, 0));
}

#[test]
fn what_is_not_ours_is_rejected_or_stray() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    lab.engine.receive(4000, address(1), b"not RTP", 0);
    Party::new(4000).packet(&mut lab, 0, 0, &[0; BLOCK]); // PCMU was not agreed
    Party::new(4002).say(&mut lab, &[0; BLOCK]);
    assert_eq!(lab.engine.counters().stray, 1);
    assert_eq!(lab.engine.counters().total.rejected, 2);
    lab.tick();
    assert_eq!(lab.sent[0].to, address(1), "such packets do not tell where a party is");
}

#[test]
fn silence_of_a_party_is_reported_once_after_as_long_as_it_may_last() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), Rtp { lost_after_s: 3, ..rtp(4000, Codec::Pcma) });
    let mut party = Party::new(4000);
    for _ in 0..2 {
        lab.events.clear();
        party.say(&mut lab, &[0; BLOCK]);
        lab.ticks(149);
        assert_eq!(lab.events, []);
        lab.ticks(1);
        assert_eq!(lab.events, [MediaEvent::RtpLost { stream: stream(1) }]);
        lab.ticks(500);
        assert_eq!(lab.events.len(), 1, "once until it is heard again");
    }
}

#[test]
fn a_party_that_need_not_send_is_not_lost() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), Rtp { lost_after_s: 1, receive: false, ..rtp(4000, Codec::Pcma) });
    lab.ticks(200);
    assert_eq!(lab.events, []);
}

#[test]
fn another_sender_on_the_same_address_is_followed_at_once() {
    let mut lab = Lab::new(&[]);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    lab.play(stream(1), Source::Echo);
    let mut early = Party::new(4000);
    let mut answer = Party { ssrc: 2, sequence: 100, timestamp: 77, ..Party::new(4000) };
    for _ in 0..20 {
        early.say(&mut lab, &[0x11; BLOCK]);
        lab.tick();
    }
    lab.sent.clear();
    for _ in 0..20 {
        answer.say(&mut lab, &[0x22; BLOCK]);
        lab.tick();
    }
    assert_eq!(lab.sent.iter().filter(|s| s.payload == [0x22; BLOCK]).count(), 19);
    assert_eq!(closed(&mut lab).lost, 0);
}

#[test]
fn a_codec_may_change_in_mid_call() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(2), 1);
    lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
    lab.join(stream(1), stream(2));
    lab.ticks(5);
    lab.engine.command(MediaCommand::UpdateRtp { stream: stream(1), rtp: rtp(4000, Codec::Pcmu) });
    lab.sent.clear();
    let mut party = Party { payload_type: 0, ..Party::new(4000) };
    for _ in 0..5 {
        party.say(&mut lab, &[0xFF; BLOCK]);
        lab.tick();
    }
    // The A-law has no zero: its silence is half a step off.
    let silent = |o: &u8| decode(Companding::MuLaw, *o).abs() <= 8;
    assert!(lab.sent.iter().all(|s| s.header.payload_type == 0 && s.payload.iter().all(silent)));
    let heard = line.heard();
    assert!(heard.iter().flatten().all(|&o| decode(Companding::ALaw, o).abs() <= 8), "{heard:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_packet_breaks_the_engine(
        packets in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..300), any::<bool>(), 0u8..5, 0usize..3), 0..100),
    ) {
        let line = Line::new(Companding::MuLaw);
        let mut lab = Lab::new(&[&line]);
        lab.open_line(stream(2), 1);
        lab.open_rtp(stream(1), rtp(4000, Codec::Pcma));
        lab.join(stream(1), stream(2));
        lab.detect(stream(1), DTMF);
        for (mut packet, plausible, kind, ticks) in packets {
            if plausible && packet.len() >= 2 {
                packet[0] = 0x80;
                packet[1] = [8, 101, 13, 0x88, 0][usize::from(kind)];
            }
            lab.engine.receive(4000, address(1), &packet, 0);
            lab.ticks(ticks);
        }
        prop_assert_eq!(line.heard().len(), lab.sent.len());
    }
}
