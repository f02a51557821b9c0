//! Ladder files: what the world does, and what the gateway must do.
//!
//! ```text
//! # A phone calls out through the PRI and is answered.
//! phones: 201
//! config: /system/ring_timeout_s = 20
//! template: audiocodes
//!
//!   0.000 → sip 201 INVITE 02079460100
//!   0.000 ← sip 201 100
//!   …
//!  67.000 quiet
//! ```
//!
//! Rows with `→` are what the world does; the runner plays them at their times and writes down
//! everything that happens. What comes out must be the file. `UPDATE_LADDERS=1` rewrites it.

use crate::lab::Lab;
use std::time::Duration;

/// How long after the last row a gateway may take to become quiet.
const PATIENCE: Duration = Duration::from_secs(400);

/// Plays a ladder file and returns what it should contain.
///
/// # Panics
/// When the file cannot be read, with the line that is wrong.
pub fn play(text: &str) -> String {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let (config, templates) = (header(head, "config"), header(head, "template"));
    let mut lab = Lab::new(templates, config, header(head, "phones"), header(head, "set"));
    for line in body.lines() {
        let line = line.trim();
        let Some((time, rest)) = line.split_once(' ') else { continue };
        let Some(action) = rest.trim_start().strip_prefix('→') else { continue };
        let at = seconds(time).unwrap_or_else(|| panic!("not a time: {line}"));
        lab.run_until(at);
        lab.act(action.trim());
    }
    lab.run_until_quiet(PATIENCE);
    format!("{head}\n\n{}\n", lab.rows().join("\n"))
}

/// The values of every `key: value` line of the head.
fn header<'a>(head: &'a str, key: &str) -> Vec<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| *name == key)
        .map(|(_, value)| value.trim())
        .collect()
}

fn seconds(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|s: f64| Duration::try_from_secs_f64(s).ok()).map(|d| {
        // Milliseconds are what a ladder shows.
        Duration::from_millis((d.as_secs_f64() * 1000.0).round() as u64)
    })
}
