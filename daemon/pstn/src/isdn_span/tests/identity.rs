//! Who is who on the wire: diversion, connected line, names, bearer capability.

use super::{OURS, THEIRS, network, offered, proceeding, user};
use crate::bench::{Bench, PRI, caller, incoming, party};
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::{Command, Event, PartyId, PartyNumber, Redirection};
use demarc_model::config::{Config, DataCalls, IsdnTrunk, NumberForm, OutgoingBearer, TrunkKind};
use demarc_model::{
    Bearer, CallerId, Cause, LegCommand, LegEvent, Presentation, RedirectReason, Redirecting,
};

fn with(mut config: Config, change: impl FnOnce(&mut IsdnTrunk)) -> Config {
    if let TrunkKind::Pri { isdn, .. } = &mut config.trunks[0].kind {
        change(isdn);
    }
    config
}

fn setup(change: impl FnOnce(&mut IncomingSetup)) -> Event {
    let Event::Setup(mut setup) = incoming(2, 1, false) else { unreachable!() };
    change(&mut setup);
    Event::Setup(setup)
}

fn withheld(number: &str) -> CallerId {
    CallerId { presentation: Presentation::Restricted, ..caller(number) }
}

#[test]
fn a_diversion_arrives_with_reason_count_and_its_wish_to_be_unknown() {
    let mut bench = Bench::up(user());
    bench.isdn(setup(|setup| {
        setup.redirecting = Some(PartyNumber { presentation: 1, ..party("2079460902", 2) });
        setup.redirection = Some(Box::new(Redirection {
            reason: 2,
            count: 2,
            name: Some("Ann".into()),
            original: Some(party("2079460901", 2)),
            original_reason: 1,
        }));
    }));
    let redirecting = bench.offer().redirecting.unwrap();
    assert_eq!(redirecting.from.number.as_deref(), Some("+442079460902"));
    assert_eq!(redirecting.from.presentation, Presentation::Restricted, "kept, and marked");
    assert_eq!((redirecting.reason, redirecting.count), (RedirectReason::NoAnswer, 2));
    assert_eq!(redirecting.original.unwrap().number.as_deref(), Some("+442079460901"));
    bench.settle();
}

#[test]
fn a_diversion_leaves_with_reason_count_and_mark() {
    let sent = |config: Config| {
        let mut bench = Bench::up(config);
        let mut dial = bench.a_dial(PRI, "+442079460123", caller("+442079460901"));
        dial.redirecting = Some(Redirecting {
            from: withheld("+442079460902"),
            reason: RedirectReason::Busy,
            count: 1,
            original: None,
        });
        bench.leg(LegCommand::Dial(Box::new(dial)));
        let setup = bench.setup();
        bench.settle();
        (setup.redirecting, setup.redirection)
    };
    let (number, redirection) = sent(user());
    let number = number.unwrap();
    assert_eq!((number.digits.as_str(), number.ton, number.presentation), ("2079460902", 2, 1));
    let redirection = redirection.unwrap();
    assert_eq!((redirection.reason, redirection.count, redirection.name), (1, 1, None));
    assert_eq!(sent(with(user(), |isdn| isdn.send_redirecting = false)), (None, None));
}

#[test]
fn who_answered_is_told_with_number_and_name_or_with_a_mark_alone() {
    let answer = |config: Config, connected: CallerId| {
        let mut bench = Bench::up(config);
        let leg = offered(&mut bench);
        bench.leg(LegCommand::Answer { leg, connected: Some(connected) });
        let commands = bench.take_commands();
        bench.settle();
        commands
    };
    let named = CallerId { name: Some("Ann".into()), ..caller("+442079460901") };
    let number = PartyNumber { screening: 0, ..party("2079460901", 2) };
    let line = PartyId { number: Some(number.clone()), name: Some("Ann".into()), subaddress: None };
    let connect = |number: Option<PartyNumber>| Command::Connect { call: THEIRS, connected: number };
    assert_eq!(
        answer(user(), named.clone()),
        [Command::ConnectedLine { call: THEIRS, party: Box::new(line) }, connect(Some(number.clone()))]
    );
    let hidden = CallerId { presentation: Presentation::Restricted, ..named.clone() };
    let marked = PartyNumber { presentation: 1, ..number };
    assert_eq!(answer(user(), hidden), [connect(Some(marked))], "COLR: no name, and the number marked");
    assert_eq!(answer(with(user(), |isdn| isdn.send_connected = false), named), [connect(None)]);
}

#[test]
fn who_answers_there_is_told_here() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(proceeding(OURS, 31));
    let number = PartyNumber { presentation: 1, screening: 3, ..party("2079460124", 2) };
    let line = PartyId { number: Some(number.clone()), name: Some("Bob".into()), subaddress: None };
    bench.isdn(Event::ConnectedLine { call: OURS, party: Box::new(line) });
    bench.isdn(Event::Connect { call: OURS, connected: Some(number) });
    let connected = bench.leg_events().into_iter().find_map(|event| match event {
        LegEvent::Answered { connected, .. } => connected,
        _ => None,
    });
    let connected = connected.unwrap();
    assert_eq!(connected.number.as_deref(), Some("+442079460124"));
    assert_eq!((connected.presentation, connected.name), (Presentation::Restricted, None));
    bench.settle();
}

