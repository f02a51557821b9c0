//! Supplementary services, in the dialects that have them.

use super::bench::{Bench, quick};
use demarc_isdn::command::Mwi;
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::{
    Aoc, AocAnswer, AocWish, CallRef, ChannelChoice, Charge, Command, Dialect, Event, Interface, Money,
    PartyId, PartyNumber, Rate, RateKind, Redirection, Service, Settings, Subaddress,
};

/// Every dialect.
pub const DIALECTS: [Dialect; 7] = [
    Dialect::EuroIsdn,
    Dialect::Ni2,
    Dialect::Ni1,
    Dialect::Att5ess,
    Dialect::Att4ess,
    Dialect::Dms100,
    Dialect::Qsig,
];

fn settings(dialect: Dialect) -> Settings {
    let interface = match dialect {
        Dialect::EuroIsdn | Dialect::Qsig => Interface::E1,
        _ => Interface::T1,
    };
    Settings { dialect, interface, supplementary: true, timers: quick(), ..Settings::default() }
}

fn number(digits: &str) -> PartyNumber {
    PartyNumber { digits: digits.into(), ton: 2, npi: 1, presentation: 0, screening: 1 }
}

fn setup(event: &Event) -> Option<IncomingSetup> {
    match event {
        Event::Setup(setup) => Some((**setup).clone()),
        _ => None,
    }
}

#[test]
fn a_call_is_held_and_retrieved_on_another_channel_by_either_side() {
    for dialect in DIALECTS {
        let mut bench = Bench::of(&settings(dialect));
        let (near, far) = bench.call(1);
        bench.user.send(Command::Hold { call: far });
        bench.network_says(&Event::Hold { call: near });
        bench.network.send(Command::HoldAck { call: near });
        bench.user_says(&Event::HoldAck { call: far });
        // The channel is free: another call takes it.
        let (second, other) = bench.call(1);
        bench.user.send(Command::Retrieve { call: far, channel: None });
        let asked = bench.network("RETRIEVE", |event| match event {
            Event::Retrieve { call, channel } if *call == near => Some(*channel),
            _ => None,
        });
        assert_eq!(asked.slot, 0, "{dialect:?}");
        bench.network.send(Command::RetrieveAck { call: near, interface: 0, slot: 7 });
        bench.user_says(&Event::RetrieveAck { call: far, interface: 0, slot: 7 });
        bench.clear(second, other);

        bench.network.send(Command::Hold { call: near });
        bench.user_says(&Event::Hold { call: far });
        bench.user.send(Command::HoldReject { call: far, cause: 29 });
        bench.network_says(&Event::HoldReject { call: near, cause: 29 });
        bench.network.send(Command::Hold { call: near });
        bench.user_says(&Event::Hold { call: far });
        bench.user.send(Command::HoldAck { call: far });
        bench.network_says(&Event::HoldAck { call: near });
        let wanted = ChannelChoice { slot: 9, exclusive: true, ..ChannelChoice::default() };
        bench.network.send(Command::Retrieve { call: near, channel: Some(wanted) });
        bench.user_says(&Event::Retrieve { call: far, channel: wanted });
        bench.user.send(Command::RetrieveReject { call: far, cause: 44 });
        bench.network_says(&Event::RetrieveReject { call: near, cause: 44 });
        bench.clear(near, far);
        assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]), "{dialect:?}");
    }
}

#[test]
fn who_may_not_hold_is_told_so() {
    let mut bench = Bench::of(&Settings { supplementary: false, ..settings(Dialect::EuroIsdn) });
    let (near, far) = bench.call(1);
    bench.user.send(Command::Hold { call: far });
    bench.user("HOLD REJECT", |event| {
        matches!(event, Event::HoldReject { call, .. } if *call == far).then_some(())
    });
    bench.clear(near, far);
}

