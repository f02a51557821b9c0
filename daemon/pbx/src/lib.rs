//! Call control: who is called, by which way, what each party hears, and when a call is over.
//!
//! The rooms at the edge turn their protocols into [`demarc_model::LegEvent`]s; [`Pbx`] answers with
//! [`demarc_model::LegCommand`]s and decides what every stream plays. It knows neither SIP nor
//! Q.931 nor loops.
#![forbid(unsafe_code)]

use demarc_model::live::{LiveCall, LiveEvent};
use demarc_model::record::CallRecord;
use demarc_model::{CallId, Config, Instant, LegCommand, LegEvent, LegId, MediaCommand, Now, Trace};
use std::collections::VecDeque;
use std::sync::Arc;

/// What call control is told.
#[derive(Debug, Clone)]
pub enum Input {
    /// A leg says something.
    Leg(LegEvent),
    /// An administrator ends a call.
    HangUp {
        /// Which.
        call: CallId,
    },
    /// A new configuration: calls that begin from now on use it, running ones keep theirs.
    Config(Arc<Config>),
}

/// What call control wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// To the room that owns the leg; a [`LegCommand::Dial`] to the room of its party.
    Leg(LegCommand),
    /// To media.
    Media(MediaCommand),
    /// To the store: when a call begins, is answered, and ends (then `ended_ms` is set, once).
    Record(CallRecord),
    /// To whoever watches: [`LiveEvent::Call`] and [`LiveEvent::CallEnded`].
    Live(LiveEvent),
    /// To the ladder: a decision and its reason.
    Trace(Trace),
}

/// Call control of one gateway.
#[derive(Debug)]
pub struct Pbx {
    #[allow(dead_code)]
    config: Arc<Config>,
    outputs: VecDeque<Output>,
}

impl Pbx {
    /// Call control with no calls. `started_at_unix_s` begins the call ids: seconds since 1970.
    pub fn new(config: Arc<Config>, started_at_unix_s: u64) -> Self {
        let _ = started_at_unix_s;
        Self { config, outputs: VecDeque::new() }
    }

    /// Takes one input. Drain [`Pbx::poll_output`] afterwards.
    pub fn handle_input(&mut self, _now: Now, _input: Input) {}

    /// Takes the passing of time. Drain [`Pbx::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, _now: Now) {}

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Pbx::handle_timeout`] is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        None
    }

    /// The call that a leg belongs to, until the leg's `Ended`.
    pub fn call_of(&self, _leg: LegId) -> Option<CallId> {
        None
    }

    /// The calls as they are now, oldest first.
    pub fn live_calls(&self) -> Vec<LiveCall> {
        Vec::new()
    }
}
