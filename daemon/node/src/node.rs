//! The node: SIP, lines and call control as one machine.
//!
//! `handle_input` returns only when every inner machine is drained, so a node is a function from
//! its inputs to its outputs: the same inputs at the same times give the same outputs, and any call
//! can be replayed.

use crate::io::{Input, Output};
use crate::ladders::Ladders;
use demarc_hal::SpanInfo;
use demarc_model::config::{DeviceKind, TrunkKind};
use demarc_model::live::{Ladder, Live, LiveTrunk};
use demarc_model::{CallId, Config, Instant, LegCommand, LegEvent, LegId, MediaEvent, Now, Party, Room};
use demarc_pbx::Pbx;
use demarc_pstn::Pstn;
use demarc_sip::Sip;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// The gateway with the wires cut.
pub struct Node {
    config: Arc<Config>,
    sip: Sip,
    pstn: Pstn,
    pbx: Pbx,
    /// Where a leg that the PBX minted went.
    dialled: BTreeMap<LegId, Room>,
    ladders: Ladders,
    output: VecDeque<Output>,
    changed: bool,
}

impl Node {
    /// A node at rest. `seed` makes its tags, Call-IDs and SSRCs; `started` (seconds since 1970)
    /// makes its call ids; `hardware` is what the driver found.
    pub fn new(config: Arc<Config>, seed: u64, started: u64, hardware: Vec<SpanInfo>) -> Self {
        Self {
            sip: Sip::new(config.clone(), seed),
            pstn: Pstn::new(config.clone(), hardware),
            pbx: Pbx::new(config.clone(), started),
            config,
            dialled: BTreeMap::new(),
            ladders: Ladders::default(),
            output: VecDeque::new(),
            changed: true,
        }
    }

