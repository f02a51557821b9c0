//! The media engine, with the wires cut: packets and blocks in, packets and blocks out.
//!
//! [`Engine`] owns the streams and the bearers. It has no socket, no clock and no thread: whoever
//! drives it hands over packets as they arrive, calls [`Engine::tick`] every 20 ms, and sends what
//! [`Engine::transmit`] gives. Time is counted in samples. Once streams are open, nothing in it
//! allocates, locks or blocks; detectors cost only where they were asked for.
//!
//! ```text
//!  RTP  ─► latch ─► jitter ─┐                  ┌─► RTP sender
//!                           ├─ block ─► source ┤        ▲ keys as telephone-events
//!  card ─► Bearer::read ────┘    │             └─► Bearer::write
//!                             detectors                 ▲ keys as tones, caller identity
//! ```
#![deny(unsafe_code)]

pub mod codec;
pub mod measure;
pub mod rtp;
pub mod telephone_event;
pub mod tone;

mod alerting;
mod caller_id;
mod detectors;
mod dtmf;
mod engine;
mod jitter;
mod keys;
mod latch;
mod mixer;
mod player;
mod progress;
mod silence;
mod stream;
mod sys;
mod voice;

pub use engine::{Counters, Engine};
