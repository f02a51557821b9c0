//! The words that the rooms of the gateway share: time, ids, numbers, causes, what legs say and
//! are told, what media are told, the configuration, and what the world may look at.
//!
//! `sip`, `pstn`, `media` and `pbx` never import one another: they meet here.
#![forbid(unsafe_code)]

pub mod appliance;
pub mod backup;
pub mod cause;
pub mod config;
pub mod country;
pub mod finding;
pub mod hardware_test;
pub mod id;
pub mod learned;
pub mod leg;
pub mod live;
pub mod media;
pub mod number;
pub mod record;
pub mod template;
pub mod time;
pub mod trace;

pub use cause::Cause;
pub use config::Config;
pub use country::Country;
pub use finding::{Finding, Grade, Setting, Subject};
pub use id::{CallId, LegId, Room, StreamId};
pub use learned::Learned;
pub use leg::{Bearer, Dial, LegCommand, LegEvent, MessageWaiting, Offer, Party, RingKind};
pub use media::{MediaCommand, MediaEvent};
pub use number::{CallerId, Presentation, RedirectReason, Redirecting};
pub use template::{TemplateStep, TrunkTemplate};
pub use time::{Instant, Now};
pub use trace::Trace;

pub use demarc_hal::{Card, ChannelId, PortKind, SpanId, SpanKind, SpanStatus};
