//! The API with a real store and a gateway that only notes what it is told.
#![allow(dead_code)] // not every test uses everything

mod machine;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use demarc_api::{
    Api, Gateway, HardwarePort, HardwareSpan, Machine, Options, Refusal, ReportForm, SimulatedNumber,
};
use demarc_hal::{Bus, CardState};
use demarc_model::appliance::Request as MachineRequest;
use demarc_model::config::Secret;
use demarc_model::country::Confidence;
use demarc_model::hardware_test::{Bench, Disturbs, RunRequest, RunState, TestInfo};
use demarc_model::learned::Known;
use demarc_model::live::{Ladder, LadderRow, LegState, Live, LiveCall, LiveEvent, LiveLeg};
use demarc_model::trace::{Direction, Protocol};
use demarc_model::{
    CallId, Card, ChannelId, Config, Finding, Grade, Instant, Now, PortKind, Setting, SpanId, SpanKind,
    SpanStatus, Subject,
};
use demarc_store::{Change, NewSession, PasswordHash, Store, Token};
use http_body_util::BodyExt;
use machine::FakeMachine;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::broadcast;
use tower::ServiceExt;

pub const PASSWORD: &str = "correct horse";
pub const PHONE_PASSWORD: &str = "phone-password-0001";
pub const SETUP_CODE: &str = "7K2M-9Q0A";
/// The call that the fake gateway has.
pub const CALL: u64 = 1_700_000_000_000_001;

/// Notes what it is told.
pub struct FakeGateway {
    pub applied: Mutex<Vec<(u64, Arc<Config>)>>,
    pub hung_up: Mutex<Vec<CallId>>,
    pub events: broadcast::Sender<LiveEvent>,
    /// What the command line says.
    pub sip: Mutex<Option<SocketAddr>>,
    /// The machine under it.
    pub machine: Mutex<Option<Arc<FakeMachine>>>,
    pub hardware_run: Mutex<RunState>,
    /// Its spans and cards.
    pub plugged_in: Mutex<(Vec<HardwareSpan>, Vec<Card>)>,
    /// What its lines were seen to do.
    pub known: Mutex<Known>,
}

impl FakeGateway {
    /// What its machine was asked.
    pub fn asked(&self) -> Vec<MachineRequest> {
        let machine = self.machine.lock().unwrap().clone();
        machine.map(|machine| machine.asked.lock().unwrap().clone()).unwrap_or_default()
    }
}

impl Gateway for FakeGateway {
    fn machine(&self) -> Option<Arc<dyn Machine>> {
        let machine = self.machine.lock().unwrap().clone()?;
        Some(machine)
    }

    fn live(&self) -> Arc<Live> {
        let leg =
            LiveLeg { name: "Phone 201".into(), place: "192.0.2.7:5060".into(), state: LegState::Active };
        let call = LiveCall {
            call: CallId(CALL),
            started_ms: 1,
            answered_ms: Some(2),
            caller: "201".into(),
            called: "02079460100".into(),
            legs: vec![leg],
        };
        Arc::new(Live { calls: vec![call], ..Live::default() })
    }

    fn subscribe(&self) -> broadcast::Receiver<LiveEvent> {
        self.events.subscribe()
    }

    fn known(&self) -> Known {
        self.known.lock().unwrap().clone()
    }

    fn take_known(&self, _: &Config, known: Known) {
        *self.known.lock().unwrap() = known;
    }

    fn apply(&self, revision: u64, config: Arc<Config>) {
        self.applied.lock().unwrap().push((revision, config));
        let _ = self.events.send(LiveEvent::Revision { revision });
    }

    fn hang_up(&self, call: CallId) -> bool {
        self.hung_up.lock().unwrap().push(call);
        call == CallId(CALL)
    }

    fn ladder(&self, call: CallId) -> Option<Ladder> {
        let row = |at_us, party, direction, label: &str, detail: &str| LadderRow {
            at_us,
            party,
            direction,
            protocol: Protocol::Sip,
            label: label.into(),
            detail: detail.into(),
        };
        (call == CallId(CALL)).then(|| Ladder {
            call,
            parties: vec!["Phone 201".into(), "Telco".into()],
            rows: vec![
                row(
                    0,
                    0,
                    Direction::In,
                    "INVITE",
                    "INVITE sip:90100@gateway.example SIP/2.0\nMax-Forwards: 70",
                ),
                row(1_500_000, 1, Direction::Out, "SETUP", ""),
                row(1_500_001, 9, Direction::Note, "no such party", ""),
            ],
            dropped: 2,
        })
    }

    fn recent_ladders(&self) -> Vec<CallId> {
        vec![CallId(CALL)]
    }

    fn simulated_numbers(&self) -> Vec<SimulatedNumber> {
        vec![SimulatedNumber { number: "02079460100".into(), name: "Echo".into() }]
    }