    /// Takes something that happened. Drain [`Node::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        match input {
            Input::Sip(input) => self.sip.handle_input(now, input),
            Input::Line { channel, event } => {
                self.pstn.handle_input(now, demarc_pstn::Input::Line { channel, event });
            }
            Input::R2 { span, event } => {
                self.pstn.handle_input(now, demarc_pstn::Input::R2 { span, event });
            }
            Input::Isdn { span, event } => {
                self.pstn.handle_input(now, demarc_pstn::Input::Isdn { span, event });
            }
            Input::HelperGone { span } => {
                self.pstn.handle_input(now, demarc_pstn::Input::HelperGone { span });
            }
            Input::Alarms { span, alarms } => {
                self.pstn.handle_input(now, demarc_pstn::Input::Alarms { span, alarms });
            }
            Input::SpanArrived(info) => {
                self.pstn.handle_input(now, demarc_pstn::Input::SpanArrived(info));
                self.changed = true;
            }
            Input::SpanGone(span) => {
                self.pstn.handle_input(now, demarc_pstn::Input::SpanGone(span));
                self.changed = true;
            }
            Input::RestartChannel { channel } => {
                self.pstn.handle_input(now, demarc_pstn::Input::RestartChannel { channel });
            }
            Input::Probe { channel, step } => {
                self.pstn.handle_input(now, demarc_pstn::Input::Probe { channel, step });
            }
            Input::MessageWaiting { trunk, waiting } => {
                self.pstn.handle_input(now, demarc_pstn::Input::MessageWaiting { trunk, waiting });
            }
            Input::Media(event) => self.media_event(now, event),
            Input::Known { line, what } => {
                self.pstn.handle_input(now, demarc_pstn::Input::Known { line, what });
            }
            Input::Config(config) => {
                self.config = config.clone();
                self.pbx.handle_input(now, demarc_pbx::Input::Config(config.clone()));
                self.pstn.handle_input(now, demarc_pstn::Input::Config(config.clone()));
                self.sip.handle_input(now, demarc_sip::Input::Config(config));
                self.changed = true;
            }
            Input::HangUp { call } => self.pbx.handle_input(now, demarc_pbx::Input::HangUp { call }),
        }
        self.drain(now);
    }

    /// Time has come to what [`Node::poll_timeout`] named. Drain [`Node::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        self.sip.handle_timeout(now);
        self.pstn.handle_timeout(now);
        self.pbx.handle_timeout(now);
        self.drain(now);
    }

    /// The next thing to do in the world.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// When [`Node::handle_timeout`] is due, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        [self.sip.poll_timeout(), self.pstn.poll_timeout(), self.pbx.poll_timeout()]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Has anything that [`Node::live`] shows changed since this was asked last?
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// The gateway as it is now.
    pub fn live(&self, now: Now) -> Live {
        let mut devices = self.sip.live_devices(now);
        devices.extend(self.pstn.live_devices());
        devices.sort_by_key(|device| device.device);
        let mut trunks: Vec<LiveTrunk> = self.pstn.live_trunks();
        trunks.extend(self.sip.live_trunks());
        trunks.sort_by_key(|trunk| trunk.trunk);
        Live {
            spans: self.pstn.live_spans(),
            lines: self.pstn.live_lines(),
            trunks,
            devices,
            calls: self.pbx.live_calls(now),
        }
    }

    /// The ladder of a call, live or recent.
    pub fn ladder(&self, call: CallId) -> Option<Ladder> {
        self.ladders.get(call)
    }

    /// The calls whose ladders are kept, the newest first.
    pub fn ladder_calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.ladders.calls()
    }

    /// No call is up and nothing of one is left.
    pub fn is_quiet(&self) -> bool {
        self.dialled.is_empty() && self.sip.is_quiet() && self.pstn.is_quiet() && self.pbx.is_quiet()
    }

    fn media_event(&mut self, now: Now, event: MediaEvent) {
        match event.stream().room() {
            Room::Sip => self.sip.handle_input(now, demarc_sip::Input::Media(event)),
            Room::Pstn => self.pstn.handle_input(now, demarc_pstn::Input::Media(event)),
            Room::Pbx => {}
        }
    }

    /// Carries what one room says to the others until all are silent.
    fn drain(&mut self, now: Now) {
        loop {
            if let Some(output) = self.pbx.poll_output() {
                self.pbx_says(now, output);
            } else if let Some(output) = self.pstn.poll_output() {
                self.pstn_says(now, output);
            } else if let Some(output) = self.sip.poll_output() {
                self.sip_says(now, output);
            } else {
                return;
            }
        }
    }

    fn sip_says(&mut self, now: Now, output: demarc_sip::Output) {
        use demarc_sip::Output as Said;
        match output {
            Said::Leg(event) => self.leg_event(now, event),
            Said::Media(command) => self.output.push_back(Output::Media(command)),
            Said::Send { flow, bytes } => self.output.push_back(Output::SipSend { flow, bytes }),
            Said::Resolve { host, port, transport } => {
                self.output.push_back(Output::SipResolve { host, port, transport });
            }
            Said::Trace(trace) => self.ladders.record(now, trace),
            Said::Changed => self.changed = true,
        }
    }

    fn pstn_says(&mut self, now: Now, output: demarc_pstn::Output) {
        use demarc_pstn::Output as Said;
        match output {
            Said::Leg(event) => self.leg_event(now, event),
            Said::Media(command) => self.output.push_back(Output::Media(command)),
            Said::Line { channel, command } => self.output.push_back(Output::Line { channel, command }),
            Said::R2 { span, command } => self.output.push_back(Output::R2 { span, command }),
            Said::Isdn { span, command } => self.output.push_back(Output::Isdn { span, command }),
            Said::MessageWaiting(waiting) => {
                self.pbx.handle_input(now, demarc_pbx::Input::MessageWaiting(waiting));
            }
            Said::Probed { channel, what } => self.output.push_back(Output::Probed { channel, what }),
            Said::Learned { line, what } => self.output.push_back(Output::Learned { line, what }),
            Said::Trace(trace) => self.ladders.record(now, trace),
            Said::Changed => self.changed = true,
        }
    }

    fn pbx_says(&mut self, now: Now, output: demarc_pbx::Output) {
        use demarc_pbx::Output as Said;
        match output {
            Said::Leg(command) => self.leg_command(now, command),
            Said::Media(command) => self.output.push_back(Output::Media(command)),
            Said::Record(record) => {
                self.changed = true;
                self.output.push_back(Output::Record(*record));
            }
            Said::Setting { extension, setting } => {
                self.output.push_back(Output::Setting { extension, setting });
            }
            Said::Trace(trace) => self.ladders.record(now, trace),
            Said::Changed => self.changed = true,
        }
    }

    fn leg_event(&mut self, now: Now, event: LegEvent) {
        self.changed = true;
        let leg = event.leg();
        let heading = match &event {
            LegEvent::Offered(offer) => Some(self.heading(offer.from)),
            _ => None,
        };
        if matches!(event, LegEvent::Ended { .. }) {
            self.dialled.remove(&leg);
        }
        self.pbx.handle_input(now, demarc_pbx::Input::Leg(event));
        if let (Some(heading), Some(call)) = (heading, self.pbx.call_of(leg)) {
            self.ladders.join(now, leg, call, heading);
        }
    }

    fn leg_command(&mut self, now: Now, command: LegCommand) {
        let leg = command.leg();
        let room = match &command {
            LegCommand::Dial(dial) => {
                let room = self.room_of(dial.to);
                self.dialled.insert(leg, room);
                if let Some(call) = self.pbx.call_of(leg) {
                    self.ladders.join(now, leg, call, self.heading(dial.to));
                }
                room
            }
            _ => match leg.room() {
                Room::Pbx => match self.dialled.get(&leg) {
                    Some(room) => *room,
                    None => return,
                },
                room => room,
            },
        };
        match room {
            Room::Sip => self.sip.handle_input(now, demarc_sip::Input::Leg(command)),
            Room::Pstn => self.pstn.handle_input(now, demarc_pstn::Input::Leg(command)),
            Room::Pbx => {}
        }
    }

    /// Which room reaches a party. One that is not configured goes to `pstn`, which refuses it.
    fn room_of(&self, party: Party) -> Room {
        let is_sip = match party {
            Party::Device(id) => self
                .config
                .devices
                .iter()
                .any(|device| device.id == id && matches!(device.kind, DeviceKind::Sip(_))),
            Party::Trunk(id) => self
                .config
                .trunks
                .iter()
                .any(|trunk| trunk.id == id && matches!(trunk.kind, TrunkKind::Sip(_))),
        };
        if is_sip { Room::Sip } else { Room::Pstn }
    }

    /// The column heading of a party in a ladder.
    fn heading(&self, party: Party) -> String {
        let name = match party {
            Party::Device(id) => {
                self.config.devices.iter().find(|device| device.id == id).map(|device| &device.name)
            }
            Party::Trunk(id) => {
                self.config.trunks.iter().find(|trunk| trunk.id == id).map(|trunk| &trunk.name)
            }
        };
        name.cloned().unwrap_or_else(|| "unknown".into())
    }
}
