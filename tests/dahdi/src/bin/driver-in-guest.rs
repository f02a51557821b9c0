//! What the driver does on real DAHDI beyond what every driver must: live changes, cards that vanish,
//! E&M and CAS, and its figures.
//!
//! What the laboratory's guest runs for `tests/driver.rs`: `driver-in-guest` wants an E1 pair and a T1 pair,
//! `driver-in-guest load` E1 pairs alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::{
    Alarm, BLOCK, Bearer, Block, ChannelId, Clock, Driver, DriverEvent, Error, Line, LineCommand, LineEvent,
    LineSettings, PortKind, Signalling, SignallingSeen, SpanId, SpanSettings, Transfer,
};
use demarc_hal_dahdi::sys::abi::{CHANNO, GETRXBITS, SETTXBITS};
use demarc_hal_dahdi::sys::call;
use demarc_hal_dahdi::{DahdiDriver, Numbering, Paths, dynamic};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::process::ExitCode;

const DEV: &str = "/dev/dahdi";

struct Lab {
    driver: DahdiDriver,
    clock: Box<dyn Clock>,
}

impl Lab {
    fn new() -> Self {
        let mut driver = DahdiDriver::new(Paths::default(), Numbering::default()).expect("DAHDI");
        let clock = driver.open_clock().expect("the clock").expect("a clock");
        Self { driver, clock }
    }

    /// Waits for the next period; how many had passed.
    fn tick(&mut self) -> u64 {
        let mut fds = [PollFd::new(self.clock.wake_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::from(1000_u16)).expect("poll");
        self.clock.take()
    }

    fn set(&mut self, span: u16, signalling: Signalling) -> Result<(), Error> {
        let span = SpanId(span);
        let kind = self.driver.spans().iter().find(|known| known.id == span).expect("the span").kind;
        self.driver.configure_span(span, &SpanSettings { signalling, ..SpanSettings::of(kind) })
    }

    fn bearer(&mut self, span: u16, slot: u8) -> Box<dyn Bearer> {
        let mut bearer = self.driver.open_bearer(ChannelId::new(span, slot)).expect("open_bearer");
        bearer.flush();
        bearer.cancel_echo(false);
        bearer
    }

    fn line(&mut self, span: u16, slot: u8) -> Box<dyn Line> {
        self.driver.open_line(ChannelId::new(span, slot)).expect("open_line")
    }

    /// Waits for an event of the driver, for at most 10 s.
    fn event(&mut self, wanted: DriverEvent) {
        for _ in 0..500 {
            while let Some(event) = self.driver.poll_event() {
                if event == wanted {
                    return;
                }
            }
            self.tick();
        }
        panic!("never seen: {wanted:?}");
    }

    fn heard(&mut self, line: &mut dyn Line, wanted: LineEvent) {
        for _ in 0..500 {
            if let Some(event) = line.poll_event() {
                assert_eq!(event, wanted);
                return;
            }
            self.tick();
        }
        panic!("never seen: {wanted:?}");
    }
}

/// Octets that tell their place in the stream.
fn octet(place: usize) -> u8 {
    let mixed = (place as u32 + 1).wrapping_mul(2_654_435_761);
    (mixed >> 19) as u8
}

fn block(number: usize) -> Block {
    std::array::from_fn(|index| octet(number * BLOCK + index))
}

/// One way of a call, as the media thread runs it: read, then write, once a period.
struct Way {
    from: Box<dyn Bearer>,
    to: Box<dyn Bearer>,
    heard: Vec<u8>,
    /// Blocks that did not move.
    lost: u32,
    periods: usize,
}

impl Way {
    fn new(from: Box<dyn Bearer>, to: Box<dyn Bearer>) -> Self {
        Self { from, to, heard: Vec::with_capacity(512 * BLOCK), lost: 0, periods: 0 }
    }

    fn turn(&mut self) {
        let mut got = [0; BLOCK];
        let _ = self.from.read(&mut got);
        let mut got = [0x55; BLOCK];
        let heard = self.to.read(&mut got);
        // The first read begins; it has nothing.
        self.lost += u32::from(heard != Transfer::Done && self.periods > 0);
        self.heard.extend(got);
        self.lost += u32::from(self.from.write(&block(self.periods)) != Transfer::Done);
        let _ = self.to.write(&[0xD5; BLOCK]);
        self.periods += 1;
    }

