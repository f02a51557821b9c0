//! `demarcd` as a process of its own, with a data directory of its own.

use super::wait_for;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// How long starting may take on a busy machine.
const START: Duration = Duration::from_secs(60);
/// The administrator's password in tests.
const PASSWORD: &str = "correct horse battery staple";

/// A running daemon. Dropping it ends the process.
pub struct Demarcd {
    child: Child,
    data: Arc<TempDir>,
    /// Where the web UI is.
    pub http: SocketAddr,
    /// Where SIP is served.
    pub sip: SocketAddr,
    rtp: u16,
    log: Arc<Mutex<String>>,
    token: Option<String>,
}

/// The programs under test: those that `make build` made, or those that `DEMARCD_BIN` names.
fn program(name: &str) -> PathBuf {
    let folder = match std::env::var_os("DEMARCD_BIN") {
        Some(daemon) => Path::new(&daemon).parent().expect("a folder").to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release"),
    };
    let program = folder.join(name);
    assert!(program.is_file(), "{} is not there: run `make build` first", program.display());
    program
}

impl Demarcd {
    /// Starts a daemon on an empty data directory and waits until it is ready.
    pub fn start() -> Self {
        let data = Arc::new(tempfile::tempdir().expect("a folder"));
        Self::start_on(data)
    }

    /// Starts a daemon on a data directory.
    pub fn start_on(data: Arc<TempDir>) -> Self {
        Self::start_at(data, free_ports, arguments)
    }

    /// Starts a daemon with more arguments; those count where the usual ones say otherwise.
    pub fn start_with(data: Arc<TempDir>, more: &[&str]) -> Self {
        let more: Vec<String> = more.iter().map(|word| (*word).to_owned()).collect();
        Self::start_at(data, free_ports, |http, sip, rtp| [arguments(http, sip, rtp), more.clone()].concat())
    }

    /// Starts a daemon whose SIP and RTP ports the configuration decides, not the command line.
    pub fn start_configured() -> Self {
        let mut first = Self::start();
        let (sip, rtp) = (first.sip, first.rtp);
        let (_, mut system) = first.api("GET", "/api/system", None);
        system["sip"]["udp"] = sip.to_string().into();
        system["sip"]["tcp"] = sip.to_string().into();
        system["rtp"]["first_port"] = rtp.into();
        let (status, answer) = first.change("PUT", "/api/system", Some(&system));
        assert_eq!(status, 200, "{answer}");
        let (data, _) = first.stop();
        let ports = || (free_ports().0, sip, rtp);
        Self::start_at(data, ports, |http, _, _| vec!["--http".into(), http.to_string()])
    }

    fn start_at(
        data: Arc<TempDir>,
        ports: impl Fn() -> (SocketAddr, SocketAddr, u16),
        arguments: impl Fn(SocketAddr, SocketAddr, u16) -> Vec<String>,
    ) -> Self {
        for _ in 0..20 {
            let (http, sip, rtp) = ports();
            let (mut child, log) = launch(data.path(), &arguments(http, sip, rtp));
            let text = || log.lock().expect("a log").clone();
            let ready = wait_for("the daemon", START, || match child.try_wait().expect("a child") {
                Some(_) => Some(false),
                None => text().lines().any(|line| line == "ready").then_some(true),
            });
            if ready {
                return Self { child, data, http, sip, rtp, log, token: None };
            }
            // Somebody took a port between our look and its start.
            assert!(text().contains("cannot be used") || text().contains("be served"), "{}", text());
        }
        panic!("no free ports")
    }

    /// Starts a daemon that is expected to give up, and returns what it says.
    pub fn fails(data: &Path, arguments: &[&str]) -> String {
        let (http, sip, rtp) = free_ports();
        let output =
            command(data, &self::arguments(http, sip, rtp)).args(arguments).output().expect("demarcd");
        assert!(!output.status.success(), "it started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// The data directory.
    pub fn data(&self) -> Arc<TempDir> {
        self.data.clone()
    }

    /// What it printed and logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("a log").clone()
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The first RTP port.
    pub fn rtp(&self) -> u16 {
        self.rtp
    }

    /// The processes of the ISDN helpers that it started.
    pub fn helpers(&self) -> Vec<u32> {
        let children = format!("/proc/{0}/task", self.pid());
        let tasks = std::fs::read_dir(children).expect("its threads");
        tasks
            .flatten()
            .filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok())
            .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|pid| pid.parse().ok())
            .collect()
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) -> Arc<TempDir> {
        self.child.kill().expect("a child");
        let _ = self.child.wait();
        self.data.clone()
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> (Arc<TempDir>, std::process::ExitStatus) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        let status = self.child.wait().expect("a child");
        (self.data.clone(), status)
    }

