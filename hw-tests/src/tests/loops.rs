//! Loops of the card, and one of software: each for its time, and opened whatever happens.

use super::bert::{self, Pattern};
use crate::plan::Test;
use crate::stage::Stage;
use crate::subject::{Subject, cables};
use crate::talk::{End, Say, talk};
use crate::words::{Outcome, Stop, count, failed};
use demarc_hal::{Maintenance, PortKind, SpanId, SpanInfo, SpanKind};
use demarc_model::hardware_test::{Bench, Disturbs, Need, SpanCable};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "loops",
    title: "Loops",
    about: "Loops the span at each place where its card can (local host, network line, network payload, loop-up code) and by software at the far end; the pattern must come back without an error. Loops open by themselves.",
    needs: &[Need::SpanPair],
    seconds: (60, 5),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| cables(bench),
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let Subject::Cable(cable) = subject else { return super::strange() };
    for span in [cable.a, cable.b] {
        stage.in_order(span)?;
    }
    let mut done = Vec::new();
    let places = [
        ("local host", cable.a, Maintenance::LocalLoop),
        ("network line", cable.b, Maintenance::LineLoop),
        ("network payload", cable.b, Maintenance::PayloadLoop),
        ("loop-up code", cable.a, Maintenance::LoopUp),
    ];
    for (name, span, loops) in places {
        let code = loops == Maintenance::LoopUp;
        if code && stage.info(span)?.kind != SpanKind::T1 {
            continue;
        }
        stage.doing(format!("{name} loop at span {span}"))?;
        if !stage.maintain(span, loops)? {
            continue;
        }
        let result = looped(stage, cable.a, name);
        // The timer of a loop is this: it never outlives its part of the test.
        let open = if code { Maintenance::LoopDown } else { Maintenance::None };
        stage.maintain(span, open)?;
        if code {
            let heard = stage.wait(Duration::from_secs(6));
            stage.maintain(span, Maintenance::None)?;
            heard?;
        }
        result?;
        done.push(name);
        stage.in_order(span)?;
    }
    software(stage, cable)?;
    stage.measured(count("loops of the card", done.len() as u64, ""));
    Ok(if done.is_empty() {
        "The loop of software is free of errors; the card has none of its own.".into()
    } else {
        format!("Free of errors: {} and software.", done.join(", "))
    })
}

/// The pattern of one end comes back to it.
fn looped(stage: &mut Stage<'_, '_>, span: SpanId, name: &str) -> Result<(), Stop> {
    let mut patterns = Vec::new();
    for at in stage.channels(span, PortKind::Bearer)? {
        patterns.push(Pattern::open(stage, at, u16::from(at.slot))?);
    }
    let time = stage.lasts(Duration::from_secs(10), Duration::from_secs(1));
    bert::settle(stage, &mut patterns)?;
    bert::turns(stage, &mut patterns, time)?;
    let wrong = patterns
        .iter()
        .find(|pattern| pattern.sink.bits == 0 || pattern.sink.errors > 0 || pattern.sink.breaks > 0);
    match wrong {
        None => Ok(()),
        Some(pattern) => failed(
            format!(
                "The {name} loop does not give back what channel {} sends: {} bits wrong of {}.",
                pattern.at, pattern.sink.errors, pattern.sink.bits
            ),
            "Look at the alarms and the counters of both ends first; when those are in order, swap the card.",
        ),
    }
}

/// The far end sends back what it hears, channel by channel.
fn software(stage: &mut Stage<'_, '_>, cable: &SpanCable) -> Result<(), Stop> {
    stage.doing("a loop of software at the far end")?;
    let near = stage.channels(cable.a, PortKind::Bearer)?;
    let far = stage.channels(cable.b, PortKind::Bearer)?;
    let time = stage.lasts(Duration::from_secs(2), Duration::from_millis(600));
    let pairs: Vec<_> = near.into_iter().zip(far).collect();
    // A few at a time: what is proven is the way, not how much goes over it.
    for some in pairs.chunks(8) {
        let (mut senders, mut loops) = (Vec::new(), Vec::new());
        for (near, far) in some {
            let mut sender = End::open(stage, *near)?;
            let mut source = crate::signal::prbs::Source::new(u16::from(near.slot));
            let law = stage.info(near.span)?.companding;
            let octets: Vec<u8> = std::iter::repeat_with(|| source.octet()).take(1600).collect();
            // Octets as samples come out as they went in; mu-law's second zero does not.
            let octets: Vec<u8> =
                octets.into_iter().map(|octet| if octet == 0x7F { 0xFF } else { octet }).collect();
            sender.say = Say::Samples(crate::signal::g711::samples(law, &octets).into());
            senders.push((sender, octets));
            let mut back = End::open(stage, *far)?;
            back.say = Say::Back(std::collections::VecDeque::new());
            loops.push(back);
        }
        let mut ends: Vec<&mut End> =
            senders.iter_mut().map(|(end, _)| end).chain(loops.iter_mut()).collect();
        talk(stage, &mut ends, time)?;
        for (sender, octets) in &senders {
            let back = sender.octets();
            if !back.windows(octets.len()).any(|window| window == octets.as_slice()) {
                return failed(
                    format!("What channel {} sends does not come back whole from the other end.", sender.at),
                    "Run the bit error rate test: it says which channels lose what.",
                );
            }
        }
    }
    Ok(())
}
