//! Updates: a new version is written into the slot that is not in use, taken into service when that
//! disturbs nobody, and has to show that it works; otherwise the old one comes back by itself.

mod boot;
mod gate;
mod install;
mod rauc;
mod switch;
mod version;

pub use boot::{AtBoot, Baseline, Record, Stage, at_boot};
pub use gate::{Gate, TRIAL, Verdict};
pub use install::{Job, News};
pub use rauc::{Bundle, parse_info, parse_progress, parse_slots};
pub use switch::is_time;
pub use version::is_older;
