use super::*;
use proptest::prelude::*;

const LAW: Companding = Companding::ALaw;

/// A sender: packet n has `ptime` octets, which tell their place in the stream.
fn octet(timestamp: u32) -> u8 {
    (timestamp % 251) as u8
}

struct Lab {
    jitter: Jitter,
    now: u32,
    /// How long before a tick packets come.
    ago: u32,
    ptime: u32,
    played: Vec<u8>,
    kinds: Vec<Played>,
}

impl Lab {
    fn new(ptime: u32) -> Self {
        Self { jitter: Jitter::new(LAW), now: 0, ago: 0, ptime, played: Vec::new(), kinds: Vec::new() }
    }

    fn arrive(&mut self, n: u32) {
        let timestamp = 1000u32.wrapping_add(n * self.ptime);
        let payload: Vec<_> = (0..self.ptime).map(|i| octet(timestamp + i)).collect();
        self.jitter.insert(65_530u16.wrapping_add(n as u16), timestamp, &payload, self.now, self.ago);
    }

    fn tick(&mut self) {
        let mut block = [0; BLOCK];
        self.kinds.push(self.jitter.play(&mut block));
        self.played.extend(block);
        self.now += BLOCK as u32;
    }

    /// Ticks of which each lets those packets arrive that a sender has made by then.
    fn run(&mut self, ticks: u32, lost: impl Fn(u32) -> bool) {
        let (mut sent, start) = (0, self.now);
        for _ in 0..ticks {
            while (sent + 1) * self.ptime <= self.now - start + BLOCK as u32 {
                if !lost(sent) {
                    self.arrive(sent);
                }
                sent += 1;
            }
            self.tick();
        }
    }

    /// From the first octet on, what was played is the stream.
    fn assert_whole(&self) {
        let start = self.kinds.iter().position(|k| *k == Played::Real).unwrap() * BLOCK;
        let first = (1000..1251).find(|&t| octet(t) == self.played[start]).unwrap();
        let expected: Vec<_> = (first..).take(self.played.len() - start).map(octet).collect();
        let differs = self.played[start..].iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(differs, None, "octets after the beginning");
    }
}

#[test]
fn a_steady_stream_of_any_packet_time_passes_octet_for_octet() {
    for ms in [10, 20, 30, 40, 60] {
        let mut lab = Lab::new(ms * 8);
        lab.run(500, |_| false);
        let real = lab.kinds.iter().filter(|k| **k == Played::Real).count();
        assert!(real >= 495, "{ms} ms: {real}");
        lab.assert_whole();
        assert_eq!((lab.jitter.lost(), lab.jitter.late()), (0, 0), "{ms} ms");
    }
}

/// A party that speaks in bursts of a second with as much silence between them, each packet `ago` samples
/// before a tick and `late` ticks later than the first.
fn bursts(lab: &mut Lab, ticks: u32, ago: u32, late: impl Fn(u32) -> u32) {
    let start = lab.now / BLOCK as u32;
    for tick in start..start + ticks {
        for n in tick.saturating_sub(8)..=tick {
            if n + late(n) == tick {
                let octet = if n % 100 < 50 { LAW.idle() } else { octet(n) };
                lab.jitter.insert(n as u16, n * 160, &[octet; BLOCK], lab.now, ago);
            }
        }
        lab.tick();
    }
}

/// Ticks from the one in which a packet came to the one in which it is played, at the end.
fn depth(lab: &Lab) -> u32 {
    let last = lab.played.chunks(BLOCK).rposition(|block| block != [LAW.idle(); BLOCK]).unwrap() as u32;
    let n = (0..=last).rev().find(|n| n % 100 >= 50 && octet(*n) == lab.played[last as usize * BLOCK]);
    last - n.unwrap()
}

#[test]
fn the_delay_begins_with_one_block() {
    let mut lab = Lab::new(160);
    lab.run(20, |_| false);
    assert_eq!(lab.kinds.iter().position(|kind| *kind == Played::Real), Some(1));
    lab.assert_whole();
}

#[test]
fn who_comes_well_before_a_tick_is_played_in_it_and_who_comes_just_before_it_is_not() {
    for (ago, ticks) in [(150, 0), (100, 0), (70, 0), (40, 0), (39, 1), (0, 1)] {
        let mut lab = Lab::new(160);
        bursts(&mut lab, 1080, ago, |_| 0);
        assert_eq!(depth(&lab), ticks, "{ago} samples before a tick");
        let after = lab.kinds.iter().skip(1);
        assert_eq!(after.filter(|kind| **kind != Played::Real).count(), 0, "{ago} samples before a tick");
        assert_eq!((lab.jitter.lost(), lab.jitter.late()), (0, 0));
    }
}

