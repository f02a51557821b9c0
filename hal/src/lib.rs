//! The words and traits of telephony hardware.
//!
//! A [`Driver`] owns cards; a card has spans; a span has channels. Nothing in this crate does
//! I/O, blocks, or is `unsafe`: it is the contract that the simulator and the DAHDI driver both
//! keep, and [`conformance`] is the same set of tests run against each of them.
#![forbid(unsafe_code)]

pub mod bearer;
pub mod card;
pub mod cas;
pub mod conformance;
pub mod driver;
pub mod line;
pub mod port;
pub mod shared;
pub mod span;

pub use bearer::{BLOCK, Bearer, Block, Clock, Transfer};
pub use card::{Bus, Card, CardState};
pub use cas::{CasPacket, CasTime};
pub use driver::{CasChannel, CasForm, DChannel, Driver, DriverEvent, Error};
pub use line::{Line, LineCommand, LineEvent, LineSettings, PulseTiming, StartMode};
pub use port::{ChannelId, Port, PortKind, SpanId};
pub use shared::SharedDriver;
pub use span::{
    Alarm, Companding, Defect, Framing, LineCode, Maintenance, Signalling, SignallingSeen, SpanInfo,
    SpanKind, SpanSettings, SpanStatus,
};
