//! Ladders replayed over simulated cards, against a gateway of a few lines: what it does as the ladder says
//! passes, and what it does otherwise is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::{Bearer, ChannelId, Companding, Driver, Line, LineCommand, LineEvent, PortKind, Transfer};
use demarc_hal_sim::{Bench as Cards, SimClock};
use demarc_hwtest::replay::{Ladder, Options, replay};
use demarc_hwtest::signal::g711;
use demarc_hwtest::signal::level::Tone;
use demarc_hwtest::{Continue, Rig, Time};
use demarc_model::hardware_test::{Bench, PortAt, RunState, StepResult, Verdict};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

const BLOCK: Duration = Duration::from_millis(20);

/// The gateway: a line that answers the first ring and dials 12, and a port that has dial tone.
struct Gateway {
    line: Box<dyn Line>,
    line_audio: Box<dyn Bearer>,
    port: Box<dyn Line>,
    port_audio: Box<dyn Bearer>,
    dial_tone: bool,
    /// What the line says.
    says: VecDeque<f64>,
    tones: [Tone; 2],
    answers: bool,
    hangs_up_early: bool,
    /// When it answers, or hangs up on its own.
    answer_at: Option<Duration>,
    release_at: Option<Duration>,
}

impl Gateway {
    fn keys(&mut self) {
        for (low, high) in [(697.0, 1209.0), (697.0, 1336.0)] {
            let (mut low, mut high) = (Tone::new(low, -9.0), Tone::new(high, -9.0));
            self.says.extend((0..800).map(|_| low.sample() + high.sample()));
            self.says.extend([0.0; 800]);
        }
    }

    fn turn(&mut self, now: Duration) {
        while let Some(event) = self.line.poll_event() {
            match event {
                LineEvent::RingStarted if self.answers => {
                    self.answer_at.get_or_insert(now + Duration::from_millis(500));
                }
                LineEvent::LoopBreak => self.line.command(LineCommand::OnHook).unwrap(),
                _ => {}
            }
        }
        if self.answer_at.is_some_and(|at| now >= at) {
            (self.answer_at, self.answers) = (None, false);
            self.line.command(LineCommand::OffHook).unwrap();
            self.keys();
            self.release_at = self.hangs_up_early.then_some(now + Duration::from_secs(1));
        }
        if self.release_at.is_some_and(|at| now >= at) {
            self.release_at = None;
            self.line.command(LineCommand::OnHook).unwrap();
        }
        while let Some(event) = self.port.poll_event() {
            match event {
                LineEvent::OffHook => self.dial_tone = true,
                LineEvent::OnHook => self.dial_tone = false,
                _ => {}
            }
        }
        let mut block = [0; 160];
        while self.line_audio.read(&mut block) == Transfer::Done {}
        while self.port_audio.read(&mut block) == Transfer::Done {}
        block.fill_with(|| g711::octet(Companding::ALaw, self.says.pop_front().unwrap_or(0.0)));
        let _ = self.line_audio.write(&block);
        let dial_tone = self.dial_tone;
        let tones = &mut self.tones;
        let mut next = || if dial_tone { tones.iter_mut().map(Tone::sample).sum() } else { 0.0 };
        block.fill_with(|| g711::octet(Companding::ALaw, next()));
        let _ = self.port_audio.write(&block);
    }
}

/// Simulated lines ring in real time; the gateway moves when time does.
struct World(SimClock, Duration, Gateway);

impl Time for World {
    fn now(&self) -> Duration {
        self.1
    }

    fn tick(&mut self) {
        nix::poll::poll(&mut [], 20_u8).unwrap();
        self.1 += BLOCK;
        self.0.advance(BLOCK);
        self.2.turn(self.1);
    }
}

const LADDER: &str = "# A line rings, is answered and dials; a telephone is lifted.

    0.000 → line 2/1 RingStarted
    0.000 ← media 2/1 open
    0.400 → line 2/1 RingStopped
    0.500 ← line 2/1 OffHook
    0.500 ← media 2/1 sends 12
    2.000 → line 2/1 LoopBreak
    2.000 ← line 2/1 OnHook
    2.500 → line 3/1 OffHook
    2.500 ← media 3/1 hears 350+440 Hz once
    3.500 → line 3/1 OnHook
    3.500 ← media 3/1 hears silence
    3.500 ← record unanswered cause=16 \"Analog phone 1\" (211) dialled to \"\"
    3.500 quiet
";

