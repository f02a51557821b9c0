//! Call control: who is called, by which way, what each party hears, and when a call is over.
//!
//! The rooms at the edge turn their protocols into [`demarc_model::LegEvent`]s; [`Pbx`] answers with
//! [`demarc_model::LegCommand`]s and decides what every stream plays. It knows neither SIP nor
//! Q.931 nor loops.
//!
//! What an edge can rely on:
//! - Before `Ring { in_band: true }`, `Progress` or `Answer` the PBX plays nothing to the caller, so
//!   that the edge may (dial tone, ringback). From then on what the caller hears is the PBX's.
//! - An outgoing leg's stream is the PBX's from its first `Progress` or `Alerting` with `in_band`,
//!   else from its `Answered`.
//! - The PBX never orders detection ([`demarc_model::MediaCommand::Detect`]): that is the edge's.
//! - Every leg is told to hang up at most once, and every leg that is not told has said `Ended`.
#![forbid(unsafe_code)]

mod bridge;
mod call;
mod caller_id;
mod desk;
mod emergency;
mod extension;
mod leg;
mod memory;
mod parties;
mod pbx;
mod ring_group;
mod route;
mod service;

pub use pbx::Pbx;

use demarc_model::config::{ExtensionId, ExtensionSetting};
use demarc_model::record::CallRecord;
use demarc_model::{CallId, Config, LegCommand, LegEvent, MediaCommand, MessageWaiting, Trace};
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
    /// The network says that messages wait for somebody, or no more do.
    MessageWaiting(MessageWaiting),
    /// A new configuration: calls that begin from now on use it, running ones keep theirs.
    Config(Arc<Config>),
}

/// What call control wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// To the room that owns the leg; a [`LegCommand::Dial`] to the room of its party.
    Leg(LegCommand),
    /// To media: what a party hears, and digits for it.
    Media(MediaCommand),
    /// To the store: when a call begins, is answered, and ends (then `ended_ms` is set, once).
    Record(Box<CallRecord>),
    /// To the store: the user of an extension has changed something by dialling a code. Call control
    /// knows already; the configuration must have it too, or it is lost with the next one.
    Setting {
        /// Whose.
        extension: ExtensionId,
        /// What.
        setting: ExtensionSetting,
    },
    /// To the ladder: a decision and its reason.
    Trace(Trace),
    /// What [`Pbx::live_calls`] shows may have changed.
    Changed,
}
