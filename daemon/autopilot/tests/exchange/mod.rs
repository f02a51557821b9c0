//! An FXO line under autopilot, and an exchange in some country at the other end of the pair. The pair is
//! simulated, audio crosses it in blocks; the line's room, media at both ends and their detectors are
//! real. Time is virtual, 20 ms a step.

use demarc_autopilot::*;
use demarc_hal::*;
use demarc_hal_sim::{Bench, Cable};
use demarc_media::Engine;
use demarc_model::config::{AnswerSupervision, LineId, Secret, TrunkId, TrunkKind};
use demarc_model::country::{CallerIdStart, Confidence, PlanTone};
use demarc_model::media::{CallerIdForm, Detect, MediaCommand, MediaEvent, Source};
use demarc_model::*;
use demarc_pstn::Pstn;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What is expected of a setting: its value, grade, confidence, and words of the evidence.
pub type Expected = (Setting, Option<&'static str>, Grade, Confidence, &'static str);

/// The port, at both ends.
pub const PORT: ChannelId = ChannelId::new(1, 1);
const BLOCK_TIME: Duration = Duration::from_millis(20);

/// How the exchange ends a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Busy,
    LoopBreak,
    Polarity,
}

pub struct World {
    room: Pstn,
    media: Engine,
    fxo: Box<dyn Line>,
    fxs: Box<dyn Line>,
    exchange: Engine,
    pub cable: Cable,
    pilot: Autopilot,
    pub found: BTreeMap<Setting, Finding>,
    /// What the pilot asked for.
    pub orders: Vec<LineOrder>,
    todo: Vec<LineOrder>,
    at: Duration,
    /// The country whose tones the room listens for.
    configured: Country,
    /// The country of the exchange.
    country: Country,
    ring_ends: Option<Duration>,
    off_hook: bool,
    dialled: bool,
    sent: bool,
    calls: u64,
}

struct Gateway<'a> {
    found: &'a mut BTreeMap<Setting, Finding>,
    todo: &'a mut Vec<LineOrder>,
}

impl Hands for Gateway<'_> {
    fn look(&mut self, _: SpanId) -> Option<(Option<SignallingSeen>, SpanStatus)> {
        None
    }

    fn run(&mut self, _: SpanId, _: &SpanPlan) -> bool {
        false
    }

    fn line(&mut self, _: ChannelId, order: LineOrder) -> bool {
        self.todo.push(order);
        true
    }

    fn found(&mut self, finding: &Finding) {
        self.found.insert(finding.setting, finding.clone());
    }
}

fn theirs() -> StreamId {
    StreamId::new(Room::Pstn, 1)
}

/// The autopilot's own stream while the line is its.
fn probing() -> StreamId {
    StreamId::new(Room::Pbx, 1)
}

impl World {
    /// A gateway configured for one country, on a line of another.
    pub fn new(configured: Country, country: Country, answer: AnswerSupervision) -> Self {
        let mut bench = Bench::new();
        let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
        let law = country.plan().companding;
        bench.analog(a, "line", law, &[PortKind::Fxo]).unwrap();
        bench.analog(b, "pair", law, &[PortKind::Fxs]).unwrap();
        let cable = bench.cable_lines((a, PORT), (b, PORT)).unwrap();
        let mut drivers = bench.build().into_iter();
        let (mut near, mut far) = (drivers.next().unwrap(), drivers.next().unwrap());
        let mut config = Config::default_gateway(&mut || Secret::new("correct horse battery"));
        config.system.country = configured;
        config.spans.clear();
        config.lines.truncate(1);
        (config.lines[0].channel, config.lines[0].answer) = (PORT, answer);
        for trunk in &mut config.trunks {
            if let TrunkKind::Fxo { lines, .. } = &mut trunk.kind {
                *lines = vec![LineId(1)];
            }
        }
        let mut world = Self {
            room: Pstn::new(Arc::new(config), near.spans()),
            media: Engine::new([(PORT, near.open_bearer(PORT).unwrap())]),
            fxo: near.open_line(PORT).unwrap(),
            fxs: far.open_line(PORT).unwrap(),
            exchange: Engine::new([(PORT, far.open_bearer(PORT).unwrap())]),
            cable,
            pilot: Autopilot::new(1),
            found: BTreeMap::new(),
            orders: Vec::new(),
            todo: Vec::new(),
            at: Duration::ZERO,
            configured,
            country,
            ring_ends: None,
            off_hook: false,
            dialled: false,
            sent: false,
            calls: 0,
        };
        world.exchange.command(MediaCommand::OpenBearer { stream: theirs(), channel: PORT });
        let detect = Detect { dtmf: true, ..Detect::NONE };
        world.exchange.command(MediaCommand::Detect { stream: theirs(), detect });
        let setup = LineSetup { country: configured, caller_id: None, pinned: BTreeSet::new() };
        world.pilot(LineInput::Setup(setup));
        world
    }