#[test]
fn where_packets_differ_a_tick_must_leave_as_much() {
    // Every second packet comes that much earlier than the others.
    for (ago, differ, ticks) in [(70, 30, 0), (70, 69, 0), (70, 71, 1), (79, 1000, 1), (80, 1000, 0)] {
        let mut lab = Lab::new(160);
        for n in 0..1080 {
            let octet = if n % 100 < 50 { LAW.idle() } else { octet(n) };
            lab.jitter.insert(n as u16, n * 160, &[octet; BLOCK], lab.now, ago + n % 2 * differ);
            lab.tick();
        }
        assert_eq!(depth(&lab), ticks, "{ago} samples before a tick, or {differ} more");
        assert_eq!((lab.jitter.lost(), lab.jitter.late()), (0, 0));
    }
}

#[test]
fn a_network_is_steady_when_it_was_for_a_while() {
    let mut lab = Lab::new(160);
    bursts(&mut lab, KNOWN as u32 * WINDOW, 70, |_| 0);
    assert_eq!(depth(&lab), 1);
    bursts(&mut lab, 200, 70, |_| 0);
    assert_eq!(depth(&lab), 0);
    // It differs once: the next tick is given back to it in the next silence.
    let mut lab = Lab::new(160);
    bursts(&mut lab, 1080, 45, |_| 0);
    assert_eq!(depth(&lab), 0);
    bursts(&mut lab, 1, 120, |_| 0);
    bursts(&mut lab, 118, 35, |_| 0);
    assert_eq!(depth(&lab), 1);
}

#[test]
fn a_packet_that_begins_within_a_block_is_wanted_with_the_block() {
    // Two packets of 10 ms a tick, the second one `ago` samples before it.
    for (ago, ticks) in [(90, 0), (70, 1)] {
        let mut lab = Lab::new(80);
        for n in 0..1080 {
            let octet = if n % 100 < 50 { LAW.idle() } else { octet(n) };
            for half in 0..2 {
                let sequence = n * 2 + half;
                let ago = ago + 80 * (1 - half);
                lab.jitter.insert(sequence as u16, sequence * 80, &[octet; 80], lab.now, ago);
            }
            lab.tick();
        }
        assert_eq!(depth(&lab), ticks, "{ago} samples before a tick");
        let after = lab.kinds.iter().skip(1);
        assert_eq!(after.filter(|kind| **kind != Played::Real).count(), 0);
        assert_eq!((lab.jitter.lost(), lab.jitter.late()), (0, 0));
    }
}

/// Whatever the moment in a period at which a steady telephone sends: from its packet to the tick that plays it.
#[test]
fn a_steady_party_waits_15_ms_on_average_and_25_at_worst() {
    let waits = (0..160).step_by(4).map(|ago| {
        let mut lab = Lab::new(160);
        bursts(&mut lab, 1080, ago, |_| 0);
        depth(&lab) * 160 + ago
    });
    let waits: Vec<u32> = waits.collect();
    let mean = waits.iter().sum::<u32>() / waits.len() as u32;
    assert!(mean <= 120 && waits.iter().max() < Some(&200), "{mean}; {waits:?}");
}

#[test]
fn a_network_that_is_late_again_and_again_keeps_its_delay() {
    // One packet in ten seconds takes three ticks longer, as when somebody looks at a page.
    let late = |n: u32| if n % 500 == 480 { 3 } else { 0 };
    let mut lab = Lab::new(160);
    bursts(&mut lab, 20_000, 100, late);
    let made_up: Vec<usize> = lab.kinds.chunks(2500).map(made_up).collect();
    assert!(made_up[0] > 0, "{made_up:?}");
    assert_eq!(made_up[4..], [0; 4], "{made_up:?}");
}

fn made_up(kinds: &[Played]) -> usize {
    kinds.iter().filter(|kind| **kind == Played::Concealed).count()
}

#[test]
fn a_delay_that_was_needed_once_is_given_up() {
    let mut lab = Lab::new(160);
    bursts(&mut lab, 4000, 100, |n| if (480..500).contains(&n) { 5 } else { 0 });
    assert_eq!(depth(&lab), 0);
}

#[test]
fn sequence_numbers_and_timestamps_wrap() {
    let mut jitter = Jitter::new(LAW);
    let mut real = 0;
    for n in 0..200u32 {
        let timestamp = (u32::MAX - 5000).wrapping_add(n * 160);
        jitter.insert(65_500u16.wrapping_add(n as u16), timestamp, &[7; BLOCK], n * 160, 0);
        let mut block = [0; BLOCK];
        real += u32::from(jitter.play(&mut block) == Played::Real && block == [7; BLOCK]);
    }
    assert!(real >= 197, "{real}");
    assert_eq!((jitter.lost(), jitter.late()), (0, 0));
}

#[test]
fn losses_are_counted_and_concealed() {
    let mut lab = Lab::new(160);
    lab.run(400, |n| n % 20 == 10);
    assert_eq!(lab.jitter.lost(), 20);
    let concealed = lab.kinds.iter().filter(|k| **k == Played::Concealed).count();
    assert!((19..=20).contains(&concealed), "{concealed}");
}