    fn sip_address(&self) -> Option<SocketAddr> {
        *self.sip.lock().unwrap()
    }

    fn hardware(&self) -> Vec<HardwareSpan> {
        self.plugged_in.lock().unwrap().0.clone()
    }

    fn cards(&self) -> Vec<Card> {
        self.plugged_in.lock().unwrap().1.clone()
    }

    fn findings(&self) -> Vec<Finding> {
        vec![Finding {
            subject: Subject::Span { span: SpanId(1) },
            setting: Setting::Framing,
            value: Some("crc4".into()),
            grade: Grade::Read,
            evidence: vec!["the multiframe is found and no CRC-4 is wrong".into()],
            confidence: Confidence::High,
            pinned: false,
        }]
    }

    fn span_status(&self, span: SpanId) -> Option<SpanStatus> {
        (span == SpanId(1)).then(|| SpanStatus { slips: 3, ..SpanStatus::default() })
    }

    fn restart_channel(&self, channel: ChannelId) -> bool {
        channel == ChannelId::new(1, 1)
    }

    fn hardware_tests(&self) -> Vec<TestInfo> {
        vec![TestInfo {
            id: "alarms".into(),
            title: "Alarms".into(),
            about: "Looks at the alarms.".into(),
            needs: Vec::new(),
            seconds: (10, 2),
            disturbs: Disturbs::Nothing,
        }]
    }

    fn start_hardware_tests(&self, request: RunRequest, began_ms: u64) -> Result<(), Refusal> {
        let mut run = self.hardware_run.lock().unwrap();
        if run.running {
            return Err(Refusal::NotNow("a run goes on".into()));
        }
        if request.tests.iter().any(|test| test != "alarms") {
            return Err(Refusal::Wrong("there is no such test".into()));
        }
        *run =
            RunState { running: true, began_at: began_ms, unit: request.bench.unit, ..RunState::default() };
        Ok(())
    }

    fn hardware_test_run(&self) -> RunState {
        self.hardware_run.lock().unwrap().clone()
    }

    fn cancel_hardware_tests(&self) -> bool {
        std::mem::take(&mut self.hardware_run.lock().unwrap().running)
    }

    fn answer_hardware_test(&self, yes: bool) -> bool {
        yes && self.hardware_run.lock().unwrap().running
    }

    fn read_bench(&self, toml: &str) -> Result<Bench, String> {
        if toml.is_empty() { Ok(Bench::default()) } else { Err("line 1: what is this? Mend it.".into()) }
    }

    fn hardware_test_report(&self, form: ReportForm) -> Option<Vec<u8>> {
        let run = self.hardware_run.lock().unwrap();
        (run.began_at > 0).then(|| format!("{form:?} of {}", run.unit).into_bytes())
    }

    fn hardware_test_file(&self, name: &str) -> Option<Vec<u8>> {
        (name == "001-recording-echo.wav").then(|| b"RIFF".to_vec())
    }
}

/// A span with analog ports.
pub fn analog(id: u16, ports: &[PortKind]) -> HardwareSpan {
    let port =
        |(slot, kind): (u8, &PortKind)| HardwarePort { channel: ChannelId::new(id, slot), kind: *kind };
    let ports = (1u8..).zip(ports).map(port).collect();
    HardwareSpan { id: SpanId(id), name: "Sim".into(), kind: SpanKind::Analog, ports }
}

/// A card with these spans.
pub fn card(id: &str, spans: &[u16]) -> Card {
    Card {
        id: id.into(),
        bus: Bus::Pci,
        vendor: 0xd161,
        device: 0x800d,
        subvendor: 0,
        subdevice: 0,
        model: "Digium TE435".into(),
        driver: Some("wcte43x".into()),
        state: CardState::Working,
        spans: spans.iter().copied().map(SpanId).collect(),
    }
}

/// The API under test.
pub struct Lab {
    pub router: Router,
    pub store: Store,
    pub gateway: Arc<FakeGateway>,
    /// What the clock shows, in seconds.
    pub clock: Arc<AtomicU64>,
    /// A session of the administrator; none before setup.
    pub cookie: String,
    /// Requests that were answered with success: method and path.
    pub succeeded: Mutex<Vec<(String, String)>>,
    _dir: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The wrong fields of a problem: `source field`.
    pub fn fields(&self) -> Vec<String> {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        let errors = problem["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|e| format!("{} {}", e["source"].as_str().unwrap(), e["field"].as_str().unwrap()))
            .collect()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }
}

/// A request.
pub struct Call<'a> {
    lab: &'a Lab,
    request: axum::http::request::Builder,
    method: String,
    path: String,
    body: Option<Vec<u8>>,
    credentials: bool,
    source: SocketAddr,
}

