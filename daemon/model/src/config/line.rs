//! FXO lines.

use super::{Config, LineId, OutboundRoute, Pattern, Trunk, TrunkId, TrunkKind};
use crate::country::CallerIdStart;
use crate::finding::Setting;
use crate::media::{CallerIdForm, HangupTone};
use demarc_hal::{ChannelId, StartMode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An analog line from the telco, on an FXO port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Names it.
    pub id: LineId,
    /// For people, 1–64 characters.
    pub name: String,
    /// Its FXO port.
    pub channel: ChannelId,
    /// The number that callers dial to reach it, for routing: `+442079460981`; may be empty.
    #[serde(default)]
    pub number: String,
    /// How the far end's answer is seen.
    pub answer: AnswerSupervision,
    /// Form of caller identity; none = found by itself, beginning with that of the country.
    #[serde(default)]
    pub caller_id: Option<CallerIdForm>,
    /// When caller identity is sent; none = found by itself.
    #[serde(default)]
    pub caller_id_start: Option<CallerIdStart>,
    /// Dial by pulses instead of tones.
    #[serde(default)]
    pub pulse: bool,
    /// The longest wait for dial tone before dialling anyway, in milliseconds (0–10000).
    pub dial_tone_wait_ms: u16,
    /// The line rests this long after a call, in milliseconds (0–10000).
    pub guard_ms: u16,
    /// A ring shorter than this is none, in milliseconds (0–1000). The card has a filter of its own;
    /// more is needed where a telephone that dials by pulses shares the pair.
    #[serde(default)]
    pub ring_debounce_ms: u16,
    /// Several numbers on one pair: which cadence of ringing means which number. What fits none
    /// is a call to `number`.
    #[serde(default)]
    pub distinctive: Vec<DistinctiveRing>,
    /// The tone that ends calls on this line beside the country's busy and congestion tones; none =
    /// learnt from calls.
    #[serde(default)]
    pub hangup_tone: Option<HangupTone>,
    /// A call in which the far end is silent for so many seconds is over (10–3600); 0 = never.
    #[serde(default)]
    pub silence_s: u16,
    /// Register recall ("flash") toward the exchange opens the loop for so many milliseconds
    /// (50–1000); none = as the country does.
    #[serde(default)]
    pub flash_ms: Option<u16>,
    /// How the line is seized and released.
    #[serde(default)]
    pub start: StartMode,
    /// Gain from the line towards us, in dB (−24 to 12).
    #[serde(default)]
    pub receive_gain_db: i8,
    /// Gain towards the line, in dB (−24 to 12).
    #[serde(default)]
    pub transmit_gain_db: i8,
    /// May the autopilot go off hook while nobody calls, to listen to the dial tone? None: yes, unless
    /// the line is kept for emergency calls.
    #[serde(default)]
    pub probe: Option<bool>,
    /// Settings that the autopilot leaves alone.
    #[serde(default)]
    pub pinned: BTreeSet<Setting>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            id: LineId(1),
            name: "Line 1".into(),
            channel: ChannelId::new(1, 1),
            number: String::new(),
            answer: AnswerSupervision::default(),
            caller_id: None,
            caller_id_start: None,
            pulse: false,
            dial_tone_wait_ms: 1500,
            guard_ms: 1000,
            ring_debounce_ms: 0,
            distinctive: Vec::new(),
            hangup_tone: None,
            silence_s: 0,
            flash_ms: None,
            start: StartMode::Kewl,
            receive_gain_db: 0,
            transmit_gain_db: 0,
            probe: None,
            pinned: BTreeSet::new(),
        }
    }
}

impl Config {
    /// May the autopilot go off hook on this line while nobody calls?
    pub fn may_be_probed(&self, line: &Line) -> bool {
        line.probe.unwrap_or_else(|| !self.is_for_emergencies(line.id))
    }

    /// Calls go out on the line, and all of them are for help: it is kept free for them.
    fn is_for_emergencies(&self, line: LineId) -> bool {
        let has =
            |trunk: &&Trunk| matches!(&trunk.kind, TrunkKind::Fxo { lines, .. } if lines.contains(&line));
        let trunks: BTreeSet<TrunkId> = self.trunks.iter().filter(has).map(|trunk| trunk.id).collect();
        let mut routes = self.outbound_routes.iter().filter(|r| r.trunks.iter().any(|t| trunks.contains(t)));
        let for_help = |route: &OutboundRoute| {
            let number = |pattern: &Pattern| pattern.0.chars().skip(route.strip.into()).collect::<String>();
            route.patterns.iter().all(|pattern| self.is_emergency(&number(pattern)))
        };
        let mut any = false;
        routes.all(|route| {
            any = true;
            for_help(route)
        }) && any
    }
}

/// A number that is told from the others on its pair by how it rings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DistinctiveRing {
    /// Milliseconds on, off, on … of one period, without the long pause at its end: `800, 400, 800`.
    pub cadence: Vec<u16>,
    /// The number that was called: `+442079460982`.
    pub number: String,
}

/// The distinctive rings of North America (GR-506), by their names; other countries' exchanges
/// borrow them. `DR1` is ordinary ringing.
pub const DISTINCTIVE_RINGS: [(&str, &[u16]); 4] = [
    ("DR1", &[2000]),
    ("DR2", &[800, 400, 800]),
    ("DR3", &[400, 200, 400, 200, 800]),
    ("DR4", &[300, 200, 1000, 200, 300]),
];

/// How the far end's answer is seen on an analog line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AnswerSupervision {
    /// The exchange reverses polarity.
    Polarity,
    /// Somebody speaks.
    Voice,
    /// At the end of dialling: always works, tells nothing.
    #[default]
    AfterDialling,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    #[test]
    fn a_line_that_is_kept_for_emergencies_is_probed_with_permission_only() {
        let mut config = Config::default_gateway(&mut || Secret::new("a long password"));
        let line = config.lines[0].clone();
        assert!(config.may_be_probed(&line), "other calls use it too");
        assert!(!config.may_be_probed(&Line { probe: Some(false), ..line.clone() }));
        let TrunkKind::Fxo { lines, .. } = &config.trunks[1].kind else { panic!("not the lines") };
        assert!(lines.contains(&line.id));
        let id = config.trunks[1].id;
        for route in config.outbound_routes.iter_mut().skip(1) {
            route.trunks.retain(|trunk| *trunk != id);
        }
        assert!(!config.may_be_probed(&line), "999 and 112 only");
        assert!(config.may_be_probed(&Line { probe: Some(true), ..line.clone() }));
        config.outbound_routes[0].patterns.push(Pattern("0800X.".into()));
        assert!(config.may_be_probed(&line));
        config.outbound_routes.clear();
        assert!(config.may_be_probed(&line), "calls come in on it, and none goes out");
    }
}