/// Port 2/1 of the ladder is our FXS 1/1, port 3/1 our FXO 1/2.
fn play(ladder: &str, others: u64, change: impl FnOnce(&mut Gateway)) -> RunState {
    let clock = SimClock::by_hand();
    let mut cards = Cards::with_clock(clock.clone());
    let (unit, bench) = (cards.driver().unwrap(), cards.driver().unwrap());
    let theirs = cards.analog(unit, "Gateway", Companding::ALaw, &[PortKind::Fxo, PortKind::Fxs]).unwrap();
    let ours = cards.analog(bench, "Bench", Companding::ALaw, &[PortKind::Fxs, PortKind::Fxo]).unwrap();
    let at = |span, slot| ChannelId { span, slot };
    for slot in [1, 2] {
        cards.cable_lines((unit, at(theirs, slot)), (bench, at(ours, slot))).unwrap();
    }
    let [mut unit, mut far]: [_; 2] = cards.build().try_into().ok().unwrap();
    let mut gateway = Gateway {
        line: unit.open_line(at(theirs, 1)).unwrap(),
        line_audio: unit.open_bearer(at(theirs, 1)).unwrap(),
        port: unit.open_line(at(theirs, 2)).unwrap(),
        port_audio: unit.open_bearer(at(theirs, 2)).unwrap(),
        dial_tone: false,
        says: VecDeque::new(),
        tones: [Tone::new(350.0, -13.0), Tone::new(440.0, -13.0)],
        answers: true,
        hangs_up_early: false,
        answer_at: None,
        release_at: None,
    };
    change(&mut gateway);
    let options = Options {
        bench: Bench {
            phones: vec![PortAt(at(ours, 1))],
            lines: vec![PortAt(at(ours, 2))],
            ..Bench::default()
        },
        at: vec![(ChannelId::new(2, 1), at(ours, 1)), (ChannelId::new(3, 1), at(ours, 2))],
        tolerance: Duration::from_secs(1),
        others: Duration::from_secs(others),
    };
    let mut world = World(clock, Duration::ZERO, gateway);
    let mut rig = Rig {
        driver: &mut far,
        alone: true,
        time: &mut world,
        settings: BTreeMap::new(),
        former: None,
        plugs: None,
        keep: &mut |_, _| Ok(()),
        began_at: 0,
    };
    replay(&[Ladder::parse(ladder).unwrap()], &options, &mut rig, &mut |_| Continue::On)
}

fn step(state: &RunState) -> &StepResult {
    assert!(!state.running && !state.cancelled && state.now.is_none());
    let [step] = state.results.as_slice() else { panic!("{state:#?}") };
    step
}

fn number(step: &StepResult, name: &str) -> f64 {
    step.values.iter().find(|value| value.name == name).unwrap_or_else(|| panic!("{step:#?}")).value
}

#[test]
fn a_gateway_that_does_as_the_ladder_says_passes() {
    let state = play(LADDER, 0, |_| {});
    let step = step(&state);
    assert_eq!(step.verdict, Verdict::Passed, "{step:#?}");
    assert_eq!((number(step, "rows done"), number(step, "rows seen")), (5.0, 5.0), "{step:#?}");
    assert_eq!(number(step, "rows that a port cannot see"), 3.0);
}

#[test]
fn what_it_does_not_do_is_told_with_the_row() {
    let state = play(LADDER, 0, |gateway| gateway.answers = false);
    let step = step(&state);
    assert_eq!(step.verdict, Verdict::Failed);
    assert!(step.reason.contains("At 0.500 s \"← line 2/1 OffHook\" does not come"), "{step:#?}");
}

#[test]
fn what_it_does_unasked_is_told_too() {
    let silent = LADDER.split("    2.000").next().unwrap();
    let state = play(silent, 0, |gateway| gateway.hangs_up_early = true);
    let step = step(&state);
    assert_eq!(step.verdict, Verdict::Failed, "{step:#?}");
    assert!(step.reason.contains("port 2/1 does OnHook, which is not in the ladder"), "{step:#?}");
}

#[test]
fn rows_for_others_need_others() {
    let ladder = "# A phone answers.\nphones: 201\n\n  0.000 → line 2/1 RingStarted\n  0.100 → sip 201 200\n  \
                  0.100 ← line 2/1 OffHook\n  0.200 quiet\n";
    let without = play(ladder, 0, |_| {});
    assert_eq!(step(&without).verdict, Verdict::Skipped);
    assert!(step(&without).reason.contains("\"→ sip 201 200\""), "{without:#?}");
    let with = play(ladder, 5, |_| {});
    assert_eq!(step(&with).verdict, Verdict::Passed, "{with:#?}");
    assert_eq!(number(step(&with), "rows that others did"), 1.0);
}
