//! What the kernel says and hears: the only room with `unsafe`.
//!
//! [`abi`] has the structures and the numbers of `dahdi/user.h`, written anew and compared with the
//! header by `tests/abi.rs`; `ioctl` makes the calls.

pub mod abi;
mod ioctl;

pub use ioctl::{Plain, Request, call, duplicate};
