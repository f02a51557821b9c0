//! One party's audio, both ways.

pub mod bearer;
pub mod outbox;
pub mod rtp;

use crate::caller_id::{CallerIdSender, InCallSender, Step, keys_of};
use crate::codec::g711::{decode_block, encode_block, transcode};
use crate::detectors::Detectors;
use crate::dtmf::KeyEdge;
use crate::engine::Events;
use crate::keys::{Keys, Sounding};
use crate::mixer::Parties;
use crate::player::Player;
use crate::tone::ToneGenerator;
use bearer::BearerPort;
use demarc_hal::{BLOCK, Block, Companding};
use demarc_model::media::{CallerIdForm, Detect, MediaEvent, Source, StreamStats, Tone};
use demarc_model::{CallerId, StreamId};
use outbox::Outbox;
use rtp::RtpPort;

/// Edges of keys that one tick can bring; more are noise.
const EDGES: usize = 16;
/// Length of a key of caller identity, and of the pause after it, in milliseconds.
const CALLER_ID_KEY_MS: u16 = 70;

/// A stream.
pub struct Stream {
    /// Its name.
    pub id: StreamId,
    /// Where it goes to and comes from.
    pub port: Port,
    /// What came from the party in this tick, in the law of the port.
    pub heard: Block,
    /// What the party did with its keys in this tick.
    pub edges: Vec<KeyEdge>,
    /// What the party is to hear.
    pub source: Playing,
    detect: Detect,
    detectors: Detectors,
    /// An RTP stream that wants telephone-events plays this one.
    pub relayed: bool,
    keys: Keys,
    key_tones: ToneGenerator,
    caller_id: Option<(CallerIdSender, Message)>,
    /// Caller identity within a call.
    in_call: Option<Box<InCallSender>>,
    /// The keys under way are caller identity.
    caller_id_keys: bool,
    /// A tone that sounds in the place of the source.
    interjection: Option<Player>,
}

/// What the FSK message under way is.
#[derive(Debug, Clone, Copy)]
enum Message {
    CallerId,
    MessageWaiting,
}

/// Where a stream goes to and comes from.
pub enum Port {
    /// An RTP session.
    Rtp(Box<RtpPort>),
    /// A bearer or an analog port.
    Bearer(BearerPort),
}

impl Port {
    fn law(&self) -> Companding {
        match self {
            Port::Rtp(rtp) => rtp.law(),
            Port::Bearer(bearer) => bearer.law(),
        }
    }
}

/// What a party is to hear.
pub enum Playing {
    /// Nothing.
    Silence,
    /// A stream; itself, for an echo.
    Stream(StreamId),
    /// Several streams at once.
    Mix(Parties),
    /// A tone; whether its end was reported.
    Tone { player: Player, over: bool },
}

impl Stream {
    /// A silent stream.
    pub fn new(id: StreamId, port: Port) -> Self {
        let mut stream = Self {
            id,
            heard: [0; BLOCK],
            port,
            edges: Vec::with_capacity(EDGES),
            source: Playing::Silence,
            detect: Detect::default(),
            detectors: Detectors::default(),
            relayed: false,
            keys: Keys::default(),
            key_tones: ToneGenerator::default(),
            caller_id: None,
            in_call: None,
            caller_id_keys: false,
            interjection: None,
        };
        stream.heard = [stream.law().idle(); BLOCK];
        stream
    }

    /// The law of its octets.
    pub fn law(&self) -> Companding {
        self.port.law()
    }

    /// Does it send and receive keys as telephone-events rather than as tones?
    pub fn has_telephone_event(&self) -> bool {
        matches!(&self.port, Port::Rtp(rtp) if rtp.telephone_event().is_some())
    }

    /// Does it play this stream, alone or among others?
    pub fn plays(&self, id: StreamId) -> bool {
        match self.source {
            Playing::Stream(played) => played == id,
            Playing::Mix(parties) => parties.contains(id),
            _ => false,
        }
    }

    /// Sounds a tone in the place of its source.
    pub fn interject(&mut self, tone: Tone) {
        self.interjection = Some(Player::new(Tone { repeat: false, ..tone }));
    }

    /// Plays something else.
    pub fn play(&mut self, source: Source) {
        self.keys.release();
        self.source = match source {
            Source::Silence => Playing::Silence,
            Source::Stream(id) => Playing::Stream(id),
            Source::Mix(ids) => Playing::Mix(Parties::new(&ids)),
            Source::Echo => Playing::Stream(self.id),
            Source::Tone(tone) => Playing::Tone { player: Player::new(tone), over: false },
        };
    }

