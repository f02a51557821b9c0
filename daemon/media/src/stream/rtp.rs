//! A stream's way to and from an RTP party.

use super::outbox::Outbox;
use super::push_edge;
use crate::dtmf::KeyEdge;
use crate::jitter::Jitter;
use crate::keys::Sounding;
use crate::latch::Latch;
use crate::rtp::Header;
use crate::telephone_event::{EventReceiver, Payload, event_of};
use demarc_hal::{BLOCK, Block, Companding};
use demarc_model::media::{Codec, Rtp, StreamStats};
use std::net::SocketAddr;

/// Comfort noise (RFC 3389): a sign of life, played as silence.
const COMFORT_NOISE: u8 = 13;
/// Ticks in a second.
const TICKS: u32 = 50;
/// An end of an event is sent three times (RFC 4733 §2.5.1.4): twice after the first.
const REPEATS: u8 = 2;
/// −dBm0 of the events we send: that of the tones we make, roughly.
const VOLUME: u8 = 7;

/// An RTP session with one party.
pub struct RtpPort {
    rtp: Rtp,
    latch: Latch,
    jitter: Jitter,
    events: EventReceiver,
    /// The party's synchronisation source.
    ssrc: Option<u32>,
    /// Ticks since a packet came; more than the limit are reported once.
    silent: u32,
    /// Samples since the stream began: the clock of our ears.
    now: u32,
    sequence: u16,
    timestamp: u32,
    /// The next packet of audio begins a talkspurt.
    marker: bool,
    event: Option<SentEvent>,
    /// Of jitter buffers before this one.
    stats: StreamStats,
}

/// An event under way toward the party.
#[derive(Debug, Clone, Copy)]
struct SentEvent {
    timestamp: u32,
    payload: Payload,
    /// After the end: how many more times to send it.
    repeats: u8,
}

impl RtpPort {
    /// Begins a session.
    pub fn new(rtp: Rtp) -> Self {
        let mut latch = Latch::default();
        latch.agree(rtp.remote);
        // RFC 3550 §5.1 wants unpredictable beginnings; the SSRC is as good a seed as we are given.
        let seed = rtp.ssrc.wrapping_mul(0x9E37_79B1);
        Self {
            jitter: Jitter::new(law(rtp.codec)),
            rtp,
            latch,
            events: EventReceiver::default(),
            ssrc: None,
            silent: 0,
            now: 0,
            sequence: (seed >> 16) as u16,
            timestamp: seed.rotate_left(7),
            marker: true,
            event: None,
            stats: StreamStats::default(),
        }
    }

    /// Goes on otherwise.
    pub fn update(&mut self, rtp: Rtp) {
        self.latch.agree(rtp.remote);
        self.silent = 0;
        if rtp.codec != self.rtp.codec {
            self.stats = self.stats();
            self.jitter = Jitter::new(law(rtp.codec));
        }
        self.marker |= rtp.send && !self.rtp.send;
        self.rtp = rtp;
    }

    /// Our port.
    pub fn port(&self) -> u16 {
        self.rtp.port
    }

    /// The payload type of telephone-event, when agreed.
    pub fn telephone_event(&self) -> Option<u8> {
        self.rtp.telephone_event
    }

    /// The law of its octets.
    pub fn law(&self) -> Companding {
        law(self.rtp.codec)
    }

    /// A packet came to our port, `ago` samples before the next tick.
    pub fn receive(&mut self, from: SocketAddr, packet: &[u8], ago: u32, edges: &mut Vec<KeyEdge>) {
        let Some((header, payload)) = Header::parse(packet).filter(|(h, _)| self.knows(h.payload_type))
        else {
            self.stats.rejected += 1;
            return;
        };
        if !self.latch.admit(from) {
            self.stats.rejected += 1;
            return;
        }
        self.silent = 0;
        self.stats.received += 1;
        if !self.rtp.receive {
            return;
        }
        if self.ssrc.replace(header.ssrc).is_some_and(|ssrc| ssrc != header.ssrc) {
            self.jitter.restart();
            self.events.restart().into_iter().for_each(|edge| push_edge(edges, edge));
        }
        let kind = header.payload_type;
        if kind == payload_type(self.rtp.codec) {
            self.jitter.insert(header.sequence, header.timestamp, payload, self.now, ago);
        } else if self.jitter.note(header.sequence) && Some(kind) == self.rtp.telephone_event {
            let heard = self.events.receive(header.timestamp, payload);
            heard.into_iter().flatten().for_each(|edge| push_edge(edges, edge));
        }
    }

