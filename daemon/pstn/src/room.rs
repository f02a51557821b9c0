//! The room: every machine behind one door.

use crate::desk::{Desk, Place};
use crate::em_line::{self, EmLine};
use crate::fxo_line::FxoLine;
use crate::fxs_line::FxsLine;
use crate::isdn_span::{self, IsdnSpan};
use crate::r2_span::R2Span;
use crate::trunk_group::{Attempt, Found, Members, Readiness, TrunkGroups};
use crate::{Input, Output};
use demarc_hal::SpanInfo;
use demarc_model::config::{DeviceId, DeviceKind, Hunt, LineId, Trunk, TrunkId, TrunkKind};
use demarc_model::live::{LiveDevice, LiveLine, LiveSpan, LiveTrunk};
use demarc_model::{Cause, ChannelId, Config, Instant, LegCommand, MessageWaiting, Now, Party, SpanId};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How many emergency calls may wait for a line on guard.
const MAX_WAITING: usize = 32;

/// Every span, line and FXS port of the gateway.
#[derive(Debug)]
pub struct Pstn {
    pub(crate) desk: Desk,
    pub(crate) spans: BTreeMap<SpanId, IsdnSpan>,
    pub(crate) fxo: BTreeMap<ChannelId, FxoLine>,
    pub(crate) fxs: BTreeMap<ChannelId, FxsLine>,
    pub(crate) r2: BTreeMap<SpanId, R2Span>,
    pub(crate) em: BTreeMap<ChannelId, EmLine>,
    groups: TrunkGroups,
    /// Emergency calls that wait for a line on guard.
    waiting: Vec<Attempt>,
}

impl Pstn {
    /// The room for `hardware`, as `config` wants it. Spans are down until `Event::Up`; analog
    /// ports are taken to work until they say otherwise.
    pub fn new(config: Arc<Config>, hardware: Vec<SpanInfo>) -> Self {
        let mut room = Self {
            desk: Desk::new(config),
            spans: BTreeMap::new(),
            fxo: BTreeMap::new(),
            fxs: BTreeMap::new(),
            r2: BTreeMap::new(),
            em: BTreeMap::new(),
            groups: TrunkGroups::default(),
            waiting: Vec::new(),
        };
        for span in &hardware {
            room.add_span(span);
        }
        room.configure();
        room
    }