impl Call<'_> {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Based on whichever revision is in force.
    pub fn any(self) -> Self {
        self.header("if-match", "*")
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into());
        self.header("content-type", "application/json")
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub fn anonymous(mut self) -> Self {
        self.credentials = false;
        self
    }

    pub fn from(mut self, source: &str) -> Self {
        self.source = source.parse().unwrap();
        self
    }

    pub async fn send(mut self) -> Answer {
        let body = self.body.take().map_or_else(Body::empty, Body::from);
        self.send_body(body).await
    }

    pub async fn send_body(mut self, body: Body) -> Answer {
        if self.credentials {
            self.request = self.request.header(header::COOKIE, &self.lab.cookie);
        }
        let mut request = self.request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.source));
        let response = self.lab.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes().to_vec();
        if status.is_success() {
            self.lab.succeeded.lock().unwrap().push((self.method, self.path));
        }
        Answer { status, headers, body }
    }
}

impl Lab {
    /// A gateway that is set up, and somebody signed in.
    pub fn new() -> Self {
        let mut lab = Self::fresh();
        static HASH: OnceLock<PasswordHash> = OnceLock::new();
        let hash = HASH.get_or_init(|| PasswordHash::new(PASSWORD).unwrap());
        lab.store.set_up("admin", hash, None, 0).unwrap();
        lab.cookie = lab.sign_in();
        lab
    }

    /// A gateway fresh from the box.
    pub fn fresh() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path().join("demarc.db")).unwrap();
        let mut n = 0;
        let config = Config::default_gateway(&mut || {
            n += 1;
            Secret::new(format!("phone-password-{n:04}"))
        });
        let change =
            Change { expected: 0, config: &config, author: "gateway", summary: "fresh from the box" };
        store.commit(change, 0).unwrap();
        let events = broadcast::channel(4).0;
        let gateway = Arc::new(FakeGateway {
            applied: Mutex::default(),
            hung_up: Mutex::default(),
            events,
            sip: Mutex::default(),
            machine: Mutex::new(Some(Arc::new(FakeMachine {
                asked: Mutex::default(),
                upload: dir.path().join("update/upload.raucb"),
                update: Mutex::default(),
            }))),
            hardware_run: Mutex::default(),
            known: Mutex::default(),
            plugged_in: Mutex::new((vec![analog(2, &[PortKind::Fxo])], vec![card("pci-0000:05:00.0", &[1])])),
        });
        let clock = Arc::new(AtomicU64::new(1_000_000));
        let seconds = clock.clone();
        let api = Api::new(Options {
            store: store.clone(),
            gateway: gateway.clone(),
            clock: Arc::new(move || {
                let now = Duration::from_secs(seconds.load(Ordering::SeqCst));
                Now { mono: Instant::from_start(now), wall: UNIX_EPOCH + now }
            }),
            setup_code: Some(SETUP_CODE.into()),
            version: "1.2.3".into(),
        })
        .unwrap();
        let router = demarc_api::router(api);
        Self { router, store, gateway, clock, cookie: String::new(), succeeded: Mutex::default(), _dir: dir }
    }

    /// A new session, without the cost of a password.
    pub fn sign_in(&self) -> String {
        let token = Token::generate().unwrap();
        let now_ms = self.clock.load(Ordering::SeqCst) * 1000;
        let session =
            NewSession { hash: token.hash(), administrator: "admin", expires_ms: now_ms + 86_400_000 };
        self.store.begin_session(session, now_ms).unwrap();
        format!("demarc_session={}", token.reveal())
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A request as a browser sends it: with the session and an origin.
    pub fn call(&self, method: &str, path: &str) -> Call<'_> {
        Call {
            lab: self,
            request: Request::builder()
                .method(method)
                .uri(path)
                .header(header::HOST, "gateway.example")
                .header(header::ORIGIN, "http://gateway.example"),
            method: method.into(),
            path: path.split('?').next().unwrap().into(),
            body: None,
            credentials: true,
            source: "192.0.2.9:50000".parse().unwrap(),
        }
    }

    /// A request without cookie and origin, as a program sends it.
    pub fn bare(&self, method: &str, path: &str) -> Call<'_> {
        let mut call = self.call(method, path).anonymous();
        call.request = Request::builder().method(method).uri(path).header(header::HOST, "gateway.example");
        call
    }

    pub async fn get(&self, path: &str) -> Value {
        self.call("GET", path).send().await.expect(200).json()
    }

    pub fn revision(&self) -> u64 {
        self.store.current().unwrap().unwrap().summary.revision
    }
}

/// Every operation of the description: method, path template, operationId.
pub fn operations() -> Vec<(String, String, String)> {
    let openapi = serde_json::to_value(demarc_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            operations.push((method.to_uppercase(), path.clone(), id));
        }
    }
    assert!(operations.len() > 60, "the description is read");
    operations
}

/// Does a path fit a template?
pub fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(&path).all(|(t, p)| t == p || t.starts_with('{'))
}
