//! What a technician runs against real cards and lines.
//!
//! A [`RunRequest`] says which tests, and on which bench ([`bench`]); [`run`] runs them over a
//! [`Rig`] and tells how they go. A test proves one thing and ends in a verdict with its reason, its
//! remedy and what was measured. Ports, spans and plugs are left as they were found, also after a
//! failure; spans of the bench keep the settings that the bench needs.
//!
//! Time passes in the rig's [`Time`]: real, or that of a test.
#![forbid(unsafe_code)]

pub mod bench;
pub mod g826;
pub mod jig;
pub mod replay;
pub mod report;
pub mod signal;

mod clock;
mod lane;
mod lapd;
mod plan;
mod q931;
mod rig;
mod run;
mod stage;
mod subject;
mod talk;
mod tests;
mod wire;
mod words;

pub use clock::{CardTime, RealTime};
pub use demarc_model::hardware_test::{RunRequest, RunState};
pub use plan::list;
pub use rig::{Continue, Plugs, Rig, Time};
pub use run::{check, run, spans_taken};
pub use tests::inventory::inventory;
