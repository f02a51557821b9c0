//! Hardware tests: the suite runs in a thread of its own, over spans that the switch lends.

use crate::inbox::{Inbox, Order};
use demarc_api::{Refusal, ReportForm};
use demarc_hal::{SharedDriver, SpanId};
use demarc_hwtest::jig::Jig;
use demarc_hwtest::{Continue, Plugs, RealTime, Rig, Time, report};
use demarc_model::hardware_test::{Inventory, RunRequest, RunState};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Octets of recordings that a run may keep.
const ROOM: usize = 16 * 1024 * 1024;
/// How long the switch has to lend spans.
const PATIENCE: Duration = Duration::from_secs(2);
/// Tries to give spans back: 10 ms each.
const TRIES: u32 = 1000;
/// What the unit had at the last start, in the data directory.
const FILE: &str = "inventory.json";

/// The one run that goes on, or was the last.
#[derive(Debug, Default)]
struct Desk {
    run: RunState,
    cancel: bool,
    answer: Option<bool>,
    files: BTreeMap<String, Vec<u8>>,
    kept: usize,
}

/// The hardware tests of a running gateway.
#[derive(Debug, Clone)]
pub struct HardwareTests {
    desk: Arc<Mutex<Desk>>,
    inbox: Inbox,
    driver: SharedDriver,
    /// What the unit had when it was started the time before.
    former: Option<Inventory>,
}

