//! The autopilot at its place: told what the switch hears, obeyed by the cards.

use super::hardware::{Hardware, News, is_idle};
use demarc_autopilot::{
    Autopilot, Hands, Input, LineInput, LineOrder, LineSetup, SpanInput, SpanPlan, SpanSetup, serve,
};
use demarc_hal::{Alarm, ChannelId, LineEvent, Signalling, SignallingSeen, SpanId, SpanStatus};
use demarc_isdn::Event;
use demarc_model::config::{LineId, Span};
use demarc_model::learned::{Learned, LineProbe, Probed};
use demarc_model::live::{ChannelState, Live};
use demarc_model::{Config, Finding, Instant, Now};
use nix::sys::epoll::Epoll;
use std::collections::{BTreeMap, BTreeSet};

/// The autopilot of a switch thread.
pub(super) struct Pilot {
    autopilot: Autopilot,
    /// Spans and lines as they were set up last.
    spans: BTreeMap<SpanId, SpanSetup>,
    lines: BTreeMap<ChannelId, LineSetup>,
    /// Spans and lines that carry calls.
    busy: BTreeSet<SpanId>,
    busy_lines: BTreeSet<ChannelId>,
    /// Lines that are off hook for it.
    probed: BTreeSet<ChannelId>,
    /// What the room of lines is to do for it.
    steps: Vec<(ChannelId, LineProbe)>,
    /// Spans whose plan was tried and works: the configuration is to have it.
    proven: Vec<Span>,
    changed: bool,
    heard: bool,
}

impl Pilot {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            autopilot: Autopilot::new(seed),
            spans: BTreeMap::new(),
            lines: BTreeMap::new(),
            busy: BTreeSet::new(),
            busy_lines: BTreeSet::new(),
            probed: BTreeSet::new(),
            steps: Vec::new(),
            proven: Vec::new(),
            changed: false,
            heard: false,
        }
    }

    /// The cards or the configuration have changed: what is looked after changes with them.
    pub(super) fn look_after(&mut self, now: Now, hardware: &Hardware, config: &Config) {
        let wanted = hardware.piloted();
        let away = |id: &SpanId| !wanted.contains_key(id) && !hardware.is_tried(*id);
        let gone: Vec<SpanId> = self.spans.keys().copied().filter(away).collect();
        for span in gone {
            self.spans.remove(&span);
            self.tell(now, Input::Span { span, input: SpanInput::Gone });
        }
        for (span, setup) in wanted {
            if self.spans.get(&span) != Some(&setup) {
                self.spans.insert(span, setup.clone());
                self.tell(now, Input::Span { span, input: SpanInput::Setup(setup) });
            }
        }
        let lines: BTreeMap<ChannelId, LineSetup> = hardware
            .open_lines()
            .filter_map(|channel| {
                let line = config.lines.iter().find(|line| line.channel == channel)?;
                let country = config.system.country;
                let setup = LineSetup { country, caller_id: line.caller_id, pinned: line.pinned.clone() };
                Some((channel, setup))
            })
            .collect();
        let gone: Vec<ChannelId> = self.lines.keys().copied().filter(|id| !lines.contains_key(id)).collect();
        for channel in gone {
            self.lines.remove(&channel);
            if self.probed.remove(&channel) {
                self.steps.push((channel, LineProbe::Release));
            }
            self.tell(now, Input::Line { channel, input: LineInput::Gone });
        }
        for (channel, setup) in lines {
            if self.lines.get(&channel) != Some(&setup) {
                self.lines.insert(channel, setup.clone());
                self.tell(now, Input::Line { channel, input: LineInput::Setup(setup) });
            }
        }
        self.changed = true;
    }

    /// The helper of a span said something.
    pub(super) fn hear_isdn(&mut self, now: Now, hardware: &mut Hardware, span: SpanId, event: &Event) {
        if !self.spans.contains_key(&span) {
            return;
        }
        if *event == Event::Up {
            self.proven.extend(hardware.take_proven(span));
        }
        self.tell(now, Input::Span { span, input: SpanInput::Isdn(event.clone()) });
    }

    /// Layer 1 of a span has changed.
    pub(super) fn hear_alarms(&mut self, now: Now, hardware: &Hardware, span: SpanId, alarms: &[Alarm]) {
        if self.spans.contains_key(&span) {
            let status = hardware.status(span);
            let status = status.unwrap_or(SpanStatus { alarms: alarms.to_vec(), ..SpanStatus::default() });
            self.tell(now, Input::Span { span, input: SpanInput::Status(status) });
        }
    }

    /// A port saw something.
    pub(super) fn hear_line(&mut self, now: Now, channel: ChannelId, event: LineEvent) {
        if self.lines.contains_key(&channel) {
            self.tell(now, Input::Line { channel, input: LineInput::Event(event) });
        }
    }

    /// The room of lines has learnt something.
    pub(super) fn learn(&mut self, now: Now, config: &Config, line: LineId, what: &Learned) {
        let Some(line) = config.lines.iter().find(|known| known.id == line) else { return };
        let input = LineInput::Learned(what.clone());
        self.tell(now, Input::Line { channel: line.channel, input });
    }

    /// Something came of a probe, or a call has ended it.
    pub(super) fn hear_probe(&mut self, now: Now, channel: ChannelId, what: Probed) {
        let input = match what {
            Probed::Heard { country, tone } => LineInput::Heard { country, tone },
            Probed::Refused => {
                self.probed.remove(&channel);
                LineInput::Refused
            }
        };
        self.tell(now, Input::Line { channel, input });
    }

    /// What the room of lines is to do.
    pub(super) fn take_steps(&mut self) -> Vec<(ChannelId, LineProbe)> {
        std::mem::take(&mut self.steps)
    }

    /// What carries calls now.
    pub(super) fn watch(&mut self, now: Now, live: &Live) {
        let busy: BTreeSet<SpanId> =
            self.spans.keys().copied().filter(|span| !is_idle(live, *span)).collect();
        let former = std::mem::replace(&mut self.busy, busy.clone());
        for span in busy.symmetric_difference(&former) {
            let input = SpanInput::InUse(busy.contains(span));
            self.tell(now, Input::Span { span: *span, input });
        }
        let rests = |state| matches!(state, ChannelState::Idle | ChannelState::Down);
        let used = live.lines.iter().filter(|line| !rests(line.state)).map(|line| line.channel);
        let busy_lines: BTreeSet<ChannelId> = used
            .filter(|channel| self.lines.contains_key(channel) && !self.probed.contains(channel))
            .collect();
        let former = std::mem::replace(&mut self.busy_lines, busy_lines.clone());
        for channel in busy_lines.symmetric_difference(&former) {
            let input = LineInput::InUse(busy_lines.contains(channel));
            self.tell(now, Input::Line { channel: *channel, input });
        }
    }

    /// Something was heard since [`Pilot::serve`].
    pub(super) fn wants(&self) -> bool {
        self.heard
    }

    fn tell(&mut self, now: Now, input: Input) {
        self.autopilot.handle_input(now, input);
        self.heard = true;
    }

    /// When [`Pilot::serve`] is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.autopilot.poll_timeout().map(|(at, _)| at)
    }

    /// Lets it do what it wants by now.
    pub(super) fn serve(
        &mut self,
        now: Now,
        hardware: &mut Hardware,
        live: &Live,
        epoll: &Epoll,
    ) -> Vec<News> {
        let steps = Vec::new();
        let mut hands = SwitchHands { hardware, live, epoll, now, news: Vec::new(), found: false, steps };
        self.heard = false;
        serve(&mut self.autopilot, now, &mut hands);
        self.changed |= hands.found;
        for (channel, step) in &hands.steps {
            match step {
                LineProbe::Seize => _ = self.probed.insert(*channel),
                LineProbe::Release => _ = self.probed.remove(channel),
                LineProbe::Listen(_) => {}
            }
        }
        self.steps.append(&mut hands.steps);
        hands.news
    }

    /// Everything that was found out, when something of it is new.
    pub(super) fn take_findings(&mut self) -> Option<Vec<Finding>> {
        std::mem::take(&mut self.changed).then(|| self.autopilot.findings().cloned().collect())
    }

    /// Spans that the configuration is to have as they were found.
    pub(super) fn take_proven(&mut self) -> Vec<Span> {
        std::mem::take(&mut self.proven)
    }
}

