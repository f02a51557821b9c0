//! All streams and bearers, and how a tick goes.

use crate::mixer::Mixer;
use crate::stream::bearer::BearerPort;
use crate::stream::outbox::Outbox;
use crate::stream::rtp::RtpPort;
use crate::stream::{Playing, Port, Stream};
use demarc_hal::{Bearer, Block, ChannelId, Companding, SpanId};
use demarc_model::StreamId;
use demarc_model::media::{Detect, MediaCommand, MediaEvent, StreamStats};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;

/// The media engine. See the crate for how it is driven.
#[derive(Default)]
pub struct Engine {
    /// In order of their ids.
    streams: Vec<Stream>,
    /// The ports of RTP streams, in order, and the places of the streams.
    ports: Vec<(u16, usize)>,
    /// Streams are other ones, or play something else, than in the last tick.
    rearranged: bool,
    /// Bearers that no stream uses.
    bearers: BTreeMap<ChannelId, Box<dyn Bearer>>,
    outbox: Outbox,
    events: Events,
    /// Figures of streams that have ended, and of packets for none.
    past: Counters,
}

/// Figures since the start, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Open streams now.
    pub streams: u64,
    /// The figures of all streams, ended ones and open ones; jitter is the largest of the open ones.
    pub total: StreamStats,
    /// Packets to a port that no stream has.
    pub stray: u64,
    /// Events that nobody fetched in time.
    pub events_dropped: u64,
}

/// Events until they are fetched.
#[derive(Debug, Default)]
pub struct Events {
    queue: VecDeque<MediaEvent>,
    dropped: u64,
}

/// Events that may wait.
const WAITING: usize = 4096;

impl Events {
    /// Adds an event; drops it when too many wait.
    pub fn push(&mut self, event: MediaEvent) {
        if self.queue.len() < WAITING {
            self.queue.push_back(event);
        } else {
            self.dropped += 1;
        }
    }
}

impl Engine {
    /// An engine with those bearers and no stream.
    pub fn new(bearers: impl IntoIterator<Item = (ChannelId, Box<dyn Bearer>)>) -> Self {
        let mut engine = Self { bearers: bearers.into_iter().collect(), ..Self::default() };
        engine.events.queue.reserve(256);
        engine
    }

    /// Adds a bearer, as when a card appears. One that is in use is kept, and the new one dropped.
    pub fn add_bearer(&mut self, channel: ChannelId, bearer: Box<dyn Bearer>) {
        if self.using(channel).is_none() {
            self.bearers.insert(channel, bearer);
        }
    }

    /// Closes the bearers of a span, as when its card vanishes. Streams on them end.
    pub fn drop_bearers(&mut self, span: SpanId) {
        let on_span = |s: &Stream| matches!(&s.port, Port::Bearer(b) if b.channel.span == span);
        let streams: Vec<StreamId> = self.streams.iter().filter(|s| on_span(s)).map(|s| s.id).collect();
        for stream in streams {
            self.close(stream);
        }
        self.bearers.retain(|channel, _| channel.span != span);
        self.rearranged = true;
    }