#[test]
fn two_calls_are_transferred_in_the_manner_of_each_dialect() {
    for dialect in DIALECTS {
        let mut bench = Bench::of(&settings(dialect));
        let (first, one) = bench.call(1);
        let (second, other) = bench.call_back(2);
        bench.user.forget();
        bench.network.forget();
        bench.user.send(Command::Transfer { call: one, with: other });
        match dialect {
            // Explicit call transfer: link identity, then execution.
            Dialect::EuroIsdn => {
                let (asked, with, invoke) = bench.network("the request", |event| match event {
                    Event::TransferAsked { call, with, invoke } => Some((*call, *with, *invoke)),
                    _ => None,
                });
                assert_eq!([asked.min(with), asked.max(with)], [first.min(second), first.max(second)]);
                bench.network.send(Command::TransferAnswer { call: asked, invoke, accepted: true });
                assert_eq!(bench.user.shown(one), ["> FACILITY", "< FACILITY"]);
                assert_eq!(bench.user.shown(other), ["> FACILITY"]);
                // The result rides in the DISCONNECT that lets the user go.
                bench.clear(first, one);
                bench.clear(second, other);
                assert!(bench.user.detail("DISCONNECT").contains("Facility"));
            }
            // A FACILITY in the first call names the other.
            Dialect::Ni2 | Dialect::Att5ess | Dialect::Att4ess => {
                bench.until("FACILITY", |bench| !bench.network.shown(first).is_empty());
                assert_eq!(bench.network.shown(first), ["< FACILITY"], "{dialect:?}");
                assert_eq!(bench.network.shown(second), Vec::<String>::new(), "{dialect:?}");
            }
            // Each call is told that it was transferred; path replacement is the other side's.
            Dialect::Qsig => {
                bench.until("FACILITY", |bench| {
                    !bench.network.shown(first).is_empty() && !bench.network.shown(second).is_empty()
                });
                assert_eq!(bench.network.shown(first)[0], "< FACILITY");
                assert_eq!(bench.network.shown(second)[0], "< FACILITY");
            }
            // DMS-100 lets nobody transfer who was not allowed to by the switch, and NI-1 nobody.
            Dialect::Dms100 | Dialect::Ni1 => {
                bench.until("a warning", |bench| {
                    bench.user.warnings.iter().any(|line| line.contains("cannot be transferred"))
                });
            }
        }
    }
}

#[test]
fn a_transfer_of_calls_that_are_gone_is_only_noted() {
    let mut bench = Bench::of(&settings(Dialect::EuroIsdn));
    let (_, far) = bench.call(1);
    bench.user.send(Command::Transfer { call: far, with: CallRef(99) });
    bench.user.send(Command::TransferAnswer { call: far, invoke: 7, accepted: true });
    bench.user.send(Command::TransferAnswer { call: CallRef(98), invoke: 7, accepted: true });
    bench.until("a warning", |bench| !bench.user.warnings.is_empty());
}

fn money() -> Money {
    Money { currency: "EUR".into(), cost: 125, exponent: -2 }
}

fn rates() -> Vec<Rate> {
    let kinds = [
        RateKind::Flat(money()),
        RateKind::Duration { money: money(), centiseconds: 6_000, step: true },
        RateKind::Free,
        RateKind::Special(7),
    ];
    kinds.into_iter().map(|kind| Rate { item: 2, kind }).collect()
}

#[test]
fn advice_of_charge_arrives() {
    let mut bench = Bench::of(&settings(Dialect::EuroIsdn));
    let heard = |call: CallRef| {
        move |event: &Event| match event {
            Event::Aoc { call: of, aoc } if *of == call => Some((**aoc).clone()),
            _ => None,
        }
    };
    let (near, far) = bench.call(1);
    // libpri sends subtotals only.
    let so_far = |charge| Aoc::During { charge, total: false };
    for aoc in [
        Aoc::Start(rates()),
        so_far(Charge::Money(money())),
        so_far(Charge::Units(12)),
        so_far(Charge::Free),
        so_far(Charge::NotAvailable),
    ] {
        bench.network.send(Command::Aoc { call: near, aoc: Box::new(aoc.clone()) });
        assert_eq!(bench.user("advice", heard(far)), aoc);
    }
    bench.clear(near, far);
    // The sum rides in what ends the call.
    for sum in [Charge::Money(money()), Charge::Units(70_000), Charge::Free] {
        let (near, far) = bench.call(1);
        bench.network.send(Command::Aoc { call: near, aoc: Box::new(Aoc::End(sum.clone())) });
        bench.clear(near, far);
        assert_eq!(bench.user("the sum", heard(far)), Aoc::End(sum));
    }
    assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]));
}

#[test]
fn only_euro_isdn_advises_of_charge() {
    for dialect in DIALECTS.into_iter().filter(|dialect| *dialect != Dialect::EuroIsdn) {
        let mut bench = Bench::of(&settings(dialect));
        let (near, _) = bench.call(1);
        bench.network.send(Command::Aoc {
            call: near,
            aoc: Box::new(Aoc::During { charge: Charge::Free, total: false }),
        });
        bench.until("a warning", |bench| !bench.network.warnings.is_empty());
        assert!(!bench.network.has_shown(near, "FACILITY"), "{dialect:?}");
    }
}

