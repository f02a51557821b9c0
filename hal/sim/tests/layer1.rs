//! What two spans on a cable show when they are set alike, and when they are not; cards that come and go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::Alarm::*;
use demarc_hal::{
    Block, ChannelId, Companding, Driver, DriverEvent, Error, Framing, LineCode, LineEvent, PortKind,
    Signalling, SignallingSeen, SpanId, SpanKind, SpanSettings, SpanStatus, Transfer,
};
use demarc_hal_sim::{Bench, Cable, End, SimClock, SimDriver};
use std::io::{Read, Write};
use std::time::Duration;

const SPAN: SpanId = SpanId(1);

struct Rig {
    a: SimDriver,
    b: SimDriver,
    cable: Cable,
    clock: SimClock,
}

fn rig(kind: SpanKind, far: SpanKind) -> Rig {
    let clock = SimClock::by_hand();
    let mut bench = Bench::with_clock(clock.clone());
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let spans = ((a, bench.dual_mode(a, "a", kind).unwrap()), (b, bench.dual_mode(b, "b", far).unwrap()));
    let cable = bench.cable_spans(spans.0, spans.1).unwrap();
    let mut drivers = bench.build().into_iter();
    Rig { a: drivers.next().unwrap(), b: drivers.next().unwrap(), cable, clock }
}

impl Rig {
    /// What each end shows after ten seconds with these settings.
    fn shows(&mut self, a: &SpanSettings, b: &SpanSettings) -> [SpanStatus; 2] {
        self.a.configure_span(SPAN, a).unwrap();
        self.b.configure_span(SPAN, b).unwrap();
        let before = [self.a.span_status(SPAN).unwrap(), self.b.span_status(SPAN).unwrap()];
        self.clock.advance(Duration::from_secs(10));
        let mut after = [self.a.span_status(SPAN).unwrap(), self.b.span_status(SPAN).unwrap()];
        for (after, before) in after.iter_mut().zip(before) {
            after.crc_errors -= before.crc_errors;
            after.far_crc_errors -= before.far_crc_errors;
            after.code_violations -= before.code_violations;
            after.bipolar_violations -= before.bipolar_violations;
            after.frame_errors -= before.frame_errors;
            after.slips -= before.slips;
            after.errored_seconds -= before.errored_seconds;
        }
        after
    }

    /// A frame and a block cross, from a to b.
    fn carries(&mut self) -> bool {
        let d = self.a.spans()[0].kind.d_slot().unwrap();
        let (near, far) = (self.a.open_dchannel(at(d)).unwrap(), self.b.open_dchannel(at(d)).unwrap());
        std::fs::File::from(near.fd).write_all(&[2, 1, 0x7F, 0, 0]).unwrap();
        assert!(!matches!(self.a.poll_event(), Some(DriverEvent::Gone(_))));
        let frame = std::fs::File::from(far.fd).read(&mut [0; 16]).is_ok();
        self.b.poll_event();
        let (mut near, mut far) = (self.a.open_bearer(at(1)).unwrap(), self.b.open_bearer(at(1)).unwrap());
        let mut block: Block = [0; 160];
        let block = near.write(&block) == Transfer::Done && far.read(&mut block) == Transfer::Done;
        assert_eq!(frame, block, "frames and blocks go the same way");
        block
    }
}

fn at(slot: u8) -> ChannelId {
    ChannelId { span: SPAN, slot }
}

fn settings(kind: SpanKind, timing: u8) -> SpanSettings {
    SpanSettings { timing, ..SpanSettings::of(kind) }
}

#[test]
fn what_fits_has_no_alarm_and_counts_nothing() {
    for kind in [SpanKind::E1, SpanKind::T1] {
        let mut rig = rig(kind, kind);
        let [a, b] = rig.shows(&settings(kind, 1), &settings(kind, 0));
        assert_eq!(b, SpanStatus::default());
        assert_eq!(a, SpanStatus { is_clock: true, ..SpanStatus::default() });
        assert_eq!(rig.a.signalling_seen(SPAN), Ok(SignallingSeen::Flags));
        assert!(rig.carries());
    }
}

