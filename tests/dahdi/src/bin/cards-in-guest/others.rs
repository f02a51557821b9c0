//! A span that somebody else sets up too, and descriptors whose card disappears.

use demarc_dahdi_tests::cards::{driver, pause, settings};
use demarc_hal::{
    Bearer, ChannelId, Driver, DriverEvent, Error, Line, LineCommand, LineEvent, PortKind, Signalling,
    SpanId, SpanKind, Transfer,
};
use demarc_hal_dahdi::DahdiDriver;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::time::Duration;

const SPANS: [SpanId; 2] = [SpanId(1), SpanId(2)];

fn set(driver: &mut DahdiDriver, span: SpanId, signalling: Signalling) {
    driver.configure_span(span, &settings(SpanKind::E1, span, signalling)).unwrap();
}

fn bank(kind: PortKind) -> Signalling {
    Signalling::ChannelBank(vec![kind; 30])
}

/// A frame from one D channel to the other.
fn frame(driver: &mut DahdiDriver) {
    let [near, far] = SPANS.map(|span| driver.open_dchannel(ChannelId { span, slot: 16 }).unwrap());
    let (mut near, mut far) = (File::from(near.fd), File::from(far.fd));
    let mut buffer = [0; 64];
    for _ in 0..500 {
        while driver.poll_event().is_some() {}
        // The first ones may meet an event that is not taken yet.
        let _ = near.write(&[2, 1, 0x7F, 0, 0]);
        pause(Duration::from_millis(10));
        if let Ok(octets) = far.read(&mut buffer) {
            assert_eq!(buffer.get(..octets - 2), Some(&[2, 1, 0x7F][..]));
            return;
        }
    }
    panic!("no frame came through");
}

/// Two owners set up the same spans, each in turn, to different things; the last one has what it asked for.
pub fn twice(ours: &mut DahdiDriver) {
    let mut theirs = driver();
    for span in SPANS {
        set(ours, span, Signalling::Isdn);
    }
    frame(ours);
    for other in [Signalling::EAndM, Signalling::R2, bank(PortKind::Fxs), Signalling::Bearers] {
        for span in SPANS {
            set(&mut theirs, span, other.clone());
        }
        // For us nothing has changed since.
        for span in SPANS {
            set(ours, span, Signalling::Isdn);
        }
        frame(ours);
    }
    // Under what is open, too.
    let mut ends = SPANS.map(|span| ours.open_bearer(ChannelId { span, slot: 1 }).unwrap());
    for span in SPANS {
        set(&mut theirs, span, Signalling::EAndM);
        set(ours, span, Signalling::Isdn);
    }
    let [near, far] = &mut ends;
    heard(&mut **near, &mut **far);
}

/// What is said at one end comes out at the other.
fn heard(near: &mut dyn Bearer, far: &mut dyn Bearer) {
    near.flush();
    far.flush();
    let mut block = [0; 160];
    for _ in 0..100 {
        let _ = (near.write(&[0x2A; 160]), near.read(&mut block));
        let _ = far.write(&[0xD5; 160]);
        if far.read(&mut block) == Transfer::Done && block == [0x2A; 160] {
            return;
        }
        pause(Duration::from_millis(20));
    }
    panic!("nothing is heard: {block:x?}");
}

/// A channel that another process has is busy, and free when that one is done.
pub fn taken(ours: &mut DahdiDriver) {
    let mut theirs = driver();
    let at = ChannelId::new(1, 5);
    // A span whose D channel goes lets go of the copy that the driver has of it.
    set(ours, SpanId(1), Signalling::Bearers);
    set(ours, SpanId(1), Signalling::Isdn);
    set(&mut theirs, SpanId(1), Signalling::Isdn);
    let bearer = theirs.open_bearer(at).unwrap();
    assert_eq!(ours.open_bearer(at).err(), Some(Error::Busy(at)));
    drop(bearer);
    assert!(ours.open_bearer(at).is_ok());
    let d_channel = theirs.open_dchannel(ChannelId::new(1, 16)).unwrap();
    let at = ChannelId::new(1, 16);
    assert_eq!(ours.open_dchannel(at).err(), Some(Error::Busy(at)));
    // The driver keeps a copy, to take events: it goes with the driver.
    drop((d_channel, theirs));
    assert!(ours.open_dchannel(at).is_ok());
}

/// Everything that is open on span 2 ends in a moment, and none of it waits or panics.
pub fn disappears(ours: &mut DahdiDriver) {
    for round in 0..4 {
        let digital = round % 2 == 0;
        let signalling = if digital { Signalling::Isdn } else { bank(PortKind::Fxs) };
        for span in SPANS {
            set(ours, span, signalling.clone());
        }
        let mut open = Open::on(ours, digital);
        let device = "/sys/bus/dahdi_spans/devices/span-2/../unassign_span";
        // The kernel gives everybody a second to notice.
        let pulled = std::thread::spawn(move || fs::write(device, "1").unwrap());
        event(ours, DriverEvent::Gone(SpanId(2)));
        open.ends();
        let lent = open.lent.take();
        drop(open);
        event(ours, DriverEvent::Arrived(SpanId(2)));
        pulled.join().unwrap();
        if let Some(mut lent) = lent {
            // What its owner, another process, sees who has not been told.
            let error = lent.read(&mut [0; 160]).unwrap_err().raw_os_error();
            assert!([Some(6), Some(19)].contains(&error), "not ENXIO nor ENODEV: {error:?}");
        }
        // A channel that was open when its span went keeps a pointer to the closed file in the kernel, until it
        // is opened again: the next removal would follow it (dahdi-linux 2.11 and 3.4).
        set(ours, SpanId(2), signalling);
        drop(Open::on(ours, digital));
    }
    for span in SPANS {
        set(ours, span, Signalling::Isdn);
    }
    frame(ours);
}

struct Open {
    bearer: Box<dyn Bearer>,
    line: Option<Box<dyn Line>>,
    lent: Option<File>,
}

impl Open {
    fn on(driver: &mut DahdiDriver, digital: bool) -> Self {
        let at = |slot| ChannelId::new(2, slot);
        let bearer = driver.open_bearer(at(3)).unwrap();
        let lent = digital.then(|| File::from(driver.open_dchannel(at(16)).unwrap().fd));
        let line = (!digital).then(|| driver.open_line(at(4)).unwrap());
        Self { bearer, line, lent }
    }

    fn ends(&mut self) {
        let mut block = [0; 160];
        assert!((0..100).any(|_| soon(self.bearer.read(&mut block) == Transfer::Gone)), "the bearer goes on");
        assert_eq!(self.bearer.write(&block), Transfer::Gone);
        if let Some(line) = &mut self.line {
            let mut events = std::iter::from_fn(|| line.poll_event());
            assert!(events.any(|event| event == LineEvent::Gone), "the line goes on");
            assert_eq!(line.command(LineCommand::StopRinging), Err(Error::Gone));
        }
    }
}

fn soon(done: bool) -> bool {
    if !done {
        pause(Duration::from_millis(10));
    }
    done
}

fn event(driver: &mut DahdiDriver, wanted: DriverEvent) {
    for _ in 0..500 {
        if std::iter::from_fn(|| driver.poll_event()).any(|event| event == wanted) {
            return;
        }
        pause(Duration::from_millis(20));
    }
    panic!("never: {wanted:?}");
}
