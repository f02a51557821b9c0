//! The exchange at the other end of a span with MFC/R2: it says what a row says, clears what is
//! cleared, and confirms what is accepted.

use demarc_r2::{CallMode, Category, ClearReason, Command, Event, Trouble};
use std::collections::BTreeSet;

/// See the module's documentation.
#[derive(Default)]
pub struct R2 {
    /// Timeslots with a call.
    busy: BTreeSet<u8>,
}

impl R2 {
    /// No call lives.
    pub fn is_empty(&self) -> bool {
        self.busy.is_empty()
    }

    /// What a row says: `1 OFFERED dnis=0901 ani=2079460100`, `1 DISCONNECTED busy`.
    pub fn act(&mut self, slot: &str, verb: &[&str]) -> Event {
        let slot: u8 = slot.parse().expect("a timeslot");
        let value = |key: &str| verb.iter().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
        let [verb, rest @ ..] = verb else { panic!("what is the exchange to do?") };
        match *verb {
            "SEIZED" => {
                self.busy.insert(slot);
                Event::Seized { slot }
            }
            "OFFERED" => Event::Offered {
                slot,
                dnis: value("dnis").unwrap_or_default().into(),
                ani: (!rest.contains(&"withheld")).then(|| value("ani").unwrap_or_default().into()),
                category: if rest.contains(&"collect") { Category::CollectCall } else { Category::National },
            },
            "ACCEPTED" => Event::Accepted { slot, mode: CallMode::Charge },
            "ANSWERED" => Event::Answered { slot },
            "PULSE" => Event::Pulse { slot },
            "DISCONNECTED" => Event::Disconnected { slot, reason: reason(rest.first()) },
            "FAR-END" => Event::FarEnd { slot, idle: rest.contains(&"idle") },
            "TROUBLE" => {
                self.busy.remove(&slot);
                Event::Trouble { slot, trouble: Trouble::RegisterTimeout }
            }
            other => panic!("the exchange cannot {other}"),
        }
    }

    /// Hears an order to the helper: the row it makes, and what the helper answers by itself.
    pub fn hear(&mut self, command: &Command) -> (String, Option<Event>) {
        match command {
            Command::Seize { slot, dnis, ani, category } => {
                self.busy.insert(*slot);
                let ani = ani.as_deref().map_or("withheld".into(), |ani| format!("ani={ani}"));
                (format!("{slot} SEIZE dnis={dnis} {ani} {category:?}"), None)
            }
            Command::Accept { slot, mode } => {
                let accepted = Event::Accepted { slot: *slot, mode: CallMode::Unknown };
                (format!("{slot} ACCEPT {mode:?}"), Some(accepted))
            }
            Command::Answer { slot, double } => {
                (format!("{slot} ANSWER{}", if *double { " twice" } else { "" }), None)
            }
            Command::Clear { slot, reason } => {
                let ended = self.busy.remove(slot).then_some(Event::Ended { slot: *slot });
                (format!("{slot} CLEAR {reason:?}"), ended)
            }
            other => (format!("{other:?}"), None),
        }
    }
}

fn reason(word: Option<&&str>) -> ClearReason {
    match word.copied() {
        None => ClearReason::Normal,
        Some("busy") => ClearReason::Busy,
        Some("unallocated") => ClearReason::Unallocated,
        Some("congestion") => ClearReason::Congestion,
        Some("forced-release") => ClearReason::ForcedRelease,
        Some(other) => panic!("no reason {other}"),
    }
}
