//! Channel-associated signalling over a simulated cable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_hal::cas::{CasPacket, CasTime, LONGEST};
use demarc_hal::{
    BLOCK, CasForm, ChannelId, Driver, Error, LineCommand, LineEvent, PortKind, Signalling, SpanId, SpanKind,
    SpanSettings,
};
use demarc_hal_sim::{Bench, Cable, SimDriver};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, recv, send};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

const SPAN: SpanId = SpanId(1);

fn pair(signalling: &Signalling) -> (SimDriver, SimDriver, Cable) {
    let mut bench = Bench::new();
    let (a, b) = (bench.driver().unwrap(), bench.driver().unwrap());
    let (near, far) = (bench.e1(a, "near").unwrap(), bench.e1(b, "far").unwrap());
    let cable = bench.cable_spans((a, near), (b, far)).unwrap();
    let mut drivers = bench.build().into_iter();
    let (mut a, mut b) = (drivers.next().unwrap(), drivers.next().unwrap());
    for (driver, timing) in [(&mut a, 0), (&mut b, 1)] {
        let settings =
            SpanSettings { timing, signalling: signalling.clone(), ..SpanSettings::of(SpanKind::E1) };
        driver.configure_span(SPAN, &settings).unwrap();
    }
    (a, b, cable)
}

fn open(driver: &mut SimDriver, slot: u8) -> OwnedFd {
    let channel = driver.open_cas(ChannelId { span: SPAN, slot }).unwrap();
    assert_eq!(channel.form, CasForm::Packets);
    channel.fd
}

fn say(fd: &OwnedFd, packet: CasPacket) {
    let mut buffer = [0; LONGEST];
    let length = packet.write(&mut buffer);
    send(fd.as_raw_fd(), &buffer[..length], MsgFlags::empty()).unwrap();
}

/// The next packet; both drivers are polled until it comes.
fn hear(fd: &OwnedFd, mut drivers: [&mut SimDriver; 2]) -> CasPacket {
    for _ in 0..500 {
        for driver in &mut drivers {
            while driver.poll_event().is_some() {}
        }
        let mut buffer = [0; LONGEST + 1];
        if let Ok(length) = recv(fd.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
            return CasPacket::read(&buffer[..length]).expect("a packet");
        }
        let [a, b] = [drivers[0].wake_fd(), drivers[1].wake_fd()];
        let mut fds = [a, b, fd.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        poll(&mut fds, PollTimeout::from(20_u8)).unwrap();
    }
    panic!("nothing came");
}

#[test]
fn r2_channels_open_once_and_are_blocked_while_closed() {
    let (mut a, mut b, _cable) = pair(&Signalling::R2);
    let ports = a.spans().remove(0).ports;
    assert_eq!(ports.len(), 30);
    assert!(ports.iter().all(|port| port.kind == PortKind::Cas && port.id.slot != 16));
    let near = open(&mut a, 1);
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Bits(0b1101), "nobody is there");
    let channel = ChannelId { span: SPAN, slot: 1 };
    assert!(matches!(a.open_cas(channel), Err(Error::Busy(_))));
    assert!(matches!(a.open_line(channel), Err(Error::WrongKind(_))));
    let far = open(&mut b, 1);
    assert_eq!(hear(&far, [&mut a, &mut b]), CasPacket::Bits(0b1101));
    say(&far, CasPacket::Bits(0b1001));
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Bits(0b1001));
    drop(far);
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Bits(0b1101));
    // The span cannot become another one while it is open, and can afterwards.
    let isdn = SpanSettings::of(SpanKind::E1);
    assert!(matches!(a.configure_span(SPAN, &isdn), Err(Error::Busy(_))));
    drop(near);
    a.configure_span(SPAN, &isdn).unwrap();
}

#[test]
fn time_and_audio_come_when_they_are_asked_for() {
    let (mut a, mut b, _cable) = pair(&Signalling::R2);
    let (near, far) = (open(&mut a, 31), open(&mut b, 31));
    hear(&near, [&mut a, &mut b]);
    hear(&far, [&mut a, &mut b]);
    say(&far, CasPacket::Octets([7; BLOCK]));
    say(&near, CasPacket::Time(CasTime::Audio));
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Octets([7; BLOCK]));
    // Not dealt with yet: no more comes until it is. Then there is silence.
    say(&near, CasPacket::Tick);
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Octets([0xD5; BLOCK]));
    say(&near, CasPacket::Time(CasTime::Ticks));
    say(&near, CasPacket::Tick);
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Tick);
}

#[test]
fn an_unplugged_cable_is_an_alarm() {
    let (mut a, mut b, cable) = pair(&Signalling::R2);
    let (near, far) = (open(&mut a, 2), open(&mut b, 2));
    hear(&near, [&mut a, &mut b]);
    say(&far, CasPacket::Bits(0b1001));
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Bits(0b1001));
    cable.unplug();
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Alarm(true));
    say(&far, CasPacket::Bits(0b0001));
    cable.plug();
    assert_eq!(hear(&near, [&mut a, &mut b]), CasPacket::Alarm(false));
    // What was sent before may still be said first.
    let bits = match hear(&near, [&mut a, &mut b]) {
        CasPacket::Bits(0b1001) => hear(&near, [&mut a, &mut b]),
        other => other,
    };
    assert_eq!(bits, CasPacket::Bits(0b0001), "what is sent now");
}

#[test]
fn e_and_m_crosses_the_cable() {
    let (mut a, mut b, _cable) = pair(&Signalling::EAndM);
    let channel = ChannelId { span: SPAN, slot: 5 };
    let mut near = a.open_line(channel).unwrap();
    near.command(LineCommand::OffHook).unwrap();
    let mut far = b.open_line(channel).unwrap();
    assert_eq!(far.poll_event(), Some(LineEvent::OffHook), "it was off hook before");
    far.command(LineCommand::Wink).unwrap();
    assert_eq!(near.poll_event(), Some(LineEvent::Wink));
    far.command(LineCommand::OffHook).unwrap();
    far.command(LineCommand::OffHook).unwrap();
    assert_eq!((near.poll_event(), near.poll_event()), (Some(LineEvent::OffHook), None));
    assert!(matches!(near.command(LineCommand::StopRinging), Err(Error::Unsupported(_))));
    assert!(matches!(a.open_line(channel), Err(Error::Busy(_))));
    drop(near);
    assert_eq!(far.poll_event(), Some(LineEvent::OnHook));
    a.open_bearer(channel).unwrap();
}