#[test]
fn advice_of_charge_is_asked_for_and_answered() {
    let mut bench = Bench::of(&settings(Dialect::EuroIsdn));
    let mut wanted = bench.user.setup("2001");
    wanted.aoc = AocWish { start: true, ..AocWish::default() };
    let far = wanted.call;
    bench.user.send(Command::Setup(wanted));
    let near = bench.network("SETUP", setup).call;
    let (wish, invoke) = bench.network("the wish", |event| match event {
        Event::AocAsked { call, wish, invoke } if *call == near => Some((*wish, *invoke)),
        _ => None,
    });
    assert_eq!(wish, AocWish { start: true, ..AocWish::default() });
    bench.network.send(Command::AocAnswer { call: near, invoke, answer: AocAnswer::Rates(rates()) });
    bench.network.send(Command::Proceeding { call: near, in_band: false });
    bench.network.send(Command::Connect { call: near, connected: None });
    let got = bench.user("the rates", |event| match event {
        Event::Aoc { call, aoc } if *call == far => Some((**aoc).clone()),
        _ => None,
    });
    assert_eq!(got, Aoc::Start(rates()));

    // Whoever does not advise says so by itself.
    let mut bench = Bench::of(&Settings { supplementary: false, ..settings(Dialect::EuroIsdn) });
    let mut wanted = bench.user.setup("2001");
    wanted.aoc = AocWish { start: true, during: true, end: true };
    bench.user.send(Command::Setup(wanted));
    let near = bench.network("SETUP", setup).call;
    bench.network.send(Command::Connect { call: near, connected: None });
    bench.user("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
    assert!(!bench.network.seen(|event| matches!(event, Event::AocAsked { .. })));
}

#[test]
fn notifications_cross_as_far_as_the_dialect_has_them() {
    for dialect in DIALECTS {
        let mut bench = Bench::of(&settings(dialect));
        let (near, far) = bench.call(1);
        // Elsewhere there are but "user suspended", "user resumed" and "bearer service change".
        let (held, back) = if dialect == Dialect::EuroIsdn { (0x79, 0x7A) } else { (0, 1) };
        bench.user.send(Command::Notify { call: far, indicator: held });
        bench.network_says(&Event::Notify { call: near, indicator: held });
        bench.network.send(Command::Notify { call: near, indicator: back });
        bench.user_says(&Event::Notify { call: far, indicator: back });
        assert_eq!((&bench.network.warnings, &bench.user.warnings), (&vec![], &vec![]), "{dialect:?}");
        if dialect != Dialect::EuroIsdn {
            bench.user.send(Command::Notify { call: far, indicator: 0x79 });
            bench.until("a warning", |bench| !bench.user.warnings.is_empty());
        }
    }
}

#[test]
fn everything_that_a_setup_can_carry() {
    let subaddress = |kind| Subaddress { kind, odd: false, octets: b"demarc".to_vec() };
    for dialect in DIALECTS {
        let mut bench = Bench::of(&settings(dialect));
        let mut wanted = bench.network.setup("02079460001");
        wanted.calling = Some(number("2079460123"));
        wanted.name = Some("Ada Lovelace".into());
        wanted.redirecting = Some(PartyNumber { screening: 0, ..number("2079460500") });
        wanted.redirection = Some(Box::new(Redirection { reason: 1, count: 2, ..Redirection::default() }));
        wanted.called_subaddress = Some(subaddress(2));
        wanted.calling_subaddress = Some(subaddress(2));
        wanted.user_user = Some("ask for Babbage".into());
        bench.network.send(Command::Setup(wanted));
        let got = bench.user("SETUP", setup);
        // Only diverting leg information counts.
        let count = if matches!(dialect, Dialect::EuroIsdn | Dialect::Qsig) { 2 } else { 1 };
        let carried = [
            ("name", got.name.as_deref() == Some("Ada Lovelace")),
            ("redirecting", got.redirecting.as_ref().is_some_and(|to| to.digits == "2079460500")),
            ("reason", got.redirection.as_ref().is_some_and(|one| one.reason == 1)),
            ("count", got.redirection.as_ref().is_some_and(|one| one.count == count)),
            ("called subaddress", got.called_subaddress == Some(subaddress(2))),
            ("calling subaddress", got.calling_subaddress == Some(subaddress(2))),
            ("user-user", got.user_user.as_deref() == Some("ask for Babbage")),
        ];
        let lost: Vec<&str> = carried.iter().filter(|(_, is)| !is).map(|(what, _)| *what).collect();
        assert_eq!(lost, Vec::<&str>::new(), "{dialect:?} {got:?}");
    }
}

#[test]
fn display_keypad_and_user_user_during_a_call() {
    let mut bench = Bench::of(&settings(Dialect::EuroIsdn));
    let (near, far) = bench.call(1);
    bench.network.send(Command::Display { call: near, text: "Line 2 is ringing".into() });
    bench.user_says(&Event::Display { call: far, text: "Line 2 is ringing".into() });
    bench.user.send(Command::Keypad { call: far, digits: "*21*2001#".into() });
    let wanted = Event::Information { call: near, digits: "*21*2001#".into(), complete: false };
    bench.network_says(&wanted);
    bench.user.send(Command::UserUser { call: far, text: "goodbye".into() });
    bench.user.send(Command::Clear { call: far, cause: 16 });
    bench.network_says(&Event::UserUser { call: near, text: "goodbye".into() });
}

#[test]
fn the_connected_line_changes() {
    for dialect in [Dialect::EuroIsdn, Dialect::Qsig] {
        let mut bench = Bench::of(&settings(dialect));
        let wanted = bench.network.setup("02079460001");
        let near = wanted.call;
        bench.network.send(Command::Setup(wanted));
        let far = bench.user("SETUP", setup).call;
        let subaddress = Some(Subaddress { kind: 2, odd: false, octets: b"room 7".to_vec() });
        let answers = PartyId { number: Some(number("2079460002")), name: None, subaddress };
        bench.user.send(Command::ConnectedLine { call: far, party: Box::new(answers.clone()) });
        bench.user.send(Command::Connect { call: far, connected: None });
        bench.network_says(&Event::ConnectedLine { call: near, party: Box::new(answers) });
        bench.network_says(&Event::Connect { call: near, connected: Some(number("2079460002")) });
        // Before that, libpri only remembers what it is told.
        bench.until("acknowledged", |bench| bench.user.has_shown(far, "CONNECT ACKNOWLEDGE"));
        // A transfer behind that side.
        let then = PartyId { number: Some(number("2079460003")), ..PartyId::default() };
        bench.user.send(Command::ConnectedLine { call: far, party: Box::new(then) });
        let party = bench.network("the new party", |event| match event {
            Event::ConnectedLine { call, party } if *call == near => Some((**party).clone()),
            _ => None,
        });
        assert_eq!(party.number.unwrap().digits, "2079460003", "{dialect:?}");
    }
}

#[test]
fn messages_wait_in_qsig_both_ways() {
    let mut bench = Bench::of(&settings(Dialect::Qsig));
    let waits = Mwi { mailbox: number("2001"), messages: 1, voicemail: None };
    bench.network.send(Command::Mwi(Box::new(waits.clone())));
    let got = bench.user("messages", |event| match event {
        Event::Mwi(news) => Some((**news).clone()),
        _ => None,
    });
    assert_eq!((got.mailbox.digits.as_str(), got.messages), ("2001", 1));
    bench.user.send(Command::Mwi(Box::new(Mwi { messages: 0, ..waits })));
    let got = bench.network("no messages", |event| match event {
        Event::Mwi(news) => Some((**news).clone()),
        _ => None,
    });
    assert_eq!((got.mailbox.digits.as_str(), got.messages), ("2001", 0));
    // They are no calls.
    let no_call = |event: &Event| matches!(event, Event::Setup(_) | Event::Cleared { .. });
    assert!(!bench.network.seen(no_call) && !bench.user.seen(no_call));
    let (near, far) = bench.call(1);
    bench.clear(near, far);
}

#[test]
fn a_restart_is_acknowledged_or_given_up() {
    for dialect in DIALECTS {
        let mut bench = Bench::of(&settings(dialect));
        let (near, far) = bench.call(3);
        let (kept, _) = bench.call(4);
        // Several at once: libpri knows one at a time.
        for slot in [3, 5, 6] {
            bench.network.send(Command::Restart { interface: 0, slot });
        }
        for slot in [3, 5, 6] {
            bench.network_says(&Event::RestartAcked { interface: 0, slot });
            bench.user_says(&Event::Restarted { interface: 0, slot: Some(slot) });
        }
        bench.network_says(&Event::Cleared { call: near, cause: 41 });
        bench.user_says(&Event::Cleared { call: far, cause: 41 });
        assert!(!bench.network.seen(|event| matches!(event, Event::Cleared { call, .. } if *call == kept)));
        // Nobody answers.
        bench.cables[0].plugged = false;
        bench.network.send(Command::Restart { interface: 0, slot: 7 });
        bench.network_says(&Event::RestartTimeout { interface: 0, slot: 7 });
    }
}

#[test]
fn service_messages_cross_where_the_dialect_has_them() {
    for dialect in [Dialect::Ni2, Dialect::Att5ess, Dialect::Att4ess, Dialect::Dms100] {
        let mut bench = Bench::of(&Settings { service_messages: true, ..settings(dialect) });
        for status in [Service::Out, Service::In] {
            bench.network.send(Command::Service { interface: 0, slot: 5, status });
            bench.user_says(&Event::Service { interface: 0, slot: 5, status });
            bench.network_says(&Event::ServiceAcked { interface: 0, slot: 5, status });
        }
        let (near, far) = bench.call(5);
        bench.clear(near, far);
    }
}
