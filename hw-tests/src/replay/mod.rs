//! Ladders on real cards: we are the far end of the gateway's ports, in real time.
//!
//! Rows with `→` are done by the port at the other end of the cable, rows with `←` must be seen or heard
//! there. What others must do, and what nobody sees from a port, is counted and said.

mod ears;
mod port;
mod rows;

pub use rows::Ladder;

use crate::rig::{Continue, Rig};
use crate::run::{prepare, put_back};
use crate::stage::Stage;
use crate::words::{Outcome, Stop, count, failed, skipped};
use demarc_hal::{ChannelId, LineEvent, PortKind, SpanId};
use demarc_model::hardware_test::{Bench, Length, RunState, StepNow, StepResult, Verdict};
use port::FarEnd;
use rows::{Row, What};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long ports are left alone before a ladder begins: real FXO ports take ringing for the echo of
/// their own relay for 2 s.
const SETTLE: Duration = Duration::from_secs(4);

/// How ladders are replayed.
#[derive(Debug, Clone)]
pub struct Options {
    /// What is cabled to what. The gateway has one end of a pair, we have the other.
    pub bench: Bench,
    /// Ports of the gateway, as ladders name them, and the ports of ours that they are cabled to, where
    /// the bench's pairs do not say it.
    pub at: Vec<(ChannelId, ChannelId)>,
    /// How much earlier or later than in the ladder something may happen.
    pub tolerance: Duration,
    /// How long others (phones, the exchange of a span) may take for what a ladder has them do; zero:
    /// there are none.
    pub others: Duration,
}