    /// Listens for something else.
    pub fn detect(&mut self, detect: Detect) {
        self.detect = detect;
        let keys = self.listens_for_tones();
        self.detectors.order(&self.detect, keys);
    }

    /// Listens for keys as tones, or no more, as is needed now.
    pub fn listen_for_keys(&mut self) {
        let keys = self.listens_for_tones();
        self.detectors.listen_for_keys(keys);
    }

    fn listens_for_tones(&self) -> bool {
        (self.detect.dtmf || self.relayed) && !self.has_telephone_event()
    }

    /// Sends digits.
    pub fn send_digits(&mut self, digits: &str, on_ms: u16, off_ms: u16) {
        self.keys.order(digits, on_ms, off_ms);
    }

    /// Sends caller identity. What an RTP party cannot use counts as sent.
    pub fn send_caller_id(
        &mut self,
        caller: &CallerId,
        form: CallerIdForm,
        clock: [u8; 4],
        events: &mut Events,
    ) {
        if matches!(self.port, Port::Bearer(_)) {
            if form == CallerIdForm::Dtmf {
                self.caller_id_keys = true;
                self.keys.order(&keys_of(caller), CALLER_ID_KEY_MS, CALLER_ID_KEY_MS);
                return;
            }
            let sender = CallerIdSender::new(form, caller, clock);
            self.caller_id = sender.map(|sender| (sender, Message::CallerId));
        }
        if self.caller_id.is_none() {
            events.push(MediaEvent::CallerIdSent { stream: self.id });
        }
    }

    /// Sends caller identity within a call. What cannot be sent is not acknowledged.
    pub fn send_call_waiting_id(
        &mut self,
        caller: &CallerId,
        form: CallerIdForm,
        clock: [u8; 4],
        events: &mut Events,
    ) {
        if matches!(self.port, Port::Bearer(_)) {
            let data = CallerIdSender::in_call(form, caller, clock);
            self.in_call = data.map(InCallSender::new).map(Box::new);
        }
        if self.in_call.is_none() {
            events.push(MediaEvent::CallWaitingIdSent { stream: self.id, acknowledged: false });
        }
    }

    /// Switches the message lamp. What cannot be sent counts as sent.
    pub fn send_message_waiting(
        &mut self,
        waiting: bool,
        form: CallerIdForm,
        single: bool,
        events: &mut Events,
    ) {
        if matches!(self.port, Port::Bearer(_)) {
            let sender = CallerIdSender::message_waiting(form, waiting, single);
            self.caller_id = sender.map(|sender| (sender, Message::MessageWaiting));
        }
        if self.caller_id.is_none() {
            events.push(MediaEvent::MessageWaitingSent { stream: self.id });
        }
    }

    /// A key of a stream that this one plays; `as_tone` when it is also in that stream's audio.
    pub fn relay(&mut self, edge: KeyEdge, as_tone: bool) {
        if !as_tone || self.has_telephone_event() {
            self.keys.relay(edge);
        }
    }

    /// The first half of a tick: takes a block from the party and listens to it.
    pub fn take_in(&mut self, events: &mut Events) {
        let tells = match &mut self.port {
            Port::Rtp(rtp) => {
                if rtp.play(&mut self.heard, &mut self.edges) {
                    events.push(MediaEvent::RtpLost { stream: self.id });
                }
                true
            }
            Port::Bearer(bearer) => bearer.read(&mut self.heard),
        };
        if let Some(in_call) = &mut self.in_call {
            // What the telephone says to the exchange is not for the other party.
            in_call.listen(&decode_block(self.port.law(), &self.heard));
            self.heard = [self.law().idle(); BLOCK];
            self.detectors.deafen();
        }
        if tells {
            let (id, law, edges) = (self.id, self.law(), &mut self.edges);
            let add = |edge| push_edge(edges, edge);
            self.detectors.listen(id, law, &self.heard, add, |event| events.push(event));
        }
        if self.detect.dtmf {
            for edge in &self.edges {
                if let KeyEdge::Down(digit) = *edge {
                    events.push(MediaEvent::Digit { stream: self.id, digit });
                }
            }
        }
    }

