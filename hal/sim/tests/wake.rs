//! What wakes whom, and that it stops when everything has been fetched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::{
    Alarm, Bearer, Block, ChannelId, Companding, Driver, DriverEvent, Line, LineCommand, LineEvent, PortKind,
    SpanId, Transfer,
};
use demarc_hal_sim::{Bench, BenchError, Cable, End, QUEUE, SimDriver};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::{Read, Write};
use std::os::fd::BorrowedFd;
use std::time::Duration;

fn readable(fd: BorrowedFd<'_>, timeout: PollTimeout) -> bool {
    let mut fds = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut fds, timeout).unwrap() == 1
}

fn now(fd: BorrowedFd<'_>) -> bool {
    readable(fd, PollTimeout::ZERO)
}

/// Two machines with one E1 and one pair of wires: FXO at the first.
fn bench() -> (SimDriver, SimDriver, Cable, Cable) {
    let mut bench = Bench::new();
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let spans = ((a, bench.e1(a, "a").unwrap()), (b, bench.e1(b, "b").unwrap()));
    let lines = bench.analog(a, "line", Companding::ALaw, &[PortKind::Fxo]).unwrap();
    let pairs = bench.analog(b, "pair", Companding::ALaw, &[PortKind::Fxs]).unwrap();
    let span_cable = bench.cable_spans(spans.0, spans.1).unwrap();
    let ends = (ChannelId { span: lines, slot: 1 }, ChannelId { span: pairs, slot: 1 });
    let pair_cable = bench.cable_lines((a, ends.0), (b, ends.1)).unwrap();
    let mut drivers = bench.build().into_iter();
    (drivers.next().unwrap(), drivers.next().unwrap(), span_cable, pair_cable)
}

const LINE: ChannelId = ChannelId::new(2, 1);
const D: ChannelId = ChannelId::new(1, 16);
const B: ChannelId = ChannelId::new(1, 1);

fn lines() -> (Box<dyn Line>, Box<dyn Line>, Cable) {
    let (mut a, mut b, _, cable) = bench();
    (a.open_line(LINE).unwrap(), b.open_line(LINE).unwrap(), cable)
}

#[test]
fn an_event_wakes_its_line_until_it_is_fetched() {
    let (mut fxo, mut fxs, _) = lines();
    assert!(!now(fxo.wake_fd()) && !now(fxs.wake_fd()));
    fxo.command(LineCommand::OffHook).unwrap();
    fxo.command(LineCommand::OnHook).unwrap();
    assert!(now(fxs.wake_fd()) && !now(fxo.wake_fd()));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));
    assert!(now(fxs.wake_fd()));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OnHook));
    assert!(!now(fxs.wake_fd()));
    assert_eq!(fxs.poll_event(), None);
}

#[test]
fn the_end_of_ringing_wakes_the_line_by_itself() {
    let (mut fxo, mut fxs, _) = lines();
    fxs.command(LineCommand::Ring(Duration::from_millis(5))).unwrap();
    assert_eq!(fxo.poll_event(), Some(LineEvent::RingStarted));
    assert!(readable(fxo.wake_fd(), PollTimeout::from(60_000_u16)));
    assert_eq!(fxo.poll_event(), Some(LineEvent::RingStopped));
    assert!(!now(fxo.wake_fd()));
}

#[test]
fn a_long_flash_is_a_hang_up() {
    let (mut fxo, mut fxs, _) = lines();
    fxo.command(LineCommand::OffHook).unwrap();
    fxo.command(LineCommand::Flash(Duration::from_millis(700))).unwrap();
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OnHook));
    assert_eq!(fxs.poll_event(), None);
    assert!(readable(fxs.wake_fd(), PollTimeout::from(60_000_u16)));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));
}

#[test]
fn hanging_up_takes_back_what_was_being_dialled() {
    let (mut fxo, mut fxs, _) = lines();
    fxo.command(LineCommand::OffHook).unwrap();
    fxo.command(LineCommand::PulseDigit('0')).unwrap();
    fxo.command(LineCommand::OnHook).unwrap();
    assert_eq!(fxs.poll_event(), Some(LineEvent::OffHook));
    assert_eq!(fxs.poll_event(), Some(LineEvent::OnHook));
    assert!(!readable(fxs.wake_fd(), PollTimeout::from(50_u8)));
}

#[test]
fn a_line_that_is_opened_without_battery_is_told() {
    let (mut a, _, _, cable) = bench();
    cable.unplug();
    let mut fxo = a.open_line(LINE).unwrap();
    assert!(now(fxo.wake_fd()));
    assert_eq!(fxo.poll_event(), Some(LineEvent::BatteryLost));
}

