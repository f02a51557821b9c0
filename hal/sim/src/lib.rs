//! Cards in memory: a cable between ports, never an exchange.
//!
//! A [`Bench`] is where drivers, their spans and the cables between them are put together. What
//! comes out is one [`SimDriver`] per machine that should believe in its cards, and a [`Cable`]
//! handle per cable, to pull its plug.
//!
//! ```
//! use demarc_hal::{Driver, PortKind::{Fxo, Fxs}, Companding, ChannelId};
//! use demarc_hal_sim::Bench;
//!
//! let mut bench = Bench::new();
//! let gateway = bench.driver()?;
//! let telco = bench.driver()?;
//! let pri = bench.e1(gateway, "Simulated E1")?;
//! let exchange = bench.e1(telco, "Exchange E1")?;
//! let cable = bench.cable_spans((gateway, pri), (telco, exchange))?;
//! let lines = bench.analog(gateway, "Lines", Companding::ALaw, &[Fxo; 4])?;
//! let pairs = bench.analog(telco, "Pairs", Companding::ALaw, &[Fxs; 4])?;
//! for slot in 1..=4 {
//!     let line = ChannelId { span: lines, slot };
//!     bench.cable_lines((gateway, line), (telco, ChannelId { span: pairs, slot }))?;
//! }
//! let drivers = bench.build();
//! assert_eq!(drivers.len(), 2);
//! cable.unplug();
//! # Ok::<(), demarc_hal_sim::BenchError>(())
//! ```
//!
//! **What drives it.** There are no threads. Blocks of audio move through lock-free rings, one
//! each way. Everything else moves when its driver is polled: poll [`SimDriver`]'s `wake_fd` and
//! call `poll_event` until it returns `None`, since that also carries the frames of the D
//! channels over the cable. Ringing, flashing and dial pulses take their time on timer
//! descriptors behind the `wake_fd` of the line that will see them.
//! **Layer 1.** What two spans on a cable make of one another follows from how each is configured: see
//! `layer1.rs`. Counters grow with a [`SimClock`], which tests move by hand. A [`SimCard`] can be pulled out
//! and put back.
#![forbid(unsafe_code)]

mod audio;
mod bench;
mod cable;
mod cas;
mod clock;
mod dchannel;
mod driver;
mod fate;
mod layer1;
mod line;
mod link;
mod pair;
mod presence;
mod signal;

pub use audio::QUEUE;
pub use bench::{Bench, BenchError, DriverKey};
pub use cable::{Cable, End};
pub use clock::SimClock;
pub use driver::SimDriver;
pub use presence::SimCard;
