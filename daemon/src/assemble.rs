//! Putting a switch together: its cards, its media thread, its node. The simulated telco is put
//! together in the same way as the gateway.

use crate::amend::Amendments;
use crate::helper::Programs;
use crate::inbox::Inbox;
use crate::media::{Media, MediaFigures};
use crate::rtp_ports::RtpPorts;
use crate::shared::Shared;
use crate::sip_tcp::SipTcp;
use crate::sip_udp::SipUdp;
use crate::switch::{self, Hardware, Records, SwitchParts};
use crate::wake::Bell;
use demarc_clock::{Clock, unix_ms};
use demarc_hal::{Driver, SharedDriver};
use demarc_model::Config;
use demarc_node::Node;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

/// What a switch needs of the world.
pub struct Needs<'a> {
    /// For thread names and logs.
    pub name: &'static str,
    /// The process's clock.
    pub clock: Clock,
    /// The configuration to begin with.
    pub config: Arc<Config>,
    /// Its cards.
    pub driver: Box<dyn Driver>,
    /// The helper programs.
    pub programs: &'a Programs,
    /// SIP over UDP, when it is served.
    pub udp: Option<SipUdp>,
    /// SIP over TCP, when it is served.
    pub tcp: Option<SipTcp>,
    /// Bound RTP sockets.
    pub rtp: RtpPorts,
    /// Where call records go.
    pub records: Records,
    /// Where it asks for changes of the configuration.
    pub amendments: Option<Amendments>,
    /// Its inbox, and the end at which it takes orders out.
    pub inbox: (Inbox, Receiver<crate::inbox::Order>),
    /// The bell of the inbox.
    pub bell: Bell,
    /// Where names are looked up.
    pub runtime: tokio::runtime::Handle,
}

/// A running switch.
pub struct Started {
    /// Ends when the switch has stopped.
    pub thread: JoinHandle<()>,
    /// What it shows.
    pub shared: Arc<Shared>,
    /// Figures of its media thread.
    pub figures: Arc<MediaFigures>,
    /// Its cards.
    pub driver: SharedDriver,
}

/// Starts a switch and its media thread.
///
/// # Errors
/// When the system has no descriptor, thread or randomness left.
pub fn start(needs: Needs<'_>) -> Result<Started, Box<dyn std::error::Error>> {
    let Needs {
        name,
        clock,
        config,
        mut driver,
        programs,
        udp,
        tcp,
        rtp,
        records,
        amendments,
        inbox,
        bell,
        runtime,
    } = needs;
    let card_clock = driver.open_clock()?;
    let driver = SharedDriver::new(driver)?;
    let shared_driver = driver.clone();
    let media = Media::start(name, card_clock, rtp, bell.clone())?;
    let figures = media.figures.clone();
    let hardware = Hardware::new(driver, config.clone(), programs.clone());
    let started = unix_ms(clock.now().wall) / 1000;
    let node = Node::new(config, getrandom::u64()?, started, hardware.spans());
    let shared = Arc::new(Shared::default());
    shared.found(hardware.spans(), hardware.cards());
    let (inbox, orders) = inbox;
    let thread = switch::start(SwitchParts {
        name,
        clock,
        node,
        hardware,
        udp,
        tcp,
        runtime,
        media,
        records,
        // A fixed configuration is none to find out about.
        pilot_seed: amendments.is_some().then(getrandom::u64).transpose()?,
        amendments,
        shared: shared.clone(),
        inbox,
        orders,
        bell,
    })?;
    Ok(Started { thread, shared, figures, driver: shared_driver })
}