#[test]
fn framing_that_does_not_fit() {
    let mut e1 = rig(SpanKind::E1, SpanKind::E1);
    let crc4 = settings(SpanKind::E1, 1);
    let basic = SpanSettings { framing: Framing::Basic, timing: 0, ..crc4.clone() };
    let [a, b] = e1.shows(&crc4, &basic);
    assert_eq!((a.alarms, b.alarms), (vec![LossOfMultiframe], vec![Yellow]));
    assert!(!e1.carries());

    let mut t1 = rig(SpanKind::T1, SpanKind::T1);
    let esf = settings(SpanKind::T1, 1);
    let d4 = SpanSettings { framing: Framing::D4, timing: 0, ..esf.clone() };
    let [a, b] = t1.shows(&esf, &d4);
    assert_eq!((&a.alarms, &b.alarms), (&vec![Red, LossOfFrame], &vec![Red, LossOfFrame]));
    assert_eq!((a.frame_errors, a.errored_seconds), (40_000, 10));
    assert!(!t1.carries());
}

#[test]
fn the_wrong_line_mode() {
    let mut rig = rig(SpanKind::E1, SpanKind::T1);
    let [a, b] = rig.shows(&settings(SpanKind::E1, 1), &settings(SpanKind::T1, 0));
    assert_eq!((&a.alarms, &b.alarms), (&vec![Red, LossOfFrame], &vec![Red, LossOfFrame]));
    assert_eq!(a.code_violations, 9000);
    assert_eq!(rig.a.line_modes(SPAN), [SpanKind::E1, SpanKind::T1]);
    let bearer = rig.a.open_bearer(at(31)).unwrap();
    assert_eq!(rig.a.set_line_mode(SPAN, SpanKind::T1), Err(Error::Busy(at(31))));
    drop(bearer);
    rig.a.set_line_mode(SPAN, SpanKind::T1).unwrap();
    let info = &rig.a.spans()[0];
    assert_eq!((info.kind, info.ports.len(), info.companding), (SpanKind::T1, 24, Companding::MuLaw));
    let [a, b] = rig.shows(&settings(SpanKind::T1, 1), &settings(SpanKind::T1, 0));
    assert_eq!((a.alarms, b.alarms), (vec![], vec![]));
    assert!(rig.carries());
    assert_eq!(rig.a.set_line_mode(SPAN, SpanKind::Bri), Err(Error::Unsupported("this line mode")));
}

#[test]
fn a_line_code_that_does_not_fit_is_seen_by_its_violations() {
    for kind in [SpanKind::E1, SpanKind::T1] {
        let mut rig = rig(kind, kind);
        let zeros = settings(kind, 0);
        let ami = SpanSettings { line_code: LineCode::Ami, timing: 1, ..zeros.clone() };
        let [a, b] = rig.shows(&ami, &zeros);
        assert!(a.alarms.is_empty() && b.alarms.is_empty());
        assert_eq!((a.code_violations, a.bipolar_violations, a.crc_errors), (480, 480, 240));
        assert_eq!((b.code_violations, b.bipolar_violations, b.crc_errors), (60, 0, 0));
        assert_eq!(b.far_crc_errors, if kind == SpanKind::E1 { 240 } else { 0 });
        assert_eq!((a.errored_seconds, b.errored_seconds), (10, 10));
        assert!(!rig.carries());
    }
}

#[test]
fn two_masters_and_two_slaves_slip() {
    let mut rig = rig(SpanKind::E1, SpanKind::E1);
    for (timing, far, slips) in [(0, 0, 2), (1, 1, 1), (1, 0, 0), (0, 1, 0)] {
        let [a, b] = rig.shows(&settings(SpanKind::E1, timing), &settings(SpanKind::E1, far));
        assert_eq!((a.slips, b.slips), (slips, slips), "{timing} against {far}");
    }
    assert!(rig.carries(), "slips lose a frame now and then, no more");
}

#[test]
fn a_broken_pair_and_a_pulled_plug() {
    let mut rig = rig(SpanKind::E1, SpanKind::E1);
    rig.shows(&settings(SpanKind::E1, 1), &settings(SpanKind::E1, 0));
    while rig.a.poll_event().is_some() {}
    rig.cable.break_pair(End::A, true);
    assert_eq!(rig.a.poll_event(), Some(DriverEvent::AlarmsChanged(SPAN)));
    assert_eq!(rig.a.span_status(SPAN).unwrap().alarms, [Red, LossOfSignal]);
    assert_eq!(rig.b.span_status(SPAN).unwrap().alarms, [Yellow]);
    assert!(!rig.carries());
    rig.cable.unplug();
    assert_eq!(rig.b.span_status(SPAN).unwrap().alarms, [Red, LossOfSignal]);
    rig.cable.plug();
    rig.cable.break_pair(End::A, false);
    assert!(rig.a.span_status(SPAN).unwrap().alarms.is_empty() && rig.carries());
}

