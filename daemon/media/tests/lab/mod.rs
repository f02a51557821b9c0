//! An engine on a bench: bearers whose far ends are in our hands, and packets likewise.
#![allow(dead_code)] // each test file uses a part

pub mod identity;
pub mod keys;
pub mod signal;
pub mod speech;
pub mod tones;

use demarc_hal::{BLOCK, Bearer, Block, ChannelId, Companding, Transfer};
use demarc_media::Engine;
use demarc_media::rtp::Header;
use demarc_model::StreamId;
use demarc_model::id::Room;
use demarc_model::media::*;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

/// The far end of a bearer.
#[derive(Clone)]
pub struct Line {
    pub law: Companding,
    pub to_line: Arc<Mutex<VecDeque<Block>>>,
    pub from_line: Arc<Mutex<VecDeque<Block>>>,
}

impl Line {
    pub fn new(law: Companding) -> Self {
        Self { law, to_line: Arc::default(), from_line: Arc::default() }
    }

    /// Speaks into the line.
    pub fn say(&self, block: Block) {
        self.from_line.lock().unwrap().push_back(block);
    }

    /// What the engine wrote since the last call.
    pub fn heard(&self) -> Vec<Block> {
        self.to_line.lock().unwrap().drain(..).collect()
    }
}

impl Bearer for Line {
    fn write(&mut self, block: &Block) -> Transfer {
        self.to_line.lock().unwrap().push_back(*block);
        Transfer::Done
    }

    fn read(&mut self, block: &mut Block) -> Transfer {
        match self.from_line.lock().unwrap().pop_front() {
            Some(said) => {
                *block = said;
                Transfer::Done
            }
            None => Transfer::Missed,
        }
    }

    fn flush(&mut self) {}

    fn companding(&self) -> Companding {
        self.law
    }
}

/// A packet that the engine sent.
#[derive(Debug, Clone)]
pub struct Sent {
    pub port: u16,
    pub to: SocketAddr,
    pub header: Header,
    pub payload: Vec<u8>,
}

/// An engine and what came out of it.
pub struct Lab {
    pub engine: Engine,
    pub sent: Vec<Sent>,
    pub events: Vec<MediaEvent>,
}

impl Lab {
    /// With bearers 1/1, 1/2 ….
    pub fn new(lines: &[&Line]) -> Self {
        let bearers = lines.iter().enumerate().map(|(i, line)| {
            let bearer: Box<dyn Bearer> = Box::new((*line).clone());
            (ChannelId::new(1, i as u8 + 1), bearer)
        });
        Self { engine: Engine::new(bearers), sent: Vec::new(), events: Vec::new() }
    }

    pub fn open_line(&mut self, stream: StreamId, slot: u8) {
        self.engine.command(MediaCommand::OpenBearer { stream, channel: ChannelId::new(1, slot) });
    }

    pub fn open_rtp(&mut self, stream: StreamId, rtp: Rtp) {
        self.engine.command(MediaCommand::OpenRtp { stream, rtp });
    }

    pub fn play(&mut self, stream: StreamId, source: Source) {
        self.engine.command(MediaCommand::Play { stream, source });
    }

    pub fn detect(&mut self, stream: StreamId, detect: Detect) {
        self.engine.command(MediaCommand::Detect { stream, detect });
    }

    pub fn join(&mut self, a: StreamId, b: StreamId) {
        self.play(a, Source::Stream(b));
        self.play(b, Source::Stream(a));
    }

    pub fn tick(&mut self) {
        self.engine.tick();
        self.engine.transmit(|port, to, octets| {
            let (header, payload) = Header::parse(octets).unwrap();
            self.sent.push(Sent { port, to, header, payload: payload.to_vec() });
        });
        self.events.extend(std::iter::from_fn(|| self.engine.poll_event()));
    }

    pub fn ticks(&mut self, count: usize) {
        (0..count).for_each(|_| self.tick());
    }

    /// The digits reported for a stream.
    pub fn digits(&self, stream: StreamId) -> String {
        let digit = |e: &MediaEvent| match e {
            MediaEvent::Digit { stream: s, digit } if *s == stream => Some(*digit),
            _ => None,
        };
        self.events.iter().filter_map(digit).collect()
    }

    pub fn of_type(&self, payload_type: u8) -> Vec<&Sent> {
        self.sent.iter().filter(|s| s.header.payload_type == payload_type).collect()
    }
}

/// An RTP party at 192.0.2.1 that sends us packets.
pub struct Party {
    pub port: u16,
    pub from: SocketAddr,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
}

impl Party {
    pub fn new(port: u16) -> Self {
        Self {
            port,
            from: address(1),
            payload_type: 8,
            sequence: 65_500,
            timestamp: u32::MAX - 10_000,
            ssrc: 1,
        }
    }

    /// Sends a block and lets 20 ms pass on its clock.
    pub fn say(&mut self, lab: &mut Lab, block: &Block) {
        self.packet(lab, self.payload_type, self.timestamp, block);
        self.timestamp = self.timestamp.wrapping_add(BLOCK as u32);
    }

    pub fn packet(&mut self, lab: &mut Lab, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let header =
            Header { marker: false, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        lab.engine.receive(self.port, self.from, &[&header.build(), payload].concat(), 0);
    }

    /// Presses a key for `ticks` as telephone-event `payload_type`, ticking the engine.
    pub fn press(&mut self, lab: &mut Lab, payload_type: u8, event: u8, ticks: u16) {
        let start = self.timestamp;
        for n in 1..=ticks {
            let [high, low] = (n * 160).to_be_bytes();
            let end = if n == ticks { 0x80 } else { 0 };
            for _ in 0..if n == ticks { 3 } else { 1 } {
                self.packet(lab, payload_type, start, &[event, end | 10, high, low]);
            }
            self.timestamp = self.timestamp.wrapping_add(BLOCK as u32);
            lab.tick();
        }
    }
}

pub fn address(host: u8) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, host], 4000))
}

pub fn stream(n: u64) -> StreamId {
    StreamId::new(Room::Pstn, n)
}

/// A session on `port` with the party at 192.0.2.1.
pub fn rtp(port: u16, codec: Codec) -> Rtp {
    Rtp {
        port,
        remote: Some(address(1)),
        codec,
        telephone_event: Some(101),
        send: true,
        receive: true,
        ssrc: 0x1234_5678,
        lost_after_s: 0,
    }
}

/// Every octet there is, a piece for each `n`.
pub fn piece(n: usize) -> Block {
    std::array::from_fn(|i| ((n * BLOCK + i) % 256) as u8)
}

pub const DTMF: Detect = Detect { dtmf: true, ..Detect::NONE };
