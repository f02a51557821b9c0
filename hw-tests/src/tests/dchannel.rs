//! The D channel: layers 1, 2 and 3 as they are, and frames that cross whole.

use crate::lapd::{Heard, Lapd};
use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::{Subject, cables, trunks};
use crate::words::{Outcome, Stop, count, failed};
use demarc_hal::{SpanId, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need, Side, SpanCable, Trunk};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "dchannel",
    title: "D channel",
    about: "Establishes the data link (Q.921) and sends frames of every length both ways: none may be lost, cut or counted as bad.",
    needs: &[Need::SpanPair],
    seconds: (60, 5),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| [cables(bench), trunks(bench)].concat(),
    body,
};

/// How long the data link may take.
const LINK: Duration = Duration::from_secs(5);
/// How long a frame may take until it is acknowledged.
const ACKNOWLEDGED: Duration = Duration::from_secs(3);

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    match subject {
        Subject::Cable(cable) => between(stage, cable),
        Subject::Trunk(trunk) => towards(stage, trunk),
        _ => super::strange(),
    }
}

/// Both ends of a data link over a cable.
pub(crate) fn link(stage: &mut Stage<'_, '_>, cable: &SpanCable) -> Result<(Lapd, Lapd), Stop> {
    for span in [cable.a, cable.b] {
        stage.in_order(span)?;
    }
    let mut a = Lapd::new(stage.dchannel(cable.a)?, cable.a_side);
    let mut b = Lapd::new(stage.dchannel(cable.b)?, cable.b_side);
    stage.doing("layer 2")?;
    let end = stage.now() + LINK;
    let mut asked = None;
    while stage.now() < end {
        for (lapd, span, side) in [(&mut a, cable.a, cable.a_side), (&mut b, cable.b, cable.b_side)] {
            for heard in lapd.poll() {
                notice(&heard, span, side)?;
            }
        }
        if a.is_up() && b.is_up() {
            return Ok((a, b));
        }
        // The first frame after opening may be lost: it is asked again.
        if asked.is_none_or(|asked| stage.now() >= asked + Duration::from_millis(500)) {
            a.establish();
            asked = Some(stage.now());
        }
        stage.tick()?;
    }
    failed(
        format!(
            "Layer 2 does not come up between spans {} and {}: {} and {} frames came.",
            cable.a, cable.b, a.frames, b.frames
        ),
        "Layer 1 is in order, so look at the timeslot of the D channel, and whether the HDLC of the card's driver works (dmesg).",
    )
}

/// What must never be heard.
fn notice(heard: &Heard, span: SpanId, side: Side) -> Result<(), Stop> {
    let ours = if side == Side::User { "user" } else { "network" };
    let other = if side == Side::User { "network" } else { "user" };
    match heard {
        Heard::SameSide => failed(
            format!("Wrong side: the far end of span {span} takes the {ours} side, as we do."),
            format!("Set one end to the other side: span {span} to {other}, or the far end."),
        ),
        Heard::Gone => failed(format!("The D channel of span {span} has vanished."), "Put the card back."),
        Heard::Gap => failed(
            format!("A frame on the D channel of span {span} was lost."),
            "Look at slips and CRC errors of the span; on a busy machine, at missed interrupts.",
        ),
        _ => Ok(()),
    }
}

fn bad(stage: &Stage<'_, '_>, spans: &[SpanId]) -> Result<u64, Stop> {
    let mut sum = 0;
    for span in spans {
        sum += stage.status(*span)?.bad_frames;
    }
    Ok(sum)
}