    /// The next block from the party. True when it has been silent for too long.
    pub fn play(&mut self, block: &mut Block, edges: &mut Vec<KeyEdge>) -> bool {
        self.now = self.now.wrapping_add(BLOCK as u32);
        self.latch.tick();
        self.events.tick().into_iter().for_each(|edge| push_edge(edges, edge));
        self.jitter.play(block);
        if !self.rtp.receive {
            *block = [self.law().idle(); BLOCK];
            self.silent = 0;
            return false;
        }
        self.silent = self.silent.saturating_add(1);
        self.rtp.lost_after_s > 0 && self.silent == u32::from(self.rtp.lost_after_s) * TICKS
    }

    /// Sends a block, or the key that sounds instead of it.
    pub fn send(&mut self, block: &Block, key: Option<Sounding>, outbox: &mut Outbox) {
        let now = self.timestamp;
        self.timestamp = now.wrapping_add(BLOCK as u32);
        let Some(to) = self.latch.destination().filter(|_| self.rtp.send) else {
            self.event = None;
            return;
        };
        if let Some(event) = &mut self.event
            && event.repeats > 0
        {
            event.repeats -= 1;
            let event = *event;
            self.send_event(event, false, to, outbox);
        }
        match key.and_then(|key| Some((key, event_of(key.digit)?))) {
            None => {
                let (marker, kind) = (std::mem::take(&mut self.marker), payload_type(self.rtp.codec));
                self.packet(marker, kind, now, block, to, outbox);
            }
            Some((key, code)) => {
                let begun = self.event.filter(|e| !e.payload.end);
                let timestamp = begun.map_or(now.wrapping_add(key.from as u32), |e| e.timestamp);
                let duration = u16::try_from(key.lasted).unwrap_or(u16::MAX);
                let payload = Payload { event: code, end: key.ends, volume: VOLUME, duration };
                let event = SentEvent { timestamp, payload, repeats: if key.ends { REPEATS } else { 0 } };
                self.event = Some(event);
                self.send_event(event, begun.is_none(), to, outbox);
            }
        }
    }

    /// The figures so far.
    pub fn stats(&self) -> StreamStats {
        StreamStats {
            lost: self.stats.lost + self.jitter.lost(),
            late: self.stats.late + self.jitter.late(),
            jitter_us: self.jitter.jitter_us(),
            ..self.stats
        }
    }

    fn knows(&self, kind: u8) -> bool {
        kind == payload_type(self.rtp.codec)
            || kind == COMFORT_NOISE
            || Some(kind) == self.rtp.telephone_event
    }

    fn send_event(&mut self, event: SentEvent, marker: bool, to: SocketAddr, outbox: &mut Outbox) {
        if let Some(kind) = self.rtp.telephone_event {
            self.packet(marker, kind, event.timestamp, &event.payload.build(), to, outbox);
        }
    }

    fn packet(
        &mut self,
        marker: bool,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
        to: SocketAddr,
        outbox: &mut Outbox,
    ) {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.rtp.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        self.stats.sent += 1;
        outbox.push(self.rtp.port, to, &header.build(), payload);
    }
}

fn law(codec: Codec) -> Companding {
    match codec {
        Codec::Pcma => Companding::ALaw,
        Codec::Pcmu => Companding::MuLaw,
    }
}

/// RFC 3551 §6.
fn payload_type(codec: Codec) -> u8 {
    match codec {
        Codec::Pcmu => 0,
        Codec::Pcma => 8,
    }
}