#[test]
fn data_calls_are_refused_by_either_side_in_its_own_way() {
    let data = || setup(|setup| setup.bearer = demarc_isdn::Bearer::Unrestricted);
    for (config, cause) in [(user(), "CLEAR 88"), (network(), "CLEAR 65")] {
        let mut bench = Bench::up(config);
        bench.isdn(data());
        assert_eq!(bench.take(), [cause]);
        let mut dial = bench.a_dial(PRI, "+442079460123", CallerId::default());
        dial.bearer = Bearer::Unrestricted;
        bench.leg(LegCommand::Dial(Box::new(dial)));
        assert_eq!(bench.take(), ["Ended 65"], "and none leaves");
        bench.settle();
    }
}

#[test]
fn data_calls_pass_untouched_where_the_trunk_carries_them() {
    let mut bench = Bench::up(with(user(), |isdn| isdn.data_calls = DataCalls::Transparent));
    bench.isdn(setup(|setup| setup.bearer = demarc_isdn::Bearer::Unrestricted));
    assert_eq!(bench.offer().bearer, Bearer::Unrestricted);
    assert_eq!(bench.take()[..2], ["open 1/1", "transparent"], "nobody listens for digits");
    let mut dial = bench.a_dial(PRI, "+442079460123", CallerId::default());
    dial.bearer = Bearer::Unrestricted;
    bench.leg(LegCommand::Dial(Box::new(dial)));
    assert_eq!(bench.setup().bearer, demarc_isdn::Bearer::Unrestricted);
    bench.settle();
}

#[test]
fn audio_is_3_1_khz_where_it_came_so_or_the_trunk_wants_it() {
    let sent = |config: Config, bearer| {
        let mut bench = Bench::up(config);
        let mut dial = bench.a_dial(PRI, "+442079460123", CallerId::default());
        dial.bearer = bearer;
        bench.leg(LegCommand::Dial(Box::new(dial)));
        let setup = bench.setup();
        bench.settle();
        setup.bearer
    };
    assert_eq!(sent(user(), Bearer::Speech), demarc_isdn::Bearer::Speech);
    assert_eq!(sent(user(), Bearer::Audio31k), demarc_isdn::Bearer::Audio31k);
    let fax = with(user(), |isdn| isdn.bearer = OutgoingBearer::Audio31k);
    assert_eq!(sent(fax, Bearer::Speech), demarc_isdn::Bearer::Audio31k);
}

#[test]
fn numbers_are_sent_as_the_trunk_wants_them_or_as_they_arrive() {
    let sent = |bench: &mut Bench| {
        bench.dial(PRI, "+442079460123", caller("+442079460901"));
        let setup = bench.setup();
        let calling = setup.calling.unwrap();
        ((setup.called.digits, setup.called.ton), (calling.digits, calling.ton))
    };
    let mut bench = Bench::up(user());
    assert_eq!(sent(&mut bench), (("2079460123".into(), 2), ("2079460901".into(), 2)));
    bench.isdn(setup(|setup| setup.called = party("442079460901", 1)));
    assert_eq!(sent(&mut bench), (("442079460123".into(), 1), ("442079460901".into(), 1)), "mirrored");
    bench.settle();
    let mut bench = Bench::up(with(user(), |isdn| isdn.called = NumberForm::Dialled));
    assert_eq!(sent(&mut bench), (("02079460123".into(), 0), ("2079460901".into(), 2)));
    bench.settle();
}

#[test]
fn a_bus_has_several_owners() {
    let mut config = user();
    config.spans[0].isdn.own_numbers = vec!["460901".into()];
    let mut bench = Bench::up(config.clone());
    bench.isdn(setup(|_| {}));
    assert_eq!(bench.offer().called, "+442079460901");
    bench.take();
    bench.isdn(incoming(4, 2, false));
    bench.take();
    let other = || {
        let Event::Setup(mut setup) = incoming(6, 3, false) else { unreachable!() };
        setup.called = party("460902", 4);
        Event::Setup(setup)
    };
    bench.isdn(other());
    assert_eq!(bench.take(), ["CLEAR 1"], "alone on the line: nobody has it");
    bench.settle();
    config.spans[0].isdn.access = demarc_model::config::IsdnAccess::BasicRatePtmp;
    let mut bench = Bench::up(config);
    bench.isdn(other());
    assert_eq!(bench.take(), ["CLEAR 88"], "on a bus: somebody else's");
    bench.settle();
}

#[test]
fn progress_before_the_cause_is_kept() {
    let mut bench = Bench::up(user());
    bench.dial(PRI, "+442079460123", CallerId::default());
    bench.isdn(Event::Proceeding { call: OURS, interface: 0, slot: 31, in_band: true });
    assert_eq!(bench.take_legs(), ["Proceeding 1/31", "Progress in band"], "CALL PROCEEDING with 8");
    bench.isdn(Event::Progress { call: OURS, in_band: false, cause: Some(34) });
    assert_eq!(bench.take_legs(), [format!("Progress cause {}", Cause::NO_CIRCUIT.value())]);
    bench.settle();
}
