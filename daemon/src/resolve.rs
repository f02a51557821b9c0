//! Host names of SIP trunks.

use crate::inbox::{Inbox, Order};
use crate::route::Routes;
use demarc_sip::{Flow, Transport};
use std::net::SocketAddr;

/// How many addresses of a name are used.
const MAX_ADDRESSES: usize = 8;

/// Looks a host up with the system's resolver and tells the switch the ways to it: none when the
/// name does not exist or nobody answered. `served` is where we serve SIP over that transport.
pub async fn resolve(inbox: Inbox, served: SocketAddr, host: String, port: u16, transport: Transport) {
    let addresses: Vec<SocketAddr> = match tokio::net::lookup_host((host.as_str(), port)).await {
        Ok(addresses) => addresses.take(MAX_ADDRESSES).collect(),
        Err(error) => {
            tracing::warn!(host, %error, "the host of a SIP trunk could not be found");
            Vec::new()
        }
    };
    let mut routes = Routes::new(served);
    let flows = addresses
        .into_iter()
        .filter(|remote| remote.is_ipv4() == served.is_ipv4())
        .map(|remote| Flow { transport, local: routes.local(remote), remote, connection: 0 })
        .collect();
    let answer = demarc_sip::Input::Resolved { host, port, transport, flows };
    // Nobody to tell means that the daemon is going down.
    let _ = inbox.post_when_possible(Order::Sip(answer)).await;
}