fn between(stage: &mut Stage<'_, '_>, cable: &SpanCable) -> Outcome {
    let (mut a, mut b) = link(stage, cable)?;
    // What the opening of a channel cut is nobody's fault.
    let before = bad(stage, &[cable.a, cable.b])?;
    let all = if stage.length == demarc_model::hardware_test::Length::Quick { 40_u32 } else { 1000 };
    stage.doing("frames of every length")?;
    for number in 0..all {
        let length = 4 + number * 37 % 257;
        let frame: Vec<u8> = (0..length).map(|place| (place.wrapping_mul(number | 1) >> 2) as u8).collect();
        a.tell(&frame);
        b.tell(&frame);
        let (mut at_a, mut at_b) = (false, false);
        let through = stage.until(ACKNOWLEDGED, |_| {
            for (lapd, got, span, side) in
                [(&mut a, &mut at_a, cable.a, cable.a_side), (&mut b, &mut at_b, cable.b, cable.b_side)]
            {
                for heard in lapd.poll() {
                    notice(&heard, span, side)?;
                    if let Heard::Information(information) = heard {
                        if information != frame {
                            return failed(
                                format!(
                                    "A frame of {length} octets came to span {span} with {} octets, changed.",
                                    information.len()
                                ),
                                "Look for a newer driver of the card: its HDLC lets wrong frames pass.",
                            );
                        }
                        *got = true;
                    }
                }
            }
            Ok((at_a && at_b && a.is_done() && b.is_done()).then_some(()))
        })?;
        if through.is_none() {
            return failed(
                format!(
                    "Frame {} of {length} octets was lost between spans {} and {}.",
                    number + 1,
                    cable.a,
                    cable.b
                ),
                "Look at slips and CRC errors of the span; on a busy machine, at missed interrupts.",
            );
        }
        stage.progress(Duration::from_secs(number.into()), Duration::from_secs(all.into()));
    }
    a.release();
    stage.wait(Duration::from_millis(100))?;
    let _ = b.poll();
    let bad = bad(stage, &[cable.a, cable.b])?.saturating_sub(before);
    stage.measured(count("frames each way", all.into(), ""));
    stage.measured(count("aborted or wrong frames", bad, "0"));
    if bad > 0 {
        return failed(
            format!("{bad} frames were aborted or had a wrong check sum."),
            "Look at slips and CRC errors of the span.",
        );
    }
    Ok(format!("Layers 1 and 2 are up; {all} frames crossed each way."))
}

/// A far end that is not ours: nothing is sent to it but what keeps layer 2 up.
fn towards(stage: &mut Stage<'_, '_>, trunk: &Trunk) -> Outcome {
    stage.in_order(trunk.span)?;
    let mut lapd = Lapd::new(stage.dchannel(trunk.span)?, trunk.side);
    stage.doing("layer 2")?;
    let watched = stage.lasts(Duration::from_secs(60), Duration::from_secs(5));
    let before = bad(stage, &[trunk.span])?;
    let (began, mut asked, mut messages) = (stage.now(), None, 0_u64);
    while stage.now() < began + watched + LINK {
        for heard in lapd.poll() {
            notice(&heard, trunk.span, trunk.side)?;
            if matches!(heard, Heard::Information(_)) {
                messages += 1;
            }
        }
        let again = asked.is_none_or(|asked| stage.now() >= asked + Duration::from_secs(1));
        if !lapd.is_up() && again {
            lapd.establish();
            asked = Some(stage.now());
        }
        if !lapd.is_up() && stage.now() > began + LINK {
            let frames = lapd.frames;
            let (why, remedy) = if frames == 0 {
                (
                    "nothing comes on the D channel",
                    "Ask the carrier whether the D channel is active, and compare its timeslot (16 on E1, 24 on T1).",
                )
            } else {
                (
                    "frames come, but no answer",
                    "Compare the side (user or network) and the TEI with the far end.",
                )
            };
            return failed(format!("Layer 1 is up, layer 2 is not: {why}; {frames} frames came."), remedy);
        }
        stage.progress(stage.now() - began, watched);
        stage.tick()?;
    }
    lapd.release();
    let bad = bad(stage, &[trunk.span])?.saturating_sub(before);
    stage.measured(count("layer 3 messages", messages, ""));
    stage.measured(count("frames", lapd.frames, ""));
    stage.measured(count("aborted or wrong frames", bad, "0"));
    if bad > 0 {
        return failed(
            format!("{bad} frames were aborted or had a wrong check sum."),
            "Look at slips and CRC errors of the span.",
        );
    }
    Ok(format!("Layers 1 and 2 are up; {messages} messages of layer 3 came."))
}
