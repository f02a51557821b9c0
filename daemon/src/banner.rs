//! What a person at the console is told: where to look, what to dial, with which account.

use demarc_api::SimulatedNumber;
use demarc_model::config::{DeviceKind, SipAccount};
use demarc_store::Store;
use serde_json::json;
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a person at the console is told.
#[derive(Clone)]
pub struct Banner {
    /// Where the web UI is, for this machine.
    pub http: SocketAddr,
    /// Where it is for everybody.
    pub https: Option<Secured>,
    /// Where SIP is served, in words.
    pub sip: String,
    /// The data directory, for `demarc`.
    pub data: PathBuf,
    /// For the first start.
    pub setup_code: Option<String>,
    /// What the telco answers.
    pub numbers: Vec<SimulatedNumber>,
    /// Where the accounts are.
    pub store: Store,
}

/// Where the web UI is over HTTPS, and how to know that it is ours.
#[derive(Clone)]
pub struct Secured {
    /// Where.
    pub address: SocketAddr,
    /// The SHA-256 fingerprint of the certificate.
    pub fingerprint: String,
}

impl Banner {
    /// Prints it to standard output. Nobody may be reading there: that is no reason to stop.
    pub fn print(&self) {
        // A terminal is for eyes; anything else may be a log, where passwords must not be.
        let text = self.text(std::io::stdout().is_terminal());
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    fn text(&self, with_passwords: bool) -> String {
        let beside = std::env::current_exe().map(|daemon| daemon.with_file_name("demarc"));
        let program = beside.map_or("demarc".into(), |program| program.display().to_string());
        let demarc = format!("{program} --data {}", self.data.display());
        let mut lines = vec![String::new(), "Demarc runs.".into(), String::new()];
        lines.push(format!("  open: {}", self.open()));
        if let Some(https) = &self.https {
            lines.push(format!("  certificate (SHA-256): {}", https.fingerprint));
        }
        if let Some(code) = &self.setup_code {
            lines.push(format!("  setup code: {code}"));
        }
        if with_passwords {
            lines.push(format!("  SIP accounts (server {}):", self.sip));
            let account = |account: &SipAccount| {
                format!("    user {}  password {}", account.username, account.password.reveal())
            };
            lines.extend(self.accounts().iter().map(account));
        }
        lines.push(format!("  all of this again: {demarc} directory"));
        if !self.numbers.is_empty() {
            lines.push(format!("  an analog phone: {demarc} phone 1 off-hook"));
        }
        lines.extend([String::new(), "What to dial:".into()]);
        lines.push("  201-204      the SIP phones".into());
        lines.push("  211-214      the analog phones".into());
        lines.push("  200          everybody".into());
        lines.extend(self.numbers.iter().map(|number| format!("  {:<12} {}", number.number, number.name)));
        if !self.numbers.is_empty() {
            lines.push("  8 in front   through an analog line instead of the PRI".into());
        }
        lines.extend([String::new(), "ready".into(), String::new()]);
        lines.join("\n")
    }

    /// The same and the accounts of the SIP phones, for `demarc directory`. It leaves the process
    /// only through the control socket, which only the owner may open.
    pub fn directory(&self) -> serde_json::Value {
        let accounts = self.accounts();
        let accounts: Vec<_> = accounts
            .iter()
            .map(|account| json!({ "username": account.username, "password": account.password.reveal() }))
            .collect();
        json!({
            "sip": self.sip,
            "open": self.open(),
            "certificate": self.https.as_ref().map(|https| &https.fingerprint),
            "accounts": accounts,
            "numbers": self.numbers,
        })
    }

    /// What to type into a browser.
    fn open(&self) -> String {
        let Some(https) = &self.https else { return format!("http://{}/", self.http) };
        let mut address = https.address;
        if address.ip().is_unspecified()
            && let Some(ip) = crate::https::addresses().first()
        {
            address.set_ip(*ip);
        }
        match address.port() {
            443 if address.is_ipv6() => format!("https://[{}]/", address.ip()),
            443 => format!("https://{}/", address.ip()),
            _ => format!("https://{address}/"),
        }
    }

    fn accounts(&self) -> Vec<SipAccount> {
        let config = self.store.current().ok().flatten().map(|revision| revision.config);
        let devices = config.map(|config| config.devices).unwrap_or_default();
        devices
            .into_iter()
            .filter_map(|device| match device.kind {
                DeviceKind::Sip(account) => Some(account),
                DeviceKind::Fxs(_) => None,
            })
            .collect()
    }
}
