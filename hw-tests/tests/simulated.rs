//! The suite over simulated cards: what is in order passes, and each fault is found by the test that is
//! made for it, with the remedy that mends it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::{Alarm, ChannelId, Companding, PortKind, SpanId, SpanKind, SpanSettings};
use demarc_hal_sim::{Bench as Cards, Cable, End, SimClock, SimDriver};
use demarc_hwtest::{Continue, Rig, Time, run};
use demarc_model::hardware_test::{
    Bench, Inventory, Length, PairCable, Plug, PortAt, RunRequest, RunState, Side, SpanCable, StepResult,
    Verdict,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// A block a tick, on a clock that nobody has to wait for.
struct ByHand {
    clock: SimClock,
    now: Duration,
}

impl Time for ByHand {
    fn now(&self) -> Duration {
        self.now
    }

    fn tick(&mut self) {
        let step = Duration::from_millis(20);
        self.now += step;
        self.clock.advance(step);
    }
}

/// Simulated lines ring and flash in real time.
struct Real(SimClock, Duration);

impl Time for Real {
    fn now(&self) -> Duration {
        self.1
    }

    fn tick(&mut self) {
        let step = Duration::from_millis(20);
        nix::poll::poll(&mut [], 20_u8).unwrap();
        self.1 += step;
        self.0.advance(step);
    }
}

struct Lab {
    driver: SimDriver,
    clock: SimClock,
    /// Spans 1 and 2.
    cable: Cable,
    /// Ports 4/1 to 4/3, and 4/2 to 4/4.
    pairs: [Cable; 2],
    files: BTreeMap<String, Vec<u8>>,
    settings: BTreeMap<SpanId, SpanSettings>,
    former: Option<Inventory>,
}

fn port(slot: u8) -> ChannelId {
    ChannelId::new(4, slot)
}

impl Lab {
    /// Two cabled spans, one with a plug, and two pairs of wires, `swapped` or not.
    fn new(kind: SpanKind, swapped: bool) -> Self {
        let clock = SimClock::by_hand();
        let mut cards = Cards::with_clock(clock.clone());
        let unit = cards.driver().unwrap();
        let law = if kind == SpanKind::T1 { Companding::MuLaw } else { Companding::ALaw };
        let [a, b, plugged] = ["A", "B", "C"].map(|name| cards.digital(unit, name, kind, law).unwrap());
        let cable = cards.cable_spans((unit, a), (unit, b)).unwrap();
        cards.plug_loop((unit, plugged)).unwrap();
        let ports = [PortKind::Fxs, PortKind::Fxs, PortKind::Fxo, PortKind::Fxo];
        cards.analog(unit, "Ports", law, &ports).unwrap();
        let (first, second) = if swapped { (4, 3) } else { (3, 4) };
        let pairs = [(1, first), (2, second)]
            .map(|(fxs, fxo)| cards.cable_lines((unit, port(fxs)), (unit, port(fxo))).unwrap());
        let driver = cards.build().remove(0);
        let (files, settings) = (BTreeMap::new(), BTreeMap::new());
        Self { driver, clock, cable, pairs, files, settings, former: None }
    }

    fn run(&mut self, request: &RunRequest) -> RunState {
        let mut time = ByHand { clock: self.clock.clone(), now: Duration::ZERO };
        self.run_with(request, &mut time, &mut |_| Continue::On)
    }

    fn run_with(
        &mut self,
        request: &RunRequest,
        time: &mut dyn Time,
        tell: &mut dyn FnMut(&RunState) -> Continue,
    ) -> RunState {
        demarc_hwtest::check(request, &self.driver).unwrap();
        let files = &mut self.files;
        let mut keep = |name: &str, octets: &[u8]| {
            files.insert(name.to_owned(), octets.to_vec());
            Ok(())
        };
        let mut rig = Rig {
            driver: &mut self.driver,
            alone: true,
            time,
            settings: self.settings.clone(),
            former: self.former.clone(),
            plugs: None,
            keep: &mut keep,
            began_at: 1_795_276_800_000,
        };
        run(request, &mut rig, tell)
    }

    /// Runs some tests on the wires, which need real time.
    fn run_lines(&mut self, tests: &[&str], bench: Bench) -> RunState {
        let mut time = Real(self.clock.clone(), Duration::ZERO);
        self.run_with(&asked(tests, bench), &mut time, &mut |_| Continue::On)
    }
}

fn digital() -> Bench {
    Bench {
        unit: "DM-000123".into(),
        spans: vec![SpanCable {
            a: SpanId(1),
            b: SpanId(2),
            a_side: Side::Network,
            b_side: Side::User,
            relay: None,
        }],
        plugs: vec![Plug { span: SpanId(3), relay: None }],
        ..Bench::default()
    }
}

fn wires(pairs: &[(u8, u8)]) -> Bench {
    let pair =
        |(fxs, fxo): &(u8, u8)| PairCable { fxs: PortAt(port(*fxs)), fxo: PortAt(port(*fxo)), relay: None };
    Bench { pairs: pairs.iter().map(pair).collect(), ..Bench::default() }
}

fn asked(tests: &[&str], bench: Bench) -> RunRequest {
    let tests = tests.iter().map(|test| (*test).to_owned()).collect();
    RunRequest { tests, length: Length::Quick, bench, ..RunRequest::default() }
}

fn wrong(run: &RunState) -> Vec<&StepResult> {
    run.results.iter().filter(|result| result.verdict == Verdict::Failed).collect()
}

#[test]
fn everything_digital_passes() {
    for kind in [SpanKind::E1, SpanKind::T1] {
        let mut lab = Lab::new(kind, false);
        let run = lab.run(&asked(&[], digital()));
        assert!(wrong(&run).is_empty(), "{:#?}", wrong(&run));
        let passed: Vec<&str> = run
            .results
            .iter()
            .filter(|step| step.verdict == Verdict::Passed)
            .map(|step| step.test.as_str())
            .collect();
        for test in [
            "inventory",
            "alarms",
            "counters",
            "plug",
            "bert",
            "loops",
            "insert",
            "dchannel",
            "level",
            "echo",
            "calls",
        ] {
            assert!(passed.contains(&test), "{test}: {:#?}", run.results);
        }
        assert!(!run.running && !run.cancelled && run.unit == "DM-000123");
        assert_eq!(run.results.len(), run.steps as usize);
        // What has nothing to be run on says what the bench lacks.
        let fxs = run.results.iter().find(|step| step.test == "fxs").unwrap();
        assert_eq!(fxs.verdict, Verdict::Skipped);
        assert!(fxs.remedy.contains("[[pair]]"), "{fxs:?}");
        left_as_found(&mut lab);
    }
}

/// Nothing is looped, and every port opens.
fn left_as_found(lab: &mut Lab) {
    use demarc_hal::{Driver, Maintenance};
    for span in lab.driver.spans() {
        assert_eq!(lab.driver.span_status(span.id).unwrap().maintenance, Maintenance::None);
        for port in span.ports {
            while lab.driver.poll_event().is_some() {}
            match port.kind {
                PortKind::Bearer => drop(lab.driver.open_bearer(port.id).unwrap()),
                PortKind::DChannel => drop(lab.driver.open_dchannel(port.id).unwrap()),
                _ => drop(lab.driver.open_line(port.id).unwrap()),
            }
        }
    }
}

/// What is done to the lab, the test that must fail, and words of its reason and its remedy.
type Fault = (&'static str, fn(&mut Lab, &mut Bench), &'static str, &'static str, &'static str);

#[test]
fn the_right_test_finds_each_fault_on_a_span() {
    let faults: &[Fault] = &[
        (
            "the plug is pulled",
            |lab, _| lab.cable.unplug(),
            "alarms",
            "no signal arrives",
            "Plug the cable in",
        ),
        ("a pair is broken", |lab, _| lab.cable.break_pair(End::A, true), "alarms", "RED", "broken pair"),
        (
            "the carrier fails",
            |lab, _| lab.cable.set_alarm(End::A, Some(Alarm::Blue)),
            "alarms",
            "all ones",
            "Ask the carrier",
        ),
        (
            "errors on the span",
            |lab, _| lab.cable.set_errors(End::B, 5),
            "counters",
            "CRC errors",
            "look at the cable",
        ),
        (
            "errors on the span",
            |lab, _| lab.cable.set_errors(End::B, 5),
            "bert",
            "bits are wrong",
            "bad cable",
        ),
        ("a dead channel", |lab, _| lab.cable.set_dead(7, true), "bert", "channel 1/7, 2/7", "swap the card"),
        ("a dead channel", |lab, _| lab.cable.set_dead(2, true), "calls", "channel 1/2", "bit error rate"),
        ("both ends are the master", |lab, _| timing(lab, 0, 0), "counters", "slips", "Exactly one end"),
        ("both ends follow", |lab, _| timing(lab, 1, 1), "counters", "slips", "Exactly one end"),
        (
            "both take the user side",
            |_, bench| bench.spans[0].a_side = Side::User,
            "dchannel",
            "Wrong side",
            "to network",
        ),
        (
            "both take the network side",
            |_, bench| bench.spans[0].b_side = Side::Network,
            "dchannel",
            "Wrong side",
            "to user",
        ),
        (
            "another framing",
            |lab, _| {
                let settings = SpanSettings::of(SpanKind::E1);
                let basic = SpanSettings { framing: demarc_hal::Framing::Basic, timing: 0, ..settings };
                lab.settings.insert(SpanId(2), basic);
            },
            "alarms",
            "no multiframe",
            "CRC-4",
        ),
        (
            "a card is missing",
            |lab, _| {
                let mut all = demarc_hwtest::inventory(&lab.driver);
                all.spans.push("5 e1 31 Card that was sold".into());
                lab.former = Some(all);
            },
            "inventory",
            "Card that was sold",
            "firmly",
        ),
        (
            "a card is pulled out",
            |lab, _| lab.driver.card(SpanId(2)).unwrap().pull(),
            "dchannel",
            "no signal arrives",
            "Plug the cable in",
        ),
    ];
    for (name, fault, test, reason, remedy) in faults {
        let (mut lab, mut bench) = (Lab::new(SpanKind::E1, false), digital());
        fault(&mut lab, &mut bench);
        let request = asked(&[test], bench);
        let mut time = ByHand { clock: lab.clock.clone(), now: Duration::ZERO };
        let driver = &mut lab.driver;
        let mut rig = Rig {
            driver,
            alone: true,
            time: &mut time,
            settings: lab.settings.clone(),
            former: lab.former.clone(),
            plugs: None,
            keep: &mut |_, _| Ok(()),
            began_at: 0,
        };
        let state = run(&request, &mut rig, &mut |_| Continue::On);
        let failed = wrong(&state);
        assert!(!failed.is_empty(), "{name}: {test} fails not: {:#?}", state.results);
        let words = failed.iter().any(|step| step.reason.contains(reason) && step.remedy.contains(remedy));
        assert!(words, "{name}: {failed:#?}");
    }
}

fn timing(lab: &mut Lab, a: u8, b: u8) {
    for (span, timing) in [(1, a), (2, b)] {
        lab.settings.insert(SpanId(span), SpanSettings { timing, ..SpanSettings::of(SpanKind::E1) });
    }
}

#[test]
fn the_wires_pass() {
    let mut lab = Lab::new(SpanKind::E1, false);
    let tests = ["fxs", "fxo", "level", "noise", "hybrid", "echo", "recording", "calls"];
    let run = lab.run_lines(&tests, wires(&[(1, 3)]));
    assert!(wrong(&run).is_empty(), "{:#?}", wrong(&run));
    let passed = run.results.iter().filter(|step| step.verdict == Verdict::Passed).count();
    assert_eq!(passed, tests.len(), "{:#?}", run.results);
    let (name, recording) = lab.files.first_key_value().unwrap();
    assert!(name.ends_with("echo.wav") && recording.starts_with(b"RIFF"));
    let step = run.results.iter().find(|step| step.test == "recording").unwrap();
    assert_eq!(step.files, std::slice::from_ref(name));
    left_as_found(&mut lab);
}

#[test]
fn swapped_pairs_are_told_from_unplugged_ones() {
    let mut lab = Lab::new(SpanKind::E1, true);
    let run = lab.run_lines(&["fxs"], wires(&[(1, 3), (2, 4)]));
    let failed = wrong(&run);
    assert_eq!(failed.len(), 2, "{run:#?}");
    assert!(failed[0].reason.contains("FXS 4/1 rings FXO 4/4 instead of FXO 4/3"), "{failed:#?}");
    assert!(failed[0].remedy.contains("Swap the pairs"), "{failed:#?}");

    let mut lab = Lab::new(SpanKind::E1, false);
    lab.pairs[0].unplug();
    let run = lab.run_lines(&["fxo"], wires(&[(1, 3)]));
    assert!(wrong(&run)[0].reason.contains("no battery"), "{run:#?}");
    assert!(wrong(&run)[0].remedy.contains("FXS 4/1"), "{run:#?}");
}

#[test]
fn a_run_is_cancelled_and_leaves_nothing_behind() {
    let mut lab = Lab::new(SpanKind::E1, false);
    let mut time = ByHand { clock: lab.clock.clone(), now: Duration::ZERO };
    let mut looped = false;
    let request = asked(&["inventory", "loops", "calls"], digital());
    let run = lab.run_with(&request, &mut time, &mut |state| {
        looped |= state.now.as_ref().is_some_and(|now| now.doing.contains("local host"));
        if looped { Continue::Cancel } else { Continue::On }
    });
    assert!(looped && run.cancelled && !run.running && run.now.is_none());
    assert_eq!(run.results.len(), 1, "what was not run has no result: {:#?}", run.results);
    left_as_found(&mut lab);
}

#[test]
fn somebody_who_says_no_is_believed() {
    let mut lab = Lab::new(SpanKind::E1, false);
    let bench = Bench { phones: vec![PortAt(port(1))], ..Bench::default() };
    let mut time = ByHand { clock: lab.clock.clone(), now: Duration::ZERO };
    let mut asked_for = String::new();
    let run = lab.run_with(&asked(&["fxs"], bench), &mut time, &mut |state| match state
        .now
        .as_ref()
        .and_then(|now| now.question.clone())
    {
        Some(question) => {
            asked_for = question;
            Continue::No
        }
        None => Continue::On,
    });
    assert_eq!(asked_for, "Did the telephone ring twice?");
    assert!(wrong(&run)[0].remedy.contains("another telephone"), "{run:#?}");
}

#[test]
fn what_does_not_fit_is_refused_with_words() {
    let lab = Lab::new(SpanKind::E1, false);
    let refused = |request: &RunRequest| demarc_hwtest::check(request, &lab.driver).unwrap_err();
    assert!(refused(&asked(&["bogus"], digital())).contains("inventory, timing"));
    let mut bench = digital();
    bench.spans[0].b = SpanId(9);
    assert!(refused(&asked(&[], bench)).contains("There is no span 9"));
    let mut bench = digital();
    bench.plugs[0].span = SpanId(1);
    assert!(refused(&asked(&[], bench)).contains("twice"));
    assert!(refused(&asked(&[], wires(&[(3, 1)]))).contains("should be Fxs"));
    assert!(refused(&asked(&[], wires(&[(1, 3), (1, 4)]))).contains("twice"));
}
