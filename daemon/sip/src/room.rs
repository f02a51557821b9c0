//! The room as a whole: hands each input to the machine it is for.

use crate::{Input, Output};
use demarc_model::live::{LiveDevice, LiveTrunk};
use demarc_model::{Config, Instant, Now};
use std::collections::VecDeque;
use std::sync::Arc;

/// Everything SIP of one gateway.
#[derive(Debug)]
pub struct Sip {
    config: Arc<Config>,
    out: VecDeque<Output>,
}

impl Sip {
    /// A room that knows nobody yet. The seed makes every tag, branch, Call-ID, SSRC and nonce.
    pub fn new(config: Arc<Config>, seed: u64) -> Self {
        let _ = seed;
        Self { config, out: VecDeque::new() }
    }

    /// Takes one input; drain [`Sip::poll_output`] afterwards.
    pub fn handle_input(&mut self, now: Now, input: Input) {
        let _ = now;
        if let Input::Config(config) = input {
            self.config = config;
        }
    }

    /// Does what is due; drain [`Sip::poll_output`] afterwards.
    pub fn handle_timeout(&mut self, now: Now) {
        let _ = now;
    }

    /// The next thing to be done for the room.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When `handle_timeout` wants to be called, and for what.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        None
    }

    /// The SIP devices as they are now.
    pub fn live_devices(&self, now: Now) -> Vec<LiveDevice> {
        let _ = now;
        Vec::new()
    }

    /// The SIP trunks as they are now.
    pub fn live_trunks(&self) -> Vec<LiveTrunk> {
        Vec::new()
    }
}