struct SwitchHands<'a> {
    hardware: &'a mut Hardware,
    live: &'a Live,
    epoll: &'a Epoll,
    now: Now,
    news: Vec<News>,
    found: bool,
    steps: Vec<(ChannelId, LineProbe)>,
}

impl Hands for SwitchHands<'_> {
    fn look(&mut self, span: SpanId) -> Option<(Option<SignallingSeen>, SpanStatus)> {
        Some((self.hardware.signalling_seen(span), self.hardware.status(span)?))
    }

    fn run(&mut self, span: SpanId, plan: &SpanPlan) -> bool {
        // What carries no D channel is set up by hand: the autopilot only says what it saw.
        if plan.settings.signalling != Signalling::Isdn || !is_idle(self.live, span) {
            return false;
        }
        match self.hardware.try_plan(span, plan, self.now.mono, self.epoll) {
            Some(news) => {
                self.news.extend(news);
                true
            }
            None => false,
        }
    }

    fn line(&mut self, channel: ChannelId, order: LineOrder) -> bool {
        // The room of lines has the last word: it may still refuse ([`Pilot::hear_probe`]).
        self.steps.push((
            channel,
            match order {
                LineOrder::Seize => LineProbe::Seize,
                LineOrder::Listen(country) => LineProbe::Listen(country),
                LineOrder::Release => LineProbe::Release,
            },
        ));
        true
    }

    fn found(&mut self, finding: &Finding) {
        tracing::info!(?finding.subject, ?finding.setting, value = finding.value, "found out");
        self.found = true;
    }
}