    /// What `demarc ARGUMENTS` answers.
    ///
    /// # Panics
    /// When it answers with an error.
    pub fn demarc(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().expect("demarc");
        assert!(
            output.status.success(),
            "demarc {arguments:?}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// `demarc ARGUMENTS`, for this daemon.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(program("demarc"));
        command.arg("--data").arg(self.data.path()).args(arguments);
        command
    }

    /// The password of a SIP phone.
    pub fn password(&self, username: &str) -> String {
        let directory = self.demarc(&["directory"]);
        let accounts = directory["accounts"].as_array().expect("accounts");
        let account = accounts.iter().find(|account| account["username"] == username).expect("an account");
        account["password"].as_str().expect("a password").into()
    }

    /// The one-time setup code that it printed.
    pub fn setup_code(&self) -> Option<String> {
        let log = self.log();
        let line = log.lines().find_map(|line| line.trim().strip_prefix("setup code: "))?;
        Some(line.to_string())
    }

    /// Asks the API as an administrator; the first request sets the gateway up.
    pub fn api(&mut self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        if self.token.is_none() {
            self.token = Some(self.sign_in());
        }
        let token = self.token.clone().unwrap_or_default();
        let (status, _, answer) = self.request(method, path, &[("Cookie", &token)], body);
        (status, answer)
    }

    /// As [`Demarcd::api`], for a change of the configuration: names the revision it is based on.
    pub fn change(&mut self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.api("GET", "/api/system", None);
        let token = self.token.clone().unwrap_or_default();
        let (_, headers, _) = self.request("GET", "/api/system", &[("Cookie", &token)], None);
        let tag = header(&headers, "etag").expect("an ETag");
        let (status, _, answer) = self.request(method, path, &[("Cookie", &token), ("If-Match", &tag)], body);
        (status, answer)
    }

    fn sign_in(&self) -> String {
        let (path, body) = match self.setup_code() {
            Some(code) => ("/api/setup", serde_json::json!({ "code": code, "password": PASSWORD })),
            None => ("/api/session", serde_json::json!({ "password": PASSWORD })),
        };
        let (status, headers, answer) = self.request("POST", path, &[], Some(&body));
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        let cookie = header(&headers, "set-cookie").expect("a session");
        cookie.split(';').next().expect("a cookie").to_string()
    }

    /// One HTTP request.
    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, String, Value) {
        let mut stream = TcpStream::connect(self.http).expect("the web UI");
        stream.set_read_timeout(Some(START)).expect("a timeout");
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.http);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += "Content-Type: application/json\r\n";
        }
        head += &format!("Origin: http://{}\r\nContent-Length: {}\r\n\r\n{body}", self.http, body.len());
        stream.write_all(head.as_bytes()).expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        let rest = if head.to_lowercase().contains("transfer-encoding: chunked") {
            unchunk(rest)
        } else {
            rest.into()
        };
        (status, head.to_string(), serde_json::from_str(&rest).unwrap_or(Value::String(rest)))
    }
}

impl Drop for Demarcd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- demarcd said:\n{}", self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(data: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(program("demarcd"));
    command.arg("--data").arg(data).args(arguments);
    command
}

fn arguments(http: SocketAddr, sip: SocketAddr, rtp: u16) -> Vec<String> {
    let (http, sip, rtp) = (http.to_string(), sip.to_string(), rtp.to_string());
    [["--http", &http], ["--sip", &sip], ["--rtp", &rtp]].concat().into_iter().map(str::to_owned).collect()
}

fn launch(data: &Path, arguments: &[String]) -> (Child, Arc<Mutex<String>>) {
    let mut child = command(data, arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("demarcd");
    let log = Arc::new(Mutex::new(String::new()));
    let out: Box<dyn Read + Send> = Box::new(child.stdout.take().expect("stdout"));
    let err: Box<dyn Read + Send> = Box::new(child.stderr.take().expect("stderr"));
    for source in [out, err] {
        let log = log.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                let mut log = log.lock().expect("a log");
                log.push_str(&line);
                log.push('\n');
            }
        });
    }
    (child, log)
}

/// An address on which SIP could be served now, over UDP and TCP.
pub fn free_sip() -> SocketAddr {
    free_ports().1
}

/// Ports that are free now: one for HTTP, one for SIP over UDP and TCP, and 200 even ones for RTP.
fn free_ports() -> (SocketAddr, SocketAddr, u16) {
    let local = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let http = TcpListener::bind(local(0)).and_then(|socket| socket.local_addr()).expect("a port");
    let sip = (0..100)
        .find_map(|_| {
            let udp = UdpSocket::bind(local(0)).ok()?.local_addr().ok()?;
            TcpListener::bind(udp).ok().map(|_| udp)
        })
        .expect("a port");
    // Each process of the tests has a range of its own to begin with.
    let start = std::process::id() % 40;
    let rtp = (0..40)
        .map(|n| 12_000 + 500 * u16::try_from((start + n) % 40).expect("a small number"))
        .find(|first| (0..200).all(|n| UdpSocket::bind(local(first + 2 * n)).is_ok()))
        .expect("a range of ports");
    (http, sip, rtp)
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_string())
}

fn unchunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(tail.get(..size).unwrap_or_default());
        rest = tail.get(size + 2..).unwrap_or_default();
    }
    whole
}
