//! A gateway's span under autopilot, and a far end that is set as it likes. Layer 1 runs in virtual time; the
//! ISDN helpers of both ends are real, and virtual time stands still while they talk.
#![allow(dead_code)] // each test file uses a part

pub mod helper;

use demarc_autopilot::*;
use demarc_hal::*;
use demarc_hal_sim::{Bench, Cable, SimClock, SimDriver};
use demarc_isdn::{Dialect, Event, Settings, Side};
use demarc_model::country::Confidence;
use demarc_model::{Finding, Grade, Instant, Now, Setting};
use helper::Helper;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

pub const SPAN: SpanId = SpanId(1);

/// What is expected of a setting: its value, grade, confidence, and words of the evidence.
pub type Expected = (Setting, Option<&'static str>, Grade, Confidence, &'static str);

/// A span, ours or the far one, as it is set.
pub fn plan(mode: SpanKind, side: Side, dialect: Dialect) -> SpanPlan {
    let timing = if side == Side::Network { 0 } else { 1 };
    SpanPlan {
        mode,
        settings: SpanSettings { timing, ..SpanSettings::of(mode) },
        side,
        dialect,
        overlap: false,
    }
}

/// What the gateway begins with everywhere: an E1 of a European telco.
pub fn europe() -> SpanPlan {
    plan(SpanKind::E1, Side::User, Dialect::EuroIsdn)
}

/// The same in North America.
pub fn america() -> SpanPlan {
    plan(SpanKind::T1, Side::User, Dialect::Ni2)
}

/// An end of the cable that has been set.
pub struct End {
    pub driver: SimDriver,
    pub plan: SpanPlan,
    pub helper: Option<Helper>,
    /// It takes a channel out of service and puts it back, as switches do that way.
    pub service: bool,
}

impl End {
    /// Runs it as planned. The helper is started when somebody needs it.
    pub fn run(&mut self, plan: &SpanPlan) -> Result<(), Error> {
        self.helper = None;
        while self.driver.poll_event().is_some() {}
        if self.driver.spans()[0].kind != plan.mode {
            self.driver.set_line_mode(SPAN, plan.mode)?;
        }
        self.driver.configure_span(SPAN, &plan.settings)?;
        self.plan = plan.clone();
        Ok(())
    }

    pub fn has_d_channel(&self) -> bool {
        self.plan.settings.signalling == Signalling::Isdn
    }

    pub fn start_helper(&mut self) {
        let slot = self.plan.mode.d_slot().unwrap();
        let d_channel = self.driver.open_dchannel(ChannelId { span: SPAN, slot }).unwrap();
        let interface = match self.plan.mode {
            SpanKind::T1 => demarc_isdn::Interface::T1,
            _ => demarc_isdn::Interface::E1,
        };
        let SpanPlan { side, dialect, overlap, .. } = self.plan;
        let service_messages = self.service;
        let settings =
            Settings { side, dialect, overlap, interface, service_messages, ..Settings::default() };
        self.helper = Some(Helper::start(settings, d_channel));
    }
}

pub struct World {
    pub near: End,
    pub far: End,
    pub cable: Cable,
    pub found: BTreeMap<Setting, Finding>,
    /// How the pilot has run the span, in order.
    pub runs: Vec<SpanPlan>,
    /// The gateway does nothing that the pilot asks for.
    pub refuses: bool,
    pub clock: SimClock,
    pub pilot: Autopilot,
    pub at: Duration,
}

/// The hands of the gateway.
struct Gateway<'a> {
    near: &'a mut End,
    found: &'a mut BTreeMap<Setting, Finding>,
    runs: &'a mut Vec<SpanPlan>,
    refuses: bool,
}

impl Hands for Gateway<'_> {
    fn look(&mut self, span: SpanId) -> Option<(Option<SignallingSeen>, SpanStatus)> {
        Some((self.near.driver.signalling_seen(span).ok(), self.near.driver.span_status(span).ok()?))
    }

    fn run(&mut self, _: SpanId, plan: &SpanPlan) -> bool {
        self.runs.push(plan.clone());
        !self.refuses && self.near.run(plan).is_ok()
    }

    fn line(&mut self, _: ChannelId, _: LineOrder) -> bool {
        false
    }

    fn found(&mut self, finding: &Finding) {
        self.found.insert(finding.setting, finding.clone());
    }
}

impl World {
    /// The gateway's card does E1 and T1, and begins as `ours`.
    pub fn new(ours: &SpanPlan, far: &SpanPlan, pinned: &[Setting]) -> Self {
        let clock = SimClock::by_hand();
        let mut bench = Bench::with_clock(clock.clone());
        let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
        let ends =
            (bench.dual_mode(a, "near", ours.mode).unwrap(), bench.dual_mode(b, "far", far.mode).unwrap());
        let cable = bench.cable_spans((a, ends.0), (b, ends.1)).unwrap();
        let mut drivers = bench.build().into_iter();
        let mut end = |plan: &SpanPlan| {
            let mut end =
                End { driver: drivers.next().unwrap(), plan: plan.clone(), helper: None, service: false };
            end.run(plan).unwrap();
            end
        };
        let (near, far) = (end(ours), end(far));
        let (found, runs) = (BTreeMap::new(), Vec::new());
        let (pilot, at, refuses) = (Autopilot::new(1), Duration::ZERO, false);
        let mut world = Self { near, far, cable, found, runs, refuses, clock, pilot, at };
        world.set_up(pinned);
        world
    }

