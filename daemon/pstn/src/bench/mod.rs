//! A bench for the room: virtual time, a transcript in words, and the promises of the room checked
//! at every output.

pub(crate) mod cas;
mod config;
mod promises;
mod words;

pub(crate) use config::{config, fxs_features, hardware, with_extension};

use crate::{Input, Output, Pstn};
use demarc_hal::{LineCommand, LineEvent, SpanInfo};
use demarc_isdn::{CallRef, ChannelChoice, Command, Event, PartyNumber, event::IncomingSetup};
use demarc_model::config::{DeviceId, TrunkId};
use demarc_model::leg::Dial;
use demarc_model::{
    CallerId, Cause, ChannelId, Config, Instant, LegCommand, LegEvent, LegId, MediaCommand, MediaEvent, Now,
    Offer, Party, Room, SpanId, StreamId,
};
use promises::Promises;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The span of [`hardware`].
pub(crate) const SPAN: SpanId = SpanId(1);

/// Analog port `slot` of the FXO card.
pub(crate) fn fxo(slot: u8) -> ChannelId {
    ChannelId::new(2, slot)
}

/// Analog port `slot` of the FXS card.
pub(crate) fn fxs(slot: u8) -> ChannelId {
    ChannelId::new(3, slot)
}

pub(crate) const PRI: Party = Party::Trunk(TrunkId(1));
pub(crate) const FXO: Party = Party::Trunk(TrunkId(2));
pub(crate) const PHONE: Party = Party::Device(DeviceId(1));

/// A room on the bench.
pub(crate) struct Bench {
    pub(crate) room: Pstn,
    pub(crate) now: Now,
    promises: Promises,
    said: Vec<Output>,
    dialled: u64,
}

impl Bench {
    pub(crate) fn new(config: Config) -> Self {
        Self::on(config, hardware())
    }

    /// A room for other cards.
    pub(crate) fn on(config: Config, hardware: Vec<SpanInfo>) -> Self {
        let room = Pstn::new(Arc::new(config), hardware);
        let now = Now { mono: Instant::default(), wall: SystemTime::UNIX_EPOCH };
        let mut bench = Self { room, now, promises: Promises::default(), said: Vec::new(), dialled: 0 };
        bench.drain();
        bench.said.clear();
        bench
    }

    /// A room whose span is up.
    pub(crate) fn up(config: Config) -> Self {
        let mut bench = Self::new(config);
        bench.isdn(Event::Up);
        bench.take();
        bench
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.promises.input(&input);
        self.room.handle_input(self.now, input);
        self.drain();
    }

    pub(crate) fn line(&mut self, channel: ChannelId, event: LineEvent) {
        self.input(Input::Line { channel, event });
    }

    pub(crate) fn isdn(&mut self, event: Event) {
        self.input(Input::Isdn { span: SPAN, event });
    }

    pub(crate) fn leg(&mut self, command: LegCommand) {
        self.input(Input::Leg(command));
    }

    pub(crate) fn media(&mut self, event: MediaEvent) {
        self.input(Input::Media(event));
    }

    pub(crate) fn hang_up(&mut self, leg: LegId, cause: Cause) {
        self.leg(LegCommand::Hangup { leg, cause });
    }

    /// Dials `to` and gives the leg.
    pub(crate) fn dial(&mut self, to: Party, called: &str, caller: CallerId) -> LegId {
        let dial = self.a_dial(to, called, caller);
        let leg = dial.leg;
        self.leg(LegCommand::Dial(Box::new(dial)));
        leg
    }

    pub(crate) fn a_dial(&mut self, to: Party, called: &str, caller: CallerId) -> Dial {
        self.dialled += 1;
        let leg = LegId::new(Room::Pbx, self.dialled);
        Dial {
            leg,
            to,
            called: called.into(),
            caller,
            redirecting: None,
            bearer: demarc_model::Bearer::Speech,
            emergency: false,
            complete: true,
            ring: demarc_model::RingKind::default(),
        }
    }

