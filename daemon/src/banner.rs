//! What a person at the console is told: where to look, what to dial, with which account.

use demarc_api::SimulatedNumber;
use demarc_model::config::{DeviceKind, SipAccount};
use demarc_store::Store;
use serde_json::json;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What a person at the console is told.
#[derive(Clone)]
pub struct Banner {
    /// Where the web UI is.
    pub http: SocketAddr,
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

impl Banner {
    /// Prints it to standard output.
    pub fn print(&self) {
        println!("\nDemarc runs.\n");
        println!("  open: http://{}/", self.http);
        if let Some(code) = &self.setup_code {
            println!("  setup code: {code}");
        }
        let beside = std::env::current_exe().map(|daemon| daemon.with_file_name("demarc"));
        let program = beside.map_or("demarc".into(), |program| program.display().to_string());
        let demarc = format!("{program} --data {}", self.data.display());
        // A terminal is for eyes; anything else may be a log, where passwords must not be.
        if std::io::stdout().is_terminal() {
            println!("  SIP accounts (server {}):", self.sip);
            for account in self.accounts() {
                println!("    user {}  password {}", account.username, account.password.reveal());
            }
        }
        println!("  all of this again: {demarc} directory");
        println!("  an analog phone: {demarc} phone 1 off-hook\n");
        println!("What to dial:");
        println!("  201-204      the SIP phones");
        println!("  211-214      the analog phones");
        println!("  200          everybody");
        for number in &self.numbers {
            println!("  {:<12} {}", number.number, number.name);
        }
        println!("  8 in front   through an analog line instead of the PRI\n");
        println!("ready");
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
            "open": format!("http://{}/", self.http),
            "accounts": accounts,
            "numbers": self.numbers,
        })
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
