//! A world around call control: offers calls, plays the edges, and writes down in short what the
//! PBX does. Legs are called `a`, `b`, `c` … in the order in which they appear; the stream of a leg
//! has its name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, dead_code)]

use demarc_model::config::{DeviceId, ExtensionId, ExtensionSetting, Secret, TrunkId};
use demarc_model::media::Source;
use demarc_model::record::CallRecord;
use demarc_model::*;
use demarc_pbx::{Input, Output, Pbx};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// When the world begins: 2024-01-01.
const EPOCH: u64 = 1_704_067_200;

pub struct World {
    pub pbx: Pbx,
    pub now: Duration,
    pub legs: Vec<LegId>,
    pub dials: Vec<Dial>,
    pub records: Vec<CallRecord>,
    pub notes: Vec<String>,
    pub settings: Vec<(ExtensionId, ExtensionSetting)>,
    /// What the next offers say of a diversion.
    pub redirecting: Option<Redirecting>,
    offers: u64,
    shared: Option<StreamId>,
}

pub fn gateway() -> Config {
    Config::default_gateway(&mut || Secret::new("long-enough-secret"))
}

impl World {
    pub fn new(config: Config) -> Self {
        assert_eq!(config.validate(), Ok(()));
        Self {
            pbx: Pbx::new(Arc::new(config), EPOCH),
            now: Duration::from_secs(1),
            legs: Vec::new(),
            dials: Vec::new(),
            records: Vec::new(),
            notes: Vec::new(),
            settings: Vec::new(),
            redirecting: None,
            offers: 0,
            shared: None,
        }
    }

    pub fn gateway() -> Self {
        Self::new(gateway())
    }

