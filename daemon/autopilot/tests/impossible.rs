//! Whatever comes, in whatever order: what the autopilot promises holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_autopilot::*;
use demarc_hal::{Alarm, ChannelId, Framing, LineEvent, Signalling, SignallingSeen, SpanId, SpanKind};
use demarc_hal::{SpanSettings, SpanStatus};
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::{CallRef, Dialect, Event, Side};
use demarc_model::country::CallerIdStart;
use demarc_model::learned::Learned;
use demarc_model::media::{CallerIdForm, HangupTone, ProgressTone};
use demarc_model::{Country, Finding, Instant, Now, Setting};
use std::time::{Duration, SystemTime};

const SPAN: SpanId = SpanId(1);
const LINE: ChannelId = ChannelId::new(2, 1);

/// A small generator, so that the same comes every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.roll(most)).map(|_| self.roll(256) as u8).collect()
    }
}

fn plan(dice: &mut Dice) -> SpanPlan {
    let mode = dice.pick(&[SpanKind::E1, SpanKind::T1]);
    let mut settings = SpanSettings::of(mode);
    settings.timing = dice.roll(3) as u8;
    settings.signalling = dice.pick(&[Signalling::Isdn, Signalling::R2, Signalling::Bearers]);
    let side = dice.pick(&[Side::User, Side::Network]);
    SpanPlan { mode, settings, side, dialect: dice.pick(&[Dialect::EuroIsdn, Dialect::Ni2]), overlap: false }
}

fn span_input(dice: &mut Dice) -> SpanInput {
    let call = CallRef(dice.roll(4) as u32);
    match dice.roll(16) {
        0 => {
            let pinned = Setting::OF_SPAN.into_iter().filter(|_| dice.roll(4) == 0).collect();
            let modes = dice.pick(&[vec![], vec![SpanKind::E1, SpanKind::T1]]);
            SpanInput::Setup(SpanSetup { plan: plan(dice), modes, pinned })
        }
        1 if dice.roll(8) == 0 => SpanInput::Gone,
        2..=6 => {
            let alarms =
                [Alarm::Red, Alarm::Yellow, Alarm::LossOfSignal, Alarm::LossOfFrame, Alarm::LossOfMultiframe];
            let alarms = alarms.into_iter().filter(|_| dice.roll(6) == 0).collect();
            let (slips, code_violations) = (dice.roll(1000), dice.roll(1000));
            SpanInput::Status(SpanStatus { alarms, slips, code_violations, ..SpanStatus::default() })
        }
        7 => SpanInput::Signalling(dice.pick(&[
            SignallingSeen::Flags,
            SignallingSeen::Multiframe,
            SignallingSeen::Nothing,
        ])),
        8 => SpanInput::InUse(dice.roll(2) == 0),
        9 => SpanInput::Refused,
        10 => SpanInput::Lapd(dice.bytes(12)),
        11 => {
            let octets = [vec![8, 2, 0, 1, 5], dice.bytes(40)].concat();
            SpanInput::Isdn(Event::Frame { call: None, outgoing: false, octets })
        }
        12 => SpanInput::Isdn(Event::Setup(Box::new(IncomingSetup { call, ..IncomingSetup::default() }))),
        13 => SpanInput::Isdn(Event::SameSide { side: dice.pick(&[Side::User, Side::Network]) }),
        14 => SpanInput::Isdn(dice.pick(&[
            Event::Up,
            Event::Down,
            Event::RestartTimeout { interface: 0, slot: 1 },
        ])),
        _ => SpanInput::Isdn(Event::Cleared { call, cause: dice.roll(128) as u8 }),
    }
}

fn line_input(dice: &mut Dice) -> LineInput {
    let country = dice.pick(&Country::ALL);
    match dice.roll(8) {
        0 => LineInput::Setup(LineSetup { country, caller_id: None, pinned: [].into() }),
        1 if dice.roll(8) == 0 => LineInput::Gone,
        2 => LineInput::Event(dice.pick(&[
            LineEvent::BatteryLost,
            LineEvent::BatteryRestored,
            LineEvent::RingStarted,
            LineEvent::LineInUse,
            LineEvent::LineFree,
        ])),
        3 => LineInput::InUse(dice.roll(2) == 0),
        4 => LineInput::Heard { country, tone: dice.pick(&[ProgressTone::Dial, ProgressTone::Busy]) },
        5 => {
            let (f1, on_ms) = (dice.roll(2000) as u16, dice.roll(2000) as u16);
            LineInput::Unknown(HangupTone { f1, f2: 0, on_ms, off_ms: on_ms })
        }
        6 => LineInput::Refused,
        _ => LineInput::Learned(Learned::CallerId {
            form: dice.pick(&[CallerIdForm::V23, CallerIdForm::Dtmf]),
            start: dice.pick(&[CallerIdStart::AfterPolarity, CallerIdStart::AfterFirstRing]),
        }),
    }
}