    /// The configuration has the span as it runs now.
    pub fn set_up(&mut self, pinned: &[Setting]) {
        let modes = self.near.driver.line_modes(SPAN);
        let pinned = BTreeSet::from_iter(pinned.iter().copied());
        self.tell(SpanInput::Setup(SpanSetup { plan: self.near.plan.clone(), modes, pinned }));
    }

    pub fn now(&self) -> Now {
        Now { mono: Instant::from_start(self.at), wall: SystemTime::UNIX_EPOCH + self.at }
    }

    pub fn tell(&mut self, input: SpanInput) {
        self.pilot.handle_input(self.now(), Input::Span { span: SPAN, input });
        self.serve();
    }

    fn serve(&mut self) {
        let now = self.now();
        let mut hands = Gateway {
            near: &mut self.near,
            found: &mut self.found,
            runs: &mut self.runs,
            refuses: self.refuses,
        };
        serve(&mut self.pilot, now, &mut hands);
    }

    /// Lets virtual time pass. Nobody talks on the D channel meanwhile.
    pub fn pass(&mut self, seconds: u64) {
        let end = self.at + Duration::from_secs(seconds);
        while self.at < end {
            let due = self.pilot.poll_timeout().map_or(end, |(at, _)| at.since_start());
            // Never no step at all: what is due was served, but may be due again.
            let to =
                due.clamp(self.at + Duration::from_millis(1), end.max(self.at + Duration::from_millis(1)));
            self.clock.advance(to - self.at);
            self.at = to;
            self.serve();
        }
    }

    /// Layer 1 of both ends is as it should be, and both have a D channel.
    pub fn is_in_order(&self) -> bool {
        let clear = |end: &End| end.driver.span_status(SPAN).unwrap().alarms.is_empty();
        let same = self.near.plan.settings.line_code == self.far.plan.settings.line_code;
        let d_channels = self.near.has_d_channel() && self.far.has_d_channel();
        clear(&self.near) && clear(&self.far) && same && d_channels
    }

    /// Brings layer 2 up, with whatever the pilot makes of what it sees. Virtual time passes only
    /// once the helpers have said all they have to say.
    pub fn establish(&mut self) {
        for _ in 0..8 {
            for end in [&mut self.near, &mut self.far] {
                if end.helper.is_none() {
                    end.start_helper();
                }
            }
            match self.talk(|event| matches!(event, Event::Up | Event::SameSide { .. })) {
                Event::Up => {
                    return self
                        .far
                        .helper
                        .as_mut()
                        .unwrap()
                        .until_up(&mut self.far.driver, &mut self.near.driver);
                }
                _ => self.pass(8),
            }
        }
        panic!("layer 2 never came up: {:#?}", self.runs);
    }

    /// Runs both helpers until ours says something that `done` takes. The pilot hears it all.
    pub fn talk(&mut self, done: impl Fn(&Event) -> bool) -> Event {
        for _ in 0..helper::PATIENCE {
            let mut last = None;
            for end in [&mut self.near, &mut self.far] {
                while end.driver.poll_event().is_some() {}
            }
            if let Some(helper) = &mut self.far.helper {
                helper.pump();
            }
            let events = self.near.helper.as_mut().map(Helper::pump).unwrap_or_default();
            for event in events {
                if done(&event) {
                    last = Some(event.clone());
                }
                self.tell(SpanInput::Isdn(event));
            }
            if let Some(event) = last {
                return event;
            }
            helper::wait(&[&self.near, &self.far]);
        }
        let (near, far) = (&self.near.helper, &self.far.helper);
        panic!("our helper never said it: {near:?} {far:?}");
    }

    /// The far end calls with a name, and hangs up.
    pub fn call(&mut self) {
        if self.far.service {
            self.far.helper.as_mut().unwrap().serve();
            let is = |octets: &[u8]| matches!(octets.first(), Some(0x03 | 0x43));
            self.talk(|event| matches!(event, Event::Frame { outgoing: false, octets, .. } if is(octets)));
        }
        let call = self.far.helper.as_mut().unwrap().call();
        self.talk(|event| matches!(event, Event::Setup(_)));
        self.tell(SpanInput::InUse(true));
        let runs = self.runs.len();
        self.pass(3);
        assert_eq!(self.runs.len(), runs, "a span with a call on it is not touched");
        self.far.helper.as_mut().unwrap().hang_up(call);
        self.talk(|event| matches!(event, Event::Cleared { .. }));
        self.tell(SpanInput::InUse(false));
    }

    /// Everything at once: plug in, and wait.
    pub fn find_out(&mut self) {
        for _ in 0..90 {
            let known = |setting| self.found.get(&setting).is_some_and(|finding| finding.value.is_some());
            if self.is_in_order() && known(Setting::LineCode) && known(Setting::Signalling) {
                break;
            }
            self.pass(1);
        }
        if self.is_in_order() {
            self.establish();
            self.pass(75);
            self.settle();
            self.call();
            self.pass(10);
            self.settle();
            self.pass(5);
        } else {
            self.pass(60);
        }
    }

    /// After a change of layer 2 or 3 it comes up again.
    fn settle(&mut self) {
        if self.near.helper.is_none() {
            self.establish();
        }
    }

    pub fn expect(&self, name: &str, expected: &[Expected]) {
        for (setting, value, grade, confidence, words) in expected {
            let Some(finding) = self.found.get(setting) else { panic!("{name}: nothing about {setting:?}") };
            let got = (finding.value.as_deref(), finding.grade, finding.confidence);
            assert_eq!(got, (*value, *grade, *confidence), "{name}: {finding:#?}");
            let said = finding.evidence.iter().any(|sentence| sentence.contains(words));
            assert!(said, "{name}: {words:?} is not in {finding:#?}");
        }
    }
}
