//! What a switch thread is made of.

use super::Hardware;
use crate::amend::Amendments;
use crate::inbox::{Inbox, Order};
use crate::media::Media;
use crate::shared::Shared;
use crate::sip_tcp::SipTcp;
use crate::sip_udp::SipUdp;
use crate::wake::Bell;
use demarc_clock::Clock;
use demarc_model::record::CallRecord;
use demarc_node::Node;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// Where call records go. It must not block.
pub type Records = Box<dyn FnMut(CallRecord) + Send>;

/// What a switch thread is made of.
pub struct SwitchParts {
    /// For thread names and logs: `gateway` or `telco`.
    pub name: &'static str,
    /// Its clock.
    pub clock: Clock,
    /// Its node.
    pub node: Node,
    /// Its cards.
    pub hardware: Hardware,
    /// SIP over UDP, when it is served.
    pub udp: Option<SipUdp>,
    /// SIP over TCP, when it is served.
    pub tcp: Option<SipTcp>,
    /// Where addresses are looked up.
    pub runtime: tokio::runtime::Handle,
    /// Its media thread.
    pub media: Media,
    /// Where its call records go.
    pub records: Records,
    /// Where it asks for changes of the configuration; the telco's is fixed.
    pub amendments: Option<Amendments>,
    /// Chance for its autopilot; none = it has none.
    pub pilot_seed: Option<u64>,
    /// Where it shows itself.
    pub shared: Arc<Shared>,
    /// Its own inbox, for answers.
    pub inbox: Inbox,
    /// The other end of `inbox`.
    pub orders: Receiver<Order>,
    /// Rung by `inbox` and by the media thread.
    pub bell: Bell,
}