    /// Does what it is told.
    pub fn command(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::OpenRtp { stream, rtp } => {
                self.open(stream, Port::Rtp(Box::new(RtpPort::new(rtp))))
            }
            MediaCommand::OpenBearer { stream, channel } => {
                // Whoever still holds the channel has been forgotten: the new call has it.
                if let Some(holder) = self.using(channel) {
                    self.close(holder);
                }
                if let Some(bearer) = self.bearers.remove(&channel) {
                    self.open(stream, Port::Bearer(BearerPort::new(channel, bearer)));
                }
            }
            MediaCommand::Transparent { stream } => {
                if let Some(stream) = self.find(stream) {
                    stream.detect(Detect::default());
                    if let Port::Bearer(port) = &mut stream.port {
                        port.pass_through();
                    }
                }
            }
            MediaCommand::UpdateRtp { stream, rtp } => {
                if let Some(Port::Rtp(port)) = self.find(stream).map(|s| &mut s.port) {
                    port.update(rtp);
                    self.index_ports();
                }
            }
            MediaCommand::Close { stream } => self.close(stream),
            MediaCommand::Play { stream, source } => {
                if let Some(stream) = self.find(stream) {
                    stream.play(source);
                }
            }
            MediaCommand::Interject { stream, tone } => {
                if let Some(stream) = self.find(stream) {
                    stream.interject(tone);
                }
            }
            MediaCommand::Detect { stream, detect } => {
                if let Some(stream) = self.find(stream) {
                    stream.detect(detect);
                }
            }
            MediaCommand::SendDigits { stream, digits, on_ms, off_ms } => {
                if let Some(stream) = self.find(stream) {
                    stream.send_digits(&digits, on_ms, off_ms);
                }
            }
            MediaCommand::SendCallerId { stream, caller, form, clock } => {
                if let Ok(at) = self.position(stream)
                    && let Some(stream) = self.streams.get_mut(at)
                {
                    stream.send_caller_id(&caller, form, clock, &mut self.events);
                }
            }
            MediaCommand::SendCallWaitingId { stream, caller, form, clock } => {
                if let Ok(at) = self.position(stream)
                    && let Some(stream) = self.streams.get_mut(at)
                {
                    stream.send_call_waiting_id(&caller, form, clock, &mut self.events);
                }
            }
            MediaCommand::SendMessageWaiting { stream, waiting, form, single } => {
                if let Ok(at) = self.position(stream)
                    && let Some(stream) = self.streams.get_mut(at)
                {
                    stream.send_message_waiting(waiting, form, single, &mut self.events);
                }
            }
        }
        self.rearranged = true;
    }

    /// A packet came to `port`, `ago` samples before the next tick. Whoever looks for packets only once
    /// a tick says by this how early each of them came; 0 is as late as can be.
    pub fn receive(&mut self, port: u16, from: SocketAddr, packet: &[u8], ago: u32) {
        let at = self.ports.binary_search_by_key(&port, |(port, _)| *port).ok();
        let stream = at.and_then(|at| self.ports.get(at)).and_then(|(_, at)| self.streams.get_mut(*at));
        match stream.map(|stream| (&mut stream.port, &mut stream.edges)) {
            Some((Port::Rtp(rtp), edges)) => rtp.receive(from, packet, ago, edges),
            _ => self.past.stray += 1,
        }
    }

    /// 20 ms passed: takes a block from every party, then gives one to every party.
    pub fn tick(&mut self) {
        if std::mem::take(&mut self.rearranged) {
            self.arrange_relays();
        }
        for stream in &mut self.streams {
            stream.take_in(&mut self.events);
        }
        self.relay_keys();
        for at in 0..self.streams.len() {
            let heard = self.streams.get(at).and_then(|stream| self.heard_by(stream));
            if let Some(stream) = self.streams.get_mut(at) {
                stream.send_out(heard, &mut self.outbox, &mut self.events);
            }
        }
    }

    /// Hands out the packets of the tick: our port, where to, the octets.
    pub fn transmit(&mut self, send: impl FnMut(u16, SocketAddr, &[u8])) {
        self.outbox.drain(send);
    }

    /// What was noticed next.
    pub fn poll_event(&mut self) -> Option<MediaEvent> {
        self.events.queue.pop_front()
    }

    /// No stream is open and nothing was noticed: ticks would do nothing.
    pub fn is_idle(&self) -> bool {
        self.streams.is_empty() && self.events.queue.is_empty()
    }

    /// Does an open stream use this port of ours?
    pub fn uses_port(&self, port: u16) -> bool {
        self.ports.binary_search_by_key(&port, |(port, _)| *port).is_ok()
    }

    /// The figures so far.
    pub fn counters(&self) -> Counters {
        let mut counters =
            Counters { streams: self.streams.len() as u64, events_dropped: self.events.dropped, ..self.past };
        for stream in &self.streams {
            counters.add(&stream.stats());
            counters.total.jitter_us = counters.total.jitter_us.max(stream.stats().jitter_us);
        }
        counters
    }

    fn open(&mut self, id: StreamId, port: Port) {
        self.close(id);
        let at = self.position(id).unwrap_or_else(|at| at);
        self.streams.insert(at, Stream::new(id, port));
        self.index_ports();
        self.outbox.reserve(self.streams.len());
    }

    fn close(&mut self, id: StreamId) {
        let Ok(at) = self.position(id) else { return };
        let stream = self.streams.remove(at);
        self.index_ports();
        let stats = stream.stats();
        self.past.add(&stats);
        self.events.push(MediaEvent::Closed { stream: id, stats });
        if let Port::Bearer(port) = stream.port {
            let channel = port.channel;
            let mut bearer = port.into_bearer();
            bearer.rest();
            self.bearers.insert(channel, bearer);
        }
    }

    /// Streams came or went: where are the ports? Of two streams on one port the older id has it.
    fn index_ports(&mut self) {
        self.ports.clear();
        let ports = self.streams.iter().enumerate().filter_map(|(at, stream)| match &stream.port {
            Port::Rtp(rtp) => Some((rtp.port(), at)),
            Port::Bearer(_) => None,
        });
        self.ports.extend(ports);
        self.ports.sort_unstable();
        self.ports.dedup_by_key(|(port, _)| *port);
    }

    /// Who plays whom has changed: who must be listened to for keys?
    fn arrange_relays(&mut self) {
        for stream in &mut self.streams {
            stream.relayed = false;
        }
        for at in 0..self.streams.len() {
            match self.streams.get(at).filter(|stream| stream.has_telephone_event()).map(|s| &s.source) {
                Some(Playing::Stream(id)) => self.mark_relayed(*id),
                Some(&Playing::Mix(parties)) => parties.iter().for_each(|id| self.mark_relayed(id)),
                _ => {}
            }
        }
        self.streams.iter_mut().for_each(Stream::listen_for_keys);
    }

    fn mark_relayed(&mut self, id: StreamId) {
        if let Some(stream) = self.find(id) {
            stream.relayed = true;
        }
    }

    /// Passes the keys of this tick to the streams that play the party.
    fn relay_keys(&mut self) {
        for at in 0..self.streams.len() {
            let Some(stream) = self.streams.get_mut(at).filter(|s| !s.edges.is_empty()) else { continue };
            let (id, as_tone) = (stream.id, !stream.has_telephone_event());
            let mut edges = std::mem::take(&mut stream.edges);
            for listener in self.streams.iter_mut().filter(|s| s.plays(id)) {
                edges.iter().for_each(|&edge| listener.relay(edge, as_tone));
            }
            edges.clear();
            if let Some(stream) = self.streams.get_mut(at) {
                stream.edges = edges;
            }
        }
    }

    /// What the party of a stream is to hear of others in this tick.
    fn heard_by(&self, stream: &Stream) -> Option<(Block, Companding)> {
        let find = |id: StreamId| self.streams.get(self.position(id).ok()?);
        match &stream.source {
            Playing::Stream(id) => find(*id).map(|s| (s.heard, s.law())),
            Playing::Mix(parties) => {
                let mut mixer = Mixer::default();
                parties.iter().filter_map(find).for_each(|s| mixer.add(s.law(), &s.heard));
                Some((mixer.block(stream.law()), stream.law()))
            }
            Playing::Silence | Playing::Tone { .. } => None,
        }
    }

    fn position(&self, id: StreamId) -> Result<usize, usize> {
        self.streams.binary_search_by_key(&id, |s| s.id)
    }

    fn find(&mut self, id: StreamId) -> Option<&mut Stream> {
        let at = self.position(id).ok()?;
        self.streams.get_mut(at)
    }

    fn using(&self, channel: ChannelId) -> Option<StreamId> {
        let uses = |s: &&Stream| matches!(&s.port, Port::Bearer(b) if b.channel == channel);
        self.streams.iter().find(uses).map(|s| s.id)
    }
}

impl Counters {
    fn add(&mut self, stats: &StreamStats) {
        self.total.received += stats.received;
        self.total.sent += stats.sent;
        self.total.lost += stats.lost;
        self.total.late += stats.late;
        self.total.rejected += stats.rejected;
    }
}