    pub fn now(&self) -> Now {
        Now {
            mono: Instant::from_start(self.now),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH) + self.now,
        }
    }

    /// A telephone dials a whole number.
    pub fn dials(&mut self, device: u32, called: &str) -> Vec<String> {
        self.offer(Party::Device(DeviceId(device)), called, true, CallerId::default())
    }

    /// A call arrives on a trunk with a whole number.
    pub fn arrives(&mut self, trunk: u32, called: &str, caller: CallerId) -> Vec<String> {
        self.offer(Party::Trunk(TrunkId(trunk)), called, true, caller)
    }

    pub fn offer(&mut self, from: Party, called: &str, complete: bool, caller: CallerId) -> Vec<String> {
        self.offers += 1;
        let leg = LegId::new(Room::Sip, self.offers);
        let offer = Offer {
            leg,
            from,
            called: called.into(),
            complete,
            caller,
            redirecting: self.redirecting.clone(),
            bearer: Bearer::Speech,
            stream: self.shared.unwrap_or(StreamId::new(Room::Sip, self.offers)),
            place: "here".into(),
        };
        self.legs.push(leg);
        self.input(Input::Leg(LegEvent::Offered(Box::new(offer))))
    }

    /// One more call on a stream that there is already, as an analog telephone makes it.
    pub fn offer_on(&mut self, stream: StreamId, from: Party, called: &str) -> Vec<String> {
        self.shared = Some(stream);
        let log = self.offer(from, called, true, CallerId::default());
        self.shared = None;
        log
    }

    pub fn leg(&self, name: char) -> LegId {
        self.legs[(name as u8 - b'a') as usize]
    }

    pub fn stream(&self, name: char) -> StreamId {
        let n = u64::from(name as u8 - b'a') + 1;
        match self.leg(name).room() {
            Room::Pbx => StreamId::new(Room::Pstn, n),
            _ => self.legs[..n as usize]
                .iter()
                .filter(|l| l.room() == Room::Sip)
                .count()
                .try_into()
                .map(|n| StreamId::new(Room::Sip, n))
                .unwrap(),
        }
    }

    pub fn proceeding(&mut self, leg: char) -> Vec<String> {
        let event =
            LegEvent::Proceeding { leg: self.leg(leg), stream: self.stream(leg), place: "1/1".into() };
        self.input(Input::Leg(event))
    }

    pub fn alerting(&mut self, leg: char, in_band: bool) -> Vec<String> {
        self.input(Input::Leg(LegEvent::Alerting { leg: self.leg(leg), in_band }))
    }

    pub fn progress(&mut self, leg: char, cause: Option<u8>) -> Vec<String> {
        let cause = cause.and_then(Cause::new);
        self.input(Input::Leg(LegEvent::Progress { leg: self.leg(leg), in_band: true, cause }))
    }

    pub fn answered(&mut self, leg: char) -> Vec<String> {
        self.input(Input::Leg(LegEvent::Answered { leg: self.leg(leg), connected: None }))
    }

    pub fn ended(&mut self, leg: char, cause: u8) -> Vec<String> {
        let cause = Cause::new(cause).unwrap();
        self.input(Input::Leg(LegEvent::Ended { leg: self.leg(leg), cause, reason: None }))
    }

    pub fn digit(&mut self, leg: char, digit: char, out_of_band: bool) -> Vec<String> {
        self.input(Input::Leg(LegEvent::Digit { leg: self.leg(leg), digit, out_of_band }))
    }

    pub fn more(&mut self, leg: char, digits: &str, complete: bool) -> Vec<String> {
        let event = LegEvent::MoreDigits { leg: self.leg(leg), digits: digits.into(), complete };
        self.input(Input::Leg(event))
    }

    pub fn event(&mut self, event: LegEvent) -> Vec<String> {
        self.input(Input::Leg(event))
    }

    pub fn input(&mut self, input: Input) -> Vec<String> {
        self.pbx.handle_input(self.now(), input);
        self.drain()
    }

    /// Time passes; every timeout comes when it is due.
    pub fn wait(&mut self, seconds: f64) -> Vec<String> {
        let end = self.now + Duration::from_secs_f64(seconds);
        let mut log = Vec::new();
        while let Some((at, _)) = self.pbx.poll_timeout().filter(|(at, _)| at.since_start() <= end) {
            self.now = self.now.max(at.since_start());
            self.pbx.handle_timeout(self.now());
            log.extend(self.drain());
        }
        self.now = end;
        log
    }

    /// The last record.
    pub fn record(&self) -> &CallRecord {
        self.records.last().expect("a record")
    }

    /// `answered?`, cause and destination of the last record, which must be final.
    pub fn outcome(&self) -> String {
        let record = self.record();
        assert!(record.ended_ms.is_some(), "{record:?}");
        let answered = if record.answered_ms.is_some() { "answered" } else { "unanswered" };
        format!("{answered} {} {}", record.cause.unwrap().value(), record.to)
    }

    pub fn assert_quiet(&mut self) {
        assert!(self.pbx.is_quiet(), "{:#?}", self.pbx);
        assert_eq!(self.pbx.poll_timeout(), None);
    }

    fn drain(&mut self) -> Vec<String> {
        let mut log = Vec::new();
        while let Some(output) = self.pbx.poll_output() {
            match output {
                Output::Leg(LegCommand::Dial(dial)) => {
                    assert!(self.pbx.call_of(dial.leg).is_some());
                    self.legs.push(dial.leg);
                    let to = match dial.to {
                        Party::Device(id) => format!("device {id}"),
                        Party::Trunk(id) => format!("trunk {id}"),
                    };
                    let mark = if dial.emergency { " emergency" } else { "" };
                    let from = caller(&dial.caller);
                    log.push(format!("Dial {} {to} {} from {from}{mark}", self.name(dial.leg), dial.called));
                    self.dials.push(*dial);
                }
                Output::Leg(command) => log.push(self.command(&command)),
                Output::Media(command) => log.push(self.media(&command)),
                Output::Record(record) => self.records.push(*record),
                Output::Trace(trace) => {
                    assert!(self.pbx.call_of(trace.leg).is_some() || self.legs.contains(&trace.leg));
                    self.notes.push(format!("{}: {}", trace.label, trace.detail));
                }
                Output::Setting { extension, setting } => self.settings.push((extension, setting)),
                Output::Changed => {}
            }
        }
        log
    }

    fn name(&self, leg: LegId) -> char {
        letter(self.legs.iter().position(|l| *l == leg).unwrap())
    }

    fn stream_name(&self, stream: StreamId) -> char {
        (0..self.legs.len()).map(letter).find(|name| self.stream(*name) == stream).unwrap()
    }

    fn command(&self, command: &LegCommand) -> String {
        let leg = self.name(command.leg());
        match command {
            LegCommand::Dial(_) => unreachable!(),
            LegCommand::MoreDigits { digits, complete: true, .. } => {
                format!("MoreDigits {leg} {digits} whole")
            }
            LegCommand::MoreDigits { digits, .. } => format!("MoreDigits {leg} {digits}"),
            LegCommand::NeedDigits { dial_tone: true, .. } => format!("NeedDigits {leg} dial-tone"),
            LegCommand::NeedDigits { .. } => format!("NeedDigits {leg}"),
            LegCommand::Proceed { .. } => format!("Proceed {leg}"),
            LegCommand::Ring { in_band: true, .. } => format!("Ring {leg} in-band"),
            LegCommand::Ring { .. } => format!("Ring {leg}"),
            LegCommand::Progress { cause: Some(cause), .. } => format!("Progress {leg} {}", cause.value()),
            LegCommand::Progress { .. } => format!("Progress {leg}"),
            LegCommand::Answer { connected: Some(party), .. } => format!("Answer {leg} as {}", caller(party)),
            LegCommand::Answer { .. } => format!("Answer {leg}"),
            LegCommand::Flash { .. } => format!("Flash {leg}"),
            LegCommand::Emergency { .. } => format!("Emergency {leg}"),
            LegCommand::Hold { .. } => format!("Hold {leg}"),
            LegCommand::Retrieve { .. } => format!("Retrieve {leg}"),
            LegCommand::TransferRefused { cause, .. } => format!("TransferRefused {leg} {}", cause.value()),
            LegCommand::Join { with, .. } => format!("Join {leg} {}", self.name(*with)),
            LegCommand::Hangup { cause, .. } => format!("Hangup {leg} {}", cause.value()),
        }
    }

    fn media(&self, command: &MediaCommand) -> String {
        match command {
            MediaCommand::Play { stream, source } => {
                let source = match source {
                    Source::Silence => "silence".into(),
                    Source::Echo => "echo".into(),
                    Source::Stream(other) => self.stream_name(*other).to_string(),
                    Source::Tone(tone) => format!("{} Hz", tone.parts[0].f1),
                    Source::Mix(parties) => {
                        let names: Vec<String> =
                            parties.iter().map(|p| self.stream_name(*p).to_string()).collect();
                        names.join("+")
                    }
                };
                format!("{} hears {source}", self.stream_name(*stream))
            }
            MediaCommand::SendDigits { stream, digits, .. } => {
                format!("{} gets digits {digits}", self.stream_name(*stream))
            }
            other => panic!("not the PBX's to order: {other:?}"),
        }
    }
}

fn caller(caller: &CallerId) -> String {
    let number = caller.number.as_deref().unwrap_or("-");
    match caller.presentation {
        Presentation::Allowed => number.into(),
        Presentation::Restricted => format!("{number} withheld"),
        Presentation::Unavailable => format!("{number} unavailable"),
    }
}

/// The name of the `n`-th leg; beyond 26 they have no names of their own.
fn letter(n: usize) -> char {
    u8::try_from(n).ok().filter(|n| *n < 26).map_or('~', |n| char::from(b'a' + n))
}

/// A caller with a number.
pub fn caller_id(number: &str) -> CallerId {
    CallerId { number: Some(number.into()), ..CallerId::default() }
}

/// A caller who withholds the number.
pub fn withheld(number: &str) -> CallerId {
    CallerId { presentation: Presentation::Restricted, ..caller_id(number) }
}
