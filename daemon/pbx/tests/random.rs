//! Whatever the edges say, in whatever order: no panic, one final record for each call, no leg left
//! behind, and quiet at the end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use demarc_model::config::{DeviceId, RingStrategy, TrunkId};
use demarc_model::*;
use demarc_pbx::{Input, Output, Pbx};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[derive(Debug, Clone)]
enum Step {
    Offer { from: usize, called: usize, complete: bool },
    Event { leg: usize, kind: u8, digit: usize, cause: u8 },
    HangUp(usize),
    Wait(u32),
    Config(bool),
}

const FROM: [Party; 8] = [
    Party::Device(DeviceId(1)),
    Party::Device(DeviceId(2)),
    Party::Device(DeviceId(3)),
    Party::Device(DeviceId(11)),
    Party::Device(DeviceId(99)),
    Party::Trunk(TrunkId(1)),
    Party::Trunk(TrunkId(2)),
    Party::Trunk(TrunkId(99)),
];
const CALLED: [&str; 32] = [
    "",
    "2",
    "200",
    "201",
    "202",
    "211",
    "999",
    "8999",
    "112",
    "*43",
    "*44",
    "02079460100",
    "8150",
    "0012125550100",
    "+442079460900",
    "+442079460901",
    "+442079460943",
    "!",
    "301",
    "302",
    "*8",
    "*401",
    "**0",
    "1471",
    "141999",
    "141202",
    "*21*202#",
    "*67*02079460100#",
    "*61*211#",
    "#21#",
    "*26#",
    "#26#",
];
const DIGITS: [&str; 8] = ["", "1", "2", "01", "9", "#", "*", "0207946"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..FROM.len(), 0..CALLED.len(), any::<bool>())
            .prop_map(|(from, called, complete)| Step::Offer { from, called, complete }),
        12 => (any::<prop::sample::Index>(), 0u8..16, 0..DIGITS.len(), 1u8..=127)
            .prop_map(|(leg, kind, digit, cause)| Step::Event { leg: leg.index(64), kind, digit, cause }),
        1 => (0usize..16).prop_map(Step::HangUp),
        2 => (0u32..30_000).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Config),
    ]
}

fn config(in_order: bool) -> Config {
    let mut config = world::gateway();
    config.services.push({
        let mut service = config.services[0].clone();
        service.id = config::ServiceId(3);
        service.number = config::Pattern::new("301");
        service.kind =
            config::ServiceKind::CallBack { number: "0207946010".into(), caller: CallerId::default() };
        service
    });
    config.services.push({
        let mut service = config.services[0].clone();
        service.id = config::ServiceId(4);
        service.number = config::Pattern::new("302");
        service.kind = config::ServiceKind::DigitReadback;
        service
    });
    if in_order {
        config.ring_groups[0].strategy = RingStrategy::InOrder;
    }
    assert_eq!(config.validate(), Ok(()));
    config
}

/// What the edges know of a leg.
#[derive(Default)]
struct Edge {
    incoming: bool,
    hangups: u32,
    ended: bool,
}

struct Machine {
    pbx: Pbx,
    now: Duration,
    edges: BTreeMap<LegId, Edge>,
    begun: BTreeSet<CallId>,
    ended: BTreeSet<CallId>,
    offers: u64,
}

impl Machine {
    fn now(&self) -> Now {
        Now { mono: Instant::from_start(self.now), wall: SystemTime::UNIX_EPOCH + self.now }
    }

