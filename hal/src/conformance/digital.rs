//! Two digital spans on a crossover cable.

use super::{At, Failure, Outcome, Rig, SpanAt, equal, fail, open};
use crate::{
    Alarm, BLOCK, Bearer, Block, DriverEvent, Error, PortKind, SpanId, SpanInfo, SpanKind, SpanSettings,
    Transfer,
};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};

/// Blocks that are sent to see whether octets arrive unchanged: 1 s.
const BLOCKS: usize = 50;
/// Blocks of them that may be on their way when the last one was sent.
const LATE: usize = 12;

/// What a D channel of DAHDI answers as long as an event waits for the driver.
const ELAST: i32 = 500;

/// The span's own words.
fn info(rig: &mut Rig<'_>, at: SpanAt) -> Result<SpanInfo, Failure> {
    let spans = rig.driver(at.driver)?.spans();
    let span = spans.into_iter().find(|span| span.id == at.span);
    span.map_or_else(|| fail(format!("there is no span {}", at.span)), Ok)
}

/// The channels of a kind.
fn channels(rig: &mut Rig<'_>, at: SpanAt, kind: PortKind) -> Result<Vec<At>, Failure> {
    let ports = info(rig, at)?.ports.into_iter();
    let ports = ports.filter(|port| port.kind == kind);
    Ok(ports.map(|port| At { driver: at.driver, channel: port.id }).collect())
}

fn bearer(rig: &mut Rig<'_>, at: At) -> Result<Box<dyn Bearer>, Failure> {
    open(rig.driver(at.driver)?.open_bearer(at.channel), "open_bearer")
}

fn dchannel(rig: &mut Rig<'_>, at: SpanAt) -> Result<File, Failure> {
    let Some(channel) = channels(rig, at, PortKind::DChannel)?.first().copied() else {
        return fail("no D channel");
    };
    let channel = rig.driver(at.driver)?.open_dchannel(channel.channel);
    let channel = File::from(open(channel, "open_dchannel")?.fd);
    // HDLC of software sends no flag before what is written at once: the first frame would be lost.
    rig.step();
    Ok(channel)
}

fn alarms(rig: &mut Rig<'_>, at: SpanAt) -> Result<Vec<Alarm>, Failure> {
    Ok(open(rig.driver(at.driver)?.span_status(at.span), "span_status")?.alarms)
}

fn until_alarms(rig: &mut Rig<'_>, at: SpanAt, wanted: &[Alarm]) -> Result<(), Failure> {
    for _ in 0..super::PATIENCE {
        if alarms(rig, at)? == wanted {
            return Ok(());
        }
        rig.step();
    }
    let got = alarms(rig, at)?;
    fail(format!("alarms of span {}: {got:?} instead of {wanted:?}", at.span))
}

/// The details of a red alarm depend on the framer.
fn until_red(rig: &mut Rig<'_>, at: SpanAt) -> Result<(), Failure> {
    let detail = |alarm: &Alarm| matches!(alarm, Alarm::Red | Alarm::LossOfSignal | Alarm::LossOfFrame);
    for _ in 0..super::PATIENCE {
        let now = alarms(rig, at)?;
        if now.contains(&Alarm::Red) && now.iter().all(detail) {
            return Ok(());
        }
        rig.step();
    }
    let got = alarms(rig, at)?;
    fail(format!("alarms of span {}: {got:?} instead of a red one", at.span))
}

pub(super) fn in_order(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some((a, b)) = rig.spans else { return Ok(Outcome::Skipped) };
    for (at, timing) in [(a, 0), (b, 1)] {
        let kind = info(rig, at)?.kind;
        if kind == SpanKind::Analog {
            return fail("the span is analog");
        }
        let settings = SpanSettings { timing, ..SpanSettings::of(kind) };
        let driver = rig.driver(at.driver)?;
        open(driver.configure_span(at.span, &settings), "configure_span")?;
        let nowhere = SpanId(u16::MAX);
        let missing = Some(Error::NoSuchSpan(nowhere));
        equal("status of no span", driver.span_status(nowhere).err(), missing.clone())?;
        equal("setting no span", driver.configure_span(nowhere, &settings).err(), missing)?;
    }
    until_alarms(rig, a, &[])?;
    until_alarms(rig, b, &[])?;
    Ok(Outcome::Passed)
}

