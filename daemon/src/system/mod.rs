//! The way to `demarc-system`, the part of the appliance that runs as root: how we do goes there,
//! orders come back.

mod test_call;

use crate::inbox::{Inbox, Order as SwitchOrder};
use crate::shared::Shared;
use demarc_api::{Api, Machine};
use demarc_hal::Signalling;
use demarc_model::Config;
use demarc_model::appliance::{Answer, BEAT, Beat, MAX_LINE, Machine as Wanted, Order, Request, TestCall};
use demarc_model::live::Live;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(65);
/// How long the switch may take to answer before it is not healthy.
const HEALTHY: Duration = Duration::from_secs(5);

/// The way to the machine. Clones lead to the same.
#[derive(Debug, Clone)]
pub struct SystemLink {
    socket: PathBuf,
    upload: PathBuf,
    /// Wakes the thread: there is a new configuration.
    bell: SyncSender<()>,
    machine: Arc<Mutex<Option<Wanted>>>,
}

/// What the thread looks at.
pub struct Senses {
    /// The API, for what is changed and asked.
    pub api: Api,
    /// What the switch shows.
    pub shared: Arc<Shared>,
    /// The switch.
    pub inbox: Inbox,
    /// The configuration with what the command line decides.
    pub override_config: Box<dyn Fn(Config) -> Config + Send + Sync>,
    /// Of the certificate of the web UI.
    pub fingerprint: Option<String>,
    /// For the console, until somebody has set the unit up.
    pub setup_code: Option<String>,
}

impl SystemLink {
    /// A way that nobody walks yet, and the end for [`SystemLink::serve`].
    pub fn new(socket: &Path, data: &Path) -> (Self, Receiver<()>) {
        let (bell, rung) = sync_channel(1);
        let upload = data.join("update/upload.raucb");
        (Self { socket: socket.to_owned(), upload, bell, machine: Arc::default() }, rung)
    }

    /// A configuration came into force. Never waits.
    pub fn configure(&self, revision: u64, config: &Config, now_s: u64) {
        let wanted = Wanted::new(revision, config, now_s);
        *self.machine.lock().unwrap_or_else(PoisonError::into_inner) = Some(wanted);
        // When it rings already, the thread takes the newest.
        let (Ok(()) | Err(TrySendError::Full(()) | TrySendError::Disconnected(()))) = self.bell.try_send(());
    }

    /// Tells how we do, for ever, in a thread of its own.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn serve(&self, rung: Receiver<()>, around: Senses) -> std::io::Result<()> {
        let link = self.clone();
        std::thread::Builder::new().name("system".into()).spawn(move || link.run(&rung, around)).map(drop)
    }

    fn run(self, rung: &Receiver<()>, mut around: Senses) {
        let test_call: Arc<Mutex<Option<TestCall>>> = Arc::default();
        let mut complained = false;
        loop {
            let wanted = self.machine.lock().unwrap_or_else(PoisonError::into_inner).take();
            let mut fault = None;
            if let Some(wanted) = wanted
                && let Err(error) = self.ask(&Request::Configure { machine: Box::new(wanted.clone()) })
            {
                fault = Some(error);
                let mut waiting = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
                waiting.get_or_insert(wanted);
            }
            let heard = test_call.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let beat = Box::new(around.beat(heard));
            match self.ask(&Request::Beat { beat }) {
                Ok(Answer::Orders { orders }) => {
                    orders.into_iter().for_each(|order| around.obey(order, &test_call));
                }
                Ok(other) => fault = Some(format!("it says {other:?}")),
                Err(error) => fault = Some(error),
            }
            if let Some(error) = fault.as_ref().filter(|_| !complained) {
                tracing::warn!(error, "demarc-system cannot be told how we do");
            }
            complained = fault.is_some();
            let _ = rung.recv_timeout(BEAT);
        }
    }
}

