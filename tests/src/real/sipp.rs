//! SIPp as a phone.

use super::wait_for;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a scenario may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The scenarios of `tests/sipp`, carried along: the program may run where the folder is not.
const SCENARIOS: [(&str, &str); 7] = [
    ("answer", include_str!("../../sipp/answer.xml")),
    ("call", include_str!("../../sipp/call.xml")),
    ("call-early", include_str!("../../sipp/call-early.xml")),
    ("call-refused", include_str!("../../sipp/call-refused.xml")),
    ("call-until-bye", include_str!("../../sipp/call-until-bye.xml")),
    ("register", include_str!("../../sipp/register.xml")),
    ("register-refused", include_str!("../../sipp/register-refused.xml")),
];

/// One SIPp process that plays a scenario of `tests/sipp` once.
pub struct Sipp {
    child: Child,
    folder: TempDir,
    scenario: String,
}

/// What a scenario is told.
#[derive(Debug, Clone, Default)]
pub struct Cast<'a> {
    /// User name of the account.
    pub user: &'a str,
    /// Its password.
    pub password: &'a str,
    /// The number that is called.
    pub number: &'a str,
    /// Where the audio is.
    pub audio: u16,
    /// Local SIP port; 0 = any.
    pub port: u16,
    /// Over TCP.
    pub tcp: bool,
    /// How long the call lasts, in milliseconds.
    pub talk_ms: u32,
    /// Where the gateway finds the phone, when that is not 127.0.0.1.
    pub host: &'a str,
}

impl Sipp {
    /// Starts a scenario toward the gateway.
    pub fn start(scenario: &str, gateway: SocketAddr, cast: &Cast<'_>) -> Self {
        Self::start_many(scenario, gateway, cast, 1, 10, 1)
    }

    /// Plays a scenario `calls` times, at most `rate` a second and `at_once` at the same time.
    pub fn start_many(
        scenario: &str,
        gateway: SocketAddr,
        cast: &Cast<'_>,
        calls: u32,
        rate: u32,
        at_once: u32,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("scenario.xml");
        let text = SCENARIOS.iter().find(|(name, _)| *name == scenario).expect("a scenario").1;
        let text = match cast.host {
            "" => text.to_owned(),
            host => text.replace("[local_ip]", host).replace("127.0.0.1", host),
        };
        std::fs::write(&file, text).expect("a file");
        let mut command = Command::new("sipp");
        command
            .current_dir(folder.path())
            .arg(gateway.to_string())
            .arg("-sf")
            .arg(&file)
            .args(["-m", &calls.to_string(), "-r", &rate.to_string(), "-l", &at_once.to_string(), "-nostdin"])
            .args(["-i", "127.0.0.1", "-mi", "127.0.0.1"])
            .args(["-s", if cast.number.is_empty() { cast.user } else { cast.number }])
            .args(["-au", cast.user, "-ap", cast.password])
            .args(["-key", "user", cast.user])
            .args(["-key", "audio", &cast.audio.to_string()])
            .args(["-d", &cast.talk_ms.to_string()])
            .args(["-timeout", "100s", "-timeout_error"])
            .args(["-trace_err", "-trace_msg", "-trace_screen"])
            .args(["-t", if cast.tcp { "t1" } else { "u1" }]);
        if cast.port != 0 {
            command.args(["-p", &cast.port.to_string()]);
        }
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sipp");
        Self { child, folder, scenario: scenario.into() }
    }

    /// Waits until the scenario is over.
    ///
    /// # Panics
    /// When it failed; with SIPp's own words.
    pub fn finish(mut self) -> String {
        let status = wait_for(&self.scenario.clone(), PATIENCE, || self.child.try_wait().expect("a child"));
        let messages = self.messages();
        assert!(status.success(), "{}: {status}\n{}\n{messages}", self.scenario, self.files("errors"));
        messages
    }

    /// Every message that was sent and received so far.
    pub fn messages(&self) -> String {
        self.files("messages")
    }

    fn files(&self, kind: &str) -> String {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder");
        entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().contains(kind))
            .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
            .collect()
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