    /// The second half of a tick: sends the party a block, of `source` when it plays streams.
    pub fn send_out(
        &mut self,
        source: Option<(Block, Companding)>,
        outbox: &mut Outbox,
        events: &mut Events,
    ) {
        let busy = !self.keys.is_idle();
        let sounding = self.keys.next_block();
        if self.keys.take_finished() {
            events.push(match std::mem::take(&mut self.caller_id_keys) {
                true => MediaEvent::CallerIdSent { stream: self.id },
                false => MediaEvent::DigitsSent { stream: self.id },
            });
        }
        let mut block = self.next_block(source, events);
        let as_tones = !self.has_telephone_event();
        if as_tones && busy {
            // Between keys the line is quiet, so that the far end hears nothing else.
            block = self.key_block(sounding);
            self.detectors.deafen();
        }
        match &mut self.port {
            Port::Rtp(rtp) => rtp.send(&block, sounding.filter(|_| !as_tones), outbox),
            Port::Bearer(bearer) => bearer.write(&block),
        }
    }

    /// The figures so far.
    pub fn stats(&self) -> StreamStats {
        match &self.port {
            Port::Rtp(rtp) => rtp.stats(),
            Port::Bearer(bearer) => bearer.stats,
        }
    }

    fn next_block(&mut self, source: Option<(Block, Companding)>, events: &mut Events) -> Block {
        let law = self.law();
        let mut samples = [0; BLOCK];
        if let Some(in_call) = &mut self.in_call {
            if let Step::Over { acknowledged } = in_call.send(&mut samples) {
                self.in_call = None;
                events.push(MediaEvent::CallWaitingIdSent { stream: self.id, acknowledged });
            }
            return encode_block(law, &samples);
        }
        if let Some((sender, message)) = &mut self.caller_id {
            if !sender.send(&mut samples) {
                events.push(match message {
                    Message::CallerId => MediaEvent::CallerIdSent { stream: self.id },
                    Message::MessageWaiting => MediaEvent::MessageWaitingSent { stream: self.id },
                });
                self.caller_id = None;
            }
            return encode_block(law, &samples);
        }
        if let Some(player) = &mut self.interjection {
            if player.fill(&mut samples) {
                self.interjection = None;
            }
            return encode_block(law, &samples);
        }
        match &mut self.source {
            Playing::Stream(_) | Playing::Mix(_) => {
                let (mut block, from) = source.unwrap_or(([law.idle(); BLOCK], law));
                transcode(&mut block, from, law);
                block
            }
            Playing::Tone { player, over: over @ false } => {
                if player.fill(&mut samples) {
                    *over = true;
                    events.push(MediaEvent::Played { stream: self.id });
                }
                encode_block(law, &samples)
            }
            Playing::Silence | Playing::Tone { .. } => [law.idle(); BLOCK],
        }
    }

    fn key_block(&mut self, sounding: Option<Sounding>) -> Block {
        let mut samples = [0; BLOCK];
        if let Some(Sounding { digit, from, to, .. }) = sounding
            && let Some(samples) = samples.get_mut(from..to)
        {
            key_tone(&mut self.key_tones, digit, samples);
        }
        encode_block(self.law(), &samples)
    }
}

/// Adds an edge, when there is room.
pub fn push_edge(edges: &mut Vec<KeyEdge>, edge: KeyEdge) {
    if edges.len() < EDGES {
        edges.push(edge);
    }
}

/// The tones of a key (ITU-T Q.23): the higher 2 dB above the lower, to make up for the line's loss.
fn key_tone(generator: &mut ToneGenerator, digit: char, samples: &mut [i16]) {
    const LOW_DBM0: f32 = -9.0;
    const HIGH_DBM0: f32 = -7.0;
    let (low, high) = match digit {
        '1' => (697.0, 1209.0),
        '2' => (697.0, 1336.0),
        '3' => (697.0, 1477.0),
        'A' => (697.0, 1633.0),
        '4' => (770.0, 1209.0),
        '5' => (770.0, 1336.0),
        '6' => (770.0, 1477.0),
        'B' => (770.0, 1633.0),
        '7' => (852.0, 1209.0),
        '8' => (852.0, 1336.0),
        '9' => (852.0, 1477.0),
        'C' => (852.0, 1633.0),
        '*' => (941.0, 1209.0),
        '0' => (941.0, 1336.0),
        '#' => (941.0, 1477.0),
        'D' => (941.0, 1633.0),
        _ => return,
    };
    generator.fill_pair((low, LOW_DBM0), (high, HIGH_DBM0), samples);
}
