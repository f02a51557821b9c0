//! Bit error rate with the pattern 2¹⁵−1 on every bearer at once.

use crate::lane::Lane;
use crate::plan::Test;
use crate::signal::prbs::{Sink, Source};
use crate::stage::Stage;
use crate::subject::{Subject, cables, plugs};
use crate::words::{Outcome, Stop, count, failed, skipped, value};
use demarc_hal::{ChannelId, PortKind, SpanInfo};
use demarc_model::hardware_test::{Bench, Disturbs, Need};
use std::time::Duration;

pub(crate) const TEST: Test = Test {
    id: "bert",
    title: "Bit error rate",
    about: "Sends the pattern 2^15-1 on every channel at once and counts wrong bits: fewer than one in 10^9.",
    needs: &[Need::SpanLoop],
    seconds: (600, 5),
    disturbs: Disturbs::Span,
    subjects: |bench: &Bench, _: &[SpanInfo]| [cables(bench), plugs(bench)].concat(),
    body,
};

fn body(stage: &mut Stage<'_, '_>, subject: &Subject) -> Outcome {
    let time = stage.lasts(Duration::from_secs(600), Duration::from_secs(5));
    let patterns = run(stage, subject, time)?;
    judge(stage, &patterns)
}

/// A channel that sends the pattern, and where it is looked for.
pub(crate) struct Pattern {
    pub(crate) at: ChannelId,
    lane: Lane,
    source: Source,
    pub(crate) sink: Sink,
    pub(crate) late: u64,
    /// Bits still to be inverted, one a block.
    spoil: u64,
}

impl Pattern {
    pub(crate) fn open(stage: &mut Stage<'_, '_>, at: ChannelId, seed: u16) -> Result<Self, Stop> {
        let lane = Lane::new(stage.bearer(at)?);
        Ok(Self { at, lane, source: Source::new(seed), sink: Sink::default(), late: 0, spoil: 0 })
    }

    /// A turn; false when the card has vanished.
    pub(crate) fn turn(&mut self) -> bool {
        let (source, sink, spoil) = (&mut self.source, &mut self.sink, &mut self.spoil);
        let turn = self.lane.turn(
            &mut |block| {
                block.fill_with(|| source.octet());
                if let (true, Some(octet)) = (*spoil > 0, block.first_mut()) {
                    *octet ^= 0x10;
                    *spoil -= 1;
                }
            },
            &mut |block| block.iter().for_each(|octet| sink.hear(*octet)),
        );
        self.late += u64::from(turn.late);
        if turn.late || !self.is_settled() {
            self.sink.restart();
        }
        !turn.gone
    }

    /// What is heard now counts.
    pub(crate) fn is_settled(&self) -> bool {
        self.lane.is_settled()
    }

    /// Begins to count anew.
    pub(crate) fn forget(&mut self) {
        self.sink.forget();
        self.late = 0;
    }

    /// Inverts so many bits of what is sent, one a block.
    pub(crate) fn spoil(&mut self, bits: u64) {
        self.spoil = bits;
    }
}

/// Sends and looks for the pattern on every bearer of a subject, both ways.
pub(crate) fn run(
    stage: &mut Stage<'_, '_>,
    subject: &Subject,
    time: Duration,
) -> Result<Vec<Pattern>, Stop> {
    let mut patterns = Vec::new();
    for span in subject.spans() {
        stage.in_order(span)?;
        for at in stage.channels(span, PortKind::Bearer)? {
            let seed = at.span.0.wrapping_mul(37).wrapping_add(u16::from(at.slot));
            patterns.push(Pattern::open(stage, at, seed)?);
        }
    }
    if patterns.is_empty() {
        return skipped("The span has no bearers.", "Run it as ISDN.");
    }
    stage.doing(format!("pattern on {} channels", patterns.len()))?;
    settle(stage, &mut patterns)?;
    turns(stage, &mut patterns, time)?;
    Ok(patterns)
}

/// Waits until blocks come at our pace and lets the pattern be found; counting begins afterwards.
pub(crate) fn settle(stage: &mut Stage<'_, '_>, patterns: &mut [Pattern]) -> Result<(), Stop> {
    let patience = stage.now() + Duration::from_secs(5);
    while patterns.iter().any(|pattern| !pattern.is_settled()) && stage.now() < patience {
        turn(stage, patterns)?;
    }
    // What is on its way is nobody's error.
    turns(stage, patterns, Duration::from_millis(400))?;
    patterns.iter_mut().for_each(Pattern::forget);
    Ok(())
}

/// Lets patterns run.
pub(crate) fn turns(stage: &mut Stage<'_, '_>, patterns: &mut [Pattern], time: Duration) -> Result<(), Stop> {
    let began = stage.now();
    while stage.now() < began + time {
        turn(stage, patterns)?;
        stage.progress(stage.now() - began, time);
    }
    Ok(())
}

fn turn(stage: &mut Stage<'_, '_>, patterns: &mut [Pattern]) -> Result<(), Stop> {
    for pattern in patterns {
        if !pattern.turn() {
            return failed(
                format!("The card of channel {} has vanished.", pattern.at),
                "Look whether the card sits firmly in its socket.",
            );
        }
    }
    stage.tick()
}

/// Whether the pattern arrived everywhere.
pub(crate) fn judge(stage: &mut Stage<'_, '_>, patterns: &[Pattern]) -> Outcome {
    let total = |of: fn(&Pattern) -> u64| patterns.iter().map(of).sum::<u64>();
    let (bits, errors) = (total(|pattern| pattern.sink.bits), total(|pattern| pattern.sink.errors));
    let (breaks, late) = (total(|pattern| pattern.sink.breaks), total(|pattern| pattern.late));
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    let ratio = if bits > 0 { errors as f64 / bits as f64 } else { 1.0 };
    stage.measured(count("bits", bits, ""));
    stage.measured(count("bit errors", errors, ""));
    stage.measured(value("bit error ratio", ratio, "", "< 1e-9"));
    stage.measured(count("pattern lost", breaks, "0"));
    stage.measured(count("turns of ours that were late", late, ""));
    let silent: Vec<&Pattern> = patterns.iter().filter(|pattern| pattern.sink.bits == 0).collect();
    for pattern in patterns.iter().filter(|pattern| pattern.sink.errors > 0 || pattern.sink.breaks > 0) {
        stage.measured(count(format!("channel {}: bit errors", pattern.at), pattern.sink.errors, "0"));
    }
    let names = |patterns: &[&Pattern]| {
        let names: Vec<String> = patterns.iter().map(|pattern| pattern.at.to_string()).collect();
        names.join(", ")
    };
    if silent.len() == patterns.len() {
        return failed(
            "The pattern arrives on no channel.",
            "Look whether the cable is a crossover (1-4, 2-5) between just these spans, or the plug sits in this one.",
        );
    }
    if !silent.is_empty() {
        return failed(
            format!("The pattern never arrives on channel {}.", names(&silent)),
            "The channel is dead: swap the card to see whether the fault goes with it; on a carrier's line ask for the timeslots that it switches through.",
        );
    }
    if errors > 0 || breaks > 0 {
        return failed(
            format!("{errors} of {bits} bits are wrong and the pattern was lost {breaks} times."),
            "Look for slips (both ends master, or both slave), a line code that differs, a bad cable or connector, and cables that are too long.",
        );
    }
    if late > patterns.len() as u64 * 5 {
        return skipped(
            format!("No bit of {bits} is wrong, but this machine was late {late} times."),
            "Run it again while the machine has less to do.",
        );
    }
    Ok(format!("{bits} bits on {} channels, none wrong.", patterns.len()))
}
