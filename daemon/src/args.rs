//! The command line of the daemon.

use crate::helper::Programs;
use clap::Parser;
use demarc_model::Config;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Demarc: the gateway between the telco's wires and the office's phones.
#[derive(Debug, Clone, Parser)]
#[command(name = "demarcd", version, args_override_self = true)]
pub struct Args {
    /// Where everything is kept: configuration, call records, the control socket.
    #[arg(long, value_name = "DIRECTORY", default_value = "/var/lib/demarc")]
    pub data: PathBuf,

    /// Where the web UI and the API are served without encryption: to this machine only; whoever asks
    /// from elsewhere is sent to HTTPS.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub http: SocketAddr,

    /// Where the web UI and the API are served over HTTPS; not at all when this is not given. The
    /// certificate is https.pem in the data directory; one is made when there is none.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub https: Option<SocketAddr>,

    /// Where SIP is served, over UDP and TCP; the configuration decides when this is not given.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub sip: Option<SocketAddr>,

    /// The first RTP port; the configuration decides when this is not given.
    #[arg(long, value_name = "PORT")]
    pub rtp: Option<u16>,

    /// Which cards: simulated ones with a telco and telephones of their own, or those of DAHDI.
    #[arg(long, value_enum, default_value_t = Cards::Simulated)]
    pub cards: Cards,

    /// The program that speaks ISDN, with the others beside it; beside this one when not given.
    #[arg(long, value_name = "PROGRAM")]
    pub helper: Option<PathBuf>,

    /// The socket of demarc-system, on an appliance whose operating system is ours.
    #[arg(long, value_name = "SOCKET")]
    pub system: Option<PathBuf>,

    /// Write logs as JSON, one object a line.
    #[arg(long)]
    pub log_json: bool,
}

/// Which cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Cards {
    /// In memory, cabled to a simulated telco and simulated telephones.
    Simulated,
    /// Driven by DAHDI.
    Dahdi,
}

impl Args {
    /// The configuration with what the command line decides.
    pub fn override_config(&self, mut config: Config) -> Config {
        if let Some(sip) = self.sip {
            config.system.sip.udp = Some(sip);
            config.system.sip.tcp = Some(sip);
        }
        if let Some(rtp) = self.rtp {
            config.system.rtp.first_port = rtp;
        }
        config
    }

    /// Nobody's password is to cross the network in the clear.
    ///
    /// # Errors
    /// Plain HTTP would be served to the network, with no HTTPS to send people to.
    pub fn check(&self) -> Result<(), String> {
        if self.http.ip().to_canonical().is_loopback() || self.https.is_some() {
            return Ok(());
        }
        Err(format!(
            "plain HTTP on {} would show passwords to the network: \
             add --https ADDRESS:PORT, or serve it on 127.0.0.1 only",
            self.http
        ))
    }

    /// The helper programs.
    ///
    /// # Errors
    /// When the one that every gateway needs is not there.
    pub fn programs(&self) -> Result<Programs, String> {
        let beside = |name: &str| Some(std::env::current_exe().ok()?.with_file_name(name));
        let isdn = self.helper.clone().or_else(|| beside("demarc-isdn-helper")).unwrap_or_default();
        if !isdn.is_file() {
            return Err(format!(
                "the ISDN helper is not at {}: build it (make build) or name it with --helper",
                isdn.display()
            ));
        }
        // MFC/R2 is for some countries: a gateway without its helper serves everybody else.
        let r2 = isdn.with_file_name("demarc-r2-helper");
        Ok(Programs { isdn, r2 })
    }
}