/// Octets that do not repeat soon, from a linear congruential generator.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()
    };
    std::iter::repeat_with(next).map(|[high, ..]| high).take(length).collect()
}

pub(super) fn transparent(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some((a, b)) = rig.spans else { return Ok(Outcome::Skipped) };
    let near = channels(rig, a, PortKind::Bearer)?;
    let far = channels(rig, b, PortKind::Bearer)?;
    let mut lanes = Vec::new();
    for (index, (near, far)) in near.into_iter().zip(far).enumerate() {
        let seed = u8::try_from(index * 2).unwrap_or(0);
        let (near, far) = (bearer(rig, near)?, bearer(rig, far)?);
        equal("the law of both ends", near.companding(), far.companding())?;
        lanes.push((Lane::new(near, seed), Lane::new(far, seed + 1)));
    }
    // From one period to the next, as media threads run: two blocks in less would be one too many.
    rig.step();
    for block in 0..BLOCKS + LATE {
        for (near, far) in &mut lanes {
            near.turn(block)?;
            far.turn(block)?;
        }
        rig.step();
    }
    for (slot, (near, far)) in lanes.iter().enumerate() {
        near.compare(slot, &far.sent)?;
        far.compare(slot, &near.sent)?;
    }
    Ok(Outcome::Passed)
}

/// One end of a bearer with what it says and hears.
struct Lane {
    bearer: Box<dyn Bearer>,
    sent: Vec<u8>,
    heard: Vec<u8>,
}

impl Lane {
    fn new(mut bearer: Box<dyn Bearer>, seed: u8) -> Self {
        bearer.flush();
        // What a canceller takes away is missing.
        bearer.cancel_echo(false);
        Self { bearer, sent: noise(seed, BLOCKS * BLOCK), heard: Vec::new() }
    }

    fn turn(&mut self, number: usize) -> Result<(), Failure> {
        let idle = [self.bearer.companding().idle(); BLOCK];
        let block = self.sent.as_chunks().0.get(number).unwrap_or(&idle);
        equal("a write at the pace of the line", self.bearer.write(block), Transfer::Done)?;
        let mut block: Block = [0; BLOCK];
        while self.bearer.read(&mut block) == Transfer::Done {
            self.heard.extend(block);
        }
        Ok(())
    }

    /// What was heard is the other end's stream from some octet on, without a gap.
    fn compare(&self, slot: usize, sent: &[u8]) -> Result<(), Failure> {
        let Some(start) = sent.get(..BLOCK) else { return fail("nothing was sent") };
        let Some(at) = self.heard.windows(BLOCK).position(|window| window == start) else {
            return fail(format!("bearer {}: the first block never came", slot + 1));
        };
        let heard = self.heard.get(at..).unwrap_or_default();
        let wrong = sent.iter().zip(heard).filter(|(sent, heard)| sent != heard).count();
        let enough = heard.len() >= (BLOCKS - LATE) * BLOCK;
        if wrong > 0 || !enough {
            let heard = heard.len();
            return fail(format!("bearer {}: {wrong} of {heard} octets are wrong", slot + 1));
        }
        Ok(())
    }
}

pub(super) fn flushed(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some((a, b)) = rig.spans else { return Ok(Outcome::Skipped) };
    let near = channels(rig, a, PortKind::Bearer)?.first().copied();
    let far = channels(rig, b, PortKind::Bearer)?.first().copied();
    let (Some(near), Some(far)) = (near, far) else { return Ok(Outcome::Skipped) };
    let (mut near, mut far) = (bearer(rig, near)?, bearer(rig, far)?);
    let mut block: Block = [0x55; BLOCK];
    for _ in 0..3 {
        let _ = near.write(&[0x11; BLOCK]);
    }
    near.flush();
    far.flush();
    equal("a read of nothing", far.read(&mut block), Transfer::Missed)?;
    equal("the block after it", block, [0x55; BLOCK])?;
    Ok(Outcome::Passed)
}

