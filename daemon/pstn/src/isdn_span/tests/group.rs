//! Three T1 spans with one D channel, and basic rate.

use super::{OURS, answered, cleared, user};
use crate::bench::{Bench, PRI, SPAN, incoming};
use crate::{Input, Pstn};
use demarc_hal::{Alarm, Companding, Framing, LineCode, Port, PortKind, SpanInfo, SpanKind};
use demarc_isdn::{Command, Event};
use demarc_model::config::{Config, IsdnAccess, NfasMember, NfasRole, Span, SpanDialect, TrunkKind};
use demarc_model::live::ChannelState;
use demarc_model::{CallerId, ChannelId, SpanId};
use std::sync::Arc;

const SECOND: SpanId = SpanId(2);

fn t1(id: u16, has_d: bool) -> SpanInfo {
    let ports = (1..=24).map(|slot| {
        let kind = if slot == 24 && has_d { PortKind::DChannel } else { PortKind::Bearer };
        Port { id: ChannelId::new(id, slot), kind }
    });
    SpanInfo {
        id: SpanId(id),
        name: "bench".into(),
        kind: SpanKind::T1,
        companding: Companding::MuLaw,
        ports: ports.collect(),
    }
}

/// Interfaces 5 (D channel), 6 (backup) and 7 (24 bearers).
fn config() -> Config {
    let mut config = user();
    let mut span = config.spans.remove(0);
    (span.framing, span.line_code, span.dialect) = (Framing::Esf, LineCode::B8zs, SpanDialect::Ni2);
    let roles = [NfasRole::Primary, NfasRole::Backup, NfasRole::None];
    config.spans = (1..)
        .zip(roles)
        .map(|(id, d_channel)| {
            let mut span = Span { id: SpanId(id), ..span.clone() };
            span.isdn.nfas = Some(NfasMember { group: 1, interface: id as u8 + 4, d_channel });
            span
        })
        .collect();
    config.lines.clear();
    if let TrunkKind::Pri { spans, .. } = &mut config.trunks[0].kind {
        *spans = (1..=3).map(SpanId).collect();
    }
    config
}

fn bench() -> Bench {
    let mut bench = Bench::new(config());
    bench.room = Pstn::new(Arc::new(config()), vec![t1(1, true), t1(2, true), t1(3, false)]);
    bench.isdn(Event::Up);
    bench.take();
    bench
}

fn alarm(bench: &mut Bench, span: SpanId, alarms: Vec<Alarm>) {
    bench.input(Input::Alarms { span, alarms });
}

#[test]
fn one_d_channel_places_calls_on_all_spans() {
    let mut bench = bench();
    for (interface, slot) in [(5, 23), (5, 22)] {
        bench.dial(PRI, "+12025550123", CallerId::default());
        let channel = bench.setup().channel;
        assert_eq!((channel.interface, channel.slot), (interface, slot));
    }
    let live = bench.room.live_spans();
    assert_eq!(live.iter().map(|span| span.channels.len()).collect::<Vec<_>>(), [23, 23, 24]);
    assert!(live.iter().all(|span| span.d_channel_up), "one for all");
    bench.settle();
}

#[test]
fn an_alarm_takes_its_own_span_out_and_no_other() {
    let mut bench = bench();
    alarm(&mut bench, SPAN, vec![Alarm::Red]);
    bench.isdn(Event::DChannel { interface: 5, up: false, active: false });
    bench.isdn(Event::DChannel { interface: 6, up: true, active: true });
    bench.dial(PRI, "+12025550123", CallerId::default());
    let setup = bench.setup();
    assert_eq!((setup.channel.interface, setup.channel.slot), (6, 23), "by the backup D channel");
    bench.isdn(Event::Proceeding { call: OURS, interface: 6, slot: 23, in_band: false });
    assert_eq!(bench.take_legs(), ["Proceeding 2/23"]);
    alarm(&mut bench, SECOND, vec![Alarm::Red]);
    assert_eq!(bench.take(), ["CLEAR 27", "close", "Ended 27"]);
    let state = |bench: &Bench, at: usize| bench.room.live_spans()[at].channels[0].state;
    assert_eq!((state(&bench, 1), state(&bench, 2)), (ChannelState::Down, ChannelState::Idle));
    alarm(&mut bench, SECOND, Vec::new());
    assert_eq!(state(&bench, 1), ChannelState::Idle);
    bench.settle();
}

#[test]
fn answered_calls_of_a_span_in_alarm_wait_for_t309_and_the_others_go_on() {
    let mut bench = bench();
    let calls = [(1, 5, 23), (3, 6, 23)];
    for (call, interface, slot) in calls {
        bench.dial(PRI, "+12025550123", CallerId::default());
        let call = demarc_isdn::CallRef(call);
        bench.isdn(Event::Proceeding { call, interface, slot, in_band: false });
        bench.isdn(Event::Connect { call, connected: None });
    }
    bench.take();
    alarm(&mut bench, SECOND, vec![Alarm::Red]);
    assert!(bench.take().is_empty());
    bench.pass(6_000);
    assert_eq!(bench.take(), ["CLEAR 27", "close", "Ended 27"], "the one on span 2");
    bench.settle();
}

#[test]
fn an_incoming_call_names_its_interface() {
    let mut bench = bench();
    let Event::Setup(mut setup) = incoming(2, 24, true) else { unreachable!() };
    setup.channel.interface = 7;
    bench.isdn(Event::Setup(setup));
    assert_eq!(bench.offer().place, "3/24");
    bench.take();
    let Event::Setup(mut setup) = incoming(4, 24, true) else { unreachable!() };
    setup.channel.interface = 6;
    bench.isdn(Event::Setup(setup));
    assert_eq!(bench.take(), ["CLEAR 82"], "the D channel of span 2");
    bench.settle();
}

#[test]
fn a_channel_of_the_group_is_restarted_by_its_interface() {
    let mut bench = bench();
    bench.input(Input::RestartChannel { channel: ChannelId::new(3, 4) });
    assert_eq!(bench.take_commands(), [Command::Restart { interface: 7, slot: 4 }]);
    bench.isdn(Event::RestartAcked { interface: 7, slot: 4 });
    bench.settle();
}

#[test]
fn a_group_changes_when_no_call_is_up() {
    let mut bench = bench();
    bench.dial(PRI, "+12025550123", CallerId::default());
    bench.isdn(Event::Proceeding { call: OURS, interface: 5, slot: 23, in_band: false });
    let mut without = config();
    without.spans.truncate(2);
    if let TrunkKind::Pri { spans, .. } = &mut without.trunks[0].kind {
        spans.truncate(2);
    }
    bench.input(Input::Config(Arc::new(without)));
    let count = |bench: &Bench| bench.room.live_spans()[2].channels.len();
    assert_eq!(count(&bench), 24);
    bench.isdn(cleared(OURS, 16));
    assert_eq!(bench.room.live_trunks()[0].capacity, Some(46));
    bench.settle();
}

#[test]
fn a_bus_sleeps_and_a_call_wakes_it() {
    let mut config = user();
    config.spans[0].isdn.access = IsdnAccess::BasicRatePtmp;
    let mut bench = Bench::new(config);
    bench.input(Input::Alarms { span: SPAN, alarms: vec![Alarm::Red] });
    bench.take();
    assert!(bench.room.live_trunks()[0].up, "no layer 1 and no layer 2 between calls");
    answered(&mut bench);
    bench.isdn(Event::Down);
    bench.pass(60_000);
    assert!(bench.take_legs().is_empty(), "an answered call does not care");
    bench.settle();
}
