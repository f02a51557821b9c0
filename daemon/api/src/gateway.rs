//! What the API asks of the running gateway.

use demarc_model::hardware_test::{Bench, RunRequest, RunState, TestInfo};
use demarc_model::learned::Known;
use demarc_model::live::{Ladder, Live, LiveEvent};
use demarc_model::{CallId, Card, ChannelId, Config, Finding, PortKind, SpanId, SpanKind, SpanStatus};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::broadcast;
use utoipa::ToSchema;

/// The running gateway. No method may block for longer than a lock takes.
pub trait Gateway: Send + Sync + 'static {
    /// As it is now.
    fn live(&self) -> Arc<Live>;
    /// What happens from now on. A receiver that lags loses its connection, nobody else's.
    fn subscribe(&self) -> broadcast::Receiver<LiveEvent>;
    /// Takes a configuration into force that was validated and stored, and tells the watchers
    /// ([`LiveEvent::Revision`]). Called in the order of revisions.
    fn apply(&self, revision: u64, config: Arc<Config>);
    /// Ends a call; false when there is no such one.
    fn hang_up(&self, call: CallId) -> bool;
    /// The ladder of a call that lives or ended lately.
    fn ladder(&self, call: CallId) -> Option<Ladder>;
    /// The calls that have a ladder, newest first.
    fn recent_ladders(&self) -> Vec<CallId>;
    /// The numbers of the simulated telco; empty on real hardware.
    fn simulated_numbers(&self) -> Vec<SimulatedNumber>;
    /// Where SIP is served over UDP and TCP when the command line says so, whatever is configured.
    fn sip_address(&self) -> Option<SocketAddr>;
    /// The spans and ports as they are now.
    fn hardware(&self) -> Vec<HardwareSpan>;
    /// Every card that was found.
    fn cards(&self) -> Vec<Card>;
    /// What the autopilot has found out.
    fn findings(&self) -> Vec<Finding>;
    /// What lines were seen to do.
    fn known(&self) -> Known;
    /// Takes over what the lines of this configuration, which is in force, were seen to do elsewhere: it
    /// replaces all that is known of lines.
    fn take_known(&self, config: &Config, known: Known);
    /// Layer 1 of a span; none when no card has it.
    fn span_status(&self, span: SpanId) -> Option<SpanStatus>;
    /// The machine under the gateway, where the operating system is ours.
    fn machine(&self) -> Option<Arc<dyn crate::Machine>> {
        None
    }
    /// Restarts a B channel that carries no call; false when it is not there, or carries one.
    fn restart_channel(&self, channel: ChannelId) -> bool;
    /// What hardware tests there are, in order.
    fn hardware_tests(&self) -> Vec<TestInfo>;
    /// Starts a run of hardware tests, which began at `began_ms` (milliseconds since 1970).
    ///
    /// # Errors
    /// Why it does not start.
    fn start_hardware_tests(&self, request: RunRequest, began_ms: u64) -> Result<(), Refusal>;
    /// How the run stands, or how the last one went; empty when there was none.
    fn hardware_test_run(&self) -> RunState;
    /// Ends the run; false when there is none.
    fn cancel_hardware_tests(&self) -> bool;
    /// Answers what the run asks; false when it asks nothing.
    fn answer_hardware_test(&self, yes: bool) -> bool;
    /// Reads a `bench.toml`.
    ///
    /// # Errors
    /// What is wrong in which line, and what to write there.
    fn read_bench(&self, toml: &str) -> Result<Bench, String>;
    /// The report of the run, or of the last one; none when there was none.
    fn hardware_test_report(&self, form: ReportForm) -> Option<Vec<u8>>;
    /// A recording of the last run.
    fn hardware_test_file(&self, name: &str) -> Option<Vec<u8>>;
}

/// Why a run of hardware tests does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What is asked for does not fit the hardware: what is wrong, and what to do.
    Wrong(String),
    /// Another run goes on, or a span is in use.
    NotNow(String),
}

/// What a report is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// For programs: the run's state with the tests' words.
    Json,
    /// One page that needs nothing else.
    Html,
    /// For the file.
    Pdf,
}

/// A number that the simulated telco answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SimulatedNumber {
    /// What to dial.
    pub number: String,
    /// What it does.
    pub name: String,
}

/// A span as the hardware has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HardwareSpan {
    /// Its number.
    pub id: SpanId,
    /// The card and port, for people.
    pub name: String,
    /// What it carries.
    pub kind: SpanKind,
    /// Its channels, in order.
    pub ports: Vec<HardwarePort>,
}

/// A port as the hardware has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HardwarePort {
    /// Where it is.
    pub channel: ChannelId,
    /// What it is.
    pub kind: PortKind,
}
