//! The packets of one tick, until they are sent.

use std::net::SocketAddr;

/// Packets, back to back in one buffer that grows only when streams are opened.
#[derive(Debug, Default)]
pub struct Outbox {
    octets: Vec<u8>,
    packets: Vec<Packet>,
}

#[derive(Debug)]
struct Packet {
    port: u16,
    to: SocketAddr,
    end: usize,
}

/// Packets that one stream makes in one tick: audio, an end of an event, an event.
pub const PER_STREAM: usize = 3;

impl Outbox {
    /// Makes room for one tick of `streams` streams.
    pub fn reserve(&mut self, streams: usize) {
        let packets = streams * PER_STREAM;
        self.packets.reserve(packets.saturating_sub(self.packets.len()));
        self.octets.reserve((packets * crate::rtp::MAX_SENT).saturating_sub(self.octets.len()));
    }

    /// Adds a packet. One for which there is no room is dropped: nobody fetched those before it.
    pub fn push(&mut self, port: u16, to: SocketAddr, header: &[u8], payload: &[u8]) {
        let end = self.octets.len() + header.len() + payload.len();
        if end <= self.octets.capacity() && self.packets.len() < self.packets.capacity() {
            self.octets.extend_from_slice(header);
            self.octets.extend_from_slice(payload);
            self.packets.push(Packet { port, to, end });
        }
    }

    /// Hands out all packets: our port, where to, the octets.
    pub fn drain(&mut self, mut send: impl FnMut(u16, SocketAddr, &[u8])) {
        let mut start = 0;
        for packet in self.packets.drain(..) {
            if let Some(octets) = self.octets.get(start..packet.end) {
                send(packet.port, packet.to, octets);
            }
            start = packet.end;
        }
        self.octets.clear();
    }
}
