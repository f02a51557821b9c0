//! Hold, transfer, charges, messages waiting.

use super::{OURS, THEIRS, answered, cleared, network, offered, proceeding, user};
use crate::Input;
use crate::bench::{Bench, PRI, SPAN, party};
use demarc_isdn::command::Mwi;
use demarc_isdn::{Aoc, AocAnswer, AocWish, CallRef, ChannelChoice, Charge, Command, Event, Money};
use demarc_model::config::{Config, HoldForm, TrunkId, TrunkKind};
use demarc_model::{CallerId, Cause, LegCommand, LegEvent, LegId, MessageWaiting};

const LATER: CallRef = CallRef(3);

fn holds(form: HoldForm) -> Config {
    let mut config = user();
    if let TrunkKind::Pri { isdn, .. } = &mut config.trunks[0].kind {
        isdn.hold = form;
    }
    config
}

fn answered_in(bench: &mut Bench) -> LegId {
    let leg = offered(bench);
    bench.leg(LegCommand::Answer { leg, connected: None });
    bench.take();
    leg
}

#[test]
fn hold_is_notified() {
    let mut bench = Bench::up(user());
    let leg = answered(&mut bench);
    bench.leg(LegCommand::Hold { leg });
    bench.leg(LegCommand::Hold { leg });
    bench.leg(LegCommand::Retrieve { leg });
    bench.leg(LegCommand::Retrieve { leg });
    let notify = |indicator| Command::Notify { call: OURS, indicator };
    assert_eq!(bench.take_commands(), [notify(0x79), notify(0x7A)], "once each");
    bench.settle();
}

#[test]
fn hold_by_the_network_comes_back_to_its_channel() {
    let mut bench = Bench::up(holds(HoldForm::Hold));
    let leg = answered(&mut bench);
    bench.leg(LegCommand::Hold { leg });
    assert_eq!(bench.take_commands(), [Command::Hold { call: OURS }]);
    bench.leg(LegCommand::Retrieve { leg });
    assert!(bench.take_commands().is_empty(), "the far end has not answered yet");
    bench.isdn(Event::HoldAck { call: OURS });
    let channel = Some(ChannelChoice { interface: 0, slot: 31, exclusive: true });
    assert_eq!(bench.take_commands(), [Command::Retrieve { call: OURS, channel }]);
    bench.isdn(Event::RetrieveAck { call: OURS, interface: 0, slot: 31 });
    assert!(bench.take().is_empty());
    bench.settle();
}

#[test]
fn a_refused_hold_leaves_the_call_as_it_is_and_a_refused_retrieval_ends_it() {
    let mut bench = Bench::up(holds(HoldForm::Hold));
    let leg = answered(&mut bench);
    bench.leg(LegCommand::Hold { leg });
    bench.isdn(Event::HoldReject { call: OURS, cause: 29 });
    bench.leg(LegCommand::Retrieve { leg });
    assert_eq!(bench.take_commands(), [Command::Hold { call: OURS }]);
    bench.leg(LegCommand::Hold { leg });
    bench.isdn(Event::HoldAck { call: OURS });
    bench.leg(LegCommand::Retrieve { leg });
    bench.take();
    bench.isdn(Event::RetrieveReject { call: OURS, cause: 34 });
    assert_eq!(bench.take(), ["CLEAR 34"]);
    bench.settle();
}

#[test]
fn the_far_end_holds_and_comes_back() {
    let mut bench = Bench::up(network());
    answered_in(&mut bench);
    bench.isdn(Event::Hold { call: THEIRS });
    assert_eq!(bench.take(), ["HoldAck { call: CallRef(2) }", "Held"]);
    bench.isdn(Event::Hold { call: THEIRS });
    assert_eq!(bench.take_commands(), [Command::HoldReject { call: THEIRS, cause: 101 }]);
    let back = |slot, exclusive| Event::Retrieve {
        call: THEIRS,
        channel: ChannelChoice { interface: 0, slot, exclusive },
    };
    bench.isdn(back(2, true));
    assert_eq!(bench.take_commands(), [Command::RetrieveReject { call: THEIRS, cause: 44 }]);
    bench.isdn(back(0, false));
    assert_eq!(bench.take(), ["RetrieveAck { call: CallRef(2), interface: 0, slot: 1 }", "Retrieved"]);
    bench.isdn(back(0, false));
    assert_eq!(bench.take_commands(), [Command::RetrieveReject { call: THEIRS, cause: 101 }]);
    bench.settle();
}

#[test]
fn services_that_are_switched_off_are_refused() {
    let mut config = network();
    config.spans[0].isdn.supplementary = false;
    let mut bench = Bench::up(config);
    answered_in(&mut bench);
    bench.isdn(Event::Hold { call: THEIRS });
    assert_eq!(bench.take_commands(), [Command::HoldReject { call: THEIRS, cause: 29 }]);
    bench.isdn(Event::TransferAsked { call: THEIRS, with: THEIRS, invoke: 7 });
    let refused = Command::TransferAnswer { call: THEIRS, invoke: 7, accepted: false };
    assert_eq!(bench.take_commands(), [refused]);
    bench.settle();
}