    fn input(&mut self, input: Input) {
        self.pbx.handle_input(self.now(), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.pbx.poll_output() {
            match output {
                Output::Leg(LegCommand::Dial(dial)) => {
                    assert!(self.pbx.call_of(dial.leg).is_some());
                    assert!(
                        self.edges.insert(dial.leg, Edge::default()).is_none(),
                        "{} dialled twice",
                        dial.leg
                    );
                }
                Output::Leg(command) => {
                    let edge = self.edges.get_mut(&command.leg()).expect("a leg that exists");
                    assert!(!edge.ended, "{command:?} after the end");
                    assert_eq!(edge.hangups, 0, "{command:?} after a hang-up");
                    if let LegCommand::Hangup { .. } = command {
                        edge.hangups += 1;
                    } else if !matches!(
                        command,
                        LegCommand::Join { .. }
                            | LegCommand::TransferRefused { .. }
                            // Whoever was called may be connected to an emergency call by a transfer.
                            | LegCommand::Emergency { .. }
                    ) {
                        assert!(edge.incoming, "{command:?} is for incoming legs");
                    }
                }
                Output::Record(record) => {
                    assert!(!self.ended.contains(&record.call), "a record after the final one");
                    self.begun.insert(record.call);
                    assert_eq!(record.ended_ms.is_some(), record.cause.is_some());
                    if record.ended_ms.is_some() {
                        self.ended.insert(record.call);
                    }
                }
                Output::Setting { .. } | Output::Media(_) | Output::Trace(_) | Output::Changed => {}
            }
        }
        for call in self.pbx.live_calls(self.now()) {
            assert!(self.begun.contains(&call.call));
        }
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rounds = 0;
        while let Some((at, _)) = self.pbx.poll_timeout().filter(|(at, _)| at.since_start() <= end) {
            self.now = self.now.max(at.since_start());
            self.pbx.handle_timeout(self.now());
            self.drain();
            rounds += 1;
            assert!(rounds < 10_000, "time does not pass");
        }
        self.now = end;
    }

    fn end(&mut self, leg: LegId, cause: u8) {
        if let Some(edge) = self.edges.get_mut(&leg) {
            edge.ended = true;
        }
        self.input(Input::Leg(LegEvent::Ended { leg, cause: Cause::from_received(cause), reason: None }));
        assert_eq!(self.pbx.call_of(leg), None);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Offer { from, called, complete } => {
                self.offers += 1;
                let leg = LegId::new(Room::Sip, self.offers);
                self.edges.insert(leg, Edge { incoming: true, ..Edge::default() });
                let offer = Offer {
                    leg,
                    from: FROM[from],
                    called: CALLED[called].into(),
                    complete,
                    caller: CallerId::default(),
                    redirecting: None,
                    bearer: Bearer::Speech,
                    // As an analog telephone has one stream for all its calls.
                    stream: StreamId::new(Room::Sip, from as u64 + 1),
                    place: String::new(),
                };
                self.input(Input::Leg(LegEvent::Offered(Box::new(offer))));
            }
            Step::Event { leg, kind, digit, cause } => {
                let live: Vec<LegId> =
                    self.edges.iter().filter(|(_, e)| !e.ended).map(|(id, _)| *id).collect();
                let Some(&leg) = live.get(leg % live.len().max(1)) else { return };
                let event = match kind {
                    0 => LegEvent::MoreDigits { leg, digits: DIGITS[digit].into(), complete: cause > 100 },
                    1 | 2 => LegEvent::Proceeding {
                        leg,
                        stream: StreamId::new(Room::Pstn, 1),
                        place: "1/1".into(),
                    },
                    3 => LegEvent::Progress {
                        leg,
                        in_band: digit > 3,
                        cause: Cause::new(cause).filter(|_| digit > 5),
                    },
                    4 => LegEvent::Alerting { leg, in_band: digit > 3 },
                    5 => LegEvent::Answered { leg, connected: None },
                    6 => LegEvent::Digit { leg, digit: '5', out_of_band: digit > 3 },
                    7 => LegEvent::Held { leg },
                    8 => LegEvent::Retrieved { leg },
                    9 => LegEvent::Flash { leg },
                    // Somebody else's leg, mostly; sometimes another of the same telephone.
                    10 | 11 => {
                        let Some(&other) = live.get(usize::from(cause) % live.len()) else { return };
                        LegEvent::TransferTo { leg, other }
                    }
                    12 => {
                        let Some(&other) = live.get(usize::from(cause) % live.len()) else { return };
                        LegEvent::Conference { leg, other }
                    }
                    13 => LegEvent::Transfer { leg, to: CALLED[usize::from(cause) % CALLED.len()].into() },
                    _ => return self.end(leg, cause),
                };
                self.input(Input::Leg(event));
            }
            Step::HangUp(n) => {
                let calls: Vec<CallId> = self.pbx.live_calls(self.now()).iter().map(|c| c.call).collect();
                if let Some(call) = calls.get(n % calls.len().max(1)) {
                    self.input(Input::HangUp { call: *call });
                }
            }
            Step::Wait(ms) => self.wait(Duration::from_millis(ms.into())),
            Step::Config(in_order) => self.input(Input::Config(Arc::new(config(in_order)))),
        }
    }

    /// Callers go, and edges end what they were told to end, and nothing else: no leg may be left.
    fn clear(&mut self) {
        for round in 0..20 {
            let over = |e: &Edge| !e.ended && (e.incoming || e.hangups > 0);
            let going: Vec<LegId> = self.edges.iter().filter(|(_, e)| over(e)).map(|(id, _)| *id).collect();
            for leg in going {
                self.end(leg, 16);
            }
            // Calls that the gateway made by itself have no caller who could go.
            if round > 10 {
                for call in self.pbx.live_calls(self.now()) {
                    self.input(Input::HangUp { call: call.call });
                }
            }
            self.wait(Duration::from_secs(5));
        }
        let left: Vec<_> = self.edges.iter().filter(|(_, e)| !e.ended).map(|(id, _)| id).collect();
        assert!(left.is_empty(), "nobody told {left:?} to end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens(steps in prop::collection::vec(step(), 1..120)) {
        let mut machine = Machine {
            pbx: Pbx::new(Arc::new(config(false)), 1_704_067_200),
            now: Duration::from_secs(1),
            edges: BTreeMap::new(),
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            offers: 0,
        };
        for step in steps {
            machine.step(step);
        }
        machine.clear();
        prop_assert!(machine.pbx.is_quiet(), "{:#?}", machine.pbx);
        prop_assert_eq!(machine.pbx.poll_timeout(), None);
        prop_assert_eq!(&machine.begun, &machine.ended);
    }
}