impl HardwareTests {
    /// Compares nothing yet: notes what is there for the next start, and remembers what was there at the
    /// last one.
    pub fn new(inbox: Inbox, driver: SharedDriver, data: &Path) -> Self {
        let former = former(data);
        let now = demarc_hwtest::inventory(&driver);
        let kept = serde_json::to_string_pretty(&now).map_err(std::io::Error::from);
        if let Err(error) = kept.and_then(|text| crate::learned::keep(data, FILE, &text)) {
            tracing::warn!(%error, "{FILE} cannot be written: the next start has nothing to compare with");
        }
        Self { desk: Arc::default(), inbox, driver, former }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it stands.
    pub fn state(&self) -> RunState {
        self.desk().run.clone()
    }

    /// Starts a run.
    ///
    /// # Errors
    /// Why it does not start.
    pub fn start(&self, request: RunRequest, began_ms: u64) -> Result<(), Refusal> {
        demarc_hwtest::check(&request, &self.driver).map_err(Refusal::Wrong)?;
        let jig = match &request.bench.jig {
            // A jig may take two seconds for its answer.
            Some(at) => Some(tokio::task::block_in_place(|| Jig::open(at)).map_err(Refusal::Wrong)?),
            None => None,
        };
        {
            let mut desk = self.desk();
            if desk.run.running {
                return Err(Refusal::NotNow("another run goes on: wait for it, or cancel it".into()));
            }
            let unit = request.bench.unit.clone();
            *desk = Desk::default();
            desk.run = RunState { running: true, began_at: began_ms, unit, ..RunState::default() };
        }
        let spans = demarc_hwtest::spans_taken(&request, &self.driver);
        let result = self.borrow(&spans).and_then(|driver| {
            let loan = Loan { inbox: self.inbox.clone(), spans };
            let tests = self.clone();
            let thread = std::thread::Builder::new().name("hardware tests".into());
            let run = move || tests.work(&request, began_ms, driver, jig, loan);
            thread.spawn(run).map(drop).map_err(|error| Refusal::NotNow(error.to_string()))
        });
        if result.is_err() {
            *self.desk() = Desk::default();
        }
        result
    }

    /// The driver, with these spans left alone by the switch.
    fn borrow(&self, spans: &BTreeSet<SpanId>) -> Result<SharedDriver, Refusal> {
        if spans.is_empty() {
            return Ok(self.driver.clone());
        }
        let busy = || Refusal::NotNow("the switch is too busy; try again".into());
        let (reply, answer) = sync_channel(1);
        self.inbox.post(Order::Lend(spans.clone(), reply)).map_err(|_| busy())?;
        let lent = tokio::task::block_in_place(|| answer.recv_timeout(PATIENCE)).map_err(|_| busy())?;
        lent.ok_or_else(|| {
            let spans: Vec<String> = spans.iter().map(ToString::to_string).collect();
            let spans = spans.join(", ");
            Refusal::NotNow(format!("one of the spans {spans} carries a call: wait until it has ended"))
        })
    }

    /// The thread.
    fn work(
        &self,
        request: &RunRequest,
        began_at: u64,
        mut driver: SharedDriver,
        mut jig: Option<Jig>,
        loan: Loan,
    ) {
        // Whatever happens, the run ends and the spans go back.
        let _ending = Ending(&self.desk);
        let _loan = loan;
        let mut keep = |name: &str, octets: &[u8]| {
            let mut desk = self.desk();
            if desk.kept + octets.len() > ROOM {
                return Err("there are too many recordings".into());
            }
            desk.kept += octets.len();
            desk.files.insert(name.to_owned(), octets.to_vec());
            Ok(())
        };
        let mut tell = |state: &RunState| {
            let mut desk = self.desk();
            desk.run.clone_from(state);
            // Its end is told when the spans are back.
            desk.run.running = true;
            match (desk.cancel, desk.answer.take()) {
                (true, _) => Continue::Cancel,
                (_, Some(true)) => Continue::Yes,
                (_, Some(false)) => Continue::No,
                _ => Continue::On,
            }
        };
        let mut rig = Rig {
            driver: &mut driver,
            alone: false,
            time: &mut RealTime,
            settings: BTreeMap::new(),
            former: request.bench.inventory.clone().or_else(|| self.former.clone()),
            plugs: jig.as_mut().map(|jig| jig as &mut dyn Plugs),
            keep: &mut keep,
            began_at,
        };
        demarc_hwtest::run(request, &mut rig, &mut tell);
    }

    /// Ends the run; false when there is none.
    pub fn cancel(&self) -> bool {
        let mut desk = self.desk();
        desk.cancel = desk.run.running;
        desk.cancel
    }

    /// Answers what the run asks; false when it asks nothing.
    pub fn answer(&self, yes: bool) -> bool {
        let mut desk = self.desk();
        let asks = desk.run.now.as_ref().is_some_and(|now| now.question.is_some());
        if asks {
            desk.answer = Some(yes);
        }
        asks
    }

    /// The report; none when there was no run.
    pub fn report(&self, form: ReportForm) -> Option<Vec<u8>> {
        let run = self.state();
        if run.began_at == 0 {
            return None;
        }
        let version = env!("CARGO_PKG_VERSION");
        match form {
            ReportForm::Json => report::json(&run).ok(),
            ReportForm::Html => Some(report::html(&run, version).into_bytes()),
            ReportForm::Pdf => Some(report::pdf(&run, version)),
        }
    }

    /// A recording.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.desk().files.get(name).cloned()
    }
}

fn former(data: &Path) -> Option<Inventory> {
    let path: PathBuf = data.join(FILE);
    match std::fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(%error, "{FILE} is damaged: it is written anew"))
            .ok(),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::warn!(%error, "{FILE} cannot be read");
            }
            None
        }
    }
}

/// Spans that go back to the switch.
struct Loan {
    inbox: Inbox,
    spans: BTreeSet<SpanId>,
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.spans.is_empty() {
            return;
        }
        for _ in 0..TRIES {
            if self.inbox.post(Order::GiveBack(self.spans.clone())).is_ok() {
                return;
            }
            // The switch has more to do than its box holds, or has ended.
            RealTime.tick();
        }
        tracing::error!(spans = ?self.spans, "the switch takes no spans back: start the gateway again");
    }
}

/// A run that has ended, whichever way.
struct Ending<'a>(&'a Mutex<Desk>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let mut desk = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        desk.run.running = false;
        desk.run.now = None;
    }
}