#[test]
fn packets_out_of_order_are_put_in_order() {
    let mut lab = Lab::new(160);
    for pair in 0..100 {
        lab.arrive(pair * 2 + 1);
        lab.tick();
        lab.arrive(pair * 2);
        lab.tick();
    }
    let concealed = lab.kinds.iter().skip(4).filter(|k| **k != Played::Real).count();
    assert_eq!(concealed, 0, "{:?}", lab.kinds);
    assert_eq!(lab.jitter.lost(), 0);
}

#[test]
fn a_packet_that_comes_twice_is_played_once() {
    let mut lab = Lab::new(160);
    for n in 0..100 {
        lab.arrive(n);
        lab.arrive(n);
        lab.tick();
    }
    lab.assert_whole();
    assert_eq!((lab.jitter.late(), lab.jitter.lost()), (100, 0));
}

#[test]
fn delay_grows_when_packets_come_late_and_then_nothing_is_missing() {
    let mut lab = Lab::new(160);
    // Every tenth tick the network holds packets back for five ticks, then delivers them at once.
    let mut next = 0;
    for tick in 0..600u32 {
        if tick % 10 >= 5 {
            while next <= tick {
                lab.arrive(next);
                next += 1;
            }
        }
        lab.tick();
    }
    let missing = lab.kinds.iter().skip(100).filter(|k| **k != Played::Real).count();
    assert_eq!(missing, 0);
    assert!(lab.jitter.jitter_us() > 1000);
}

/// A sender whose clock is off, speaking in bursts with silence between them.
fn drift(percent: i32) -> Jitter {
    let mut jitter = Jitter::new(LAW);
    let (mut sent, mut due) = (0u32, 0);
    for tick in 0..15_000u32 {
        due += 100 + percent;
        while due >= 100 {
            due -= 100;
            let octet = if sent % 100 < 50 { LAW.idle() } else { 0x2A };
            jitter.insert(sent as u16, sent * 160, &[octet; BLOCK], tick * 160, 0);
            sent += 1;
        }
        jitter.play(&mut [0; BLOCK]);
    }
    jitter
}

#[test]
fn clocks_that_differ_are_reconciled_in_silence() {
    for percent in [-1, 1] {
        let jitter = drift(percent);
        assert_eq!((jitter.lost(), jitter.late()), (0, 0), "{percent} %");
        assert!(jitter.margin == i32::MAX || jitter.margin < DEEPEST, "{percent} %");
    }
}

#[test]
fn a_sender_that_jumps_in_time_is_followed() {
    let mut lab = Lab::new(160);
    lab.run(50, |_| false);
    for n in 0..50u32 {
        lab.jitter.insert(1000 + n as u16, 3_000_000_000 + n * 160, &[9; BLOCK], lab.now, 0);
        lab.tick();
    }
    assert_eq!(lab.played[lab.played.len() - 40 * BLOCK..], [9; 40 * BLOCK]);
}

#[test]
fn when_nothing_comes_silence_is_played() {
    let mut lab = Lab::new(160);
    lab.run(50, |_| false);
    (0..50).for_each(|_| lab.tick());
    assert_eq!(lab.kinds.last(), Some(&Played::Nothing));
    assert_eq!(lab.played[lab.played.len() - BLOCK..], [LAW.idle(); BLOCK]);
}

proptest! {
    #[test]
    fn nothing_that_arrives_breaks_it(
        packets in proptest::collection::vec((any::<u16>(), any::<u32>(), 0usize..1500, 0u8..4), 0..200),
    ) {
        let mut jitter = Jitter::new(LAW);
        for (i, (sequence, timestamp, length, ticks)) in packets.into_iter().enumerate() {
            jitter.insert(sequence, timestamp, &vec![1; length], i as u32 * 160, i as u32 % 200);
            for _ in 0..ticks {
                jitter.play(&mut [0; BLOCK]);
            }
        }
    }

    /// Whatever the network does to a stream, what is played in one piece is a piece of the stream.
    #[test]
    fn what_is_played_is_what_was_sent(delays in proptest::collection::vec((0u32..6, 0u8..20), 300)) {
        let mut lab = Lab::new(160);
        for tick in 0..310u32 {
            for (n, (delay, fate)) in delays.iter().enumerate() {
                if n as u32 + delay == tick && *fate > 0 {
                    lab.arrive(n as u32);
                }
            }
            lab.tick();
        }
        for (block, kind) in lab.played.chunks(BLOCK).zip(&lab.kinds) {
            // The block after a concealed one is blended; look at those that follow a real one.
            let piece = (0..251u32).any(|t| (0..BLOCK as u32).all(|i| block[i as usize] == octet(t + i)));
            if *kind == Played::Real && !piece {
                let blended = block.windows(2).filter(|w| w[1] == w[0].wrapping_add(1)).count();
                prop_assert!(blended > 100, "{block:?}");
            }
        }
    }
}
