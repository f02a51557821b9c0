//! Malformed frames by the hundred thousand. The helper may die, and then another takes its place; it
//! may not hang, and when the flood is over there are calls again.

use super::frames::exercise;
use demarc_isdn::{Command, Dialect, Event, Interface, Settings};

/// Frames for each of the floods below.
const FRAMES: usize = 12_500;
/// Frames between two looks at what the helper says.
const BATCH: usize = 64;
/// A helper that dies more often than this in one flood is no help.
const DEATHS: usize = 3;

/// Calls after a flood until one gets through.
const CALLS: usize = 50;

/// A small generator, so that the same rubbish comes every time.
struct Rubbish(u64);

impl Rubbish {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn octet(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// A message that was one once: octets changed, lost, or from another message.
    fn bend(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut message = corpus[self.below(corpus.len())].clone();
        for _ in 0..self.below(5) {
            let at = self.below(message.len());
            match self.below(6) {
                0..=2 => message[at] = self.octet(),
                3 => message[at] ^= 1 << self.below(8),
                4 if message.len() > 1 => {
                    message.remove(at);
                }
                _ => {
                    let other = &corpus[self.below(corpus.len())];
                    message.truncate(at + 1);
                    message.extend(&other[self.below(other.len())..]);
                    message.truncate(250);
                }
            }
        }
        message
    }

    /// Any octets, now and then with the head of a frame.
    fn noise(&mut self, address: [u8; 2]) -> Vec<u8> {
        let mut frame: Vec<u8> = (0..self.below(40)).map(|_| self.octet()).collect();
        let head: &[u8] = match self.below(4) {
            0 => &[],
            // Layer 2 management.
            1 => &[0xFE, 0xFF, 0x03, 0x0F],
            _ => &address,
        };
        for (to, from) in frame.iter_mut().zip(head) {
            *to = *from;
        }
        frame
    }
}

/// The messages of call control among these frames, from one side or the other.
fn messages(frames: &[(bool, Vec<u8>)], from_network: bool) -> Vec<Vec<u8>> {
    let ours = frames.iter().filter(|(from, frame)| *from == from_network && frame[0] >> 2 == 0);
    let whole = ours.filter_map(|(_, frame)| match frame[2] {
        control if control & 1 == 0 => frame.get(4..frame.len() - 2),
        0x03 => frame.get(3..frame.len() - 2),
        _ => None,
    });
    whole.filter(|message| !message.is_empty()).map(<[u8]>::to_vec).collect()
}

/// Floods one side; how often it died.
fn flood(interface: Interface, dialect: Dialect, network: bool, seed: u64) -> usize {
    let mut bench = exercise(interface, dialect);
    let corpus = messages(&bench.frames, !network);
    assert!(corpus.len() > 10);
    let settings = Settings { dialect, interface, supplementary: true, ..Settings::default() };
    bench.cables[0].plugged = false;
    // The only terminal has the first TEI; else there is but TEI 0.
    let tei = if interface == Interface::BriPtmp { 64 << 1 | 1 } else { 0x01 };
    let address = [if network { 0x00 } else { 0x02 }, tei];
    let (mut rubbish, mut deaths, mut sent, mut reached) = (Rubbish(seed), 0, 0, 0);
    while sent < FRAMES {
        let mut alive = true;
        for _ in 0..BATCH {
            sent += 1;
            let frame = match rubbish.below(8) {
                0 => rubbish.noise(address),
                // Unnumbered, so that every one of them reaches layer 3.
                _ => [&address[..], &[0x03], &rubbish.bend(&corpus), &[0, 0]].concat(),
            };
            alive = alive && (frame.is_empty() || bench.inject(network, &frame));
        }
        bench.until("its answers", |_| true);
        reached +=
            std::mem::take(if network { &mut bench.network.received } else { &mut bench.user.received });
        let party = if network { &mut bench.network } else { &mut bench.user };
        party.answer_all(|call| match rubbish.below(4) {
            0 => Command::Connect { call, connected: None },
            1 => Command::Alerting { call, in_band: true },
            2 => Command::SetupAck { call, in_band: false },
            _ => Command::Clear { call, cause: 21 },
        });
        if !alive {
            deaths += 1;
            assert!(deaths <= DEATHS, "{dialect:?} {interface:?} died again and again");
            bench.replace(network, &settings);
        }
    }
    assert!(reached > FRAMES * 3 / 4, "{reached} messages came through to layer 3");
    // It is over, and calls get through to a new far end. Not all at first: what both still say about
    // calls that never were may hit one of theirs.
    bench.cables[0].plugged = true;
    bench.replace(!network, &settings);
    for attempt in 0.. {
        assert!(attempt < CALLS, "{dialect:?} {interface:?} does not recover");
        let near = if network { &mut bench.network } else { &mut bench.user };
        let setup = near.setup("2001");
        let call = setup.call;
        near.send(Command::Setup(setup));
        let mut end = None;
        bench.until("an answer to the call", |bench| {
            let (near, far) =
                if network { (&bench.network, &mut bench.user) } else { (&bench.user, &mut bench.network) };
            far.answer_all(|call| Command::Connect { call, connected: None });
            end = near.find(|event| match event {
                Event::Connect { call: of, .. } if *of == call => Some(None),
                Event::Cleared { call: of, cause } if *of == call => Some(Some(*cause)),
                _ => None,
            });
            end.is_some()
        });
        match end {
            Some(None) => break,
            // Layer 2 is not up again.
            Some(Some(38)) => bench.until("layer 2", |bench| {
                let near = if network { &bench.network } else { &bench.user };
                let last =
                    near.find_last(|event| matches!(event, Event::Up | Event::Down).then(|| event.clone()));
                last == Some(Event::Up)
            }),
            _ => {}
        }
    }
    deaths
}

#[test]
fn euro_isdn_on_the_user_side() {
    flood(Interface::E1, Dialect::EuroIsdn, false, 1);
}

#[test]
fn euro_isdn_on_the_network_side() {
    flood(Interface::E1, Dialect::EuroIsdn, true, 2);
}

#[test]
fn qsig_on_either_side() {
    flood(Interface::E1, Dialect::Qsig, false, 3);
    flood(Interface::E1, Dialect::Qsig, true, 4);
}

#[test]
fn north_american_dialects() {
    flood(Interface::T1, Dialect::Ni2, false, 5);
    flood(Interface::T1, Dialect::Dms100, true, 6);
}

#[test]
fn both_ends_of_a_bus() {
    flood(Interface::BriPtmp, Dialect::EuroIsdn, true, 7);
    flood(Interface::BriPtmp, Dialect::EuroIsdn, false, 8);
}
