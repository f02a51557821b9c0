//! The network: what is to be set for a configuration, and the change that takes itself back.

mod apply;
mod dhcp;
mod plan;
mod trial;

pub use apply::{addresses, apply, wired};
pub use dhcp::{DhcpEvent, Lease, lease_of, name_servers, script};
pub use plan::{Step, effective, plan};
pub use trial::{CONFIRM_WITHIN, Trial, TrialOutput};