    fn now(&self) -> Now {
        Now { mono: Instant::from_start(self.at), wall: SystemTime::UNIX_EPOCH + self.at }
    }

    fn pilot(&mut self, input: LineInput) {
        self.pilot.handle_input(self.now(), Input::Line { channel: PORT, input });
        self.serve();
    }

    fn serve(&mut self) {
        let now = self.now();
        serve(&mut self.pilot, now, &mut Gateway { found: &mut self.found, todo: &mut self.todo });
        for order in std::mem::take(&mut self.todo) {
            self.orders.push(order);
            match order {
                LineOrder::Seize => {
                    self.fxo.command(LineCommand::OffHook).unwrap();
                    self.media.command(MediaCommand::OpenBearer { stream: probing(), channel: PORT });
                }
                LineOrder::Listen(country) => {
                    let detect = Detect { progress: Some(country), ..Detect::NONE };
                    self.media.command(MediaCommand::Detect { stream: probing(), detect });
                }
                LineOrder::Release => {
                    self.media.command(MediaCommand::Close { stream: probing() });
                    self.fxo.command(LineCommand::OnHook).unwrap();
                }
            }
        }
    }

    fn room(&mut self, input: demarc_pstn::Input) {
        self.room.handle_input(self.now(), input);
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            self.step();
        }
    }

    /// Until something is so, a minute at most.
    fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        for _ in 0..3000 {
            if done(self) {
                return;
            }
            self.step();
        }
        panic!("never: {what}: {:#?}", self.found);
    }

    fn step(&mut self) {
        self.at += BLOCK_TIME;
        if self.ring_ends.is_some_and(|end| end <= self.at) {
            self.ring_ends = None;
            self.fxs.command(LineCommand::StopRinging).unwrap();
        }
        self.exchange.tick();
        self.media.tick();
        let now = self.now();
        if self.room.poll_timeout().is_some_and(|(at, _)| at <= now.mono) {
            self.room.handle_timeout(now);
        }
        self.serve();
        while let Some(event) = self.fxo.poll_event() {
            self.room(demarc_pstn::Input::Line { channel: PORT, event });
            self.pilot(LineInput::Event(event));
        }
        while let Some(event) = self.media.poll_event() {
            self.hear(event);
        }
        self.obey();
        while let Some(event) = self.fxs.poll_event() {
            match event {
                LineEvent::OffHook => {
                    self.off_hook = true;
                    self.play(Some(self.country.plan().dial));
                }
                LineEvent::OnHook => {
                    self.off_hook = false;
                    self.play(None);
                }
                _ => {}
            }
        }
        while let Some(event) = self.exchange.poll_event() {
            match event {
                MediaEvent::Digit { .. } if !self.dialled => {
                    self.dialled = true;
                    self.play(None);
                }
                MediaEvent::CallerIdSent { .. } => self.sent = true,
                _ => {}
            }
        }
    }

    fn hear(&mut self, event: MediaEvent) {
        match &event {
            MediaEvent::ProgressTone { stream, tone } if *stream == probing() => {
                let Some(LineOrder::Listen(country)) = self.orders.last().copied() else { return };
                return self.pilot(LineInput::Heard { country, tone: *tone });
            }
            MediaEvent::ProgressTone { tone, .. } => {
                self.pilot(LineInput::Heard { country: self.configured, tone: *tone });
            }
            MediaEvent::UnknownTone { tone, .. } => self.pilot(LineInput::Unknown(*tone)),
            _ => {}
        }
        self.room(demarc_pstn::Input::Media(event));
    }

    fn obey(&mut self) {
        while let Some(output) = self.room.poll_output() {
            match output {
                demarc_pstn::Output::Media(command) => self.media.command(command),
                demarc_pstn::Output::Line { command, .. } => self.fxo.command(command).unwrap(),
                demarc_pstn::Output::Learned { what, .. } => self.pilot(LineInput::Learned(what)),
                _ => {}
            }
        }
    }

    fn play(&mut self, tone: Option<PlanTone>) {
        let source = tone.map_or(Source::Silence, |tone| Source::Tone(tone.tone()));
        self.exchange.command(MediaCommand::Play { stream: theirs(), source });
    }

    /// Rings the line once, for a second.
    pub fn ring(&mut self) {
        self.fxs.command(LineCommand::Ring(Duration::from_secs(600))).unwrap();
        self.ring_ends = Some(self.at + Duration::from_secs(1));
        self.pass(1100);
    }

    fn send_identity(&mut self, form: CallerIdForm) {
        let caller = CallerId { number: Some("02079460123".into()), ..CallerId::default() };
        self.sent = false;
        let clock = [11, 21, 15, 30];
        self.exchange.command(MediaCommand::SendCallerId { stream: theirs(), caller, form, clock });
        self.until("caller identity is sent", |world| world.sent);
        self.pass(300);
    }

    /// Somebody calls, is shown, and gives up.
    pub fn call_in(&mut self, form: CallerIdForm, start: CallerIdStart) {
        match start {
            CallerIdStart::AfterPolarity => {
                self.fxs.command(LineCommand::ReversePolarity(true)).unwrap();
                self.pass(300);
                self.send_identity(form);
                self.ring();
            }
            CallerIdStart::BeforeRing => {
                self.send_identity(form);
                self.ring();
            }
            CallerIdStart::AfterFirstRing => {
                self.ring();
                self.pass(500);
                self.send_identity(form);
            }
        }
        self.pass(2000);
        self.ring();
        self.fxs.command(LineCommand::ReversePolarity(false)).unwrap();
        self.pass(30_000);
    }

    /// The gateway calls somebody, who answers and hangs up.
    pub fn call_out(&mut self, reverse_on_answer: bool, end: End) {
        self.calls += 1;
        self.dialled = false;
        self.pilot(LineInput::InUse(true));
        let dial = Dial {
            leg: LegId::new(Room::Pbx, self.calls),
            to: Party::Trunk(TrunkId(2)),
            called: "02079460123".into(),
            caller: CallerId::default(),
            redirecting: None,
            bearer: demarc_model::Bearer::Speech,
            emergency: false,
            complete: true,
            ring: RingKind::default(),
        };
        self.room(demarc_pstn::Input::Leg(LegCommand::Dial(Box::new(dial))));
        self.until("it dials", |world| world.dialled);
        self.pass(4000);
        let plan = self.country.plan();
        self.play(Some(plan.ringback));
        self.pass(11_000);
        self.play(None);
        if reverse_on_answer {
            self.fxs.command(LineCommand::ReversePolarity(true)).unwrap();
        }
        self.pass(8000);
        match end {
            End::Busy => self.play(Some(plan.busy)),
            End::LoopBreak => self.fxs.command(LineCommand::OpenLoop(Duration::from_millis(500))).unwrap(),
            End::Polarity => self.fxs.command(LineCommand::ReversePolarity(!reverse_on_answer)).unwrap(),
        }
        self.pass(12_000);
        if self.off_hook {
            let leg = LegId::new(Room::Pbx, self.calls);
            self.room(demarc_pstn::Input::Leg(LegCommand::Hangup { leg, cause: Cause::NORMAL_CLEARING }));
        }
        self.until("it hangs up", |world| !world.off_hook);
        self.fxs.command(LineCommand::ReversePolarity(false)).unwrap();
        self.pass(5000);
        self.pilot(LineInput::InUse(false));
    }

    pub fn expect(&self, name: &str, expected: &[Expected]) {
        for (setting, value, grade, confidence, words) in expected {
            let Some(finding) = self.found.get(setting) else {
                panic!("{name}: nothing about {setting:?} in {:#?}", self.found)
            };
            let got = (finding.value.as_deref(), finding.grade, finding.confidence);
            assert_eq!(got, (*value, *grade, *confidence), "{name}: {finding:#?}");
            let said = finding.evidence.iter().any(|sentence| sentence.contains(words));
            assert!(said, "{name}: {words:?} is not in {finding:#?}");
        }
    }
}
