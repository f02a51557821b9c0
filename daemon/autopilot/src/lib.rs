//! Plug in and it works: finds out what an installer would otherwise have to ask the telco, says from
//! what, and how sure it is.
//!
//! [`Autopilot`] has a [`SpanPilot`] for each digital span and a [`LinePilot`] for each FXO line. They are
//! machines without I/O: told what was seen, they answer with what to try next and with
//! [`Finding`](demarc_model::Finding)s. [`serve`] is the loop around them.
//!
//! A span that carries calls is never touched, a pinned setting is never changed, and where nothing
//! is plugged in the search slows down.
#![forbid(unsafe_code)]

mod line;
mod notebook;
mod pilot;
mod serve;
mod span;
mod words;

pub use line::LinePilot;
pub use pilot::Autopilot;
pub use serve::{Hands, serve};
pub use span::SpanPilot;
pub use words::{
    Input, LineInput, LineOrder, LineOutput, LineSetup, Output, SpanInput, SpanOutput, SpanPlan, SpanSetup,
};
