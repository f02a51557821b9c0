//! How the gateway and a helper process speak: postcard values, one a packet, over a control socket
//! that also carries descriptors. What the values are is the business of each kind of helper
//! (`demarc-isdn`, `demarc-r2`).
#![forbid(unsafe_code)]

#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "socket")]
pub mod socket;
pub mod wire;
