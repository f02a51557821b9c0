//! Which span has which number, for good: by the hardware, never by the order of probing.

use demarc_hal::SpanId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The numbers given out so far. The daemon keeps the table in a file and gives it back at the next
/// start, so that a card that was away finds its numbers again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Numbering {
    /// By hardware and port: `usb:X1040120/2`.
    spans: BTreeMap<String, SpanId>,
}

impl Numbering {
    /// The number of port `port` (from 1) of a piece of hardware. New hardware gets the next number
    /// that nobody has; none when all 65535 are given out.
    pub fn number(&mut self, hardware: &str, port: u32) -> Option<SpanId> {
        let key = format!("{hardware}/{port}");
        if let Some(number) = self.spans.get(&key) {
            return Some(*number);
        }
        let taken: BTreeSet<u16> = self.spans.values().map(|number| number.0).collect();
        let free = (1..u16::MAX).find(|number| !taken.contains(number)).map(SpanId)?;
        self.spans.insert(key, free);
        Some(free)
    }

    /// Has this number been given out?
    pub fn knows(&self, span: SpanId) -> bool {
        self.spans.values().any(|number| *number == span)
    }

    /// Forgets hardware that is not coming back; its numbers are free again.
    pub fn forget(&mut self, hardware: &str) {
        self.spans.retain(|key, _| key.rsplit_once('/').is_none_or(|(of, _)| of != hardware));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_the_hardware() {
        let mut table = Numbering::default();
        assert_eq!(table.number("usb:X1040120", 1), Some(SpanId(1)));
        assert_eq!(table.number("usb:X1040120", 2), Some(SpanId(2)));
        let kept = serde_json::to_string(&table).unwrap();
        // At the next start another card is probed first.
        let mut table: Numbering = serde_json::from_str(&kept).unwrap();
        assert_eq!(table.number("pci:0000:05:00.0", 1), Some(SpanId(3)));
        assert_eq!(table.number("usb:X1040120", 2), Some(SpanId(2)));
        table.forget("usb:X1040120");
        assert_eq!(table.number("pci:0000:06:00.0", 1), Some(SpanId(1)));
        assert_eq!(table.number("pci:0000:05:00.0", 1), Some(SpanId(3)));
    }
}