/// What must hold of a plan that is asked for.
fn fits(plan: &SpanPlan, now: &SpanPlan, setup: &SpanSetup) {
    let pinned = |setting| setup.pinned.contains(&setting);
    let e1 = matches!(plan.settings.framing, Framing::Crc4 | Framing::Basic);
    assert_eq!(e1, plan.mode == SpanKind::E1, "{plan:?}");
    assert!(plan.mode == now.mode || setup.modes.contains(&plan.mode));
    assert!(plan.mode == now.mode || !pinned(Setting::LineMode));
    assert!(plan.side == now.side || !pinned(Setting::Side));
    assert!(plan.dialect == now.dialect || !pinned(Setting::Dialect));
    assert!(plan.overlap == now.overlap || !pinned(Setting::Overlap));
    assert!(plan.settings.timing == now.settings.timing || !pinned(Setting::Timing));
    assert!(plan.settings.signalling == now.settings.signalling || !pinned(Setting::Signalling));
    if plan.mode == now.mode {
        assert!(plan.settings.line_code == now.settings.line_code || !pinned(Setting::LineCode));
        let first = (setup.plan.mode == plan.mode).then_some(setup.plan.settings.framing);
        let kept = plan.settings.framing == now.settings.framing || Some(plan.settings.framing) == first;
        assert!(kept || !pinned(Setting::Framing));
    }
}

#[test]
fn the_promises_hold_whatever_comes() {
    let (mut runs, mut probes) = (0, 0);
    for seed in 0..150 {
        let (mut dice, mut pilot) = (Dice(seed), Autopilot::new(seed));
        let (mut at, mut in_use, mut line_in_use, mut setup) = (Duration::ZERO, false, false, None);
        let mut line_there = false;
        let mut now_runs: Option<SpanPlan> = None;
        for _ in 0..1500 {
            at += Duration::from_millis(dice.roll(3000));
            let now = Now { mono: Instant::from_start(at), wall: SystemTime::UNIX_EPOCH };
            if pilot.poll_timeout().is_some_and(|(due, _)| due <= now.mono) {
                pilot.handle_timeout(now);
            } else if dice.roll(3) > 0 {
                let input = span_input(&mut dice);
                match &input {
                    SpanInput::Setup(new) => {
                        setup = Some(new.clone());
                        now_runs = Some(new.plan.clone());
                    }
                    SpanInput::Gone => (setup, in_use) = (None, false),
                    SpanInput::InUse(is) => in_use = *is && setup.is_some(),
                    _ => {}
                }
                let refused = matches!(input, SpanInput::Refused);
                pilot.handle_input(now, Input::Span { span: SPAN, input });
                if refused {
                    now_runs = pilot.span(SPAN).and_then(SpanPilot::plan).cloned();
                }
            } else {
                let input = line_input(&mut dice);
                match &input {
                    LineInput::Setup(_) => line_there = true,
                    LineInput::Gone => (line_there, line_in_use) = (false, false),
                    LineInput::InUse(is) => line_in_use = *is && line_there,
                    _ => {}
                }
                pilot.handle_input(now, Input::Line { channel: LINE, input });
            }
            while let Some(output) = pilot.poll_output() {
                match output {
                    Output::Span { output: SpanOutput::Run(plan), .. } => {
                        assert!(!in_use, "a span with calls is not touched");
                        let setup = setup.as_ref().expect("a span that is there");
                        fits(&plan, now_runs.as_ref().unwrap(), setup);
                        now_runs = Some(*plan);
                        runs += 1;
                    }
                    Output::Span { output: SpanOutput::Found(finding), .. }
                    | Output::Line { output: LineOutput::Found(finding), .. } => {
                        assert!((1..=Finding::SENTENCES).contains(&finding.evidence.len()), "{finding:?}");
                    }
                    Output::Line { output: LineOutput::Do(LineOrder::Seize), .. } => {
                        assert!(!line_in_use, "a line with a call is not touched");
                        probes += 1;
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(runs > 500 && probes > 100, "{runs} runs, {probes} probes: the dice say something");
}