impl Machine for SystemLink {
    fn ask(&self, request: &Request) -> Result<Answer, String> {
        let words = |error: std::io::Error| format!("the system does not answer: {error}");
        let stream = UnixStream::connect(&self.socket).map_err(words)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(words)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(words)?;
        let mut text = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        text.push(b'\n');
        (&stream).write_all(&text).map_err(words)?;
        let mut line = String::new();
        BufReader::new(&stream).take(MAX_LINE as u64).read_line(&mut line).map_err(words)?;
        serde_json::from_str(&line).map_err(|error| format!("the system says something odd: {error}"))
    }

    fn upload(&self) -> PathBuf {
        self.upload.clone()
    }
}

impl Senses {
    fn beat(&mut self, test_call: Option<TestCall>) -> Beat {
        let healthy = self.is_healthy();
        let (revision, config) = self.api.configuration();
        let live = self.shared.live();
        if self.setup_code.is_some() && self.api.has_administrator() {
            self.setup_code = None;
        }
        Beat {
            version: env!("CARGO_PKG_VERSION").into(),
            healthy,
            revision,
            calls: u32::try_from(live.calls.len()).unwrap_or(u32::MAX),
            spans_up: spans_up(&config, &live),
            trunks_up: live.trunks.iter().filter(|trunk| trunk.up).map(|trunk| trunk.trunk).collect(),
            test_call,
            setup_code: self.setup_code.clone(),
            fingerprint: self.fingerprint.clone(),
        }
    }

    /// The thread that handles calls answers.
    fn is_healthy(&self) -> bool {
        let (reply, answer) = sync_channel(1);
        self.inbox.post(SwitchOrder::LadderCalls(reply)).is_ok() && answer.recv_timeout(HEALTHY).is_ok()
    }

    fn obey(&mut self, order: Order, test_call: &Arc<Mutex<Option<TestCall>>>) {
        match order {
            Order::ResetAdministrator => match self.api.forget_administrators() {
                Ok(code) => self.setup_code = Some(code),
                Err(error) => tracing::error!(error, "the administrators cannot be forgotten"),
            },
            Order::SetInterfaces { interfaces, reason } => {
                let change = |config: &mut Config| config.appliance.interfaces = interfaces;
                if let Err(error) = self.api.amend("demarc-system", &reason, change) {
                    tracing::error!(%error, "the interfaces cannot be set");
                }
            }
            Order::TestCall { id } => {
                let fault = self.test_call().err();
                if let Some(fault) = &fault {
                    tracing::error!(fault, "the test call failed");
                }
                *test_call.lock().unwrap_or_else(PoisonError::into_inner) = Some(TestCall { id, fault });
            }
        }
    }

    /// A call through SIP, the switch and media, to an echo and back. For its time the switch knows a
    /// telephone and a number more, which nobody else can use: its password is drawn anew.
    fn test_call(&self) -> Result<(), String> {
        let (_, config) = self.api.configuration();
        let config = (self.override_config)(Config::clone(&config));
        let (config, plan) = test_call::prepare(config)?;
        let to_switch = |config: Config| {
            self.inbox.post(SwitchOrder::Config(Arc::new(config))).map_err(|error| error.to_string())
        };
        to_switch(config)?;
        let result = test_call::call(&plan);
        // What is in force by now: somebody may have changed it meanwhile.
        let (_, config) = self.api.configuration();
        to_switch((self.override_config)(Config::clone(&config)))?;
        result
    }
}

/// Spans that are configured and in order; one without a D channel has no layer 2.
fn spans_up(config: &Config, live: &Live) -> Vec<demarc_model::SpanId> {
    let has_layer_2 = |span: &demarc_model::SpanId| {
        config.spans.iter().any(|other| other.id == *span && other.signalling == Signalling::Isdn)
    };
    live.spans
        .iter()
        .filter(|span| span.alarms.is_empty() && (span.d_channel_up || !has_layer_2(&span.span)))
        .map(|span| span.span)
        .collect()
}

/// Where this machine reaches an address that it serves.
fn local(address: SocketAddr) -> SocketAddr {
    let mut address = address;
    if address.ip().is_unspecified() {
        // A socket of IPv6 that serves every address speaks IPv4, too; where it does not, `::1` is there.
        address.set_ip(if address.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}