    /// How many octets what is heard lags behind what is written, with nothing missing or wrong.
    fn lag(&self) -> usize {
        let first: Vec<u8> = (0..BLOCK).map(octet).collect();
        let lag = self.heard.windows(BLOCK).position(|window| window == first).expect("the first block");
        let rest = self.heard.get(lag..).unwrap_or_default();
        let wrong = rest.iter().enumerate().filter(|(place, heard)| **heard != octet(*place)).count();
        let first = rest.iter().enumerate().position(|(place, heard)| *heard != octet(place));
        assert_eq!(wrong, 0, "octets wrong of {}, first {first:?}", rest.len());
        lag
    }
}

fn delay(lab: &mut Lab) {
    lab.set(1, Signalling::Isdn).unwrap();
    lab.set(2, Signalling::Isdn).unwrap();
    let mut ways: Vec<Way> = (1..=4).map(|slot| Way::new(lab.bearer(1, slot), lab.bearer(2, slot))).collect();
    lab.tick();
    for _ in 0..500 {
        lab.tick();
        ways.iter_mut().for_each(Way::turn);
    }
    for way in &ways {
        let lag = way.lag();
        println!(
            "  write to read: {lag} octets = {} us, of which the block is 20000; lost {}",
            lag * 125,
            way.lost
        );
        assert_eq!(way.lost, 0);
        // One block, and a cushion of 5 ms each way.
        assert!(lag <= BLOCK + 80, "{lag} octets");
    }
}

fn live(lab: &mut Lab) {
    for span in 1..=4 {
        lab.set(span, Signalling::Isdn).unwrap();
    }
    let mut way = Way::new(lab.bearer(1, 1), lab.bearer(2, 1));
    lab.tick();
    for period in 0..200 {
        lab.tick();
        way.turn();
        match period {
            // The same again changes nothing, even under an open channel.
            50 => lab.set(1, Signalling::Isdn).unwrap(),
            // Another signalling under an open channel is refused, and changes nothing.
            70 => assert_eq!(lab.set(1, Signalling::EAndM), Err(Error::Busy(ChannelId::new(1, 1)))),
            // Other spans may become what they like.
            90 => lab.set(3, Signalling::EAndM).unwrap(),
            110 => lab.set(3, Signalling::ChannelBank(vec![PortKind::Fxs; 24])).unwrap(),
            130 => lab.set(3, Signalling::R2).unwrap(),
            150 => lab.set(3, Signalling::Isdn).unwrap(),
            _ => {}
        }
    }
    way.lag();
    assert_eq!(way.lost, 0);
    drop(way);
    lab.set(1, Signalling::EAndM).unwrap();
    lab.set(1, Signalling::Isdn).unwrap();
    let wrong = SpanSettings::of(demarc_hal::SpanKind::T1);
    assert!(matches!(lab.driver.configure_span(SpanId(1), &wrong), Err(Error::Unsupported(_))));
}

fn ear_and_mouth(lab: &mut Lab) {
    lab.set(3, Signalling::EAndM).unwrap();
    lab.set(4, Signalling::EAndM).unwrap();
    let (mut near, mut far) = (lab.line(3, 5), lab.line(4, 5));
    assert_eq!(lab.driver.open_line(ChannelId::new(3, 5)).err(), Some(Error::Busy(ChannelId::new(3, 5))));
    for _ in 0..10 {
        lab.tick();
    }
    near.command(LineCommand::OffHook).unwrap();
    lab.heard(&mut *far, LineEvent::OffHook);
    far.command(LineCommand::Wink).unwrap();
    lab.heard(&mut *near, LineEvent::Wink);
    far.command(LineCommand::OffHook).unwrap();
    lab.heard(&mut *near, LineEvent::OffHook);
    near.command(LineCommand::OnHook).unwrap();
    lab.heard(&mut *far, LineEvent::OnHook);
    far.command(LineCommand::OnHook).unwrap();
    lab.heard(&mut *near, LineEvent::OnHook);
    assert!(matches!(near.command(LineCommand::StopRinging), Err(Error::Unsupported(_))));
}

fn bits(lab: &mut Lab) {
    lab.set(1, Signalling::R2).unwrap();
    lab.set(2, Signalling::R2).unwrap();
    let at = ChannelId::new(1, 3);
    let near = lab.driver.open_cas(at).unwrap();
    let far = lab.driver.open_cas(ChannelId::new(2, 3)).unwrap();
    assert_eq!(lab.driver.open_cas(at).err(), Some(Error::Busy(at)));
    // The audio of the channel is opened by itself.
    let _audio = lab.driver.open_bearer(at).unwrap();
    for sent in [0b1001, 0b0001, 0b1101] {
        call(&near.fd, SETTXBITS, &mut { sent }).unwrap();
        lab.tick();
        lab.tick();
        let mut got = 0;
        call(&far.fd, GETRXBITS, &mut got).unwrap();
        assert_eq!(got & 0xF, sent);
    }
    drop((near, far, _audio));
    assert!(lab.driver.open_cas(at).is_ok());
    lab.set(1, Signalling::Isdn).unwrap();
    lab.set(2, Signalling::Isdn).unwrap();
}

/// Pulls a card out under what is open on it; the driver puts it back when it finds it unnumbered. The
/// kernel gives everybody a second to notice.
fn pull(lab: &Lab, span: u16) -> std::thread::JoinHandle<()> {
    let (device, _) = lab.driver.hardware(SpanId(span)).expect("its hardware");
    let port = &device.name;
    let file = format!("/sys/bus/dahdi_devices/devices/{port}/unassign_span");
    std::thread::spawn(move || std::fs::write(file, "1").expect("unassign_span"))
}

fn neighbour_vanishes(lab: &mut Lab) {
    lab.set(3, Signalling::Isdn).unwrap();
    lab.set(4, Signalling::Isdn).unwrap();
    while lab.driver.poll_event().is_some() {}
    dynamic::destroy(Path::new(DEV), "loc", "2:1").unwrap();
    lab.event(DriverEvent::Gone(SpanId(4)));
    // Its neighbour hears nothing any more.
    lab.event(DriverEvent::AlarmsChanged(SpanId(3)));
    assert_eq!(lab.driver.span_status(SpanId(3)).unwrap().alarms, [Alarm::Red]);
    dynamic::create(Path::new(DEV), "loc", "2:1", 24).unwrap();
    lab.event(DriverEvent::Arrived(SpanId(4)));
    lab.set(4, Signalling::Isdn).unwrap();
    lab.event(DriverEvent::AlarmsChanged(SpanId(3)));
    assert_eq!(lab.driver.span_status(SpanId(3)).unwrap().alarms, []);
}

fn vanishes(lab: &mut Lab) {
    lab.set(3, Signalling::Isdn).unwrap();
    lab.set(4, Signalling::Isdn).unwrap();
    let mut bearer = lab.bearer(4, 1);
    let channel = lab.driver.open_dchannel(ChannelId::new(4, 24)).unwrap();
    let hardware = lab.driver.hardware(SpanId(4)).map(|(device, _)| device.identity().to_owned());
    assert_eq!(hardware.as_deref(), Some("DYN/loc/2:1"));
    while lab.driver.poll_event().is_some() {}

    let pulled = pull(lab, 4);
    lab.event(DriverEvent::Gone(SpanId(4)));
    assert_eq!(lab.driver.span_status(SpanId(4)), Err(Error::Gone));
    assert_eq!(lab.set(4, Signalling::Isdn), Err(Error::Gone));
    assert_eq!(lab.driver.open_bearer(ChannelId::new(4, 1)).err(), Some(Error::Gone));
    assert!(lab.driver.spans().iter().any(|span| span.id == SpanId(4)), "a span that is gone is still known");
    let mut got = [0; BLOCK];
    while bearer.read(&mut got) != Transfer::Gone {
        lab.tick();
    }
    assert_eq!(bearer.write(&got), Transfer::Gone);
    bearer.flush();
    drop((bearer, channel));
    lab.event(DriverEvent::Arrived(SpanId(4)));
    pulled.join().unwrap();
    lab.set(4, Signalling::Isdn).unwrap();
    let mut way = Way::new(lab.bearer(3, 7), lab.bearer(4, 7));
    lab.tick();
    for _ in 0..50 {
        lab.tick();
        way.turn();
    }
    way.lag();
}

fn line_vanishes(lab: &mut Lab) {
    lab.set(3, Signalling::ChannelBank(vec![PortKind::Fxo; 24])).unwrap();
    lab.set(4, Signalling::ChannelBank(vec![PortKind::Fxs; 24])).unwrap();
    let settings = LineSettings { receive_gain_db: 3.0, transmit_gain_db: -6.0, ..LineSettings::default() };
    lab.driver.configure_line(ChannelId::new(3, 2), &settings).unwrap();
    let (mut fxo, mut fxs) = (lab.line(3, 2), lab.line(4, 2));
    let audio = lab.bearer(4, 2);
    for _ in 0..10 {
        lab.tick();
    }
    let pulled = pull(lab, 4);
    lab.heard(&mut *fxs, LineEvent::Gone);
    assert_eq!(fxs.poll_event(), None);
    assert_eq!(fxs.command(LineCommand::StopRinging), Err(Error::Gone));
    drop((fxs, audio));
    lab.event(DriverEvent::Arrived(SpanId(4)));
    pulled.join().unwrap();
    lab.set(4, Signalling::ChannelBank(vec![PortKind::Fxs; 24])).unwrap();
    let mut fxs = lab.line(4, 2);
    for _ in 0..10 {
        lab.tick();
    }
    fxo.command(LineCommand::OffHook).unwrap();
    lab.heard(&mut *fxs, LineEvent::OffHook);
}

fn d_channel_outlives(lab: &mut Lab) {
    let at = ChannelId::new(1, 16);
    let channel = lab.driver.open_dchannel(at).unwrap();
    let copy = channel.fd.try_clone().unwrap();
    drop(channel);
    // Somebody still has it.
    assert_eq!(lab.driver.open_dchannel(at).err(), Some(Error::Busy(at)));
    let mut number = 0;
    call(&copy, CHANNO, &mut number).unwrap();
    drop(copy);
    assert!(lab.driver.open_dchannel(at).is_ok());
}

fn looks(lab: &mut Lab) {
    lab.set(1, Signalling::Isdn).unwrap();
    lab.set(2, Signalling::Bearers).unwrap();
    let seen = |lab: &mut Lab| {
        (0..100).find_map(|_| {
            lab.tick();
            lab.driver.signalling_seen(SpanId(1)).ok()
        })
    };
    assert_eq!(seen(lab), Some(SignallingSeen::Nothing));
    lab.set(2, Signalling::Isdn).unwrap();
    let far = lab.driver.open_dchannel(ChannelId::new(2, 16)).unwrap();
    assert_eq!(seen(lab), Some(SignallingSeen::Flags));
    // A look that has begun is no hindrance.
    assert!(lab.driver.signalling_seen(SpanId(1)).is_err());
    let near = lab.driver.open_dchannel(ChannelId::new(1, 16)).unwrap();
    for _ in 0..5 {
        lab.tick();
    }
    let (mut to, mut from) = (File::from(near.fd), File::from(far.fd));
    to.write_all(&[2, 1, 0x7F, 0, 0]).unwrap();
    let mut frame = [0; 64];
    let length = (0..100).find_map(|_| {
        lab.tick();
        while lab.driver.poll_event().is_some() {}
        from.read(&mut frame).ok()
    });
    assert_eq!(length.and_then(|length| frame.get(..length - 2)), Some(&[2, 1, 0x7F][..]));
    assert!(matches!(lab.driver.signalling_seen(SpanId(1)), Err(Error::Unsupported(_))));
}

/// Every bearer of every span at once.
fn load(lab: &mut Lab) {
    let spans = lab.driver.spans();
    for span in &spans {
        lab.set(span.id.0, Signalling::Isdn).unwrap();
    }
    let mut ways = Vec::new();
    for pair in spans.chunks_exact(2) {
        for port in pair[0].ports.iter().filter(|port| port.kind == PortKind::Bearer) {
            let (near, far) = (pair[0].id.0, pair[1].id.0);
            ways.push(Way::new(lab.bearer(near, port.id.slot), lab.bearer(far, port.id.slot)));
        }
    }
    let cpu = || {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let times: Vec<u64> = stat.split(' ').skip(13).take(2).map(|ticks| ticks.parse().unwrap()).collect();
        times.iter().sum::<u64>() * 10
    };
    lab.tick();
    let (before, mut late) = (cpu(), 0);
    const PERIODS: u64 = 250;
    for _ in 0..PERIODS {
        late += lab.tick().saturating_sub(1);
        ways.iter_mut().for_each(Way::turn);
    }
    let (spent, channels) = (cpu() - before, ways.len() * 2);
    let lost: u32 = ways.iter().map(|way| way.lost).sum();
    println!(
        "  {channels} channels for {} ms: {spent} ms of CPU, {late} periods late, {lost} blocks lost",
        PERIODS * 20
    );
    let lags: std::collections::BTreeSet<usize> = ways.iter().map(Way::lag).collect();
    println!("  lags in octets: {lags:?}");
    assert_eq!(lost, 0);
}

fn main() -> ExitCode {
    let mut lab = Lab::new();
    type Check = (&'static str, fn(&mut Lab));
    let checks: &[Check] = if std::env::args().nth(1).as_deref() == Some("load") {
        &[("every bearer at once", load)]
    } else {
        &[
            ("a block and two cushions of delay", delay),
            ("a span is changed and others do not notice", live),
            ("E&M", ear_and_mouth),
            ("CAS bits", bits),
            ("a D channel is somebody's until the last descriptor is closed", d_channel_outlives),
            ("signalling is seen before it is spoken", looks),
            ("a neighbour vanishes and comes back", neighbour_vanishes),
            ("a card vanishes and comes back", vanishes),
            ("a line vanishes", line_vanishes),
        ]
    };
    let mut failed = 0;
    for (name, check) in checks {
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut lab)));
        println!("{} {name}", if result.is_ok() { "ok     " } else { "FAILED " });
        failed += u32::from(result.is_err());
    }
    println!("{failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