    /// Lets `ms` pass, and every timeout in them come.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now.mono + Duration::from_millis(ms);
        let mut firings = 0;
        while let Some((at, why)) = self.room.poll_timeout().filter(|(at, _)| *at <= end) {
            self.set(at.max(self.now.mono));
            self.room.handle_timeout(self.now);
            self.drain();
            firings += 1;
            assert!(firings < 100_000, "a timeout that never goes away: {why}");
        }
        self.set(end);
    }

    fn set(&mut self, mono: Instant) {
        self.now.wall += mono.since(self.now.mono);
        self.now.mono = mono;
    }

    fn drain(&mut self) {
        while let Some(output) = self.room.poll_output() {
            self.promises.output(&output);
            self.said.push(output);
        }
        if let Some(leg) = self.promises.a_leg_without_room(&self.room) {
            panic!("the room says it is quiet, but {leg} lives");
        }
    }

    /// The legs that live.
    pub(crate) fn legs(&self) -> Vec<LegId> {
        self.promises.legs()
    }

    /// What was said since the last time, in words; `Changed` and the ladder left out.
    pub(crate) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said).iter().filter_map(words::of).collect()
    }

    /// Only what the legs said, in words.
    pub(crate) fn take_legs(&mut self) -> Vec<String> {
        let legs = |output: &Output| matches!(output, Output::Leg(_));
        std::mem::take(&mut self.said).iter().filter(|output| legs(output)).filter_map(words::of).collect()
    }

    /// Only what the ports were told, in words.
    pub(crate) fn take_lines(&mut self) -> Vec<String> {
        let lines = |output: &Output| matches!(output, Output::Line { .. });
        std::mem::take(&mut self.said).iter().filter(|output| lines(output)).filter_map(words::of).collect()
    }

    /// Only the offers, in words.
    pub(crate) fn take_offers(&mut self) -> Vec<String> {
        let offers = |output: &&Output| matches!(output, Output::Leg(LegEvent::Offered(_)));
        self.said.iter().filter(offers).filter_map(words::of).collect()
    }

    /// The open stream of a channel.
    pub(crate) fn stream_of(&self, channel: ChannelId) -> StreamId {
        self.promises.stream_of(channel).expect("the channel has a stream")
    }

    /// What was learnt of lines.
    pub(crate) fn take_learned(&mut self) -> Vec<demarc_model::Learned> {
        let learned = std::mem::take(&mut self.said).into_iter().filter_map(|output| match output {
            Output::Learned { what, .. } => Some(what),
            _ => None,
        });
        learned.collect()
    }

    /// Only what the helper was told.
    pub(crate) fn take_commands(&mut self) -> Vec<Command> {
        let commands = std::mem::take(&mut self.said).into_iter().filter_map(|output| match output {
            Output::Isdn { command, .. } => Some(command),
            _ => None,
        });
        commands.collect()
    }

    /// What the legs have said since the last time, as it is.
    pub(crate) fn leg_events(&self) -> Vec<LegEvent> {
        let events = self.said.iter().filter_map(|output| match output {
            Output::Leg(event) => Some(event.clone()),
            _ => None,
        });
        events.collect()
    }

    /// The labels of the ladder.
    pub(crate) fn take_ladder(&mut self) -> Vec<(LegId, String)> {
        let labels = std::mem::take(&mut self.said).into_iter().filter_map(|output| match output {
            Output::Trace(trace) => Some((trace.leg, trace.label)),
            _ => None,
        });
        labels.collect()
    }

    /// The last offer.
    pub(crate) fn offer(&self) -> Offer {
        let offer = self.said.iter().rev().find_map(|output| match output {
            Output::Leg(LegEvent::Offered(offer)) => Some((**offer).clone()),
            _ => None,
        });
        offer.expect("a call was offered")
    }

    /// The stream that was opened last.
    pub(crate) fn stream(&self) -> StreamId {
        let stream = self.said.iter().rev().find_map(|output| match output {
            Output::Media(MediaCommand::OpenBearer { stream, .. }) => Some(*stream),
            _ => None,
        });
        stream.expect("a stream was opened")
    }

    /// The last SETUP that went out.
    pub(crate) fn setup(&self) -> demarc_isdn::command::Setup {
        let setup = self.said.iter().rev().find_map(|output| match output {
            Output::Isdn { command: Command::Setup(setup), .. } => Some((**setup).clone()),
            _ => None,
        });
        setup.expect("a SETUP went out")
    }

    /// Ends whatever lives and lets two minutes pass: then the room must be quiet.
    pub(crate) fn settle(&mut self) {
        for leg in self.promises.legs() {
            self.hang_up(leg, Cause::NORMAL_CLEARING);
        }
        for slot in 1..=2 {
            self.line(fxs(slot), LineEvent::OnHook);
        }
        self.pass(120_000);
        assert!(self.promises.legs().is_empty(), "legs that never ended: {:?}", self.promises.legs());
        assert!(self.promises.streams().is_empty(), "open streams: {:?}", self.promises.streams());
        assert!(self.room.is_quiet(), "not quiet: {:#?}", self.room);
        // Channels that were never released wait for RESTART longer than any call lives.
        assert_eq!(self.room.poll_timeout().filter(|(_, why)| *why != "RESTART"), None);
    }
}

/// A number as the wire has it.
pub(crate) fn party(digits: &str, ton: u8) -> PartyNumber {
    PartyNumber { digits: digits.into(), ton, npi: 1, ..PartyNumber::default() }
}

/// A SETUP from the far end.
pub(crate) fn incoming(call: u32, slot: u8, exclusive: bool) -> Event {
    Event::Setup(Box::new(IncomingSetup {
        call: CallRef(call),
        channel: ChannelChoice { interface: 0, slot, exclusive },
        called: party("2079460901", 2),
        complete: true,
        calling: Some(party("447700900123", 1)),
        name: None,
        redirecting: None,
        bearer: demarc_isdn::Bearer::Speech,
        ..IncomingSetup::default()
    }))
}

/// A caller with a number.
pub(crate) fn caller(number: &str) -> CallerId {
    CallerId { number: Some(number.into()), ..CallerId::default() }
}

/// A ring of `ms` is a command.
pub(crate) fn ring(ms: u64) -> LineCommand {
    LineCommand::Ring(Duration::from_millis(ms))
}
