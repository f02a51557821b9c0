//! The running gateway as the API knows it.

use crate::amend::{Amendment, Amendments};
use crate::args::Args;
use crate::hardware_test::HardwareTests;
use crate::inbox::{Inbox, Order};
use crate::learned::Memory;
use crate::shared::Shared;
use crate::system::SystemLink;
use demarc_api::{Gateway, HardwarePort, HardwareSpan, Refusal, ReportForm, SimulatedNumber};
use demarc_clock::{Clock, unix_ms};
use demarc_hal::{Card, Driver, SharedDriver, SpanStatus};
use demarc_model::hardware_test::{Bench, RunRequest, RunState, TestInfo};
use demarc_model::learned::Known;
use demarc_model::live::{ChannelState, Ladder, Live, LiveEvent};
use demarc_model::{CallId, ChannelId, Config, Finding, SpanId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::broadcast;

/// How long the switch has for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The running gateway.
pub struct Running {
    /// What the command line decides over the configuration.
    pub args: Args,
    /// The switch's inbox.
    pub inbox: Inbox,
    /// What the switch shows.
    pub shared: Arc<Shared>,
    /// The cards.
    pub driver: SharedDriver,
    /// The machine under the gateway.
    pub system: Option<SystemLink>,
    /// The process's clock.
    pub clock: Clock,
    /// What the simulated telco answers.
    pub numbers: Vec<SimulatedNumber>,
    /// What technicians run.
    pub tests: HardwareTests,
    /// What lines were seen to do.
    pub memory: Memory,
    /// Where it is asked to be written.
    pub amendments: Amendments,
}

impl Running {
    /// Asks the switch something. The asker's async thread is marked as waiting.
    fn ask<T: Send>(&self, order: impl FnOnce(SyncSender<T>) -> Order) -> Option<T> {
        let (reply, answer) = sync_channel(1);
        self.inbox.post(order(reply)).ok()?;
        tokio::task::block_in_place(|| answer.recv_timeout(PATIENCE)).ok()
    }
}

impl Gateway for Running {
    fn live(&self) -> Arc<Live> {
        self.shared.live()
    }

    fn subscribe(&self) -> broadcast::Receiver<LiveEvent> {
        self.shared.subscribe()
    }

    fn apply(&self, revision: u64, config: Arc<Config>) {
        let config = Arc::new(self.args.override_config(Config::clone(&config)));
        if let Some(system) = &self.system {
            system.configure(revision, &config, unix_ms(self.clock.now().wall) / 1000);
        }
        if self.inbox.post(Order::Config(config)).is_err() {
            tracing::error!(revision, "the switch took no configuration: it comes with the next change");
        }
        self.shared.tell(LiveEvent::Revision { revision });
    }

    fn hang_up(&self, call: CallId) -> bool {
        let known = self.live().calls.iter().any(|live| live.call == call);
        known && self.inbox.post(Order::HangUp(call)).is_ok()
    }

    fn ladder(&self, call: CallId) -> Option<Ladder> {
        self.ask(|reply| Order::Ladder(call, reply))?
    }

    fn recent_ladders(&self) -> Vec<CallId> {
        self.ask(Order::LadderCalls).unwrap_or_default()
    }

    fn simulated_numbers(&self) -> Vec<SimulatedNumber> {
        self.numbers.clone()
    }

    fn sip_address(&self) -> Option<SocketAddr> {
        self.args.sip
    }

    fn hardware(&self) -> Vec<HardwareSpan> {
        let port = |port: &demarc_hal::Port| HardwarePort { channel: port.id, kind: port.kind };
        let found = self.shared.hardware();
        found
            .spans
            .iter()
            .map(|span| HardwareSpan {
                id: span.id,
                name: span.name.clone(),
                kind: span.kind,
                ports: span.ports.iter().map(port).collect(),
            })
            .collect()
    }

    fn cards(&self) -> Vec<Card> {
        self.shared.hardware().cards.clone()
    }

    fn findings(&self) -> Vec<Finding> {
        self.shared.findings().to_vec()
    }

    fn known(&self) -> Known {
        self.memory.known()
    }

    fn take_known(&self, config: &Config, known: Known) {
        for line in &config.lines {
            if self.inbox.post(Order::Known(line.id, known.of(line.id).to_vec())).is_err() {
                tracing::error!(line = line.id.0, "what is known of the line counts after the next start");
            }
        }
        self.memory.replace(known);
        self.amendments.ask(Amendment::Relearned);
    }

    fn span_status(&self, span: SpanId) -> Option<SpanStatus> {
        self.driver.span_status(span).ok()
    }

    fn machine(&self) -> Option<Arc<dyn demarc_api::Machine>> {
        let link = self.system.clone()?;
        Some(Arc::new(link))
    }

    fn restart_channel(&self, channel: ChannelId) -> bool {
        let live = self.live();
        let span = live.spans.iter().find(|span| span.span == channel.span);
        let found = span.and_then(|span| span.channels.iter().find(|other| other.slot == channel.slot));
        let free = found.is_some_and(|found| matches!(found.state, ChannelState::Idle | ChannelState::Down));
        free && self.inbox.post(Order::RestartChannel(channel)).is_ok()
    }

    fn hardware_tests(&self) -> Vec<TestInfo> {
        demarc_hwtest::list()
    }

    fn start_hardware_tests(&self, request: RunRequest, began_ms: u64) -> Result<(), Refusal> {
        self.tests.start(request, began_ms)
    }

    fn hardware_test_run(&self) -> RunState {
        self.tests.state()
    }

    fn cancel_hardware_tests(&self) -> bool {
        self.tests.cancel()
    }

    fn answer_hardware_test(&self, yes: bool) -> bool {
        self.tests.answer(yes)
    }

    fn read_bench(&self, toml: &str) -> Result<Bench, String> {
        demarc_hwtest::bench::parse(toml)
    }

    fn hardware_test_report(&self, form: ReportForm) -> Option<Vec<u8>> {
        self.tests.report(form)
    }

    fn hardware_test_file(&self, name: &str) -> Option<Vec<u8>> {
        self.tests.file(name)
    }
}
