//! The room: every machine behind one door.

use crate::desk::{Desk, Place};
use crate::{Input, Output};
use demarc_hal::SpanInfo;
use demarc_isdn::Settings;
use demarc_model::live::{LiveDevice, LiveLine, LiveSpan, LiveTrunk};
use demarc_model::{Cause, Config, Instant, LegCommand, Now, SpanId};
use std::sync::Arc;

/// Every span, line and FXS port of the gateway.
#[derive(Debug)]
pub struct Pstn {
    desk: Desk,
    hardware: Vec<SpanInfo>,
}

impl Pstn {
    /// The room for `hardware`, as `config` wants it. Spans are down until `Event::Up`; analog
    /// ports are taken to work until they say otherwise.
    pub fn new(config: Arc<Config>, hardware: Vec<SpanInfo>) -> Self {
        Self { desk: Desk::new(config), hardware }
    }

    /// Takes something that happened. Drain [`Pstn::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        self.desk.now = now;
        match input {
            Input::Leg(LegCommand::Dial(dial)) => {
                self.desk.settle(dial.leg, Place::Waiting);
                self.desk.ended(dial.leg, Cause::NETWORK_OUT_OF_ORDER, None);
            }
            Input::Config(config) => self.desk.config = config,
            _ => {}
        }
    }

    /// Time has come to what [`Pstn::poll_timeout`] named. Drain [`Pstn::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        self.desk.now = now;
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.desk.poll_output()
    }

    /// When [`Pstn::handle_timeout`] is due, and what for.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        None
    }

    /// No leg lives and no channel waits for anything.
    pub fn is_quiet(&self) -> bool {
        self.desk.is_quiet()
    }

    /// How the signalling of a span is to be run now; none when it is not configured or disabled.
    /// A change of the configuration shows here once the span is idle: when it differs from what
    /// its helper was started with, start the helper again.
    pub fn span_settings(&self, _span: SpanId) -> Option<Settings> {
        None
    }

    /// The digital spans of the hardware, in order.
    pub fn live_spans(&self) -> Vec<LiveSpan> {
        let _ = &self.hardware;
        Vec::new()
    }

    /// The analog ports of the hardware, in order.
    pub fn live_lines(&self) -> Vec<LiveLine> {
        Vec::new()
    }

    /// The trunks made of spans and lines.
    pub fn live_trunks(&self) -> Vec<LiveTrunk> {
        Vec::new()
    }

    /// The telephones on FXS ports.
    pub fn live_devices(&self) -> Vec<LiveDevice> {
        Vec::new()
    }
}
