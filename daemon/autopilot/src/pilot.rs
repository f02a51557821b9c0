//! All pilots of a machine, and the order of its clocks.

use crate::line::LinePilot;
use crate::span::{LAST, SpanPilot};
use crate::words::{Input, LineInput, LineOutput, Output, SpanInput, SpanOutput};
use demarc_hal::{ChannelId, SpanId};
use demarc_model::{Finding, Instant, Now};
use std::collections::{BTreeMap, VecDeque};

/// Spans and lines that are looked after; more are left as they are.
const MANY: usize = 1024;
/// Outputs that wait to be fetched.
const WAITING: usize = 65_536;

/// The autopilot of a machine.
#[derive(Debug)]
pub struct Autopilot {
    seed: u64,
    spans: BTreeMap<SpanId, SpanPilot>,
    lines: BTreeMap<ChannelId, LinePilot>,
    output: VecDeque<Output>,
}

impl Autopilot {
    /// An autopilot with nothing to look after. Two that may face each other want different seeds.
    pub fn new(seed: u64) -> Self {
        Self { seed, spans: BTreeMap::new(), lines: BTreeMap::new(), output: VecDeque::new() }
    }

    /// What was seen.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Span { span, input } => {
                if matches!(input, SpanInput::Setup(_)) && self.spans.len() < MANY {
                    self.spans.entry(span).or_insert_with(|| SpanPilot::new(span, self.seed));
                }
                let gone = matches!(input, SpanInput::Gone);
                if let Some(pilot) = self.spans.get_mut(&span) {
                    pilot.handle_input(now.mono, input);
                }
                if gone {
                    self.spans.remove(&span);
                }
            }
            Input::Line { channel, input } => {
                if matches!(input, LineInput::Setup(_)) && self.lines.len() < MANY {
                    self.lines.entry(channel).or_insert_with(|| LinePilot::new(channel));
                }
                let gone = matches!(input, LineInput::Gone);
                if let Some(pilot) = self.lines.get_mut(&channel) {
                    pilot.handle_input(now.mono, input);
                }
                if gone {
                    self.lines.remove(&channel);
                }
            }
        }
        self.gather(now.mono);
    }

    /// Time has come to [`Autopilot::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Now) {
        self.spans.values_mut().for_each(|pilot| pilot.handle_timeout(now.mono));
        self.lines.values_mut().for_each(|pilot| pilot.handle_timeout(now.mono));
        self.gather(now.mono);
    }

    /// The next thing it wants.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When [`Autopilot::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let spans = self.spans.values().filter_map(SpanPilot::poll_timeout);
        spans.chain(self.lines.values().filter_map(LinePilot::poll_timeout)).min()
    }

    /// Everything found out so far, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let spans = self.spans.values().flat_map(SpanPilot::findings);
        spans.chain(self.lines.values().flat_map(LinePilot::findings))
    }

    /// The pilot of a span.
    pub fn span(&self, span: SpanId) -> Option<&SpanPilot> {
        self.spans.get(&span)
    }

    fn gather(&mut self, now: Instant) {
        let mut ran = false;
        for (span, pilot) in &mut self.spans {
            while let Some(output) = pilot.poll_output() {
                ran |= matches!(output, SpanOutput::Run(_));
                replace(&mut self.output, *span, output);
            }
        }
        if ran {
            self.order_clocks(now);
        }
        for (channel, pilot) in &mut self.lines {
            while let Some(output) = pilot.poll_output() {
                if self.output.len() >= WAITING && matches!(output, LineOutput::Found(_)) {
                    continue;
                }
                self.output.push_back(Output::Line { channel: *channel, output });
            }
        }
    }

    /// Every source has a number of its own, telco spans first: a PBX behind the gateway may follow a
    /// worse clock. A span that may not be touched keeps its number.
    fn order_clocks(&mut self, now: Instant) {
        let mut sources: Vec<(bool, u8, SpanId)> = self
            .spans
            .iter()
            .filter_map(|(span, pilot)| Some((pilot.clocking()?, *span)))
            .filter(|((_, timing), _)| *timing > 0)
            .map(|((telco, timing), span)| (!telco, timing, span))
            .collect();
        sources.sort_unstable();
        let numbers: Vec<u8> = sources.iter().map(|(_, timing, _)| *timing).collect();
        let distinct = numbers.iter().all(|n| numbers.iter().filter(|m| *m == n).count() == 1);
        if distinct && numbers.is_sorted() && !numbers.contains(&LAST) {
            return;
        }
        let fixed = |span: &SpanId| self.spans.get(span).is_some_and(|pilot| !pilot.may_reorder());
        let kept: Vec<u8> = sources.iter().filter(|(.., span)| fixed(span)).map(|(_, n, _)| *n).collect();
        let free = (1..=u8::MAX).filter(|number| !kept.contains(number));
        let movable: Vec<_> = sources.iter().map(|(.., span)| *span).filter(|span| !fixed(span)).collect();
        for (span, number) in movable.into_iter().zip(free) {
            let Some(pilot) = self.spans.get_mut(&span) else { continue };
            pilot.set_priority(now, number);
            while let Some(output) = pilot.poll_output() {
                replace(&mut self.output, span, output);
            }
        }
    }
}

/// Adds an output; a span that is to be run twice is only run the second way.
fn replace(queue: &mut VecDeque<Output>, span: SpanId, output: SpanOutput) {
    if matches!(output, SpanOutput::Run(_)) {
        let run = |of: &SpanId, output: &SpanOutput| *of == span && matches!(output, SpanOutput::Run(_));
        queue.retain(|waits| !matches!(waits, Output::Span { span, output } if run(span, output)));
    } else if queue.len() >= WAITING {
        return; // nobody fetches them; findings can be asked for, and there will be another look
    }
    queue.push_back(Output::Span { span, output });
}