/// Frames of many lengths, as sent: with two octets of room for the FCS.
fn samples() -> Vec<Vec<u8>> {
    let lengths = [3_usize, 4, 5, 20, 128, 260, 264];
    let noise = |length: &usize| noise(u8::try_from(*length).unwrap_or(0), *length);
    lengths.iter().map(noise).map(|frame| [&frame[..], &[0, 0]].concat()).collect()
}

/// Writes when nothing waits for the driver any more.
fn send(rig: &mut Rig<'_>, to: &mut File, frame: &[u8]) -> Result<(), Failure> {
    for _ in 0..super::PATIENCE {
        match to.write(frame) {
            Err(error) if error.raw_os_error() == Some(ELAST) => rig.step(),
            Ok(written) => return equal("octets written", written, frame.len()),
            Err(error) => return fail(format!("writing a frame: {error}")),
        }
    }
    fail("the driver does not take its events")
}

/// One frame without its FCS, if there is one.
fn read_frame(from: &mut File) -> Option<Result<Vec<u8>, Failure>> {
    let mut frame = [0; 512];
    match from.read(&mut frame) {
        Ok(length) => {
            let body = length.checked_sub(2).and_then(|length| frame.get(..length));
            Some(body.map_or_else(|| fail("a frame without FCS"), |body| Ok(body.to_vec())))
        }
        Err(error) if error.kind() == ErrorKind::WouldBlock || error.raw_os_error() == Some(ELAST) => None,
        Err(error) => Some(fail(format!("reading a frame: {error}"))),
    }
}

pub(super) fn frames(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some((a, b)) = rig.spans else { return Ok(Outcome::Skipped) };
    let (mut near, mut far) = (dchannel(rig, a)?, dchannel(rig, b)?);
    cross(rig, &mut near, &mut far)?;
    cross(rig, &mut far, &mut near)?;
    // One end closes and opens again; the other does not notice.
    drop(far);
    rig.step();
    let mut far = dchannel(rig, b)?;
    cross(rig, &mut near, &mut far)?;
    Ok(Outcome::Passed)
}

fn cross(rig: &mut Rig<'_>, from: &mut File, to: &mut File) -> Result<(), Failure> {
    for frame in samples() {
        send(rig, from, &frame)?;
        let what = format!("a frame of {} octets", frame.len());
        let got = rig.until(&what, || read_frame(to))??;
        equal("a frame", Some(&got[..]), frame.get(..frame.len() - 2))?;
    }
    Ok(())
}

pub(super) fn unplug(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    let Some(mut plug) = rig.span_plug.take() else { return Ok(Outcome::Skipped) };
    let result = unplug_with(rig, &mut plug);
    plug(true);
    rig.span_plug = Some(plug);
    result
}

fn unplug_with(rig: &mut Rig<'_>, plug: &mut dyn FnMut(bool)) -> Result<Outcome, Failure> {
    let Some((a, b)) = rig.spans else { return Ok(Outcome::Skipped) };
    let (mut near, mut far) = (dchannel(rig, a)?, dchannel(rig, b)?);
    rig.step();
    plug(false);
    for at in [a, b] {
        told(rig, at)?;
        until_red(rig, at)?;
    }
    send(rig, &mut near, &[1, 2, 3, 4, 0, 0])?;
    for _ in 0..super::QUIET {
        rig.step();
        if read_frame(&mut far).is_some() {
            return fail("a frame crossed an unplugged cable");
        }
    }
    plug(true);
    for at in [a, b] {
        told(rig, at)?;
        until_alarms(rig, at, &[])?;
    }
    cross(rig, &mut near, &mut far)?;
    Ok(Outcome::Passed)
}

/// The driver says that the alarms changed.
fn told(rig: &mut Rig<'_>, at: SpanAt) -> Result<(), Failure> {
    for _ in 0..super::PATIENCE {
        let driver = rig.driver(at.driver)?;
        while let Some(event) = driver.poll_event() {
            if event == DriverEvent::AlarmsChanged(at.span) {
                return Ok(());
            }
        }
        (rig.wait)(super::STEP);
    }
    fail(format!("nobody said that the alarms of span {} changed", at.span))
}