#[test]
fn frames_and_alarms_wake_the_driver() {
    let (mut a, mut b, cable, _) = bench();
    let mut near = std::fs::File::from(a.open_dchannel(D).unwrap().fd);
    let mut far = std::fs::File::from(b.open_dchannel(D).unwrap().fd);
    assert!(!now(a.wake_fd()) && !now(b.wake_fd()));
    near.write_all(b"123456789??").unwrap();
    assert!(now(a.wake_fd()));
    assert_eq!(a.poll_event(), None);
    assert!(!now(a.wake_fd()));
    let mut frame = [0; 300];
    assert_eq!(far.read(&mut frame).unwrap(), 11);
    // The check value of CRC-16/X-25, low octet first: the hardware made it.
    assert_eq!(&frame[..11], b"123456789\x6E\x90");

    cable.set_alarm(End::B, Some(Alarm::Yellow));
    assert!(now(b.wake_fd()) && !now(a.wake_fd()));
    assert_eq!(b.poll_event(), Some(DriverEvent::AlarmsChanged(SpanId(1))));
    assert!(!now(b.wake_fd()));
    assert_eq!(b.span_status(SpanId(1)).unwrap().alarms, [Alarm::Yellow]);
    assert_eq!(a.span_status(SpanId(1)).unwrap().alarms, []);
    cable.unplug();
    assert_eq!(b.span_status(SpanId(1)).unwrap().alarms, [Alarm::Red, Alarm::Yellow, Alarm::LossOfSignal]);
    assert_eq!(a.poll_event(), Some(DriverEvent::AlarmsChanged(SpanId(1))));
    // Unplugged twice is unplugged.
    cable.unplug();
    assert_eq!(a.poll_event(), None);
}

#[test]
fn a_closed_d_channel_does_not_wake_for_ever() {
    let (mut a, _, _, _) = bench();
    drop(a.open_dchannel(D).unwrap());
    assert!(now(a.wake_fd()));
    assert_eq!(a.poll_event(), None);
    assert!(!now(a.wake_fd()));
}

fn bearers() -> (Box<dyn Bearer>, Box<dyn Bearer>, Cable) {
    let (mut a, mut b, cable, _) = bench();
    (a.open_bearer(B).unwrap(), b.open_bearer(B).unwrap(), cable)
}

#[test]
fn a_full_queue_drops_the_newest_and_a_flush_empties_it() {
    let (mut near, mut far, _) = bearers();
    for number in 0..8 {
        assert_eq!(near.write(&[number; 160]), Transfer::Done);
    }
    assert_eq!(QUEUE, 8);
    assert_eq!(near.write(&[8; 160]), Transfer::Missed);
    let mut block: Block = [0xAA; 160];
    assert_eq!(far.read(&mut block), Transfer::Done);
    assert_eq!(block, [0; 160]);
    near.flush();
    assert_eq!(far.read(&mut block), Transfer::Missed);
    assert_eq!(near.write(&[9; 160]), Transfer::Done);
    assert_eq!(far.read(&mut block), Transfer::Done);
    assert_eq!(block, [9; 160]);
}

#[test]
fn an_unplugged_bearer_takes_blocks_and_gives_none() {
    let (mut near, mut far, cable) = bearers();
    cable.unplug();
    let mut block: Block = [0; 160];
    for _ in 0..20 {
        assert_eq!(near.write(&[1; 160]), Transfer::Done);
    }
    assert_eq!(far.read(&mut block), Transfer::Missed);
    cable.plug();
    assert_eq!(near.write(&[2; 160]), Transfer::Done);
    assert_eq!(far.read(&mut block), Transfer::Done);
    assert_eq!(block, [2; 160]);
}

#[test]
fn what_does_not_fit_is_not_cabled() {
    let mut bench = Bench::new();
    let machine = bench.driver().unwrap();
    let (e1, t1) = (bench.e1(machine, "e1").unwrap(), bench.t1(machine, "t1").unwrap());
    let other = bench.e1(machine, "other").unwrap();
    let misfit = bench.cable_spans((machine, e1), (machine, t1));
    assert!(matches!(misfit, Err(BenchError::Misfit)));
    bench.cable_spans((machine, e1), (machine, other)).unwrap();
    let third = bench.e1(machine, "third").unwrap();
    let taken = bench.cable_spans((machine, third), (machine, e1));
    assert!(matches!(taken, Err(BenchError::Taken)));
    let kinds = [PortKind::Fxs, PortKind::Fxs, PortKind::Fxo];
    let group = bench.analog(machine, "group", Companding::ALaw, &kinds).unwrap();
    let port = |slot| (machine, ChannelId { span: group, slot });
    assert!(matches!(bench.cable_lines(port(1), port(2)), Err(BenchError::Misfit)));
    bench.cable_lines(port(1), port(3)).unwrap();
    assert!(matches!(bench.cable_lines(port(2), port(3)), Err(BenchError::Taken)));
    let digital = bench.analog(machine, "none", Companding::ALaw, &[PortKind::Bearer]);
    assert!(matches!(digital, Err(BenchError::BadPorts)));
}
