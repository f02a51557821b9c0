//! Starting and stopping.

use crate::amend::{self, Amendment, Amendments};
use crate::args::Args;
use crate::assemble::{self, Needs};
use crate::banner::{Banner, Secured};
use crate::cards::{self, Around};
use crate::certificate::Certificate;
use crate::control::{Backups, Control};
use crate::gateway::Running;
use crate::hardware_test::HardwareTests;
use crate::helper::Programs;
use crate::https::{self, Https};
use crate::inbox::{Inbox, Order};
use crate::learned::LearnedFile;
use crate::metrics::Metrics;
use crate::rtp_ports::{RtpPorts, RtpRange};
use crate::sim::Phones;
use crate::sip_tcp::SipTcp;
use crate::sip_udp::SipUdp;
use crate::site;
use crate::system::{Senses, SystemLink};
use crate::wake::Bell;
use demarc_api::{Api, Options, SimulatedNumber};
use demarc_clock::{Clock, unix_ms};
use demarc_hal::SpanInfo;
use demarc_model::Config;
use demarc_model::config::{Secret, telco_numbers};
use demarc_store::{Change, RecorderOptions, Store, random_text};
use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How often the store is told that the gateway lives: how exact the end of a call is after a crash.
const BEAT: Duration = Duration::from_secs(10);
/// How long requests in progress have when the daemon stops.
const FAREWELL: Duration = Duration::from_secs(2);
/// Letters of a generated password.
const PASSWORD: usize = 20;

/// Sends logs to standard error; `RUST_LOG` chooses which.
pub fn log(json: bool) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if json { logs.json().init() } else { logs.with_target(false).init() }
}

/// Runs until a signal asks it to stop.
///
/// # Errors
/// What kept it from starting, in one line.
pub fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(serve(args));
    runtime.shutdown_timeout(FAREWELL);
    result
}

