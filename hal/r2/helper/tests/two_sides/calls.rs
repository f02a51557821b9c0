//! Calls as they should be.

use crate::bench::Bench;
use demarc_r2::{CallMode, Category, ClearReason, Command, Event, Settings, Timers, Variant};

fn settings(variant: Variant) -> Settings {
    Settings { variant, max_ani: 10, max_dnis: 10, ..Settings::default() }
}

pub fn offered(event: &Event) -> Option<(String, Option<String>, Category)> {
    match event {
        Event::Offered { dnis, ani, category, .. } => Some((dnis.clone(), ani.clone(), *category)),
        _ => None,
    }
}

pub fn is(wanted: Event) -> impl Fn(&Event) -> Option<()> {
    move |event| (*event == wanted).then_some(())
}

/// A call of the near side up to its answer.
pub fn connect(bench: &mut Bench, dnis: &str, ani: Option<&str>) {
    bench.near.seize(1, dnis, ani, Category::National);
    bench.far("seized", is(Event::Seized { slot: 1 }));
    bench.far("offered", offered);
    bench.far.accept(1);
    bench.near("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    bench.far("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    bench.far.answer(1);
    bench.near("answered", is(Event::Answered { slot: 1 }));
}

pub fn over(bench: &mut Bench) {
    bench.near("near ended", is(Event::Ended { slot: 1 }));
    bench.far("far ended", is(Event::Ended { slot: 1 }));
    assert_eq!((bench.bits(true, 1), bench.bits(false, 1)), (0b1001, 0b1001), "both are idle");
    // The guard time of the gateway: the end of a register signal may still be on its way.
    bench.run(200);
}

/// A whole call, in which the caller hangs up.
fn whole(variant: Variant) {
    let mut bench = Bench::of(settings(variant));
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("seized", is(Event::Seized { slot: 1 }));
    let (dnis, ani, category) = bench.far("offered", offered);
    assert_eq!(dnis, "2079460123");
    assert_eq!(ani.as_deref(), Some("2079460901"));
    assert_eq!(category, Category::National);
    bench.far.accept(1);
    let mode = bench.near("accepted", |event| match event {
        Event::Accepted { mode, .. } => Some(*mode),
        _ => None,
    });
    assert_eq!(mode, CallMode::Charge);
    bench.far("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    println!("{variant:?}: {} ms from seizure to the accepted call", bench.blocks * 20);
    bench.far.answer(1);
    bench.near("answered", is(Event::Answered { slot: 1 }));
    assert_eq!(bench.bits(false, 1) & 0b1100, 0b0100, "answer is a=0 b=1");
    bench.run(1000);
    bench.near.clear(1, ClearReason::Normal);
    bench.far("far is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    bench.far.clear(1, ClearReason::Normal);
    over(&mut bench);
    assert_eq!(bench.near.warnings, [""; 0]);
    assert_eq!(bench.far.warnings, [""; 0]);
}

#[test]
fn itu() {
    whole(Variant::Itu);
}

#[test]
fn mexico() {
    whole(Variant::Mexico);
}

#[test]
fn brazil() {
    whole(Variant::Brazil);
}

#[test]
fn argentina() {
    whole(Variant::Argentina);
}

#[test]
fn every_other_variant() {
    for variant in [
        Variant::Colombia,
        Variant::Czech,
        Variant::Ecuador,
        Variant::Indonesia,
        Variant::Philippines,
        Variant::Venezuela,
    ] {
        whole(variant);
    }
}

#[test]
fn china_without_the_callers_number() {
    // A-1 asks for the next digit of either number there, and the library always sends the called
    // one: between two of its kind the caller's number does not cross.
    let mut bench = Bench::of(Settings { max_ani: 0, ..settings(Variant::China) });
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    let (dnis, ani, _) = bench.far("offered", offered);
    assert_eq!((dnis.as_str(), ani.as_deref()), ("2079460123", Some("")));
    assert_eq!(bench.bits(false, 1), 0b1111, "seizure acknowledged, with c and d as in China");
}

#[test]
fn the_called_party_hangs_up() {
    let mut bench = Bench::of(settings(Variant::Itu));
    connect(&mut bench, "2079460123", Some("2079460901"));
    bench.far.clear(1, ClearReason::Normal);
    bench.near("near is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    assert_eq!(bench.bits(false, 1) & 0b1100, 0b1100, "clear back");
    bench.near.clear(1, ClearReason::Normal);
    over(&mut bench);
}

#[test]
fn forced_release_ends_the_call_in_brazil() {
    let mut bench = Bench::of(settings(Variant::Brazil));
    connect(&mut bench, "1155550123", Some("1155550901"));
    bench.far.clear(1, ClearReason::ForcedRelease);
    bench.near("near is told", is(Event::Disconnected { slot: 1, reason: ClearReason::ForcedRelease }));
    assert_eq!(bench.bits(false, 1) & 0b1100, 0b0000, "forced release");
    bench.near.clear(1, ClearReason::Normal);
    over(&mut bench);
}

#[test]
fn the_line_and_register_signals_are_those_of_the_book() {
    let mut bench = Bench::of(Settings { max_ani: 2, max_dnis: 2, ..settings(Variant::Itu) });
    connect(&mut bench, "42", Some("71"));
    bench.near.clear(1, ClearReason::Normal);
    bench.far("far is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    bench.far.clear(1, ClearReason::Normal);
    over(&mut bench);
    let on = |line: &&String| !line.ends_with("off");
    let ladder: Vec<&String> = bench.near.ladder[&1].iter().filter(on).collect();
    assert_eq!(
        ladder,
        [
            "> SEIZE",
            "< SEIZE ACK", // Q.421
            "> 4 on",
            "< 5 on", // I-4; A-5: the category
            "> 1 on",
            "< 5 on", // I-1: national subscriber; A-5: the caller's number
            "> 7 on",
            "< 5 on",
            "> 1 on",
            "< 1 on", // the next digit of the called one
            "> 2 on",
            "< 3 on", // to group B
            "> 1 on",
            "< 6 on", // II-1; B-6: free, charge
            "< ANSWER",
            "> CLEAR FORWARD",
            "< IDLE",
            "> IDLE"
        ]
    );
}

#[test]
fn numbers_are_as_long_as_was_agreed() {
    // The far end wants fewer digits than the near one has, of either number.
    let short = Settings { max_ani: 4, max_dnis: 6, ..settings(Variant::Itu) };
    let mut bench = Bench::with(settings(Variant::Itu), short, &[1]);
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    let (dnis, ani, _) = bench.far("offered", offered);
    assert_eq!((dnis.as_str(), ani.as_deref()), ("207946", Some("2079")));
}

#[test]
fn a_number_that_is_shorter_ends_by_its_signal() {
    // I-15 in the plan of the ITU: no wait.
    let mut bench = Bench::of(settings(Variant::Itu));
    bench.near.seize(1, "112", Some("901"), Category::National);
    let (dnis, ani, _) = bench.far("offered", offered);
    assert_eq!((dnis.as_str(), ani.as_deref()), ("112", Some("901")));
    assert!(bench.blocks * 20 < 5000, "it took {} ms", bench.blocks * 20);
}

#[test]
fn a_number_that_is_shorter_ends_by_silence_where_there_is_no_signal() {
    for variant in [Variant::Brazil, Variant::Mexico] {
        let mut settings = settings(variant);
        settings.timers.mf_back = Some(1500);
        let mut bench = Bench::of(settings);
        bench.near.seize(1, "190", Some("1155550901"), Category::National);
        let (dnis, ani, _) = bench.far("offered", offered);
        assert_eq!((dnis.as_str(), ani.as_deref()), ("190", Some("1155550901")), "{variant:?}");
        bench.far.accept(1);
        bench.near("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    }
}

#[test]
fn a_withheld_number_stays_so() {
    for variant in [Variant::Itu, Variant::Brazil, Variant::Mexico, Variant::Argentina] {
        let mut bench = Bench::of(settings(variant));
        bench.near.seize(1, "2079460123", None, Category::National);
        let (dnis, ani, _) = bench.far("offered", offered);
        assert_eq!((dnis.as_str(), ani), ("2079460123", None), "{variant:?}");
    }
}

#[test]
fn categories_cross() {
    for category in [
        Category::National,
        Category::NationalPriority,
        Category::International,
        Category::InternationalPriority,
        Category::Test,
        Category::CollectCall,
    ] {
        let mut bench = Bench::of(settings(Variant::Brazil));
        bench.near.seize(1, "1155550123", Some("1155550901"), category);
        assert_eq!(bench.far("offered", offered).2, category);
    }
}

#[test]
fn a_call_may_be_free_of_charge() {
    for variant in [Variant::Itu, Variant::Mexico, Variant::Brazil] {
        let mut bench = Bench::of(settings(variant));
        bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
        bench.far("offered", offered);
        bench.far.send(Command::Accept { slot: 1, mode: CallMode::NoCharge });
        let mode = bench.near("accepted", |event| match event {
            Event::Accepted { mode, .. } => Some(*mode),
            _ => None,
        });
        assert_eq!(mode, CallMode::NoCharge, "{variant:?}");
    }
}

#[test]
fn a_refusal_has_its_reason() {
    let cases: &[(Variant, ClearReason, ClearReason)] = &[
        (Variant::Itu, ClearReason::Busy, ClearReason::Busy),
        (Variant::Itu, ClearReason::Congestion, ClearReason::Congestion),
        (Variant::Itu, ClearReason::Unallocated, ClearReason::Unallocated),
        (Variant::Itu, ClearReason::OutOfOrder, ClearReason::OutOfOrder),
        (Variant::Itu, ClearReason::NumberChanged, ClearReason::Unallocated),
        (Variant::Brazil, ClearReason::Busy, ClearReason::Busy),
        (Variant::Brazil, ClearReason::NumberChanged, ClearReason::NumberChanged),
        // Where there is no signal for it, the nearest one is sent.
        (Variant::Mexico, ClearReason::Unallocated, ClearReason::Busy),
        (Variant::Argentina, ClearReason::Busy, ClearReason::Busy),
    ];
    for (variant, given, heard) in cases {
        let mut bench = Bench::of(settings(*variant));
        bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
        bench.far("offered", offered);
        bench.far.clear(1, *given);
        bench.near(&format!("{variant:?} {given:?}"), is(Event::Disconnected { slot: 1, reason: *heard }));
        bench.near.clear(1, ClearReason::Normal);
        over(&mut bench);
    }
}

#[test]
fn a_collect_call_is_refused_in_brazil() {
    let mut bench = Bench::of(settings(Variant::Brazil));
    bench.near.seize(1, "1155550123", Some("1155550901"), Category::CollectCall);
    assert_eq!(bench.far("offered", offered).2, Category::CollectCall);
    bench.far.clear(1, ClearReason::CollectCallRejected);
    // One signal (B-7) says that and "unallocated", and the library takes it for the latter.
    bench.near("refused", is(Event::Disconnected { slot: 1, reason: ClearReason::Unallocated }));
    bench.near.clear(1, ClearReason::Normal);
    over(&mut bench);
}

#[test]
fn a_double_answer_drops_a_collect_call_and_passes_for_a_pulse_elsewhere() {
    // An exchange that does not count pulses sees the called party hang up.
    let mut bench = Bench::of(settings(Variant::Brazil));
    bench.near.seize(1, "1155550123", Some("1155550901"), Category::National);
    bench.far("offered", offered);
    bench.far.accept(1);
    bench.far.send(Command::Answer { slot: 1, double: true });
    bench.near("answered", is(Event::Answered { slot: 1 }));
    bench.near("dropped", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));

    // One that counts them sees a pulse of 400 ms.
    let mut counting = settings(Variant::Brazil);
    counting.timers.metering_pulse = Some(600);
    let mut bench = Bench::of(counting);
    bench.near.seize(1, "1155550123", Some("1155550901"), Category::National);
    bench.far("offered", offered);
    bench.far.accept(1);
    bench.far.send(Command::Answer { slot: 1, double: true });
    bench.near("answered", is(Event::Answered { slot: 1 }));
    bench.near("a pulse", is(Event::Pulse { slot: 1 }));
    bench.run(1000);
    assert_eq!(bench.near.events.len(), 1, "the call goes on: {:?}", bench.near.events);
}

#[test]
fn metering_pulses_are_told_and_do_not_clear() {
    let mut bench = Bench::of(settings(Variant::Argentina));
    connect(&mut bench, "1155550123", Some("1155550901"));
    bench.near.events.clear();
    for _ in 0..3 {
        // Argentina: the answer goes away for less than 400 ms.
        bench.forge(true, 1, 0b1101);
        bench.run(200);
        bench.forge(true, 1, 0b0101);
        bench.near("a pulse", is(Event::Pulse { slot: 1 }));
        bench.run(1000);
    }
    assert!(bench.near.events.is_empty(), "{:?}", bench.near.events);
    // Longer than that is the called party hanging up.
    bench.forge(true, 1, 0b1101);
    bench.near("cleared", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
}

#[test]
fn a_call_may_be_accepted_without_group_b() {
    let mut bench = Bench::of(Settings { immediate_accept: true, ..settings(Variant::Itu) });
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("offered", offered);
    bench.near("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    bench.far("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    bench.far.answer(1);
    bench.near("answered", is(Event::Answered { slot: 1 }));
}

#[test]
fn thirty_channels_at_once() {
    let slots: Vec<u8> = (1..=31).filter(|slot| *slot != 16).collect();
    let mut bench = Bench::with(settings(Variant::Itu), settings(Variant::Itu), &slots);
    for slot in &slots {
        // Every other one the other way.
        let (from, called) = (slot % 2 == 0, format!("20794600{slot:02}"));
        let party = if from { &bench.near } else { &bench.far };
        party.seize(*slot, &called, Some("2079460901"), Category::National);
    }
    let mut left = slots.len();
    bench.until("all offered", |bench| {
        for party in [&mut bench.near, &mut bench.far] {
            for event in std::mem::take(&mut party.events) {
                if let Event::Offered { slot, dnis, .. } = event {
                    assert_eq!(dnis, format!("20794600{slot:02}"));
                    left -= 1;
                }
            }
        }
        (left == 0).then_some(())
    });
    println!("30 calls offered after {} ms on the line", bench.blocks * 20);
}

#[test]
fn timers_are_what_was_asked_for() {
    let timers = Timers { answer: Some(3000), ..Timers::default() };
    let mut bench = Bench::of(Settings { timers, ..settings(Variant::Itu) });
    bench.near.seize(1, "2079460123", Some("2079460901"), Category::National);
    bench.far("offered", offered);
    bench.far.accept(1);
    bench.near("accepted", |event| matches!(event, Event::Accepted { .. }).then_some(()));
    let from = bench.blocks;
    bench.near("nobody answers", is(Event::Disconnected { slot: 1, reason: ClearReason::NoAnswer }));
    let after = (bench.blocks - from) * 20;
    assert!((2900..=3100).contains(&after), "after {after} ms");
    bench.near.clear(1, ClearReason::Normal);
    bench.far("far is told", is(Event::Disconnected { slot: 1, reason: ClearReason::Normal }));
    bench.far.clear(1, ClearReason::Normal);
    over(&mut bench);
}
