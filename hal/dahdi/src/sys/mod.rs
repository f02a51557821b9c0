//! What the kernel says and hears: the only room with `unsafe`.
//!
//! [`abi`] has the structures and the numbers of `dahdi/user.h`, written anew and compared with the
//! header by `tests/abi.rs`; `ioctl` makes the calls; `schedule` is for the thread that carries audio.

pub mod abi;
mod ioctl;
mod schedule;

pub use ioctl::{Plain, Request, call, duplicate};
pub use schedule::real_time;
