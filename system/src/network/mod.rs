//! The network: what is to be set for a configuration, and the change that takes itself back.

mod apply;
mod dhcp;
mod netlink;
mod plan;
mod rdnss;
mod trial;

pub use apply::{addresses, apply, wired};
pub use dhcp::{DhcpEvent, Lease, lease_of, leases, script};
pub use netlink::Routers;
pub use plan::{Step, effective, plan};
pub use rdnss::{Advertised, RouterDns, advertised};
pub use trial::{CONFIRM_WITHIN, Trial, TrialOutput};
