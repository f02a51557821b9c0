//! What a tick costs, beside the cost of merely copying its blocks.
//!
//! `cargo run --release -p demarc-media --example cost`
#![allow(clippy::disallowed_methods)] // it measures

use demarc_hal::{BLOCK, Bearer, Block, ChannelId, Companding, Transfer};
use demarc_media::Engine;
use demarc_media::rtp::Header;
use demarc_model::id::Room;
use demarc_model::media::*;
use demarc_model::{Country, StreamId};
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::Instant;

const TICKS: u32 = 5000;
const CALLS: u16 = 30;

/// A card that always has a block of something like speech.
struct Card(Block);

impl Bearer for Card {
    fn write(&mut self, block: &Block) -> Transfer {
        self.0[0] = black_box(block)[0];
        Transfer::Done
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        *block = black_box(self.0);
        Transfer::Done
    }

    fn flush(&mut self) {}

    fn companding(&self) -> Companding {
        Companding::ALaw
    }
}

fn main() {
    let octets: Block = std::array::from_fn(|i| (i * 37 % 251) as u8);
    let all = Detect { dtmf: true, progress: Some(Country::US), voice: true, ..Detect::NONE };
    let copy = {
        let (from, mut to) = (vec![octets; 120], vec![[0u8; BLOCK]; 120]);
        per_tick(|_| to.iter_mut().zip(black_box(&from)).for_each(|(t, f)| *t = black_box(*f)))
    };
    println!("120 blocks copied                              {copy:8.2} us a tick (the yardstick)");
    for (name, codec, event, detect) in [
        ("30 calls, A-law to PCMA", Codec::Pcma, None, Detect::default()),
        ("30 calls, A-law to PCMU", Codec::Pcmu, None, Detect::default()),
        ("30 calls, keys relayed", Codec::Pcma, Some(101), Detect::default()),
        ("30 calls, every detector on 60 bearers", Codec::Pcma, Some(101), all),
    ] {
        let us = calls(codec, event, detect, octets);
        let streams = f64::from(CALLS) * 3.0;
        println!(
            "{name:<46} {us:8.2} us a tick, {:6.3} us a stream-block, {:5.2} % of one core",
            us / streams,
            us / 20_000.0 * 100.0
        );
    }
}

/// 30 RTP streams joined to 30 bearers, and 30 more bearers that play busy tone.
fn calls(codec: Codec, telephone_event: Option<u8>, detect: Detect, octets: Block) -> f64 {
    let bearers = (1..=2 * CALLS).map(|slot| {
        let card: Box<dyn Bearer> = Box::new(Card(octets));
        (ChannelId::new(1, slot as u8), card)
    });
    let mut engine = Engine::new(bearers);
    let from = SocketAddr::from(([192, 0, 2, 1], 4000));
    for call in 0..CALLS {
        let [rtp, bearer, other] = [0, 1, 2].map(|k| StreamId::new(Room::Pbx, u64::from(call) * 3 + k + 1));
        let session = Rtp {
            port: 4000 + call,
            remote: Some(from),
            codec,
            telephone_event,
            send: true,
            receive: true,
            ssrc: 1,
            lost_after_s: 30,
        };
        engine.command(MediaCommand::OpenRtp { stream: rtp, rtp: session });
        for (stream, slot) in [(bearer, call + 1), (other, CALLS + call + 1)] {
            engine.command(MediaCommand::OpenBearer { stream, channel: ChannelId::new(1, slot as u8) });
            engine.command(MediaCommand::Detect { stream, detect });
        }
        engine.command(MediaCommand::Play { stream: rtp, source: Source::Stream(bearer) });
        engine.command(MediaCommand::Play { stream: bearer, source: Source::Stream(rtp) });
        let busy = Source::Tone(Country::US.plan().busy.tone());
        engine.command(MediaCommand::Play { stream: other, source: busy });
    }
    per_tick(|tick| {
        let payload_type = if codec == Codec::Pcma { 8 } else { 0 };
        let header =
            Header { marker: false, payload_type, sequence: tick as u16, timestamp: tick * 160, ssrc: 1 };
        let mut packet = [0; 12 + BLOCK];
        packet[..12].copy_from_slice(&header.build());
        packet[12..].copy_from_slice(&octets);
        for call in 0..CALLS {
            engine.receive(4000 + call, from, &packet, 0);
        }
        engine.tick();
        engine.transmit(|_, _, octets| _ = black_box(octets));
        while engine.poll_event().is_some() {}
    })
}

/// Microseconds that `work` takes, on average.
fn per_tick(mut work: impl FnMut(u32)) -> f64 {
    let start = Instant::now();
    (0..TICKS).for_each(&mut work);
    start.elapsed().as_secs_f64() * 1e6 / f64::from(TICKS)
}