async fn serve(args: Args) -> Result<(), Box<dyn Error>> {
    let clock = Clock::start();
    args.check()?;
    let programs = args.programs()?;
    let store = open_store(&args.data)?;
    let cards::Opened { driver, around, new } = cards::open(&args)?;
    let found = around.is_none().then(|| driver.spans());
    let config = Arc::new(args.override_config(current_config(&store, &args.data, clock, found.as_deref())?));
    let recorder = Arc::new(store.recorder(RecorderOptions::default())?);
    let http = TcpListener::bind(args.http).await.map_err(|error| {
        format!(
            "the web UI cannot be served on {}: {error}. \
             Stop the program that uses the port, or choose another with --http.",
            args.http
        )
    })?;

    let https = match args.https {
        Some(address) => Some((listen_https(address)?, certificate(&args.data)?)),
        None => None,
    };

    let runtime = tokio::runtime::Handle::current();

    let bell = Bell::new()?;
    let inbox = Inbox::new(bell.clone());
    let system = &config.system;
    let udp = system.sip.udp.map(SipUdp::bind).transpose()?;
    let tcp = SipTcp::serve(system.sip.tcp, inbox.0.clone())?;
    let media_ip = system.sip.udp.or(system.sip.tcp).map_or(Ipv4Addr::LOCALHOST.into(), |sip| sip.ip());
    let (first, count) = (system.rtp.first_port, system.rtp.ports);
    let rtp = RtpPorts::bind(RtpRange { ip: media_ip, first, count })?;
    let records = recorder.clone();
    let learned = LearnedFile::open(&args.data);
    let memory = learned.memory();
    for (line, what) in memory.known().iter() {
        let _ = inbox.0.post(Order::Known(line, what.to_vec()));
    }
    let (amendments, asked) = Amendments::new();
    new.into_iter().for_each(|span| amendments.ask(Amendment::Card(span)));
    let switch_inbox = inbox.0.clone();
    let started = assemble::start(Needs {
        name: "gateway",
        clock,
        config: config.clone(),
        driver,
        programs: &programs,
        udp,
        tcp: Some(tcp),
        rtp,
        records: Box::new(move |record| {
            if let Err(error) = records.record(record) {
                tracing::error!(%error, "a call record is lost");
            }
        }),
        amendments: Some(amendments.clone()),
        inbox,
        bell,
        runtime: runtime.clone(),
    })?;
    let simulated = around.is_some();
    let (telco_inbox, phones, cables) = match around {
        Some(Around { telco, phones, cables }) => {
            let telco = start_telco(clock, Box::new(telco), &programs, runtime)?;
            (Some(telco), Some(Phones::start(Box::new(phones), config.system.country)?), cables)
        }
        None => (None, None, Vec::new()),
    };
    let number = |(number, name)| SimulatedNumber { number, name };
    let numbers: Vec<SimulatedNumber> =
        if simulated { telco_numbers().into_iter().map(number).collect() } else { Vec::new() };
    let system_link = args.system.as_ref().map(|socket| SystemLink::new(socket, &args.data));
    let running = Arc::new(Running {
        args: args.clone(),
        inbox: switch_inbox.clone(),
        shared: started.shared.clone(),
        tests: HardwareTests::new(switch_inbox.clone(), started.driver.clone(), &args.data),
        driver: started.driver,
        system: system_link.as_ref().map(|(link, _)| link.clone()),
        clock,
        numbers: numbers.clone(),
        memory,
        amendments,
    });
    let setup_code = if store.is_set_up()? { None } else { Some(demarc_api::new_setup_code()?) };
    let api = Api::new(Options {
        store: store.clone(),
        gateway: running.clone(),
        clock: Arc::new(move || clock.now()),
        setup_code: setup_code.clone(),
        version: env!("CARGO_PKG_VERSION").into(),
    })?;
    amend::serve(asked, api.clone(), args.data.clone(), learned)?;
    let senses = Senses {
        api: api.clone(),
        shared: started.shared.clone(),
        inbox: switch_inbox.clone(),
        override_config: Box::new({
            let args = args.clone();
            move |config| args.override_config(config)
        }),
        fingerprint: https.as_ref().map(|(_, certificate)| certificate.fingerprint()),
        setup_code: setup_code.clone(),
    };
    let metrics = Metrics::install(started.shared, started.figures, store.clone())?;
    let sip = config.system.sip.udp.or(config.system.sip.tcp);
    let app = demarc_api::router(api.clone()).merge(metrics.router()).merge(demarc_webui::router());
    let https = match https {
        Some((listener, certificate)) => {
            let server = Https::serve(listener, &certificate, demarc_api::over_tls(app.clone()))?;
            Some((server, certificate.fingerprint()))
        }
        None => None,
    };
    let secured = https
        .as_ref()
        .map(|(server, fingerprint)| Secured { address: server.address(), fingerprint: fingerprint.clone() });
    let banner = Banner {
        http: http.local_addr()?,
        https: secured,
        sip: sip.map_or("not served".into(), |sip| sip.to_string()),
        data: args.data.clone(),
        setup_code,
        numbers,
        store,
    };
    let directory = banner.clone();
    let control = Control {
        phones,
        cables,
        directory: Box::new(move || directory.directory()),
        backups: Backups::new(api.clone()),
        gateway: running,
        now_ms: Box::new(move || unix_ms(clock.now().wall)),
    };
    control.serve(&args.data)?;

    let app = https::plain_at_home(app, https.as_ref().map(|(server, _)| server.address()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(
        axum::serve(http, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(async move {
                let _ = stopped.await;
            })
            .into_future(),
    );
    if let Some((link, rung)) = system_link {
        link.configure(senses.api.configuration().0, &config, unix_ms(clock.now().wall) / 1000);
        link.serve(rung, senses)?;
    }
    banner.print();

    let beating = recorder.clone();
    let beat = tokio::spawn(async move {
        let mut every = tokio::time::interval(BEAT);
        loop {
            every.tick().await;
            beating.alive(unix_ms(clock.now().wall));
        }
    });

    wait_for_signal().await?;
    tracing::info!("stopping: calls are ended, records are written");
    for inbox in [Some(&switch_inbox), telco_inbox.as_ref()].into_iter().flatten() {
        let _ = inbox.post(Order::Stop);
    }
    let _ = tokio::task::spawn_blocking(move || started.thread.join()).await;
    beat.abort();
    let _ = stop.send(());
    if let Some((server, _)) = &https {
        server.stop(FAREWELL);
    }
    let _ = tokio::time::timeout(FAREWELL, server).await;
    tokio::task::spawn_blocking(move || recorder.flush()).await??;
    Ok(())
}

fn listen_https(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    std::net::TcpListener::bind(address).map_err(|error| {
        format!(
            "HTTPS cannot be served on {address}: {error}. \
             Stop the program that uses the port, or choose another with --https."
        )
    })
}

fn certificate(data: &Path) -> Result<Certificate, String> {
    Certificate::open(data, &https::hostname(), &https::addresses()).map_err(|error| {
        format!("the certificate cannot be kept in {}: {error}. Is the disk full?", data.display())
    })
}

fn open_store(data: &Path) -> Result<Store, Box<dyn Error>> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|error| {
        format!("the data directory {} cannot be made: {error}. Choose another with --data.", data.display())
    })?;
    Ok(Store::open(data.join("demarc.db"))?)
}

/// The configuration in force; a gateway that nobody has set up gets one to begin with, made for
/// the real cards that were found, or the one that it was given for its site.
fn current_config(
    store: &Store,
    data: &Path,
    clock: Clock,
    found: Option<&[SpanInfo]>,
) -> Result<Config, Box<dyn Error>> {
    if let Some(revision) = store.current()? {
        return Ok(revision.config);
    }
    // Drawn before they are needed: the constructor cannot fail.
    let mut passwords = (0..16).map(|_| random_text(PASSWORD)).collect::<Result<Vec<_>, _>>()?;
    let mut secrets = || Secret::new(passwords.pop().unwrap_or_default());
    let given = site::configuration(data).unwrap_or_else(|why| {
        tracing::error!(why, "the configuration for this site cannot be used");
        None
    });
    let (config, summary) = match (given, found) {
        (Some(config), _) => (config, "For this site"),
        (None, Some(cards)) => (Config::for_hardware(cards, &mut secrets), "To begin with"),
        (None, None) => (Config::default_gateway(&mut secrets), "To begin with"),
    };
    let change = Change { expected: 0, author: "demarcd", summary, config: &config };
    store.commit(change, unix_ms(clock.now().wall))?;
    site::forget(data);
    Ok(config)
}

/// The telco has no SIP and keeps no records: only the wires.
fn start_telco(
    clock: Clock,
    driver: Box<dyn demarc_hal::Driver>,
    programs: &Programs,
    runtime: tokio::runtime::Handle,
) -> Result<Inbox, Box<dyn Error>> {
    let bell = Bell::new()?;
    let inbox = Inbox::new(bell.clone());
    let handle = inbox.0.clone();
    assemble::start(Needs {
        name: "telco",
        clock,
        config: Arc::new(Config::simulated_telco()),
        driver,
        programs,
        udp: None,
        tcp: None,
        rtp: RtpPorts::default(),
        records: Box::new(drop),
        amendments: None,
        inbox,
        bell,
        runtime,
    })?;
    Ok(handle)
}

async fn wait_for_signal() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