/// Replays ladders one after the other, a step each. `tell` hears how it stands, and may end it.
pub fn replay(
    ladders: &[Ladder],
    options: &Options,
    rig: &mut Rig<'_>,
    tell: &mut dyn FnMut(&RunState) -> Continue,
) -> RunState {
    let mut state = RunState {
        running: true,
        unit: options.bench.unit.clone(),
        began_at: rig.began_at,
        steps: u32::try_from(ladders.len()).unwrap_or(u32::MAX),
        ..RunState::default()
    };
    let spans: BTreeSet<SpanId> = ladders
        .iter()
        .flat_map(|ladder| ports(ladder, options).into_values().map(|(at, _)| at.span))
        .collect();
    // Nothing but the far ends is set up: the gateway has the rest.
    let bench = Bench { spans: Vec::new(), plugs: Vec::new(), trunks: Vec::new(), ..options.bench.clone() };
    let unprepared = prepare(&bench, &spans, rig);
    for (index, ladder) in ladders.iter().enumerate() {
        let began = rig.time.now();
        state.now = Some(StepNow {
            test: "replay".into(),
            subject: ladder.title.clone(),
            doing: String::new(),
            percent: 0,
            question: None,
        });
        let mut stage = Stage {
            rig: &mut *rig,
            bench: &bench,
            length: Length::Thorough,
            state: &mut state,
            tell: &mut *tell,
            values: Vec::new(),
            files: Vec::new(),
            stem: format!("{:03}-replay", index + 1),
            told: None,
        };
        let outcome = match unprepared.first_key_value() {
            Some((span, why)) => failed(
                format!("Span {span} cannot be set up: {why}."),
                "Turn this span off in the gateway: its far end is the bench's.",
            ),
            None => play(&mut stage, ladder, options),
        };
        let values = std::mem::take(&mut stage.values);
        let (verdict, reason, remedy) = match outcome {
            Ok(reason) => (Verdict::Passed, reason, String::new()),
            Err(Stop::Failed { reason, remedy }) => (Verdict::Failed, reason, remedy),
            Err(Stop::Skipped { reason, remedy }) => (Verdict::Skipped, reason, remedy),
            Err(Stop::Cancelled) => {
                state.cancelled = true;
                break;
            }
        };
        let took = rig.time.now().saturating_sub(began);
        let spans = ports(ladder, options).into_values().map(|(at, _)| at.span).collect::<BTreeSet<_>>();
        state.results.push(StepResult {
            test: "replay".into(),
            title: "Ladder".into(),
            subject: ladder.title.clone(),
            spans: spans.into_iter().collect(),
            verdict,
            reason,
            remedy,
            values,
            files: Vec::new(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        state.now = None;
    }
    put_back(&spans, rig);
    state.now = None;
    state.running = false;
    tell(&state);
    state
}

/// The gateway's ports of a ladder, and our ends of them.
fn ports(ladder: &Ladder, options: &Options) -> BTreeMap<ChannelId, (ChannelId, PortKind)> {
    let named = ladder.rows.iter().filter_map(|row| row.what.port());
    named.filter_map(|port| Some((port, port::ours(&options.bench, &options.at, port)?))).collect()
}

fn play(stage: &mut Stage<'_, '_>, ladder: &Ladder, options: &Options) -> Outcome {
    let ours = ports(ladder, options);
    if ours.is_empty() {
        return skipped(
            "No row of this ladder is about a port of the bench.",
            "Write [[pair]] with the gateway's port and ours into the bench, or say --at 3/1=4/1.",
        );
    }
    let away =
        |row: &&Row| row.what.is_done() && row.what.port().is_some_and(|port| !ours.contains_key(&port));
    if let Some(row) = ladder.rows.iter().find(away) {
        return skipped(
            format!("The ladder has \"{}\", and that port is not cabled to one of ours.", row.text),
            "Cable it and write [[pair]] into the bench, or say --at 3/1=4/1.",
        );
    }
    let others = ladder.others();
    if let (Some(first), true) = (others.first(), options.others.is_zero()) {
        return skipped(
            format!("{} rows are for others to do, the first \"{first}\".", others.len()),
            "Have somebody or a program do them, and say how long that may take: --others 30.",
        );
    }
    let mut ends = BTreeMap::new();
    for (port, (at, kind)) in ours {
        ends.insert(port, FarEnd::open(stage, at, kind)?);
    }
    let mut played = Played {
        ends,
        base: Duration::ZERO,
        waits: false,
        counts: Counts::default(),
        tolerance: options.tolerance,
        others: options.others,
    };
    let outcome = played.play(stage, ladder);
    played.ends.values_mut().for_each(FarEnd::rest);
    let counts = played.counts;
    drop(played.ends);
    for (name, number) in [
        ("rows done", counts.done),
        ("rows seen", counts.seen),
        ("rows that others did", counts.others),
        ("rows that a port cannot do", counts.cannot),
        ("rows that a port cannot see", counts.unseen),
    ] {
        stage.measured(count(name, number, ""));
    }
    stage.measured(crate::words::value("latest row", counts.latest.as_secs_f64(), "s", ""));
    outcome
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    done: u64,
    seen: u64,
    others: u64,
    cannot: u64,
    unseen: u64,
    latest: Duration,
}

struct Played {
    /// Our ends by the gateway's ports.
    ends: BTreeMap<ChannelId, FarEnd>,
    /// When the ladder's zero was, by what was seen last.
    base: Duration,
    /// Others do something before the next row that must be seen.
    waits: bool,
    counts: Counts,
    tolerance: Duration,
    others: Duration,
}

impl Played {
    fn play(&mut self, stage: &mut Stage<'_, '_>, ladder: &Ladder) -> Outcome {
        stage.doing("on hook and silent")?;
        let settled = stage.now() + SETTLE;
        self.pass(stage, settled)?;
        for end in self.ends.values_mut() {
            end.seen.clear();
            end.ear.keys.clear();
        }
        self.base = stage.now();
        let last = ladder.rows.last().map_or(Duration::ZERO, |row| row.at);
        for row in &ladder.rows {
            stage.progress(row.at, last);
            self.row(stage, ladder, row)?;
        }
        let end = stage.now() + self.tolerance;
        self.pass(stage, end)?;
        self.unasked(ladder)?;
        let Counts { done, seen, .. } = self.counts;
        Ok(format!("{done} rows were done and {seen} seen, each in its time."))
    }

    /// Lets time pass.
    fn pass(&mut self, stage: &mut Stage<'_, '_>, until: Duration) -> Result<(), Stop> {
        while stage.now() < until {
            self.turn(stage)?;
        }
        Ok(())
    }

    fn turn(&mut self, stage: &mut Stage<'_, '_>) -> Result<(), Stop> {
        stage.tick()?;
        let now = stage.now();
        self.ends.values_mut().try_for_each(|end| end.turn(now))
    }

    fn row(&mut self, stage: &mut Stage<'_, '_>, ladder: &Ladder, row: &Row) -> Result<(), Stop> {
        let due = self.base + row.at;
        if row.what.is_done() {
            self.pass(stage, due)?;
            stage.doing(row.text.clone())?;
        }
        let known = row.what.port().is_none_or(|port| self.ends.contains_key(&port));
        match &row.what {
            _ if !known => self.counts.unseen += 1,
            What::Make { port, event, lasts } => {
                let made = self.ends.get_mut(port).map_or(Ok(false), |end| end.make(*event, *lasts))?;
                self.did(made);
            }
            What::Digit { port, digit } => {
                self.ends.entry(*port).and_modify(|end| end.press(*digit));
                self.did(true);
            }
            What::Tone { port, name } => {
                let tone = ears::named(ladder.country, name);
                self.did(tone.is_some());
                if let (Some(end), Some(tone)) = (self.ends.get_mut(port), tone) {
                    end.play(tone);
                }
            }
            What::Others => {
                self.pass(stage, due)?;
                stage.doing(format!("now others: {}", row.text))?;
                self.counts.others += 1;
                self.waits = true;
            }
            What::Cannot => self.counts.cannot += 1,
            What::Unseen => self.counts.unseen += 1,
            What::See { port, event, may: true } => {
                let seen = self.take(*port, *event, due);
                if seen.is_some() { self.counts.seen += 1 } else { self.counts.unseen += 1 }
            }
            What::See { port, event, may: false } => {
                let when =
                    self.wait(stage, ladder, row, Duration::ZERO, |this| this.take(*port, *event, due))?;
                // What comes later in the ladder is that much later, too.
                let late = when.saturating_sub(due);
                self.base += late;
                self.waits = false;
            }
            What::Digits { port, digits } => {
                self.wait(stage, ladder, row, ears::dialling(digits), |this| {
                    let end = this.ends.get_mut(port)?;
                    let place = end.ear.keys.find(digits.as_str())?;
                    end.ear.keys.drain(..place + digits.len());
                    Some(due)
                })?;
            }
            What::Hear { port, pitches, round } => {
                self.wait(stage, ladder, row, *round, |this| {
                    this.ends.get(port).is_some_and(|end| end.hears(pitches)).then_some(due)
                })?;
            }
        }
        Ok(())
    }

    fn did(&mut self, done: bool) {
        if done { self.counts.done += 1 } else { self.counts.cannot += 1 }
    }

    /// An event that came in its time.
    fn take(&mut self, port: ChannelId, event: LineEvent, due: Duration) -> Option<Duration> {
        let end = self.ends.get_mut(&port)?;
        let early = due.saturating_sub(self.tolerance);
        let place =
            end.seen.iter().position(|(when, seen)| *seen == event && (*when >= early || self.waits))?;
        end.seen.remove(place).map(|(when, _)| when)
    }

    /// Waits for a row, some time longer than the tolerance; when it came.
    fn wait(
        &mut self,
        stage: &mut Stage<'_, '_>,
        ladder: &Ladder,
        row: &Row,
        longer: Duration,
        mut came: impl FnMut(&mut Self) -> Option<Duration>,
    ) -> Result<Duration, Stop> {
        let due = self.base + row.at;
        let patience = self.tolerance + longer + if self.waits { self.others } else { Duration::ZERO };
        let end = due.max(stage.now()) + patience;
        // What is heard now may be the end of what was heard before.
        self.pass(stage, due)?;
        stage.doing(row.text.clone())?;
        loop {
            if let Some(when) = came(self) {
                self.counts.seen += 1;
                self.counts.latest = self.counts.latest.max(stage.now().saturating_sub(due));
                return Ok(when);
            }
            if stage.now() >= end {
                return failed(
                    format!(
                        "At {:.3} s \"{}\" does not come within {:.1} s{}.",
                        row.at.as_secs_f64(),
                        row.text,
                        patience.as_secs_f64(),
                        self.instead(row)
                    ),
                    remedy(ladder),
                );
            }
            self.turn(stage)?;
        }
    }

    /// What came instead.
    fn instead(&self, row: &Row) -> String {
        let Some(end) = row.what.port().and_then(|port| self.ends.get(&port)) else { return String::new() };
        let mut came: Vec<String> = end
            .seen
            .iter()
            .rev()
            .take(8)
            .rev()
            .map(|(when, event)| {
                format!("{event:?} at {:.3} s", when.saturating_sub(self.base).as_secs_f64())
            })
            .collect();
        if !end.ear.keys.is_empty() {
            came.push(format!("the keys {}", end.ear.keys.chars().take(40).collect::<String>()));
        }
        if came.is_empty() {
            ", and nothing else does".into()
        } else {
            format!("; there is {}", came.join(", "))
        }
    }

    /// What the gateway did and the ladder does not know.
    fn unasked(&self, ladder: &Ladder) -> Result<(), Stop> {
        for (port, end) in &self.ends {
            let rings = ladder.rows.iter().any(|row| matches!(row.what, What::See { port: at, event: LineEvent::RingStarted, .. } if at == *port));
            let tells = |event: LineEvent| match event {
                // A burst may come as two where it is rung to the beat of a country.
                LineEvent::RingStarted => !rings,
                LineEvent::OffHook | LineEvent::OnHook | LineEvent::Flash | LineEvent::PulseDigit(_) => true,
                LineEvent::LoopBreak => true,
                _ => false,
            };
            if let Some((when, event)) = end.seen.iter().find(|(_, event)| tells(*event)) {
                let when = when.saturating_sub(self.base).as_secs_f64();
                return failed(
                    format!("At {when:.3} s port {port} does {event:?}, which is not in the ladder."),
                    remedy(ladder),
                );
            }
        }
        Ok(())
    }
}

fn remedy(ladder: &Ladder) -> String {
    let head = if ladder.head.is_empty() { "the default".into() } else { ladder.head.join("; ") };
    format!(
        "Is the gateway set up as the ladder wants it ({head})? Then look at this call's ladder in the gateway, and at the cable."
    )
}