#[test]
fn the_network_joins_two_calls_when_it_may() {
    let two = |transfer: bool| {
        let mut config = user();
        if let TrunkKind::Pri { isdn, .. } = &mut config.trunks[0].kind {
            isdn.transfer = transfer;
        }
        let mut bench = Bench::up(config);
        let one = answered(&mut bench);
        let other = bench.dial(PRI, "+442079460124", CallerId::default());
        bench.isdn(proceeding(LATER, 30));
        bench.leg(LegCommand::Join { leg: one, with: other });
        assert!(!bench.take_commands().iter().any(|c| matches!(c, Command::Transfer { .. })), "not answered");
        bench.isdn(Event::Connect { call: LATER, connected: None });
        bench.take();
        bench.leg(LegCommand::Join { leg: one, with: other });
        bench
    };
    let mut bench = two(true);
    assert_eq!(bench.take_commands(), [Command::Transfer { call: OURS, with: LATER }]);
    for call in [OURS, LATER] {
        bench.isdn(Event::Disconnect { call, cause: 16, in_band: false });
        bench.isdn(cleared(call, 16));
    }
    assert_eq!(bench.take_legs(), ["Ended 16", "Ended 16"]);
    bench.settle();
    let mut bench = two(false);
    assert!(bench.take_commands().is_empty());
    bench.settle();
}

#[test]
fn the_far_end_asks_for_a_transfer() {
    let mut bench = Bench::up(network());
    let one = answered_in(&mut bench);
    let other = bench.dial(PRI, "+442079460124", CallerId::default());
    bench.isdn(proceeding(OURS, 2));
    bench.isdn(Event::Connect { call: OURS, connected: None });
    bench.take();
    let asked = Event::TransferAsked { call: THEIRS, with: OURS, invoke: 9 };
    bench.isdn(asked.clone());
    assert_eq!(bench.leg_events(), [LegEvent::TransferTo { leg: one, other }]);
    bench.leg(LegCommand::TransferRefused { leg: one, cause: Cause::FACILITY_REJECTED });
    let answer = |accepted| Command::TransferAnswer { call: THEIRS, invoke: 9, accepted };
    assert_eq!(bench.take_commands(), [answer(false)]);
    bench.isdn(asked);
    bench.hang_up(one, Cause::NORMAL_CLEARING);
    bench.hang_up(other, Cause::NORMAL_CLEARING);
    let clear = |call| Command::Clear { call, cause: 16 };
    assert_eq!(bench.take_commands(), [answer(true), clear(THEIRS), clear(OURS)]);
    bench.settle();
}

#[test]
fn what_a_call_costs_is_told_as_it_runs_up() {
    let mut bench = Bench::up(user());
    answered(&mut bench);
    let mut told = |aoc: Aoc| {
        bench.isdn(Event::Aoc { call: OURS, aoc: Box::new(aoc) });
        let charge = bench.leg_events().into_iter().find_map(|event| match event {
            LegEvent::Charge { charge, .. } => {
                Some((charge.complete, charge.units, charge.amount, charge.currency))
            }
            _ => None,
        });
        bench.take();
        charge
    };
    let during = |charge, total| Aoc::During { charge, total };
    assert_eq!(told(Aoc::Start(Vec::new())), None);
    assert_eq!(told(during(Charge::Units(2), false)), Some((false, Some(2), None, None)));
    assert_eq!(told(during(Charge::Units(3), false)), Some((false, Some(5), None, None)));
    assert_eq!(told(during(Charge::Units(9), true)), Some((false, Some(9), None, None)));
    let money = Money { currency: "EUR".into(), cost: 125, exponent: -2 };
    let eur = Some("EUR".to_owned());
    assert_eq!(told(Aoc::End(Charge::Money(money))), Some((true, None, Some(1_250), eur)));
    assert_eq!(told(Aoc::End(Charge::Free)), Some((true, Some(0), None, None)));
    assert_eq!(told(Aoc::End(Charge::NotAvailable)), None);
    bench.settle();
}

#[test]
fn charges_are_asked_for_and_not_told() {
    let mut config = user();
    if let TrunkKind::Pri { isdn, .. } = &mut config.trunks[0].kind {
        isdn.ask_charge = true;
    }
    let mut bench = Bench::up(config);
    bench.dial(PRI, "+442079460123", CallerId::default());
    assert_eq!(bench.setup().aoc, AocWish { start: false, during: true, end: true });
    bench.settle();
    let mut bench = Bench::up(network());
    offered(&mut bench);
    bench.isdn(Event::AocAsked { call: THEIRS, wish: AocWish::default(), invoke: 4 });
    let answer = AocAnswer::NotAvailable;
    assert_eq!(bench.take_commands(), [Command::AocAnswer { call: THEIRS, invoke: 4, answer }]);
    bench.settle();
}

#[test]
fn messages_wait_both_ways() {
    let mut bench = Bench::up(network());
    let mwi = Mwi { mailbox: party("2079460901", 2), messages: 3, voicemail: Some(party("1571", 0)) };
    bench.isdn(Event::Mwi(Box::new(mwi.clone())));
    assert_eq!(bench.take(), ["3 messages for +442079460901"]);
    let waiting =
        MessageWaiting { mailbox: "+442079460901".into(), messages: 3, voicemail: Some("1571".into()) };
    let tell = || Input::MessageWaiting { trunk: TrunkId(1), waiting: waiting.clone() };
    bench.input(tell());
    assert_eq!(bench.take_commands(), [Command::Mwi(Box::new(mwi))]);
    bench.input(Input::HelperGone { span: SPAN });
    bench.input(tell());
    assert!(bench.take_commands().is_empty(), "nobody to tell");
    bench.settle();
}