#[test]
fn channel_associated_signalling_is_told_from_a_d_channel() {
    let mut rig = rig(SpanKind::E1, SpanKind::E1);
    let isdn = settings(SpanKind::E1, 1);
    let r2 = SpanSettings { signalling: Signalling::R2, timing: 0, ..isdn.clone() };
    let [a, b] = rig.shows(&isdn, &r2);
    assert_eq!((a.alarms, b.alarms), (vec![], vec![LossOfMultiframe]));
    assert_eq!(rig.a.signalling_seen(SPAN), Ok(SignallingSeen::Multiframe));
    assert_eq!(rig.b.signalling_seen(SPAN), Ok(SignallingSeen::Flags));
    assert_eq!(rig.b.spans()[0].ports.len(), 30, "timeslot 16 is nobody's");
    let far = SpanSettings { timing: 1, ..r2.clone() };
    assert_eq!(rig.shows(&far, &r2)[0].alarms, []);
}

#[test]
fn a_card_is_pulled_out_and_put_back() {
    let mut rig = rig(SpanKind::E1, SpanKind::E1);
    rig.shows(&settings(SpanKind::E1, 1), &settings(SpanKind::E1, 0));
    while rig.a.poll_event().is_some() || rig.b.poll_event().is_some() {}
    let card = rig.a.card(SPAN).unwrap();
    let mut d_channel = std::fs::File::from(rig.a.open_dchannel(at(16)).unwrap().fd);
    let mut bearer = rig.a.open_bearer(at(1)).unwrap();

    card.pull();
    card.pull();
    let told: Vec<_> = std::iter::from_fn(|| rig.a.poll_event()).collect();
    assert!(told.contains(&DriverEvent::Gone(SPAN)), "{told:?}");
    assert_eq!(rig.a.span_status(SPAN), Err(Error::Gone));
    assert_eq!(rig.a.configure_span(SPAN, &settings(SpanKind::E1, 1)), Err(Error::Gone));
    assert!(rig.a.spans().is_empty());
    assert_eq!(bearer.write(&[0; 160]), Transfer::Gone);
    assert_eq!(d_channel.read(&mut [0; 16]).unwrap(), 0, "the descriptor has come to its end");
    assert_eq!(rig.b.poll_event(), Some(DriverEvent::AlarmsChanged(SPAN)));
    assert_eq!(rig.b.span_status(SPAN).unwrap().alarms, [Red, LossOfSignal]);

    card.insert();
    assert!(std::iter::from_fn(|| rig.a.poll_event()).any(|event| event == DriverEvent::Arrived(SPAN)));
    assert_eq!(bearer.write(&[0; 160]), Transfer::Gone, "what was open stays dead");
    assert!(matches!(rig.a.open_bearer(at(1)), Err(Error::Busy(_))));
    drop((bearer, d_channel));
    rig.a.configure_span(SPAN, &settings(SpanKind::E1, 1)).unwrap();
    assert!(rig.b.span_status(SPAN).unwrap().alarms.is_empty() && rig.carries());
}

#[test]
fn an_analog_card_is_pulled_out_and_put_back() {
    let mut bench = Bench::new();
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let lines = bench.analog(a, "line", Companding::ALaw, &[PortKind::Fxo]).unwrap();
    let pairs = bench.analog(b, "pair", Companding::ALaw, &[PortKind::Fxs]).unwrap();
    let port = |span| ChannelId { span, slot: 1 };
    bench.cable_lines((a, port(lines)), (b, port(pairs))).unwrap();
    let mut drivers = bench.build().into_iter();
    let (mut a, mut b) = (drivers.next().unwrap(), drivers.next().unwrap());
    let (mut fxo, mut fxs) = (a.open_line(port(lines)).unwrap(), b.open_line(port(pairs)).unwrap());
    fxo.command(demarc_hal::LineCommand::OffHook).unwrap();
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));

    let card = a.card(lines).unwrap();
    card.pull();
    assert_eq!(fxo.poll_event(), Some(LineEvent::Gone));
    assert_eq!(fxo.command(demarc_hal::LineCommand::OnHook), Err(Error::Gone));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OnHook));
    card.insert();
    drop(fxo);
    let mut fxo = a.open_line(port(lines)).unwrap();
    fxo.command(demarc_hal::LineCommand::OffHook).unwrap();
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));

    b.card(pairs).unwrap().pull();
    assert_eq!(fxs.poll_event(), Some(LineEvent::Gone));
    assert_eq!(fxo.poll_event(), Some(LineEvent::BatteryLost));
}