    /// Takes something that happened. Drain [`Pstn::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        self.desk.now = now;
        let desk = &mut self.desk;
        match input {
            Input::Line { channel, event } => {
                if let Some(line) = self.fxo.get_mut(&channel) {
                    line.handle_event(desk, event);
                } else if let Some(line) = self.fxs.get_mut(&channel) {
                    line.handle_event(desk, event);
                } else if let Some(line) = self.em.get_mut(&channel) {
                    line.handle_event(desk, event);
                }
            }
            Input::R2 { span, event } => {
                if let Some(span) = self.r2.get_mut(&span) {
                    span.handle_event(desk, event);
                }
            }
            Input::Isdn { span, event } => {
                if let Some(span) = self.spans.get_mut(&span) {
                    span.handle_event(desk, event);
                }
            }
            Input::Alarms { span, alarms } => {
                if let Some(span) = self.spans.get_mut(&span) {
                    span.handle_alarms(desk, alarms);
                } else if let Some(span) = self.r2.get_mut(&span) {
                    span.handle_alarms(desk, alarms);
                } else {
                    for (_, line) in self.em.iter_mut().filter(|(channel, _)| channel.span == span) {
                        line.handle_alarms(desk, &alarms);
                    }
                }
            }
            Input::HelperGone { span } => {
                if let Some(span) = self.spans.get_mut(&span) {
                    span.handle_helper_gone(desk);
                } else if let Some(span) = self.r2.get_mut(&span) {
                    span.handle_helper_gone(desk);
                }
            }
            Input::SpanArrived(info) => self.span_arrived(&info),
            Input::SpanGone(span) => self.span_gone(span),
            Input::Media(event) => {
                let Some(channel) = desk.channel_of(event.stream()) else { return };
                if let Some(line) = self.fxo.get_mut(&channel) {
                    line.handle_media(desk, event);
                } else if let Some(line) = self.fxs.get_mut(&channel) {
                    line.handle_media(desk, &event);
                } else if let Some(span) = isdn_span::led(&mut self.spans, channel.span) {
                    span.handle_media(desk, &event);
                } else if let Some(line) = self.em.get_mut(&channel) {
                    line.handle_media(desk, &event);
                } else if let Some(span) = self.r2.get_mut(&channel.span) {
                    span.handle_media(desk, &event);
                }
            }
            Input::Leg(command) => self.command(command),
            Input::Known { line: id, what } => {
                if let Some(line) = self.fxo.values_mut().find(|line| line.line() == Some(id)) {
                    line.known(&what);
                }
            }
            Input::Probe { channel, step } => match self.fxo.get_mut(&channel) {
                Some(line) => line.probe(desk, step),
                None => {
                    desk.output(crate::Output::Probed {
                        channel,
                        what: demarc_model::learned::Probed::Refused,
                    });
                }
            },
            Input::RestartChannel { channel } => {
                if let Some(span) = isdn_span::led(&mut self.spans, channel.span) {
                    span.restart(desk, channel);
                }
            }
            Input::MessageWaiting { trunk, waiting } => self.tell_messages(trunk, &waiting),
            Input::Config(config) => {
                desk.config = config;
                self.configure();
            }
        }
        self.hunt();
    }

    /// Time has come to what [`Pstn::poll_timeout`] named. Drain [`Pstn::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        self.desk.now = now;
        for span in self.spans.values_mut() {
            span.handle_timeout(&mut self.desk);
        }
        for span in self.r2.values_mut() {
            span.handle_timeout(&mut self.desk);
        }
        for line in self.em.values_mut() {
            line.handle_timeout(&mut self.desk);
        }
        for line in self.fxo.values_mut() {
            line.handle_timeout(&mut self.desk);
        }
        for line in self.fxs.values_mut() {
            line.handle_timeout(&mut self.desk);
        }
        self.hunt();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.desk.poll_output()
    }

    /// When [`Pstn::handle_timeout`] is due, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        let spans = self.spans.values().filter_map(IsdnSpan::poll_timeout);
        let r2 = self.r2.values().filter_map(R2Span::poll_timeout);
        let em = self.em.values().filter_map(EmLine::poll_timeout);
        let fxo = self.fxo.values().filter_map(FxoLine::poll_timeout);
        let fxs = self.fxs.values().filter_map(FxsLine::poll_timeout);
        let patience = self.waiting.iter().filter_map(|attempt| attempt.patience);
        let waiting = patience.map(|until| (until, "emergency call waits for a line"));
        spans.chain(r2).chain(em).chain(fxo).chain(fxs).chain(waiting).min()
    }

    /// No leg lives, no audio is open for one, and no channel is held or rests.
    pub fn is_quiet(&self) -> bool {
        self.desk.is_quiet()
            && self.waiting.is_empty()
            && self.spans.values().all(IsdnSpan::is_idle)
            && self.r2.values().all(R2Span::is_idle)
            && self.em.values().all(EmLine::is_idle)
            && self.fxo.values().all(FxoLine::is_idle)
            && self.fxs.values().all(FxsLine::is_quiet)
    }

    /// How the channels of a span with MFC/R2 are to be run now; none when it is not configured or
    /// disabled. A change of the configuration shows here once the span is idle.
    pub fn r2_settings(&self, span: SpanId) -> Option<demarc_r2::Settings> {
        self.r2.get(&span)?.settings()
    }

    /// The digital spans of the hardware, in order.
    pub fn live_spans(&self) -> Vec<LiveSpan> {
        let isdn = self.spans.values();
        let mut spans: Vec<LiveSpan> = isdn.map(|span| self.leading(span).live(span)).collect();
        spans.extend(self.r2.values().map(R2Span::live));
        spans.extend(em_line::live(&self.em));
        spans.sort_by_key(|span| span.span);
        spans
    }

    /// The analog ports of the hardware, in order.
    pub fn live_lines(&self) -> Vec<LiveLine> {
        let mut lines: Vec<LiveLine> = self.fxo.values().map(FxoLine::live).collect();
        lines.extend(self.fxs.values().map(FxsLine::live));
        lines.sort_by_key(|line| line.channel);
        lines
    }

    /// The trunks made of spans and lines.
    pub fn live_trunks(&self) -> Vec<LiveTrunk> {
        self.desk.config.trunks.iter().filter_map(|trunk| self.live_trunk(trunk)).collect()
    }

    /// The telephones on FXS ports.
    pub fn live_devices(&self) -> Vec<LiveDevice> {
        let devices = self.desk.config.devices.iter().filter_map(|device| match &device.kind {
            DeviceKind::Fxs(port) => {
                let reachable = self.fxs.get(&port.channel).is_some_and(FxsLine::works);
                Some(LiveDevice { device: device.id, reachable, contacts: Vec::new() })
            }
            DeviceKind::Sip(_) => None,
        });
        devices.collect()
    }

    pub(crate) fn configure(&mut self) {
        for span in self.spans.values_mut() {
            span.configure(&mut self.desk);
        }
        isdn_span::regroup(&mut self.spans, &mut self.desk);
        for span in self.r2.values_mut() {
            span.configure(&mut self.desk);
        }
        for line in self.em.values_mut() {
            line.configure(&mut self.desk);
        }
        for line in self.fxo.values_mut() {
            line.configure(&mut self.desk);
        }
        for line in self.fxs.values_mut() {
            line.configure(&mut self.desk);
        }
    }

    fn command(&mut self, command: LegCommand) {
        let desk = &mut self.desk;
        let leg = command.leg();
        match (command, desk.place(leg)) {
            // A leg that lives is not dialled again.
            (LegCommand::Dial(_), Some(_)) => {}
            (LegCommand::Dial(dial), None) => match dial.to {
                Party::Trunk(_) => desk.again(Attempt::new(dial)),
                Party::Device(device) => {
                    let channel = port_of(&desk.config, device);
                    match channel.and_then(|channel| self.fxs.get_mut(&channel)) {
                        Some(line) => line.dial(desk, &dial),
                        None => {
                            desk.ended(leg, Cause::DESTINATION_OUT_OF_ORDER, Some("there is no such port"));
                        }
                    }
                }
            },
            (command, Some(Place::Span(span))) => {
                if let Some(span) = self.spans.get_mut(&span) {
                    span.handle_command(desk, command);
                } else if let Some(span) = self.r2.get_mut(&span) {
                    span.handle_command(desk, command);
                }
            }
            (command, Some(Place::Port(channel))) => {
                if let Some(line) = self.fxo.get_mut(&channel) {
                    line.handle_command(desk, command);
                } else if let Some(line) = self.fxs.get_mut(&channel) {
                    line.handle_command(desk, command);
                } else if let Some(line) = self.em.get_mut(&channel) {
                    line.handle_command(desk, command);
                }
            }
            (LegCommand::Hangup { cause, .. }, Some(Place::Waiting)) => {
                self.waiting.retain(|attempt| attempt.dial.leg != leg);
                desk.ended(leg, cause, None);
            }
            _ => {}
        }
    }

    /// Finds a channel for every call to a trunk that has none.
    fn hunt(&mut self) {
        isdn_span::follow(&mut self.spans, &mut self.desk);
        let mut attempts = std::mem::take(&mut self.waiting);
        attempts.extend(self.desk.take_again());
        // An emergency call comes before the others, whatever came first.
        attempts.sort_by_key(|attempt| !attempt.dial.emergency);
        for attempt in attempts {
            self.place(attempt);
        }
    }

    fn place(&mut self, mut attempt: Attempt) {
        let leg = attempt.dial.leg;
        let trunk = match attempt.dial.to {
            Party::Trunk(id) => self.desk.config.trunks.iter().find(|trunk| trunk.id == id && trunk.enabled),
            Party::Device(_) => None,
        };
        let Some(members) = trunk.and_then(|trunk| self.members(trunk)) else {
            return self.desk.ended(leg, Cause::NETWORK_OUT_OF_ORDER, Some("the trunk is not in use"));
        };
        match self.groups.find(&attempt, &members) {
            Found::Channel(channel) => {
                if let Some(line) = self.fxo.get_mut(&channel) {
                    line.dial(&mut self.desk, attempt);
                } else if let Some(span) = isdn_span::led(&mut self.spans, channel.span) {
                    span.dial(&mut self.desk, channel, attempt);
                } else if let Some(span) = self.r2.get_mut(&channel.span) {
                    span.dial(&mut self.desk, channel.slot, attempt);
                } else if let Some(line) = self.em.get_mut(&channel) {
                    line.dial(&mut self.desk, attempt);
                }
            }
            Found::Wait(until) if self.may_wait(&attempt) => {
                let longest = *attempt.patience.get_or_insert(until);
                attempt.patience = Some(longest.max(until));
                self.desk.settle(leg, Place::Waiting);
                self.waiting.push(attempt);
            }
            Found::Wait(_) => self.desk.ended(leg, Cause::NO_CIRCUIT, None),
            Found::Nothing(cause) => self.desk.ended(leg, cause, None),
        }
    }

    fn may_wait(&self, attempt: &Attempt) -> bool {
        let patient =
            attempt.patience.is_none_or(|until| until + Duration::from_millis(1) > self.desk.now.mono);
        attempt.dial.emergency && patient && self.waiting.len() < MAX_WAITING
    }

    /// What a trunk is made of; none for a trunk of another room.
    fn members(&self, trunk: &Trunk) -> Option<Members> {
        match &trunk.kind {
            TrunkKind::Pri { spans, hunt, .. } => {
                let mut spans = spans.clone();
                // Spans are used in their order; it is the channels of each that are hunted down.
                if *hunt == Hunt::Descending {
                    spans.reverse();
                }
                let channels = spans.iter().flat_map(|span| self.channels(*span)).collect();
                Some(Members { hunt: *hunt, channels, down: Cause::NETWORK_OUT_OF_ORDER })
            }
            TrunkKind::Fxo { lines, hunt } => {
                let lines = lines.iter().filter_map(|id| self.line(*id));
                let channels = lines.map(|(channel, line)| (channel, line.readiness())).collect();
                Some(Members { hunt: *hunt, channels, down: Cause::DESTINATION_OUT_OF_ORDER })
            }
            TrunkKind::Sip(_) => None,
        }
    }

    /// The channels of a span that calls can be placed on, in order.
    fn channels(&self, span: SpanId) -> Vec<(ChannelId, Readiness)> {
        if let Some(isdn) = self.spans.get(&span) {
            return self.leading(isdn).members(span).collect();
        }
        if let Some(span) = self.r2.get(&span) {
            return span.members().collect();
        }
        let lines = self.em.iter().filter(|(channel, _)| channel.span == span);
        lines.map(|(channel, line)| (*channel, line.readiness())).collect()
    }

    /// Why no call can be placed on a span.
    fn trouble(&self, span: SpanId) -> Option<&'static str> {
        if let Some(span) = self.spans.get(&span) {
            return span.trouble().or_else(|| self.leading(span).group_trouble());
        }
        if let Some(span) = self.r2.get(&span) {
            return span.trouble();
        }
        self.em
            .range(ChannelId { span, slot: 0 }..)
            .next()
            .filter(|(channel, _)| channel.span == span)?
            .1
            .trouble()
    }

    /// The span whose D channel signals the calls of a span.
    fn leading<'a>(&'a self, span: &'a IsdnSpan) -> &'a IsdnSpan {
        span.leader().and_then(|leader| self.spans.get(&leader)).unwrap_or(span)
    }

    /// Tells the far end of a trunk that messages wait.
    fn tell_messages(&mut self, trunk: TrunkId, waiting: &MessageWaiting) {
        let config = self.desk.config.clone();
        let Some(trunk) = config.trunks.iter().find(|known| known.id == trunk && known.enabled) else {
            return;
        };
        let TrunkKind::Pri { spans, .. } = &trunk.kind else { return };
        for id in spans {
            if let Some(span) = self.spans.get_mut(id)
                && span.tell_messages(&mut self.desk, waiting)
            {
                return;
            }
        }
    }

    fn line(&self, id: LineId) -> Option<(ChannelId, &FxoLine)> {
        self.fxo.iter().find(|(_, line)| line.line() == Some(id)).map(|(channel, line)| (*channel, line))
    }

    fn live_trunk(&self, trunk: &Trunk) -> Option<LiveTrunk> {
        let members = self.members(trunk)?.channels;
        let count = |wanted: &[Readiness]| members.iter().filter(|(_, r)| wanted.contains(r)).count();
        let working = members.iter().any(|(_, readiness)| *readiness != Readiness::Down);
        let reason = match &trunk.kind {
            _ if !trunk.enabled => Some("not in use"),
            _ if working => None,
            TrunkKind::Pri { spans, .. } => {
                let troubles = spans.iter().filter_map(|span| self.trouble(*span));
                Some(troubles.min().unwrap_or("no such span"))
            }
            _ if members.is_empty() => Some("no line is configured"),
            _ => Some("every line is unplugged"),
        };
        Some(LiveTrunk {
            trunk: trunk.id,
            up: reason.is_none(),
            reason: reason.map(str::to_owned),
            calls: u32::try_from(count(&[Readiness::Busy])).unwrap_or(u32::MAX),
            capacity: Some(u32::try_from(members.len()).unwrap_or(u32::MAX)),
        })
    }
}

/// The FXS port of a device.
fn port_of(config: &Config, id: DeviceId) -> Option<ChannelId> {
    config.devices.iter().find_map(|device| match &device.kind {
        DeviceKind::Fxs(port) if device.id == id => Some(port.channel),
        _ => None,
    })
}
